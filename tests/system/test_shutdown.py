"""TERM drains, a second TERM stops at once, and a kill leaves nothing behind that hinders a start."""

import os
import signal
import socket
import time

from system_case import SystemCase, sluice


@sluice.on_each_engine
class Shutdown(SystemCase):
    def start_slow_download(self, server):
        """A client in the middle of a RETR, its data connection, and what is still to come."""
        content = sluice.random_bytes(24 << 20, 3)
        self.tree.write("big", content)
        client = server.client()
        client.expect(client.command("TYPE I"), "200")
        data = client.passive(narrow=True)
        client.expect(client.command("RETR big"), "150", "125")
        first = data.recv(1000)
        return client, data, first, content

    def wait_for_drain(self, server):
        sluice.wait_for(lambda: "draining" in server.output(), "the drain to begin")

    def test_idle_server_ends_at_once(self):
        server = self.serve()
        began = time.monotonic()
        server.stop()
        self.assertLess(time.monotonic() - began, 5)

    def test_interrupt_is_as_good(self):
        server = self.serve()
        server.signal(signal.SIGINT)
        self.assertEqual(server.wait(), 0, server.output())

    def test_idle_sessions_are_told(self):
        server = self.serve()
        logged_in, fresh = server.client(), server.client(login=False)
        fresh.greet()
        server.signal(signal.SIGTERM)
        for client in (logged_in, fresh):
            client.expect(client.reply(), "421")
            client.is_closed()
        self.assertEqual(server.wait(), 0, server.output())

    def test_a_running_download_finishes(self):
        server = self.serve()
        client, data, first, content = self.start_slow_download(server)
        idle = server.client()
        server.signal(signal.SIGTERM)
        idle.expect(idle.reply(), "421")
        received = first + sluice.read_all(data)
        self.assertEqual(sluice.sha256(received), sluice.sha256(content))
        data.close()
        client.expect(client.reply(), "226")
        client.expect(client.reply(), "421")
        client.is_closed()
        self.assertEqual(server.wait(), 0, server.output())

    def test_a_running_upload_finishes(self):
        server = self.serve(writable=True)
        client = server.client()
        client.expect(client.command("TYPE I"), "200")
        data = client.passive()
        client.expect(client.command("STOR up"), "150", "125")
        data.sendall(b"first half, ")
        server.signal(signal.SIGTERM)
        self.wait_for_drain(server)
        data.sendall(b"second half")
        data.close()
        client.expect(client.reply(), "226")
        self.assertEqual(self.tree.read("up"), b"first half, second half")
        self.assertEqual(server.wait(), 0, server.output())

    def test_new_sessions_are_refused_while_draining(self):
        server = self.serve()
        client, data, _, _ = self.start_slow_download(server)
        server.signal(signal.SIGTERM)
        self.wait_for_drain(server)

        def is_refused():
            try:
                late = server.client(login=False)
            except ConnectionRefusedError:
                return True
            with late:
                try:
                    return late.greet()[:3] in ("421", "")
                except ConnectionResetError:
                    return True

        sluice.wait_for(is_refused, "new sessions to be refused")
        sluice.read_all(data)
        data.close()
        client.expect(client.reply(), "226")
        self.assertEqual(server.wait(), 0, server.output())

    def test_a_second_term_stops_at_once(self):
        server = self.serve()
        client, data, _, _ = self.start_slow_download(server)
        server.signal(signal.SIGTERM)
        self.wait_for_drain(server)
        self.assertTrue(server.is_running())
        began = time.monotonic()
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0, server.output())
        self.assertLess(time.monotonic() - began, 5)
        sluice.read_to_any_end(data)
        # The transfer was cut: no 226 may have been sent for it.
        try:
            reply = client.reply()
        except ConnectionResetError:
            reply = ""
        self.assertIn(reply[:3], ("426", "421", ""))

    def test_the_grace_ends(self):
        server = self.serve(settings=["server.shutdown_grace=1s"])
        client, _, _, _ = self.start_slow_download(server)
        server.signal(signal.SIGTERM)
        began = time.monotonic()
        self.assertEqual(server.wait(), 0, server.output())
        self.assertLess(time.monotonic() - began, 10)
        try:
            self.assertIn(client.reply()[:3], ("426", "421", ""))
        except ConnectionResetError:
            pass

    def test_quit_signal_stops_at_once(self):
        server = self.serve()
        self.start_slow_download(server)
        server.signal(signal.SIGQUIT)
        began = time.monotonic()
        self.assertEqual(server.wait(), 0, server.output())
        self.assertLess(time.monotonic() - began, 5)

    def test_killed_server_starts_again_on_its_ports(self):
        first = self.serve()
        with first.client() as client:
            client.passive()
            first.kill()
        # The same control and passive ports, with connections of the dead one in TIME_WAIT.
        claim = sluice.PortClaim()
        self.addCleanup(claim.close)
        ports = "%d-%d" % (claim.first, claim.first + 7)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            control = probe.getsockname()[1]
        for _ in range(3):
            settings = ["server.listen=127.0.0.1:%d" % control, "server.passive_ports=" + ports]
            # The kernel takes a killed process's ring apart after the process is gone, and the
            # listening sockets with it (io_uring's exit work): a moment of "address in use".
            server = sluice.wait_for(lambda: self.try_to_serve(settings), "a start", 5)
            self.tree.write("f", b"content")
            with server.client() as client:
                self.assertEqual(client.retrieve("RETR f"), b"content")
            server.kill()

    def try_to_serve(self, settings):
        try:
            return self.serve(settings=settings, plain=True)
        except RuntimeError as error:
            self.assertIn("address already in use", str(error))
            return None

    def test_a_stop_under_load_leaves_no_partial_file_in_the_way(self):
        self.tree.write("old", b"complete")
        server = self.serve(writable=True)
        clients = []
        for name in ("old", "new"):
            client = server.client()
            data = client.passive()
            client.expect(client.command("STOR " + name), "150", "125")
            data.sendall(b"half")
            clients.append((client, data))
        server.signal(signal.SIGTERM)
        self.wait_for_drain(server)
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0, server.output())
        self.assertEqual(self.tree.read("old"), b"complete")
        self.assertLessEqual(set(os.listdir(self.tree.root)), {"old", "new"})


if __name__ == "__main__":
    sluice.run(__name__)
