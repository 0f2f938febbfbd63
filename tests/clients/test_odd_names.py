"""Names that clients and servers trip over, moved both ways by clients that can write them."""

import ftplib
import io
import os
import shutil
import urllib.parse

from client_case import ClientCase, sluice

# As bytes: on disk a name has no encoding.
NAMES = [
    b"with spaces in it",
    b" leading blank",
    b"  two leading blanks",
    b"trailing blank ",
    "Käse – 日本語.txt".encode(),
    b"latin1-caf\xe9",
    b"quote\"double",
    b"quote'single",
    b"hash#tag",
    b"question?mark",
    b"star*star",
    b"[bracket]",
    b"{brace,two}",
    b"-leading-dash",
    b"-la",
    b"semi;colon",
    b"percent%20sign",
    b"back\\slash",
    b"dollar$HOME",
    b"a:b|c&d<e>f",
    b"tab\there",
    b".dot",
    b"~tilde",
    b"x" * 255,
]


def content_of(name):
    return b"content of " + name


@sluice.on_each_engine
class OddNames(ClientCase):
    def need(self, program):
        if not shutil.which(program):
            self.skipTest(program + " is not installed")

    def fill(self):
        for name in NAMES:
            with open(os.path.join(os.fsencode(self.work), name), "wb") as f:
                f.write(content_of(name))

    def assert_filled(self):
        self.assertEqual(sorted(os.listdir(os.fsencode(self.work))), sorted(NAMES))
        for name in NAMES:
            with open(os.path.join(os.fsencode(self.work), name), "rb") as f:
                self.assertEqual(f.read(), content_of(name), name)

    def ftp(self):
        # latin-1 lets ftplib pass every byte through unchanged.
        ftp = ftplib.FTP(timeout=60, encoding="latin-1")
        ftp.connect("127.0.0.1", self.server.port)
        ftp.login()
        ftp.cwd(self.remote)
        self.addCleanup(ftp.close)
        return ftp

    def test_ftplib_round_trip(self):
        with self.ftp() as ftp:
            for name in NAMES:
                ftp.storbinary("STOR " + name.decode("latin-1"), io.BytesIO(content_of(name)))
            self.assert_filled()
            shown = [n.encode("latin-1") for n in ftp.nlst("-a")]
            self.assertEqual(sorted(shown), sorted(NAMES))
            self.assertEqual(sorted(n.encode("latin-1") for n, facts in ftp.mlsd()
                                    if facts["type"] == "file"), sorted(NAMES))
            for name in shown:
                pieces = []
                ftp.retrbinary("RETR " + name.decode("latin-1"), pieces.append)
                self.assertEqual(b"".join(pieces), content_of(name), name)
                renamed = b"r" + name[1:]
                ftp.rename(name.decode("latin-1"), renamed.decode("latin-1"))
                ftp.delete(renamed.decode("latin-1"))
        self.assertEqual(os.listdir(self.work), [])

    def test_ftplib_folders(self):
        with self.ftp() as ftp:
            for name in NAMES:
                text = name.decode("latin-1")
                made = ftp.mkd(text).encode("latin-1")
                self.assertEqual(made, b"/" + self.remote.encode() + b"/" + name)
                ftp.cwd(text)
                self.assertEqual(ftp.pwd().encode("latin-1"), made)
                ftp.cwd("..")
                ftp.rmd(text)
        self.assertEqual(os.listdir(self.work), [])

    def test_list_shows_each_name_as_it_is(self):
        self.fill()
        with self.ftp() as ftp:
            lines = []
            ftp.retrlines("LIST -a", lines.append)
            for name in NAMES:
                self.assertTrue(any(line.endswith(" " + name.decode("latin-1"))
                                    for line in lines), name)

    def test_curl_round_trip(self):
        self.need("curl")
        source = os.path.join(os.fsencode(self.here), b"source")
        for name in NAMES:
            if b"\t" in name:  # curl takes no control bytes in a URL
                shutil.copy(self.write_here("t", content_of(name)),
                            os.path.join(self.work, os.fsdecode(name)))
                continue
            with open(source, "wb") as f:
                f.write(content_of(name))
            url = self.url(self.remote + "/" + urllib.parse.quote(name, safe=""))
            self.run_client("curl", "-q", "-sS", "-T", source, url)
            out = self.here_path("out")
            self.run_client("curl", "-q", "-sS", "-o", out, url)
            self.assert_same(out, content_of(name), name)
        self.assert_filled()

    def test_wget_download(self):
        self.need("wget")
        self.fill()
        for name in NAMES:
            # wget itself does glob matching on these and sends LIST instead.
            if any(c in name for c in b"*?["):
                continue
            out = self.here_path("out")
            url = self.url(self.remote + "/" + urllib.parse.quote(name, safe=""))
            self.run_client("wget", "--no-config", "-q", "--no-glob", "-O", out, url)
            self.assert_same(out, content_of(name), name)

    def test_lftp_mirror_both_ways(self):
        self.need("lftp")
        self.fill()
        settings = ("set net:max-retries 1; set cmd:fail-exit yes; set file:charset UTF-8; "
                    "set ftp:charset UTF-8; set ftp:use-mlsd %s; ")
        # lftp translates names between character sets, so only those that are UTF-8; and its
        # LIST parser drops leading blanks, which MLSD has not.
        for use_mlsd in ("yes", "no"):
            back = "back-" + use_mlsd
            self.run_client("lftp", "--norc", "-c", settings % use_mlsd +
                            "open %s; mirror . %s" % (self.url(self.remote), back), check=False)
            got = set(os.listdir(os.fsencode(self.here_path(back))))
            for name in NAMES:
                try:
                    name.decode("utf-8")
                except UnicodeDecodeError:
                    continue
                if use_mlsd == "no" and (name.startswith(b" ") or name.startswith(b".")):
                    continue
                self.assertIn(name, got)
                with open(os.path.join(os.fsencode(self.here_path(back)), name), "rb") as f:
                    self.assertEqual(f.read(), content_of(name), name)


if __name__ == "__main__":
    sluice.run(__name__)
