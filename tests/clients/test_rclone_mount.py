"""rclone mount: a file system over FTP, with random reads and writes of random sizes."""

import os
import random
import shutil
import stat
import subprocess

from client_case import CONTENTS, MIRROR, ClientCase, sluice

SEED = 20201
STEPS = 60


@sluice.on_each_engine
class RcloneMount(ClientCase):
    client = "rclone mount"
    package = "rclone"
    program = "rclone"

    @classmethod
    def missing(cls):
        if not shutil.which("fusermount3"):
            return "fuse3 is not installed"
        try:
            if not stat.S_ISCHR(os.stat("/dev/fuse").st_mode):
                return "/dev/fuse is no device"
            os.close(os.open("/dev/fuse", os.O_RDWR))
        except OSError as error:
            return "/dev/fuse cannot be opened: " + error.strerror
        return super().missing()

    def mount(self):
        """The mounted folder; it is unmounted, with all that was written uploaded, by unmount()."""
        self.point = self.here_path("mounted")
        os.mkdir(self.point)
        self.log = open(self.here_path("log"), "w+b")
        self.addCleanup(self.log.close)
        remote = ":ftp,host=127.0.0.1,port=%d,user=anonymous,pass=%s:%s" % (
            self.server.port, "MAWMYnaX_kKI06Ea0wYI5Jc", self.remote)
        self.process = subprocess.Popen(
            ["rclone", "--config", "/dev/null", "mount", remote, self.point, "--vfs-cache-mode",
             "full", "--vfs-write-back", "0s", "--dir-cache-time", "0s", "--buffer-size", "0",
             "--cache-dir", self.here_path("cache")],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT,
            env=dict(os.environ, HOME=self.here))
        self.addCleanup(self.unmount)
        sluice.wait_for(lambda: os.path.ismount(self.point) or self.process.poll() is not None,
                        "the mount")
        if self.process.poll() is not None:
            self.log.seek(0)
            text = os.fsdecode(self.log.read())
            # A container may have the device and not the right to mount.
            if "Operation not permitted" in text or "Permission denied" in text:
                self.skipTest("mounting is not permitted here")
            self.fail(text)
        return self.point

    def unmount(self):
        if self.process.poll() is None:
            subprocess.run(["fusermount3", "-u", self.point], check=False)
            try:
                self.process.wait(sluice.DEADLINE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                subprocess.run(["fusermount3", "-u", "-z", self.point], check=False)
                raise

    def test_random_reads(self):
        content = CONTENTS["20MiB"]
        self.write_work("f", content)
        chance = random.Random(SEED)
        with open(os.path.join(self.mount(), "f"), "rb") as f:
            for step in range(STEPS):
                offset = chance.randrange(len(content))
                size = chance.choice((1, 100, 4096, 70_000))
                f.seek(offset)
                self.assertEqual(sluice.sha256(f.read(size)),
                                 sluice.sha256(content[offset:offset + size]),
                                 "seed %d, step %d: %d at %d" % (SEED, step, size, offset))
        self.unmount()

    def test_random_writes(self):
        expected = bytearray(CONTENTS["1MiB"])
        self.write_work("f", expected)
        chance = random.Random(SEED + 1)
        with open(os.path.join(self.mount(), "f"), "r+b") as f:
            for _ in range(STEPS):
                piece = chance.randbytes(chance.choice((1, 100, 4096, 70_000)))
                offset = chance.randrange(len(expected))
                f.seek(offset)
                f.write(piece)
                expected[offset:offset + len(piece)] = piece
        sluice.wait_for(lambda: sluice.sha256_of_file(self.work_path("f")) ==
                        sluice.sha256(expected), "the upload, seed %d" % (SEED + 1))
        self.unmount()
        self.assert_same(self.work_path("f"), bytes(expected))

    def test_tree_of_files(self):
        point = self.mount()
        self.write_tree(os.path.join(point, "tree"), MIRROR)
        os.rename(os.path.join(point, "tree/x"), os.path.join(point, "tree/renamed"))
        os.unlink(os.path.join(point, "tree/empty"))
        os.mkdir(os.path.join(point, "gone"))
        os.rmdir(os.path.join(point, "gone"))
        self.unmount()
        expected = dict(MIRROR)
        expected["renamed"] = expected.pop("x")
        del expected["empty"]
        self.assertEqual(os.listdir(self.work), ["tree"])
        self.assert_tree(self.work_path("tree"), expected, stamped=False)


if __name__ == "__main__":
    sluice.run(__name__)
