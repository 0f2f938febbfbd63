"""PyFilesystem2's own test suite for file systems, over FTP: the 79 cases of FSTestCases.

The suite was written by others and is not in this repository: it is part of Debian's python3-fs.
"""

import contextlib
import functools
import io
import os
import shutil
import subprocess
import sys
import unittest

from client_case import sluice

DEBIAN_PYTHON = "/usr/bin/python3"
CASES = 79

try:
    from fs.ftpfs import FTPFS
    from fs.test import FSTestCases
except ImportError:
    # Debian's modules belong to Debian's Python, which may not be the first in PATH.
    if (os.access(DEBIAN_PYTHON, os.X_OK) and sys.argv[0].endswith("test_pyfilesystem.py") and
            os.path.realpath(sys.executable) != os.path.realpath(DEBIAN_PYTHON) and
            subprocess.run([DEBIAN_PYTHON, "-c", "import fs.ftpfs, fs.test"], check=False,
                           stderr=subprocess.DEVNULL).returncode == 0):
        os.execv(DEBIAN_PYTHON, [DEBIAN_PYTHON, *sys.argv])
    FTPFS = FSTestCases = None


def quiet(test):
    """The suite prints what it looks at, and our standard output is TAP."""
    @functools.wraps(test)
    def run(self):
        with contextlib.redirect_stdout(io.StringIO()):
            test(self)
    return run


class QuietCases(FSTestCases or object):
    pass


for name in dir(QuietCases):
    if name.startswith("test"):
        setattr(QuietCases, name, quiet(getattr(QuietCases, name)))


@sluice.on_each_engine
class PyFilesystem(QuietCases):
    client = "PyFilesystem2"
    package = "python3-fs"
    exercises = "its own FSTestCases, %d cases, one of which skips itself" % CASES

    @classmethod
    def setUpClass(cls):
        if FSTestCases is None:
            raise unittest.SkipTest("python3-fs is not installed")
        names = [name for name in dir(FSTestCases) if name.startswith("test")]
        if len(names) != CASES:
            raise AssertionError("%d cases instead of %d" % (len(names), CASES))
        cls.tree = sluice.Tree()
        cls.server = sluice.Server(cls.tree.root, cls.engine, writable=True)

    @classmethod
    def tearDownClass(cls):
        try:
            cls.server.stop()
        finally:
            cls.tree.__exit__()

    def make_fs(self):
        # The folder itself stays: the server holds it open.
        for entry in os.scandir(self.tree.root):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)
        return FTPFS("127.0.0.1", port=self.server.port, timeout=60)

    if FSTestCases is None:
        def test_cases(self):
            """So that the reason is seen where the suite is not."""


if __name__ == "__main__":
    sluice.run(__name__)
