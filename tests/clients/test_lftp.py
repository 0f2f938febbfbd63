"""lftp: all modes, resume both ways, mirrors both ways, parallel segments, file commands."""

import os

from client_case import CONTENTS, MIRROR, RESUME, RESUME_AT, ClientCase, sluice

SETTINGS = ("set cmd:fail-exit yes; set net:max-retries 2; set net:timeout 30; "
            "set net:reconnect-interval-base 1; set ftp:ssl-allow no; set xfer:log no; "
            "set bmk:save-passwords no; ")
MODES = {
    "pasv": "set ftp:passive-mode on; set ftp:prefer-epsv off; ",
    "epsv": "set ftp:passive-mode on; set ftp:prefer-epsv on; ",
    "port": "set ftp:passive-mode off; set ftp:prefer-epsv off; ",
}


@sluice.on_each_engine
class Lftp(ClientCase):
    client = package = program = "lftp"

    def lftp(self, commands, mode="pasv", ipv6=False, check=True):
        host = "[::1]" if ipv6 else "127.0.0.1"
        port = self.server.port6 if ipv6 else self.server.port
        script = SETTINGS + MODES[mode] + "open -u anonymous,x@example.org ftp://%s:%d; " % (
            host, port) + commands
        return self.run_client("lftp", "--norc", "-c", script, check=check)

    def move_everything(self, mode, ipv6=False):
        gets = "".join("get get/%s -o got-%s; " % (n, n) for n in CONTENTS)
        puts = "".join("put %s -o %s/%s; " % (self.source(n), self.remote, n) for n in CONTENTS)
        self.lftp(gets + puts, mode, ipv6)
        for name, content in CONTENTS.items():
            self.assert_same(self.here_path("got-" + name), content)
            self.assert_same(self.work_path(name), content)

    def test_pasv(self):
        self.move_everything("pasv")

    def test_epsv(self):
        self.move_everything("epsv")

    def test_port(self):
        self.move_everything("port")

    def test_ipv6_epsv(self):
        self.need_ipv6()
        self.move_everything("epsv", ipv6=True)

    def test_ipv6_falls_back_from_eprt(self):
        # lftp 4.9.2 names the unspecified address in EPRT ("|2|::|"), which is nobody's: it takes
        # the 504 as a hint and goes passive.
        self.need_ipv6()
        self.move_everything("port", ipv6=True)

    def test_unordered_commands(self):
        # lftp sends packs of commands without waiting for answers when sync-mode is off.
        self.lftp("set ftp:sync-mode off; mget -O . get/*; "
                  "mput -O %s %s" % (self.remote, os.path.join(self.local, "source-*")))
        for name, content in CONTENTS.items():
            self.assert_same(self.here_path(name), content)
            self.assert_same(self.work_path("source-" + name), content)

    def test_resume_download(self):
        out = self.write_here("f", RESUME[:RESUME_AT])
        self.lftp("get -c get/1MiB -o f")
        self.assert_same(out, RESUME)

    def test_resume_upload(self):
        self.write_work("f", RESUME[:RESUME_AT])
        self.lftp("put -c %s -o %s/f" % (self.source("1MiB"), self.remote))
        self.assert_same(self.work_path("f"), RESUME)

    def test_segments_in_parallel(self):
        self.lftp("pget -n 5 get/20MiB -o f")
        self.assert_same(self.here_path("f"), CONTENTS["20MiB"])

    def test_mirror_both_ways(self):
        os.makedirs(self.here_path("out/a/b"))
        files = {"x": b"1", "a/y z": b"22", "a/b/w": CONTENTS["1MiB"], "a/.dot": b"hidden"}
        for name, content in files.items():
            self.write_here("out/" + name, content)
            os.utime(self.here_path("out/" + name), (1577934245, 1577934245))
        self.lftp("mirror -R --parallel=4 out %s/up" % self.remote)
        for name, content in files.items():
            self.assert_same(self.work_path("up/" + name), content)
            self.assertEqual(os.path.getmtime(self.work_path("up/" + name)), 1577934245, name)
        self.lftp("mirror --parallel=4 %s/up back" % self.remote)
        for name, content in files.items():
            self.assert_same(self.here_path("back/" + name), content)
            self.assertEqual(os.path.getmtime(self.here_path("back/" + name)), 1577934245, name)
        # A second run has nothing to do.
        again = self.lftp("mirror --verbose=3 %s/up back" % self.remote)
        self.assertNotIn("Transferring", again)

    def test_mirror_of_odd_names(self):
        self.write_tree(self.here_path("out"), MIRROR)
        utf8 = "set ftp:charset UTF-8; set file:charset UTF-8; "
        self.lftp(utf8 + "mirror -R out %s/up" % self.remote)
        self.assert_tree(self.work_path("up"), MIRROR)
        self.lftp(utf8 + "mirror %s/up back" % self.remote)
        self.assert_tree(self.here_path("back"), MIRROR)

    def test_mirror_deletes(self):
        self.write_tree(self.here_path("out"), {"x": b"1", "d/y": b"2"})
        self.write_tree(self.work, {"x": b"old", "gone": b"3", "e/gone": b"4"})
        self.lftp("mirror -R --delete out " + self.remote)
        self.assert_tree(self.work, {"x": b"1", "d/y": b"2"})

    BETWEEN = ("one", "20MiB")  # lftp takes a second for each

    def fxp(self, server, settings=""):
        """Two files from one server to another, over a connection between the two of them."""
        there = "ftp://anonymous:x@127.0.0.1:%d/" % server.port
        return self.lftp("set ftp:use-fxp yes; set ftp:fxp-force yes; " + settings + "".join(
            "get get/%s -o %s%s; " % (name, there, name) for name in self.BETWEEN), check=False)

    def test_fxp_between_two_servers(self):
        # All on one address, so no one is third: the default allows it.
        with sluice.Tree() as tree:
            for settings in ("set ftp:fxp-passive-source no; ", "set ftp:fxp-passive-source yes; "):
                with sluice.Server(tree.root, self.engine, writable=True,
                                   settings=self.settings) as server:
                    self.assertEqual(self.fxp(server, settings), "")
                    # The bytes came from a server, not through lftp, which would have said PASV.
                    sluice.wait_for(lambda: server.output().count(" STOR ") == len(self.BETWEEN),
                                    "the log of the uploads")
                for name in self.BETWEEN:
                    self.assert_same(tree.path(name), CONTENTS[name])
                    os.unlink(tree.path(name))

    def test_file_commands(self):
        self.write_work("f", b"x")
        self.lftp("cd %s; mkdir -p a/b; mv f a/g; chmod 600 a/g" % self.remote)
        self.assertEqual(os.stat(self.work_path("a/g")).st_mode & 0o777, 0o600)
        self.lftp("cd %s; rm a/g; rmdir a/b a" % self.remote)
        self.assertEqual(os.listdir(self.work), [])

    def test_listings(self):
        names = self.lftp("cls -1 get/").split()
        self.assertEqual(sorted(names), sorted("get/" + n for n in CONTENTS))
        self.assertEqual(len(self.lftp("ls get").splitlines()), len(CONTENTS))
        self.assertEqual(sorted(self.lftp("nlist get").split()),
                         sorted("get/" + n for n in CONTENTS))
        sizes = self.lftp("du -b get")
        self.assertIn(str(sum(len(c) for c in CONTENTS.values())), sizes)

    def test_interrupted_download(self):
        # lftp aborts with Telnet IP, Synch as urgent data, and ABOR; then it goes on.
        out = self.lftp("cat get/20MiB | head -c 1000 > first; cat get/one")
        self.assert_same(self.here_path("first"), CONTENTS["20MiB"][:1000])
        self.assertEqual(out[-1:], "1")

    def test_missing_file(self):
        self.assertIn("550", self.lftp("get get/missing", check=False))


MODE_Z = "set ftp:use-mode-z yes; set ftp:compressed-re ''; "


@sluice.on_each_engine
class LftpModeZ(Lftp):
    """The same in MODE Z: lftp has its own inflate and deflate. What it says on the control
    connection proves that the mode was used."""

    settings = ["transfer.mode_z=true", "clients.profiles=false"]

    def lftp(self, commands, mode="pasv", ipv6=False, check=True):
        return super().lftp(MODE_Z + commands, mode, ipv6, check)

    def test_the_mode_is_used(self):
        out = self.lftp("debug 5; get get/1MiB -o f; cls get; put %s -o %s/g" % (
            self.source("1MiB"), self.remote))
        self.assertIn("---> MODE Z", out)
        self.assertNotIn("---> RETR", out.partition("---> MODE Z")[0])
        self.assert_same(self.here_path("f"), CONTENTS["1MiB"])
        self.assert_same(self.work_path("g"), CONTENTS["1MiB"])

    def test_allo(self):
        # lftp announces sizes if told to; a resumed upload ends with what it meant, too.
        self.write_work("f", RESUME[:RESUME_AT])
        out = self.lftp("debug 5; set ftp:use-allo yes; put -c %s -o %s/f; put %s -o %s/g" % (
            self.source("1MiB"), self.remote, self.source("4KiB"), self.remote))
        self.assertIn("---> ALLO 4096", out)
        self.assert_same(self.work_path("f"), RESUME)
        self.assert_same(self.work_path("g"), CONTENTS["4KiB"])

    def test_text_in_type_a(self):
        self.write_work("f", b"one\ntwo\n" * 1000)
        self.lftp("get -a %s/f -o f; put -a f -o %s/g" % (self.remote, self.remote))
        self.assert_same(self.here_path("f"), b"one\ntwo\n" * 1000)
        self.assert_same(self.work_path("g"), b"one\ntwo\n" * 1000)


@sluice.on_each_engine
class LftpProfile(ClientCase):
    """lftp 4.9.2 loses lines of long listings in MODE Z, so it gets 504 for its MODE Z, and goes on."""

    program = "lftp"
    settings = ["transfer.mode_z=true"]
    names = ["%05d.txt" % i for i in range(10_000)]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.mkdir(cls.tree.path("many"))
        for name in cls.names:
            cls.tree.write("many/" + name, b"")

    def lftp(self, commands, settings=""):
        script = SETTINGS + MODE_Z + settings + "open -u anonymous,x@example.org %s; %s" % (
            self.url(), commands)
        return self.run_client("lftp", "--norc", "-c", script)

    def test_long_listings_are_whole(self):
        for mlsd in ("yes", "no"):
            out = self.lftp("cd many; cls -1; cd /; get get/1MiB -o f; put f -o %s/g" % self.remote,
                            "set ftp:use-mlsd %s; " % mlsd)
            self.assertEqual(sorted(out.split()), self.names)
            self.assert_same(self.here_path("f"), CONTENTS["1MiB"])
            self.assert_same(self.work_path("g"), CONTENTS["1MiB"])
            os.unlink(self.here_path("f"))

    def test_the_mode_is_refused(self):
        out = self.lftp("debug 5; cls get")
        self.assertIn("---> MODE Z", out)
        self.assertIn("<--- 504", out.partition("---> MODE Z")[2])
        self.assertIn("4KiB", out)


if __name__ == "__main__":
    sluice.run(__name__)
