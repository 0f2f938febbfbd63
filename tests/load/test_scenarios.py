"""Every scenario against sluiced, its totals held against the server's own record and its files."""

import os
import sys
import threading

from load_case import TROUBLES, LoadCase, load, sluice

KIB = 1024
# Of content.hpp.
PATTERN_PAGES, PAGE = 1021, 4096


def crc32c(data):
    table = []
    for i in range(256):
        for _ in range(8):
            i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
        table.append(i)
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


@sluice.on_each_engine
class Scenarios(LoadCase):
    def serve_recorded(self, **options):
        self.record = os.path.join(self.tree.top, "xferlog")
        return self.serve(settings=["log.transfer_file=" + self.record], **options)

    def recorded(self, direction):
        """(how many complete transfers, how many bytes) the server has written down."""
        count = total = 0
        with open(self.record) as f:
            for line in f:
                # After the date: seconds, host, bytes, path, type, -, direction, ..., status.
                fields = line.split()
                if fields[11] == direction and fields[17] == "c":
                    count += 1
                    total += int(fields[7])
        return count, total

    def test_download(self):
        size = 3 * KIB * KIB + 17
        self.tree.write("file", sluice.random_bytes(size))
        for data in ("epsv", "pasv", "eprt", "port"):
            with self.serve_recorded() as server:
                measured = self.load(server, "download", "file", "--sessions", 4, "--transfers",
                                     30, "--threads", 2, "--data", data)
            self.assert_clean(measured)
            self.assertEqual(measured.totals["actions_done"], 30)
            self.assertEqual(measured.totals["bytes_received"], 30 * size)
            self.assertEqual(measured.replies["226"], 30)
            self.assertEqual(self.recorded("o"), (30, 30 * size))
            for step in ("setup", "data_connect", "first_byte", "last_byte", "final_reply",
                         "action"):
                self.assertEqual(measured.step(step)["count"], 30, step)
            os.unlink(self.record)

    def test_download_over_ipv6(self):
        if not sluice.has_ipv6():
            self.skipTest("no IPv6")
        self.tree.write("file", sluice.random_bytes(5000))
        with self.serve() as server:
            for data in ("epsv", "eprt"):
                measured = load(self.engine, "download", "ftp://[::1]:%d/file" % server.port6,
                                "--transfers", 20, "--sessions", 2, "--data", data)
                self.assert_clean(measured)
                self.assertEqual(measured.totals["bytes_received"], 20 * 5000)

    def test_upload(self):
        size = 5 * KIB * KIB + 1
        with self.serve_recorded() as server:
            measured = self.load(server, "upload", "", "--path", "up-%", "--size", size_text(size),
                                 "--sessions", 3, "--transfers", 12, "--threads", 2)
            self.assert_clean(measured)
            # Several sessions of several threads, each with a file of its own.
            names = sorted(os.listdir(self.tree.root))
            self.assertLessEqual(set(names), {"up-0", "up-1", "up-2"})
            self.assertGreaterEqual(len(names), 1)
            for name in names:
                self.assertEqual(os.path.getsize(self.tree.path(name)), size)
        self.assertEqual(measured.totals["bytes_sent"], 12 * size)
        self.assertEqual(self.recorded("i"), (12, 12 * size))

    def test_what_was_uploaded_verifies_and_what_was_changed_does_not(self):
        # Longer than the pattern, so that its wrap is passed too.
        size = PATTERN_PAGES * PAGE + 12345
        with self.serve() as server:
            # In turn: both are there after two uploads, whichever session does them.
            paths = ("--path", "up-0", "--path", "up-1", "--sessions", 2)
            words = paths + ("--size", size_text(size), "--seed", 7)
            self.assert_clean(self.load(server, "upload", "", *words, "--transfers", 2))
            words = paths + ("--verify", "--transfers", 6)
            self.assert_clean(self.load(server, "download", "", *words, "--seed", 7))
            other_seed = self.load(server, "download", "", *words, "--seed", 8)
            self.assertEqual(other_seed.errors, {"wrong_bytes": 6})
            content = bytearray(self.tree.read("up-1"))
            content[-1] ^= 1
            self.tree.write("up-1", content)
            changed = self.load(server, "download", "", *words, "--seed", 7)
            self.assertEqual(list(changed.errors), ["wrong_bytes"])
            self.assertEqual(changed.status, TROUBLES)
            self.assertEqual(changed.errors["wrong_bytes"] + changed.totals["actions_done"], 6)

    def test_a_manifest(self):
        content = sluice.random_bytes(70001)
        self.tree.write("file", content)
        self.tree.write("other", content[:-1] + b"x")
        path = os.path.join(self.tree.top, "manifest")
        self.assertEqual(crc32c(b"123456789"), 0xE3069283)  # RFC 3720 B.4's check value
        with open(path, "w") as f:
            f.write("# files\n")
            for name in ("file", "other"):
                f.write("%08x %d %s\n" % (crc32c(content), len(content), name))
        with self.serve() as server:
            words = ("--verify", "--manifest", path, "--transfers", 5, "--sessions", 1)
            self.assert_clean(self.load(server, "download", "file", *words))
            measured = self.load(server, "download", "other", *words)
            self.assertEqual(measured.errors, {"wrong_bytes": 5})

    def test_small_files(self):
        words = []
        for i in range(5):
            self.tree.write("f%d" % i, sluice.random_bytes(1000 + i))
            words += ["--path", "f%d" % i]
        with self.serve_recorded() as server:
            measured = self.load(server, "small-files", "", *words, "--sessions", 1,
                                 "--transfers", 500)
        self.assert_clean(measured)
        # The files in turn: each 100 times.
        self.assertEqual(measured.totals["bytes_received"], 100 * sum(range(1000, 1005)))
        self.assertEqual(self.recorded("o"), (500, measured.totals["bytes_received"]))

    def test_login(self):
        with self.serve() as server:
            measured = self.load(server, "login", "", "--sessions", 8, "--transfers", 200)
        self.assert_clean(measured)
        self.assertEqual(measured.totals["logins"], 200)
        self.assertEqual(measured.replies["230"], 200)
        self.assertEqual(measured.replies["221"], 200)

    def test_noop_and_warmup(self):
        with self.serve() as server:
            measured = self.load(server, "noop", "", "--sessions", 8, "--duration", "1s",
                                 "--warmup", "1s")
        self.assert_clean(measured)
        self.assertNotIn("230", measured.replies)  # they logged in while nothing was counted
        self.assertEqual(len(measured.results["seconds"]["rows"]), 1)
        self.assertAlmostEqual(measured.totals["measured_seconds"], 1, delta=0.2)
        self.assertGreater(measured.totals["actions_done"], 100)

    def test_list(self):
        for i in range(100):
            self.tree.write("name-%03d" % i, b"")
        with self.serve() as server:
            measured = self.load(server, "list", "", "--sessions", 2, "--transfers", 20)
            with server.client() as client:
                size = len(client.retrieve("MLSD"))
        self.assert_clean(measured)
        self.assertEqual(measured.totals["bytes_received"], 20 * size)

    def test_idle_sessions_from_many_addresses(self):
        with self.serve(settings=["log.level=debug"]) as server:
            ended = threading.Event()
            seen = []

            def look():
                while not ended.wait(0.05):
                    seen.append(server.descriptors())

            before = server.descriptors()
            thread = threading.Thread(target=look)
            thread.start()
            measured = self.load(server, "idle", "", "--sessions", 200, "--duration", "1500ms",
                                 "--source", "127.0.0.0/16")
            ended.set()
            thread.join()
            output = server.output()
            # A server that has just begun may have a file open that it soon closes.
            sluice.wait_for(lambda: server.descriptors() <= before, "the sessions to be closed")
            before = min(before, server.descriptors())
        self.assert_clean(measured)
        self.assertEqual(measured.totals["logins"], 200)
        self.assertGreaterEqual(max(seen) - before, 200)
        self.assertIn("127.0.0.200", output)

    def test_slow_readers(self):
        self.tree.write("file", sluice.random_bytes(128 * KIB))
        with self.serve() as server:
            measured = self.load(server, "slow-readers", "file", "--sessions", 3, "--transfers", 3)
        self.assert_clean(measured)
        self.assertEqual(measured.totals["bytes_received"], 3 * 128 * KIB)
        # 64 KiB a second; the last step needs no wait.
        self.assertGreater(measured.step("action")["min_ns"], 1_800_000_000)

    def test_abort(self):
        self.tree.write("file", bytes(64 * KIB * KIB))
        with self.serve_recorded() as server:
            measured = self.load(server, "abort", "file", "--sessions", 4, "--transfers", 40)
        self.assert_clean(measured)
        self.assertEqual(measured.totals["actions_done"], 40)
        self.assertLess(measured.totals["bytes_received"], 40 * 32 * KIB * KIB)
        # 426 and 226, but for those that came too late.
        self.assertGreater(measured.replies["426"], 20)

    def test_a_mix_with_phases(self):
        self.tree.write("file", sluice.random_bytes(3000))
        path = os.path.join(self.tree.top, "mix.toml")
        with open(path, "w") as f:
            f.write("""
[[work]]
action = "noop"
weight = 2
think = "1ms..5ms"
[[work]]
action = "download"
paths = ["file"]
[[work]]
action = "upload"
paths = ["up-%"]
size = { median = "8KiB", sigma = 1.0, min = "1KiB", max = "64KiB" }
[[work]]
action = "login"
[[phase]]
sessions = 20
ramp = "1s"
hold = "1s"
[[phase]]
sessions = 5
hold = "1s"
""")
        with self.serve() as server:
            measured = load(self.engine, "ftp://127.0.0.1:%d/" % server.port, "--workload", path)
            sizes = [os.path.getsize(self.tree.path(name))
                     for name in os.listdir(self.tree.root) if name.startswith("up-")]
        self.assert_clean(measured)
        sessions = [row[5] for row in measured.results["seconds"]["rows"]]
        self.assertEqual(len(sessions), 3)
        self.assertGreater(sessions[1], 10)
        self.assertLessEqual(sessions[2], 6)
        # The end of the run cuts what each session was sending.
        whole = [size for size in sizes if KIB <= size <= 64 * KIB]
        self.assertTrue(whole and len(sizes) - len(whole) <= 20, sizes)
        self.assertGreater(measured.totals["logins"], 20)

    def test_the_congestion_control_of_every_connection(self):
        # reno is part of every kernel, and the default of hardly any.
        with self.serve() as server:
            path = os.path.join(self.tree.top, "trace")
            words = ("upload", "ftp://127.0.0.1:%d/up" % server.port, "--transfers", 2,
                     "--sessions", 1, "--congestion", "reno")
            # The leak checker of a sanitized build cannot work below strace.
            wrapper = ("env", "ASAN_OPTIONS=detect_leaks=0", "strace", "-f", "-e",
                       "trace=setsockopt", "-o", path)
            measured = load(self.engine, *words, wrapper=wrapper)
            self.assert_clean(measured)
            # strace shows the name as a number.
            name = int.from_bytes(b"reno", sys.byteorder)
            with open(path) as f:
                calls = [line for line in f if "TCP_CONGESTION, [%d], 4) = 0" % name in line]
        self.assertEqual(measured.results["options"]["congestion"], "reno")
        # The trial, the control connection and two data connections.
        self.assertEqual(len(calls), 4, calls)

    def test_a_missing_file(self):
        with self.serve() as server:
            measured = self.load(server, "download", "none", "--sessions", 1, "--transfers", 10)
        self.assertEqual(measured.errors, {"unexpected_reply": 10})
        self.assertEqual(measured.replies["550"], 11)  # and SIZE once
        self.assertEqual(measured.status, TROUBLES)


def size_text(size):
    return "%dB" % size


if __name__ == "__main__":
    sluice.run(__name__)
