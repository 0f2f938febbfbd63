"""What a 226 promises when the server, the client, the disk or the power goes: O-DUR-1 to 6, 9, 10,
13. Those that need a file system of their own run as root only."""

import os
import random
import shutil
import subprocess
import threading
import time
import unittest

from system_case import MountCase, SystemCase, in_threads, sluice

OLD = sluice.random_bytes(1 << 20, 21)
NEW = sluice.random_bytes(10 << 20, 22)


@sluice.on_each_engine
class Killed(SystemCase):
    def test_o_dur_1_the_server_is_killed(self):
        # Twenty random moments of a STOR of 10 MiB over a complete file.
        prng = random.Random(1)
        for turn in range(20):
            self.tree.write("f", OLD)
            server = self.serve(writable=True)
            client = server.client()
            client.expect(client.command("TYPE I"), "200")
            data = client.passive()
            client.expect(client.command("STOR f"), "150", "125")
            position = prng.randrange(len(NEW)) if turn < 15 else len(NEW)
            data.sendall(NEW[:position])
            done = False
            if turn >= 15:
                data.close()
                # The moment is somewhere around the commit; once 226 is read, the new file stands.
                if turn >= 18:
                    client.expect(client.reply(), "226")
                    done = True
            server.kill()
            client.close()
            data.close()
            content = self.tree.read("f")
            if done:
                self.assertEqual(sluice.sha256(content), sluice.sha256(NEW))
            else:
                self.assertIn(sluice.sha256(content), (sluice.sha256(OLD), sluice.sha256(NEW)),
                              "turn %d, %d bytes sent: %d bytes there" %
                              (turn, position, len(content)))
            # A named temporary is left at most between link and rename; the next start sweeps it.
            names = set(os.listdir(self.tree.root)) - {"f"}
            self.assertTrue(all(name.startswith(".") for name in names), names)
        with self.serve(writable=True):
            pass

    def cut_upload(self, server, name, content, position, how):
        with server.client() as client:
            client.expect(client.command("TYPE I"), "200")
            data = client.passive()
            client.expect(client.command("STOR " + name), "150", "125")
            data.sendall(content[:position])
            if how == "RST":
                sluice.reset(data)
                client.expect(client.reply(), "426")
            elif how == "ABOR":
                client.send("ABOR\r\n")
                client.expect(client.reply(), "426")
                client.expect(client.reply(), "226")
                data.close()
            else:  # the client process is killed: the kernel closes both connections
                client.close()
                data.close()

    @staticmethod
    def transfer_line(server, name):
        found = [line for line in server.lines if 'STOR path="/%s"' % name in line]
        return found[0] if found else None

    def test_o_dur_2_the_client_is_killed_partial_keep(self):
        prng = random.Random(2)
        with self.serve(writable=True, settings=["upload.partial=keep"]) as server:
            for turn in range(24):
                name = "f%d" % turn
                how = ("RST", "ABOR", "FIN")[turn % 3]
                position = prng.randrange(1, len(NEW))
                self.cut_upload(server, name, NEW, position, how)
                ended = sluice.wait_for(lambda n=name: self.transfer_line(server, n), "its end")
                with server.client() as client:
                    client.expect(client.command("TYPE I"), "200")
                    size = 0
                    # Of an upload that was cut before its first byte was read nothing is kept.
                    if " bytes=0 " not in ended:
                        reply = client.expect(client.command("SIZE " + name), "213")
                        size = int(reply.split()[1])
                    self.assertLessEqual(size, position)
                    if size > 0:
                        self.assertEqual(self.tree.read(name), NEW[:size])
                    client.expect(client.command("REST %d" % size), "350")
                    client.store(name, NEW[size:])
                    client.quit()
                self.assertEqual(sluice.sha256(self.tree.read(name)), sluice.sha256(NEW))
                os.unlink(self.tree.path(name))
            # A complete file is never replaced by a part of another.
            self.tree.write("old", OLD)
            for how in ("RST", "ABOR"):
                self.cut_upload(server, "old", NEW, 5_000_000, how)
                self.assertEqual(self.tree.read("old"), OLD)

    def test_o_dur_2_the_client_is_killed_partial_discard(self):
        prng = random.Random(3)
        with self.serve(writable=True, settings=["upload.partial=discard"]) as server:
            self.tree.write("old", OLD)
            for turn in range(10):
                how = ("RST", "ABOR")[turn % 2]
                self.cut_upload(server, "f%d" % turn, NEW, prng.randrange(1, len(NEW)), how)
                self.cut_upload(server, "old", NEW, prng.randrange(1, len(NEW)), how)
            self.assertEqual(os.listdir(self.tree.root), ["old"])
            self.assertEqual(self.tree.read("old"), OLD)


@sluice.on_each_engine
class Disks(MountCase):
    def store(self, client, name, content, command="STOR"):
        """The final reply of an upload; the server may end the data connection early."""
        client.expect(client.command("TYPE I"), "200")
        data = client.passive()
        reply = client.command(command + " " + name)
        if not reply.startswith("1"):
            data.close()
            return reply
        try:
            data.sendall(content)
        except ConnectionError:
            pass
        data.close()
        return client.reply()

    def free(self, where):
        status = os.statvfs(where)
        return status.f_bfree * status.f_frsize

    def test_o_dur_3_the_disk_is_full(self):
        where = self.mount("-t", "tmpfs", "-o", "size=16m", "none")
        with open(os.path.join(where, "old"), "wb") as f:
            f.write(OLD)
        with self.serve(root=where, writable=True, settings=["upload.partial=discard"]) as server:
            with server.client() as client:
                before = self.free(where)
                for name in ("new", "old"):
                    client.expect(self.store(client, name, NEW * 3), "452")
                    self.assertEqual(os.listdir(where), ["old"])
                    sluice.wait_for(lambda: self.free(where) == before, "the space to come back")
                with open(os.path.join(where, "old"), "rb") as f:
                    self.assertEqual(f.read(), OLD)
                client.expect(self.store(client, "old", NEW), "226")
                with open(os.path.join(where, "old"), "rb") as f:
                    self.assertEqual(sluice.sha256(f.read()), sluice.sha256(NEW))
                client.expect(self.store(client, "old", NEW, "APPE"), "452")
                client.expect(client.command("ALLO 1000000000000"), "552")
                client.quit()

    def test_o_dur_3_no_inodes(self):
        where = self.mount("-t", "tmpfs", "-o", "size=16m,nr_inodes=4", "none")
        with self.serve(root=where, writable=True) as server, server.client() as client:
            replies = [self.store(client, "f%d" % i, b"x")[:3] for i in range(6)]
            self.assertEqual(replies[0], "226")
            self.assertEqual(replies[-1], "452")
            self.assertTrue(set(replies) <= {"226", "452"}, replies)
            client.expect(client.command("NOOP"), "200")

    def test_o_dur_4_the_disk_lied_about_its_room(self):
        # ext4 in a sparse image on a tmpfs that is smaller: write(2) succeeds, fsync does not.
        thin = self.mount("-t", "tmpfs", "-o", "size=24m", "none")
        image = self.image(thin, 200 << 20, "mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1")
        where = self.mount("-o", "loop", image)
        os.mkdir(os.path.join(where, "tree"))
        with self.serve(root=os.path.join(where, "tree"), writable=True,
                        settings=["upload.durability=data", "upload.partial=discard"]) as server:
            with server.client() as client:
                reply = self.store(client, "f", NEW * 6)
                client.expect(reply, "451", "452")
                self.assertEqual(os.listdir(os.path.join(where, "tree")), [])
                client.expect(client.command("NOOP"), "200")

    def test_o_dur_5_the_quota_is_spent(self):
        image = self.image(self.tree.top, 256 << 20, "mkfs.btrfs", "-q", "-f")
        where = self.mount("-o", "loop", image)
        volume = os.path.join(where, "volume")
        self.shell("btrfs", "subvolume", "create", volume)
        self.shell("btrfs", "quota", "enable", where, skip="no quota here")
        self.shell("btrfs", "qgroup", "limit", "5M", volume)
        old = sluice.random_bytes(500_000, 5)
        with open(os.path.join(volume, "old"), "wb") as f:
            f.write(old)
        with self.serve(root=volume, writable=True,
                        settings=["upload.partial=discard"]) as server:
            with server.client() as client:
                for name in ("old", "new"):
                    client.expect(self.store(client, name, NEW[:8 << 20]), "552")
                with open(os.path.join(volume, "old"), "rb") as f:
                    self.assertEqual(f.read(), old)
                self.assertEqual(os.listdir(volume), ["old"])
                client.expect(client.command("NOOP"), "200")

    def test_o_dur_6_the_disk_cannot_be_read(self):
        image = self.image(self.tree.top, 96 << 20, "mkfs.ext4", "-q", "-F")
        where = self.mount("-o", "loop", image)
        os.mkdir(os.path.join(where, "tree"))
        with open(os.path.join(where, "tree", "f"), "wb") as f:
            f.write(NEW * 5)
        self.unmount(where)
        where = self.mount("-o", "loop,ro", image)
        with self.serve(root=os.path.join(where, "tree")) as server, server.client() as client:
            client.expect(client.command("TYPE I"), "200")
            # What the superblock, the inode and its directory need is read before.
            client.expect(client.command("SIZE f"), "213")
            os.truncate(image, 20 << 20)
            with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as f:
                f.write("1\n")
            data = client.passive()
            client.expect(client.command("RETR f"), "150", "125")
            received = sluice.read_to_any_end_bytes(data)
            data.close()
            client.expect(client.reply(), "451", "426")
            self.assertLess(len(received), len(NEW) * 5)
            self.assertEqual(received, (NEW * 5)[:len(received)])
            client.expect(client.command("NOOP"), "200")
            client.quit()

    def test_o_dur_9_the_disk_stands_still(self):
        image = self.image(self.tree.top, 400 << 20, "mkfs.ext4", "-q", "-F")
        where = self.mount("-o", "loop", image)
        tree = os.path.join(where, "tree")
        os.mkdir(tree)
        count, content = 10, NEW[:2 << 20]
        with open(os.path.join(tree, "down"), "wb") as f:
            f.write(content)
        with self.serve(root=tree, writable=True) as server:
            frozen = threading.Event()
            slowest = []

            def upload(number):
                with server.client() as client:
                    client.expect(client.command("TYPE I"), "200")
                    data = client.passive()
                    client.expect(client.command("STOR up%d" % number), "150", "125")
                    data.sendall(content[:1 << 20])
                    frozen.wait(sluice.DEADLINE)
                    data.sendall(content[1 << 20:])
                    data.close()
                    client.expect(client.reply(), "226")

            def download(_):
                frozen.wait(sluice.DEADLINE)
                with server.client() as client:
                    self.assertEqual(sluice.sha256(client.retrieve("RETR down")),
                                     sluice.sha256(content))

            def freeze(_):
                time.sleep(0.3)  # lets the uploads begin; it does not matter how many have
                self.shell("fsfreeze", "-f", where, skip="cannot freeze")
                try:
                    frozen.set()
                    with server.client() as client:
                        end = time.monotonic() + 3
                        while time.monotonic() < end:
                            began = time.monotonic()
                            client.expect(client.command("NOOP"), "200")
                            slowest.append(time.monotonic() - began)
                finally:
                    frozen.set()
                    self.shell("fsfreeze", "-u", where)

            def one(number):
                if number == 0:
                    freeze(number)
                elif number <= count:
                    upload(number)
                else:
                    download(number)

            in_threads(2 * count + 1, one)
            slowest.sort()
            self.assertGreater(len(slowest), 100)
            # 20 ms on a quiet machine; this one may be building something.
            self.assertLess(slowest[len(slowest) * 99 // 100], 0.1)
            for number in range(1, count + 1):
                self.assertEqual(sluice.sha256_of_file(os.path.join(tree, "up%d" % number)),
                                 sluice.sha256(content))

    def crash_images(self, durability):
        """Uploads numbered files while copies of the image are taken; yields for each copy the
        mounted tree and the numbers whose 226 was read before the copy began.

        The image lies on btrfs, where a reflink copies it at one instant, as a power cut does. A
        copy that takes its time mixes a journal of later with data blocks of earlier, which no
        disk does that keeps its flushes."""
        cow = self.mount("-o", "loop", self.image(self.tree.top, 256 << 20, "mkfs.btrfs", "-q"))
        image = self.image(cow, 64 << 20, "mkfs.ext4", "-q", "-F")
        where = self.mount("-o", "loop", image)
        tree = os.path.join(where, "tree")
        os.mkdir(tree)
        os.sync()
        done, copies = [], []
        stop = threading.Event()
        with self.serve(root=tree, writable=True,
                        settings=["upload.durability=" + durability]) as server:
            def upload(worker):
                with server.client() as client:
                    client.expect(client.command("TYPE I"), "200")
                    number = 0
                    while not stop.is_set() and number < 60:
                        name = "w%d-%d" % (worker, number)
                        client.store(name, self.crash_content(name))
                        done.append(name)
                        number += 1

            def copy(_):
                prng = random.Random(4)
                for i in range(8):
                    time.sleep(prng.random() * 0.1)
                    promised = list(done)
                    path = "%s/copy%d" % (cow, i)
                    subprocess.run(["cp", "--reflink=always", image, path], check=True)
                    copies.append((path, promised))
                stop.set()

            in_threads(5, lambda n: copy(n) if n == 4 else upload(n))
        self.assertGreater(len(done), 8)
        for path, promised in copies:
            crashed = self.mount("-o", "loop", path)
            yield os.path.join(crashed, "tree"), promised
            self.unmount(crashed)
            self.shell("e2fsck", "-f", "-n", path)

    @staticmethod
    def crash_content(name):
        return sluice.random_bytes(20_000, name)

    def test_o_dur_10_power_loss_full(self):
        for tree, promised in self.crash_images("full"):
            for name in promised:
                self.assertEqual(sluice.sha256_of_file(os.path.join(tree, name)),
                                 sluice.sha256(self.crash_content(name)), name)

    def test_o_dur_10_power_loss_data(self):
        # Names may be lost; a file that is there is whole.
        for tree, _ in self.crash_images("data"):
            for name in os.listdir(tree):
                if not name.startswith("."):
                    self.assertEqual(sluice.sha256_of_file(os.path.join(tree, name)),
                                     sluice.sha256(self.crash_content(name)), name)


class Injected(SystemCase, unittest.TestCase):
    """O-DUR-13 on the running program: strace makes one system call fail. Only epoll makes its
    calls as system calls; the rest of the torture runs in memory (tests/unit/vfs, tests/sim)."""

    engine = "epoll"

    def inject(self, rule, settings=()):
        if not shutil.which("strace"):
            self.skipTest("strace is not installed")
        call = rule.split(":")[0]
        wrapper = ["strace", "-f", "-qq", "-o", os.path.join(self.tree.top, "trace"), "-e",
                   "trace=" + call, "-e", "inject=" + rule]
        probe = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False,
                               capture_output=True)
        if probe.returncode != 0:
            self.skipTest("strace may not trace here")
        return self.serve(writable=True, wrapper=wrapper, settings=settings)

    def outcome(self, rule, settings=(), command="STOR f"):
        """The final reply of an upload under a fault, and that the session survives it."""
        with self.inject(rule, settings) as server, server.client() as client:
            client.expect(client.command("TYPE I"), "200")
            data = client.passive()
            reply = client.command(command)
            if reply.startswith("1"):
                try:
                    data.sendall(NEW[:300_000])
                except ConnectionError:
                    pass
                data.close()
                reply = client.reply()
            client.expect(client.command("NOOP"), "200")
            client.quit()
        return reply[:3]

    def test_o_dur_13_sync_fails(self):
        settings = ["upload.durability=data", "upload.partial=discard"]
        for error, code in (("EIO", "451"), ("ENOSPC", "452"), ("EDQUOT", "552")):
            self.tree.write("f", OLD)
            self.assertEqual(self.outcome("fdatasync:error=" + error, settings), code, error)
            self.assertEqual(self.tree.read("f"), OLD)
            self.assertEqual(os.listdir(self.tree.root), ["f"])

    def test_o_dur_13_rename_fails(self):
        self.tree.write("f", OLD)
        for error, codes in (("EIO", ("451",)), ("ENOSPC", ("452",)), ("EACCES", ("451", "553"))):
            self.assertIn(self.outcome("renameat:error=" + error, ["upload.partial=discard"]), codes)
            self.assertEqual(self.tree.read("f"), OLD)
            self.assertEqual(os.listdir(self.tree.root), ["f"])

    def test_o_dur_13_link_fails(self):
        for error, code in (("EIO", "451"), ("ENOSPC", "452"), ("EDQUOT", "552")):
            self.assertEqual(self.outcome("linkat:error=" + error, ["upload.partial=discard"]), code)
            self.assertEqual(os.listdir(self.tree.root), [])


if __name__ == "__main__":
    sluice.run(__name__)
