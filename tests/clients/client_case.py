"""The tree, the servers and the comparisons that all tests with real clients share."""

import os
import shutil
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import sluice  # noqa: E402

# Each client moves each of these both ways; the names say the size.
CONTENTS = {
    "empty": b"",
    "one": b"1",
    "4KiB": sluice.random_bytes(4 << 10, 4),
    "1MiB": sluice.random_bytes(1 << 20, 5),
    "20MiB": sluice.random_bytes(20 << 20, 6),
}
RESUME = CONTENTS["1MiB"]
RESUME_AT = 700_001

# A tree to mirror both ways, and a time for its files: 2020-01-02 03:04:05 UTC.
MIRROR = {
    "x": b"1",
    "empty": b"",
    "a/y z": b"22",
    "a/b/w": CONTENTS["1MiB"],
    "a/b/Käse – 日本語.txt": b"names are bytes",
    "100% #1?": b"odd",
}
STAMP = 1577934245

# A client that has not finished by then hangs.
CLIENT_SECONDS = 20


class ClientCase:
    """One server for each class; `engine` comes from sluice.on_each_engine."""

    # The row of the README's table, and the Debian package that says the version; None where a
    # class drives several clients, each of which has a class of its own.
    client = package = None
    program = None
    settings = ()

    @classmethod
    def missing(cls):
        """Why this client cannot be driven here, or None."""
        if cls.program and not shutil.which(cls.program):
            return cls.program + " is not installed"
        return None

    @classmethod
    def setUpClass(cls):
        reason = cls.missing()
        if reason:
            raise unittest.SkipTest(reason)
        cls.tree = sluice.Tree()
        cls.local = os.path.join(cls.tree.top, "local")
        os.mkdir(cls.local)
        os.mkdir(cls.tree.path("get"))
        for name, content in CONTENTS.items():
            cls.tree.write("get/" + name, content)
            with open(os.path.join(cls.local, "source-" + name), "wb") as f:
                f.write(content)
        cls.server = sluice.Server(cls.tree.root, cls.engine, writable=True,
                                   settings=cls.settings)

    @classmethod
    def tearDownClass(cls):
        try:
            cls.server.stop()
        finally:
            cls.tree.__exit__()

    def setUp(self):
        # Every test has a directory of its own on both sides.
        name = self.id().rsplit(".", 1)[-1]
        self.remote = "work-" + name
        self.work = self.tree.path(self.remote)
        os.mkdir(self.work)
        self.here = os.path.join(self.local, name)
        os.mkdir(self.here)

    def run_client(self, *command, text=None, check=True, env=None):
        """Runs a client in this test's directory; its output, with errors, as text."""
        words = [os.fsencode(word) for word in command]
        environment = dict(os.environ, HOME=self.here, LANG="C.UTF-8", **(env or {}))
        done = subprocess.run(words, input=os.fsencode(text) if text is not None else None,
                              stdin=subprocess.DEVNULL if text is None else None,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self.here,
                              timeout=CLIENT_SECONDS, env=environment)
        output = os.fsdecode(done.stdout)
        if check and done.returncode != 0:
            self.fail("%s ended with %d:\n%s" % (command, done.returncode, output))
        return output

    def write_tree(self, folder, files):
        """Files below a folder, by relative name; each is from 2020."""
        for name, content in files.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(content)
            os.utime(path, (STAMP, STAMP))

    def assert_tree(self, folder, files, stamped=True):
        """Exactly these files, byte for byte, with the time of write_tree where it was kept."""
        found = [os.path.relpath(os.path.join(path, name), folder)
                 for path, _, names in os.walk(folder) for name in names]
        self.assertEqual(sorted(found), sorted(files))
        for name, content in files.items():
            self.assert_same(os.path.join(folder, name), content)
            if stamped:
                self.assertEqual(int(os.path.getmtime(os.path.join(folder, name))), STAMP, name)

    def url(self, path="", ipv6=False):
        host = "[::1]:%d" % self.server.port6 if ipv6 else "127.0.0.1:%d" % self.server.port
        return "ftp://%s/%s" % (host, path)

    def need_ipv6(self):
        if not sluice.has_ipv6():
            self.skipTest("no IPv6 here")

    def assert_same(self, path, content, message=None):
        self.assertEqual(sluice.sha256_of_file(path), sluice.sha256(content),
                         message or "%s differs, %d bytes of %d" %
                         (path, os.path.getsize(path), len(content)))

    def here_path(self, name):
        return os.path.join(self.here, name)

    def work_path(self, name):
        return os.path.join(self.work, name)

    def write_here(self, name, content):
        with open(self.here_path(name), "wb") as f:
            f.write(content)
        return self.here_path(name)

    def write_work(self, name, content):
        with open(self.work_path(name), "wb") as f:
            f.write(content)
        return self.work_path(name)

    def source(self, name):
        return os.path.join(self.local, "source-" + name)
