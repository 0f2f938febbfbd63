"""rclone: copy, sync, check, move, ranges, streams, listings; its own names for odd characters.

Not its --multi-thread-streams: rclone 1.60.1 closes each segment's connection when it has enough
and takes the 426 that every server answers then (vsftpd, ProFTPD, Pure-FTPd, pyftpdlib, too) for a
failure.
"""

import json
import os

from client_case import CONTENTS, MIRROR, RESUME, ClientCase, sluice


@sluice.on_each_engine
class Rclone(ClientCase):
    client = "rclone"
    package = "rclone"
    program = "rclone"

    def rclone(self, *words, check=True):
        # "remote:" is this server, by rclone's own variables; the password is `rclone obscure x`.
        remote = {"TYPE": "ftp", "HOST": "127.0.0.1", "PORT": str(self.server.port),
                  "USER": "anonymous", "PASS": "C75XL_PDAs-alvvLpAMn2Uw"}
        return self.run_client(
            "rclone", "--config", "/dev/null", "--retries", "1", "--low-level-retries", "1",
            *words, check=check,
            env={"RCLONE_CONFIG_REMOTE_" + name: value for name, value in remote.items()})

    def there(self, name=""):
        return "remote:%s/%s" % (self.remote, name)

    def test_copy_both_ways(self):
        self.rclone("copy", "remote:get", self.here_path("got"))
        for name, content in CONTENTS.items():
            self.assert_same(self.here_path("got/" + name), content)
        self.rclone("copy", self.here_path("got"), self.there())
        for name, content in CONTENTS.items():
            self.assert_same(self.work_path(name), content)

    def test_copy_without_epsv_and_mlsd(self):
        os.environ["RCLONE_FTP_DISABLE_EPSV"] = os.environ["RCLONE_FTP_DISABLE_MLSD"] = "true"
        self.addCleanup(os.environ.pop, "RCLONE_FTP_DISABLE_EPSV")
        self.addCleanup(os.environ.pop, "RCLONE_FTP_DISABLE_MLSD")
        self.test_copy_both_ways()

    def test_sync_and_check(self):
        self.write_tree(self.here_path("out"), MIRROR)
        self.rclone("sync", self.here_path("out"), self.there())
        self.assert_tree(self.work, MIRROR)
        # check --download compares every byte, both ways.
        self.assertIn("0 differences found",
                      self.rclone("check", "--download", self.here_path("out"), self.there()))
        # Nothing to do, then exactly the change, the removal and the new file.
        again = self.rclone("sync", "-v", self.here_path("out"), self.there())
        self.assertIn("There was nothing to transfer", again)
        changed = {name: content for name, content in MIRROR.items() if name != "x"}
        changed["a/y z"] = b"333"
        changed["new/file"] = b"new"
        os.unlink(self.here_path("out/x"))
        self.write_tree(self.here_path("out"), changed)
        self.rclone("sync", self.here_path("out"), self.there())
        self.assert_tree(self.work, changed)
        differing = self.rclone("check", self.there(), "remote:get", check=False)
        self.assertNotIn(" 0 differences found", differing)

    def test_sync_back(self):
        self.write_tree(self.work, MIRROR)
        self.write_tree(self.here_path("back"), {"stale": b"goes away"})
        self.rclone("sync", self.there(), self.here_path("back"))
        self.assert_tree(self.here_path("back"), MIRROR)

    def test_parallel_transfers(self):
        files = {"f%02d" % i: sluice.random_bytes(10_000 + i, i) for i in range(40)}
        self.write_tree(self.here_path("out"), files)
        self.rclone("copy", "--transfers", "16", "--checkers", "16", self.here_path("out"),
                    self.there())
        self.assert_tree(self.work, files)

    def test_ranges(self):
        whole = CONTENTS["4KiB"]
        for words, expected in ((("--offset", "1000", "--count", "500"), whole[1000:1500]),
                                (("--head", "100"), whole[:100]),
                                (("--tail", "100"), whole[-100:])):
            with open(self.here_path("piece"), "wb") as f:
                f.write(os.fsencode(self.rclone("cat", *words, "remote:get/4KiB")))
            self.assert_same(self.here_path("piece"), expected, words)

    def test_stream_upload(self):
        self.write_here("f", RESUME)
        self.run_client("sh", "-c", "rclone --config /dev/null rcat \":ftp,host=127.0.0.1,"
                        "port=%d,user=anonymous,pass=C75XL_PDAs-alvvLpAMn2Uw:%s/f\" < f"
                        % (self.server.port, self.remote))
        self.assert_same(self.work_path("f"), RESUME)

    def test_move_rename_delete(self):
        self.write_tree(self.work, {"a/f": b"1", "a/g": b"2", "a/c/h": b"3"})
        self.rclone("moveto", self.there("a/f"), self.there("a/renamed"))
        self.assertEqual(sorted(os.listdir(self.work_path("a"))), ["c", "g", "renamed"])
        self.rclone("moveto", self.there("a"), self.there("b"))
        self.assertEqual(os.listdir(self.work), ["b"])
        self.rclone("mkdir", self.there("new/deep"))
        self.assertTrue(os.path.isdir(self.work_path("new/deep")))
        self.rclone("deletefile", self.there("b/g"))
        self.rclone("rmdirs", self.there("new"))
        self.assertEqual(sorted(os.listdir(self.work)), ["b"])
        self.rclone("purge", self.there("b"))
        self.assertEqual(os.listdir(self.work), [])

    def test_listings(self):
        self.write_tree(self.work, MIRROR)
        entries = json.loads(self.rclone("lsjson", "-R", "--files-only", self.there()))
        self.assertEqual({e["Path"]: (e["Size"], e["ModTime"][:19]) for e in entries},
                         {name: (len(content), "2020-01-02T03:04:05")
                          for name, content in MIRROR.items()})
        self.assertEqual(json.loads(self.rclone("size", "--json", self.there()))["bytes"],
                         sum(len(content) for content in MIRROR.values()))
        self.assertIn("directory not found",
                      self.rclone("lsf", self.there("missing"), check=False))

    def test_odd_names(self):
        # rclone writes some characters as others ("FTP encoding") and reads them back the same way.
        names = ["with spaces in it", "Käse – 日本語.txt", "hash#tag", "semi;colon", "quote\"x",
                 "percent%20sign", "star*star", "-leading-dash", "back\\slash", "dollar$HOME",
                 "[bracket]", "a:b|c&d<e>f", "~tilde", ".dot", "trailing dot.", "x" * 200]
        files = {name: b"content of " + os.fsencode(name) for name in names}
        self.write_tree(self.here_path("out"), files)
        self.rclone("copy", self.here_path("out"), self.there())
        self.assert_tree(self.work, files)
        self.rclone("copy", self.there(), self.here_path("back"))
        self.assert_tree(self.here_path("back"), files)
        self.rclone("delete", self.there())
        self.assertEqual(os.listdir(self.work), [])


if __name__ == "__main__":
    sluice.run(__name__)
