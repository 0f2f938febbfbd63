"""Midnight Commander: its FTP panel, by the keys that a person would press."""

import contextlib
import fcntl
import os
import pty
import struct
import termios
import threading
import time

from client_case import CONTENTS, ClientCase, sluice

KEYS = {"F5": "\x1b[15~", "F6": "\x1b[17~", "F7": "\x1b[18~",
        "F8": "\x1b[19~", "F10": "\x1b[21~", "insert": "\x1b[2~", "down": "\x1bOB", "enter": "\r"}
FILES = {"a1": CONTENTS["1MiB"], "b with blanks": b"22", "c-Käse": b"333", "d/x": b"1",
         "d/e/y": CONTENTS["4KiB"], "empty": b""}


class Terminal:
    """A program on a terminal of its own: keys in, everything it ever showed out."""

    def __init__(self, command, environment):
        self.shown = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, environment)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        try:
            while piece := os.read(self.fd, 65536):
                self.shown += piece
        except OSError:
            pass  # the program has ended

    def wait_for(self, text, since=0):
        sluice.wait_for(lambda: text.encode() in self.shown[since:], "%r on the screen" % text)

    def press(self, *keys):
        for key in keys:
            os.write(self.fd, KEYS.get(key, key).encode())

    def ask(self, title, *keys):
        """Presses the first key, waits for the dialog that it opens, and presses the others."""
        since = len(self.shown)
        self.press(keys[0])
        self.wait_for(title, since)
        self.press(*keys[1:])

    def close(self):
        pressed = -1.0

        def has_ended():
            nonlocal pressed
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return True
            # Again: a dialog of progress that was still there takes the key for itself.
            if time.monotonic() - pressed > 1:
                pressed = time.monotonic()
                with contextlib.suppress(OSError):
                    self.press("F10")
            return False

        try:
            sluice.wait_for(has_ended, "the end of the program")
        except AssertionError:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
            raise
        finally:
            os.close(self.fd)
            self.reader.join()


@sluice.on_each_engine
class MidnightCommander(ClientCase):
    client = "mc"
    package = program = "mc"

    def open_panels(self, left, right, shown):
        """mc with the cursor on the left panel's "..", when it shows what it must."""
        terminal = Terminal(["mc", "-u", "-d", "-b", left, right], dict(
            os.environ, HOME=self.here, TERM="xterm", LANG="C.UTF-8", LC_ALL="C.UTF-8"))
        self.addCleanup(terminal.close)
        terminal.wait_for(shown)
        terminal.wait_for("Quit")
        return terminal

    def remote_panel(self):
        return "ftp://anonymous@127.0.0.1:%d/%s" % (self.server.port, self.remote)

    def copy(self, source, target, folder):
        terminal = self.open_panels(source, target, "b with blanks")
        entries = {name.split("/")[0] for name in FILES}
        terminal.press("down", *["insert"] * len(entries))
        terminal.ask("Copy", "F5", "enter")

        def sizes():
            return {os.path.relpath(os.path.join(path, name), folder):
                    os.path.getsize(os.path.join(path, name))
                    for path, _, names in os.walk(folder) for name in names}
        expected = {name: len(content) for name, content in FILES.items()}
        sluice.wait_for(lambda: sizes() == expected, "the copies")
        self.assert_tree(folder, FILES, stamped=False)

    def test_upload(self):
        self.write_tree(self.here_path("out"), FILES)
        self.copy(self.here_path("out"), self.remote_panel(), self.work)

    def test_download(self):
        self.write_tree(self.work, FILES)
        os.mkdir(self.here_path("back"))
        self.copy(self.remote_panel(), self.here_path("back"), self.here_path("back"))

    def test_files_and_folders(self):
        self.write_tree(self.work, {"original": b"1", "victim": b"2"})
        terminal = self.open_panels(self.remote_panel(), self.here, "victim")
        terminal.ask("Create a new Directory", "F7", "made", "enter")
        sluice.wait_for(lambda: os.path.isdir(self.work_path("made")), "the folder")
        # The cursor is on the new folder now, which stands before the files.
        terminal.press("down")
        # What is typed replaces the proposal, the other panel's folder.
        terminal.ask("Move", "F6", self.remote_panel() + "/renamed", "enter")
        sluice.wait_for(lambda: sorted(os.listdir(self.work)) == ["made", "renamed", "victim"],
                        "the new name")
        terminal.press("down")
        terminal.ask("Delete", "F8", "enter")
        sluice.wait_for(lambda: sorted(os.listdir(self.work)) == ["made", "renamed"],
                        "the deletion")


if __name__ == "__main__":
    sluice.run(__name__)
