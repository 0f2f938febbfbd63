"""Python's ftplib: the programs of every introduction to FTP."""

import ftplib
import io
import os
import threading

from client_case import CONTENTS, RESUME, RESUME_AT, ClientCase, sluice


@sluice.on_each_engine
class Ftplib(ClientCase):
    client = "Python ftplib"
    package = "python3"

    def connect(self, ipv6=False, passive=True, encoding="utf-8"):
        ftp = ftplib.FTP(timeout=60, encoding=encoding)
        ftp.connect("::1" if ipv6 else "127.0.0.1",
                    self.server.port6 if ipv6 else self.server.port)
        ftp.login()
        ftp.set_pasv(passive)
        self.addCleanup(ftp.close)
        return ftp

    @staticmethod
    def get(ftp, name, rest=None):
        pieces = []
        ftp.retrbinary("RETR " + name, pieces.append, rest=rest)
        return b"".join(pieces)

    def move_everything(self, **how):
        with self.connect(**how) as ftp:
            for name, content in CONTENTS.items():
                self.assertEqual(sluice.sha256(self.get(ftp, "get/" + name)),
                                 sluice.sha256(content), name)
                ftp.storbinary("STOR %s/%s" % (self.remote, name), io.BytesIO(content))
                self.assert_same(self.work_path(name), content)

    def test_passive(self):
        self.move_everything()

    def test_active(self):
        self.move_everything(passive=False)

    def test_ipv6_passive(self):
        self.need_ipv6()
        self.move_everything(ipv6=True)

    def test_ipv6_active(self):
        self.need_ipv6()
        self.move_everything(ipv6=True, passive=False)

    def test_first_program(self):
        # As in the documentation of ftplib and everywhere else.
        ftp = ftplib.FTP()
        ftp.connect("127.0.0.1", self.server.port)
        self.assertTrue(ftp.getwelcome().startswith("220 "))
        self.assertTrue(ftp.login().startswith("230 "))
        ftp.cwd("get")
        lines = []
        ftp.retrlines("LIST", lines.append)
        self.assertEqual(len(lines), len(CONTENTS))
        out = self.here_path("README")
        with open(out, "wb") as f:
            ftp.retrbinary("RETR 4KiB", f.write)
        self.assert_same(out, CONTENTS["4KiB"])
        self.assertTrue(ftp.quit().startswith("221 "))

    def test_files_and_directories(self):
        with self.connect() as ftp:
            ftp.cwd(self.remote)
            self.assertEqual(ftp.pwd(), "/" + self.remote)
            self.assertEqual(ftp.mkd("d"), "/%s/d" % self.remote)
            self.assertEqual(ftp.mkd('q"uote'), '/%s/q"uote' % self.remote)
            ftp.storbinary("STOR f", io.BytesIO(b"content"))
            ftp.rename("f", "d/g")
            self.assertEqual(ftp.size("d/g"), 7)
            self.assertEqual(ftp.nlst("d"), ["d/g"])
            ftp.cwd("d")
            ftp.cwd("..")
            self.assertEqual(ftp.pwd(), "/" + self.remote)
            ftp.delete("d/g")
            self.assertEqual(ftp.nlst("d"), [])
            ftp.rmd("d")
            ftp.rmd('q"uote')
        self.assertEqual(os.listdir(self.work), [])

    def test_errors_are_permanent(self):
        with self.connect() as ftp:
            for action in (lambda: ftp.cwd("missing"), lambda: ftp.delete("missing"),
                           lambda: ftp.rmd("missing"), lambda: ftp.size("missing"),
                           lambda: ftp.nlst("missing"), lambda: ftp.mkd("get"),
                           lambda: ftp.rename("missing", "x"), lambda: self.get(ftp, "missing"),
                           lambda: list(ftp.mlsd("missing"))):
                self.assertRaises(ftplib.error_perm, action)
            self.assertEqual(self.get(ftp, "get/one"), b"1")

    def test_resume(self):
        with self.connect() as ftp:
            self.assertEqual(self.get(ftp, "get/1MiB", rest=RESUME_AT), RESUME[RESUME_AT:])
            self.write_work("f", RESUME[:RESUME_AT])
            ftp.storbinary("STOR %s/f" % self.remote, io.BytesIO(RESUME[RESUME_AT:]),
                           rest=RESUME_AT)
            self.assert_same(self.work_path("f"), RESUME)
            self.write_work("g", RESUME[:RESUME_AT])
            ftp.storbinary("APPE %s/g" % self.remote, io.BytesIO(RESUME[RESUME_AT:]))
            self.assert_same(self.work_path("g"), RESUME)

    def test_lines(self):
        with self.connect() as ftp:
            ftp.storlines("STOR %s/t" % self.remote, io.BytesIO(b"one\ntwo\r\nthree"))
            self.assert_same(self.work_path("t"), b"one\ntwo\nthree\n")
            lines = []
            ftp.retrlines("RETR %s/t" % self.remote, lines.append)
            self.assertEqual(lines, ["one", "two", "three"])

    def test_mlsd(self):
        with self.connect() as ftp:
            facts = dict(ftp.mlsd("get"))
            for name, content in CONTENTS.items():
                self.assertEqual(facts[name]["type"], "file")
                self.assertEqual(int(facts[name]["size"]), len(content))
            chosen = dict(ftp.mlsd("get", facts=["size"]))
            self.assertEqual(chosen["4KiB"], {"size": "4096"})

    def test_abort(self):
        with self.connect() as ftp:
            data = ftp.transfercmd("RETR get/20MiB")
            self.assertEqual(len(data.recv(1000, 0)) > 0, True)
            # sends ABOR with urgent data; ftplib takes 426, 225 and 226 for an answer
            self.assertIn(ftp.abort()[:3], ("426", "225", "226"))
            data.close()
            self.assertEqual(ftp.getmultiline()[:3], "226")
            ftp.voidcmd("NOOP")
            self.assertEqual(self.get(ftp, "get/one"), b"1")

    def test_many_at_once(self):
        failures = []

        def one(number):
            try:
                with self.connect() as ftp:
                    content = sluice.random_bytes(200_000, number)
                    for turn in range(5):
                        name = "%s/f%d-%d" % (self.remote, number, turn)
                        ftp.storbinary("STOR " + name, io.BytesIO(content))
                        if self.get(ftp, name) != content:
                            failures.append(name)
            except Exception as error:  # reported by the main thread
                failures.append(error)

        threads = [threading.Thread(target=one, args=(n,)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])


if __name__ == "__main__":
    sluice.run(__name__)
