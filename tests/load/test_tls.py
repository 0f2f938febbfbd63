"""sluice-load over TLS: every scenario in both modes, and what a server of TLS can do wrong."""

import os
import re
import socket
import time

from bad_tls_server import BadTlsServer, certificate
from load_case import TROUBLES, USAGE, LoadCase, load, sluice

KIB = 1024
MODES = ("explicit", "implicit")
# Longer than a busy machine needs for a handshake, short enough to wait for.
TIMEOUT = "700ms"


class TlsCase(LoadCase):
    def serve_tls(self, *settings, **options):
        chain, _ = certificate("server")
        self.record = os.path.join(self.tree.top, "xferlog")
        self.seen = 0  # lines of it
        server = self.serve(settings=("tls.mode=optional", "tls.listen=127.0.0.1:0",
                                      "tls.certificate=" + chain, "tls.key=" + chain,
                                      "log.transfer_file=" + self.record) + settings, **options)
        self.addCleanup(server.kill)
        server.implicit = int(sluice.wait_for(
            lambda: re.search(r"ftps://127.0.0.1:(\d+)/", server.output()),
            "the implicit port").group(1))
        return server

    def load_tls(self, server, mode, scenario, path, *words):
        if mode == "implicit":
            url = "ftps://127.0.0.1:%d/%s" % (server.implicit, path)
        else:
            url = "ftpes://127.0.0.1:%d/%s" % (server.port, path)
        return load(self.engine, scenario, url, *words)

    def recorded(self, direction, count):
        """(how many complete transfers, how many bytes) the server has written down since, which it
        does a moment after the 226."""
        def read():
            with open(self.record) as f:
                found = [line.split() for line in f]
            return found if len(found) >= self.seen + count else None
        lines = sluice.wait_for(read, "%d lines in the log" % count)
        sizes = [int(fields[7]) for fields in lines[self.seen:]
                 if fields[11] == direction and fields[17] == "c"]
        self.seen = len(lines)
        return len(sizes), sum(sizes)

    def assert_resumed(self, measured, count):
        """All data connections, and no control connection. The end of a counted run may cut off
        logins whose handshake is over."""
        full = measured.totals["tls_control_full"]
        self.assertIn(full - measured.totals["logins"], range(16), measured.output)
        self.assert_handshakes(measured, full, 0, 0, count)

    def assert_handshakes(self, measured, control_full, control_resumed, data_full, data_resumed):
        totals = measured.totals
        self.assertEqual(
            [totals["tls_" + name] for name in ("control_full", "control_resumed", "data_full",
                                                "data_resumed")],
            [control_full, control_resumed, data_full, data_resumed], measured.output)
        self.assertEqual(measured.step("tls_control")["count"], control_full + control_resumed)
        self.assertEqual(measured.step("tls_data")["count"], data_full + data_resumed)


@sluice.on_each_engine
class TlsScenarios(TlsCase):
    def test_download(self):
        size = 3 * KIB * KIB + 17
        self.tree.write("file", sluice.random_bytes(size))
        with self.serve_tls("tls.binding=require") as server:
            for mode in MODES:
                for version, data in (("1.2", "epsv"), ("1.3", "pasv"), ("1.3", "port")):
                    measured = self.load_tls(server, mode, "download", "file", "--sessions", 4,
                                             "--transfers", 16, "--threads", 2, "--data", data,
                                             "--tls-version", version)
                    self.assert_clean(measured)
                    self.assertEqual(measured.totals["bytes_received"], 16 * size)
                    self.assertEqual(self.recorded("o", 16), (16, 16 * size))
                    # Each session shakes hands once, and all data connections resume that.
                    self.assert_resumed(measured, 16)
                    self.assertEqual(measured.results["tls"]["version"], "TLSv" + version)
                    self.assertEqual(measured.results["options"]["tls"], mode)

    def test_what_was_uploaded_verifies(self):
        # Longer than the pattern of the content, so that its wrap is passed too.
        size = 1021 * 4096 + 12345
        paths = ("--path", "up-0", "--path", "up-1", "--sessions", 2, "--seed", 7)
        with self.serve_tls() as server:
            for mode in MODES:
                measured = self.load_tls(server, mode, "upload", "", *paths, "--transfers", 6,
                                         "--size", "%dB" % size)
                self.assert_clean(measured)
                self.assertEqual(measured.totals["bytes_sent"], 6 * size)
                self.assertEqual(self.recorded("i", 6), (6, 6 * size))
                self.assert_resumed(measured, 6)
                verified = self.load_tls(server, mode, "download", "", *paths, "--verify",
                                         "--transfers", 6)
                self.assert_clean(verified)
                self.assertEqual(verified.totals["bytes_received"], 6 * size)
            content = bytearray(self.tree.read("up-1"))
            content[-1] ^= 1
            self.tree.write("up-1", content)
            changed = self.load_tls(server, "explicit", "download", "", *paths, "--verify",
                                    "--transfers", 6)
            self.assertEqual(list(changed.errors), ["wrong_bytes"])
            self.assertNotIn("tls_eof", server.output(), "an upload ended without close_notify")

    def test_small_files_and_what_resumes(self):
        self.tree.write("f", sluice.random_bytes(1000))
        with self.serve_tls() as server:
            for mode in MODES:
                for resume, data_full, data_resumed in (("data", 0, 200), ("none", 200, 0)):
                    measured = self.load_tls(server, mode, "small-files", "f", "--sessions", 1,
                                             "--transfers", 200, "--tls-resume", resume)
                    self.assert_clean(measured)
                    self.assertEqual(measured.totals["bytes_received"], 200 * 1000)
                    self.assertEqual(self.recorded("o", 200), (200, 200 * 1000))
                    self.assert_handshakes(measured, 1, 0, data_full, data_resumed)

    def test_empty_files(self):
        self.tree.write("empty", b"")
        with self.serve_tls() as server:
            self.assert_clean(self.load_tls(server, "explicit", "download", "empty", "--sessions",
                                            2, "--transfers", 20))
            self.assert_clean(self.load_tls(server, "explicit", "upload", "none", "--sessions", 1,
                                            "--transfers", 5, "--size", "0B"))
            self.assertEqual(self.tree.read("none"), b"")

    def test_login(self):
        with self.serve_tls() as server:
            for mode in MODES:
                for version in ("1.2", "1.3"):
                    words = ("--sessions", 2, "--transfers", 40, "--tls-version", version)
                    measured = self.load_tls(server, mode, "login", "", *words)
                    self.assert_clean(measured)
                    self.assertEqual(measured.totals["logins"], 40)
                    self.assert_handshakes(measured, 40, 0, 0, 0)
                    measured = self.load_tls(server, mode, "login", "", *words, "--tls-resume",
                                             "all")
                    self.assert_clean(measured)
                    # The first of each session has nothing to resume.
                    full = measured.totals["tls_control_full"]
                    self.assertIn(full, (1, 2))
                    self.assert_handshakes(measured, full, 40 - full, 0, 0)

    def test_list_and_noop(self):
        for i in range(100):
            self.tree.write("name-%03d" % i, b"")
        with self.serve_tls() as server:
            with server.client() as client:
                size = len(client.retrieve("MLSD"))
            for mode in MODES:
                measured = self.load_tls(server, mode, "list", "", "--sessions", 2, "--transfers",
                                         20)
                self.assert_clean(measured)
                self.assertEqual(measured.totals["bytes_received"], 20 * size)
                measured = self.load_tls(server, mode, "noop", "", "--sessions", 8, "--transfers",
                                         2000)
                self.assert_clean(measured)
                self.assertEqual(measured.totals["actions_done"], 2000)

    def test_idle(self):
        with self.serve_tls() as server:
            for mode in MODES:
                measured = self.load_tls(server, mode, "idle", "", "--sessions", 100, "--duration",
                                         "1500ms", "--server-pid", server.pid)
                self.assert_clean(measured)
                self.assertEqual(measured.totals["logins"], 100)
                self.assertEqual(measured.results["server"]["sessions"], 100)

    def test_slow_readers(self):
        self.tree.write("file", sluice.random_bytes(128 * KIB))
        with self.serve_tls() as server:
            for mode in MODES:
                measured = self.load_tls(server, mode, "slow-readers", "file", "--sessions", 3,
                                         "--transfers", 3)
                self.assert_clean(measured)
                self.assertEqual(measured.totals["bytes_received"], 3 * 128 * KIB)
                # 64 KiB a second; the last step needs no wait.
                self.assertGreater(measured.step("action")["min_ns"], 1_800_000_000)

    def test_abort(self):
        self.tree.write("file", bytes(64 * KIB * KIB))
        with self.serve_tls() as server:
            for mode in MODES:
                measured = self.load_tls(server, mode, "abort", "file", "--sessions", 4,
                                         "--transfers", 40)
                self.assert_clean(measured)
                self.assertEqual(measured.totals["actions_done"], 40)
                self.assertLess(measured.totals["bytes_received"], 40 * 32 * KIB * KIB)

    def test_mixed(self):
        self.tree.write("file", sluice.random_bytes(300 * KIB))
        with self.serve_tls() as server:
            for mode in MODES:
                measured = self.load_tls(server, mode, "mixed", "file", "--sessions", 8,
                                         "--transfers", 80, "--size", "100KB")
                self.assert_clean(measured)
                self.assertEqual(measured.totals["actions_done"], 80)
                self.assert_resumed(measured, 80)

    def test_data_in_clear(self):
        self.tree.write("file", sluice.random_bytes(100 * KIB))
        with self.serve_tls() as server:
            measured = self.load_tls(server, "explicit", "download", "file", "--sessions", 2,
                                     "--transfers", 10, "--data-protection", "clear")
            self.assert_clean(measured)
            self.assert_resumed(measured, 0)
            self.assertIn("data CLEAR", measured.output)

    def test_ciphers(self):
        self.tree.write("file", sluice.random_bytes(KIB))
        with self.serve_tls() as server:
            for wanted, got in (("TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"),
                                ("TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256"),
                                ("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384")):
                measured = self.load_tls(server, "explicit", "download", "file", "--sessions", 1,
                                         "--transfers", 2, "--tls-ciphers", wanted)
                self.assert_clean(measured)
                self.assertEqual(measured.results["tls"]["cipher"], got)

    def test_the_certificate_is_checked_on_demand(self):
        self.tree.write("file", b"x")
        with self.serve_tls() as server:
            words = ("download", "file", "--sessions", 2, "--transfers", 4)
            measured = self.load_tls(server, "implicit", *words)
            self.assert_clean(measured)
            self.assertIn("NOT CHECKED", measured.output)
            measured = self.load_tls(server, "implicit", *words, "--tls-ca",
                                     certificate("server")[0])
            self.assert_clean(measured)
            self.assertIn("certificate checked", measured.output)
            measured = self.load_tls(server, "implicit", *words, "--tls-ca",
                                     certificate("other")[0])
            self.assertEqual(list(measured.errors), ["tls_untrusted"])
            self.assertIn("self-signed certificate", measured.results["tls"]["failure"])
            self.assertEqual(measured.status, TROUBLES)


@sluice.on_each_engine
class TlsTroubles(TlsCase):
    def run_against(self, fault, *words, mode="explicit", scenario="download"):
        with BadTlsServer(fault, implicit=mode == "implicit") as server:
            began = time.monotonic()
            measured = load(self.engine, scenario, server.url + "/file", "--tls", mode,
                            "--sessions", 3, "--duration", "1500ms", "--transfers", 300,
                            "--timeout", TIMEOUT, *words)
            self.assertLess(time.monotonic() - began, 20)
            return measured

    def expect(self, name, fault, *words, **options):
        measured = self.run_against(fault, *words, **options)
        self.assertEqual(list(measured.errors), [name], measured.output)
        self.assertGreaterEqual(measured.errors[name], 3, "the run did not go on")
        self.assertEqual(measured.totals["actions_done"], 0)
        self.assertEqual(measured.status, TROUBLES)
        return measured

    def test_a_good_server_has_no_troubles(self):
        for mode in MODES:
            measured = self.run_against(None, mode=mode)
            self.assertEqual(measured.errors, {}, measured.output)
            self.assertEqual(measured.status, 0)
            self.assertGreater(measured.totals["actions_done"], 0)

    def test_auth_is_refused(self):
        self.expect("tls_refused", "refuse-auth")
        self.expect("tls_refused", "refuse-auth", scenario="login")

    def test_protection_is_refused(self):
        self.expect("tls_refused", "refuse-prot", mode="implicit")

    def test_garbage_behind_234(self):
        measured = self.expect("tls_handshake_failed", "garbage-after-auth")
        self.assertEqual(measured.results["tls"]["failure"], "wrong version number")

    def test_a_reply_in_clear_behind_234(self):
        measured = self.expect("tls_handshake_failed", "injected")
        self.assertIn("in clear behind", measured.results["tls"]["failure"])

    def test_a_server_that_closes_instead_of_a_handshake(self):
        self.expect("tls_handshake_failed", "close-after-auth")

    def test_a_handshake_that_stalls(self):
        self.expect("tls_timeout", "stalled-handshake")

    def test_no_tls_where_it_is_implied(self):
        with BadTlsServer(None) as server:  # which says 220 in clear
            measured = load(self.engine, "login", server.url + "/", "--tls", "implicit",
                            "--sessions", 2, "--duration", "500ms", "--timeout", TIMEOUT)
        self.assertEqual(list(measured.errors), ["tls_handshake_failed"], measured.output)

    def test_data_in_clear(self):
        self.expect("tls_handshake_failed", "clear-data")

    def test_a_data_connection_that_closes_at_once(self):
        self.expect("tls_handshake_failed", "closed-data")

    def test_a_data_handshake_that_stalls(self):
        self.expect("tls_timeout", "stalled-data-handshake")

    def test_data_without_close_notify(self):
        self.expect("tls_truncated", "no-close-notify")

    def test_half_of_the_data_without_close_notify(self):
        self.expect("tls_truncated", "half-no-close-notify")

    def test_garbage_for_data(self):
        self.expect("tls_broken", "broken-data")

    def test_garbage_for_a_reply(self):
        self.expect("tls_broken", "broken-control")

    def test_a_server_that_speaks_no_version_of_ours(self):
        self.tree.write("file", b"x")
        with self.serve_tls("tls.min_version=1.3") as server:
            measured = self.load_tls(server, "explicit", "download", "file", "--sessions", 2,
                                     "--transfers", 4, "--tls-version", "1.2")
            self.assertEqual(list(measured.errors), ["tls_handshake_failed"])
            self.assertIn("protocol version", measured.results["tls"]["failure"])

    def test_what_cannot_be_is_refused(self):
        missing = os.path.join(self.tree.top, "none.pem")
        for words in (("--tls-ca", missing), ("--tls-ca", os.devnull),
                      ("--tls-ciphers", "NONE-OF-THEM"), ("--tls-ciphers", "TLS_NONE"),
                      ("--tls-ciphers", "TLS_AES_128_GCM_SHA256", "--tls-version", "1.2")):
            measured = load(self.engine, "download", "ftps://127.0.0.1/f", *words)
            self.assertEqual(measured.status, USAGE, (words, measured.output))
            self.assertIn(words[0] + ": ", measured.output)

    def test_nobody_listens(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            measured = load(self.engine, "login", "ftps://127.0.0.1:%d/" % s.getsockname()[1],
                            "--sessions", 2, "--transfers", 4)
        self.assertEqual(list(measured.errors), ["connect_refused"])


if __name__ == "__main__":
    sluice.run(__name__)
