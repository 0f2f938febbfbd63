"""FTPS by libraries: of Python, Java, Perl, Ruby and Node.

Those that cannot resume a session on the data connection, or would have to be talked into it, run
under tls.binding = "prefer": with a full handshake for each transfer.
"""

import ftplib
import io
import ssl
import subprocess

from client_case import CONTENTS, sluice
from library_case import LibraryCase, program_path
from test_commons_net import CommonsNet
from test_net_ftp_perl import NetFtpPerl
from test_net_ftp_ruby import NetFtpRuby
from tls_case import TRANSFERS, TlsCase


class LibraryTlsCase(TlsCase, LibraryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = (cls.ca,)

    def test_200_transfers_in_one_session(self):
        source = self.write_here("source", b"x" * 777)
        steps = []
        for number in range(TRANSFERS // 2):
            name = "f%d" % number
            steps += [("put", source, self.remote_name(name)),
                      ("get", self.remote_name(name), self.here_path(name))]
        self.succeed(steps)
        for number in range(TRANSFERS // 2):
            self.assert_same(self.here_path("f%d" % number), b"x" * 777)


class FTP_TLS_reusing(ftplib.FTP_TLS):
    """As everybody writes it who needs it: resumes the session of the control connection."""

    def ntransfercmd(self, cmd, rest=None):
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        if self._prot_p:
            connection = self.context.wrap_socket(connection, server_hostname=self.host,
                                                  session=self.sock.session)
        return connection, size


class FtplibTlsCase(TlsCase):
    library = ftplib.FTP_TLS

    def connect(self, version, passive=True):
        context = ssl.create_default_context(cafile=self.ca)
        context.minimum_version = context.maximum_version = version
        ftp = self.library(timeout=60, context=context)
        self.addCleanup(ftp.close)
        ftp.connect("127.0.0.1", self.server.port)
        ftp.login()
        ftp.prot_p()
        ftp.set_pasv(passive)
        return ftp

    def move(self, ftp, name, content):
        ftp.storbinary("STOR %s/%s" % (self.remote, name), io.BytesIO(content))
        pieces = []
        ftp.retrbinary("RETR %s/%s" % (self.remote, name), pieces.append)
        self.assertEqual(sluice.sha256(b"".join(pieces)), sluice.sha256(content))

    def check(self, version, transfers):
        for passive in (True, False):
            ftp = self.connect(version, passive)
            for name, content in CONTENTS.items():
                self.move(ftp, name, content)
            self.assertEqual(sorted(ftp.nlst("get")), sorted("get/" + name for name in CONTENTS))
            ftp.quit()
        ftp = self.connect(version)
        for number in range(transfers // 2):
            self.move(ftp, "f%d" % number, b"%d" % number)
        ftp.quit()

    def test_tls_1_2(self):
        self.check(ssl.TLSVersion.TLSv1_2, 20)

    def test_tls_1_3(self):
        self.check(ssl.TLSVersion.TLSv1_3, TRANSFERS)


@sluice.on_each_engine
class FtplibTls(FtplibTlsCase):
    client = "Python ftplib.FTP_TLS"
    package = "python3"
    exercises = "both ways, listing, 200 transfers in one session"
    binding = "prefer"

    def test_data_in_clear_are_refused(self):
        ftp = self.connect(ssl.TLSVersion.TLSv1_3)
        with self.assertRaisesRegex(ftplib.error_perm, "^534 "):
            ftp.prot_c()
        self.move(ftp, "f", b"x")


@sluice.on_each_engine
class FtplibTlsReusing(FtplibTlsCase):
    client = "Python ftplib.FTP_TLS, resuming its session"
    package = "python3"
    exercises = "both ways, listing, 200 transfers in one session"
    library = FTP_TLS_reusing


@sluice.on_each_engine
class CommonsNetTls(LibraryTlsCase, CommonsNet):
    client = "Java commons-net (FTPS)"
    package = "libcommons-net-java"
    binding = "prefer"


@sluice.on_each_engine
class NetFtpPerlTls(LibraryTlsCase, NetFtpPerl):
    client = "Perl Net::FTP (FTPS)"
    package = "libio-socket-ssl-perl"
    binding = "prefer"

    @classmethod
    def missing(cls):
        probe = subprocess.run(["perl", "-MIO::Socket::SSL", "-e", "1"], check=False,
                               stderr=subprocess.DEVNULL)
        return "libio-socket-ssl-perl is not installed" if probe.returncode else None


@sluice.on_each_engine
class NetFtpRubyTls(LibraryTlsCase, NetFtpRuby):
    client = "Ruby net-ftp (FTPS)"
    package = "ruby"


@sluice.on_each_engine
class Node(TlsCase):
    client = "Node tls"
    package = "nodejs"
    program = "node"
    binding = "require"

    def play(self, server, method):
        return self.run_client("node", program_path("tls_session.js"), "127.0.0.1",
                               str(server.port), self.ca, method, str(TRANSFERS // 2))

    def test_200_transfers_that_resume(self):
        self.assertEqual(self.play(self.server, "reuse"), "TLSv1.3\n")

    def test_200_transfers_with_full_handshakes(self):
        with sluice.Server(self.tree.root, self.engine, writable=True,
                           settings=self.tls_settings("prefer")) as server:
            self.assertEqual(self.play(server, "fresh"), "TLSv1.3\n")


if __name__ == "__main__":
    sluice.run(__name__)
