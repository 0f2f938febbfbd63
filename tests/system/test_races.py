"""Local processes and clients who change the tree under a session: O-FS-4, O-FS-6, O-FS-15, and
listings of large folders by slow clients: O-GLB-4, O-GLB-6."""

import ctypes
import os
import threading
import time

from system_case import MountCase, SystemCase, in_threads, sluice

RENAME_EXCHANGE = 2
AT_FDCWD = -100
libc = ctypes.CDLL(None, use_errno=True)


def exchange(a, b):
    if libc.renameat2(AT_FDCWD, os.fsencode(a), AT_FDCWD, os.fsencode(b), RENAME_EXCHANGE) != 0:
        raise OSError(ctypes.get_errno(), "renameat2")


def snapshot(top):
    """Names, kinds, modes and contents of everything below a directory."""
    found = {}
    for directory, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(directory, name)
            status = os.lstat(path)
            content = None
            if name in files and os.path.isfile(path):
                with open(path, "rb") as f:
                    content = f.read()
            found[os.path.relpath(path, top)] = (status.st_mode, status.st_mtime_ns, content)
    return found


@sluice.on_each_engine
class Races(SystemCase):
    def test_o_fs_4_directory_and_link_change_places(self):
        seconds = 4
        canary = os.path.join(self.tree.top, "canary")
        os.mkdir(canary)
        for name in ("f", "g", "d"):
            with open(os.path.join(canary, name), "wb") as f:
                f.write(b"CANARY")
        os.mkdir(self.tree.path("a"))
        self.tree.write("a/f", b"inside")
        os.symlink(canary, self.tree.path("b"))
        before = snapshot(canary)
        stop = threading.Event()
        flips = 0

        def flip():
            nonlocal flips
            while not stop.is_set():
                exchange(self.tree.path("a"), self.tree.path("b"))
                flips += 1

        with self.serve(writable=True) as server:
            flipper = threading.Thread(target=flip)
            flipper.start()

            def attack(number):
                end = time.monotonic() + seconds
                with server.client() as client:
                    client.expect(client.command("TYPE I"), "200")
                    while time.monotonic() < end:
                        self.attack_once(client, number)

            try:
                in_threads(4, attack)
            finally:
                stop.set()
                flipper.join()
            self.assertGreater(flips, 1000 * seconds)
            self.assertEqual(snapshot(canary), before)
            if os.path.islink(self.tree.path("a")):
                exchange(self.tree.path("a"), self.tree.path("b"))
            self.assert_alive(server)

    def attack_once(self, client, number):
        mine = "a/n%d" % number
        with client.passive() as data:
            reply = client.command("RETR a/f")
            if reply[0] == "1":
                received = sluice.read_to_any_end_bytes(data)
                self.assertNotIn(b"CANARY", received)
                client.reply()
        with client.passive() as data:
            if client.command("STOR " + mine)[0] == "1":
                data.sendall(b"attack")
                data.close()
                client.reply()
        with client.passive() as data:
            if client.command("NLST a")[0] == "1":
                self.assertNotIn(b"a/g", sluice.read_to_any_end_bytes(data))
                client.reply()
        for line in ("MKD %sd", "SITE CHMOD 777 %s", "MFMT 20200102030405 %s", "DELE %s",
                     "RMD %sd", "SITE CHMOD 777 a/g", "MFMT 20200102030405 a/g", "DELE a/g"):
            client.command(line % mine if "%s" in line else line)
        if client.command("RNFR a/d").startswith("350"):
            client.command("RNTO stolen%d" % number)
        if client.command("RNFR a/f").startswith("350"):
            client.expect(client.command("RNTO a/f"), "250", "550", "553")

    def test_o_fs_15_store_retrieve_and_delete_of_one_name(self):
        # RETR gives one whole version, never a mixture and never a part with a 226.
        rounds = 300
        versions = [bytes([65 + i]) * (100_000 + 10_000 * i) for i in range(4)]
        with self.serve(writable=True) as server:
            server_clients = [server.client() for _ in range(4)]

            def work(number):
                client = server_clients[number]
                client.expect(client.command("TYPE I"), "200")
                for turn in range(rounds):
                    if number < 2:
                        client.store("f", versions[(turn + number) % 4])
                    elif number == 2:
                        client.expect(client.command("DELE f"), "250", "550")
                    else:
                        self.retrieve_whole(client, versions)
                client.quit()

            in_threads(4, work)
            self.assertLessEqual(set(os.listdir(self.tree.root)), {"f"})

    def retrieve_whole(self, client, versions):
        with client.passive() as data:
            reply = client.command("RETR f")
            if reply.startswith("550"):
                return
            client.expect(reply, "150", "125")
            received = sluice.read_all(data)
        client.expect(client.reply(), "226")
        self.assertIn(received, versions)

    def fill(self, count):
        os.mkdir(self.tree.path("many"))
        for i in range(count):
            os.close(os.open(self.tree.path("many", "entry-%06d-%s" % (i, "x" * 30)),
                             os.O_CREAT | os.O_WRONLY, 0o644))

    def test_o_glb_4_a_slow_reader_of_a_long_listing(self):
        count = 30_000
        self.fill(count)
        with self.serve(settings=["limits.stall_timeout=2s"], shards=1) as server:
            with server.client() as client:
                self.assertEqual(client.retrieve("LIST -R many").count(b"\r\n"), count + 1)
            memory = server.memory()
            slow = server.client()
            data = slow.passive(narrow=True)
            slow.expect(slow.command("LIST -R many"), "150", "125")
            data.recv(10)
            self.assertLess(server.memory() - memory, 1 << 20)
            with server.client() as other:
                times = []
                for _ in range(100):
                    began = time.monotonic()
                    other.expect(other.command("NOOP"), "200")
                    times.append(time.monotonic() - began)
                times.sort()
                self.assertLess(times[97], 0.1)
            slow.expect(slow.reply(), "426", "421")
            data.close()
            slow.close()

    def test_o_glb_6_many_listings_at_once(self):
        count, sessions = 10_000, 40
        self.fill(count)
        with self.serve(shards=1) as server:
            with server.client() as client:
                expected = sluice.sha256(client.retrieve("NLST many"))
            memory = server.memory()
            peak = [0]

            def listing(_):
                with server.client() as client:
                    received = client.retrieve("NLST many")
                    self.assertEqual(received.count(b"\r\n"), count)
                    self.assertEqual(sluice.sha256(received), expected)
                    peak[0] = max(peak[0], server.memory())
                    client.quit()

            in_threads(sessions, listing)
            self.assertLess(peak[0] - memory, sessions * (256 << 10))


@sluice.on_each_engine
class Mounted(MountCase):
    def test_o_fs_6_proc_and_dev_inside_the_tree(self):
        # A bind mount of the wrong thing: magic links lead nowhere, only regular files are sent.
        for name in ("proc", "dev"):
            os.mkdir(self.tree.path(name))
            self.shell("mount", "--bind", "/" + name, self.tree.path(name), skip="cannot bind")
            self.mounts.append(self.tree.path(name))
        with self.serve(writable=True) as server, server.client() as client:
            client.expect(client.command("TYPE I"), "200")
            pid = server.pid
            for path in ("proc/%d/root/etc/passwd" % pid, "proc/self/root/etc/passwd", "proc/%d/exe" % pid,
                         "proc/%d/cwd/x" % pid, "proc/%d/fd/0" % pid, "dev/zero", "dev/null", "dev/tty"):
                client.passive(dial=False)
                client.expect(client.command("RETR " + path), "550")
                client.passive(dial=False)
                client.expect(client.command("STOR " + path), "550", "553")
            client.expect(client.command("CWD proc/%d/root" % pid), "550")
            client.expect(client.command("CWD proc/%d/cwd" % pid), "550")
            # Memory of a process is never to be had, whichever way it is refused.
            with client.passive() as data:
                reply = client.command("RETR proc/%d/mem" % pid)
                if reply.startswith("1"):
                    self.assertEqual(sluice.read_to_any_end(data), 0)
                    client.reply()
            client.quit()
            self.assert_alive(server)


if __name__ == "__main__":
    sluice.run(__name__)
