"""MODE Z, MODE B and STRU R against a peer with Python's zlib: whole transfers and listings, streams
that break off, lie or explode, memory and latency while they run, and ALLO as proof of completeness
when the connection ends in each way."""

import os
import struct
import threading
import time
import zlib

from system_case import SystemCase, in_threads, sluice

TEXT = b"".join(b"%d bottles of beer on the wall\n" % (n * 7919 % 100003) for n in range(150_000))
NOISE = sluice.random_bytes(3 << 20, 31)
END = struct.pack(">BH", 64, 0)


def inflate(wire):
    """The whole of exactly one stream."""
    z = zlib.decompressobj()
    plain = z.decompress(wire) + z.flush()
    assert z.eof and not z.unused_data, "not one whole stream"
    return plain


def blocks(content, size=65535):
    return b"".join(struct.pack(">BH", 0, len(piece)) + piece
                    for piece in (content[i:i + size] for i in range(0, len(content), size))) + END


def unblock(wire):
    plain, at = b"", 0
    while True:
        descriptor, count = struct.unpack_from(">BH", wire, at)
        plain += wire[at + 3:at + 3 + count]
        at += 3 + count
        if descriptor & 64:
            assert at == len(wire), "bytes behind the end of file"
            return plain


class ModesCase(SystemCase):
    def serve(self, **options):
        settings = ["transfer.mode_z=true"] + options.pop("settings", [])
        return super().serve(settings=settings, **options)

    def mode(self, client, letter):
        client.expect(client.command("MODE " + letter), "200")

    def upload(self, client, name, wire, code, cut="FIN"):
        """STOR of these bytes in the present mode; `code` is the final reply."""
        client.expect(client.command("TYPE I"), "200")
        with client.passive() as data:
            client.expect(client.command("STOR " + name), "150")
            try:
                data.sendall(wire)
            except (ConnectionResetError, BrokenPipeError):
                pass  # refused already: the reply says so
            if cut == "RST":
                sluice.reset(data)
        return client.expect(client.reply(), code)


@sluice.on_each_engine
class Peers(ModesCase):
    def test_everything_comes_back_in_mode_z(self):
        files = {"empty": b"", "one": b"1", "text": TEXT, "noise": NOISE}
        with self.serve(writable=True) as server, server.client() as client:
            self.mode(client, "Z")
            for level in (0, 1, 6, 9):
                client.expect(client.command("OPTS MODE Z LEVEL %d" % level), "200")
                for name, content in files.items():
                    self.upload(client, name, zlib.compress(content, level), "226")
                    self.assertEqual(self.tree.read(name), content)
                    wire = client.retrieve("RETR " + name)
                    self.assertEqual(inflate(wire), content)
                    if name == "text" and level:
                        self.assertLess(len(wire), len(content) / 3)
            client.quit()

    def test_resuming_in_mode_z_both_ways(self):
        self.tree.write("f", TEXT)
        with self.serve(writable=True) as server, server.client() as client:
            self.mode(client, "Z")
            for offset in (1, 1_000_000, len(TEXT)):
                client.expect(client.command("REST %d" % offset), "350")
                self.assertEqual(inflate(client.retrieve("RETR f")), TEXT[offset:])
                self.tree.write("g", TEXT[:offset])
                client.expect(client.command("REST %d" % offset), "350")
                self.upload(client, "g", zlib.compress(TEXT[offset:]), "226")
                self.assertEqual(self.tree.read("g"), TEXT)
            client.expect(client.command("REST %d" % (len(TEXT) + 1)), "350")
            client.passive().close()
            client.expect(client.command("RETR f"), "554")

    def test_line_ends_in_every_mode(self):
        wire_text = TEXT.replace(b"\n", b"\r\n")
        coders = {"S": (bytes, bytes), "Z": (zlib.compress, inflate), "B": (blocks, unblock)}
        self.tree.write("f", TEXT)
        with self.serve(writable=True) as server, server.client() as client:
            for letter, (encode, decode) in coders.items():
                self.mode(client, letter)
                self.assertEqual(decode(client.retrieve("RETR f", kind="A")), wire_text)
                client.expect(client.command("TYPE A"), "200")
                with client.passive() as data:
                    client.expect(client.command("STOR g"), "150")
                    data.sendall(encode(wire_text))
                client.expect(client.reply(), "226")
                self.assertEqual(self.tree.read("g"), TEXT)

    def test_listings_in_mode_z(self):
        names = ["file-%04d" % n for n in range(3000)]
        for name in names:
            self.tree.write(name, b"")
        with self.serve() as server, server.client() as client:
            self.mode(client, "Z")
            for command in ("NLST", "LIST", "MLSD"):
                lines = inflate(client.retrieve(command)).decode().split("\r\n")
                self.assertEqual(lines.pop(), "")
                # MLSD begins with the directory itself.
                found = [line.rsplit(" ", 1)[-1] for line in lines if "type=cdir" not in line]
                self.assertEqual(sorted(found), names)
            self.mode(client, "B")
            self.assertEqual(len(unblock(client.retrieve("NLST")).split()), 3000)

    def test_big_records(self):
        self.tree.write("f", TEXT)
        encoded = TEXT.replace(b"\xff", b"\xff\xff").replace(b"\n", b"\xff\x01") + b"\xff\x02"
        with self.serve(writable=True) as server, server.client() as client:
            client.expect(client.command("STRU R"), "200")
            self.assertEqual(client.retrieve("RETR f"), encoded)
            self.upload(client, "g", encoded, "226")
            self.assertEqual(self.tree.read("g"), TEXT)


@sluice.on_each_engine
class Broken(ModesCase):
    def test_no_broken_stream_is_published(self):
        wire = zlib.compress(NOISE[:500_000])
        wrong_sum = wire[:-1] + bytes([wire[-1] ^ 1])
        damaged = wire[:200_000] + bytes(64) + wire[200_064:]
        before = sluice.random_bytes(1000, 5)
        self.tree.write("old", before)
        with self.serve(writable=True, settings=["upload.partial=discard"]) as server:
            with server.client() as client:
                self.mode(client, "Z")
                for name in ("new", "old"):
                    for bad in (b"", wire[:1], wire[:300_000], wire[:-1], wrong_sum, damaged,
                                wire + b"x", wire + wire, NOISE, b"\x1f\x8b" + wire):
                        self.upload(client, name, bad, "426")
                    self.upload(client, name, wire[:300_000], "426", cut="RST")
                self.mode(client, "B")
                good = blocks(NOISE[:500_000])
                for bad in (b"", good[:1], good[:300_000], good[:-1], NOISE,
                            good[:65538] + struct.pack(">BH", 32, 1) + b"x" + END):
                    self.upload(client, "new", bad, "426")
                self.upload(client, "new", good[:300_000], "426", cut="RST")
                client.quit()
            self.assertEqual(os.listdir(self.tree.root), ["old"])
            self.assertEqual(self.tree.read("old"), before)
            self.assert_alive(server)

    def test_a_stream_that_stalls(self):
        wire = zlib.compress(NOISE[:100_000])
        with self.serve(writable=True, settings=["upload.partial=discard",
                                                 "limits.stall_timeout=1s"]) as server:
            for letter, sent in (("Z", wire[:-1]), ("Z", wire), ("B", blocks(b"x")[:-1])):
                with server.client() as client:
                    self.mode(client, letter)
                    client.expect(client.command("TYPE I"), "200")
                    data = client.passive()
                    client.expect(client.command("STOR f"), "150")
                    data.sendall(sent)
                    client.expect(client.reply(), "426")
                    data.close()
            self.assertEqual(os.listdir(self.tree.root), [])

    def test_a_bomb_is_given_up_at_its_ratio(self):
        z = zlib.compressobj(9)
        bomb = b"".join(z.compress(bytes(1 << 20)) for _ in range(300)) + z.flush()
        self.assertLess(len(bomb), 400_000)
        with self.serve(writable=True) as server, server.client() as client:
            self.mode(client, "Z")
            self.upload(client, "f", bomb, "552")
            self.assertEqual(os.listdir(self.tree.root), [])
            client.quit()
        with self.serve(writable=True, settings=["transfer.mode_z_ratio=0"]) as server:
            before = server.memory()
            with server.client() as client:
                self.mode(client, "Z")
                self.upload(client, "f", bomb, "226")
                client.quit()
            self.assertEqual(os.path.getsize(self.tree.path("f")), 300 << 20)
            self.assertLess(server.memory() - before, 4 << 20)

    def test_others_are_answered_meanwhile(self):
        z = zlib.compressobj(9)
        bomb = b"".join(z.compress(bytes(1 << 20)) for _ in range(200)) + z.flush()
        self.tree.write("text", TEXT * 8)
        with self.serve(writable=True, shards=1,
                        settings=["transfer.mode_z_ratio=0"]) as server:
            done = threading.Event()

            def load(number):
                with server.client() as client:
                    client.expect(client.command("OPTS MODE Z LEVEL 9"), "200")
                    self.mode(client, "Z")
                    if number % 2:
                        self.upload(client, "f%d" % number, bomb, "226")
                    else:
                        self.assertEqual(len(inflate(client.retrieve("RETR text"))), len(TEXT) * 8)

            def watch(_):
                with server.client() as client:
                    while not done.is_set():
                        start = time.monotonic()
                        client.expect(client.command("NOOP"), "200")
                        waits.append(time.monotonic() - start)

            waits = []
            watcher = threading.Thread(target=watch, args=(0,))
            watcher.start()
            try:
                in_threads(4, load)
            finally:
                done.set()
                watcher.join()
            # A shard that inflated by itself would be away for a second and more.
            waits.sort()
            self.assertLess(waits[len(waits) * 99 // 100], 0.1)

    def test_more_than_the_memory_of_mode_z_takes_turns(self):
        # 1 MiB for one shard: two at a time. Their clients read nothing until all have asked.
        self.tree.write("noise", NOISE)
        with self.serve(shards=1, settings=["limits.mode_z_memory=1MiB"]) as server:
            clients = []
            for _ in range(6):
                client = server.client()
                client.expect(client.command("TYPE I"), "200")
                self.mode(client, "Z")
                data = client.passive(narrow=True)
                client.send("RETR noise\r\n")
                clients.append((client, data))

            def read(number):
                client, data = clients[number]
                client.expect(client.reply(), "150")
                self.assertEqual(inflate(sluice.read_all(data)), NOISE)
                client.expect(client.reply(), "226")
                client.close()
                data.close()

            in_threads(6, read)


@sluice.on_each_engine
class Complete(ModesCase):
    """What an upload ends in, by how its connection ends, with ALLO and without."""

    CONTENT = NOISE[:400_000]

    def store(self, client, announced, sent, cut, code):
        if announced is not None:
            client.expect(client.command("ALLO %d" % announced), "200")
        self.upload(client, "f", sent, code, cut)

    def test_the_end_of_the_connection_is_no_proof(self):
        whole, half = self.CONTENT, self.CONTENT[:200_000]
        with self.serve(writable=True, settings=["upload.partial=discard"]) as server:
            with server.client() as client:
                self.store(client, None, half, "FIN", "226")  # nothing says otherwise
                self.assertEqual(self.tree.read("f"), half)
                os.unlink(self.tree.path("f"))
                self.store(client, len(whole), half, "FIN", "426")
                self.store(client, len(half), whole, "FIN", "426")
                self.store(client, None, half, "RST", "426")
                self.assertEqual(os.listdir(self.tree.root), [])
                self.store(client, len(whole), whole, "FIN", "226")
                self.assertEqual(self.tree.read("f"), whole)
                client.quit()

    def test_dot_partial(self):
        whole, half = self.CONTENT, self.CONTENT[:200_000]
        with self.serve(writable=True, settings=["upload.partial=dot_partial"]) as server:
            with server.client() as client:
                self.store(client, len(whole), half, "FIN", "426")
                self.assertEqual(os.listdir(self.tree.root), ["f.partial"])
                self.assertEqual(self.tree.read("f.partial"), half)
                client.expect(client.command("REST %d" % len(half)), "350")
                client.store("f.partial", whole[len(half):])
                client.expect(client.command("RNFR f.partial"), "350")
                client.expect(client.command("RNTO f"), "250")
                self.assertEqual(self.tree.read("f"), whole)
                self.mode(client, "Z")
                self.store(client, None, zlib.compress(half)[:-1], "FIN", "426")
                self.assertEqual(self.tree.read("f"), whole)
                self.assertTrue(half.startswith(self.tree.read("f.partial")))
                self.store(client, len(half), zlib.compress(half), "FIN", "226")
                self.assertEqual(os.listdir(self.tree.root), ["f"])
                self.assertEqual(self.tree.read("f"), half)
                client.quit()


if __name__ == "__main__":
    sluice.run(__name__)
