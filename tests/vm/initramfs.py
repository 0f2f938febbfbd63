"""A root file system in memory for a Linux kernel: chosen files of this machine, as a cpio archive."""

import os
import re
import subprocess


class Initramfs:
    """Collects files and writes them in the format that the kernel unpacks ("newc", see cpio(5))."""

    def __init__(self):
        self.entries = {}  # path without the leading "/": (mode, content)
        for link, target in (("lib", "usr/lib"), ("lib64", "usr/lib64"), ("bin", "usr/bin"),
                             ("sbin", "usr/sbin")):
            self._put(link, 0o120777, target.encode())
        for folder in ("dev", "proc", "sys", "tmp", "root", "etc"):
            self._folder(folder)
        # The first process has no output without it; the kernel mounts /dev only over a disk.
        self._put("dev/console", 0o020600, b"")

    def _folder(self, path):
        if path and path not in self.entries:
            self._folder(os.path.dirname(path))
            self.entries[path] = (0o040755, b"")

    def _put(self, path, mode, content):
        self._folder(os.path.dirname(path))
        self.entries[path] = (mode, content)

    def text(self, path, content):
        self._put(path.lstrip("/"), 0o100644, content.encode())

    def file(self, source, path=None):
        """The file `source` of this machine, with its mode, at `path` or at the same place."""
        path = path or source
        # /lib is /usr/lib there as it is here; what is a link to the file itself becomes the file.
        folder = os.path.realpath(os.path.dirname(path)) if path == source else \
            os.path.dirname(path)
        with open(source, "rb") as file:
            mode = 0o100000 | (os.fstat(file.fileno()).st_mode & 0o777)
            self._put(os.path.join(folder, os.path.basename(path)).lstrip("/"), mode, file.read())

    def tree(self, top, without=()):
        for folder, folders, names in os.walk(top):
            folders[:] = [name for name in folders if name not in without]
            for name in names:
                self.file(os.path.join(folder, name))

    def libraries_of(self, programs):
        """What the dynamic linker would load for them."""
        listed = subprocess.run(["ldd", *programs], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True, check=False).stdout
        for path in set(re.findall(r"(?:=> |\t)(/\S+) \(0x", listed)):
            self.file(path)

    def write(self, target):
        with open(target, "wb") as out:
            for number, path in enumerate(sorted(self.entries)):
                mode, content = self.entries[path]
                self._write_entry(out, number + 1, path, mode, content)
            self._write_entry(out, 0, "TRAILER!!!", 0, b"")

    @staticmethod
    def _write_entry(out, number, path, mode, content):
        name = os.fsencode(path) + b"\0"
        device = (5, 1) if path == "dev/console" else (0, 0)
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name), 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields) + name
        out.write(header + b"\0" * (-len(header) % 4) + content + b"\0" * (-len(content) % 4))
