"""FTPS by programs: openssl s_client, gnutls-cli, curl, lftp, rclone, ftp-ssl."""

import os
import re
import select
import subprocess

from client_case import CLIENT_SECONDS, CONTENTS, MIRROR, RESUME, RESUME_AT, sluice
from tls_case import TRANSFERS, TlsCase

MANY = {"f%03d" % number: sluice.random_bytes(100 + number, number + 1)
        for number in range(TRANSFERS // 2)}


class Talk:
    """A program that carries lines of FTP, one reply for each."""

    def __init__(self, case, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, cwd=case.here, bufsize=0)
        case.addCleanup(self.process.stdout.close)
        case.addCleanup(self.process.wait)
        case.addCleanup(self.process.kill)
        self.seen = ""

    def wait_for(self, pattern):
        """What came up to the end of the pattern."""
        while not (found := re.search(pattern, self.seen)):
            ready, _, _ = select.select([self.process.stdout], [], [], CLIENT_SECONDS)
            piece = self.process.stdout.read(65536) if ready else b""
            if not piece:
                raise AssertionError("no %r in:\n%s" % (pattern, self.seen))
            self.seen += piece.decode("utf-8", "replace")
        said, self.seen = self.seen[:found.end()], self.seen[found.end():]
        return said

    def command(self, line, code):
        self.process.stdin.write(line.encode() + b"\r\n")
        return self.wait_for(r"(?m)^%s [^\n]*\n" % code)

    def rest(self):
        output, _ = self.process.communicate(timeout=CLIENT_SECONDS)
        return self.seen + output.decode("utf-8", "replace")


@sluice.on_each_engine
class OpenSsl(TlsCase):
    client = "openssl s_client"
    package = program = "openssl"

    def talk(self, *words, port=None):
        where = ["-connect", "127.0.0.1:%d" % (port or self.server.port), "-CAfile", self.ca,
                 "-verify_return_error", "-verify_ip", "127.0.0.1", "-quiet", *words]
        return Talk(self, "openssl", "s_client", *where)

    def fetch(self, control, *words):
        port = re.search(r"\|\|\|(\d+)\|", control.command("EPSV", "229")).group(1)
        control.process.stdin.write(b"RETR get/4KiB\r\n")
        done = subprocess.run(
            ["openssl", "s_client", "-connect", "127.0.0.1:" + port, "-sess_in",
             self.here_path("session"), "-quiet", "-ign_eof", "-CAfile", self.ca, *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
            timeout=CLIENT_SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        control.wait_for(r"(?m)^226 [^\n]*\n")
        self.assertEqual(sluice.sha256(done.stdout), sluice.sha256(CONTENTS["4KiB"]))

    def session(self, *words, port=None):
        control = self.talk("-sess_out", self.here_path("session"), *words, port=port)
        for line, code in (("USER anonymous", "331"), ("PASS x", "230"), ("TYPE I", "200"),
                           ("PBSZ 0", "200"), ("PROT P", "200")):
            control.command(line, code)
        return control

    def test_explicit(self):
        for version in ("-tls1_2", "-tls1_3"):
            control = self.session("-starttls", "ftp", version)
            self.fetch(control, version)
            control.command("QUIT", "221")
            self.assertEqual(control.process.wait(CLIENT_SECONDS), 0)

    def test_implicit(self):
        for version in ("-tls1_2", "-tls1_3"):
            control = self.session(version, port=self.implicit)
            self.fetch(control, version)
            control.command("QUIT", "221")
            self.assertEqual(control.process.wait(CLIENT_SECONDS), 0)


@sluice.on_each_engine
class GnuTls(TlsCase):
    client = "gnutls-cli"
    package = "gnutls-bin"
    program = "gnutls-cli"

    def talk(self, *words, port=None):
        return Talk(self, "gnutls-cli", "--x509cafile", self.ca, *words,
                    "127.0.0.1:%d" % (port or self.server.port))

    def converse(self, talk, ready):
        talk.wait_for(ready)
        for line, code in (("USER anonymous", "331"), ("PASS x", "230"), ("PWD", "257"),
                           ("PBSZ 0", "200"), ("PROT P", "200"), ("QUIT", "221")):
            talk.command(line, code)
        self.assertEqual(talk.process.wait(CLIENT_SECONDS), 0)

    def test_explicit(self):
        for versions in ("NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3"):
            self.converse(self.talk("--starttls-proto=ftp", "--priority", versions),
                          "Handshake was completed")

    def test_implicit(self):
        for versions in ("NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3"):
            self.converse(self.talk("--priority", versions, port=self.implicit), "220 ")

    def test_resumption(self):
        for versions in ("NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3"):
            talk = self.talk("--resume", "--priority", versions, port=self.implicit)
            talk.wait_for("This is a resumed session")
            self.converse(talk, "220 ")


@sluice.on_each_engine
class CurlTls(TlsCase):
    client = "curl (FTPS)"
    package = program = "curl"
    explicit = ("--ssl-reqd",)

    def curl(self, *words, check=True):
        return self.run_client("curl", "-q", "-sS", "--max-time", "60", "--cacert", self.ca, *words,
                               check=check)

    def secure_url(self, path=""):
        return "ftps://127.0.0.1:%d/%s" % (self.implicit, path)

    def move_everything(self, url, *words):
        for name, content in CONTENTS.items():
            out = self.here_path(name)
            self.curl(*words, "-o", out, url("get/" + name))
            if content:  # curl makes no file for an empty body
                self.assert_same(out, content)
            self.curl(*words, "-T", self.source(name), url(self.remote + "/" + name))
            self.assert_same(self.work_path(name), content)

    def test_explicit(self):
        self.move_everything(self.url, "--ssl-reqd", "--tlsv1.3")

    def test_explicit_tls_1_2(self):
        self.move_everything(self.url, "--ssl-reqd", "--tls-max", "1.2")

    # Not active: curl 7.88 never begins TLS on a connection that it has accepted.

    def test_implicit(self):
        self.move_everything(self.secure_url, "--tlsv1.3")

    def test_implicit_tls_1_2(self):
        self.move_everything(self.secure_url, "--tls-max", "1.2")

    def test_resume(self):
        for words, url in ((("--ssl-reqd",), self.url), ((), self.secure_url)):
            out = self.write_here("f", RESUME[:RESUME_AT])
            self.curl(*words, "-C", "-", "-o", out, url("get/1MiB"))
            self.assert_same(out, RESUME)
            self.write_work("f", RESUME[:RESUME_AT])
            self.curl(*words, "-C", "-", "-T", self.source("1MiB"), url(self.remote + "/f"))
            self.assert_same(self.work_path("f"), RESUME)

    def test_listing(self):
        self.assertEqual(sorted(self.curl("--ssl-reqd", "-l", self.url("get/")).split()),
                         sorted(CONTENTS))

    def test_many_over_one_connection(self):
        # Twelve only: where the reply to EPSV is there before curl 7.88 has begun to wait for it,
        # it waits for nothing at all, for up to a second each time (test_curl.py).
        files = dict(list(MANY.items())[:12])
        self.write_tree(self.here_path("out"), files)
        folder = self.url(self.remote + "/")
        for way in (("-T", "out/%s"), ("-o", "back-%s")):
            words = [word for name in files
                     for word in (way[0], self.here_path(way[1] % name), folder + name)]
            said = self.curl("--ssl-reqd", "-v", "--tlsv1.3", *words)
            self.assertEqual(said.count("< 220 "), 1)
        for name, content in files.items():
            self.assert_same(self.work_path(name), content)
            self.assert_same(self.here_path("back-" + name), content)

    def test_no_login_in_clear(self):
        self.assertIn("(67)", self.curl("-o", self.here_path("f"), self.url("get/one"),
                                        check=False))

    def test_a_certificate_that_it_does_not_know(self):
        said = self.run_client("curl", "-q", "-sS", "--ssl-reqd", "-o", self.here_path("f"),
                               self.url("get/one"), check=False)
        self.assertIn("(60)", said)


@sluice.on_each_engine
class LftpTls(TlsCase):
    client = "lftp (FTPS)"
    package = program = "lftp"
    more_settings = ("transfer.allow_foreign_data=true",)

    SETTINGS = ("set cmd:fail-exit yes; set net:max-retries 2; set net:timeout 30; "
                "set net:reconnect-interval-base 1; set ftp:ssl-force yes; "
                "set ftp:ssl-protect-data yes; set ftp:ssl-protect-list yes; set xfer:log no; "
                "set bmk:save-passwords no; set ssl:ca-file %s; ")

    def lftp(self, commands, implicit=False, check=True):
        where = ("ftps://127.0.0.1:%d" % self.implicit if implicit else
                 "ftp://127.0.0.1:%d" % self.server.port)
        script = self.SETTINGS % self.ca + "open -u anonymous,x@example.org %s; " % where + commands
        return self.run_client("lftp", "--norc", "-c", script, check=check)

    def move_everything(self, settings="", **how):
        gets = "".join("get get/%s -o got-%s; " % (n, n) for n in CONTENTS)
        puts = "".join("put %s -o %s/%s; " % (self.source(n), self.remote, n) for n in CONTENTS)
        self.lftp(settings + gets + puts, **how)
        for name, content in CONTENTS.items():
            self.assert_same(self.here_path("got-" + name), content)
            self.assert_same(self.work_path(name), content)

    def test_explicit(self):
        self.move_everything()

    def test_explicit_tls_1_2(self):
        self.move_everything("set ssl:priority NORMAL:-VERS-ALL:+VERS-TLS1.2; ")

    def test_explicit_active(self):
        self.move_everything("set ftp:passive-mode off; ")

    def test_implicit(self):
        self.move_everything(implicit=True)

    def test_resume(self):
        out = self.write_here("f", RESUME[:RESUME_AT])
        self.lftp("get -c get/1MiB -o f")
        self.assert_same(out, RESUME)
        self.write_work("f", RESUME[:RESUME_AT])
        self.lftp("put -c %s -o %s/f" % (self.source("1MiB"), self.remote))
        self.assert_same(self.work_path("f"), RESUME)

    def test_mirror_both_ways(self):
        self.write_tree(self.here_path("out"), MIRROR)
        self.lftp("mirror -R out %s/there" % self.remote)
        self.assert_tree(self.work_path("there"), MIRROR)
        self.lftp("mirror %s/there back" % self.remote, implicit=True)
        self.assert_tree(self.here_path("back"), MIRROR)

    def test_200_transfers_in_one_session(self):
        self.write_tree(self.here_path("out"), MANY)
        self.lftp("mput -O %s out/*; mget -O . %s/*" % (self.remote, self.remote))
        for name, content in MANY.items():
            self.assert_same(self.work_path(name), content)
            self.assert_same(self.here_path(name), content)

    def test_fxp(self):
        """From this server to another: lftp makes one of them the TLS client, by CPSV or SSCN."""
        with sluice.Tree() as tree, sluice.Server(
                tree.root, self.engine, writable=True,
                settings=self.tls_settings("prefer") + self.more_settings) as other:
            with sluice.Server(self.tree.root, self.engine,
                               settings=self.tls_settings("prefer") + self.more_settings) as this:
                for source in ("no", "yes"):
                    script = (self.SETTINGS % self.ca +
                              "set ftp:use-fxp yes; set ftp:fxp-force yes; "
                              "set ftp:ssl-protect-fxp yes; set ftp:fxp-passive-source %s; "
                              "set ftp:fxp-passive-sscn %s; debug 9; "
                              "get ftp://anonymous:x@127.0.0.1:%d/get/1MiB "
                              "-o ftp://anonymous:x@127.0.0.1:%d/f" %
                              (source, source, this.port, other.port))
                    said = self.run_client("lftp", "--norc", "-c", script)
                    self.assertRegex(said, r"SSCN:CLIENT METHOD|CPSV\n(?:.*\n)*?<--- 227 ")
                    self.assertEqual(said.count("<--- 226 "), 2, said)
                    self.assert_same(tree.path("f"), CONTENTS["1MiB"])
                    os.unlink(tree.path("f"))


@sluice.on_each_engine
class RcloneTls(TlsCase):
    client = "rclone (FTPS)"
    package = program = "rclone"

    def rclone(self, *words, implicit=False, check=True, **more):
        remote = {"TYPE": "ftp", "HOST": "127.0.0.1", "USER": "anonymous",
                  "PORT": str(self.implicit if implicit else self.server.port),
                  "PASS": "C75XL_PDAs-alvvLpAMn2Uw",
                  "TLS" if implicit else "EXPLICIT_TLS": "true", **more}
        return self.run_client(
            "rclone", "--config", "/dev/null", "--retries", "1", "--low-level-retries", "1",
            *words, check=check,
            # Go's place for certificates: --ca-cert is for HTTP.
            env={"SSL_CERT_FILE": self.ca,
                 **{"RCLONE_CONFIG_REMOTE_" + name: value for name, value in remote.items()}})

    def copy_both_ways(self, **how):
        self.rclone("copy", "remote:get", self.here_path("got"), **how)
        for name, content in CONTENTS.items():
            self.assert_same(self.here_path("got/" + name), content)
        self.rclone("copy", self.here_path("got"), "remote:" + self.remote, **how)
        for name, content in CONTENTS.items():
            self.assert_same(self.work_path(name), content)

    def test_explicit(self):
        self.copy_both_ways()

    def test_explicit_tls_1_2(self):
        self.copy_both_ways(DISABLE_TLS13="true")

    def test_implicit(self):
        self.copy_both_ways(implicit=True)

    def test_200_transfers(self):
        self.write_tree(self.here_path("out"), MANY)
        self.rclone("copy", "--transfers", "1", self.here_path("out"), "remote:" + self.remote)
        self.assert_tree(self.work, MANY)
        self.rclone("copy", "--transfers", "1", "remote:" + self.remote, self.here_path("back"))
        self.assert_tree(self.here_path("back"), MANY)


@sluice.on_each_engine
class FtpSsl(TlsCase):
    client = "ftp-ssl"
    package = program = "ftp-ssl"
    binding = "prefer"

    def ftp(self, commands):
        login = ["open 127.0.0.1 %d" % self.server.port, "user anonymous x@example.org", "binary"]
        return self.run_client("ftp-ssl", "-n", "-v", "-i", "-z", "secure", text="\n".join(
            login + commands + ["quit"]) + "\n")

    def test_both_ways(self):
        said = self.ftp(["get get/%s %s" % (name, name) for name in CONTENTS] +
                        ["put %s %s/%s" % (self.source(name), self.remote, name)
                         for name in CONTENTS])
        for name, content in CONTENTS.items():
            self.assert_same(self.here_path(name), content, said)
            self.assert_same(self.work_path(name), content, said)

    def test_listing(self):
        self.assertIn("20MiB", self.ftp(["dir get"]))


if __name__ == "__main__":
    sluice.run(__name__)
