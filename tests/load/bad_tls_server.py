"""FTPS servers that do one thing wrong, on purpose: bad_server.py inside TLS."""

import functools
import os
import socket
import ssl
import subprocess
import tempfile

from bad_server import BadServer, Conversation

GARBAGE = b"this is no record of TLS at all, and long enough to be looked at\r\n" * 4


@functools.lru_cache(maxsize=None)
def certificate(name):
    """PEM of a certificate for 127.0.0.1 with its key behind it: (path, text)."""
    folder = tempfile.mkdtemp(prefix="sluice-load-test.")
    key, chain = os.path.join(folder, "key"), os.path.join(folder, name)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", chain,
                    "-days", "30", "-subj", "/CN=" + name, "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    with open(chain, encoding="ascii") as public, open(key, encoding="ascii") as private:
        text = public.read()
        secret = private.read()
    with open(chain, "w", encoding="ascii") as both:
        both.write(text + secret)
    os.unlink(key)
    return chain, text


@functools.lru_cache(maxsize=1)
def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate("server")[0])
    return made


class BadTlsServer(BadServer):
    """Faults: refuse-auth, refuse-prot, garbage-after-auth, injected (a reply in clear behind that
    of AUTH), close-after-auth, stalled-handshake, clear-data (no TLS on the data connection),
    closed-data, stalled-data-handshake, no-close-notify, half-no-close-notify, broken-data (garbage
    behind the handshake), broken-control (garbage for the reply to PASS).
    """

    def __init__(self, fault=None, implicit=False):
        self.implicit = implicit
        super().__init__(fault, speaks=TlsConversation)


class TlsConversation(Conversation):
    def secure(self, plain):
        plain.settimeout(10)
        secured = context().wrap_socket(plain, server_side=True, suppress_ragged_eofs=False)
        secured.settimeout(0.2)
        return secured

    def run(self):
        if self.server.implicit:
            self.control = self.secure(self.control)
        try:
            super().run()
        finally:
            self.control.close()

    def answer(self, verb, argument):
        fault = self.server.fault
        if verb == "AUTH":
            return self.authenticate()
        if verb == "PBSZ":
            self.say("200 PBSZ=0")
        elif verb == "PROT":
            self.say("536 not here" if fault == "refuse-prot" else "200 fine")
        elif verb == "PASS" and fault == "broken-control":
            os.write(self.control.fileno(), GARBAGE)
        else:
            return super().answer(verb, argument)
        return True

    def authenticate(self):
        fault = self.server.fault
        if fault == "refuse-auth":
            self.say("534 no TLS here")
            return True
        if fault == "injected":
            self.control.sendall(b"234 go\r\n230 you are in\r\n")
        else:
            self.say("234 go")
        if fault == "close-after-auth":
            return False
        if fault in ("stalled-handshake", "injected"):
            self.server.hold(self.control)
            return False
        if fault == "garbage-after-auth":
            self.control.settimeout(10)
            self.control.recv(1)  # the hello has come
            self.control.sendall(GARBAGE)
            self.control.settimeout(0.2)
            self.server.hold(self.control)
            return False
        self.control = self.secure(self.control)
        return True

    def retrieve(self):
        fault = self.server.fault
        data, _ = self.listener.accept()
        with data:
            self.say("150 coming")
            content = self.server.CONTENT
            if fault == "closed-data":
                data.close()
            elif fault == "clear-data":
                data.sendall(content)
            elif fault == "stalled-data-handshake":
                self.server.hold(self.control)
                return False
            else:
                secured = self.secure(data)
                with secured:
                    self.send(secured, content)
        self.say("226 done")
        return True

    def send(self, data, content):
        fault = self.server.fault
        if fault == "broken-data":
            os.write(data.fileno(), GARBAGE)
            return
        data.sendall(content[:len(content) // 2] if fault == "half-no-close-notify" else content)
        if fault in ("no-close-notify", "half-no-close-notify"):
            data.shutdown(socket.SHUT_WR)  # of the socket: no close_notify goes out
            return
        data.settimeout(10)
        data.unwrap()  # fails when the client does not say its end
