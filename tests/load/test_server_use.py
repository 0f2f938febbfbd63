"""--server-pid: what the server used, read while its sessions stand and without the warm-up."""

import json
import os
import signal
import subprocess
import tempfile

from load_case import LoadCase, load_command, sluice

SESSIONS = 300


@sluice.on_each_engine
class ServerUse(LoadCase):
    def use(self, measured):
        self.assert_clean(measured)
        use = measured.results["server"]
        self.assertTrue(use["known"])
        return use

    def test_idle_sessions_are_seen_while_they_stand(self):
        with self.serve() as server:
            before = server.descriptors()
            use = self.use(self.load(server, "idle", "", "--sessions", SESSIONS, "--duration",
                                     "700ms", "--threads", 2, "--server-pid", server.pid))
        self.assertEqual(use["sessions"], SESSIONS)
        # A control connection each, and nothing of a transfer; the server may have had some of its
        # start open still when it was looked at before.
        self.assertAlmostEqual(use["descriptors"], before + SESSIONS, delta=3)
        # A session costs some kilobytes; a megabyte each would be another server's.
        self.assertGreater(use["bytes_per_session"], 100)
        self.assertLess(use["bytes_per_session"], 1 << 20)
        self.assertGreater(use["proportional_bytes"], use["proportional_before_bytes"])

    def test_sessions_stand_until_a_counted_run_was_looked_at(self):
        self.tree.write("file", sluice.random_bytes(5000))
        with self.serve() as server:
            before = server.descriptors()
            measured = self.load(server, "small-files", "file", "--sessions", 40, "--transfers",
                                 400, "--server-pid", server.pid)
            use = self.use(measured)
        self.assertEqual(measured.totals["actions_done"], 400)
        self.assertEqual(use["sessions"], 40)
        # Listeners of the passive ports come as they are needed.
        self.assertGreaterEqual(use["descriptors"], before + 40)

    def test_the_warm_up_is_not_counted(self):
        with self.serve() as server:
            before = server.cpu()
            measured = self.load(server, "noop", "", "--sessions", 4, "--warmup", "3s",
                                 "--duration", "1s", "--server-pid", server.pid)
            all_of_it = server.cpu() - before
            use = self.use(measured)
        # The server was as busy for the first three quarters of the run as in the last one.
        self.assertGreater(all_of_it, 0.2)
        self.assertGreater(use["cpu_seconds"], 0)
        self.assertLess(use["cpu_seconds"], 0.5 * all_of_it)
        # NOOPs on four sessions are at most two switches each, and some are of the machine.
        self.assertLess(use["context_switches"], 2 * measured.totals["actions_done"] + 1000)

    def test_a_run_that_term_ends_was_looked_at(self):
        with self.serve() as server, tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "results.json")
            results = end_by_term(
                load_command("idle", "ftp://127.0.0.1:%d/" % server.port, "--sessions", 20,
                             "--duration", "1m", "--engine", self.engine, "--json", path,
                             "--server-pid", server.pid), path)
        self.assertEqual(results["server"]["sessions"], 20)


def end_by_term(command, path):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        # Lines of progress: the sessions stand when the first one has come.
        process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    with open(path) as f:
        return json.load(f)


if __name__ == "__main__":
    sluice.run(__name__)
