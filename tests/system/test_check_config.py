"""sluiced --check-config: right in itself, and right for this machine."""

import glob
import os
import socket
import subprocess
import unittest

from system_case import sluice

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


class CheckConfig(unittest.TestCase):
    def setUp(self):
        self.tree = sluice.Tree()
        self.addCleanup(self.tree.__exit__)

    def check(self, *words, root=None):
        done = subprocess.run([os.environ["SLUICED"], root or self.tree.root, "--check-config",
                               "--listen", "127.0.0.1:0", *words], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False, timeout=sluice.DEADLINE)
        return done.returncode, done.stdout, done.stderr

    def test_all_is_well(self):
        self.assertEqual(self.check("--set", "limits.max_sessions=10"), (0, "OK\n", ""))

    def test_nothing_is_served_or_left(self):
        before = sorted(os.listdir(self.tree.root))
        self.check()
        self.assertEqual(sorted(os.listdir(self.tree.root)), before)

    def test_a_folder_that_is_not_there(self):
        code, output, errors = self.check(root=self.tree.path("missing"))
        self.assertEqual((code, output), (78, ""))
        self.assertIn("error: cannot serve '%s'" % self.tree.path("missing"), errors)

    def test_an_address_of_another_machine(self):
        code, output, errors = self.check("--listen", "192.0.2.1:2121")
        self.assertEqual((code, output), (78, ""))
        self.assertIn("error: cannot listen on 192.0.2.1:2121", errors)

    def test_every_error_is_told(self):
        _, _, errors = self.check("--listen", "192.0.2.1:2121", "--listen", "198.51.100.1:2121",
                                  root=self.tree.path("missing"))
        self.assertEqual(errors.count("error: "), 3, errors)

    def test_an_address_in_use_is_a_warning(self):
        with socket.create_server(("127.0.0.1", 0)) as holder:
            code, output, errors = self.check("--listen",
                                              "127.0.0.1:%d" % holder.getsockname()[1])
        self.assertEqual((code, output), (0, "OK\n"))
        self.assertIn("warning: cannot listen on", errors)

    def test_more_sessions_than_open_files(self):
        code, output, errors = self.check("--set", "limits.max_sessions=1000000")
        self.assertEqual((code, output), (0, "OK\n"))
        self.assertIn("warning: limits.max_sessions = 1000000 may need 3000000 open files", errors)

    def test_the_examples_of_deploy(self):
        examples = glob.glob(os.path.join(TOP, "deploy", "config", "*.toml"))
        self.assertGreaterEqual(len(examples), 2)
        for example in examples:
            done = subprocess.run([os.environ["SLUICED"], self.tree.root, "--config", example,
                                   "--check-config", "--listen", "127.0.0.1:0"],
                                  capture_output=True, text=True, stdin=subprocess.DEVNULL,
                                  check=False, timeout=sluice.DEADLINE)
            self.assertEqual((done.returncode, done.stdout), (0, "OK\n"), example + done.stderr)


if __name__ == "__main__":
    sluice.run(__name__)
