"""wget: passive and active, resume, recursion."""

import os

from client_case import CONTENTS, RESUME, RESUME_AT, ClientCase, sluice


@sluice.on_each_engine
class Wget(ClientCase):
    client = package = program = "wget"

    def wget(self, *words):
        return self.run_client("wget", "--no-config", "-nv", "--tries=1", "--timeout=60", *words)

    def get_everything(self, *options, ipv6=False):
        for name, content in CONTENTS.items():
            out = self.here_path(name)
            self.wget(*options, "-O", out, self.url("get/" + name, ipv6))
            self.assert_same(out, content)

    def test_passive(self):
        self.get_everything()

    def test_active(self):
        self.get_everything("--no-passive-ftp")

    def test_ipv6_passive(self):
        self.need_ipv6()
        self.get_everything(ipv6=True)

    def test_ipv6_active(self):
        self.need_ipv6()
        self.get_everything("--no-passive-ftp", ipv6=True)

    def test_resume(self):
        self.write_here("1MiB", RESUME[:RESUME_AT])
        self.wget("-c", self.url("get/1MiB"))
        self.assert_same(self.here_path("1MiB"), RESUME)

    def test_resume_of_a_complete_file(self):
        self.write_here("1MiB", RESUME)
        self.wget("-c", self.url("get/1MiB"))
        self.assert_same(self.here_path("1MiB"), RESUME)

    def test_mirror(self):
        os.makedirs(self.work_path("a/b"))
        files = {"x": b"1", "a/y": b"22", "a/b/z": CONTENTS["1MiB"], "a/.dot": b"hidden"}
        for name, content in files.items():
            self.write_work(name, content)
        os.utime(self.work_path("x"), (1577934245, 1577934245))
        self.wget("-m", "-nH", self.url(self.remote + "/"))
        for name, content in files.items():
            self.assert_same(os.path.join(self.here, self.remote, name), content)
        # LIST shows the minute of an old file only by its day: wget takes that.
        got = os.path.getmtime(os.path.join(self.here, self.remote, "x"))
        self.assertLess(abs(got - 1577934245), 86400)

    def test_glob(self):
        for name in ("a1", "a2", "b1"):
            self.write_work(name, name.encode())
        self.wget(self.url(self.remote + "/a*"))
        self.assertEqual(sorted(n for n in os.listdir(self.here) if n != ".listing"),
                         ["a1", "a2"])

    def test_missing_file(self):
        out = self.run_client("wget", "--no-config", "--tries=1", self.url("get/missing"),
                              check=False)
        self.assertIn("No such file", out)


if __name__ == "__main__":
    sluice.run(__name__)
