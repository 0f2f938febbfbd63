"""Listings: the cache of texts against changes from both sides, bounds, stops, and large folders."""

import os
import threading
import time

from system_case import SystemCase, in_threads, sluice

CACHE = ["listing.cache=64MiB", "listing.cache_ttl=60s"]


def names_of(listing):
    return {line.split("; ", 1)[1] for line in listing.decode().splitlines()}


def fact(listing, name, which):
    for line in listing.decode().splitlines():
        facts, entry = line.split("; ", 1)
        if entry == name:
            return dict(f.split("=", 1) for f in facts.split(";"))[which]
    raise AssertionError("%s is not listed" % name)


@sluice.on_each_engine
class Cache(SystemCase):
    def setUp(self):
        super().setUp()
        for folder in ("d", "d/sub", "e"):
            os.mkdir(self.tree.path(folder))
        self.tree.write("d/f", b"12345")
        self.settle()

    def settle(self):
        """A folder that was changed a moment ago is not kept."""
        sluice.wait_for(lambda: time.time() - os.stat(self.tree.path("d")).st_ctime > 0.05,
                        "the folder to be a little older", seconds=5)

    def fill(self, count):
        for i in range(count):
            os.close(os.open(self.tree.path("d", "entry-%06d" % i), os.O_CREAT | os.O_WRONLY, 0o644))
        self.settle()

    def sessions(self, server, count=6):
        """Logged in, and so many that each shard has some."""
        clients = [server.client() for _ in range(count)]
        for client in clients:
            self.addCleanup(client.close)
            client.expect(client.command("NOOP"), "200")
        return clients

    def assert_all_see(self, clients, look, wanted):
        for client in clients:
            self.assertEqual(look(client.retrieve("MLSD d")), wanted)

    def test_own_changes_are_seen_at_once_on_all_shards(self):
        with self.serve(writable=True, shards=2, settings=CACHE) as server:
            clients = self.sessions(server)
            changer = clients[0]
            size = lambda listing: fact(listing, "f", "size")  # noqa: E731
            mode = lambda listing: fact(listing, "f", "UNIX.mode")  # noqa: E731
            when = lambda listing: fact(listing, "f", "modify")  # noqa: E731
            self.assert_all_see(clients, size, "5")
            for round_ in range(3):
                changer.store("d/f", b"x" * (10 + round_))
                self.assert_all_see(clients, size, str(10 + round_))
                changer.store("d/f", b"yy", command="APPE")
                self.assert_all_see(clients, size, str(12 + round_))
                changer.expect(changer.command("SITE CHMOD 060%d d/f" % round_), "200")
                self.assert_all_see(clients, mode, "060%d" % round_)
                changer.expect(changer.command("MFMT 2020010203040%d d/f" % round_), "213")
                self.assert_all_see(clients, when, "2020010203040%d" % round_)
                changer.expect(changer.command("MKD d/new%d" % round_), "257")
                changer.expect(changer.command("RNFR d/new%d" % round_), "350")
                changer.expect(changer.command("RNTO d/moved"), "250")
                self.assert_all_see(clients, names_of, {".", "f", "sub", "moved"})
                changer.expect(changer.command("RMD d/moved"), "250")
                self.assert_all_see(clients, names_of, {".", "f", "sub"})
                # The time of a folder in the listing of the one above it.
                changer.store("d/sub/x", b"1")
                changer.expect(changer.command("MFMT 2019010203040%d d/sub" % round_), "213")
                self.assert_all_see(clients, lambda l: fact(l, "sub", "modify"),
                                    "2019010203040%d" % round_)
                changer.expect(changer.command("DELE d/sub/x"), "250")
            for client in clients:
                client.quit()

    def test_foreign_names_at_once_and_foreign_sizes_within_the_time(self):
        settings = ["listing.cache=1MiB", "listing.cache_ttl=300ms"]
        with self.serve(shards=2, settings=settings) as server:
            clients = self.sessions(server)
            self.assert_all_see(clients, names_of, {".", "f", "sub"})
            self.tree.write("d/foreign", b"1")
            self.assert_all_see(clients, names_of, {".", "f", "sub", "foreign"})
            os.unlink(self.tree.path("d", "foreign"))
            self.assert_all_see(clients, names_of, {".", "f", "sub"})
            with open(self.tree.path("d", "f"), "ab") as f:
                f.write(b"67")
            sluice.wait_for(lambda: fact(clients[0].retrieve("MLSD d"), "f", "size") == "7",
                            "the new size", seconds=5)
            self.assert_all_see(clients, lambda l: fact(l, "f", "size"), "7")

    def test_a_cached_text_is_served_without_reading_the_folder(self):
        # What leaves no trace in the folder shows which answers come from the cache.
        with self.serve(shards=2, settings=CACHE) as server:
            clients = self.sessions(server)
            self.assert_all_see(clients, lambda l: fact(l, "f", "size"), "5")
            with open(self.tree.path("d", "f"), "ab") as f:
                f.write(b"67")
            self.assert_all_see(clients, lambda l: fact(l, "f", "size"), "5")
            # Other facts, another style, another order are other texts.
            clients[0].expect(clients[0].command("OPTS MLST size;"), "200")
            self.assertIn(b"size=7; f", clients[0].retrieve("MLSD d"))
            self.assertRegex(clients[0].retrieve("LIST d"), rb" 7 \S+ +\S+ +\S+ f\r\n")
            self.assertRegex(clients[0].retrieve("LIST -t d"), rb" 7 \S+ +\S+ +\S+ f\r\n")
            self.assertEqual(fact(clients[1].retrieve("MLSD /d"), "f", "size"), "5")

    def test_many_at_once_get_the_same_whole_text(self):
        count = 20_000
        self.fill(count)
        with self.serve(shards=2, settings=CACHE) as server:
            with server.client() as client:
                names = names_of(client.retrieve("MLSD d"))
            self.assertEqual(len(names), count + 3)
            began = server.cpu()
            texts = []

            def listing(number):
                with server.client() as client:
                    if number % 5 == 4:  # gives up in the middle
                        data = client.passive()
                        client.expect(client.command("LIST -S d"), "150")
                        data.recv(1000)
                        sluice.reset(data)
                        client.expect(client.reply(), "426", "226")
                        return
                    texts.append(sluice.sha256(client.retrieve("LIST -S d")))
                    client.quit()

            in_threads(30, listing)
            self.assertEqual(len(set(texts)), 1)
            self.assertEqual(len(texts), 24)
            self.assertLess(server.cpu() - began, 5)

    def test_a_text_beyond_the_bound_is_sent_all_the_same(self):
        count = 10_000  # about 1 MiB, and half of it is the bound
        self.fill(count)
        settings = ["listing.cache=1MiB", "listing.cache_ttl=60s"]
        with self.serve(shards=2, settings=settings) as server:
            memory = None
            for _ in range(5):
                with server.client() as client:
                    self.assertEqual(len(names_of(client.retrieve("MLSD d"))), count + 3)
                memory = memory or server.memory()
            self.assertLess(server.memory() - memory, 3 << 20)


@sluice.on_each_engine
class Bounds(SystemCase):
    def fill(self, count):
        os.mkdir(self.tree.path("many"))
        for i in range(count):
            os.close(os.open(self.tree.path("many", "entry-%06d-%s" % (i, "x" * 30)),
                             os.O_CREAT | os.O_WRONLY, 0o644))

    def test_sorting_beyond_the_memory_fails_and_says_what_to_do(self):
        self.fill(20_000)
        settings = ["listing.memory=1MiB", "listing.memory_total=2MiB"]
        with self.serve(settings=settings) as server, server.client() as client:
            for command in ("LIST -t many", "NLST -S many", "LIST -r many"):
                with client.passive() as data:
                    client.expect(client.command(command), "150")
                    sluice.read_to_any_end(data)
                self.assertIn("without -t, -S and -r", client.expect(client.reply(), "451"))
            self.assertEqual(client.retrieve("LIST many").count(b"\r\n"), 20_000)
            self.assertEqual(client.retrieve("LIST -t many/entry-0000*").count(b"\r\n"), 100)
            client.quit()

    def test_all_sorted_listings_together_are_bounded(self):
        self.fill(6_000)
        settings = ["listing.memory=2MiB", "listing.memory_total=2MiB"]
        with self.serve(settings=settings, shards=1) as server:
            # Its lines stay in memory until the client has taken them.
            slow = server.client()
            slow.expect(slow.command("TYPE I"), "200")
            data = slow.passive(narrow=True)
            slow.expect(slow.command("LIST -t many"), "150")
            data.recv(10)
            with server.client() as other:
                with other.passive() as second:
                    other.expect(other.command("LIST -t many"), "150")
                    sluice.read_to_any_end(second)
                other.expect(other.reply(), "451")
                data.close()
                slow.expect(slow.reply(), "426")
                self.assertEqual(other.retrieve("LIST -t many").count(b"\r\n"), 6_000)

    def test_abor_is_heard_in_the_middle_of_everything(self):
        self.fill(30_000)
        for i in range(300):
            os.makedirs(self.tree.path("deep", "%03d" % i, "below"))
        with self.serve(shards=1) as server:
            memory = None
            for command in ("LIST -t many", "LIST -R", "MLSD many", "NLST */*/*zz*", "LIST -tR"):
                with server.client() as client:
                    data = client.passive(narrow=True)
                    client.expect(client.command(command), "150")
                    client.send(b"ABOR\r\n")
                    first = client.reply()
                    if not first.startswith("226"):  # else it had ended before
                        client.expect(first, "426")
                    client.expect(client.reply(), "226")
                    data.close()
                    client.expect(client.command("NOOP"), "200")
                    client.quit()
                memory = memory or server.memory()
            self.assertLess(server.memory() - memory, 4 << 20)

    def test_a_walk_survives_a_tree_that_changes(self):
        for i in range(200):
            os.makedirs(self.tree.path("tree", "%03d" % i, "below"))
        stop = threading.Event()

        def change():
            while not stop.is_set():
                for i in range(0, 200, 7):
                    path = self.tree.path("tree", "%03d" % i, "below")
                    try:
                        os.rmdir(path)
                        os.symlink("..", path)
                        os.unlink(path)
                        os.mkdir(path)
                    except OSError:
                        pass

        changer = threading.Thread(target=change)
        changer.start()
        try:
            with self.serve() as server, server.client() as client:
                for _ in range(10):
                    listing = client.retrieve("NLST -R tree").decode().splitlines()
                    self.assertGreaterEqual(len(listing), 370)
                    self.assertTrue(all(name.count("/") <= 2 for name in listing))
                client.quit()
        finally:
            stop.set()
            changer.join()


@sluice.on_each_engine
class Million(SystemCase):
    """Minutes: only where SLUICE_SLOW is set (meson test --suite slow)."""

    COUNT = 1_000_000

    def setUp(self):
        super().setUp()
        if not os.environ.get("SLUICE_SLOW"):
            self.skipTest("slow: set SLUICE_SLOW=1")
        os.mkdir(self.tree.path("many"))
        folder = os.open(self.tree.path("many"), os.O_RDONLY)
        # Names are what counts here, and another name of a file is made in a fifth of the time.
        # ext4 allows 65,000 for each file.
        for i in range(self.COUNT):
            name = "entry-%07d" % i
            if i % 50_000 == 0:
                first = name
                os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=folder))
            else:
                os.link(first, name, src_dir_fd=folder, dst_dir_fd=folder)
        os.close(folder)

    def test_a_million_names_in_constant_memory(self):
        with self.serve(shards=1, settings=["limits.stall_timeout=5m"]) as server:
            with server.client() as client:
                client.retrieve("NLST")
            memory, peak, done = server.memory(), [0], threading.Event()
            waits = []

            def watch():
                with server.client() as other:
                    while not done.is_set():
                        peak[0] = max(peak[0], server.memory())
                        began = time.monotonic()
                        other.expect(other.command("NOOP"), "200")
                        waits.append(time.monotonic() - began)
                        time.sleep(0.005)

            watcher = threading.Thread(target=watch)
            watcher.start()
            try:
                with server.client() as client:
                    for command in ("MLSD many", "LIST many", "NLST many"):
                        with client.passive() as data:
                            client.expect(client.command(command), "150")
                            lines = 0
                            while True:
                                part = data.recv(1 << 18)
                                if not part:
                                    break
                                lines += part.count(b"\n")
                        client.expect(client.reply(), "226")
                        self.assertEqual(lines, self.COUNT + (1 if command[0] == "M" else 0))
                    with client.passive() as data:
                        client.expect(client.command("LIST -t many"), "150")
                        sluice.read_to_any_end(data)
                    client.expect(client.reply(), "451")  # 16 MiB are not enough, and it says so
                    client.quit()
            finally:
                done.set()
                watcher.join()
            # The sorted one took up to listing.memory before it gave up.
            self.assertLess(peak[0] - memory, 20 << 20)
            waits.sort()
            self.assertLess(waits[len(waits) * 9 // 10], 0.1)


if __name__ == "__main__":
    sluice.run(__name__)
