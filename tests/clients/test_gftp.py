"""gftp-text: files and folders both ways, passive and active, file commands."""

import os
import re

from client_case import CONTENTS, ClientCase, sluice


@sluice.on_each_engine
class Gftp(ClientCase):
    client = "gftp-text"
    package = "gftp-text"
    program = "gftp-text"

    def gftp(self, *commands, passive=True):
        """One session below this test's remote folder; a reply of 4yz or 5yz fails the test."""
        script = ["set passive_transfer %d" % passive, "set overwrite_default 1",
                  "set preserve_permissions 0",
                  "open ftp://anonymous@127.0.0.1:%d/%s" % (self.server.port, self.remote),
                  *commands, "quit", ""]
        out = re.sub(r"\x1b\[[0-9;]*m", "", self.run_client("gftp-text", text="\n".join(script)))
        for line in out.splitlines():
            self.assertNotRegex(line, r"^\s*[45]\d\d[ -]", out)
        return out

    def move_everything(self, **how):
        self.gftp("cd /get", *["get " + name for name in CONTENTS], "cd /" + self.remote,
                  "lcd " + self.local, *["put source-" + name for name in CONTENTS], **how)
        for name, content in CONTENTS.items():
            self.assert_same(self.here_path(name), content)
            self.assert_same(self.work_path("source-" + name), content)

    def test_passive(self):
        self.move_everything()

    def test_active(self):
        self.move_everything(passive=False)

    def test_many_files(self):
        files = {"f%02d" % i: b"%d" % i for i in range(10)}
        self.write_tree(self.here_path("out"), files)
        self.gftp("lcd out", "mput f*")
        self.assert_tree(self.work, files, stamped=False)
        os.mkdir(self.here_path("back"))
        self.gftp("lcd back", "mget f*")
        self.assert_tree(self.here_path("back"), files, stamped=False)

    def test_folders(self):
        files = {"d/x": b"1", "d/a/y": b"22", "d/a/b/z": CONTENTS["1MiB"]}
        self.write_tree(self.here, files)
        self.gftp("put d")
        self.assert_tree(self.work, files, stamped=False)
        os.mkdir(self.here_path("back"))
        self.gftp("lcd back", "get d")
        self.assert_tree(self.here_path("back"), files, stamped=False)

    def test_file_commands(self):
        self.write_work("f", b"12345")
        # gFTP 2.9.1b reads the mode as a decimal number and sends it in octal: 384 is 600.
        out = self.gftp("mkdir d", "rename f g", "chmod 384 g", "ls", "cd d", "pwd", "cd ..")
        self.assertIn("/%s/d\n" % self.remote, out)
        self.assertRegex(out, r"-rw\S* .* 5 .* g\n")
        self.assertEqual(os.stat(self.work_path("g")).st_mode & 0o777, 0o600)
        self.gftp("delete g", "rmdir d")
        self.assertEqual(os.listdir(self.work), [])


if __name__ == "__main__":
    sluice.run(__name__)
