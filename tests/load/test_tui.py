"""--tui on a terminal: what it shows, that it resizes, and that every way out leaves the terminal
as it was."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

from load_case import USAGE, LoadCase, load_command, sluice
from screen import Screen

SECONDS_MAX = 20.0
TABLE = "Times in ms       mean"


class Terminal:
    """A pseudo-terminal with sluice-load in it."""

    def __init__(self, words, rows=24, columns=80, kind="xterm", locale="C.UTF-8"):
        self.master, self.slave = pty.openpty()
        self.screen = Screen(rows, columns)
        self.output = ""
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        # ncurses 6.4 forgets a structure when it does not know the terminal; it is no leak of ours.
        environment = dict(os.environ, TERM=kind, LC_ALL=locale)
        if not kind.startswith("xterm"):
            environment["ASAN_OPTIONS"] = "detect_leaks=0"
        environment.pop("NO_COLOR", None)
        self.process = subprocess.Popen(
            load_command(*words), stdin=self.slave, stdout=self.slave, stderr=self.slave,
            env=environment, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def resize(self, rows, columns):
        self.screen.resize(rows, columns)
        # The kernel sends WINCH to whoever has this terminal.
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        text = os.read(self.master, 65536).decode("utf-8", "replace")
        self.output += text
        self.screen.feed(text)
        return True

    def wait_for(self, what, condition):
        end = time.monotonic() + SECONDS_MAX
        while not condition():
            if time.monotonic() > end:
                raise AssertionError("no %s on\n%s" % (what, "\n".join(self.screen.lines)))
            self.read(0.05)

    def wait_for_text(self, text):
        self.wait_for(repr(text), lambda: any(text in line for line in self.screen.lines))

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self):
        """Its exit status, all output read."""
        self.wait_for("end", lambda: self.process.poll() is not None)
        while self.read(0.1):
            pass
        return self.process.returncode

    def is_restored(self):
        # PENDIN is the kernel's own note that the mode was changed while input was waiting.
        settings = [termios.tcgetattr(self.slave), list(self.before)]
        for one in settings:
            one[3] &= ~termios.PENDIN
        return (settings[0] == settings[1] and not self.screen.is_full_screen and
                not self.screen.is_cursor_hidden)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


class FullScreen(LoadCase):
    engine = "epoll"

    def setUp(self):
        super().setUp()
        self.tree.write("file", sluice.random_bytes(100000))
        self.server = self.serve()
        self.addCleanup(self.server.kill)

    def start(self, *words, **options):
        url = "ftp://127.0.0.1:%d/file" % self.server.port
        words = words or ("download", url, "--sessions", 5, "--duration", "1m")
        terminal = Terminal(words + ("--tui", "--engine", self.engine), **options)
        self.addCleanup(terminal.close)
        return terminal

    def started(self, **options):
        terminal = self.start(**options)
        terminal.wait_for_text("5 of 5 open")
        return terminal

    def test_it_shows_the_run(self):
        terminal = self.started()
        self.assertTrue(terminal.screen.is_full_screen)
        self.assertTrue(terminal.screen.is_cursor_hidden)
        terminal.wait_for_text("226:")
        terminal.wait_for_text("q or Ctrl-C")
        self.assertEqual(terminal.screen.unknown, set())
        lines = terminal.screen.lines
        self.assertTrue(lines[0].startswith(" download ftp://127.0.0.1"), lines[0])
        self.assertTrue(lines[0].endswith("running"), lines[0])
        self.assertRegex(lines[1], r"[0-9] s of 60 s, [0-9]+ s left")
        text = "\n".join(lines)
        for part in ("bit/s", "Throughput", "First byte", "Whole action", "226:", "Errors",
                     "none", "Generator"):
            self.assertIn(part, text)
        self.assertIn("\u2588", text)  # a full bar

    def test_ascii_alone_without_utf8(self):
        terminal = self.started(locale="C")
        self.assertTrue("".join(terminal.screen.lines).isascii())
        self.assertIn("#", "".join(terminal.screen.lines))

    def test_it_resizes_with_the_window(self):
        terminal = self.started()
        for rows, columns in ((40, 120), (10, 50), (3, 20), (24, 80)):
            terminal.resize(rows, columns)
            if rows > 3:
                # The last line of the window, wherever that is now.
                terminal.wait_for("hint at the bottom", lambda rows=rows:
                                  "q or Ctrl-C" in terminal.screen.lines[rows - 1])
                self.assertIn("download", terminal.screen.lines[0])
            else:
                terminal.wait_for_text("too small")

    def test_q_ends_the_run_with_its_table(self):
        terminal = self.started()
        began = time.monotonic()
        terminal.type("q")
        self.assertEqual(terminal.end(), 0)
        self.assertLess(time.monotonic() - began, 10)
        self.assertTrue(terminal.is_restored())
        self.assertIn(TABLE, terminal.output.split("\x1b[?1049l")[1])

    def test_control_c_ends_the_run_with_its_table(self):
        terminal = self.started()
        terminal.type("\x03")
        self.assertEqual(terminal.end(), 0)
        self.assertTrue(terminal.is_restored())
        self.assertIn(TABLE, terminal.output.split("\x1b[?1049l")[1])

    def test_control_z_does_not_stop_the_generator(self):
        terminal = self.started()
        terminal.type("\x1a")
        terminal.wait_for("second after Ctrl-Z", lambda: " 4 s of 60 s" in terminal.screen.lines[1])
        terminal.type("q")
        self.assertEqual(terminal.end(), 0)

    def test_a_run_that_ends_by_itself_restores_the_terminal(self):
        url = "ftp://127.0.0.1:%d/file" % self.server.port
        terminal = self.start("download", url, "--transfers", 50)
        self.assertEqual(terminal.end(), 0)
        self.assertTrue(terminal.is_restored())
        self.assertIn("done 50", terminal.output.split("\x1b[?1049l")[1])

    def test_a_run_that_cannot_be_restores_the_terminal(self):
        terminal = self.start("download", "ftp://127.0.0.1:1/f", "--source", "::1")
        self.assertEqual(terminal.end(), USAGE)
        self.assertTrue(terminal.is_restored())
        self.assertIn("cannot be reached from ::1", terminal.output)

    def test_fatal_signals_restore_the_terminal(self):
        for number in (signal.SIGABRT, signal.SIGSEGV, signal.SIGQUIT, signal.SIGHUP):
            terminal = self.started()
            os.kill(terminal.process.pid, number)
            status = terminal.end()
            # A sanitizer has a way of its own to die of most of them.
            self.assertNotEqual(status, 0, number)
            self.assertTrue(terminal.is_restored(), (number, terminal.output[-200:]))

    def test_an_unknown_terminal_is_refused(self):
        terminal = self.start(kind="no-such-terminal")
        self.assertEqual(terminal.end(), USAGE)
        self.assertIn("the terminal 'no-such-terminal' (TERM) is unknown", terminal.output)
        self.assertTrue(terminal.is_restored())

    def test_without_a_terminal_there_is_a_line_each_second(self):
        command = load_command("noop", "ftp://127.0.0.1:%d/" % self.server.port, "--duration",
                               "1100ms", "--tui", "--engine", self.engine)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=SECONDS_MAX)
        self.assertEqual(done.returncode, 0)
        self.assertIn("--tui needs a terminal", done.stderr)
        self.assertIn("sess 16/16", done.stderr)
        self.assertIn(TABLE, done.stdout)


class FullScreenCase(FullScreen, sluice.unittest.TestCase):
    pass


if __name__ == "__main__":
    sluice.run(__name__)
