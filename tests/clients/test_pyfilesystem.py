"""PyFilesystem2's own test suite for file systems, over FTP: the 79 cases of FSTestCases.

The suite was written by others and is not in this repository: it is part of Debian's python3-fs.
"""

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


@sluice.on_each_engine
class PyFilesystem(FSTestCases or object):
    client = "PyFilesystem2"
    package = "python3-fs"
    exercises = "its own FSTestCases, %d cases" % CASES

    @classmethod
    def setUpClass(cls):
        if FSTestCases is None:
            raise unittest.SkipTest("python3-fs is not installed")
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
    else:
        def test_none_is_missing(self):
            names = [name for name in dir(FSTestCases) if name.startswith("test")]
            self.assertEqual(len(names), CASES)


if __name__ == "__main__":
    sluice.run(__name__)
