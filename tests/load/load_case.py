"""Runs sluice-load against a server and gives back what it measured."""

import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import sluice  # noqa: E402

TROUBLES = 1
USAGE = 2
# Each run of these tests ends by itself in seconds; one that hangs is killed and fails.
HANGS_AFTER = 60.0


class Measured:
    """The results file of one run."""

    def __init__(self, status, results, output):
        self.status = status
        self.results = results
        self.output = output
        self.totals = results.get("totals", {})
        self.replies = results.get("replies", {})
        # Only what did go wrong.
        self.errors = {k: n for k, n in results.get("errors", {}).items() if n}

    def step(self, name):
        return self.results["histograms"].get(name, {"count": 0})


def load_command(*words):
    return [os.environ["SLUICE_LOAD"]] + [str(word) for word in words]


def load(engine, *words, wrapper=()):
    """Runs to the end. `words`: scenario, URL and options. `wrapper`: a command in front of it."""
    with tempfile.TemporaryDirectory(prefix="sluice-load-test.") as folder:
        path = os.path.join(folder, "results.json")
        command = list(wrapper) + load_command(*words, "--engine", engine, "--json", path, "--progress", "none")
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=HANGS_AFTER, text=True)
        results = {}
        if os.path.exists(path):
            with open(path) as f:
                results = json.load(f)
        if done.returncode not in (0, TROUBLES, USAGE):
            raise AssertionError("sluice-load ended with %s:\n%s" % (done.returncode, done.stdout))
        return Measured(done.returncode, results, done.stdout)


class LoadCase:
    """A tree and a sluiced for each test; `engine` drives both ends."""

    def setUp(self):
        self.tree = sluice.Tree()
        self.addCleanup(self.tree.__exit__)

    def serve(self, **options):
        options.setdefault("writable", True)
        return sluice.Server(self.tree.root, self.engine, **options)

    def load(self, server, scenario, path, *words):
        return load(self.engine, scenario, "ftp://127.0.0.1:%d/%s" % (server.port, path), *words)

    def assert_clean(self, measured):
        self.assertEqual(measured.errors, {}, measured.output)
        self.assertEqual(measured.status, 0, measured.output)
