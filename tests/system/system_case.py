"""A tree and servers for tests of the running program."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import sluice  # noqa: E402


class SystemCase:
    """Each test starts the servers it needs; `engine` comes from sluice.on_each_engine."""

    def setUp(self):
        self.tree = sluice.Tree()
        self.addCleanup(self.tree.__exit__)

    def serve(self, **options):
        options.setdefault("root", self.tree.root)
        root = options.pop("root")
        return sluice.Server(root, self.engine, **options)

    def pem(self, name, *words):
        """A certificate of ftp.example.org and its key, which `words` of openssl describe."""
        key, chain = self.tree.path("..", name + ".key"), self.tree.path("..", name + ".pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", *words, "-nodes", "-keyout", key,
                        "-out", chain, "-days", "30", "-subj", "/CN=ftp.example.org", "-addext",
                        "subjectAltName=DNS:ftp.example.org"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return chain, key

    def assert_alive(self, server):
        """A fresh session gets a megabyte within two seconds or so."""
        content = sluice.random_bytes(1 << 20, 77)
        self.tree.write(".alive", content)
        with server.client() as client:
            self.assertEqual(sluice.sha256(client.retrieve("RETR .alive")),
                             sluice.sha256(content))
            client.quit()
        os.unlink(self.tree.path(".alive"))

    def assert_descriptors_return(self, server, before):
        sluice.wait_for(lambda: server.descriptors() <= before,
                        "the server's descriptors to return to %d" % before)


def in_threads(count, action):
    """Runs action(0) .. action(count - 1) at once; the first exception is raised here."""
    errors = []

    def guarded(number):
        try:
            action(number)
        except BaseException as error:  # handed to the caller
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


class MountCase(SystemCase):
    """For what needs a file system of its own. As root only; skipped elsewhere with the reason."""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("needs root to mount file systems")
        self.mounts = []
        self.addCleanup(self.unmount_all)

    def shell(self, *command, skip=None):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
        if done.returncode != 0:
            text = "%s: %s" % (" ".join(command), done.stdout.decode(errors="replace").strip())
            if skip:
                self.skipTest(skip + " (" + text + ")")
            self.fail(text)
        return done.stdout.decode(errors="replace")

    def mount(self, *words):
        """mount(8) with these words at a new directory below the test's top, which it returns."""
        where = tempfile.mkdtemp(prefix="mount", dir=self.tree.top)
        self.shell("mount", *words, where, skip="cannot mount here")
        self.mounts.append(where)
        return where

    def unmount(self, where):
        self.shell("umount", where)
        self.mounts.remove(where)

    def unmount_all(self):
        for where in reversed(self.mounts):
            subprocess.run(["umount", "-l", where], check=False)
        self.mounts = []

    def image(self, directory, size, *mkfs):
        """A file system image of `size` bytes in `directory`."""
        if not shutil.which(mkfs[0]):
            self.skipTest(mkfs[0] + " is not installed")
        path = os.path.join(directory, "image")
        with open(path, "wb") as f:
            f.truncate(size)
        self.shell(*mkfs, path, skip="cannot make this file system")
        return path

