"""What the tests of clients over TLS share: a server with a certificate that they check.

No login and no data in clear. `binding` says whether data connections must resume the control
connection's session; a client that cannot runs under "prefer".
"""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from client_case import ClientCase, sluice

TRANSFERS = 200  # in one session: single-use tickets must not run dry


class TlsCase(ClientCase):
    binding = "require"
    more_settings = ()

    @classmethod
    def setUpClass(cls):
        reason = cls.missing()
        if reason:
            raise unittest.SkipTest(reason)
        cls.keys = tempfile.mkdtemp(prefix="sluice-test-keys.")
        try:
            cls.ca = os.path.join(cls.keys, "localhost.pem")
            cls.key = os.path.join(cls.keys, "localhost.key")
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", cls.key, "-out", cls.ca,
                 "-days", "30", "-subj", "/CN=localhost", "-addext",
                 "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"],
                check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            cls.settings = cls.tls_settings(cls.binding) + tuple(cls.more_settings)
            super().setUpClass()
        except BaseException:
            shutil.rmtree(cls.keys)
            raise
        cls.implicit = int(sluice.wait_for(
            lambda: re.search(r"ftps://127.0.0.1:(\d+)/", cls.server.output()),
            "the implicit port").group(1))

    @classmethod
    def tls_settings(cls, binding):
        return ("tls.mode=required", "tls.protect_data=true", "tls.listen=127.0.0.1:0",
                "tls.certificate=" + cls.ca, "tls.key=" + cls.key, "tls.binding=" + binding)

    @classmethod
    def tearDownClass(cls):
        try:
            super().tearDownClass()
        finally:
            shutil.rmtree(cls.keys)
