"""A file from one server to another over TLS, without a client at either end of the data.

One end is the TLS client: by SSCN ON, or by CPSV, which is PASV and says so for one transfer.
"""

import os
import re

from system_case import SystemCase, sluice
from test_tls import ON, TlsClient

FOREIGN = ("transfer.allow_foreign_data=true",)
CONTENT = sluice.random_bytes((8 << 20) + 12345, 11)


@sluice.on_each_engine
class SecureFxp(SystemCase):
    def setUp(self):
        super().setUp()
        self.other_tree = sluice.Tree()
        self.addCleanup(self.other_tree.__exit__)

    def start(self, tree, *settings):
        server = sluice.Server(tree.root, self.engine, writable=True,
                               settings=ON + FOREIGN + settings)
        self.addCleanup(server.kill)
        client = TlsClient(server)
        self.addCleanup(client.close)
        client.login()
        client.expect(client.command("TYPE I"), "200")
        return server, client

    def two(self, one=(), other=()):
        """The sessions at two servers, and these."""
        here, mine = self.start(self.tree, *one)
        there, theirs = self.start(self.other_tree, *other)
        return mine, theirs, here, there

    @staticmethod
    def join(listens, dials, passive="PASV"):
        where = listens.expect(listens.command(passive), "227")
        numbers = re.search(r"\((\d+(?:,\d+){5})\)", where).group(1)
        dials.expect(dials.command("PORT " + numbers), "200")

    def copy(self, source, target, name="file"):
        """RETR here and STOR there; both final replies."""
        target.send("STOR %s\r\n" % name)
        source.send("RETR %s\r\n" % name)
        source.expect(source.reply(), "150")
        target.expect(target.reply(), "150")
        return source.reply(), target.reply()

    def copy_well(self, source, target):
        for reply in self.copy(source, target):
            TlsClient.expect(reply, "226")
        self.assertEqual(sluice.sha256(self.other_tree.read("file")), sluice.sha256(CONTENT))

    def end_well(self, mine, theirs, here, there):
        for client in (mine, theirs):
            client.expect(client.command("NOOP"), "200")
            client.quit()
        for server in (here, there):
            self.assertRegex(server.output(), r"tls=TLSv1\.3")
            server.stop()

    def test_sscn_at_either_end_and_either_end_passive(self):
        self.tree.write("file", CONTENT)
        mine, theirs, here, there = self.two()
        for listens, dials in ((mine, theirs), (theirs, mine)):
            for client, server in ((mine, theirs), (theirs, mine)):
                client.expect(client.command("SSCN ON"), "200")
                server.expect(server.command("SSCN OFF"), "200")
                self.join(listens, dials)
                self.copy_well(mine, theirs)
        self.end_well(mine, theirs, here, there)

    def test_cpsv_at_either_end(self):
        self.tree.write("file", CONTENT)
        mine, theirs, here, there = self.two()
        for listens, dials in ((mine, theirs), (theirs, mine)):
            self.join(listens, dials, "CPSV")
            self.copy_well(mine, theirs)
            # It was for that one: the next PASV is our own client's again.
            self.assertEqual(sluice.sha256(mine.retrieve("RETR file")), sluice.sha256(CONTENT))
        self.end_well(mine, theirs, here, there)

    def test_an_empty_file_and_many(self):
        mine, theirs, here, there = self.two()
        mine.expect(mine.command("SSCN ON"), "200")
        for number in range(30):
            content = sluice.random_bytes(number * 777, number + 1)
            self.tree.write("f%d" % number, content)
            self.join(*((mine, theirs) if number % 2 else (theirs, mine)))
            for reply in self.copy(mine, theirs, "f%d" % number):
                TlsClient.expect(reply, "226")
            self.assertEqual(self.other_tree.read("f%d" % number), content)
        self.end_well(mine, theirs, here, there)

    def test_two_servers_or_two_clients_do_not_meet(self):
        self.tree.write("file", b"secret" * 1000)
        quick = ("tls.handshake_timeout=2s",)
        mine, theirs, _, _ = self.two(quick, quick)
        for method in ("OFF", "ON"):
            for client in (mine, theirs):
                client.expect(client.command("SSCN " + method), "200")
            self.join(mine, theirs)
            for reply in self.copy(mine, theirs):
                TlsClient.expect(reply, "522")
        for client in (mine, theirs):
            client.expect(client.command("NOOP"), "200")
        self.assertNotIn("file", os.listdir(self.other_tree.root))

    def test_clear_does_not_meet_protected(self):
        self.tree.write("file", b"secret" * 1000)
        mine, theirs, _, _ = self.two(("tls.handshake_timeout=2s",), ("upload.partial=discard",))
        theirs.expect(theirs.command("PROT C"), "200")
        mine.expect(mine.command("SSCN ON"), "200")
        self.join(mine, theirs)
        from_here, _ = self.copy(mine, theirs)
        TlsClient.expect(from_here, "522")
        self.assertNotIn(b"secret", b"".join(
            self.other_tree.read(name) for name in os.listdir(self.other_tree.root)))

    def test_a_server_that_wants_its_session_resumed_takes_no_other(self):
        self.tree.write("file", b"x" * 1000)
        mine, theirs, _, _ = self.two(other=("tls.binding=require",))
        mine.expect(mine.command("SSCN ON"), "200")
        self.join(mine, theirs)
        _, at_target = self.copy(mine, theirs)
        TlsClient.expect(at_target, "522")
        # And it does not begin such a transfer itself.
        theirs.expect(theirs.command("CPSV"), "227")
        theirs.expect(theirs.command("STOR file"), "522")
        theirs.expect(theirs.command("NOOP"), "200")

    def test_abor_in_the_middle(self):
        self.tree.write("file", sluice.random_bytes(64 << 20, 3))
        mine, theirs, _, _ = self.two(other=("upload.partial=discard",))
        self.join(theirs, mine, "CPSV")
        theirs.send("STOR file\r\n")
        mine.send("RETR file\r\n")
        theirs.expect(theirs.reply(), "150")
        mine.expect(mine.reply(), "150")
        mine.send("ABOR\r\n")
        if mine.expect(mine.reply(), "426", "226")[:3] == "426":
            theirs.expect(theirs.reply(), "426", "522")
        else:
            theirs.expect(theirs.reply(), "226")
        mine.expect(mine.reply(), "226")
        for client in (mine, theirs):
            client.expect(client.command("NOOP"), "200")


if __name__ == "__main__":
    sluice.run(__name__)
