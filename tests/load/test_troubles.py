"""What a server can do wrong: each fault under its own name, exit code 1, and nothing hangs."""

import os
import signal
import socket
import subprocess
import time

from bad_server import BadServer
from load_case import TROUBLES, USAGE, load, load_command, sluice

# Longer than a busy machine needs for a reply, short enough to wait for.
TIMEOUT = "500ms"


@sluice.on_each_engine
class Troubles:
    def run_against(self, fault, scenario="download", *words):
        with BadServer(fault) as server:
            began = time.monotonic()
            measured = load(self.engine, scenario, server.url + "/file",
                            "--sessions", 3, "--duration", "1500ms", "--transfers", 600,
                            "--timeout", TIMEOUT, *words)
            # Its duration, a step that is bounded by the time-out, the good-bye, and slack.
            self.assertLess(time.monotonic() - began, 15)
            return measured

    def expect(self, name, fault, scenario="download", *words):
        measured = self.run_against(fault, scenario, *words)
        self.assertEqual(list(measured.errors), [name], measured.output)
        self.assertGreaterEqual(measured.errors[name], 3, "the run did not go on")
        self.assertEqual(measured.totals["actions_done"], 0)
        self.assertEqual(measured.status, TROUBLES)

    def test_a_good_server_has_no_troubles(self):
        measured = self.run_against(None)
        self.assertEqual(measured.errors, {})
        self.assertEqual(measured.status, 0)
        self.assertGreater(measured.totals["actions_done"], 0)

    def test_nobody_listens(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))  # bound, not listening: nobody else gets the port
            measured = load(self.engine, "download", "ftp://127.0.0.1:%d/f" % s.getsockname()[1],
                            "--sessions", 2, "--duration", "1s")
        self.assertEqual(list(measured.errors), ["connect_refused"])
        self.assertEqual(measured.status, TROUBLES)

    def test_a_counted_run_ends_although_nobody_listens(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            measured = load(self.engine, "download", "ftp://127.0.0.1:%d/f" % s.getsockname()[1],
                            "--sessions", 2, "--transfers", 4)
        self.assertEqual(list(measured.errors), ["connect_refused"])
        self.assertEqual(measured.status, TROUBLES)

    def test_no_banner(self):
        self.expect("reply_timeout", "no-banner")

    def test_garbage_for_a_banner(self):
        self.expect("bad_reply", "garbage")

    def test_a_refused_login(self):
        self.expect("login_refused", "refuse-login")

    def test_a_refused_login_in_the_login_scenario(self):
        self.expect("login_refused", "refuse-login", "login")

    def test_a_malformed_229(self):
        self.expect("bad_passive_reply", "malformed-229")

    def test_a_malformed_227(self):
        self.expect("bad_passive_reply", "malformed-227", "download", "--data", "pasv")

    def test_a_reply_that_never_comes(self):
        self.expect("reply_timeout", "silent")

    def test_a_control_connection_that_closes(self):
        self.expect("closed_early", "close-on-retr")

    def test_a_transfer_that_ends_early(self):
        self.expect("truncated", "half")

    def test_a_server_that_closes_in_the_middle(self):
        self.expect("missing_final", "half-and-close")

    def test_a_226_that_never_comes(self):
        self.expect("missing_final", "no-final")

    def test_a_451_for_a_226(self):
        self.expect("final_failed", "final-451")

    def test_a_reset_data_connection(self):
        self.expect("data_reset", "reset")

    def test_data_that_stop(self):
        self.expect("data_timeout", "stalled-data")

    def test_a_data_port_where_nobody_listens(self):
        self.expect("data_connect_failed", "unreachable-data")

    def test_more_bytes_than_the_size(self):
        self.expect("too_long", "wrong-size")

    def test_other_bytes_than_expected(self):
        self.expect("wrong_bytes", None, "download", "--verify")

    def test_a_command_that_is_refused(self):
        self.expect("unexpected_reply", None, "list")

    def test_term_ends_a_run_with_its_report(self):
        with BadServer() as server:
            command = load_command("download", server.url + "/f", "--duration",
                                   "1m", "--rate", 100, "--engine", self.engine,
                                   "--sessions", 2)
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            try:
                process.stderr.readline()  # the first line of progress: it runs
                began = time.monotonic()
                process.send_signal(signal.SIGTERM)
                output, _ = process.communicate(timeout=20)
            finally:
                process.kill()
            self.assertLess(time.monotonic() - began, 10)
            self.assertEqual(process.returncode, 0)
            self.assertIn(b"action", output.lower())

    def test_what_cannot_be_is_refused(self):
        for words in (("download", "ftp://127.0.0.1/%0D%0ADELE x"),
                      ("download", "ftp://127.0.0.1/f", "--source", "::1"),
                      ("download", "ftp://127.0.0.1/f", "--source", "127.0.0.0/33"),
                      ("download", "ftp://[::1]/f", "--data", "pasv"),
                      ("idle", "ftp://127.0.0.1/", "--rate", 5),
                      ("download", "ftp://127.0.0.1/f", "--verify", "--manifest",
                       os.devnull)):
            measured = load(self.engine, *words)
            self.assertEqual(measured.status, USAGE, (words, measured.output))

    def test_a_congestion_control_that_is_not_there_is_refused_by_name(self):
        measured = load(self.engine, "download", "ftp://127.0.0.1/f", "--congestion", "nonesuch")
        self.assertEqual(measured.status, USAGE)
        self.assertIn("'nonesuch' is not known here; this system has ", measured.output)
        with open("/proc/sys/net/ipv4/tcp_available_congestion_control") as f:
            self.assertIn(f.read().strip(), measured.output)


if __name__ == "__main__":
    sluice.run(__name__)
