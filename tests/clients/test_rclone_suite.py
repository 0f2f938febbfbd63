"""rclone's own tests of its FTP backend (fstest), built by fetch_rclone_suite from Debian's sources.

Another project's idea of what a server must do. 21 of the 102 cases skip themselves: they are about
features that no FTP server has for rclone (hashes, tiers, public links, ...).
"""

import collections
import os
import re
import subprocess

from client_case import ClientCase, sluice

SUITE = os.path.join(os.environ.get("SLUICE_SUITES", "/var/tmp/sluice-suites"), "rclone-ftp.test")
PASSED, SKIPPED = 81, 21
SUITE_SECONDS = 120


@sluice.on_each_engine
class RcloneSuite(ClientCase):
    client = "rclone's backend tests"
    package = "golang-github-rclone-rclone-dev"
    exercises = "fstest, %d cases, and %d that skip themselves" % (PASSED, SKIPPED)

    @classmethod
    def missing(cls):
        if not os.access(SUITE, os.X_OK):
            return "rclone's tests are not there: tests/clients/fetch_rclone_suite makes them"
        return super().missing()

    def test_backend(self):
        # The suite looks for the scripts that start its own servers and must find their folder.
        os.makedirs(self.here_path("fstest/testserver/init.d"))
        settings = {"TYPE": "ftp", "HOST": "127.0.0.1", "PORT": str(self.server.port),
                    "USER": "anonymous", "PASS": "tUg87oQVpTsQ0IZj-Bub9PI"}
        done = subprocess.run(
            [SUITE, "-remote", "TestFTPSluice:" + self.remote, "-test.v"], cwd=self.here,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SUITE_SECONDS, check=False,
            env={**os.environ, "HOME": self.here, "RCLONE_CONFIG": "/dev/null", **{
                "RCLONE_CONFIG_TESTFTPSLUICE_" + name: value for name, value in settings.items()}})
        output = os.fsdecode(done.stdout)
        ends = re.findall(r"(?m)^ *--- (PASS|FAIL|SKIP): (TestIntegration(?:/\S+)?) ", output)
        failed = [name for end, name in ends if end == "FAIL"]
        counts = collections.Counter(end for end, _ in ends)
        self.assertEqual((failed, done.returncode), ([], 0), output)
        self.assertEqual((counts["PASS"], counts["SKIP"]), (PASSED, SKIPPED), output)


if __name__ == "__main__":
    sluice.run(__name__)
