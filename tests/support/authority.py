"""Certificates for tests, made by openssl(1): an authority, what it signs, revokes and answers."""

import os
import subprocess

CONFIG = """
[ca]
default_ca = this
[this]
dir = %(folder)s
database = $dir/index.txt
serial = $dir/serial
crlnumber = $dir/crlnumber
new_certs_dir = $dir
certificate = $dir/ca.pem
private_key = $dir/ca.key
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
[req]
distinguished_name = nothing
[nothing]
"""
EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
RSA = ("-newkey", "rsa:2048")


def openssl(*words):
    done = subprocess.run(("openssl",) + words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise AssertionError("openssl %s: %s" % (" ".join(words), done.stdout.decode()))
    return done.stdout.decode()


def read(path):
    with open(path, encoding="ascii") as f:
        return f.read()


def write(path, text, mode=0o600):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    os.chmod(path, mode)


class Authority:
    """Lives in `folder`: ca.pem, ca.key, and the index that openssl ca keeps."""

    def __init__(self, folder, name):
        self.folder = folder
        os.makedirs(folder)
        self.config = self.path("config")
        write(self.config, CONFIG % {"folder": folder})
        write(self.path("index.txt"), "")
        write(self.path("serial"), "01\n")
        write(self.path("crlnumber"), "01\n")
        self.pem = self.path("ca.pem")
        openssl("req", "-x509", *EC, "-nodes", "-config", self.config, "-keyout",
                self.path("ca.key"), "-out", self.pem, "-days", "3650", "-subj", "/CN=" + name,
                "-addext", "basicConstraints=critical,CA:TRUE",
                "-addext", "keyUsage=keyCertSign,cRLSign,digitalSignature")

    def path(self, name):
        return os.path.join(self.folder, name)

    def sign(self, folder, name, alternatives="", days=90, ends=None, key=EC):
        """fullchain.pem and privkey.pem in `folder`. `ends` is YYYYMMDDHHMMSSZ."""
        os.makedirs(folder, exist_ok=True)
        chain = os.path.join(folder, "fullchain.pem")
        request = self.path("request.pem")
        leaf = self.path("leaf.pem")
        more = ("-addext", "subjectAltName=" + alternatives) if alternatives else ()
        openssl("req", "-new", *key, "-nodes", "-config", self.config, "-keyout",
                os.path.join(folder, "privkey.pem"), "-out", request, "-subj", "/CN=" + name,
                *more)
        term = (("-startdate", "20200101000000Z", "-enddate", ends) if ends
                else ("-days", str(days)))
        openssl("ca", "-batch", "-notext", "-config", self.config, "-in", request, "-out", leaf,
                *term)
        write(chain, read(leaf) + read(self.pem))
        return Pair(folder)

    def revoke(self, pair):
        openssl("ca", "-config", self.config, "-revoke", pair.chain)

    def list_revoked(self, path, *term):
        openssl("ca", "-gencrl", "-config", self.config, "-out", path,
                *(term or ("-crldays", "30")))

    def answer(self, pair, path):
        """The OCSP response about a certificate, good for a week."""
        request = self.path("ocsp-request.der")
        openssl("ocsp", "-issuer", self.pem, "-cert", pair.chain, "-no_nonce", "-reqout", request)
        openssl("ocsp", "-index", self.path("index.txt"), "-CA", self.pem, "-rsigner", self.pem,
                "-rkey", self.path("ca.key"), "-reqin", request, "-respout", path, "-ndays", "7")


class Pair:
    """A certificate and its key."""

    def __init__(self, folder):
        self.folder = folder
        self.chain = os.path.join(folder, "fullchain.pem")
        self.key = os.path.join(folder, "privkey.pem")
