"""What the tests with a real server share: starting sluiced, a plain FTP client, TAP output.

Only the standard library. Nothing sleeps for a fixed time where something can be waited for: a
server is ready when it says so, a condition holds when it holds (`wait_for`). Every server and
every temporary tree ends with the test that made it.
"""

import contextlib
import hashlib
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import unittest

ENGINES = ("io_uring", "epoll")
# A sanitized server on a busy machine is slow; a server that hangs is still found out.
DEADLINE = 20.0


def parse_ready_line(line):
    """("127.0.0.1", 2121) out of a line with ftp://127.0.0.1:2121/, or None.

    The one place that knows how sluiced says that it is ready.
    """
    found = re.search(r"ftp://(\[[0-9a-f:]+\]|[0-9.]+):(\d+)/", line)
    if not found:
        return None
    return found.group(1).strip("[]"), int(found.group(2))


def wait_for(condition, what, seconds=DEADLINE):
    """Returns the first true value of condition(); fails the test when there is none in time."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("timed out waiting for " + what)
        time.sleep(0.01)


def has_ipv6():
    with contextlib.closing(socket.socket(socket.AF_INET6)) as s:
        try:
            s.bind(("::1", 0))
            return True
        except OSError:
            return False


class PortClaim:
    """A range of passive ports that no other test process uses.

    The server's sockets may share ports (SO_REUSEPORT), so two servers on one range would not
    notice each other. A name in the abstract socket namespace is the lock; the transcript runner
    uses the same names.
    """

    FIRST, EACH, RANGES = 20000, 64, 180

    def __init__(self):
        for i in range(self.RANGES):
            self.first = self.FIRST + self.EACH * ((os.getpid() + i) % self.RANGES)
            self.lock = socket.socket(socket.AF_UNIX)
            try:
                self.lock.bind("\0sluice-test-ports-%d" % self.first)
            except OSError:
                self.lock.close()
                continue
            if all(self._is_free(p) for p in range(self.first, self.first + self.EACH)):
                return
            self.lock.close()
        raise RuntimeError("no free range of passive ports")

    @staticmethod
    def _is_free(port):
        with contextlib.closing(socket.socket()) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("", port))
                return True
            except OSError:
                return False

    def close(self):
        self.lock.close()


class Server:
    """A running sluiced. Use as a context manager, or start() and stop()."""

    def __init__(self, root, engine, writable=False, shards=2, settings=(), ports=PortClaim.EACH,
                 wrapper=(), limits=None, plain=False):
        self.root = root
        self.claim = PortClaim()
        self.port = self.port6 = None
        self.lines = []
        self.is_wrapped = bool(wrapper)
        self.ports = range(self.claim.first, self.claim.first + ports)
        command = list(wrapper) + [os.environ["SLUICED"], root, "--engine", engine,
                                   "--shards", str(shards)]
        self.expected = 1
        if not plain:  # plain: addresses and ports are in `settings`
            command += ["--listen", "127.0.0.1:0",
                        "--passive-ports", "%d-%d" % (self.ports[0], self.ports[-1])]
            if has_ipv6():
                command += ["--listen", "[::1]:0"]
                self.expected = 2
        if writable:
            command.append("--writable")
        for setting in settings:
            command += ["--set", setting]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, preexec_fn=limits)
        self.changed = threading.Condition()
        self.ended = False
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        with self.changed:
            ready = self.changed.wait_for(
                lambda: self.ended or self._ready_count() == self.expected, DEADLINE)
        if not ready or self.ended:
            self.kill()
            raise RuntimeError("sluiced did not become ready:\n" + self.output())

    def _ready_count(self):
        return (self.port is not None) + (self.port6 is not None)

    def _read(self):
        for raw in self.process.stdout:
            line = raw.decode("utf-8", "surrogateescape")
            with self.changed:
                self.lines.append(line)
                found = parse_ready_line(line)
                if found and ":" in found[0]:
                    self.port6 = found[1]
                elif found:
                    self.port = found[1]
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.stop()
        else:
            self.kill()

    @property
    def pid(self):
        """The server's own, also when a wrapper such as strace is its parent."""
        if not self.is_wrapped:
            return self.process.pid
        with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)) as f:
            return int(f.read().split()[0])

    def output(self):
        with self.changed:
            return "".join(self.lines)

    def is_running(self):
        return self.process.poll() is None

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.pid))

    def threads(self):
        return len(os.listdir("/proc/%d/task" % self.pid))

    def memory(self):
        """Resident bytes."""
        with open("/proc/%d/statm" % self.pid) as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def cpu(self):
        """Seconds of processor time used so far."""
        with open("/proc/%d/stat" % self.pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def signal(self, number):
        os.kill(self.pid, number)

    def wait(self, seconds=DEADLINE):
        """The exit status; the server must end by itself."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("sluiced did not end:\n" + self.output()) from None
        self.reader.join(DEADLINE)
        self.claim.close()
        return status

    def stop(self):
        """TERM, and the drain must end in status 0 without any complaint of a sanitizer."""
        if not self.is_running():
            raise AssertionError("sluiced ended by itself with %s:\n%s" %
                                 (self.wait(), self.output()))
        self.signal(signal.SIGTERM)
        status = self.wait()
        if status != 0:
            raise AssertionError("sluiced ended with %s:\n%s" % (status, self.output()))

    def kill(self):
        if self.is_running():
            with contextlib.suppress(ProcessLookupError, IndexError, FileNotFoundError):
                os.kill(self.pid, signal.SIGKILL)
            self.process.kill()
        self.process.wait()
        self.reader.join(DEADLINE)
        self.claim.close()

    def client(self, login=True, **options):
        client = Client(self, **options)
        if login:
            client.login()
        return client


class Client:
    """A control connection, bytes in and out, one call for each step."""

    def __init__(self, server, ipv6=False, source=None, timeout=DEADLINE, narrow=False):
        self.timeout = timeout
        self.ipv6 = ipv6
        address = ("::1", server.port6) if ipv6 else ("127.0.0.1", server.port)
        self.socket = socket.socket(socket.AF_INET6 if ipv6 else socket.AF_INET)
        if narrow:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(timeout)
        self.source = source
        if source:
            self.socket.bind((source, 0))
        self.socket.connect(address)
        self.inbox = b""
        self.greeting = None

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def greet(self):
        if self.greeting is None:
            self.greeting = self.reply()
        return self.greeting

    def login(self):
        self.expect(self.greet(), "220")
        self.expect(self.command("USER anonymous"), "331")
        self.expect(self.command("PASS test@example.org"), "230")

    @staticmethod
    def expect(reply, *codes):
        if reply[:3] not in codes:
            raise AssertionError("expected %s, got %r" % (" or ".join(codes), reply))
        return reply

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else os.fsencode(data))

    def line(self):
        """One line without CRLF; b"" at the end of the connection."""
        while b"\n" not in self.inbox:
            more = self.socket.recv(65536)
            if not more:
                if self.inbox:
                    raise AssertionError("half a line: %r" % self.inbox)
                return b""
            self.inbox += more
        line, self.inbox = self.inbox.split(b"\n", 1)
        if not line.endswith(b"\r") or b"\r" in line[:-1] or b"\0" in line:
            raise AssertionError("not a clean reply line: %r" % line)
        return line[:-1]

    def reply(self):
        """A whole reply, lines joined by LF; "" at the end of the connection."""
        first = os.fsdecode(self.line())
        lines = [first]
        if first[3:4] == "-":
            while not lines[-1].startswith(first[:3] + " "):
                line = self.line()
                if not line:
                    raise AssertionError("the reply %r never ends" % lines)
                lines.append(os.fsdecode(line))
        return "\n".join(lines)

    def command(self, line):
        self.send((line if isinstance(line, bytes) else os.fsencode(line)) + b"\r\n")
        return self.reply()

    def is_closed(self):
        """Waits for the end of the connection; bytes before it fail the test."""
        try:
            rest = self.inbox + self.socket.recv(65536)
        except ConnectionResetError:
            return True
        if rest:
            raise AssertionError("expected the end, got %r" % rest)
        return True

    def passive(self, extended=True, dial=True, narrow=False):
        """Sets up a data connection and returns it, or its port without `dial`."""
        if extended or self.ipv6:
            reply = self.expect(self.command("EPSV"), "229")
            port = int(re.search(r"\(\|\|\|(\d+)\|\)", reply).group(1))
        else:
            reply = self.expect(self.command("PASV"), "227")
            high, low = re.search(r"(\d+),(\d+)\)", reply).groups()
            port = int(high) * 256 + int(low)
        return self.dial(port, narrow=narrow) if dial else port

    def dial(self, port, source=None, narrow=False):
        data = socket.socket(self.socket.family)
        data.settimeout(self.timeout)
        if narrow:
            data.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        if source or self.source:
            data.bind((source or self.source, 0))
        data.connect((self.socket.getpeername()[0], port))
        return data

    def retrieve(self, command, kind="I"):
        """All bytes of a RETR, LIST, NLST or MLSD that must succeed."""
        self.expect(self.command("TYPE " + kind), "200")
        with self.passive() as data:
            self.expect(self.command(command), "150", "125")
            received = read_all(data)
        self.expect(self.reply(), "226")
        return received

    def store(self, name, content, command="STOR"):
        self.expect(self.command("TYPE I"), "200")
        with self.passive() as data:
            self.expect(self.command(command + " " + name), "150", "125")
            data.sendall(content)
        return self.expect(self.reply(), "226")

    def reset(self):
        reset(self.socket)

    def close(self):
        self.socket.close()

    def quit(self):
        self.expect(self.command("QUIT"), "221")
        self.is_closed()
        self.close()


def reset(s):
    """Closes with RST instead of FIN."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def read_all(s):
    pieces = []
    while True:
        piece = s.recv(1 << 18)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)


def read_to_any_end_bytes(s):
    """What came before FIN or RST."""
    received = b""
    try:
        while piece := s.recv(1 << 18):
            received += piece
    except ConnectionResetError:
        pass
    return received


def read_to_any_end(s):
    """How much came before FIN or RST, without keeping it."""
    total = 0
    try:
        while piece := s.recv(1 << 18):
            total += len(piece)
    except ConnectionResetError:
        pass
    return total


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path):
    digest = hashlib.sha256()
    with open(path, "rb") as f:
        while piece := f.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def random_bytes(size, seed=1):
    return random.Random(seed).randbytes(size)


class Tree:
    """A temporary directory; `root` below it is what a server serves."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix="sluice-test.")
        self.root = os.path.join(self.top, "root")
        os.mkdir(self.root)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        shutil.rmtree(os.fsencode(self.top), ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.root, *names)

    def write(self, name, content):
        with open(self.path(name), "wb") as f:
            f.write(content)
        return content

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()


class TapResult(unittest.TestResult):
    """Test results as TAP, which meson reads."""

    def __init__(self):
        super().__init__()
        self.count = self.passed = 0

    def _say(self, text):
        print(text, flush=True)

    def _line(self, word, test, more=""):
        self.count += 1
        self._say("%s %d - %s%s" % (word, self.count, test.id().split(".", 1)[-1], more))

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1
        self._line("ok", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line("ok", test, " # SKIP " + reason)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._fail(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self._fail(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._fail(subtest, err)

    def _fail(self, test, err):
        self._line("not ok", test)
        for line in "".join(traceback.format_exception(*err)).splitlines():
            self._say("# " + line.encode("ascii", "backslashreplace").decode())


def run(module_name):
    """Runs the tests of a module, reports as TAP, and ends with the plain count."""
    if "SLUICED" not in os.environ:
        sys.exit("SLUICED must name the sluiced to test")
    sys.stdout.reconfigure(errors="backslashreplace")
    if len(sys.argv) > 1:
        suite = unittest.defaultTestLoader.loadTestsFromNames(
            sys.argv[1:], sys.modules[module_name])
    else:
        suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[module_name])
    result = TapResult()
    suite.run(result)
    print("1..%d" % result.count)
    failed = len(result.failures) + len(result.errors)
    print("# %d passed, %d failed, %d skipped" % (result.passed, failed, len(result.skipped)))
    sys.exit(1 if failed else 0)


def on_each_engine(test_class):
    """Makes one class for each engine out of a class with a member `engine`."""
    module = sys.modules[test_class.__module__]
    for engine in ENGINES:
        name = "%s_%s" % (test_class.__name__, engine)
        made = type(name, (test_class, unittest.TestCase), {"engine": engine,
                                                           "__module__": test_class.__module__})
        setattr(module, name, made)
    return test_class
