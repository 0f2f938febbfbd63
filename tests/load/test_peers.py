"""sluice-load against the four other servers: its totals, not their speed.

They come from bench/fetch_peers, which unpacks Debian's packages; without its folder, without root
or without a network each test is skipped with its reason.
"""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from load_case import load, sluice

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.join(HERE, "..", "..", "bench")
sys.path.insert(0, BENCH)
from measure import servers  # noqa: E402

PEERS = ("vsftpd", "proftpd", "pure-ftpd", "pyftpdlib")
PEERS_FOLDER = os.environ.get("SLUICE_PEERS", "/var/tmp/sluice-peers")
FETCH_SECONDS_MAX = 120
KIB = 1024
FILE_BYTES = 300 * KIB + 17
LARGE_BYTES = 64 * KIB * KIB
ENTRIES = 250


@functools.lru_cache(maxsize=1)
def why_no_peers():
    """Fetches them where they are not; "" or the reason why there are none."""
    if os.geteuid() != 0:
        return "the other servers want root"
    if os.path.exists(os.path.join(PEERS_FOLDER, "usr/sbin/vsftpd")):
        return ""
    try:
        done = subprocess.run([os.path.join(BENCH, "fetch_peers"), PEERS_FOLDER], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=FETCH_SECONDS_MAX)
    except (OSError, subprocess.TimeoutExpired) as error:
        return "bench/fetch_peers: %s" % error
    lines = done.stdout.strip().splitlines() or ["no output"]
    return "" if done.returncode == 0 else "bench/fetch_peers: " + lines[-1]


class Peers:
    """`name` is the server; one of its own, in a fresh tree, for each test."""

    def setUp(self):
        why = why_no_peers()
        if why:
            self.skipTest(why)
        self.scratch = tempfile.mkdtemp(prefix="sluice-peers-test.", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)
        self.root = os.path.join(self.scratch, "root")
        self.uploads = os.path.join(self.root, "in")
        os.makedirs(self.uploads)
        # The servers drop their rights before they read and write here.
        for folder, mode in ((self.scratch, 0o755), (self.root, 0o755), (self.uploads, 0o777)):
            os.chmod(folder, mode)
        self.claim = sluice.PortClaim()
        self.addCleanup(self.claim.close)
        setup = servers.Setup("", PEERS_FOLDER, self.root, self.scratch, [],
                              min(os.sched_getaffinity(0)))
        setup.ports = servers.Ports(self.claim.first, self.claim.first)
        try:
            self.server = servers.Server(self.name, setup, writable=True).__enter__()
        except servers.Unavailable as reason:
            self.skipTest(str(reason))
        self.addCleanup(self.server.__exit__, None, None, None)

    def write(self, name, size):
        with open(os.path.join(self.root, name), "wb") as file:
            file.write(sluice.random_bytes(size))

    def load(self, scenario, path, *words):
        measured = load("epoll", scenario, "ftp://127.0.0.1:%d/%s" % (self.server.port, path),
                        *words)
        self.assertEqual(measured.errors, {}, measured.output)
        self.assertEqual(measured.status, 0, measured.output)
        return measured

    def test_download(self):
        self.write("file", FILE_BYTES)
        for data in ("epsv", "pasv"):
            measured = self.load("download", "file", "--sessions", 3, "--transfers", 12, "--data",
                                 data)
            self.assertEqual(measured.totals["actions_done"], 12)
            self.assertEqual(measured.totals["bytes_received"], 12 * FILE_BYTES)
            self.assertEqual(measured.replies["226"], 12)

    def test_upload(self):
        # A name for each: Pure-FTPd lets anonymous users replace nothing.
        names = [word for i in range(8) for word in ("--path", "%%-%d" % i)]
        measured = self.load("upload", "in/", *names, "--size", "%dB" % FILE_BYTES, "--sessions",
                             2, "--transfers", 8)
        self.assertEqual(measured.totals["bytes_sent"], 8 * FILE_BYTES)
        sizes = [os.path.getsize(os.path.join(self.uploads, name))
                 for name in os.listdir(self.uploads)]
        self.assertEqual(sizes, [FILE_BYTES] * 8)

    def test_login(self):
        measured = self.load("login", "", "--sessions", 4, "--transfers", 20)
        self.assertEqual(measured.totals["logins"], 20)
        self.assertEqual(measured.replies["230"], 20)
        self.assertEqual(measured.replies["221"], 20)

    def test_small_files(self):
        self.write("a", 1000)
        self.write("b", 2000)
        measured = self.load("small-files", "", "--path", "a", "--path", "b", "--sessions", 1,
                             "--transfers", 60)
        self.assertEqual(measured.totals["bytes_received"], 30 * 3000)

    def test_list(self):
        for i in range(ENTRIES):
            self.write("name-%03d" % i, 0)
        path = os.path.join(self.scratch, "list.toml")
        with open(path, "w", encoding="ascii") as file:
            file.write('[[work]]\naction = "list"\nlisting = "list"\n')
        measured = load("epoll", "ftp://127.0.0.1:%d/" % self.server.port, "--workload", path,
                        "--sessions", 2, "--transfers", 6)
        self.assertEqual(measured.errors, {}, measured.output)
        self.assertEqual(measured.totals["actions_done"], 6)
        # Each listing holds all names, and all are of one length.
        self.assertGreater(measured.totals["bytes_received"], 6 * ENTRIES * len("name-000"))
        self.assertEqual(measured.totals["bytes_received"] % 6, 0)

    def test_noop(self):
        measured = self.load("noop", "", "--sessions", 4, "--transfers", 400)
        self.assertEqual(measured.totals["actions_done"], 400)
        self.assertGreaterEqual(measured.replies["200"], 400)

    def test_abort(self):
        self.write("large", LARGE_BYTES)
        measured = self.load("abort", "large", "--sessions", 2, "--transfers", 6)
        self.assertEqual(measured.totals["actions_done"], 6)
        self.assertLess(measured.totals["bytes_received"], 6 * LARGE_BYTES)


for each in PEERS:
    made = "Peers_" + each.replace("-", "_")
    globals()[made] = type(made, (Peers, unittest.TestCase),
                           {"name": each, "__module__": __name__})


if __name__ == "__main__":
    sluice.run(__name__)
