"""curl: every way of setting up the data connection, resume, ranges, commands, listings."""

import os

from client_case import CONTENTS, RESUME, RESUME_AT, ClientCase, sluice

MODES = {
    "epsv": ["--ftp-pasv"],
    "pasv": ["--ftp-pasv", "--disable-epsv"],
    "eprt": ["--ftp-port", "-"],
    "port": ["--ftp-port", "-", "--disable-eprt"],
}


@sluice.on_each_engine
class Curl(ClientCase):
    client = package = program = "curl"

    def curl(self, *words, check=True):
        return self.run_client("curl", "-q", "-sS", "--max-time", "60", *words, check=check)

    def move_everything(self, mode, ipv6=False):
        for name, content in CONTENTS.items():
            out = self.here_path(name)
            self.curl(*MODES[mode], "-o", out, "--create-dirs", self.url("get/" + name, ipv6))
            # curl makes no file for an empty body.
            if content:
                self.assert_same(out, content)
            self.curl(*MODES[mode], "-T", self.source(name),
                      self.url(self.remote + "/" + name, ipv6))
            self.assert_same(self.work_path(name), content)

    def test_epsv(self):
        self.move_everything("epsv")

    def test_pasv(self):
        self.move_everything("pasv")

    def test_port(self):
        self.move_everything("port")

    def test_eprt(self):
        self.move_everything("eprt")

    def test_ipv6_epsv(self):
        self.need_ipv6()
        self.move_everything("epsv", ipv6=True)

    def test_ipv6_eprt(self):
        self.need_ipv6()
        self.move_everything("eprt", ipv6=True)

    def test_resume_download(self):
        out = self.write_here("f", RESUME[:RESUME_AT])
        self.curl("-C", "-", "-o", out, self.url("get/1MiB"))
        self.assert_same(out, RESUME)

    def test_resume_upload(self):
        self.write_work("f", RESUME[:RESUME_AT])
        self.curl("-C", "-", "-T", self.source("1MiB"), self.url(self.remote + "/f"))
        self.assert_same(self.work_path("f"), RESUME)

    def test_append(self):
        self.write_work("f", RESUME[:RESUME_AT])
        rest = self.write_here("rest", RESUME[RESUME_AT:])
        self.curl("--append", "-T", rest, self.url(self.remote + "/f"))
        self.assert_same(self.work_path("f"), RESUME)

    def test_ranges(self):
        for given, expected in (("1000-", RESUME[1000:]), ("0-99", RESUME[:100]),
                                ("1000-1999", RESUME[1000:2000]), ("-500", RESUME[-500:])):
            out = self.here_path("range" + given)
            # A range that ends early makes curl close the data connection: that is its way.
            self.curl("-r", given, "-o", out, self.url("get/1MiB"), check=False)
            self.assert_same(out, expected, "range " + given)

    def test_ascii(self):
        self.write_work("text", b"one\ntwo\n")
        self.curl("--use-ascii", "-o", self.here_path("t"), self.url(self.remote + "/text"))
        self.assert_same(self.here_path("t"), b"one\ntwo\n")  # curl turns CRLF back

    def test_commands(self):
        self.write_work("f", b"x")
        base = "/" + self.remote
        self.curl("-Q", "MKD %s/d" % base, "-Q", "RNFR %s/f" % base, "-Q", "RNTO %s/d/g" % base,
                  "-l", self.url())
        self.assertEqual(os.listdir(self.work_path("d")), ["g"])
        self.curl("-Q", "DELE %s/d/g" % base, "-Q", "RMD %s/d" % base, "-l", self.url())
        self.assertEqual(os.listdir(self.work), [])

    def test_create_directories(self):
        self.curl("--ftp-create-dirs", "-T", self.source("one"),
                  self.url(self.remote + "/a/b/c/f"))
        self.assert_same(self.work_path("a/b/c/f"), b"1")

    def test_methods(self):
        for method in ("multicwd", "nocwd", "singlecwd"):
            out = self.here_path(method)
            self.curl("--ftp-method", method, "-o", out, self.url("get/4KiB"))
            self.assert_same(out, CONTENTS["4KiB"])

    def test_listings(self):
        names = self.curl("-l", self.url("get/")).split()
        self.assertEqual(sorted(names), sorted(CONTENTS))
        lines = self.curl(self.url("get/")).splitlines()
        self.assertEqual(len(lines), len(CONTENTS))
        self.assertTrue(all(line.startswith("-rw") for line in lines), lines)

    def test_head_reports_size_and_time(self):
        os.utime(self.tree.path("get/4KiB"), (1577934245, 1577934245))
        head = self.curl("-I", self.url("get/4KiB"))
        self.assertIn("Content-Length: 4096", head)
        self.assertIn("Last-Modified: Thu, 02 Jan 2020 03:04:05 GMT", head)

    def test_many_over_one_connection(self):
        # Ten only: where the 229 is there before curl 7.88 has begun to wait for it, it waits for
        # nothing at all for a second before it dials (its poll has no descriptor of ours).
        words = []
        for i in range(10):
            words += ["-o", self.here_path("f%d" % i), self.url("get/4KiB")]
        self.curl(*words)
        for i in range(10):
            self.assert_same(self.here_path("f%d" % i), CONTENTS["4KiB"])

    def test_many_in_parallel(self):
        words = []
        for i in range(20):
            words += ["-o", self.here_path("f%d" % i), self.url("get/1MiB")]
        self.curl("-Z", "--parallel-max", "10", *words)
        for i in range(20):
            self.assert_same(self.here_path("f%d" % i), CONTENTS["1MiB"])

    def test_missing_file(self):
        out = self.curl("-o", self.here_path("f"), self.url("get/missing"), check=False)
        self.assertIn("curl: (78)", out)  # the remote file does not exist


if __name__ == "__main__":
    sluice.run(__name__)
