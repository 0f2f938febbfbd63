"""Certificates of a running server: reload, expiry, clients that log in by one, stapling, mistakes."""

import contextlib
import datetime
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import unittest

from system_case import SystemCase, in_threads, sluice
from test_tls import VERSIONS, TlsClient, context_of

import authority
from authority import Authority

SESSIONS = 50


def with_certificate(pair, version=None):
    context = context_of(version)
    if pair:
        context.load_cert_chain(pair.chain, pair.key)
    return context


def days_from_now(days):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days, hours=1)
    return when.strftime("%Y%m%d%H%M%SZ")


class CertificateCase(SystemCase):
    def setUp(self):
        super().setUp()
        self.ca = Authority(self.place("ca"), "Server Authority")

    def place(self, *names):
        return os.path.join(self.tree.top, *names)

    def server_with(self, *settings, pair, **options):
        return self.serve(settings=("tls.mode=optional", "tls.certificate=" + pair.chain,
                                    "tls.key=" + pair.key) + settings, **options)

    def shown(self, server, host=None, context=None):
        """The certificate that a new session is shown, in DER."""
        client = TlsClient(server, context, host=host)
        der = client.socket.getpeercert(binary_form=True)
        client.close()
        return der

    @staticmethod
    def der_of(pair):
        with open(pair.chain, encoding="ascii") as f:
            return ssl.PEM_cert_to_DER_cert(f.read().split("-----END", 1)[0] +
                                            "-----END CERTIFICATE-----\n")

    def wait_for_line(self, server, text, count=1):
        sluice.wait_for(lambda: server.output().count(text) >= count, "%r in the log" % text)


@sluice.on_each_engine
class Reload(CertificateCase):
    def test_o_tls_16_transfers_go_on_while_certificates_are_replaced(self):
        content = sluice.random_bytes(4 << 20, 16)
        self.tree.write("file", content)
        old = self.ca.sign(self.place("live"), "localhost")
        old_der = self.der_of(old)
        new = self.ca.sign(self.place("new"), "localhost")
        with self.server_with("tls.binding=require", pair=old, writable=True) as server:
            running = []
            for number in range(SESSIONS):
                client = TlsClient(server, context_of(VERSIONS[number % 2]))
                client.login()
                client.expect(client.command("TYPE I"), "200")
                # No longer than the beginning is in the buffers: the rest is sent later.
                data = client.begin("RETR file")
                running.append((client, data, data.recv(1000)))
            tickets = [(client.context, client.socket.session) for client, _, _ in running[:2]]
            shutil.copy(new.chain, old.chain)
            shutil.copy(new.key, old.key)
            server.signal(signal.SIGHUP)
            self.wait_for_line(server, "read again")
            for version in VERSIONS:
                self.assertEqual(self.shown(server, context=context_of(version)),
                                 self.der_of(new))

            def finish(number):
                client, data, begun = running[number]
                received = begun + sluice.read_all(data)
                data.unwrap()
                data.close()
                client.expect(client.reply(), "226")
                self.assertEqual(sluice.sha256(received), sluice.sha256(content))
                # And the session goes on with what it began with: its data are still bound to it.
                client.expect(client.store("up%d" % number, b"x" * 1000), "226")
                data = client.begin("RETR file")
                self.assertTrue(data.session_reused)
                data.close()

            self.assertNotEqual(old_der, self.der_of(new))
            in_threads(SESSIONS, finish)
            for context, ticket in tickets:  # from before opens after
                client = sluice.Client(server)
                client.greet()
                client.expect(client.command("AUTH TLS"), "234")
                client.socket = context.wrap_socket(client.socket, session=ticket)
                client.expect(client.command("NOOP"), "200")
                self.assertTrue(client.socket.session_reused)
                client.close()
            for client, _, _ in running:
                client.close()

    def setup_certbot(self):
        """A folder as certbot keeps it: links in live/NAME to numbered files in archive/NAME."""
        archive = self.place("archive")
        live = self.place("live", "localhost")
        os.makedirs(archive)
        os.makedirs(live)
        self.add_to_archive(1)
        for name in ("fullchain", "privkey"):
            self.point(name, 1)
        return live

    def add_to_archive(self, number):
        pair = self.ca.sign(self.place("made%d" % number), "localhost")
        shutil.copy(pair.chain, self.place("archive", "fullchain%d.pem" % number))
        shutil.copy(pair.key, self.place("archive", "privkey%d.pem" % number))
        return pair

    def point(self, name, number):
        link = self.place("live", "localhost", name + ".pem")
        os.symlink("../../archive/%s%d.pem" % (name, number), link + ".new")
        os.rename(link + ".new", link)

    def test_links_that_point_elsewhere_are_seen_and_half_a_pair_is_waited_out(self):
        live = self.setup_certbot()
        with self.serve(settings=("tls.mode=optional", "tls.certificates=" + live)) as server:
            old = self.shown(server)
            new = self.add_to_archive(2)
            self.point("fullchain", 2)
            self.wait_for_line(server, "the former ones stay in use: %s/privkey.pem: this private "
                               "key is not that of the certificate in" % live)
            self.assertEqual(self.shown(server), old)
            self.point("privkey", 2)
            self.wait_for_line(server, "info reload")
            self.assertEqual(self.shown(server), self.der_of(new))
            self.assertEqual(server.output().count("error reload"), 1)

    def test_a_folder_of_folders_serves_each_by_name_and_new_ones_as_they_come(self):
        for name in ("a.example.org", "b.example.org"):
            self.ca.sign(self.place("live", name), name, "DNS:" + name)
        authority.write(self.place("live", "README"), "not a certificate\n")
        with self.serve(settings=("tls.mode=optional",
                                  "tls.certificates=" + self.place("live"))) as server:
            def serves(name, folder=None):
                return self.shown(server, name) == self.der_of(
                    authority.Pair(self.place("live", folder or name)))
            self.assertTrue(serves("a.example.org"))
            self.assertTrue(serves("b.example.org"))
            self.assertTrue(serves("c.example.org", "a.example.org"))
            self.ca.sign(self.place("coming"), "c.example.org", "DNS:c.example.org")
            os.rename(self.place("coming"), self.place("live", "c.example.org"))
            sluice.wait_for(lambda: serves("c.example.org"), "the new certificate")

    def test_ecdsa_and_rsa_stand_side_by_side_after_a_reload_too(self):
        pairs = [self.ca.sign(self.place(name), "localhost", "DNS:localhost", key=key)
                 for name, key in (("ec", authority.EC), ("rsa", authority.RSA))]
        contexts = []
        for cipher in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"):
            contexts.append(context_of(ssl.TLSVersion.TLSv1_2))
            contexts[-1].set_ciphers(cipher)
        with self.serve(settings=("tls.mode=optional", "tls.certificates=%s,%s" %
                                  tuple(pair.folder for pair in pairs))) as server:
            for turn in range(2):
                for pair, context in zip(pairs, contexts):
                    self.assertEqual(self.shown(server, context=context), self.der_of(pair))
                server.signal(signal.SIGHUP)
                self.wait_for_line(server, "info reload", turn + 1)

    def test_what_cannot_be_used_changes_nothing_and_says_so(self):
        pair = self.ca.sign(self.place("live"), "localhost")
        chain, key = authority.read(pair.chain), authority.read(pair.key)
        with self.server_with(pair=pair) as server:
            old = self.shown(server)
            refusals = 0
            for name, texts, words in Mistakes.list_of(self):
                with self.subTest(name):
                    authority.write(pair.chain, texts[0])
                    authority.write(pair.key, texts[1])
                    server.signal(signal.SIGHUP)
                    refusals += 1
                    self.wait_for_line(server, "error reload", refusals)
                    last = [line for line in server.output().splitlines()
                            if "error reload" in line][-1]
                    self.assertRegex(last, words)
                    self.assertEqual(self.shown(server), old)
            os.unlink(pair.key)
            server.signal(signal.SIGHUP)
            self.wait_for_line(server, "privkey.pem: no such file")
            authority.write(pair.chain, chain)
            authority.write(pair.key, key)
            server.signal(signal.SIGHUP)
            self.wait_for_line(server, "info reload")
            self.assert_alive(server)

    def test_new_ticket_keys_open_what_the_old_ones_have_sealed(self):
        first, second = (os.urandom(80).hex() + "\n" for _ in range(2))
        keys = self.place("tickets")
        authority.write(keys, first)
        pair = self.ca.sign(self.place("live"), "localhost")
        with self.server_with("tls.ticket_keys=" + keys, pair=pair) as server:
            def resumed(ticket):
                client = sluice.Client(server)
                client.greet()
                client.expect(client.command("AUTH TLS"), "234")
                client.socket = context.wrap_socket(client.socket, session=ticket)
                client.expect(client.command("NOOP"), "200")
                reused = client.socket.session_reused
                client.close()
                return reused
            context = context_of(ssl.TLSVersion.TLSv1_2)
            client = TlsClient(server, context)
            ticket = client.socket.session
            client.close()
            authority.write(keys, second + first)
            server.signal(signal.SIGHUP)
            self.wait_for_line(server, "info reload")
            self.assertTrue(resumed(ticket))
            authority.write(keys, second)
            server.signal(signal.SIGHUP)
            self.wait_for_line(server, "info reload", 2)
            self.assertFalse(resumed(ticket))
            authority.write(keys, "garbage\n")
            server.signal(signal.SIGHUP)
            self.wait_for_line(server, "tickets: line 1: a key is 160 hexadecimal digits")

    def test_hup_opens_the_log_again(self):
        log = self.place("log")
        with self.serve(settings=("log.file=" + log,)) as server:
            os.rename(log, log + ".1")
            server.signal(signal.SIGHUP)
            sluice.wait_for(lambda: os.path.exists(log), "the new log")

    def test_a_certificate_about_to_expire_is_told_and_one_that_has_is_served(self):
        for days, level, words in ((-2, "error", "expired on"), (20, "warn", "expires on"),
                                   (60, "info", "good until")):
            pair = self.ca.sign(self.place("live"), "localhost", ends=days_from_now(days))
            log = self.place("log%d" % days)
            with self.server_with("log.format=json", "log.file=" + log, pair=pair) as server:
                self.assertEqual(self.shown(server), self.der_of(pair))
                def told():
                    with open(log, encoding="utf-8") as f:
                        return [line for line in map(json.loads, f)
                                if line["event"] == "certificate"]
                line = sluice.wait_for(told, "the line of the certificate")[0]
                self.assertEqual((line["level"], line["days_left"], line["target"]),
                                 (level, days, "localhost"))
                self.assertIn(words, line["reason"])
                server.signal(signal.SIGHUP)
                sluice.wait_for(lambda: len(told()) == 2, "the line of the reload")

    def test_no_private_key_stays_in_memory_as_text(self):
        pair = self.ca.sign(self.place("live"), "localhost", key=authority.RSA)
        lines = authority.read(pair.key).encode().split(b"\n")[1:-2]
        both = self.place("both.pem")
        authority.write(both, authority.read(pair.key) + authority.read(pair.chain))
        for settings in (("tls.certificate=" + pair.chain, "tls.key=" + pair.key),
                         ("tls.certificate=" + both,)):
            with self.serve(settings=("tls.mode=optional",) + settings) as server:
                for turn in range(2):
                    known = self.shown(server)[10:100]
                    found = self.find_in_memory(server.pid, [known] + lines)
                    self.assertEqual(found, {known})  # the certificate is there, for comparison
                    server.signal(signal.SIGHUP)
                    self.wait_for_line(server, "info reload", turn + 1)

    @staticmethod
    def find_in_memory(pid, needles):
        found = set()
        with open("/proc/%d/maps" % pid, encoding="ascii", errors="replace") as maps, \
                open("/proc/%d/mem" % pid, "rb", 0) as memory:
            for line in maps:
                match = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
                if not match:
                    continue
                begin, end = (int(text, 16) for text in match.groups())
                if end - begin > 2 << 30:
                    continue  # a sanitizer's shadow
                with contextlib.suppress(OSError, ValueError, OverflowError):
                    memory.seek(begin)
                    content = memory.read(min(end - begin, 256 << 20))
                    found.update(needle for needle in needles if needle in content)
        return found


class Mistakes:
    """(name, (chain, key), what is said) of pairs that cannot be used."""

    @staticmethod
    def list_of(case):
        good = case.ca.sign(case.place("good"), "localhost")
        other = case.ca.sign(case.place("other"), "localhost")
        weak = case.place("weak.pem")
        authority.openssl("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout",
                          weak + ".key", "-out", weak, "-subj", "/CN=localhost")
        encrypted = case.place("encrypted.key")
        authority.openssl("pkey", "-in", good.key, "-aes128", "-passout", "pass:secret", "-out",
                          encrypted)
        chain, key = authority.read(good.chain), authority.read(good.key)
        ends = "-----END CERTIFICATE-----\n"
        leaf, above = (part + ends for part in chain.split(ends)[:2])
        stranger = authority.read(other.chain).split(ends)[0] + ends
        return [
            ("of another key", (chain, authority.read(other.key)),
             "this private key is not that of the certificate"),
            ("empty chain", ("", key), "fullchain.pem: the file is empty"),
            ("empty key", (chain, ""), "privkey.pem: the file is empty"),
            ("garbage chain", ("garbage", key), "fullchain.pem: holds no certificate in PEM"),
            ("garbage key", (chain, "garbage"), "privkey.pem: holds no private key in PEM"),
            ("half a chain", (chain[:300], key), "fullchain.pem: the certificate cannot be read"),
            ("half a key", (chain, key[:100]), "privkey.pem: the private key cannot be read"),
            ("encrypted", (chain, authority.read(encrypted)),
             "the private key is encrypted, .*openssl pkey"),
            ("authority first", (above + leaf, key),
             "wrong order: certificate 2 is that of the key in .*privkey.pem and must come first"),
            ("a stranger between", (leaf + stranger + above, key),
             r"wrong order: certificate 2 \(CN=localhost\) does not vouch for the one before it"),
            ("weak", (authority.read(weak), authority.read(weak + ".key")),
             "an RSA key of 1024 bits is too weak"),
        ]


class CheckCertificates(CertificateCase, unittest.TestCase):
    engine = None

    def check(self, *settings):
        command = [os.environ["SLUICED"], self.tree.root, "--check-config", "--listen",
                   "127.0.0.1:0", "--set", "tls.mode=optional", "--set",
                   "limits.max_sessions=10"]
        for setting in settings:
            command += ["--set", setting]
        # A terminal to ask for a passphrase is not there, and must not be missed.
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              start_new_session=True, check=False, timeout=sluice.DEADLINE)
        return done.returncode, done.stdout, done.stderr

    def check_pair(self, pair, *more):
        return self.check("tls.certificate=" + pair.chain, "tls.key=" + pair.key, *more)

    def test_a_good_pair(self):
        pair = self.ca.sign(self.place("live"), "localhost")
        self.assertEqual(self.check_pair(pair), (0, "OK\n", ""))
        self.assertEqual(self.check("tls.certificates=" + self.place("live"))[:2], (0, "OK\n"))

    def test_what_cannot_be_used(self):
        pair = self.ca.sign(self.place("live"), "localhost")
        for name, texts, words in Mistakes.list_of(self):
            with self.subTest(name):
                authority.write(pair.chain, texts[0])
                authority.write(pair.key, texts[1])
                code, output, errors = self.check_pair(pair)
                self.assertEqual((code, output), (78, ""), errors)
                self.assertRegex(errors, "^error: .*" + words)

    def test_files_that_cannot_be_read(self):
        pair = self.ca.sign(self.place("live"), "localhost")
        code, _, errors = self.check("tls.certificate=" + pair.chain, "tls.key=/nowhere.pem")
        self.assertEqual(code, 78)
        self.assertIn("error: /nowhere.pem: no such file or directory", errors)
        code, _, errors = self.check("tls.certificates=" + self.place("ca"))
        self.assertIn("error: %s/fullchain.pem: no such file" % self.place("ca"), errors)
        if os.geteuid() != 0:
            os.chmod(pair.key, 0)
            code, _, errors = self.check_pair(pair)
            self.assertEqual(code, 78)
            self.assertIn("the user that sluiced runs as must be able to read it", errors)

    def test_keys_that_others_may_read(self):
        pair = self.ca.sign(self.place("live"), "localhost")
        for mode, is_open in ((0o600, False), (0o640, False), (0o644, True), (0o660, True),
                              (0o604, True)):
            os.chmod(pair.key, mode)
            code, output, errors = self.check_pair(pair)
            self.assertEqual((code, output), (0, "OK\n"))
            self.assertEqual("the private key is open to others (mode %04o)" % mode in errors,
                             is_open, oct(mode))

    def test_dates(self):
        pair = self.ca.sign(self.place("live"), "localhost", ends="20210101000000Z")
        code, output, errors = self.check_pair(pair)
        self.assertEqual((code, output), (0, "OK\n"))
        self.assertIn("warning: %s: the certificate expired on 2021-01-01" % pair.chain, errors)

    def test_authorities_and_lists(self):
        pair = self.ca.sign(self.place("live"), "localhost")
        revoked = self.place("crl.pem")
        garbage = self.place("garbage")
        empty = self.place("empty")
        cut = self.place("cut")
        foreign = self.place("foreign.pem")
        self.ca.list_revoked(revoked)
        authority.write(garbage, "garbage")
        authority.write(empty, "")
        authority.write(cut, authority.read(revoked)[:200])
        other = Authority(self.place("other"), "Server Authority")
        other.list_revoked(foreign)
        on = ("tls.client_certificates=required",)
        good = on + ("tls.client_authorities=" + self.ca.pem,)
        self.assertEqual(self.check_pair(pair, *good, "tls.client_crl=" + revoked),
                         (0, "OK\n", ""))
        for settings, words in (
                (on, "'tls.client_certificates' needs 'tls.client_authorities'"),
                (on + ("tls.client_authorities=" + garbage,), "holds no certificate in PEM"),
                (on + ("tls.client_authorities=" + empty,), "the file is empty"),
                (on + ("tls.client_authorities=" + pair.chain,),
                 "CN=localhost is no authority and cannot vouch for clients"),
                (good + ("tls.client_crl=" + garbage,),
                 "holds no list of revoked certificates in PEM"),
                (good + ("tls.client_crl=" + empty,), "the file is empty"),
                (good + ("tls.client_crl=" + cut,), "list 1 cannot be read"),
                (good + ("tls.client_crl=" + foreign,),
                 "the list of CN=Server Authority is not signed by its key"),
                (good + ("tls.client_crl=/nowhere",), "/nowhere: no such file")):
            with self.subTest(settings):
                code, output, errors = self.check_pair(pair, *settings)
                self.assertIn(code, (64, 78))  # wrong in itself, or for this machine
                self.assertEqual(output, "")
                self.assertIn(words, errors)
        self.ca.list_revoked(revoked, "-crl_lastupdate", "20200101000000Z", "-crl_nextupdate",
                             "20200201000000Z")
        code, _, errors = self.check_pair(pair, *good, "tls.client_crl=" + revoked)
        self.assertEqual(code, 0)
        self.assertIn("ended on 2020-02-01; its clients are refused", errors)


@sluice.on_each_engine
class ClientCertificates(CertificateCase):
    def setUp(self):
        super().setUp()
        self.pair = self.ca.sign(self.place("live"), "localhost")
        self.clients = Authority(self.place("clients"), "Client Authority")
        self.mine = self.clients.sign(self.place("mine"), "anonymous",
                                      "email:ftp,URI:anonymous,DNS:other")

    def serve_clients(self, wanted, *settings, **options):
        return self.server_with("tls.client_certificates=" + wanted,
                                "tls.client_authorities=" + self.clients.pem, *settings,
                                pair=self.pair, **options)

    def assert_shut_out(self, server, context, why):
        with self.assertRaises((ssl.SSLError, OSError)) as caught:
            client = TlsClient(server, context)
            try:
                if not client.command("USER anonymous"):
                    raise OSError("closed")
            finally:
                client.close()
        self.wait_for_line(server, 'reason="%s"' % why)
        return str(caught.exception)

    def log_in(self, server, pair=None, version=None, user="anonymous", code="232"):
        client = TlsClient(server, with_certificate(pair or self.mine, version))
        self.addCleanup(client.close)
        client.expect(client.command("USER " + user), code)
        return client

    def test_o_tls_18_only_the_right_certificate_opens_the_door(self):
        self.tree.write("file", b"x" * 1000)
        stranger = self.ca.sign(self.place("stranger"), "anonymous")
        expired = self.clients.sign(self.place("expired"), "anonymous", ends="20210101000000Z")
        revoked = self.clients.sign(self.place("revoked"), "anonymous")
        self.clients.revoke(revoked)
        crl = self.place("crl.pem")
        self.clients.list_revoked(crl)
        with self.serve_clients("required", "tls.client_crl=" + crl, "tls.binding=require",
                                writable=True) as server:
            plain = sluice.Client(server)
            plain.greet()
            plain.expect(plain.command("USER anonymous"), "530")
            plain.expect(plain.command("PASS x"), "503")
            for version in VERSIONS:
                for pair, why in ((None, "peer did not return a certificate"),
                                  (stranger, "self-signed certificate in certificate chain"),
                                  (expired, "certificate has expired"),
                                  (revoked, "certificate revoked")):
                    self.assert_shut_out(server, with_certificate(pair, version), why)
                client = self.log_in(server, version=version)
                client.expect(client.command("PASS x"), "202")  # not needed, not wrong
                client.expect(client.command("PWD"), "257")
                client.protect()
                self.assertEqual(client.retrieve("RETR file"), b"x" * 1000)
                client.expect(client.store("up", b"y"), "226")
                self.assertEqual(client.retrieve("NLST").split(), [b"file", b"up"])
                client.expect(client.command("REIN"), "220")
                client.socket = client.socket.unwrap()
                client.expect(client.command("USER anonymous"), "530")

    def test_a_certificate_of_somebody_else_is_refused(self):
        other = self.clients.sign(self.place("other"), "alice")
        with self.serve_clients("required", "log.level=debug") as server:
            client = self.log_in(server, other, code="530")
            client.expect(client.command("PASS x"), "503")
            client.expect(client.command("USER alice"), "530")  # there is no such user
            self.log_in(server)
            self.wait_for_line(server, 'reason="by certificate CN=anonymous"')
            self.wait_for_line(server, 'reason="the certificate is not for this user"')

    def test_optional_leaves_the_password(self):
        other = self.clients.sign(self.place("other"), "alice")
        stranger = self.ca.sign(self.place("stranger"), "anonymous")
        with self.serve_clients("optional") as server:
            for version in VERSIONS:
                self.log_in(server, version=version)
                client = self.log_in(server, other, version, code="331")
                client.expect(client.command("PASS x"), "230")
                client = TlsClient(server, context_of(version))
                client.login()
                client.quit()
                # One that is shown must be good.
                self.assert_shut_out(server, with_certificate(stranger, version),
                                     "self-signed certificate in certificate chain")
            with server.client() as client:
                client.expect(client.command("NOOP"), "200")

    def test_names_are_compared_exactly_in_the_way_that_is_set(self):
        for how, user, code in (("cn", "anonymous", "232"), ("cn", "ftp", "331"),
                                ("cn", "Anonymous", "331"), ("email", "ftp", "232"),
                                ("email", "anonymous", "331"), ("uri", "anonymous", "232"),
                                ("dns", "anonymous", "331"), ("dns", "other", "331"),
                                ("none", "anonymous", "331")):
            with self.subTest((how, user)):
                with self.serve_clients("optional", "tls.client_user=" + how, shards=1) as server:
                    self.log_in(server, user=user, code=code)
        # A certificate that says nothing about who it is opens the door, and the password the rest.
        with self.serve_clients("required", "tls.client_user=none") as server:
            self.assert_shut_out(server, context_of(), "peer did not return a certificate")
            client = self.log_in(server, code="331")
            client.expect(client.command("PASS x"), "230")
        # The password does not follow in clear, whatever tls.mode says.
        with self.serve_clients("required", "tls.client_user=none", "tls.allow_ccc=true") as server:
            client = self.log_in(server, code="331")
            client.expect(client.command("CCC"), "503")
            client.expect(client.command("PASS x"), "230")
            client.expect(client.command("CCC"), "200")

    def test_data_connections_are_of_the_same_client(self):
        self.tree.write("file", b"x" * 1000)
        other = self.clients.sign(self.place("other"), "anonymous")
        with self.serve_clients("required", "tls.handshake_timeout=3s") as server:
            for version in VERSIONS:
                client = self.log_in(server, version=version)
                client.protect()
                client.expect(client.command("TYPE I"), "200")
                client.binds = False
                self.assertEqual(client.retrieve("RETR file"), b"x" * 1000)  # by certificate
                for pair in (other, None):
                    data = client.passive()
                    client.expect(client.command("RETR file"), "150")
                    with contextlib.suppress(ssl.SSLError, OSError):
                        data = with_certificate(pair, version).wrap_socket(data)
                        self.assertEqual(data.recv(1000), b"")
                    client.expect(client.reply(), "522")
                    data.close()
                client.binds = True
                self.assertEqual(client.retrieve("RETR file"), b"x" * 1000)  # by its session

    def test_a_ticket_is_no_way_around_a_newer_list(self):
        crl = self.place("crl.pem")
        self.clients.list_revoked(crl)
        with self.serve_clients("required", "tls.client_crl=" + crl) as server:
            kept = []
            for version in VERSIONS:
                client = self.log_in(server, version=version)
                client.protect()
                kept.append((client, client.context, client.socket.session))
            self.clients.revoke(self.mine)
            self.clients.list_revoked(crl)
            server.signal(signal.SIGHUP)
            self.wait_for_line(server, "info reload")
            for client, context, session in kept:
                again = sluice.Client(server)
                again.greet()
                again.expect(again.command("AUTH TLS"), "234")
                with self.assertRaises((ssl.SSLError, OSError)):
                    again.socket = context.wrap_socket(again.socket, session=session)
                    if not again.command("USER anonymous"):
                        raise OSError("closed")
                again.close()
                # Who is in stays in.
                self.assertIn(b"", client.retrieve("NLST"))
            self.wait_for_line(server, "certificate revoked")

    def test_implicit_tls_asks_as_well(self):
        server = self.serve(settings=(
            "tls.listen=127.0.0.1:0", "tls.certificate=" + self.pair.chain,
            "tls.key=" + self.pair.key, "tls.client_certificates=required",
            "tls.client_authorities=" + self.clients.pem))
        self.addCleanup(server.kill)
        server.port = int(sluice.wait_for(
            lambda: re.search(r"ftps://127.0.0.1:(\d+)/", server.output()), "the port").group(1))
        client = TlsClient(server, with_certificate(self.mine), auth=None)
        client.secure()
        client.expect(client.greet(), "220")
        client.expect(client.command("USER anonymous"), "232")
        client.expect(client.command("REIN"), "220")
        client.expect(client.command("USER anonymous"), "232")
        client.quit()
        client = TlsClient(server, context_of(), auth=None)
        with self.assertRaises((ssl.SSLError, OSError)):
            client.secure()
            if not client.greet():
                raise OSError("closed")
        client.close()


@sluice.on_each_engine
class Stapling(CertificateCase):
    def status(self, server, *more):
        done = subprocess.run(
            ["openssl", "s_client", "-connect", "127.0.0.1:%d" % server.port, "-starttls", "ftp",
             "-status", "-CAfile", self.ca.pem, *more], input=b"QUIT\r\n",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            timeout=sluice.DEADLINE)
        return done.stdout.decode(errors="replace")

    def test_a_response_from_a_file_is_stapled_and_read_again(self):
        pair = self.ca.sign(self.place("live"), "localhost")
        other = self.ca.sign(self.place("other"), "localhost")
        ocsp = os.path.join(pair.folder, "ocsp.der")
        with self.serve(settings=("tls.mode=optional",
                                  "tls.certificates=" + pair.folder)) as server:
            self.assertIn("OCSP response: no response sent", self.status(server))
            self.ca.answer(pair, ocsp)
            sluice.wait_for(lambda: "Cert Status: good" in self.status(server, "-tls1_2"),
                            "the response")
            self.assertIn("Cert Status: good", self.status(server, "-tls1_3"))
            reloads = server.output().count("info reload")
            self.ca.answer(other, ocsp)
            server.signal(signal.SIGHUP)
            self.wait_for_line(server, "info reload", reloads + 1)
            self.assertIn("OCSP response: no response sent", self.status(server))
            self.wait_for_line(server, "the OCSP response is not about the certificate in")
            self.ca.revoke(pair)
            self.ca.answer(pair, ocsp)
            self.wait_for_line(server, "the authority says that the certificate is revoked")
            self.assertIn("OCSP response: no response sent", self.status(server))
            authority.write(ocsp, "garbage")
            self.wait_for_line(server, "this is no OCSP response in DER")
            self.assert_alive(server)

    def test_a_response_named_by_the_configuration(self):
        pair = self.ca.sign(self.place("live"), "localhost")
        ocsp = self.place("response.der")
        self.ca.answer(pair, ocsp)
        with self.server_with("tls.ocsp=" + ocsp, pair=pair) as server:
            self.assertIn("Cert Status: good", self.status(server))


if __name__ == "__main__":
    sluice.run(__name__)
