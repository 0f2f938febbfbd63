"""What testssl.sh and its kin look for in a server: each weakness is offered, and must be declined.

Most of it is asked with hellos made by hand (tests/support/tls_hello.py), since no library sends
them any more; the rest by `openssl s_client`. test_tls.py has the O-TLS cases.
"""

import os
import re
import shutil
import subprocess

from system_case import SystemCase, sluice
import tls_hello as tls

ON = ("tls.mode=optional", "tls.self_signed=true")

# By name, for the message of a test that fails. All of them were good once.
WEAK_CIPHERS = {
    "NULL": 0x0000, "RSA_NULL_MD5": 0x0001, "RSA_NULL_SHA256": 0x003B, "ECDHE_ECDSA_NULL": 0xC006,
    "ECDHE_RSA_NULL": 0xC010, "EXPORT_RC4_40": 0x0003, "EXPORT_RC2_40": 0x0006,
    "EXPORT_DES_40": 0x0008, "DHE_EXPORT": 0x0014, "RC4_MD5": 0x0004, "RC4_SHA": 0x0005,
    "ECDHE_RSA_RC4": 0xC011, "ECDHE_ECDSA_RC4": 0xC007, "DES_CBC": 0x0009, "3DES": 0x000A,
    "DHE_3DES": 0x0016, "ECDHE_RSA_3DES": 0xC012, "ECDHE_ECDSA_3DES": 0xC008, "IDEA": 0x0007,
    "DH_anon_AES128": 0x0034, "DH_anon_RC4": 0x0018, "DH_anon_GCM": 0x00A6,
    "ECDH_anon_AES128": 0xC018, "RSA_AES128_CBC": 0x002F, "RSA_AES256_CBC": 0x0035,
    "RSA_AES128_GCM": 0x009C, "RSA_AES256_GCM": 0x009D, "RSA_CAMELLIA": 0x0041, "SEED": 0x0096,
    "DHE_AES128_CBC": 0x0033, "DHE_AES128_GCM": 0x009E, "DHE_AES256_GCM": 0x009F,
    "ECDH_ECDSA_AES128": 0xC004, "ECDHE_ECDSA_AES128_CBC": 0xC009, "ECDHE_RSA_AES128_CBC": 0xC013,
    "ECDHE_ECDSA_AES128_SHA256": 0xC023, "ECDHE_RSA_AES256_SHA384": 0xC028, "PSK": 0x008C,
    "PSK_GCM": 0x00A8, "SRP": 0xC01D, "ARIA": 0xC050, "CCM_8": 0xC0AE,
}
WEAK_GROUPS = {"sect163k1": 1, "sect571r1": 14, "secp160k1": 15, "secp192r1": 19, "secp224r1": 21,
               "secp256k1": 22, "brainpoolP256r1": 26, "ffdhe2048": 256, "ffdhe8192": 260,
               "nobody's": 0x2A2A}
SHA1_AND_OLDER = {"rsa_pkcs1_md5": 0x0101, "rsa_pkcs1_sha1": 0x0201, "dsa_sha1": 0x0202,
                  "ecdsa_sha1": 0x0203, "dsa_sha256": 0x0402, "rsa_pkcs1_sha224": 0x0301}
EC_KEY = bytes.fromhex("06072a8648ce3d0201")
RSA_KEY = bytes.fromhex("06092a864886f70d010101")
GREASE = 0x4A4A


@sluice.on_each_engine
class TlsChecks(SystemCase):
    def setUp(self):
        super().setUp()
        self.server = self.start()

    def start(self, *settings):
        server = self.serve(settings=ON + settings)
        self.addCleanup(server.kill)
        return server

    def open(self):
        client = sluice.Client(self.server)
        self.addCleanup(client.close)
        client.expect(client.greet(), "220")
        client.expect(client.command("AUTH TLS"), "234")
        return client

    @staticmethod
    def hear(client):
        """Until an alert, the end of a flight, or the end."""
        data = b""
        while True:
            answer = tls.Answer(data)
            if (answer.alert is not None or answer.is_done or
                    (answer.is_hello and answer.version == tls.TLS13)):
                return answer
            try:
                piece = client.socket.recv(65536)
            except ConnectionResetError:
                piece = b""
            if not piece:
                return answer
            data += piece

    def ask(self, hello):
        client = self.open()
        client.send(hello)
        answer = self.hear(client)
        client.close()
        return answer

    def assert_refused(self, hello, what, alert=None):
        answer = self.ask(hello)
        self.assertFalse(answer.is_hello, what)
        if alert is not None:
            self.assertEqual(answer.alert, alert, what)

    def test_what_is_good_is_taken(self):
        """Else the refusals below would prove nothing."""
        answer = self.ask(tls.client_hello())
        self.assertEqual((answer.version, answer.cipher), (tls.TLS12, 0xC02B))
        answer = self.ask(tls.hello_13())
        self.assertEqual((answer.version, answer.cipher), (tls.TLS13, 0x1301))

    def test_old_versions(self):
        self.assert_refused(tls.hello_of_ssl2(), "SSL 2")
        self.assert_refused(tls.client_hello(0x0002, (0x2F,)), "SSL 2 in the form of SSL 3")
        self.assert_refused(tls.client_hello(tls.SSL3, (0x2F, 0x0A, 0x05)), "SSL 3")
        for version in (tls.TLS10, tls.TLS11):
            self.assert_refused(tls.client_hello(version, (0xC013, 0xC009, 0x2F)), hex(version),
                                tls.PROTOCOL_VERSION)
        for version in (tls.SSL3, tls.TLS10, tls.TLS11, 0x7F1C):
            self.assert_refused(tls.client_hello(versions=(version,)), hex(version),
                                tls.PROTOCOL_VERSION)

    def test_versions_of_the_future_are_no_reason_to_refuse(self):
        self.assertEqual(self.ask(tls.client_hello(0x0304)).version, tls.TLS12)
        self.assertEqual(self.ask(tls.client_hello(0x03FF)).version, tls.TLS12)
        answer = self.ask(tls.client_hello(
            ciphers=(GREASE,) + tls.GOOD_13, groups=(GREASE,) + tls.GOOD_GROUPS,
            signatures=(GREASE,) + tls.GOOD_SIGNATURES, versions=(GREASE, 0x0305, tls.TLS13),
            extensions=((GREASE, b""), (0x5A5A, b"x"))))
        self.assertEqual(answer.version, tls.TLS13)

    def test_weak_ciphers(self):
        for name, cipher in WEAK_CIPHERS.items():
            self.assert_refused(tls.client_hello(ciphers=(cipher,)), name, tls.HANDSHAKE_FAILURE)
        # All at once, and one good one at the end: that is it.
        everything = tuple(WEAK_CIPHERS.values()) + (0xC02C,)
        self.assertEqual(self.ask(tls.client_hello(ciphers=everything)).cipher, 0xC02C)

    def test_weak_ciphers_stay_away_from_rsa_as_well(self):
        chain, key = self.pem("rsa", "rsa:2048")
        self.server = self.start("tls.certificate=" + chain, "tls.key=" + key)
        self.assertEqual(self.ask(tls.client_hello()).cipher, 0xC02F)
        for name, cipher in WEAK_CIPHERS.items():
            self.assert_refused(tls.client_hello(ciphers=(cipher,)), name, tls.HANDSHAKE_FAILURE)

    def test_the_server_chooses_the_cipher(self):
        for order in (tls.GOOD_12, tls.GOOD_12[::-1][2:]):
            self.assertEqual(self.ask(tls.client_hello(ciphers=order)).cipher, 0xC02B)
        # But who has no AES in hardware says so, and is heard.
        self.assertEqual(self.ask(tls.client_hello(ciphers=tls.GOOD_12[::-1])).cipher, 0xCCA9)

    def test_compression(self):
        self.assertEqual(self.ask(tls.client_hello(compressions=(1, 64, 0))).compression, 0)
        self.assert_refused(tls.client_hello(compressions=(1,)), "DEFLATE only")

    def test_heartbeat(self):
        client = self.open()
        client.send(tls.client_hello(extensions=((tls.HEARTBEATS, b"\1"),)))
        answer = self.hear(client)
        self.assertTrue(answer.is_hello)
        self.assertNotIn(tls.HEARTBEATS, answer.extensions)
        # CVE-2014-0160: 16 KiB are asked for, and none are sent along.
        client.send(tls.record(tls.HEARTBEAT, b"\1\x40\0", tls.TLS12))
        said = tls.Answer(sluice.read_to_any_end_bytes(client.socket))
        self.assertNotIn(tls.HEARTBEAT, said.kinds)
        self.assert_alive(self.server)

    def test_change_of_ciphers_too_early(self):
        """CVE-2014-0224."""
        client = self.open()
        client.send(tls.client_hello())
        self.assertTrue(self.hear(client).is_done)
        client.send(tls.record(tls.CHANGE_CIPHER_SPEC, b"\1", tls.TLS12))
        self.assertEqual(tls.Answer(sluice.read_to_any_end_bytes(client.socket)).alert,
                         tls.UNEXPECTED_MESSAGE)

    def test_a_fallback_that_was_not_needed(self):
        """RFC 7507."""
        fallback = tls.client_hello(ciphers=tls.GOOD_12 + (tls.FALLBACK_SCSV,))
        self.assert_refused(fallback, "FALLBACK_SCSV", tls.INAPPROPRIATE_FALLBACK)

    def test_the_sentinel_against_downgrades(self):
        self.assertTrue(self.ask(tls.client_hello()).random.endswith(tls.SENTINEL_12))
        self.assertFalse(self.ask(tls.hello_13()).random.endswith(b"DOWNGRD\0"))

    def test_groups(self):
        for group in tls.GOOD_GROUPS:
            answer = self.ask(tls.hello_13(groups=(group,)))
            self.assertEqual(answer.retried_group, group)
        for name, group in WEAK_GROUPS.items():
            self.assert_refused(tls.hello_13(groups=(group,)), name, tls.HANDSHAKE_FAILURE)
            self.assert_refused(tls.client_hello(groups=(group,)), name, tls.HANDSHAKE_FAILURE)
        # Of several it is ours, the fastest.
        self.assertEqual(self.ask(tls.hello_13(groups=(tls.P384, tls.P256, tls.X25519)))
                         .retried_group, tls.X25519)

    def test_signatures(self):
        for name, scheme in SHA1_AND_OLDER.items():
            self.assert_refused(tls.client_hello(signatures=(scheme,)), name,
                                tls.HANDSHAKE_FAILURE)
            # Named first, it is passed over for one that is good.
            answer = self.ask(tls.client_hello(signatures=(scheme, tls.ECDSA_P256)))
            self.assertEqual(answer.signature, tls.ECDSA_P256, name)

    def test_the_certificate_is_the_one_that_the_client_can_check(self):
        chain, key = self.pem("rsa", "rsa:2048")
        live = self.tree.path("..", "live")
        os.mkdir(live)
        for source, name in zip(self.pem("ec", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
                                ("fullchain.pem", "privkey.pem")):
            os.rename(source, os.path.join(live, name))
        self.server = self.start("tls.certificate=" + chain, "tls.key=" + key,
                                 "tls.certificates=" + live)
        for signatures, ours, other in (((tls.ECDSA_P256,), EC_KEY, RSA_KEY),
                                        ((tls.RSA_PSS,), RSA_KEY, EC_KEY),
                                        ((tls.RSA_PKCS1,), RSA_KEY, EC_KEY),
                                        (tls.GOOD_SIGNATURES, EC_KEY, RSA_KEY),
                                        (tls.GOOD_SIGNATURES[::-1], EC_KEY, RSA_KEY)):
            answer = self.ask(tls.client_hello(signatures=signatures))
            self.assertIn(ours, answer.certificate, signatures)
            self.assertNotIn(other, answer.certificate, signatures)

    def s_client(self, *words, text="", wait_for=None):
        """The output of openssl s_client, which says `text` when it has said `wait_for`."""
        if not shutil.which("openssl"):
            self.skipTest("openssl is not installed")
        command = ["openssl", "s_client", "-starttls", "ftp", "-crlf", "-connect",
                   "127.0.0.1:%d" % self.server.port, *words]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        self.addCleanup(process.kill)
        seen = b""
        if wait_for:
            while wait_for not in seen:
                piece = os.read(process.stdout.fileno(), 65536)
                self.assertTrue(piece, seen)
                seen += piece
        output, _ = process.communicate(text.encode(), timeout=sluice.DEADLINE)
        return (seen + output).decode("utf-8", "replace")

    def test_renegotiation(self):
        output = self.s_client("-tls1_2", text="R\n", wait_for=b"Extended master secret")
        self.assertIn("Secure Renegotiation IS supported", output)
        self.assertIn("RENEGOTIATING", output)
        self.assertIn("no renegotiation", output)
        self.assert_alive(self.server)
        # Who does not know of RFC 5746 is served, and cannot renegotiate either.
        answer = self.ask(tls.client_hello())
        self.assertNotIn(tls.RENEGOTIATION, answer.extensions)
        answer = self.ask(tls.client_hello(ciphers=tls.GOOD_12 + (tls.RENEGOTIATION_SCSV,)))
        self.assertEqual(answer.extensions[tls.RENEGOTIATION], b"\0")

    def test_tickets_live_a_day_and_promise_no_early_data(self):
        for version in ("-tls1_2", "-tls1_3"):
            output = self.s_client(version, "-ign_eof", text="NOOP\nQUIT\n",
                                   wait_for=b"Verify return code")
            lifetimes = re.findall(r"lifetime hint: (\d+) \(seconds\)", output)
            self.assertTrue(lifetimes, output)
            for lifetime in lifetimes:
                self.assertTrue(3600 <= int(lifetime) <= 86400, lifetime)
            if version == "-tls1_3":
                self.assertEqual(set(re.findall(r"Max Early Data: (\d+)", output)), {"0"}, output)

    def test_early_data_are_not_sent(self):
        session, early = self.tree.path("..", "session"), self.tree.path("..", "early")
        with open(early, "w", encoding="ascii") as file:
            file.write("MKD early\r\n")
        self.s_client("-tls1_3", "-ign_eof", "-sess_out", session, text="NOOP\nQUIT\n",
                      wait_for=b"Verify return code")
        output = self.s_client("-tls1_3", "-ign_eof", "-sess_in", session, "-early_data", early,
                               text="NOOP\nQUIT\n", wait_for=b"Verify return code")
        self.assertIn("Reused", output)
        self.assertNotIn("Early data was accepted", output)
        self.assertFalse(os.path.exists(self.tree.path("early")))

    def test_nothing_is_compressed(self):
        for version in ("-tls1_2", "-tls1_3"):
            output = self.s_client(version, "-comp", "-ign_eof", text="QUIT\n",
                                   wait_for=b"Verify return code")
            self.assertIn("Compression: NONE", output)


if __name__ == "__main__":
    sluice.run(__name__)
