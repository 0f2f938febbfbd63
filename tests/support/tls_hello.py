"""TLS ClientHellos made by hand, and what a server says to them.

OpenSSL does not send what a check of a server must send: one cipher that it has long forgotten,
compression, a group without a key. Here a hello is a few numbers, and so is the answer. Nothing is
encrypted: the first flight of a server in TLS 1.2, and its ServerHello or HelloRetryRequest in
TLS 1.3, are in clear.
"""

import os
import struct

SSL3, TLS10, TLS11, TLS12, TLS13 = 0x0300, 0x0301, 0x0302, 0x0303, 0x0304

# Types of records, of handshake messages and of extensions.
CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, HEARTBEAT = 20, 21, 22, 24
SERVER_HELLO, CERTIFICATE, SERVER_KEY, SERVER_HELLO_DONE = 2, 11, 12, 14
SNI, GROUPS, POINT_FORMATS, SIGNATURES, HEARTBEATS, EXTENDED_SECRET = 0, 10, 11, 13, 15, 23
TICKET, EARLY_DATA, VERSIONS, PSK_MODES, KEY_SHARE, RENEGOTIATION = 35, 42, 43, 45, 51, 0xFF01

UNEXPECTED_MESSAGE, HANDSHAKE_FAILURE, PROTOCOL_VERSION = 10, 40, 70
INAPPROPRIATE_FALLBACK = 86

# What a modern client of TLS 1.2 and 1.3 offers.
GOOD_12 = (0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8)
GOOD_13 = (0x1301, 0x1302, 0x1303)
X25519, P256, P384, P521 = 29, 23, 24, 25
GOOD_GROUPS = (X25519, P256, P384)
ECDSA_P256, RSA_PSS, RSA_PKCS1 = 0x0403, 0x0804, 0x0401
GOOD_SIGNATURES = (ECDSA_P256, RSA_PSS, 0x0805, 0x0806, RSA_PKCS1, 0x0501, 0x0601, 0x0503)

FALLBACK_SCSV, RENEGOTIATION_SCSV = 0x5600, 0x00FF
# The end of the random bytes of a server that could have spoken more (RFC 8446 section 4.1.3).
SENTINEL_12 = b"DOWNGRD\x01"
# The random bytes of a HelloRetryRequest: SHA-256 of its name (RFC 8446 section 4.1.3).
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


def counted(data, width):
    return len(data).to_bytes(width, "big") + data


def shorts(numbers):
    return b"".join(struct.pack(">H", number) for number in numbers)


def record(kind, data, version=TLS10):
    return struct.pack(">BH", kind, version) + counted(data, 2)


def client_hello(version=TLS12, ciphers=GOOD_12, groups=GOOD_GROUPS, signatures=GOOD_SIGNATURES,
                 compressions=(0,), versions=(), extensions=(), keys=b""):
    """A record with a ClientHello. `versions` is what TLS 1.3 asks; `extensions` are pairs."""
    parts = []
    if version > SSL3:
        parts = [(GROUPS, counted(shorts(groups), 2)), (POINT_FORMATS, b"\1\0"),
                 (SIGNATURES, counted(shorts(signatures), 2)), (EXTENDED_SECRET, b"")]
    if versions:
        parts += [(VERSIONS, counted(shorts(versions), 1)), (PSK_MODES, b"\1\1"),
                  (KEY_SHARE, counted(keys, 2))]
    parts += extensions
    body = struct.pack(">H", version) + os.urandom(32) + counted(b"", 1)
    body += counted(shorts(ciphers), 2) + counted(bytes(compressions), 1)
    if parts:
        body += counted(b"".join(struct.pack(">H", kind) + counted(data, 2)
                                 for kind, data in parts), 2)
    return record(HANDSHAKE, b"\1" + counted(body, 3), min(version, TLS10))


def hello_of_ssl2():
    """As browsers of 1995 began, to whatever might come."""
    body = b"\1\0\2" + struct.pack(">HHH", 6, 0, 16) + b"\1\0\x80\7\0\xc0" + os.urandom(16)
    return struct.pack(">H", 0x8000 | len(body)) + body


def hello_13(ciphers=GOOD_13, groups=GOOD_GROUPS, **more):
    """TLS 1.3 only, without a key: a server that would speak asks for one of a group it likes."""
    return client_hello(TLS12, ciphers, groups, versions=(TLS13,), **more)


class Answer:
    """All that came until the server waited or went."""

    def __init__(self, data):
        self.data = data
        self.alert = self.version = self.cipher = self.compression = self.random = None
        self.extensions, self.kinds, self.messages = {}, [], b""
        while len(data) >= 5:
            kind, _, size = struct.unpack(">BHH", data[:5])
            body, data = data[5:5 + size], data[5 + size:]
            self.kinds.append(kind)
            if kind == ALERT and len(body) == 2:
                self.alert = body[1]
            elif kind == HANDSHAKE:
                self.messages += body
        self.certificate = b""
        self.signature = None  # the scheme that signed the key of TLS 1.2
        self.is_done = False
        messages = self.messages
        while len(messages) >= 4:
            kind, size = messages[0], int.from_bytes(messages[1:4], "big")
            body, messages = messages[4:4 + size], messages[4 + size:]
            if kind == SERVER_HELLO:
                self._read_hello(body)
            elif kind == CERTIFICATE:
                self.certificate = body
            elif kind == SERVER_KEY:  # a named curve, a point, and what signs them
                self.signature = struct.unpack(">H", body[4 + body[3]:6 + body[3]])[0]
            self.is_done = self.is_done or kind == SERVER_HELLO_DONE

    def _read_hello(self, body):
        self.version, self.random = struct.unpack(">H", body[:2])[0], body[2:34]
        rest = body[35 + body[34]:]
        self.cipher, self.compression = struct.unpack(">HB", rest[:3])
        rest = rest[5:]
        while len(rest) >= 4:
            kind, size = struct.unpack(">HH", rest[:4])
            self.extensions[kind] = rest[4:4 + size]
            rest = rest[4 + size:]
        if VERSIONS in self.extensions:
            self.version = struct.unpack(">H", self.extensions[VERSIONS])[0]

    @property
    def is_hello(self):
        return self.version is not None

    @property
    def is_retry(self):
        return self.random == RETRY

    @property
    def retried_group(self):
        return struct.unpack(">H", self.extensions[KEY_SHARE])[0] if self.is_retry else None
