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

    def test_a_log_that_cannot_be_written(self):
        code, output, errors = self.check("--set", "log.file=" + self.tree.root)
        self.assertEqual((code, output), (78, ""))
        self.assertIn("error: cannot write log.file '%s'" % self.tree.root, errors)

    def test_a_log_without_its_folder_is_a_warning(self):
        path = self.tree.path("missing/xferlog")
        code, output, errors = self.check("--set", "log.transfer_file=" + path)
        self.assertEqual((code, output), (0, "OK\n"))
        self.assertIn("warning: cannot write log.transfer_file '%s': its folder" % path, errors)

    def test_a_log_is_not_made(self):
        path = self.tree.path("new.log")
        self.check("--set", "log.file=" + path)
        self.assertFalse(os.path.exists(path))

    def test_a_congestion_control_that_is_not_there(self):
        code, output, errors = self.check("--set", "transfer.congestion=nonesuch")
        self.assertEqual((code, output), (0, "OK\n"))
        self.assertIn('warning: transfer.congestion = "nonesuch" is not used', errors)
        _, _, errors = self.check("--set", "transfer.congestion=reno")
        self.assertNotIn("congestion", errors)

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


class Starts(unittest.TestCase):
    """A start that fails says what, where, and what helps."""

    def start(self, *words):
        with sluice.Tree() as tree:
            done = subprocess.run([os.environ["SLUICED"], tree.root, *words], capture_output=True,
                                  text=True, stdin=subprocess.DEVNULL, check=False,
                                  timeout=sluice.DEADLINE)
        self.assertEqual(done.stdout, "")
        return done.returncode, done.stderr

    def test_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as holder:
            address = "127.0.0.1:%d" % holder.getsockname()[1]
            code, errors = self.start("--listen", address)
        self.assertEqual(code, 69)
        self.assertIn("cannot listen on %s: address already in use" % address, errors)
        self.assertIn("--listen", errors)

    def test_passive_ports_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as holder:
            port = str(holder.getsockname()[1])
            code, errors = self.start("--listen", "127.0.0.1:0", "--passive-ports", port,
                                      "--shards", "1", "--set", "server.passive_mode=pooled")
        self.assertEqual(code, 69)
        self.assertIn("no passive port of %s-%s can be had on 127.0.0.1" % (port, port), errors)
        self.assertIn("--passive-ports", errors)

    def test_a_log_that_cannot_be_written(self):
        code, errors = self.start("--listen", "127.0.0.1:0", "--set", "log.file=/nonesuch/log")
        self.assertEqual(code, 73)
        self.assertIn("cannot write log.file '/nonesuch/log': its folder is missing", errors)


if __name__ == "__main__":
    sluice.run(__name__)
