"""Bytes that sluice-load counts, against the kernel's count of the interface between it and the
server, and against the server's own record of transfers.

The two ends are in network namespaces of their own, joined by a veth pair, so that nothing else is
on the wire. Needs root and iproute2; skipped without.
"""

import os
import subprocess
import threading
import time

from load_case import LoadCase, load, sluice

SERVER, CLIENT = "10.213.7.1", "10.213.7.2"
# The head of a packet: Ethernet without its check sum 14, IPv4 20, TCP 20 and its time stamps 12.
# veth counts what TCP hands it, packets of up to 64 KiB, each with one such head. So the bytes of
# all streams are known exactly, but for the longer heads of SYN (8) and selective acknowledgements.
HEAD = 14 + 20 + 20 + 12
# Commands and replies of a transfer, and of a login with its good-bye, are below these.
TALK_EACH, TALK_LOGIN = 400, 1500
# What one segment that was sent again held at the most: 1,500 bytes less the heads inside.
SEGMENT = 1500 - (HEAD - 14)


def ip(*words):
    subprocess.run(["ip", *words], check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class Wire:
    """Two namespaces and the pair of interfaces between them."""

    def __init__(self):
        self.near = "sluice-%d-s" % os.getpid()
        self.far = "sluice-%d-c" % os.getpid()

    def make(self):
        for name in (self.near, self.far):
            ip("netns", "add", name)
        ip("link", "add", "wire", "netns", self.near, "type", "veth", "peer", "name", "wire",
           "netns", self.far)
        for name, address in ((self.near, SERVER), (self.far, CLIENT)):
            ip("-n", name, "address", "add", address + "/24", "dev", "wire")
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "link", "set", "wire", "up")
            # Neighbour discovery and its like would be on the wire as well.
            self.run(name, "sysctl", "-qw", "net.ipv6.conf.wire.disable_ipv6=1")

    @staticmethod
    def inside(name):
        return ["ip", "netns", "exec", name]

    def run(self, name, *words):
        return subprocess.run(self.inside(name) + list(words), check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    def counts(self):
        """What has gone out at (the server's end, the generator's end)."""
        return [self.count(name) for name in (self.near, self.far)]

    def count(self, name):
        folder = "/sys/class/net/wire/statistics/"
        text = self.run(name, "cat", folder + "tx_bytes", folder + "tx_packets", "/proc/net/snmp")
        lines = text.splitlines()
        names, values = [line.split() for line in lines if line.startswith("Tcp:")]
        again = int(values[names.index("RetransSegs")])
        return Count(int(lines[0]), int(lines[1]), again)

    def remove(self):
        for name in (self.near, self.far):
            subprocess.run(["ip", "netns", "delete", name], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT)


class Count:
    def __init__(self, sent_bytes, packets, again):
        self.bytes, self.packets, self.again = sent_bytes, packets, again

    def since(self, before):
        return Count(self.bytes - before.bytes, self.packets - before.packets,
                     self.again - before.again)

    @property
    def payload(self):
        return self.bytes - self.packets * HEAD


def can_have_namespaces():
    wire = Wire()
    try:
        wire.make()
        return True
    except (OSError, subprocess.CalledProcessError):
        return False
    finally:
        if os.geteuid() == 0:
            wire.remove()


@sluice.on_each_engine
class Totals(LoadCase):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0 or not can_have_namespaces():
            self.skipTest("needs root and network namespaces")
        self.wire = Wire()
        self.addCleanup(self.wire.remove)
        self.wire.make()
        self.record = os.path.join(self.tree.top, "xferlog")
        self.server = self.serve(
            plain=True, wrapper=self.wire.inside(self.wire.near),
            settings=["log.transfer_file=" + self.record, "server.listen=%s:0" % SERVER])
        self.server.is_wrapped = False  # `ip netns exec` has become the server
        self.addCleanup(self.server.kill)

    def measure(self, scenario, path, *words):
        """(results, what the server's end sent, what it received)"""
        before = self.wire.counts()
        words = ("ftp://%s:%d/%s" % (SERVER, self.server.port, path), "--threads", 2) + words
        if scenario:
            words = (scenario,) + words
        measured = load(self.engine, *words, wrapper=self.wire.inside(self.wire.far))
        self.assert_clean(measured)
        self.settle()
        after = self.wire.counts()
        return measured, after[0].since(before[0]), after[1].since(before[1])

    def settle(self):
        """The last FINs and acknowledgements are on their way when the tool has ended."""
        last = None
        end = time.monotonic() + 5
        while time.monotonic() < end:
            counts = [c.bytes for c in self.wire.counts()]
            if counts == last:
                return
            last = counts
            time.sleep(0.05)

    def recorded(self):
        """Sum and number of complete transfers in each direction, as the server wrote them down."""
        found = {"i": [0, 0], "o": [0, 0]}
        with open(self.record) as f:
            for line in f:
                fields = line.split()
                if fields[17] == "c":
                    found[fields[11]][0] += int(fields[7])
                    found[fields[11]][1] += 1
        return found

    def assert_carries(self, wire, stream, transfers, sessions):
        """The packets of one direction hold so many bytes of files, and talk."""
        self.assertGreaterEqual(wire.payload, stream)
        talk = TALK_EACH * transfers + TALK_LOGIN * sessions
        self.assertLessEqual(wire.payload, stream + talk + wire.again * SEGMENT)

    def test_downloads(self):
        size, count = 1_000_003, 60
        self.tree.write("file", sluice.random_bytes(size))
        measured, sent, received = self.measure("download", "file", "--sessions", 6, "--transfers",
                                                count)
        self.assertEqual(measured.totals["bytes_received"], size * count)
        self.assertEqual(self.recorded(), {"i": [0, 0], "o": [size * count, count]})
        self.assert_carries(sent, size * count, count, 6)
        # The other way: commands alone.
        self.assert_carries(received, 0, count, 6)

    def test_small_files(self):
        size, count = 1_003, 2000
        self.tree.write("file", sluice.random_bytes(size))
        measured, sent, received = self.measure("small-files", "file", "--sessions", 6,
                                                "--transfers", count)
        self.assertEqual(measured.totals["bytes_received"], size * count)
        self.assertEqual(self.recorded(), {"i": [0, 0], "o": [size * count, count]})
        self.assert_carries(sent, size * count, count, 6)
        self.assert_carries(received, 0, count, 6)

    def test_uploads(self):
        size, count = 1_000_003, 60
        measured, sent, received = self.measure("upload", "", "--path", "up-%", "--sessions", 6,
                                                "--transfers", count, "--size", "%dB" % size)
        self.assertEqual(measured.totals["bytes_sent"], size * count)
        self.assertEqual(self.recorded(), {"o": [0, 0], "i": [size * count, count]})
        self.assert_carries(received, size * count, count, 6)
        self.assert_carries(sent, 0, count, 6)

    def test_a_mix_that_ends_by_its_time(self):
        size = 300_000
        self.tree.write("file", sluice.random_bytes(size))
        path = os.path.join(self.tree.top, "mix.toml")
        with open(path, "w") as f:
            f.write("""
[[work]]
action = "download"
paths = ["file"]
[[work]]
action = "upload"
paths = ["up-%"]
size = "1B..300KB"
[[phase]]
sessions = 8
hold = "1500ms"
""")
        measured, sent, received = self.measure(None, "", "--workload", path)
        recorded = self.recorded()
        # Each of the eight sessions had at the most one transfer under way when the time was over:
        # the server may have seen the end of it, and its bytes so far are in the totals.
        done = recorded["o"][1] + recorded["i"][1]
        self.assertGreaterEqual(done, measured.totals["actions_done"])
        self.assertLessEqual(done, measured.totals["actions_done"] + 8)
        for direction, wire, total in (("o", sent, measured.totals["bytes_received"]),
                                       ("i", received, measured.totals["bytes_sent"])):
            self.assertAlmostEqual(recorded[direction][0], total, delta=8 * size)
            # What was cut off went over the wire too, with what lay in buffers.
            self.assertGreaterEqual(wire.payload, total)
            talk = TALK_EACH * (done + 8) + TALK_LOGIN * 8
            self.assertLessEqual(wire.payload, total + 8 * size + talk + wire.again * SEGMENT)


if __name__ == "__main__":
    sluice.run(__name__)
