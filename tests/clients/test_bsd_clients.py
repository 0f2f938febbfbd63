"""tnftp and the GNU ftp of inetutils: the interactive client of every introduction to FTP, with
its commands on standard input."""

import os

from client_case import CONTENTS, RESUME, RESUME_AT, ClientCase, sluice


class Interactive(ClientCase):
    """Both descend from the same BSD ftp and take the same commands."""

    options = ()

    def ftp(self, commands, ipv6=False, passive=True, extra=()):
        """Each command must end in a success: an FTP reply of 4yz or 5yz fails the test."""
        host = "::1" if ipv6 else "127.0.0.1"
        port = self.server.port6 if ipv6 else self.server.port
        script = "\n".join(["user anonymous x@example.org", "binary", *extra, *commands, "bye"])
        out = self.run_client(self.program, "-n", "-v", *self.options,
                              *self.mode_options(passive), host, str(port), text=script + "\n")
        for line in out.splitlines():
            self.assertNotRegex(line, r"^[45]\d\d[ -]", out)
        self.assertRegex(out, r"(?m)^221[ -]", "no orderly end:\n" + out)
        return out

    def move_everything(self, **how):
        gets = ["get get/%s got-%s" % (n, n) for n in CONTENTS]
        puts = ["put %s %s/%s" % (self.source(n), self.remote, n) for n in CONTENTS]
        self.ftp(gets + puts, **how)
        for name, content in CONTENTS.items():
            self.assert_same(self.here_path("got-" + name), content)
            self.assert_same(self.work_path(name), content)

    def test_passive(self):
        self.move_everything(passive=True)

    def test_active(self):
        self.move_everything(passive=False)

    def test_ipv6_passive(self):
        self.need_ipv6()
        self.move_everything(ipv6=True, passive=True)

    def test_ipv6_active(self):
        self.need_ipv6()
        self.move_everything(ipv6=True, passive=False)

    def test_resume_download(self):
        out = self.write_here("f", RESUME[:RESUME_AT])
        self.ftp(["reget get/1MiB f"])
        self.assert_same(out, RESUME)

    def test_append(self):
        self.write_work("f", RESUME[:RESUME_AT])
        rest = self.write_here("rest", RESUME[RESUME_AT:])
        self.ftp(["append %s %s/f" % (rest, self.remote)])
        self.assert_same(self.work_path("f"), RESUME)

    def test_resume_upload(self):
        self.write_work("f", RESUME[:RESUME_AT])
        self.ftp(["restart %d" % RESUME_AT, "put %s %s/f" % (self.source("1MiB"), self.remote)])
        self.assert_same(self.work_path("f"), RESUME)

    def test_file_commands(self):
        self.write_work("f", b"x")
        out = self.ftp(["cd " + self.remote, "pwd", "mkdir d", "rename f d/g", "size d/g",
                        "modtime d/g", "chmod 600 d/g", "system", "status"])
        self.assertIn("/" + self.remote, out)
        self.assertIn("UNIX Type: L8", out)
        self.assertEqual(os.stat(self.work_path("d/g")).st_mode & 0o777, 0o600)
        self.ftp(["cd " + self.remote, "delete d/g", "rmdir d", "cdup", "pwd"])
        self.assertEqual(os.listdir(self.work), [])

    def test_listings(self):
        out = self.ftp(["ls get", "dir get", "nlist get"])
        for name in CONTENTS:
            self.assertGreaterEqual(out.count(name), 3, out)

    def test_ascii(self):
        self.write_here("text", b"one\ntwo\n")
        self.ftp(["ascii", "put text %s/text" % self.remote, "get %s/text back" % self.remote])
        self.assert_same(self.work_path("text"), b"one\ntwo\n")
        self.assert_same(self.here_path("back"), b"one\ntwo\n")

    def test_many_files(self):
        for i in range(20):
            self.write_here("m%02d" % i, b"%d" % i)
        self.ftp(["prompt", "cd " + self.remote, "mput m*"])
        self.assertEqual(len(os.listdir(self.work)), 20)
        os.mkdir(self.here_path("back"))
        self.ftp(["prompt", "cd " + self.remote, "lcd back", "mget m*", "mdelete m1*"])
        self.assertEqual(len(os.listdir(self.here_path("back"))), 20)
        self.assertEqual(len(os.listdir(self.work)), 10)


@sluice.on_each_engine
class Tnftp(Interactive):
    client = package = program = "tnftp"
    options = ("-i",)

    def mode_options(self, passive):
        return ["-p"] if passive else ["-A"]

    def test_pasv_without_epsv(self):
        self.move_everything(passive=True, extra=["epsv4"])

    def test_port_without_eprt(self):
        self.move_everything(passive=False, extra=["epsv4"])

    def test_url_download(self):
        for name, content in CONTENTS.items():
            self.run_client("tnftp", "-V", "-o", self.here_path(name), self.url("get/" + name))
            self.assert_same(self.here_path(name), content)

    def test_url_upload(self):
        self.run_client("tnftp", "-V", "-u", self.url(self.remote + "/f"), self.source("1MiB"))
        self.assert_same(self.work_path("f"), CONTENTS["1MiB"])

    def test_machine_listing(self):
        out = self.ftp(["mlsd get", "mlst get/4KiB", "features"])
        for name in CONTENTS:
            self.assertIn("; " + name, out)
        self.assertIn("size=4096;", out)

    def test_many_files(self):
        # -i already switches prompting off; `prompt` would switch it on again.
        for i in range(20):
            self.write_here("m%02d" % i, b"%d" % i)
        self.ftp(["cd " + self.remote, "mput m*"])
        self.assertEqual(len(os.listdir(self.work)), 20)
        os.mkdir(self.here_path("back"))
        self.ftp(["cd " + self.remote, "lcd back", "mget m*", "mdelete m1*"])
        self.assertEqual(len(os.listdir(self.here_path("back"))), 20)
        self.assertEqual(len(os.listdir(self.work)), 10)


@sluice.on_each_engine
class InetutilsFtp(Interactive):
    client = package = program = "inetutils-ftp"

    def mode_options(self, passive):
        return ["-p"] if passive else ["-A"]


if __name__ == "__main__":
    sluice.run(__name__)
