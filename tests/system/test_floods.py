"""Too much of everything: O-RES-1, 2, 3, 4, 6, 8, 10, 11 and O-PAR-14, each in a few seconds."""

import os
import resource
import select
import socket
import struct
import time

from system_case import SystemCase, in_threads, sluice


@sluice.on_each_engine
class Floods(SystemCase):
    def test_o_res_1_silent_connections(self):
        limit, extra = 1500, 50
        settings = ["limits.max_sessions=%d" % limit, "limits.login_timeout=8s"]
        with self.serve(settings=settings) as server:
            before, memory = server.descriptors(), server.memory()
            clients = [server.client(login=False) for _ in range(limit)]
            for client in clients:
                client.expect(client.greet(), "220")
            self.assertLess((server.memory() - memory) / limit, 8 << 10)
            for _ in range(extra):
                with server.client(login=False) as late:
                    late.expect(late.greet(), "421")
                    late.is_closed()
            for client in clients:
                client.expect(client.reply(), "421")
                client.is_closed()
                client.close()
            self.assert_descriptors_return(server, before)
            self.assert_alive(server)

    def test_o_res_2_slow_typists_before_the_login(self):
        with self.serve(settings=["limits.login_timeout=2s"]) as server:
            self.type_slowly(server, [server.client(login=False) for _ in range(100)])
            self.assert_alive(server)

    def test_o_res_2_slow_typists_after_the_login(self):
        # The clock of the idle time-out starts at the last complete command.
        with self.serve(settings=["limits.idle_timeout=2s"]) as server:
            self.type_slowly(server, [server.client() for _ in range(100)])
            self.assert_alive(server)

    def type_slowly(self, server, clients):
        for client in clients:
            client.greet()
        end = time.monotonic() + 10
        open_clients = set(clients)
        while open_clients and time.monotonic() < end:
            for client in list(open_clients):
                try:
                    client.socket.send(b"X")
                except OSError:
                    open_clients.discard(client)
            readable, _, _ = select.select([c.socket for c in open_clients], [], [], 0.2)
            for client in [c for c in open_clients if c.socket in readable]:
                try:
                    client.expect(client.reply(), "421")
                except ConnectionResetError:
                    pass
                open_clients.discard(client)
        self.assertEqual(len(open_clients), 0, "sessions that were never closed")
        for client in clients:
            client.close()

    def test_o_res_3_readers_who_stop(self):
        self.tree.write("big", bytes(64 << 20))
        count = 50
        with self.serve(settings=["limits.stall_timeout=3s"]) as server:
            warm = server.client()
            warm.retrieve("RETR big")
            warm.quit()
            before, memory = server.descriptors(), server.memory()
            stopped = []
            for _ in range(count):
                client = server.client()
                client.expect(client.command("TYPE I"), "200")
                data = client.passive(narrow=True)
                client.expect(client.command("RETR big"), "150", "125")
                stopped.append((client, data))
            self.assertLess((server.memory() - memory) / count, 256 << 10)
            began = time.monotonic()
            self.assert_alive(server)
            self.assertLess(time.monotonic() - began, 2)
            for client, data in stopped:
                client.expect(client.reply(), "426", "421")
                data.close()
                client.close()
            self.assert_descriptors_return(server, before)

    # One byte now and then is no progress where limits.min_rate says how much is.
    def test_o_res_4_slow_writer(self):
        settings = ["limits.stall_timeout=1s", "limits.min_rate=1KiB", "upload.partial=discard"]
        with self.serve(writable=True, settings=settings) as server, server.client() as client:
            client.expect(client.command("TYPE I"), "200")
            data = client.passive()
            client.expect(client.command("STOR slow"), "150")
            self.dribble(client, lambda: data.send(b"x"))
            client.expect(client.reply(), "426", "421")
            data.close()
            self.assertEqual(os.listdir(self.tree.root), [])
            self.assert_alive(server)

    def test_o_res_4_slow_reader(self):
        self.tree.write("big", bytes(64 << 20))
        settings = ["limits.stall_timeout=1s", "limits.min_rate=1MiB"]
        with self.serve(settings=settings) as server, server.client() as client:
            client.expect(client.command("TYPE I"), "200")
            data = client.passive(narrow=True)
            client.expect(client.command("RETR big"), "150")
            self.dribble(client, lambda: data.recv(1024))
            client.expect(client.reply(), "426", "421")
            data.close()
            self.assert_alive(server)

    def test_o_res_4_fast_enough(self):
        # 1 MB/s against a limit of 100 KiB/s: three stretches pass and nothing is cut.
        settings = ["limits.stall_timeout=1s", "limits.min_rate=100KiB"]
        with self.serve(writable=True, settings=settings) as server, server.client() as client:
            client.expect(client.command("TYPE I"), "200")
            data = client.passive()
            client.expect(client.command("STOR fast"), "150")
            for _ in range(33):
                data.sendall(bytes(100_000))
                select.select([client.socket], [], [], 0.1)
            data.close()
            client.expect(client.reply(), "226")
            self.assertEqual(os.path.getsize(self.tree.path("fast")), 3_300_000)

    def dribble(self, client, move):
        """Moves a little until the server has something to say."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            readable, _, _ = select.select([client.socket], [], [], 0.2)
            if readable:
                return
            try:
                move()
            except OSError:
                pass
        self.fail("the slow client was never cut")

    def test_o_res_6_no_descriptors_left(self):
        def limits():
            resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

        with self.serve(limits=limits, ports=4, shards=2) as server:
            before = server.descriptors()
            self.assertLess(before, 256)
            clients = []
            for _ in range(400):
                client = socket.socket()
                client.setblocking(False)
                client.connect_ex(("127.0.0.1", server.port))
                clients.append(client)
            sluice.wait_for(lambda: server.descriptors() >= 200, "the descriptors to run out")
            # No busy loop while the backlog is full.
            cpu, began = server.cpu(), time.monotonic()
            time.sleep(1.5)
            used = (server.cpu() - cpu) / (time.monotonic() - began)
            self.assertLess(used, 0.10)
            self.assertTrue(server.is_running())
            for client in clients:
                client.close()
            self.assert_descriptors_return(server, before)
            self.assert_alive(server)

    def test_o_res_6_a_transfer_without_a_descriptor(self):
        # A session that cannot open its file or data connection says 4yz and goes on.
        def limits():
            resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

        self.tree.write("f", b"content")
        with self.serve(limits=limits, ports=4, shards=1) as server, server.client() as client:
            others = []
            while True:
                other = server.client(login=False)
                other.socket.settimeout(0.5)
                others.append(other)
                try:
                    if other.greet()[:3] != "220":
                        break
                except (TimeoutError, ConnectionError):
                    break
            client.expect(client.command("TYPE I"), "200")
            reply = client.command("EPSV")
            if reply.startswith("229"):
                client.send("RETR f\r\n")
                reply = client.reply()
                client.expect(reply, "425", "451", "450", "550", "150", "125")
                if reply[:3] in ("150", "125"):
                    client.reply()
            for other in others:
                other.close()
            sluice.wait_for(lambda: server.descriptors() < 200, "descriptors to come free")
            self.assertEqual(client.retrieve("RETR f"), b"content")
            client.quit()

    def test_o_res_8_connections_that_are_reset_at_once(self):
        with self.serve() as server:
            before, memory = server.descriptors(), server.memory()

            def flood(_):
                linger = struct.pack("ii", 1, 0)
                for _ in range(2500):
                    s = socket.socket()
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    try:
                        s.connect(("127.0.0.1", server.port))
                    except ConnectionError:
                        pass
                    s.close()

            in_threads(4, flood)
            self.assert_alive(server)
            self.assert_descriptors_return(server, before)
            self.assertLess(server.memory() - memory, 4 << 20)

    def test_o_res_10_nobody_reads_the_log(self):
        fifo = os.path.join(self.tree.top, "log")
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        settings = ["log.file=" + fifo, "log.level=debug"]
        with self.serve(settings=settings, writable=True) as server:
            memory = server.memory()
            with server.client() as client:
                # Each makes an event; the pipe holds some 600 of them.
                for _ in range(10_000):
                    client.expect(client.command("MKD d"), "257")
                    client.expect(client.command("RMD d"), "250")
                client.quit()
            self.assertLess(server.memory() - memory, 8 << 20)
            self.assert_alive(server)
            # Once somebody reads again, the server says that it has lost lines.
            text = b""

            def says_so():
                nonlocal text
                try:
                    text += os.read(reader, 1 << 20)
                except BlockingIOError:
                    with server.client() as client:
                        client.command("MKD e")
                        client.command("RMD e")
                return b"dropped" in text or b"lost" in text

            sluice.wait_for(says_so, "a word about lost lines")
            # The drain must not wait for the log either.

    def test_o_res_10_the_log_disk_is_full(self):
        with self.serve(settings=["log.file=/dev/full", "log.level=debug"],
                        writable=True) as server:
            for _ in range(200):
                with server.client() as client:
                    client.expect(client.command("MKD d"), "257")
                    client.expect(client.command("RMD d"), "250")
            self.assert_alive(server)

    def test_o_res_11_logins_leave_nothing_behind(self):
        with self.serve() as server:
            def log_in_and_out(_):
                for _ in range(250):
                    with server.client() as client:
                        client.quit()

            in_threads(4, log_in_and_out)  # what is built lazily is built now
            before, memory, threads = server.descriptors(), server.memory(), server.threads()
            for _ in range(4):
                in_threads(4, log_in_and_out)
            self.assert_descriptors_return(server, before)
            self.assertEqual(server.threads(), threads)
            self.assertLess(server.memory() - memory, 1 << 20)

    def test_o_par_14_commands_without_reading(self):
        with self.serve(settings=["limits.stall_timeout=2s", "limits.login_timeout=30s"]) as server:
            before, memory = server.descriptors(), server.memory()
            with server.client(login=False, narrow=True) as client:
                client.greet()
                block = b"h\r\n" * 20_000
                sent = 0
                client.socket.settimeout(1)
                try:
                    for _ in range(100):
                        sent += client.socket.send(block)
                except (TimeoutError, ConnectionError):
                    pass
                self.assertGreater(sent, 0)
                self.assertLess(server.memory() - memory, 1 << 20)
                self.assert_descriptors_return(server, before)  # closed by the write time-out
            self.assert_alive(server)


if __name__ == "__main__":
    sluice.run(__name__)
