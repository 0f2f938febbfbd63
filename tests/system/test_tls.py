"""FTPS against the running program: the O-TLS cases, and what clients do with it."""

import os
import re
import socket
import ssl
import subprocess
import time

from system_case import SystemCase, sluice

ON = ("tls.mode=optional", "tls.self_signed=true")
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


def context_of(version=None, alpn=()):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # Debian's Python takes a bare FIN for an end otherwise.
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    if version:
        context.minimum_version = context.maximum_version = version
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


def client_hello():
    """The first bytes of a TLS client."""
    out = ssl.MemoryBIO()
    try:
        context_of().wrap_bio(ssl.MemoryBIO(), out).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


class TlsClient(sluice.Client):
    """A client that says AUTH TLS at once, and protects its data as the session does."""

    def __init__(self, server, context=None, host=None, auth="AUTH TLS", **options):
        super().__init__(server, **options)
        self.context = context or context_of()
        self.binds = True
        if auth:
            self.expect(self.greet(), "220")
            self.expect(self.command(auth), "234")
            self.secure(host)

    def secure(self, host=None):
        self.socket = self.context.wrap_socket(self.socket, server_hostname=host,
                                               suppress_ragged_eofs=False)

    def protect(self):
        self.expect(self.command("PBSZ 0"), "200")
        self.expect(self.command("PROT P"), "200")

    def login(self, protects=True):
        super().login()
        if protects:
            self.protect()

    def begin(self, command):
        """Sends a transfer command; returns the protected data connection."""
        data = self.passive()
        self.expect(self.command(command), "150", "125")
        return self.context.wrap_socket(data, session=self.socket.session if self.binds else None,
                                        suppress_ragged_eofs=False)

    def retrieve(self, command, kind="I"):
        self.expect(self.command("TYPE " + kind), "200")
        with self.begin(command) as data:
            received = sluice.read_all(data)  # a bare FIN is an error here
            data.unwrap()
        self.expect(self.reply(), "226")
        return received

    def store(self, name, content, command="STOR", says_end=True):
        self.expect(self.command("TYPE I"), "200")
        data = self.begin(command + " " + name)
        data.sendall(content)
        if says_end:
            data.unwrap()
        data.close()
        return self.reply()


@sluice.on_each_engine
class Tls(SystemCase):
    def tls(self, *settings, **options):
        options.setdefault("writable", True)
        return self.serve(settings=ON + settings, **options)

    def logged_in(self, server, version=None, **options):
        client = TlsClient(server, context_of(version), **options)
        self.addCleanup(client.close)
        client.login()
        return client

    def test_transfers_of_every_kind_are_whole_in_both_versions(self):
        content = sluice.random_bytes(3 << 20, 1)
        text = b"".join(b"line %d\r\n" % n for n in range(20000))
        self.tree.write("file", content)
        self.tree.write("empty", b"")
        self.tree.write("text", text.replace(b"\r\n", b"\n"))
        with self.tls("tls.binding=require", "transfer.mode_z=true") as server:
            for version in VERSIONS:
                client = self.logged_in(server, version)
                self.assertEqual(client.retrieve("RETR file"), content)
                self.assertEqual(client.retrieve("RETR empty"), b"")
                self.assertEqual(client.retrieve("RETR text", "A"), text)
                client.expect(client.store("up", content), "226")
                self.assertEqual(self.tree.read("up"), content)
                client.expect(client.store("none", b""), "226")
                self.assertEqual(self.tree.read("none"), b"")
                client.expect(client.command("REST 1000000"), "350")
                self.assertEqual(client.retrieve("RETR file"), content[1000000:])
                for command in ("LIST", "NLST", "MLSD"):
                    self.assertIn(b"file\r\n", client.retrieve(command))
                for mode in "BZ":
                    client.expect(client.command("MODE " + mode), "200")
                    with client.begin("RETR file") as data:
                        coded = sluice.read_all(data)
                        data.unwrap()
                    client.expect(client.reply(), "226")
                    client.expect(client.store("coded", coded), "226")
                    self.assertEqual(self.tree.read("coded"), content)
                    client.expect(client.command("MODE S"), "200")
                client.quit()

    def test_o_tls_1_what_follows_auth_in_clear_is_no_command(self):
        with self.tls() as server:
            client = sluice.Client(server)
            client.expect(client.greet(), "220")
            client.send(b"AUTH TLS\r\nUSER u\r\nPASS p\r\nMKD inj\r\n")
            client.expect(client.reply(), "503")
            self.assertTrue(client.is_closed())
            # Behind the answer it is no handshake.
            client = sluice.Client(server)
            client.expect(client.greet(), "220")
            client.expect(client.command("AUTH TLS"), "234")
            client.send(b"USER anonymous\r\nPASS p\r\nMKD inj\r\n" + client_hello())
            self.assertNotIn(b"\r\n", sluice.read_to_any_end_bytes(client.socket)[7:])
            self.assertEqual(os.listdir(self.tree.root), [])
            self.assert_alive(server)

    def test_o_tls_2_a_hello_in_the_same_segment_is_refused(self):
        with self.tls() as server:
            client = sluice.Client(server)
            client.expect(client.greet(), "220")
            client.send(b"NOOP\r\nAUTH TLS\r\n" + client_hello())
            client.expect(client.reply(), "200")
            client.expect(client.reply(), "503")
            self.assertTrue(client.is_closed())

    def test_o_tls_3_clients_of_other_protocols_are_refused(self):
        with self.tls() as server:
            with self.assertRaisesRegex(ssl.SSLError, "(?i)no.application.protocol"):
                TlsClient(server, context_of(alpn=["http/1.1"]))
            for alpn in (["ftp"], ["x-filezilla-ftp"], []):
                client = TlsClient(server, context_of(alpn=alpn))
                client.expect(client.command("NOOP"), "200")
                client.close()

    def test_o_tls_4_hosts_that_are_not_here(self):
        with self.tls("tls.strict_names=true", 'server.host_names=ftp.example.org') as server:
            with self.assertRaisesRegex(ssl.SSLError, "(?i)unrecognized.name"):
                TlsClient(server, host="other.example.org")
            TlsClient(server, host="ftp.example.org").close()
        with self.tls() as server:
            TlsClient(server, host="other.example.org").close()

    def test_host_is_the_one_of_the_handshake(self):
        with self.tls() as server:
            client = TlsClient(server, host="ftp.example.org")
            client.expect(client.command("HOST other.example.org"), "504")
            client.expect(client.command("HOST FTP.example.org"), "220")
            client.close()
            client = TlsClient(server)
            client.expect(client.command("HOST other.example.org"), "220")
            client.close()

    def test_o_tls_5_http_inside_tls_ends_the_session(self):
        with self.tls() as server:
            for line in (b"GET / HTTP/1.1", b"POST / HTTP/1.1", b"Host: x"):
                client = TlsClient(server)
                client.send(line + b"\r\nUSER anonymous\r\n")
                reply = client.expect(client.reply(), "500")
                self.assertNotIn("HTTP", reply)
                self.assertEqual(sluice.read_to_any_end_bytes(client.socket), b"")

    def test_o_tls_6_old_versions_are_refused(self):
        with self.tls() as server:
            for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
                context = context_of()
                context.set_ciphers("ALL:@SECLEVEL=0")
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = version
                with self.assertRaises(ssl.SSLError):
                    TlsClient(server, context)
        with self.tls("tls.min_version=1.3") as server:
            with self.assertRaises(ssl.SSLError):
                TlsClient(server, context_of(ssl.TLSVersion.TLSv1_2))
            TlsClient(server, context_of(ssl.TLSVersion.TLSv1_3)).close()

    def test_o_tls_7_data_in_clear_show_nothing(self):
        self.tree.write("file", b"secret" * 1000)
        with self.tls("tls.handshake_timeout=3s") as server:
            client = self.logged_in(server)
            with client.passive() as data:
                client.expect(client.command("RETR file"), "150")
                data.sendall(b"give it to me\r\n")
                self.assertNotIn(b"secret", sluice.read_to_any_end_bytes(data))
                client.expect(client.reply(), "522")
            with client.passive() as data:  # and a client that says nothing
                client.expect(client.command("RETR file"), "150")
                self.assertEqual(sluice.read_to_any_end_bytes(data), b"")
                client.expect(client.reply(), "522")
            self.assertEqual(client.retrieve("RETR file"), b"secret" * 1000)

    def test_o_tls_8_no_login_in_clear_where_that_is_forbidden(self):
        with self.serve(settings=("tls.mode=required", "tls.self_signed=true")) as server:
            client = sluice.Client(server)
            client.expect(client.greet(), "220")
            client.expect(client.command("USER anonymous"), "530")
            client.expect(client.command("PASS x"), "503")
            client.expect(client.command("LIST"), "530")
            client.expect(client.command("AUTH TLS"), "234")
            client.socket = context_of().wrap_socket(client.socket)
            client.login()
            client.quit()

    def test_o_tls_9_no_data_in_clear_where_that_is_forbidden(self):
        self.tree.write("file", b"x")
        with self.tls("tls.protect_data=true") as server:
            client = TlsClient(server)
            client.login(protects=False)
            client.expect(client.command("PASV"), "227")
            for command in ("RETR file", "STOR new", "LIST", "NLST", "MLSD"):
                client.expect(client.command(command), "521")
            client.expect(client.command("PBSZ 0"), "200")
            client.expect(client.command("PROT C"), "534")
            client.expect(client.command("PROT P"), "200")
            self.assertEqual(client.retrieve("RETR file"), b"x")
            plain = sluice.Client(server)
            plain.login()
            plain.expect(plain.command("EPSV"), "229")
            plain.expect(plain.command("RETR file"), "521")

    def test_o_tls_10_codes(self):
        with self.tls() as server:
            client = sluice.Client(server)
            client.expect(client.greet(), "220")
            for command, code in (("AUTH", "501"), ("AUTH GSSAPI", "504"), ("PBSZ 0", "503"),
                                  ("PROT P", "503"), ("CCC", "533")):
                client.expect(client.command(command), code)
            client.expect(client.command("auth tls-c"), "234")
            client.socket = context_of().wrap_socket(client.socket)
            for command, code in (("AUTH TLS", "503"), ("PROT P", "503"), ("PBSZ x", "501"),
                                  ("PBSZ 1", "200"), ("PROT S", "536"), ("PROT E", "536"),
                                  ("PROT X", "504"), ("PROT", "501"), ("PROT C", "200"),
                                  ("PROT P", "200"), ("CCC", "534")):
                client.expect(client.command(command), code)
            client.quit()
            features = sluice.Client(server)
            features.greet()
            lines = features.command("FEAT").split("\n")
            for line in (" AUTH TLS", " PBSZ", " PROT"):
                self.assertIn(line, lines)
            self.assertNotIn(" CCC", lines)

    def test_without_tls_nothing_of_it_is_known(self):
        with self.serve() as server:
            client = server.client()
            for command in ("AUTH TLS", "PBSZ 0", "PROT P", "CCC"):
                client.expect(client.command(command), "502")
            self.assertNotRegex(client.command("FEAT"), "AUTH|PBSZ|PROT|CCC")

    def test_auth_ssl_protects_data_by_itself(self):
        self.tree.write("file", b"x" * 100)
        with self.tls() as server:
            client = TlsClient(server, auth="AUTH SSL")
            client.login(protects=False)
            self.assertEqual(client.retrieve("RETR file"), b"x" * 100)

    def test_auth_after_a_login_in_clear_forgets_it(self):
        with self.tls() as server:
            client = server.client()
            client.expect(client.command("TYPE I"), "200")
            client.expect(client.command("AUTH TLS"), "234")
            client.socket = context_of().wrap_socket(client.socket)
            client.expect(client.command("PWD"), "530")

    def test_o_tls_11_downloads_end_with_close_notify(self):
        content = sluice.random_bytes(8 << 20, 2)
        self.tree.write("file", content)
        with self.tls() as server:
            for version in VERSIONS:
                client = self.logged_in(server, version)
                self.assertEqual(client.retrieve("RETR file"), content)

    def test_o_tls_12_uploads_may_end_with_a_bare_fin(self):
        content = sluice.random_bytes(5 << 20, 3)
        for version in VERSIONS:
            with self.tls() as server:
                client = self.logged_in(server, version)
                client.expect(client.store("lenient", content, says_end=False), "226")
                self.assertEqual(self.tree.read("lenient"), content)
                sluice.wait_for(lambda: "tls_eof=missing" in server.output(), "the mark in the log")
            with self.tls("tls.strict_close=true", "upload.partial=discard") as server:
                client = self.logged_in(server, version)
                client.expect(client.store("strict", content, says_end=False), "426")
                client.expect(client.store("said", content), "226")
                self.assertEqual(self.tree.read("said"), content)
                self.assertFalse(os.path.exists(self.tree.path("strict")))

    def test_o_tls_13_binding(self):
        self.tree.write("file", b"x" * 1000)
        for binding in ("off", "prefer", "require"):
            with self.tls("tls.binding=" + binding) as server:
                for version in VERSIONS:
                    client = self.logged_in(server, version)
                    self.assertEqual(client.retrieve("RETR file"), b"x" * 1000)
                    client.binds = False
                    if binding != "require":
                        self.assertEqual(client.retrieve("RETR file"), b"x" * 1000)
                        continue
                    client.expect(client.command("TYPE I"), "200")
                    data = client.begin("RETR file")
                    with self.assertRaises((OSError, ssl.SSLError)):
                        if not data.recv(100):
                            raise OSError("nothing came")
                    self.assertIn("resume", client.expect(client.reply(), "522"))
                    data.close()
                    client.binds = True
                    self.assertEqual(client.retrieve("RETR file"), b"x" * 1000)

    def test_somebody_elses_session_opens_nothing(self):
        self.tree.write("file", b"x" * 1000)
        with self.tls("tls.binding=require") as server:
            for version in VERSIONS:
                mine = self.logged_in(server, version)
                theirs = self.logged_in(server, version)
                data = mine.passive()
                mine.expect(mine.command("RETR file"), "150")
                theirs.context.wrap_socket(data, session=theirs.socket.session)
                mine.expect(mine.reply(), "522")

    def test_two_hundred_transfers_do_not_run_dry(self):
        self.tree.write("file", b"x" * 1000)
        with self.tls("tls.binding=require") as server:
            for version in VERSIONS:
                client = self.logged_in(server, version)
                for turn in range(100):
                    self.assertEqual(client.retrieve("RETR file"), b"x" * 1000, turn)
                    client.expect(client.store("up", b"y" * 1000), "226")

    def implicit(self, *settings):
        server = self.serve(writable=True, settings=("tls.listen=127.0.0.1:0",
                                                     "tls.self_signed=true") + settings)
        self.addCleanup(server.kill)
        port = sluice.wait_for(lambda: re.search(r"ftps://127.0.0.1:(\d+)/", server.output()),
                               "the implicit port").group(1)
        server.port = int(port)
        return server

    def test_o_tls_14_implicit(self):
        self.tree.write("file", b"x" * 100)
        server = self.implicit()
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
            plain.sendall(b"USER anonymous\r\n")
            began = time.monotonic()
            said = sluice.read_to_any_end_bytes(plain)
            self.assertLess(time.monotonic() - began, 5)
            self.assertNotIn(b"220", said)
        client = TlsClient(server, auth=None)
        client.secure()
        client.login(protects=False)
        self.assertEqual(client.retrieve("RETR file"), b"x" * 100)
        client.expect(client.command("AUTH TLS"), "503")
        client.expect(client.command("REIN"), "220")
        client.expect(client.command("USER anonymous"), "331")  # still inside TLS
        client.expect(client.command("PASS x"), "230")
        self.assertEqual(client.retrieve("RETR file"), b"x" * 100)
        client.quit()
        server.stop()

    def test_o_tls_15_a_stalled_handshake_is_given_up(self):
        with self.tls("tls.handshake_timeout=1s") as server:
            client = sluice.Client(server)
            client.expect(client.greet(), "220")
            client.expect(client.command("AUTH TLS"), "234")
            began = time.monotonic()
            hello = client_hello()
            client.socket.settimeout(0.2)
            ended = False
            for byte in hello[:60]:
                try:
                    client.socket.sendall(bytes([byte]))
                    ended = client.socket.recv(1) == b""
                except socket.timeout:
                    continue
                except OSError:
                    ended = True
                if ended:
                    break
            self.assertTrue(ended)
            self.assertLess(time.monotonic() - began, 5)

    def test_o_tls_17_ccc(self):
        self.tree.write("file", b"x" * 100)
        with self.tls("tls.allow_ccc=true") as server:
            for version in VERSIONS:
                client = self.logged_in(server, version)
                self.assertIn(" CCC", client.command("FEAT").split("\n"))
                inside = client.socket
                session = inside.session
                client.expect(client.command("CCC"), "200")
                client.socket = inside.unwrap()
                client.expect(client.command("PWD"), "257")
                client.expect(client.command("PBSZ 0"), "503")
                client.expect(client.command("PROT P"), "503")
                client.expect(client.command("ABOR"), "226")
                client.expect(client.command("TYPE I"), "200")
                # Data stay protected, and bound to what the control connection was.
                data = client.passive()
                client.expect(client.command("RETR file"), "150")
                data = client.context.wrap_socket(data, session=session,
                                                  suppress_ragged_eofs=False)
                self.assertEqual(sluice.read_all(data), b"x" * 100)
                data.unwrap()
                client.expect(client.reply(), "226")
                client.quit()

    def test_ccc_of_a_client_that_sends_no_close_notify(self):
        with self.tls("tls.allow_ccc=true") as server:
            client = self.logged_in(server)
            client.expect(client.command("CCC"), "200")
            raw = socket.socket(fileno=os.dup(client.socket.fileno()))
            raw.settimeout(10)
            raw.sendall(b"PWD\r\n")
            said = b""
            while b"257" not in said:
                piece = raw.recv(4096)
                self.assertTrue(piece, said)
                said += piece
            raw.close()

    def test_rein_goes_back_to_clear(self):
        with self.tls() as server:
            for version in VERSIONS:
                client = self.logged_in(server, version)
                client.expect(client.command("REIN"), "220")
                client.socket = client.socket.unwrap()
                client.expect(client.command("PWD"), "530")
                client.expect(client.command("AUTH TLS"), "234")
                client.secure()
                client.login()
                client.quit()

    def test_abor_over_tls(self):
        self.tree.write("file", b"x" * (64 << 20))
        with self.tls() as server:
            client = self.logged_in(server)
            client.expect(client.command("TYPE I"), "200")
            data = client.begin("RETR file")
            data.recv(1000)
            client.expect(client.command("ABOR"), "426")
            client.expect(client.reply(), "226")
            data.close()
            client.expect(client.command("NOOP"), "200")

    def test_a_client_that_breaks_off_has_no_success(self):
        # The file is whole in the socket by then, so only what the client sends can tell.
        self.tree.write("file", b"x" * 1000)
        with self.tls() as server, TlsClient(server) as client:
            client.login()
            client.expect(client.command("TYPE I"), "200")
            raw = client.passive()
            client.send("RETR file\r\n")
            into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = client.context.wrap_bio(into, out, session=client.socket.session)
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    raw.sendall(out.read())
                    into.write(raw.recv(65536))
            # The last flight, and behind it a record that is none: 255 is no type. What the server
            # sees of it is what an alert would be, the end of everything.
            raw.sendall(out.read() + b"\xff\x03\x03\x00\x10" + bytes(16))
            client.expect(client.reply(), "150", "125")
            client.expect(client.reply(), "426")
            raw.close()

    def test_slow_readers_hold_no_memory_that_others_need(self):
        # Two pieces at a time have room in so little memory, and eight clients stop in the middle.
        content = os.urandom(1 << 20) * 16
        self.tree.write("big", content)
        with self.tls("limits.transfer_buffer_memory=1MiB") as server:
            slow = []
            for _ in range(8):
                client = TlsClient(server)
                client.login()
                client.expect(client.command("TYPE I"), "200")
                data = client.begin("RETR big")
                slow.append((client, data, data.recv(1000)))
            with TlsClient(server) as client:
                client.login()
                self.assertEqual(client.retrieve("RETR big"), content)
            for client, data, begun in slow:
                with client, data:
                    self.assertEqual(begun + sluice.read_all(data), content)
                    data.unwrap()
                    client.expect(client.reply(), "226")

    def test_clients_that_vanish_leave_nothing_behind(self):
        self.tree.write("file", b"x" * (4 << 20))
        with self.tls() as server:
            with server.client() as client:
                client.quit()
            before = server.descriptors()
            hello = client_hello()
            for cut in range(0, len(hello), 16):
                client = sluice.Client(server)
                client.expect(client.greet(), "220")
                client.expect(client.command("AUTH TLS"), "234")
                client.send(hello[:cut])
                client.reset() if cut % 32 else client.close()
            for _ in range(20):
                client = self.logged_in(server)
                client.expect(client.command("TYPE I"), "200")
                data = client.begin("RETR file")
                sluice.reset(data)
                client.reset()
            self.assert_descriptors_return(server, before)
            self.assert_alive(server)

    def test_pipelined_commands_come_in_order(self):
        with self.tls() as server:
            client = self.logged_in(server)
            client.send(b"NOOP\r\nPWD\r\n" * 500)
            for _ in range(500):
                client.expect(client.reply(), "200")
                client.expect(client.reply(), "257")

    def test_the_flag_makes_a_certificate(self):
        with self.serve(wrapper=()) as plain:
            self.assertNotIn("AUTH TLS", plain.output())
        with self.tls() as server:
            self.assertIn("(AUTH TLS)", server.output())

    def check(self, *settings):
        command = [os.environ["SLUICED"], self.tree.root, "--check-config", "--listen",
                   "127.0.0.1:0"]
        for setting in settings:
            command += ["--set", setting]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=20, check=False)
        return done.returncode, done.stdout.decode()

    def test_bad_certificates_are_told_apart_before_the_start(self):
        chain, key = self.pem("one", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
        _, other = self.pem("two", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
        on = "tls.mode=optional"
        status, text = self.check(on)
        self.assertNotEqual(status, 0)
        self.assertIn("TLS needs 'tls.certificate'", text)
        status, text = self.check(on, "tls.certificate=" + chain, "tls.key=" + other)
        self.assertNotEqual(status, 0)
        self.assertIn("is not that of the certificate in", text)
        status, text = self.check(on, "tls.certificate=/no/such/file")
        self.assertNotEqual(status, 0)
        self.assertIn("/no/such/file: no such file", text)
        status, text = self.check(on, "tls.certificate=" + chain, "tls.key=" + key)
        self.assertEqual(status, 0, text)
        status, text = self.check(on, "tls.certificate=" + chain, "tls.key=" + key,
                                  "tls.ciphers=NONSENSE")
        self.assertNotEqual(status, 0)
        self.assertIn("NONSENSE", text)

    def test_certificates_of_files(self):
        chain, key = self.pem("rsa", "rsa:2048")
        folder = self.tree.path("..", "live")
        os.mkdir(folder)
        other, other_key = self.pem("ec", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
        os.rename(other, os.path.join(folder, "fullchain.pem"))
        os.rename(other_key, os.path.join(folder, "privkey.pem"))
        settings = ("tls.mode=optional", "tls.certificate=" + chain, "tls.key=" + key,
                    "tls.certificates=" + folder)
        with self.serve(settings=settings) as server:
            for ciphers, bits in (("ECDHE-RSA-AES128-GCM-SHA256", "RSA"),
                                  ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDSA")):
                context = context_of(ssl.TLSVersion.TLSv1_2)
                context.set_ciphers(ciphers)
                client = TlsClient(server, context, host="ftp.example.org")
                self.assertIn(bits, client.socket.cipher()[0])
                client.close()

    def test_ticket_keys_are_shared_by_servers(self):
        keys = self.tree.path("..", "tickets")
        with open(keys, "w", encoding="ascii") as f:
            f.write("%s\n%s\n" % ("a1" * 80, "b2" * 80))
        with self.tls("tls.ticket_keys=" + keys) as one, self.tls("tls.ticket_keys=" + keys) as two:
            client = self.logged_in(one, ssl.TLSVersion.TLSv1_2)
            plain = sluice.Client(two)
            plain.greet()
            plain.expect(plain.command("AUTH TLS"), "234")
            other = client.context.wrap_socket(plain.socket, session=client.socket.session)
            self.assertTrue(other.session_reused)


if __name__ == "__main__":
    sluice.run(__name__)
