"""bench/compare measures for some seconds: a small run, one that is stopped, and what is left."""

import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import sluice  # noqa: E402

COMPARE = os.path.join(HERE, "..", "..", "bench", "compare")
CONGESTION = "/proc/sys/net/ipv4/tcp_congestion_control"
PEERS_FOLDER = os.environ.get("SLUICE_PEERS", "/var/tmp/sluice-peers")
# Two of the four keep this short; tests/load/test_peers.py has all of them.
PEER_FILES = {"vsftpd": "usr/sbin/vsftpd", "pyftpdlib": "usr/lib/python3/dist-packages/pyftpdlib"}
SCENARIOS = ("noop", "small-4k")
HANGS_AFTER = 120.0


def build_folder():
    return os.path.abspath(os.path.join(os.path.dirname(os.environ["SLUICED"]), "..", ".."))


def congestion():
    with open(CONGESTION, encoding="ascii") as file:
        return file.read()


def processes_with(text):
    """{pid: command line} of who mentions the folder: servers and generators of this test."""
    found = {}
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                line = file.read().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line and " " + COMPARE + " " not in line:
            found[int(path.split("/")[2])] = line
    return found


class Comparison(unittest.TestCase):
    def setUp(self):
        if len(os.sched_getaffinity(0)) < 2:
            self.skipTest("server and generator need a core each")
        self.folder = tempfile.mkdtemp(prefix="sluice-compare-test.", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.work = os.path.join(self.folder, "work")
        os.mkdir(self.work)
        os.chmod(self.folder, 0o755)
        os.chmod(self.work, 0o755)
        self.json = os.path.join(self.folder, "out", "r.json")
        self.before = congestion()

    def start(self, scenarios, *more):
        peers = [name for name, path in PEER_FILES.items()
                 if os.path.exists(os.path.join(PEERS_FOLDER, path))]
        cores = sorted(os.sched_getaffinity(0))[:2]
        command = [sys.executable, "-u", COMPARE, "--build", build_folder(), "--quick",
                   "--scenarios", ",".join(scenarios), "--peers", ",".join(peers) or "none",
                   "--json", self.json, "--work-dir", self.work,
                   "--cores", ",".join(map(str, cores)), *more]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        self.addCleanup(self.finish, process)
        return process, peers

    def finish(self, process):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()
        process.stdout.close()

    def assert_nothing_left(self):
        self.assertEqual(congestion(), self.before)
        self.assertEqual(processes_with(self.work), {})
        self.assertEqual(os.listdir(self.work), [])

    def test_a_small_run_has_every_server_and_no_name_of_this_machine(self):
        process, peers = self.start(SCENARIOS)
        output, _ = process.communicate(timeout=HANGS_AFTER)
        if "another comparison is running" in output:
            self.skipTest("another comparison is running")
        self.assertEqual(process.returncode, 0, output)
        with open(self.json, encoding="utf-8") as file:
            text = file.read()
        made = json.loads(text)
        self.assertTrue(made["complete"])
        measured = [name for name, what in made["servers"].items() if "unavailable" not in what]
        self.assertLessEqual({"sluice-io_uring", "sluice-epoll"}, set(measured), output)
        if os.geteuid() == 0:
            self.assertLessEqual(set(peers), set(measured), output)
        seen = {(run["scenario"], run["server"]) for run in made["runs"]}
        self.assertEqual(seen, {(each, name) for each in SCENARIOS for name in measured})
        for run in made["runs"]:
            self.assertIsNone(run.get("failed"), run)
            self.assertEqual(run["errors"], {}, run)
            self.assertGreater(run["operations"], 100, run)
            self.assertGreater(run["cpu_seconds"], 0, run)
            # No server uses more than the one core that it has.
            self.assertLess(run["cpu_seconds"], 1.1 * run["seconds"], run)
        small = [run for run in made["runs"] if run["scenario"] == "small-4k"]
        for run in small:
            # Those that were under way at either end have sent a part.
            self.assertAlmostEqual(run["bytes"] / 4096, run["operations"], delta=200)
        folder = os.path.dirname(self.json)
        self.assertEqual(sorted(os.listdir(folder)),
                         ["README.md", "r-files.svg", "r-sessions.svg", "r.json"])
        with open(os.path.join(folder, "README.md"), encoding="utf-8") as file:
            text += file.read()
        for private in (self.folder, build_folder(), PEERS_FOLDER, "/dev/shm/", socket.gethostname()):
            # A host called "vm" is in too many words to look for.
            if len(private) > 3:
                self.assertNotIn(private, text)
        self.assert_nothing_left()

    def first_run(self, process):
        """Waits for the first generator and returns the process of its server, sluiced."""
        def server():
            if process.poll() is not None:
                return "ended"
            lines = processes_with(self.work)
            running = any("--duration" in line for line in lines.values())
            found = [pid for pid, line in lines.items() if "/sluiced " in line]
            return found[0] if running and found else None
        found = sluice.wait_for(server, "the first run", 60)
        if found == "ended":
            output = process.stdout.read()
            if "another comparison is running" in output:
                self.skipTest("another comparison is running")
            self.fail(output)
        return found

    def test_a_server_that_crashes_or_hangs_does_not_stop_the_others(self):
        for number, why in ((signal.SIGKILL, "the server ended by itself with -9"),
                            (signal.SIGSTOP, None)):
            process, _ = self.start(("noop",), "--peers", "none")
            os.kill(self.first_run(process), number)
            output, _ = process.communicate(timeout=HANGS_AFTER)
            self.assertEqual(process.returncode, 0, output)
            with open(self.json, encoding="utf-8") as file:
                runs = {run["server"]: run for run in json.load(file)["runs"]}
            if why:
                self.assertEqual(runs["sluice-io_uring"]["failed"], why)
            self.assertNotIn("failed", runs["sluice-epoll"])
            self.assertGreater(runs["sluice-epoll"]["operations"], 100)
            self.assert_nothing_left()

    def test_what_is_stopped_leaves_nothing_behind_but_what_it_measured(self):
        process, _ = self.start(("noop",), "--rounds", "50")
        self.first_run(process)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, output)
        self.assertIn("compare: stopped", output)
        self.assert_nothing_left()
        if os.path.exists(self.json):
            with open(self.json, encoding="utf-8") as file:
                self.assertFalse(json.load(file)["complete"])


if __name__ == "__main__":
    sluice.run(__name__)
