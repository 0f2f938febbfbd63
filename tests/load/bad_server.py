"""FTP servers that do one thing wrong, on purpose. One thread for each connection."""

import itertools
import os
import socket
import struct
import threading
import time


_instances = itertools.count()


def own_address():
    """A loopback address for one server. It closes data connections first, a new port for each:
    they stay in TIME_WAIT, and bind() to port 0 would find none left on a shared address."""
    number = next(_instances)
    return "127.%d.%d.%d" % (64 + os.getpid() % 64, number // 250 % 250 + 1, number % 250 + 1)


class BadServer:
    """Speaks enough FTP for one transfer after the other, but for `fault`.

    Faults: refuse-login, no-banner, silent (no reply to RETR), malformed-227, malformed-229,
    close-on-retr, garbage, half (data ends early, 226 all the same), half-and-close (both
    connections end in the middle), no-final, final-451, reset (RST on the data connection),
    stalled-data (half of the data and then nothing), unreachable-data, wrong-size (SIZE says less).
    `stall`: (after seconds, for seconds), during which nothing is answered.
    """

    CONTENT = b"0123456789abcdef" * 4096

    def __init__(self, fault=None, stall=None, speaks=None):
        self.fault = fault
        self.stall = stall
        self.speaks = speaks or Conversation
        self.stopping = threading.Event()
        self.address = own_address()
        self.listener = socket.socket()
        self.listener.bind((self.address, 0))
        self.listener.listen(128)
        self.port = self.listener.getsockname()[1]
        self.url = "ftp://%s:%d" % (self.address, self.port)
        self.began = None
        self.threads = []
        self.lock = threading.Lock()
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stopping.set()
        # A thread that sleeps in accept() does not see a close(); a connection wakes it.
        with socket.socket() as s:
            s.connect((self.address, self.port))
        self.acceptor.join(10)
        self.listener.close()
        for thread in self.threads:
            thread.join(10)

    def _accept(self):
        while True:
            control, _ = self.listener.accept()
            if self.stopping.is_set():
                control.close()
                return
            thread = threading.Thread(target=self._serve, args=(control,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _wait_out_the_stall(self):
        if not self.stall:
            return
        with self.lock:
            if self.began is None:
                self.began = time.monotonic()
        after, length = self.stall
        left = self.began + after + length - time.monotonic()
        if 0 < left <= length:
            self.stopping.wait(left)

    def _serve(self, control):
        with control:
            control.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            control.settimeout(0.2)
            try:
                self.speaks(self, control).run()
            except (OSError, EOFError):
                pass  # the client has gone, or does not like what it hears

    def hold(self, control):
        """Says nothing more until the client gives up."""
        while not self.stopping.is_set():
            try:
                if not control.recv(4096):
                    return
            except socket.timeout:
                continue


class Conversation:
    def __init__(self, server, control):
        self.server, self.control = server, control
        self.inbox = b""
        self.listener = None
        self.unreachable = None  # a data port that nobody listens on

    def say(self, line):
        self.control.sendall(line.encode() + b"\r\n")

    def line(self):
        while b"\n" not in self.inbox:
            if self.server.stopping.is_set():
                raise EOFError
            try:
                more = self.control.recv(4096)
            except socket.timeout:
                continue
            if not more:
                raise EOFError
            self.inbox += more
        line, self.inbox = self.inbox.split(b"\n", 1)
        return line.decode("utf-8", "replace").strip()

    def run(self):
        fault = self.server.fault
        if fault == "no-banner":
            return self.server.hold(self.control)
        self.say("this is not FTP" if fault == "garbage" else "220 ready")
        try:
            while True:
                line = self.line()
                self.server._wait_out_the_stall()
                if not self.answer(*(line.split(" ", 1) + [""])[:2]):
                    return
        finally:
            if self.listener:
                self.listener.close()

    def answer(self, verb, argument):
        fault = self.server.fault
        if verb == "USER":
            self.say("530 not you" if fault == "refuse-login" else "331 password?")
        elif verb == "PASS":
            self.say("230 in")
        elif verb in ("TYPE", "NOOP"):
            self.say("200 fine")
        elif verb == "SIZE":
            size = len(self.server.CONTENT)
            self.say("213 %d" % (size - 1000 if fault == "wrong-size" else size))
        elif verb in ("EPSV", "PASV"):
            self.passive(verb)
        elif verb == "RETR":
            return self.retrieve()
        elif verb == "QUIT":
            self.say("221 bye")
            return False
        else:
            self.say("500 what?")
        return True

    def passive(self, verb):
        if self.listener:
            self.listener.close()
        self.listener = socket.socket()
        self.listener.bind((self.server.address, 0))
        port = self.listener.getsockname()[1]
        if self.server.fault == "unreachable-data":
            # Bound and not listening: refused, and no other session gets the number meanwhile.
            self.unreachable, self.listener = self.listener, None
        else:
            self.listener.listen(1)
            self.listener.settimeout(10)
        host = self.server.address.replace(".", ",")
        if self.server.fault == "malformed-229" and verb == "EPSV":
            self.say("229 Entering (||%d|)" % port)
        elif verb == "EPSV":
            self.say("229 Entering (|||%d|)" % port)
        elif self.server.fault == "malformed-227":
            self.say("227 Entering (%s,%d,256)" % (host, port >> 8))
        else:
            self.say("227 Entering (%s,%d,%d)" % (host, port >> 8, port & 255))

    def retrieve(self):
        fault = self.server.fault
        if fault == "silent":
            self.server.hold(self.control)
            return False
        if fault == "close-on-retr":
            return False
        data, _ = self.listener.accept()
        with data:
            self.say("150 coming")
            content = self.server.CONTENT
            half = content[:len(content) // 2]
            if fault in ("half", "half-and-close", "reset", "stalled-data"):
                data.sendall(half)
            else:
                data.sendall(content)
            if fault == "stalled-data":
                self.server.hold(self.control)
                return False
            if fault == "reset":
                data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if fault in ("half-and-close",):
            return False
        if fault == "no-final":
            self.server.hold(self.control)
            return False
        self.say("451 the disk is gone" if fault == "final-451" else "226 done")
        return True
