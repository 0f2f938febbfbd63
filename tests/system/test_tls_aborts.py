"""Handshakes that end at every byte a client could stop at: nothing of them may stay.

By FIN and by RST, in TLS 1.2 and 1.3, behind AUTH TLS, on an implicit port, and on data connections
that are read from and written to: some 5,400 in all. With SLUICE_SLOW=1 each of them twice; without
it every fifth, beginning elsewhere in each kind.
"""

import os
import re
import ssl

from system_case import SystemCase, sluice
from test_tls import VERSIONS, context_of

IS_SLOW = os.environ.get("SLUICE_SLOW") == "1"
STRIDE, ROUNDS, AT_LEAST = (1, 2, 10_000) if IS_SLOW else (5, 1, 1000)
# What the allocator keeps once it has grown, 4,220 KiB after 70,000 of them and after 195,000. An
# OpenSSL connection or a frame that each of 10,000 left behind would be tens of MiB.
GROWN_BYTES_MAX = 8 << 20


class Shaker:
    """A client's handshake whose bytes are handed out one by one."""

    def __init__(self, connection, context):
        self.connection = connection
        self.inbox, self.outbox = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.inbox, self.outbox)
        self.sent = 0

    def send_until(self, last):
        """True when byte number `last` was sent before the handshake was over."""
        while True:
            over = False
            try:
                self.tls.do_handshake()
                over = True
            except ssl.SSLWantReadError:
                pass
            flight = self.outbox.read()
            piece = flight[:last - self.sent]
            if piece:
                self.connection.sendall(piece)
            self.sent += len(piece)
            if self.sent == last:
                return True
            if over:
                return False
            got = self.connection.recv(65536)
            if not got:
                return False
            self.inbox.write(got)


def end(connection, by_reset):
    if by_reset:
        sluice.reset(connection)
    else:
        connection.close()


@sluice.on_each_engine
class Aborts(SystemCase):
    def setUp(self):
        super().setUp()
        self.tree.write("file", b"x" * 100_000)
        self.server = self.serve(writable=True, settings=(
            "tls.mode=optional", "tls.listen=127.0.0.1:0", "tls.self_signed=true",
            "tls.strict_close=true", "upload.partial=discard", "log.level=error"))
        self.addCleanup(self.server.kill)
        self.implicit = int(sluice.wait_for(
            lambda: re.search(r"ftps://127.0.0.1:(\d+)/", self.server.output()),
            "the implicit port").group(1))
        self.contexts = [context_of(version) for version in VERSIONS]
        self.count = 0

    def explicit_control(self, context, last, by_reset):
        client = sluice.Client(self.server)
        client.expect(client.greet(), "220")
        client.expect(client.command("AUTH TLS"), "234")
        going = Shaker(client.socket, context).send_until(last)
        end(client.socket, by_reset)
        return going

    def implicit_control(self, context, last, by_reset):
        connection = self.clients[0].dial(self.implicit)
        going = Shaker(connection, context).send_until(last)
        end(connection, by_reset)
        return going

    def data(self, context, last, by_reset, command):
        client = self.clients[self.contexts.index(context)]
        data = client.passive()
        client.expect(client.command(command), "150")
        going = Shaker(data, context).send_until(last)
        end(data, by_reset)
        client.expect(client.reply(), "226", "425", "426", "522")
        return going

    def every_byte(self, abort, first, stride):
        """Until the handshake is over before the byte comes."""
        for index, context in enumerate(self.contexts):
            for by_reset in (False, True):
                last = first + index + 2 * by_reset
                while abort(context, last, by_reset):
                    self.count += 1
                    last += stride
                    self.assertLess(last, 5000)

    def download(self, context, last, by_reset):
        return self.data(context, last, by_reset, "RETR file")

    def listing(self, context, last, by_reset):
        return self.data(context, last, by_reset, "MLSD")

    def upload(self, context, last, by_reset):
        return self.data(context, last, by_reset, "STOR up")

    def test_at_every_byte(self):
        self.clients = []
        for context in self.contexts:
            client = sluice.Client(self.server)
            self.addCleanup(client.close)
            client.expect(client.greet(), "220")
            client.expect(client.command("AUTH TLS"), "234")
            client.socket = context.wrap_socket(client.socket)
            client.login()
            for command in ("PBSZ 0", "PROT P", "TYPE I"):
                client.expect(client.command(command), "200")
            self.clients.append(client)
        kinds = (self.explicit_control, self.implicit_control, self.download, self.listing,
                 self.upload)
        for kind in kinds:  # what the server makes once is made now
            self.every_byte(kind, 1, 60)
        sessions = self.settled()
        memory = self.server.memory()
        self.count = 0
        for number, kind in enumerate(kinds * ROUNDS):
            self.every_byte(kind, 1 + number % STRIDE, STRIDE)
        self.assertGreaterEqual(self.count, AT_LEAST)
        sluice.wait_for(lambda: self.settled() <= sessions, "the descriptors of %d" % sessions)
        grown = self.server.memory() - memory
        self.assertLess(grown, GROWN_BYTES_MAX)
        print("# %d handshakes, %d KiB more" % (self.count, grown >> 10))
        self.assertEqual(os.listdir(self.tree.root), ["file"])
        for client in self.clients:
            client.expect(client.command("NOOP"), "200")
            client.quit()
        self.assert_alive(self.server)
        self.server.stop()

    def settled(self):
        """The server's descriptors once no session is left but those of `clients`."""
        client = self.clients[0]
        sluice.wait_for(lambda: re.search(r"\b2 of ", client.command("SITE WHO")),
                        "the end of the other sessions")
        return self.server.descriptors()


if __name__ == "__main__":
    sluice.run(__name__)
