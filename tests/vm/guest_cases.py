"""What the guest runs: both engines on Debian's kernel, and its TLS.

First without the module, as on a kernel that has none; then it is loaded. Nobody else is on this
machine, so the kernel's counters tell of our server only.
"""

import contextlib
import ctypes
import fcntl
import os
import socket
import ssl
import struct
import sys

from system_case import SystemCase, sluice
from test_tls import TlsClient, context_of

ON = ("tls.mode=optional", "tls.self_signed=true", "log.level=info")
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
SUITES = (
    ("TLS_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"),
    ("TLS_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"),
    ("TLS_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"),
)
MIB = 1 << 20
SIOCSIFMTU = 0x8922
LOOPBACK_MTU = 65536
# Below a megabyte the server encrypts by itself.
SMALL = (0, 1, 16383, 16384, 16385, MIB - 1)
LARGE = (MIB, MIB + 1, MIB + 16383, MIB + 16384, MIB + 16385)

ORDER = ("WithoutTheModule_io_uring", "WithoutTheModule_epoll", "Plain_io_uring", "Plain_epoll",
         "KernelTls_io_uring", "KernelTls_epoll")


def statistics():
    """The counters of net/tls; nothing without the module."""
    try:
        with open("/proc/net/tls_stat") as file:
            return {name: int(value) for name, value in map(str.split, file)}
    except FileNotFoundError:
        return {}


def load_modules():
    libc = ctypes.CDLL(None, use_errno=True)
    for name in sorted(os.listdir("/modules")):
        with open("/modules/" + name, "rb") as file:
            content = file.read()
        if libc.init_module(content, len(content), b"") != 0:
            raise OSError(ctypes.get_errno(), name)


def set_network(packet, room):
    with socket.socket() as s:
        fcntl.ioctl(s, SIOCSIFMTU, struct.pack("16si12x", b"lo", packet))
    with open("/proc/sys/net/ipv4/tcp_wmem", "w") as file:
        file.write(room)


def written(server):
    """What the server has written by calls on files. sendfile(2) counts there, send(2) does not."""
    with open("/proc/%d/io" % server.pid) as file:
        return int(dict(line.split(": ") for line in file)["wchar"])


def content_of(size):
    """Quickly made, and no two blocks alike."""
    block = sluice.random_bytes(65536, size % 1000)
    pieces = [number.to_bytes(8, "big") + block[8:] for number in range(size // 65536 + 1)]
    return b"".join(pieces)[:size]


class TlsCase(SystemCase):
    def tls(self, *settings):
        return self.serve(settings=ON + settings, writable=True)

    def logged_in(self, server, version=None):
        client = TlsClient(server, context_of(version))
        self.addCleanup(client.close)
        client.login()
        return client

    def assert_log(self, server, text):
        sluice.wait_for(lambda: text in server.output(), "the log to say " + text)


@sluice.on_each_engine
class WithoutTheModule(TlsCase):
    def test_everything_is_encrypted_by_the_server(self):
        content = self.tree.write("file", content_of(2 * MIB))
        self.assertEqual(statistics(), {})
        with self.tls() as server:
            self.assert_log(server, "kernel TLS for large downloads: not available")
            client = self.logged_in(server)
            self.assertEqual(client.retrieve("RETR file"), content)
            client.quit()
            self.assert_log(server, "tls=TLSv1.3")
            self.assertNotIn("tls_kernel", server.output())


@sluice.on_each_engine
class Plain(SystemCase):
    def test_a_session_in_clear(self):
        content = self.tree.write("down", content_of(3 * MIB + 5))
        with self.serve(writable=True) as server:
            sluice.wait_for(lambda: "serving with %s and" % self.engine in server.output(),
                            "the log to name the engine")
            with server.client() as client:
                self.assertIn(b"down", client.retrieve("LIST", "A"))
                self.assertEqual(client.retrieve("RETR down"), content)
                client.store("up", content)
                self.assertEqual(self.tree.read("up"), content)
                client.quit()


@sluice.on_each_engine
class KernelTls(TlsCase):
    @classmethod
    def setUpClass(cls):
        if not statistics():
            load_modules()

    @contextlib.contextmanager
    def in_kernel(self, connections):
        """Exactly so many connections are given to the kernel meanwhile, and none stays there."""
        before = statistics()["TlsTxSw"]
        yield
        after = statistics()
        self.assertEqual(after["TlsTxSw"] - before, connections)
        sluice.wait_for(lambda: statistics()["TlsCurrTxSw"] == 0, "the kernel's keys to go")
        self.assertEqual(after["TlsRxSw"], 0)

    def test_large_files_leave_by_sendfile_under_every_suite(self):
        for size in SMALL + LARGE:
            self.tree.write(str(size), content_of(size))
        for suite, cipher in SUITES:
            with self.tls("tls.suites=" + suite, "tls.ciphers=" + cipher) as server:
                self.assert_log(server, "kernel TLS for large downloads: "
                                        "AES-128-GCM, AES-256-GCM, ChaCha20-Poly1305")
                for version in VERSIONS:
                    client = self.logged_in(server, version)
                    self.assertIn(client.socket.cipher()[0], (suite, cipher))
                    with self.in_kernel(0):
                        for size in SMALL:
                            self.assertEqual(client.retrieve("RETR %d" % size), content_of(size))
                    before = written(server)
                    with self.in_kernel(len(LARGE)):
                        for size in LARGE:
                            self.assertEqual(client.retrieve("RETR %d" % size), content_of(size))
                    self.assertGreaterEqual(written(server) - before, sum(LARGE))
                    client.quit()
                sluice.wait_for(lambda: server.output().count("tls_kernel=yes") == 2 * len(LARGE),
                                "a mark in the log for each large file")

    def test_64_mib_are_whole(self):
        content = self.tree.write("file", content_of(64 * MIB))
        with self.tls() as server, self.in_kernel(1):
            client = self.logged_in(server)
            self.assertEqual(sluice.sha256(client.retrieve("RETR file")), sluice.sha256(content))

    def test_restarts_and_ranges(self):
        content = self.tree.write("file", content_of(3 * MIB))
        with self.tls() as server, self.in_kernel(2):
            for version in VERSIONS:
                client = self.logged_in(server, version)
                client.expect(client.command("REST 12345"), "350")
                self.assertEqual(client.retrieve("RETR file"), content[12345:])
                client.expect(client.command("REST %d" % (3 * MIB - 16385)), "350")
                self.assertEqual(client.retrieve("RETR file"), content[-16385:])  # a small one

    def test_off_is_off(self):
        content = self.tree.write("file", content_of(2 * MIB))
        with self.tls("tls.kernel=off") as server, self.in_kernel(0):
            self.assert_log(server, "kernel TLS for large downloads: off")
            before = written(server)
            self.assertEqual(self.logged_in(server).retrieve("RETR file"), content)
            self.assertLess(written(server) - before, MIB)

    # What the kernel still holds when TCP is full must leave before the FIN: a client that reads
    # slowly gets the last byte and close_notify (anything else is an error of ssl's here). With
    # less room in TCP than a record needs, the kernel holds something nearly always.
    def test_slow_readers_get_the_end(self):
        self.squeeze(LOOPBACK_MTU, 8192)
        with self.tls() as server, self.in_kernel(2 * 4):
            for version in VERSIONS:
                client = self.logged_in(server, version)
                client.expect(client.command("TYPE I"), "200")
                for more in range(0, 4 * 4111, 4111):
                    content = self.tree.write("file", content_of(MIB + more))
                    data = client.passive(narrow=True)
                    client.expect(client.command("RETR file"), "150")
                    data = client.context.wrap_socket(data, session=client.socket.session,
                                                      suppress_ragged_eofs=False)
                    self.assertEqual(sluice.read_all(data), content, more)
                    client.expect(client.reply(), "226")
                    data.close()

    # The kernel fills TCP and does not have it send: without a push nobody would ever wake us.
    def test_little_room_in_tcp_is_no_end(self):
        content = self.tree.write("file", content_of(MIB + 7))
        for packet, room in ((LOOPBACK_MTU, 4096), (1500, 32768)):
            self.squeeze(packet, room)
            with self.tls() as server, self.in_kernel(1):
                self.assertEqual(self.logged_in(server).retrieve("RETR file"), content)

    def squeeze(self, packet, room):
        """Packets of the loopback, and room for what is sent on new connections, in bytes."""
        self.addCleanup(set_network, LOOPBACK_MTU, "4096 16384 4194304")  # Linux's own
        set_network(packet, "%d %d %d" % (4096, room, room))

    def test_abor_in_the_middle(self):
        content = self.tree.write("file", content_of(8 * MIB))
        with self.tls() as server, self.in_kernel(4):
            for version in VERSIONS:
                client = self.logged_in(server, version)
                client.expect(client.command("TYPE I"), "200")
                data = client.begin("RETR file")
                self.assertTrue(content.startswith(data.recv(100000)))
                client.send("ABOR\r\n")
                client.expect(client.reply(), "426")
                client.expect(client.reply(), "226")
                data.close()
                self.assertEqual(client.retrieve("RETR file"), content)

    def test_clients_that_vanish_leave_nothing(self):
        self.tree.write("file", content_of(8 * MIB))
        with self.tls() as server, self.in_kernel(6):
            client = self.logged_in(server)
            client.expect(client.command("TYPE I"), "200")
            before = server.descriptors()
            for _ in range(6):
                data = client.begin("RETR file")
                data.recv(1000)
                sluice.reset(data)
                client.expect(client.reply(), "426")
            self.assert_descriptors_return(server, before)

    # As with encryption in user space, to the digit: no close_notify behind half a file.
    def test_a_file_that_shrinks_is_told_alike(self):
        told = []
        for kernel in ("auto", "off"):
            self.tree.write("file", content_of(8 * MIB))
            with self.tls("tls.kernel=" + kernel) as server:
                client = self.logged_in(server)
                client.expect(client.command("TYPE I"), "200")
                data = client.begin("RETR file")
                data.recv(1000)
                os.truncate(self.tree.path("file"), MIB)
                try:
                    sluice.read_all(data)
                    told.append("a clean end")
                except OSError as error:
                    told.append(type(error).__name__)
                told.append(client.reply())
                data.close()
        self.assertEqual(told[:2], told[2:])
        self.assertNotEqual(told[0], "a clean end")

    def test_uploads_and_listings_stay_with_the_server(self):
        content = content_of(3 * MIB)
        with self.tls() as server, self.in_kernel(0):
            for version in VERSIONS:
                client = self.logged_in(server, version)
                client.expect(client.store("up", content), "226")
                self.assertEqual(self.tree.read("up"), content)
                self.assertIn(b"up", client.retrieve("LIST", "A"))

    def test_many_at_once(self):
        content = self.tree.write("file", content_of(2 * MIB))
        with self.tls() as server, self.in_kernel(8):
            clients = [self.logged_in(server) for _ in range(8)]
            for client in clients:
                client.expect(client.command("TYPE I"), "200")
            streams = [client.begin("RETR file") for client in clients]
            for client, data in zip(clients, streams):
                self.assertEqual(sluice.read_all(data), content)
                data.unwrap()
                client.expect(client.reply(), "226")


def main():
    with open("/cases") as file:
        chosen = file.read().split()
    sys.argv = ["guest", *(chosen or ORDER)]
    sluice.run("guest_cases")
