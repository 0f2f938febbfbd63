"""Passive ports seen from outside: strangers, randomness, exhaustion. O-DAT-6, O-DAT-7, O-RES-5."""

import collections
import socket
import time

from system_case import SystemCase, sluice


@sluice.on_each_engine
class DataPorts(SystemCase):
    def test_o_dat_6_a_thousand_strangers(self):
        self.tree.write("f", b"content")
        with self.serve(shards=1) as server, server.client() as owner:
            port = owner.passive(dial=False)
            before, memory = server.descriptors(), server.memory()
            for _ in range(1000):
                stranger = socket.socket()
                stranger.bind(("127.0.0.9", 0))
                try:
                    stranger.settimeout(sluice.DEADLINE)
                    stranger.connect(("127.0.0.1", port))
                    self.assertEqual(stranger.recv(1), b"")
                except ConnectionError:
                    pass
                stranger.close()
            self.assertLessEqual(server.descriptors(), before + 2)
            self.assertLess(server.memory() - memory, 2 << 20)
            with owner.dial(port) as data:
                owner.expect(owner.command("NLST"), "150", "125")
                self.assertEqual(sluice.read_all(data), b"f\r\n")
            owner.expect(owner.reply(), "226")
            owner.quit()

    def test_o_dat_6_strangers_who_stay(self):
        # They are dropped although they never say or close anything.
        self.tree.write("f", b"content")
        with self.serve(shards=1) as server, server.client() as owner:
            port = owner.passive(dial=False)
            before = server.descriptors()
            strangers = []
            for _ in range(200):
                stranger = socket.socket()
                stranger.bind(("127.0.0.9", 0))
                try:
                    stranger.connect(("127.0.0.1", port))
                except ConnectionError:
                    pass
                strangers.append(stranger)
            self.assert_descriptors_return(server, before)
            with owner.dial(port) as data:
                owner.expect(owner.command("NLST"), "150", "125")
                self.assertEqual(sluice.read_all(data), b"f\r\n")
            owner.expect(owner.reply(), "226")
            for stranger in strangers:
                stranger.close()

    def chi_square(self, counts, server):
        """Against a uniform choice of the range: 63 degrees of freedom, mean 63; 131 is passed by
        chance once in a million runs."""
        expected = sum(counts.values()) / len(server.ports)
        values = list(counts.values()) + [0] * (len(server.ports) - len(counts))
        return sum((value - expected) ** 2 / expected for value in values)

    def test_o_dat_7_ports_are_random(self):
        with self.serve(shards=1) as server:
            clients = [server.client() for _ in range(10)]
            seen = collections.Counter(client.passive(dial=False)
                                       for _ in range(100) for client in clients)
            self.assertLessEqual(set(seen), set(server.ports))
            self.assertLess(self.chi_square(seen, server), 131)
            for client in clients:
                client.close()

    def test_o_dat_7_the_next_port_cannot_be_predicted(self):
        # From addresses that have not used a port before, so that no rest of theirs plays a part.
        steps = collections.Counter()
        with self.serve(shards=1) as server:
            for i in range(500):
                with server.client(source="127.0.%d.%d" % (1 + i // 200, 1 + i % 200)) as client:
                    first = client.passive(dial=False)
                    steps[(client.passive(dial=False) - first) % len(server.ports)] += 1
                    steps[(client.passive(dial=False) - first) % len(server.ports)] += 1
            # An address does not get the port it has just left, so step 0 is rare.
            self.assertLess(self.chi_square(steps, server), 160)

    def test_o_dat_7_a_port_given_up_rests(self):
        # Pooled ports belong to all addresses at once, so it is the same client's late connection
        # that must not meet its own next reservation.
        with self.serve(shards=1) as server, server.client() as client:
            last = client.passive(dial=False)
            for _ in range(30):
                given = client.passive(dial=False)
                self.assertNotEqual(given, last)
                last = given

    def test_o_dat_7_an_exclusive_port_just_used_rests(self):
        # Here only the port tells the connections apart: one that comes late for the last owner
        # must not meet the next.
        self.tree.write("f", b"content")
        with self.serve(shards=1, ports=64,
                        settings=["server.passive_mode=exclusive"]) as server:
            with server.client() as client, server.client(source="127.0.0.5") as other:
                for _ in range(5):
                    self.use_and_compare(client, other)
                    time.sleep(1.1)  # the rest of a port: all may be given out again

    def use_and_compare(self, user, other):
        for _ in range(25):
            port = user.passive(dial=False)
            with user.dial(port) as data:
                user.expect(user.command("NLST"), "150", "125")
                sluice.read_all(data)
            user.expect(user.reply(), "226")
            began = time.monotonic()
            given = other.passive(dial=False)
            if time.monotonic() - began < 0.5:
                self.assertNotEqual(given, port)

    def test_o_res_5_two_thousand_pasv_hold_one_port(self):
        self.tree.write("f", b"content")
        with self.serve() as server, server.client() as client:
            client.passive(dial=False)
            before, memory = server.descriptors(), server.memory()
            for _ in range(2000):
                client.passive(dial=False, extended=False)
                self.assertLessEqual(server.descriptors(), before + 1)
            self.assertLess(server.memory() - memory, 2 << 20)
            self.assertEqual(client.retrieve("NLST"), b"f\r\n")
            client.quit()

    def test_o_res_5_overflow_is_425_and_recovers(self):
        with self.serve(shards=1, ports=8, settings=["server.passive_wait=20ms"]) as server:
            clients = [server.client() for _ in range(12)]
            replies = [client.command("EPSV")[:3] for client in clients]
            self.assertEqual(collections.Counter(replies), {"229": 8, "425": 4})
            # Another address has ports of its own: they are told apart by the peer.
            with server.client(source="127.0.0.6") as other:
                other.expect(other.command("PASV"), "227")
            for client in clients[:8]:
                client.quit()
            self.assertTrue(sluice.wait_for(
                lambda: clients[8].command("EPSV").startswith("229"), "a released port"))
            for client in clients[8:]:
                client.close()

    def test_o_res_5_a_waiting_pasv_gets_a_released_port(self):
        with self.serve(shards=1, ports=1, settings=["server.passive_wait=20s"]) as server:
            holder, waiter = server.client(), server.client()
            holder.expect(holder.command("EPSV"), "229")
            waiter.send("EPSV\r\n")
            holder.quit()
            waiter.expect(waiter.reply(), "229")
            waiter.close()


if __name__ == "__main__":
    sluice.run(__name__)
