"""apt's own ftp method: update and download from a mirror that sluice serves."""

import email.utils
import os
import re
import subprocess

from client_case import STAMP, ClientCase, sluice

PACKAGE = "sluice-mirror-test"
CONTENT = sluice.random_bytes(3 << 20, 17)  # so that a package can be resumed in its midst


@sluice.on_each_engine
class Apt(ClientCase):
    client = package = "apt"
    program = "apt-get"

    @classmethod
    def missing(cls):
        if not os.path.exists("/usr/lib/apt/methods/ftp"):
            return "this apt has no ftp method"
        return super().missing()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        try:
            cls.make_mirror()
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def make_mirror(cls):
        made = os.path.join(cls.local, "package")
        os.makedirs(os.path.join(made, "DEBIAN"))
        fields = "Package: %s\nVersion: 1.0\nArchitecture: all\n" \
                 "Maintainer: nobody <nobody@example.org>\nDescription: a package to fetch\n" % PACKAGE
        with open(os.path.join(made, "DEBIAN/control"), "w", encoding="ascii") as f:
            f.write(fields)
        with open(os.path.join(made, "payload"), "wb") as f:
            f.write(CONTENT)
        mirror = cls.tree.path("mirror")
        os.mkdir(mirror)
        cls.deb = os.path.join(mirror, PACKAGE + "_1.0_all.deb")
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", made, cls.deb],
                       check=True, stdout=subprocess.DEVNULL)
        index = fields + "Filename: ./%s\nSize: %d\nSHA256: %s\n\n" % (
            os.path.basename(cls.deb), os.path.getsize(cls.deb), sluice.sha256_of_file(cls.deb))
        with open(os.path.join(mirror, "Packages"), "w", encoding="ascii") as f:
            f.write(index)
        with open(os.path.join(mirror, "Release"), "w", encoding="ascii") as f:
            f.write("Origin: sluice\nSuite: test\nDate: %s\nSHA256:\n %s %d Packages\n" % (
                email.utils.formatdate(STAMP, usegmt=True), sluice.sha256(index.encode()),
                len(index)))

    def apt(self, *words, ipv6=False):
        """apt-get with all its state in this test's folder, and this server as its only source."""
        for folder in ("lists/partial", "archives/partial", "etc", "log"):
            os.makedirs(self.here_path(folder), exist_ok=True)
        for name, text in (("status", ""), ("etc/sources.list", "deb [trusted=yes] %s ./\n" %
                                            self.url("mirror/", ipv6)), ("apt.conf", "")):
            self.write_here(name, text.encode())
        options = {
            "Dir::Etc": self.here_path("etc"), "Dir::Etc::SourceList": self.here_path("etc/sources.list"),
            "Dir::Etc::SourceParts": "-", "Dir::Etc::Parts": "-", "Dir::Etc::Preferences": "-",
            "Dir::State": self.here, "Dir::State::Lists": self.here_path("lists"),
            "Dir::State::status": self.here_path("status"), "Dir::Cache": self.here,
            "Dir::Cache::Archives": self.here_path("archives"), "Dir::Log": self.here_path("log"),
            "APT::Sandbox::User": "", "Acquire::Retries": "0", "Acquire::Languages": "none",
            "Acquire::ftp::Timeout": "60",
            # Debian has it there and switched off since 2018.
            "Dir::Bin::Methods::ftp": "ftp",
        }
        line = ["apt-get", "-q"]
        for option, value in options.items():
            line += ["-o", "%s=%s" % (option, value)]
        # The machine's own apt.conf must not count (proxies, mirrors).
        return self.run_client(*line, *words, env={"APT_CONFIG": self.here_path("apt.conf")})

    def fetch(self, *options, ipv6=False):
        out = self.apt("update", *options, ipv6=ipv6)
        self.assertIn("ftp://", out)
        self.assertNotIn("Err:", out)
        self.apt("download", *options, PACKAGE, ipv6=ipv6)
        self.assert_same(self.here_path(os.path.basename(self.deb)), self.contents_of_deb())

    def contents_of_deb(self):
        with open(self.deb, "rb") as f:
            return f.read()

    def test_passive(self):
        self.fetch()

    def test_active(self):
        self.fetch("-o", "Acquire::ftp::Passive=false")

    def test_extended(self):
        self.fetch("-o", "Acquire::ftp::ForceExtended=true")

    def test_extended_active(self):
        self.fetch("-o", "Acquire::ftp::ForceExtended=true", "-o", "Acquire::ftp::Passive=false")

    def test_ipv6_passive(self):
        self.need_ipv6()
        self.fetch(ipv6=True)

    def test_update_of_what_is_current(self):
        self.assertIn("Get:", self.apt("update"))
        # The second time MDTM says that nothing is newer.
        again = self.apt("update")
        self.assertRegex(again, r"Hit:\d+ \S+ \./ Release\n")
        self.assertNotRegex(again, r"Get:\d+ \S+ \./ (Release|Packages)\b(?!\.)")

    def test_resume_download(self):
        self.apt("update")
        partial = self.here_path("archives/partial/" + os.path.basename(self.deb))
        with open(partial, "wb") as f:
            f.write(self.contents_of_deb()[:2 << 20])
        # Only what is as new as the mirror's is continued.
        os.utime(partial, (os.path.getmtime(self.deb),) * 2)
        self.apt("install", "--download-only", "-y", "--no-install-recommends", PACKAGE)
        self.assert_same(self.here_path("archives/" + os.path.basename(self.deb)),
                         self.contents_of_deb())
        rest = os.path.getsize(self.deb) - (2 << 20)
        sluice.wait_for(lambda: re.search(r"RETR path=\S*_all\.deb. bytes=%d " % rest,
                                          self.server.output()), "the log of the rest")


if __name__ == "__main__":
    sluice.run(__name__)
