"""Big files and big folders: an 8 GiB sparse file near its end, 10,000 entries in one folder."""

import ftplib
import os
import shutil

from client_case import ClientCase, sluice

SIZE = 8 << 30
TAIL = sluice.random_bytes(1000, 8)
COUNT = 10_000


@sluice.on_each_engine
class Large(ClientCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open(cls.tree.path("big"), "wb") as f:
            f.seek(SIZE - len(TAIL))
            f.write(TAIL)
        os.mkdir(cls.tree.path("many"))
        for i in range(COUNT):
            with open(cls.tree.path("many", "entry-%05d" % i), "wb") as f:
                f.write(b"x" * (i % 7))
        cls.names = ["entry-%05d" % i for i in range(COUNT)]

    def need(self, program):
        if not shutil.which(program):
            self.skipTest(program + " is not installed")

    def sparse_start(self, name):
        """What an interrupted download of all but the tail leaves, without its disk space."""
        path = self.here_path(name)
        with open(path, "wb") as f:
            f.truncate(SIZE - len(TAIL))
        return path

    def assert_whole(self, path):
        self.assertEqual(os.path.getsize(path), SIZE)
        with open(path, "rb") as f:
            f.seek(SIZE - len(TAIL))
            self.assertEqual(sluice.sha256(f.read()), sluice.sha256(TAIL))
        os.unlink(path)

    def test_curl_range_near_the_end(self):
        self.need("curl")
        out = self.here_path("tail")
        self.run_client("curl", "-q", "-sS", "-r", "%d-" % (SIZE - 1000), "-o", out,
                        self.url("big"))
        self.assert_same(out, TAIL)

    def test_curl_resume(self):
        self.need("curl")
        path = self.sparse_start("big")
        self.run_client("curl", "-q", "-sS", "-C", "-", "-o", path, self.url("big"))
        self.assert_whole(path)

    def test_wget_resume(self):
        self.need("wget")
        path = self.sparse_start("big")
        self.run_client("wget", "--no-config", "-q", "-c", self.url("big"))
        self.assert_whole(path)

    def test_lftp_resume(self):
        self.need("lftp")
        path = self.sparse_start("big")
        self.run_client("lftp", "--norc", "-c", "set net:max-retries 1; get -c %s -o big" %
                        self.url("big"))
        self.assert_whole(path)

    def test_tnftp_resume(self):
        self.need("tnftp")
        path = self.sparse_start("big")
        self.run_client("tnftp", "-n", "-p", "127.0.0.1", str(self.server.port),
                        text="user anonymous x\nbinary\nreget big\nbye\n")
        self.assert_whole(path)

    def test_ftplib_rest(self):
        with self.ftp() as ftp:
            ftp.voidcmd("TYPE I")
            for offset in (SIZE - 1000, (4 << 30) - 1, (4 << 30), (4 << 30) + 1):
                data, _ = ftp.ntransfercmd("RETR big", rest=offset)
                first = b""
                while len(first) < 1000:
                    first += data.recv(1000 - len(first))
                expected = TAIL if offset == SIZE - 1000 else bytes(1000)
                self.assertEqual(sluice.sha256(first), sluice.sha256(expected), offset)
                data.close()
                # The server may have been cut short: that is 426, unless all had been sent.
                try:
                    ftp.voidresp()
                except ftplib.error_temp as error:
                    self.assertEqual(str(error)[:3], "426")

    def test_upload_beyond_4gib(self):
        # REST + STOR in place: 1 MiB at 8 GiB, into a sparse file.
        path = self.work_path("up")
        with open(path, "wb") as f:
            f.truncate(SIZE)
        content = sluice.random_bytes(1 << 20, 9)
        with self.server.client() as client:
            client.expect(client.command("REST %d" % SIZE), "350")
            client.store(self.remote + "/up", content)
            client.quit()
        self.assertEqual(os.path.getsize(path), SIZE + len(content))
        with open(path, "rb") as f:
            f.seek(SIZE)
            self.assertEqual(sluice.sha256(f.read()), sluice.sha256(content))

    def ftp(self):
        ftp = ftplib.FTP(timeout=60)
        ftp.connect("127.0.0.1", self.server.port)
        ftp.login()
        self.addCleanup(ftp.close)
        return ftp

    def test_listings_are_complete(self):
        with self.ftp() as ftp:
            lines = []
            ftp.retrlines("LIST many", lines.append)
            self.assertEqual(sorted(line.split()[-1] for line in lines), self.names)
            sizes = {line.split()[-1]: int(line.split()[4]) for line in lines}
            self.assertEqual(sizes["entry-00006"], 6)
            self.assertEqual(sorted(ftp.nlst("many")), ["many/" + n for n in self.names])
            facts = dict(ftp.mlsd("many"))
            self.assertEqual(sorted(n for n in facts if facts[n]["type"] == "file"), self.names)
            ftp.cwd("many")
            self.assertEqual(sorted(ftp.nlst()), self.names)

    def test_curl_listing(self):
        self.need("curl")
        out = self.run_client("curl", "-q", "-sS", "-l", self.url("many/"))
        self.assertEqual(sorted(out.split()), self.names)

    def test_lftp_listing(self):
        self.need("lftp")
        out = self.run_client("lftp", "--norc", "-c", "open %s; cls -1" % self.url("many/"))
        self.assertEqual(sorted(out.split()), self.names)

    def test_ncftp_listing(self):
        self.need("ncftpls")
        out = self.run_client("ncftpls", "-1", "-P", str(self.server.port), self.url("many/"))
        self.assertEqual(sorted(out.split()), self.names)

    def test_wget_listing(self):
        self.need("wget")
        self.run_client("wget", "--no-config", "-q", "--no-remove-listing", "-O", "index.html",
                        self.url("many/"))
        with open(self.here_path(".listing"), encoding="utf-8") as f:
            # wget asks for LIST -a.
            shown = [line.split()[-1] for line in f]
        self.assertEqual(sorted(n for n in shown if n not in (".", "..")), self.names)


if __name__ == "__main__":
    sluice.run(__name__)
