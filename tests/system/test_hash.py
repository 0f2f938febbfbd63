"""Digests that take a while: progress, ABOR, changes under way, limits, and what the cache saves."""

import hashlib
import json
import os
import re
import signal
import time

from system_case import SystemCase, sluice

MIB = 1 << 20


@sluice.on_each_engine
class Hash(SystemCase):
    def sparse(self, name, size):
        """A file of zeros that needs no disk. Long enough a digest of it to act meanwhile."""
        with open(self.tree.path(name), "wb") as f:
            f.truncate(size)

    def begin(self, client, name="big"):
        """HASH is under way, and has read something."""
        client.send("HASH %s\r\n" % name)
        return sluice.wait_for(lambda: self.progress(client, name), "a digest to make progress")

    def progress(self, client, name="big"):
        """Bytes read so far, by STAT."""
        reply = client.command("STAT")
        client.expect(reply, "211")
        found = re.search(r"HASH /%s: (\d+) of (\d+) bytes" % name, reply)
        self.assertTrue(found, reply)
        self.assertEqual(int(found.group(2)), os.path.getsize(self.tree.path(name)))
        return int(found.group(1))

    def abort(self, client):
        client.expect(client.command("ABOR"), "426")
        client.expect(client.reply(), "226")

    def test_stat_shows_how_far_it_is(self):
        self.sparse("big", 64 << 30)
        with self.serve() as server, server.client() as client:
            first = self.begin(client)
            sluice.wait_for(lambda: self.progress(client) > first, "more progress")
            self.abort(client)
            self.assertIn("No data connection", client.command("STAT"))
            client.quit()

    def test_abor_ends_it_and_the_next_commands_run(self):
        self.sparse("big", 64 << 30)
        self.tree.write("abc", b"abc")
        with self.serve() as server, server.client() as client:
            for _ in range(3):
                self.begin(client)
                self.abort(client)
                self.assertEqual(client.command("XCRC abc"), "250 352441c2")
            client.quit()

    def test_abor_of_a_session_that_has_sent_more(self):
        self.sparse("big", 64 << 30)
        with self.serve() as server, server.client() as client:
            self.begin(client)
            client.send("PWD\r\nNOOP\r\nABOR\r\nSYST\r\n")  # only ABOR passes; NOOP waits
            for code in ("426", "226", "257", "200", "215"):
                client.expect(client.reply(), code)
            client.quit()

    def test_a_file_that_changes_is_not_answered_for(self):
        for change in ("write", "grow", "shrink"):
            self.sparse("big", 2 << 30)
            with self.serve() as server, server.client() as client:
                self.begin(client)
                with open(self.tree.path("big"), "r+b") as f:
                    if change == "write":
                        f.write(b"x")
                    elif change == "grow":
                        f.truncate((2 << 30) + 1)
                    else:
                        f.truncate(0)
                client.expect(client.reply(), "450")
                # It was not remembered either.
                os.truncate(self.tree.path("big"), 3)
                content = self.tree.read("big")
                self.assertEqual(client.command("HASH big"),
                                 "213 SHA-256 0-2 %s big" % hashlib.sha256(content).hexdigest())
                client.quit()

    def test_so_many_at_a_time_per_address(self):
        self.sparse("big", 64 << 30)
        self.tree.write("abc", b"abc")
        with self.serve(settings=["limits.hash_at_once=2"]) as server:
            with server.client() as a, server.client() as b, server.client() as c, \
                    server.client(source="127.0.0.2") as d:
                self.begin(a)
                self.begin(b)
                c.expect(c.command("HASH abc"), "450")
                c.expect(c.command("XMD5 abc"), "450")
                d.expect(d.command("HASH abc"), "213")
                # What is known costs nothing and is given.
                c.expect(sluice.wait_for(lambda: self.settled_hash(d, c, "abc"), "the cache"), "213")
                self.abort(a)
                c.expect(c.command("XSHA512 abc"), "250")
                self.abort(b)
                for client in (a, b, c, d):
                    client.quit()

    def settled_hash(self, other, client, name):
        """The reply to `client`, once the digest that `other` asked for is remembered."""
        other.expect(other.command("HASH " + name), "213")
        reply = client.command("HASH " + name)
        return reply if reply.startswith("213") else None

    def test_a_client_that_vanishes_takes_its_digest_along(self):
        self.sparse("big", 64 << 30)
        with self.serve() as server:
            before = server.descriptors()
            for leave in ("reset", "close"):
                client = server.client()
                self.begin(client)
                getattr(client, leave)()
                self.assert_descriptors_return(server, before)
            busy = server.cpu()
            self.assert_alive(server)
            self.assertLess(server.cpu() - busy, 2.0)

    def test_term_waits_for_a_digest_and_a_second_one_does_not(self):
        self.sparse("some", 256 * MIB)
        self.sparse("big", 64 << 30)
        server = self.serve()
        client = server.client()
        self.begin(client, "some")
        server.signal(signal.SIGTERM)
        client.expect(client.reply(), "213")
        client.expect(client.reply(), "421")
        self.assertEqual(server.wait(), 0)
        server = self.serve()
        client = server.client()
        self.begin(client)
        server.signal(signal.SIGTERM)
        self.progress(client)
        server.signal(signal.SIGTERM)
        client.expect(client.reply(), "426", "421")
        server.wait()

    def test_an_uploads_digest_answers_the_next_hash(self):
        content = sluice.random_bytes(64 * MIB, 5)
        digest = hashlib.sha256(content).hexdigest()
        log = os.path.join(self.tree.top, "log")
        settings = ["upload.digest=sha256", "log.file=" + log, "log.format=json",
                    "limits.hash_file_max=1TiB", "limits.hash_hourly=1MiB"]
        with self.serve(writable=True, settings=settings) as server, server.client() as client:
            reply = client.store("f", content)
            self.assertEqual(reply, "226 Transfer complete. SHA-256=" + digest)
            # The hour's budget would not cover it: it comes from the cache, in any session.
            expected = "213 SHA-256 0-%d %s f" % (len(content) - 1, digest)
            self.assertEqual(client.command("HASH f"), expected)
            with server.client() as other:
                self.assertEqual(other.command("HASH f"), expected)
                other.expect(other.command("XMD5 f"), "552")
                other.quit()
            client.quit()
        with open(log, encoding="utf-8") as f:
            events = [json.loads(line) for line in f]
        stored = [e for e in events if e.get("cmd") == "STOR"]
        self.assertEqual([e["digests"] for e in stored], ["SHA-256=" + digest])

    def wait_for_rest(self, name):
        """Until the file's last change is several ticks of the kernel ago."""
        changed = os.stat(self.tree.path(name)).st_ctime_ns
        sluice.wait_for(lambda: changed + 50_000_000 < time.time_ns(), "the file to be at rest")

    def test_what_was_read_is_remembered_until_it_changes(self):
        content = self.tree.write("f", sluice.random_bytes(8 * MIB, 6))
        os.utime(self.tree.path("f"), (1, 1))
        # Twice what one digest reads: whatever is not answered from the cache is soon refused.
        settings = ["limits.hash_hourly=16MiB"]
        with self.serve(settings=settings) as server, server.client() as client:
            def answer():
                return client.command("HASH f")
            expected = "213 SHA-256 0-%d %s f" % (len(content) - 1, sluice.sha256(content))
            self.wait_for_rest("f")
            for _ in range(10):
                self.assertEqual(answer(), expected)
            with open(self.tree.path("f"), "r+b") as f:
                f.write(b"!")
            changed = b"!" + content[1:]
            self.wait_for_rest("f")
            for _ in range(3):
                self.assertEqual(answer(), "213 SHA-256 0-%d %s f" %
                                 (len(changed) - 1, sluice.sha256(changed)))
            client.expect(client.command("XMD5 f"), "552")
            client.quit()

    def test_many_sessions_share_the_helpers(self):
        size = 24 * MIB
        names = ["f%d" % i for i in range(8)]
        for i, name in enumerate(names):
            self.tree.write(name, sluice.random_bytes(size, i))
        expected = [sluice.sha256_of_file(self.tree.path(name)) for name in names]
        with self.serve(settings=["limits.hash_at_once=8", "helpers.threads=1"]) as server:
            clients = [server.client() for _ in names]
            for client, name in zip(clients, names):
                client.send("HASH %s\r\n" % name)
            with server.client() as other:
                for _ in range(20):  # opens, stats and cold reads find their turn between
                    other.expect(other.command("MLST f0"), "250")
                self.assertEqual(len(other.retrieve("RETR f1")), size)
                other.quit()
            for client, name, digest in zip(clients, names, expected):
                self.assertEqual(client.reply(), "213 SHA-256 0-%d %s %s" % (size - 1, digest, name))
                client.quit()


if __name__ == "__main__":
    sluice.run(__name__)
