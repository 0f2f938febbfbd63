"""aria2: segments over several connections, resume, many files at once, time and checksum."""

import os
import urllib.parse

from client_case import CONTENTS, MIRROR, RESUME, RESUME_AT, STAMP, ClientCase, sluice


@sluice.on_each_engine
class Aria2(ClientCase):
    client = "aria2"
    package = "aria2"
    program = "aria2c"

    def aria2(self, *words, check=True):
        # aria2 1.36 keeps a connection for another file only after it has read the 226, and when
        # 150 and 226 come in one read it waits for --timeout to pass, with every server now and
        # then.
        return self.run_client("aria2c", "--no-conf", "--no-netrc", "--enable-dht=false",
                               "--ftp-reuse-connection=false",
                               "--max-tries=1", "--timeout=60", "--file-allocation=none",
                               "--allow-overwrite=true", "--auto-file-renaming=false",
                               "--summary-interval=0", *words, check=check)

    def get_everything(self, *options):
        for name, content in CONTENTS.items():
            self.aria2(*options, "-o", name, self.url("get/" + name))
            self.assert_same(self.here_path(name), content)

    def test_passive(self):
        self.get_everything()

    def test_active(self):
        self.get_everything("--ftp-pasv=false")

    def test_segments_in_parallel(self):
        out = self.aria2("-x", "8", "-s", "8", "-k", "1M", "--log=-", "--log-level=info",
                         self.url("get/20MiB"))
        self.assert_same(self.here_path("20MiB"), CONTENTS["20MiB"])
        # Each segment after the first has a REST of its own.
        self.assertGreaterEqual(len(set(line.split("REST ")[1] for line in out.splitlines()
                                        if "REST " in line and "REST 0" not in line)), 4, out)

    def test_resume_download(self):
        self.write_here("1MiB", RESUME[:RESUME_AT])
        out = self.aria2("-c", "--log=-", "--log-level=info", self.url("get/1MiB"))
        # It goes on from the block that it has whole.
        self.assertRegex(out, r"REST [1-9]\d{5}\b")
        self.assert_same(self.here_path("1MiB"), RESUME)

    def test_resume_of_a_complete_file(self):
        self.write_here("1MiB", RESUME)
        self.aria2("-c", self.url("get/1MiB"))
        self.assert_same(self.here_path("1MiB"), RESUME)

    def test_many_files(self):
        files = {"f%02d" % i: sluice.random_bytes(5000 + i, i) for i in range(40)}
        self.write_tree(self.work, files)
        with open(self.here_path("list"), "w", encoding="ascii") as f:
            f.writelines(self.url("%s/%s\n" % (self.remote, name)) for name in files)
        self.aria2("-j", "10", "-d", "got", "-i", "list")
        self.assert_tree(self.here_path("got"), files, stamped=False)

    def test_one_file_from_two_addresses(self):
        self.need_ipv6()
        self.aria2("-x", "4", "-s", "4", "-k", "1M", self.url("get/20MiB"),
                   self.url("get/20MiB", ipv6=True))
        self.assert_same(self.here_path("20MiB"), CONTENTS["20MiB"])

    def test_time_and_checksum(self):
        self.write_tree(self.work, {"f": RESUME})
        self.aria2("--remote-time=true", "--checksum=sha-256=" + sluice.sha256(RESUME),
                   self.url(self.remote + "/f"))
        self.assert_same(self.here_path("f"), RESUME)
        self.assertEqual(int(os.path.getmtime(self.here_path("f"))), STAMP)

    def test_odd_names(self):
        self.write_tree(self.work, MIRROR)
        for name, content in MIRROR.items():
            self.aria2("-o", "out", self.url(self.remote + "/" + urllib.parse.quote(name)))
            self.assert_same(self.here_path("out"), content, name)

    def test_missing_file(self):
        out = self.aria2(self.url("get/missing"), check=False)
        self.assertIn("errorCode=3", out)  # "Resource not found"


if __name__ == "__main__":
    sluice.run(__name__)
