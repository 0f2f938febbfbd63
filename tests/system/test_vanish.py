"""Clients that vanish without a FIN in every state: O-RES-9. In a network of its own, whose only
interface is taken down; as root only."""

import ctypes
import os
import subprocess

from system_case import SystemCase, sluice

CLONE_NEWNET = 0x40000000


def enter_empty_network():
    """Why not, or "" with lo up in a network that nobody else is in."""
    if os.geteuid() != 0:
        return "needs root for a network of its own"
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        return "may not make a network here"
    return "" if set_loopback("up") else "cannot bring lo up"


def set_loopback(state):
    return subprocess.run(["ip", "link", "set", "lo", state], check=False).returncode == 0


OBSTACLE = enter_empty_network()


@sluice.on_each_engine
class Vanish(SystemCase):
    def setUp(self):
        if OBSTACLE:
            self.skipTest(OBSTACLE)
        super().setUp()

    def tearDown(self):
        set_loopback("up")

    def test_o_res_9_clients_vanish_in_every_state(self):
        self.tree.write("big", bytes(64 << 20))
        os.mkdir(self.tree.path("many"))
        for i in range(20_000):
            os.close(os.open(self.tree.path("many", "n%05d" % i), os.O_CREAT | os.O_WRONLY))
        self.tree.write("old", b"complete")
        settings = ["limits.login_timeout=2s", "limits.idle_timeout=2s", "limits.stall_timeout=2s",
                    "limits.data_connect_timeout=2s", "upload.partial=keep"]
        server = self.serve(writable=True, settings=settings)
        try:
            self.assert_alive(server)
            before = server.descriptors()
            states = [self.at_login, self.idle, self.waiting_for_data, self.in_retr, self.in_list,
                      self.in_stor_new, self.in_stor_over]
            kept = []
            for _ in range(5):
                for number, state in enumerate(states):
                    kept.append(state(server, number))
            self.assertGreater(server.descriptors(), before + len(kept) - 1)
            self.assertTrue(set_loopback("down"))
            self.assert_descriptors_return(server, before)
            self.assertEqual(self.tree.read("old"), b"complete")
            self.assertEqual(self.tree.read("new"), b"half")
            self.assertTrue(set_loopback("up"))
            self.assert_alive(server)
            server.stop()
        finally:
            server.kill()

    def at_login(self, server, _):
        client = server.client(login=False)
        client.greet()
        return client

    def idle(self, server, _):
        return server.client()

    def waiting_for_data(self, server, _):
        client = server.client()
        client.passive(dial=False)
        client.send("LIST\r\n")
        return client

    def transfer(self, server, command, sent=b""):
        client = server.client()
        client.expect(client.command("TYPE I"), "200")
        data = client.passive(narrow=True)
        client.expect(client.command(command), "150", "125")
        if sent:
            data.sendall(sent)
            client.expect(client.command("NOOP"), "200")
        return client, data

    def in_retr(self, server, _):
        return self.transfer(server, "RETR big")

    def in_list(self, server, _):
        return self.transfer(server, "LIST many")

    def in_stor_new(self, server, _):
        return self.transfer(server, "STOR new", b"half")

    def in_stor_over(self, server, _):
        return self.transfer(server, "STOR old", b"half")


if __name__ == "__main__":
    sluice.run(__name__)
