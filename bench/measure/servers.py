"""How each server is configured and started.

Every one gets: anonymous access to one folder (read-only, or also to write), sendfile on, no
look-ups of names, no limits on clients and listings, no transfer log, loopback, high ports, one
CPU. Everything else stays as Debian ships it. The forking peers fork; that is what their users run.

With TLS each one gets the same certificate (ECDSA P-256), explicit TLS, TLS 1.3 where it asks for a
version, and what it does by default with sessions that are resumed.
"""

import contextlib
import copy
import ftplib
import hashlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import time

from measure.groups import Groups


PASSIVE_PORTS = 64
PYFTPDLIB = """
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
import logging
logging.basicConfig(level=logging.ERROR)
authorizer = DummyAuthorizer()
authorizer.add_anonymous(sys.argv[2], perm=sys.argv[3])
Handler = FTPHandler
if len(sys.argv) > 4:
    from pyftpdlib.handlers import TLS_FTPHandler
    Handler = TLS_FTPHandler
    Handler.certfile = sys.argv[4]
Handler.authorizer = authorizer
Handler.timeout = 0
Handler.use_sendfile = True
server = FTPServer(("127.0.0.1", int(sys.argv[1])), Handler, backlog=4096)
server.max_cons = 1000000
server.max_cons_per_ip = 0
server.serve_forever()
"""
VSFTPD = """
listen=YES
listen_address=127.0.0.1
listen_port={port}
background=NO
anonymous_enable=YES
local_enable=NO
write_enable={write}
anon_upload_enable={write}
anon_other_write_enable={write}
anon_root={root}
ftp_username=ftp
nopriv_user=nobody
secure_chroot_dir={scratch}/empty
use_sendfile=YES
xferlog_enable=NO
max_clients=0
max_per_ip=0
idle_session_timeout=100000
"""
VSFTPD_TLS = """
ssl_enable=YES
allow_anon_ssl=YES
rsa_cert_file={pem}
rsa_private_key_file={pem}
ssl_ciphers=ECDHE+AESGCM
"""
PROFTPD = """
ServerName "bench"
ServerType standalone
DefaultServer on
DefaultAddress 127.0.0.1
Port {port}
UseIPv6 off
UseReverseDNS off
User nobody
Group nogroup
MaxInstances none
MaxConnectionRate 1000000
TimeoutIdle 0
UseSendfile on
DelayEngine off
WtmpLog off
TransferLog none
SystemLog none
AuthPAM off
RequireValidShell off
PidFile {scratch}/proftpd.pid
ScoreboardFile {scratch}/proftpd.score
ControlsSocket {scratch}/proftpd.sock
<Anonymous {root}>
  User nobody
  Group nogroup
  UserAlias anonymous nobody
  RequireValidShell off
  MaxClients none
{write}</Anonymous>
"""
PROFTPD_WRITE = """\
  AllowOverwrite on
  <Limit WRITE>
    AllowAll
  </Limit>
"""


PROFTPD_TLS = """
ModulePath {modules}
LoadModule mod_tls.c
TLSEngine on
TLSRequired off
TLSProtocol TLSv1.3
TLSECCertificateFile {pem}
TLSECCertificateKeyFile {pem}
TLSVerifyClient off
TLSLog none
"""


class Unavailable(Exception):
    """The server cannot be run here; the text says why."""


class Ports:
    """A new port for each start, with room for passive ones behind it: a killed server's listeners
    may need a moment to go. One on which somebody listens is passed over: he would be measured."""

    def __init__(self, first=20000, last=31000):
        self.first, self.last, self.next = first, last, first

    def take(self):
        for _ in range(self.first, self.last + 1, PASSIVE_PORTS + 1):
            port = self.next
            self.next = self.first if port >= self.last else port + PASSIVE_PORTS + 1
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) != 0:
                    return port
        raise Unavailable("no free port")


class Setup:
    """Where things are, for all servers of a run."""

    def __init__(self, build, peers, root, scratch, sluice_flags, cpu):
        self.build, self.peers, self.root = build, peers, root
        self.scratch, self.sluice_flags, self.cpu = scratch, sluice_flags, cpu
        self.ports = Ports()
        self.written = {}
        self.pem = None  # certificate and key in one file: the server speaks TLS

    def at(self, root):
        """The same, serving another folder. Ports are shared: nobody takes one twice."""
        other = copy.copy(self)
        other.root = root
        return other

    def secured(self):
        """The same with TLS, and a certificate made on demand."""
        other = copy.copy(self)
        other.pem = os.path.join(self.scratch, "server.pem")
        if not os.path.exists(other.pem):
            make_certificate(other.pem)
        return other

    def take_port(self):
        return self.ports.take()

    def binary(self, *names):
        for name in names:
            if os.access(name, os.X_OK):
                return name
        raise Unavailable(f"no {names[0]}")

    def peer(self, name):
        try:
            return self.binary(os.path.join(self.peers, "usr/sbin", name))
        except Unavailable:
            found = shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin")
            if found is None:
                raise Unavailable(f"no {name} (run bench/fetch_peers)") from None
            return found

    def write(self, name, text):
        path = os.path.join(self.scratch, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        self.written[name] = text
        return path


def make_certificate(path):
    """ECDSA P-256, for 127.0.0.1: the key and its certificate."""
    try:
        done = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                               "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
                               "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                               "/dev/stdout"], text=True, stdin=subprocess.DEVNULL,
                              capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unavailable(f"no certificate: {error}") from None
    with open(path, "w", encoding="ascii") as file:
        file.write(done.stdout)
    os.chmod(path, 0o600)  # ProFTPD refuses keys that others may read


def tls_floor(setup, port, _writable):
    if not setup.pem:
        raise Unavailable("it speaks TLS alone")
    server = setup.binary(os.path.join(setup.build, "bench/tls_floor"))
    return [server, str(port), setup.root, setup.pem, setup.pem]


def baseline(engine, copies=False):
    def command(setup, port, _writable):
        if setup.pem:
            raise Unavailable("no floor: it speaks no TLS")
        server = setup.binary(os.path.join(setup.build, "bench/baseline_server"))
        return [server, "--port", str(port), "--passive-ports", str(PASSIVE_PORTS),
                "--root", setup.root, "--engine", engine, "--copy", str(int(copies))]
    return command


def sluice(engine):
    def command(setup, port, writable):
        server = setup.binary(os.path.join(setup.build, "src/app/sluiced"))
        return [server, setup.root, "--listen", f"127.0.0.1:{port}", "--engine", engine,
                "--shards", "1", "--passive-ports", f"{port + 1}-{port + PASSIVE_PORTS}",
                *(["--writable"] if writable else []), *tls_flags(setup), *setup.sluice_flags]
    return command


def tls_flags(setup):
    if not setup.pem:
        return []
    return [word for setting in ("tls.mode=optional", "tls.certificate=" + setup.pem,
                                 "tls.key=" + setup.pem) for word in ("--set", setting)]


def with_ftp_user(setup, command):
    """Anonymous access of the classic servers needs a user "ftp" whose home is the folder. Here it
    exists only inside a mount namespace, where /etc/passwd is another file."""
    with open("/etc/passwd", encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("ftp:")]
    users = setup.write("passwd", "".join(lines) + f"ftp:x:64999:65534::{setup.root}:/bin/sh\n")
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c",
            'mount --bind "$0" /etc/passwd && exec "$@"', users, *command]


def vsftpd(setup, port, writable):
    os.makedirs(os.path.join(setup.scratch, "empty"), exist_ok=True)
    text = VSFTPD.format(port=port, root=setup.root, scratch=setup.scratch,
                         write="YES" if writable else "NO")
    if setup.pem:
        text += VSFTPD_TLS.format(pem=setup.pem)
    return with_ftp_user(setup, [setup.peer("vsftpd"),
                                 setup.write(f"vsftpd-{port}.conf", text)])


def proftpd(setup, port, writable):
    text = PROFTPD.format(port=port, root=setup.root, scratch=setup.scratch,
                          write=PROFTPD_WRITE if writable else "")
    if setup.pem:
        modules = os.path.join(setup.peers, "usr/lib/proftpd")
        if not os.path.exists(os.path.join(modules, "mod_tls.so")):
            modules = "/usr/lib/proftpd"
        if not os.path.exists(os.path.join(modules, "mod_tls.so")):
            raise Unavailable("no mod_tls of ProFTPD (run bench/fetch_peers)")
        # Modules are loaded before what belongs to them.
        text = PROFTPD_TLS.format(modules=modules, pem=setup.pem) + text
    config = setup.write(f"proftpd-{port}.conf", text)
    return [setup.peer("proftpd"), "-n", "-q", "-c", config]


def pure_ftpd(setup, port, writable):
    return with_ftp_user(setup, [
        setup.peer("pure-ftpd"), "-S", f"127.0.0.1,{port}", "-e", "-H", "-4", "-c", "100000",
        "-C", "100000", "-I", "10000", "-L", "1000000:10", "-f", "none",
        *([] if writable else ["-i"]), *(["-Y", "1", "-2", setup.pem] if setup.pem else []),
        "-g", os.path.join(setup.scratch, f"pure-{port}.pid")])


def pyftpdlib(setup, port, writable):
    peers = os.path.join(setup.peers, "usr/lib/python3/dist-packages")
    # The interpreter that the package is made for, not one that stands first in somebody's PATH.
    python = shutil.which("python3", path="/usr/bin") or "python3"
    environment = {**os.environ, "PYTHONPATH": peers, "PYTHONDONTWRITEBYTECODE": "1"}
    needed = "import pyftpdlib, OpenSSL" if setup.pem else "import pyftpdlib"
    if subprocess.run([python, "-c", needed], env=environment, check=False,
                      stderr=subprocess.DEVNULL).returncode != 0:
        raise Unavailable("no pyftpdlib or no pyOpenSSL (run bench/fetch_peers)")
    script = setup.write("pyftpdlib_server.py", PYFTPDLIB)
    return ["env", f"PYTHONPATH={peers}", python, script, str(port), setup.root,
            "elradfmwMT" if writable else "elr", *([setup.pem] if setup.pem else [])]


COMMANDS = {
    "baseline-epoll": baseline("epoll"),
    "baseline-io_uring": baseline("io_uring"),
    "baseline-tls": tls_floor,
    "copying-epoll": baseline("epoll", copies=True),
    "copying-io_uring": baseline("io_uring", copies=True),
    "sluice-io_uring": sluice("io_uring"),
    "sluice-epoll": sluice("epoll"),
    "vsftpd": vsftpd,
    "pure-ftpd": pure_ftpd,
    "proftpd": proftpd,
    "pyftpdlib": pyftpdlib,
}
FORKING = {"vsftpd", "pure-ftpd", "proftpd"}


class SecureFtp(ftplib.FTP_TLS):
    """Data connections resume the session of the control connection: vsftpd and ProFTPD demand it."""

    def ntransfercmd(self, cmd, rest=None):
        data, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        return self.context.wrap_socket(data, session=self.sock.session), size


def client_of(server, timeout=20):
    """Logged in, and over TLS when the server has it; who calls closes it."""
    ftp = SecureFtp() if server.setup.pem else ftplib.FTP()
    try:
        ftp.connect("127.0.0.1", server.port, timeout=timeout)
        ftp.login("anonymous", "bench@")
        if server.setup.pem:
            ftp.prot_p()
    except BaseException:
        ftp.close()
        raise
    return ftp


class Server:
    """A running server: a context manager that leaves nothing behind."""

    def __init__(self, name, setup, writable=False):
        self.name, self.setup = name, setup
        self.port = setup.take_port()
        self.command = COMMANDS[name](setup, self.port, writable)
        self.groups = None
        self.process = None
        self.log = None

    def __enter__(self):
        self.groups = Groups(f"{self.name}-{self.port}")
        self.log = open(os.path.join(self.setup.scratch, f"{self.name}.log"), "wb")
        library = os.path.join(self.setup.peers, "usr/lib/x86_64-linux-gnu")
        environment = dict(os.environ)
        if self.name in FORKING:
            environment["LD_LIBRARY_PATH"] = library
        try:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                env=environment, preexec_fn=self.prepare, cwd=self.setup.scratch)
            self.groups.leader = self.process.pid
            self.wait_for_greeting()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def prepare(self):
        """In the child: groups, one CPU, descriptors for 5,000 sessions, a process group."""
        os.setsid()
        with contextlib.suppress(OSError):
            # Where the kernel groups tasks by session, nice means nothing outside of the session.
            with open("/proc/self/autogroup", "w", encoding="ascii") as file:
                file.write(str(os.getpriority(os.PRIO_PROCESS, 0)))
        self.groups.enter()
        os.sched_setaffinity(0, {self.setup.cpu})
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def wait_for_greeting(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError):
                with socket.create_connection(("127.0.0.1", self.port), timeout=2) as peer:
                    if peer.recv(64).startswith(b"220"):
                        return
            time.sleep(0.05)
        with open(self.log.name, "rb") as file:
            text = file.read()[-400:].decode(errors="replace")
        raise Unavailable(f"{self.name} does not answer: {text.strip()}")

    def verify(self, names):
        """Fetches the files once and compares every byte: no figure for wrong bytes."""
        try:
            self.compare(names)
        except (*ftplib.all_errors, EOFError) as error:
            raise Unavailable(f"{self.name} does not serve {names}: {error}") from None

    def compare(self, names):
        ftp = client_of(self)
        try:
            for name in names:
                got = hashlib.sha256()
                ftp.retrbinary(f"RETR {name}", got.update, blocksize=1 << 18)
                want = hashlib.sha256()
                with open(os.path.join(self.setup.root, name), "rb") as file:
                    while block := file.read(1 << 20):
                        want.update(block)
                if got.digest() != want.digest():
                    raise Unavailable(f"{self.name} delivers wrong bytes for {name}")
        finally:
            ftp.close()

    def __exit__(self, *_):
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(timeout=5)
            if self.process.poll() is None:
                self.process.kill()
        if self.groups is not None:
            self.groups.end()
        if self.process is not None:
            self.process.wait()
        if self.log is not None:
            self.log.close()
