"""ncftpget, ncftpput and ncftpls: passive and regular, resume, recursion."""

import os

from client_case import CONTENTS, RESUME, RESUME_AT, ClientCase, sluice


@sluice.on_each_engine
class Ncftp(ClientCase):
    client = package = "ncftp"
    program = "ncftpget"

    def get(self, *words):
        return self.run_client("ncftpget", "-V", "-P", str(self.server.port), *words)

    def put(self, *words):
        return self.run_client("ncftpput", "-V", "-P", str(self.server.port), *words)

    def move_everything(self, option):
        for name, content in CONTENTS.items():
            self.get(option, "127.0.0.1", ".", "get/" + name)
            self.assert_same(self.here_path(name), content)
        self.put(option, "127.0.0.1", self.remote, *[self.source(n) for n in CONTENTS])
        for name, content in CONTENTS.items():
            self.assert_same(self.work_path("source-" + name), content)

    def test_passive(self):
        self.move_everything("-F")

    def test_active(self):
        self.move_everything("-E")

    def test_resume_download(self):
        out = self.write_here("1MiB", RESUME[:RESUME_AT])
        # ncftp resumes only what is older than the remote file.
        os.utime(out, (1, 1))
        self.get("-z", "127.0.0.1", ".", "get/1MiB")
        self.assert_same(out, RESUME)

    def test_resume_upload(self):
        self.write_work("source-1MiB", RESUME[:RESUME_AT])
        self.put("-z", "127.0.0.1", self.remote, self.source("1MiB"))
        # ncftp 3.2.6 sends REST and then, with sendfile, the whole file from its start. What counts
        # here is that each byte stands where the client put it.
        with open(self.work_path("source-1MiB"), "rb") as f:
            self.assertIn(sluice.sha256(f.read()),
                          (sluice.sha256(RESUME), sluice.sha256(RESUME[:RESUME_AT] + RESUME)))

    def test_append(self):
        self.write_work("f", RESUME[:RESUME_AT])
        rest = self.write_here("f", RESUME[RESUME_AT:])
        self.put("-A", "127.0.0.1", self.remote, rest)
        self.assert_same(self.work_path("f"), RESUME)

    def test_recursive(self):
        os.makedirs(self.here_path("out/a/b"))
        files = {"x": b"1", "a/y": b"22", "a/b/z": CONTENTS["1MiB"]}
        for name, content in files.items():
            self.write_here("out/" + name, content)
        self.put("-R", "-m", "127.0.0.1", self.remote, "out")
        for name, content in files.items():
            self.assert_same(self.work_path("out/" + name), content)
        os.mkdir(self.here_path("back"))
        self.get("-R", "-T", "127.0.0.1", "back", self.remote + "/out")
        for name, content in files.items():
            self.assert_same(self.here_path("back/out/" + name), content)

    def test_delete_after_download(self):
        self.write_work("f", b"x")
        self.get("-DD", "127.0.0.1", ".", self.remote + "/f")
        self.assert_same(self.here_path("f"), b"x")
        self.assertEqual(os.listdir(self.work), [])

    def test_shell(self):
        """ncftp itself, with its commands on standard input."""
        self.write_here("f", RESUME)
        out = self.run_client("ncftp", "-u", "anonymous", "-P", str(self.server.port), "127.0.0.1",
                              text="cd %s\nmkdir d\nput f\nrename f g\nls -l\nget -z g back\n"
                              "rmdir d\npwd\nquit\n" % self.remote)
        self.assertRegex(out, r"(?m)^-rw.* %d .* g$" % len(RESUME))
        self.assertIn("/" + self.remote, out)
        self.assert_same(self.here_path("back"), RESUME)
        self.assertEqual(os.listdir(self.work), ["g"])
        self.run_client("ncftp", "-u", "anonymous", "-P", str(self.server.port), "127.0.0.1",
                        text="cd %s\nrm g\nquit\n" % self.remote)
        self.assertEqual(os.listdir(self.work), [])

    def test_listing(self):
        names = self.run_client("ncftpls", "-1", "-P", str(self.server.port), self.url("get/"))
        self.assertEqual(sorted(names.split()), sorted(CONTENTS))
        lines = self.run_client("ncftpls", "-l", "-P", str(self.server.port), self.url("get/"))
        self.assertEqual(len([line for line in lines.splitlines() if line.startswith("-rw")]),
                         len(CONTENTS))


if __name__ == "__main__":
    sluice.run(__name__)
