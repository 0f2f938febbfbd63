"""FileZilla in a window on a virtual X server, driven by its queue and by the keys of a person.

It has no batch mode. A test writes its settings, and the queue as FileZilla itself keeps it between
two runs (a SQLite file), starts it, presses Ctrl+P and waits for its end: the settings say that it
closes when the queue is done. The other tests work in its two file lists. Its log tells which
commands it sent. There is no window manager: the test gives the keyboard to a window by name.
"""

import contextlib
import os
import re
import shutil
import ssl
import sqlite3
import subprocess
import time
from xml.sax.saxutils import escape

from client_case import (CLIENT_SECONDS, CONTENTS, MIRROR, RESUME, RESUME_AT, ClientCase,
                         sluice)
from tls_case import TRANSFERS, TlsCase

# Every process ends with the test, also when that is killed.
TIED = ("setpriv", "--pdeathsig", "TERM")

LONGEST_SECONDS = 120

# Its options by their names in filezilla.xml. "Greeting version" keeps the welcome dialog away, the
# completion action 3 closes FileZilla, mode 2 is binary; the window shows the two file lists, local
# left and remote right, and nothing else. Debian's FileZilla looks for no updates.
SETTINGS = {
    "Ascii Binary mode": 2, "Filelist status bar": 0, "Greeting version": "99.0.0",
    "Number of Transfers": 2, "Preserve timestamps": 1, "Prevent idle sleep": 0,
    "Queue completion action": 3, "Reconnect count": 0, "Show Tree Local": 0,
    "Show Tree Remote": 0, "Show message log": 0, "Show queue": 0, "Show quickconnect bar": 0,
    "Timeout": 20, "Toolbar hidden": 1,
}

# The queue's file as FileZilla 3.63 makes it, version 7 of its schema; a later one migrates it.
QUEUE = """
PRAGMA encoding = "UTF-16le";
PRAGMA user_version = 7;
CREATE TABLE servers (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, host TEXT NOT NULL,
    port INTEGER, user TEXT, password TEXT, account TEXT, keyfile TEXT, protocol INTEGER,
    type INTEGER, logontype INTEGER, timezone_offset INTEGER, transfer_mode TEXT,
    max_connections INTEGER, encoding TEXT, bypass_proxy INTEGER, post_login_commands TEXT,
    name TEXT, parameters TEXT, site_path TEXT DEFAULT NULL);
CREATE TABLE files (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, server INTEGER NOT NULL,
    source_file TEXT, target_file TEXT, local_path INTEGER, remote_path INTEGER, size INTEGER,
    error_count INTEGER, priority INTEGER, flags INTEGER, default_exists_action INTEGER,
    extra_flags TEXT);
CREATE INDEX server_index ON files (server);
CREATE TABLE local_paths (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, path TEXT NOT NULL);
CREATE TABLE remote_paths (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, path TEXT NOT NULL);
"""
MAIN_WINDOW = "^FileZilla$| - FileZilla$"
NEW_FOLDER = "^Create directory$"

EXPLICIT_TLS, PLAIN_FTP = 4, 6  # protocols; 0 would try TLS first
ANONYMOUS = 0
NORMAL_PRIORITY = 2
DOWNLOAD = 16  # the only bit of `flags` used here
RESUME_IF_THERE = 5

# FileZilla shows a name as it is; the dialogs and lists must not trip over any of these.
TREE = {**MIRROR, "with spaces": b"3", "two  spaces/q'uo\"te": b"4", "a/[b] {c} $d & e": b"5"}


class Display:
    """An X server of our own on a number that it picks."""

    def __init__(self):
        reader, writer = os.pipe()
        self.process = subprocess.Popen(
            [*TIED, "Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x900x24", "-nolisten",
             "tcp", "-noreset"],
            pass_fds=[writer], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(writer)
        os.set_blocking(reader, False)
        self.number = b""

        def is_told():
            with contextlib.suppress(BlockingIOError):
                self.number += os.read(reader, 16)
            if self.process.poll() is not None:
                raise AssertionError("Xvfb ended with %d" % self.process.returncode)
            return self.number.endswith(b"\n")
        try:
            sluice.wait_for(is_told, "the number of the display")
        except AssertionError:
            self.close()
            raise
        finally:
            os.close(reader)
        self.name = ":" + self.number.decode().strip()

    def close(self):
        # Not KILL: it has a lock file to remove.
        self.process.terminate()
        self.process.wait(CLIENT_SECONDS)


class Program:
    """A FileZilla with a home of its own: settings and queue in, keys in, its log out."""

    def __init__(self, home, display):
        self.home = home
        self.folder = os.path.join(home, "config", "filezilla")
        self.log_path = os.path.join(home, "log")
        self.process = None
        os.makedirs(self.folder)
        # A session bus would be started for it, and stay; the accessibility bus likewise.
        self.environment = dict(
            os.environ, HOME=home, XDG_CONFIG_HOME=os.path.join(home, "config"),
            XDG_CACHE_HOME=os.path.join(home, "cache"), DISPLAY=display.name, GDK_BACKEND="x11",
            LANG="C.UTF-8", LC_ALL="C.UTF-8", NO_AT_BRIDGE="1", GSETTINGS_BACKEND="memory",
            DBUS_SESSION_BUS_ADDRESS="disabled:")
        self.write_xml("filezilla.xml", "Settings", "".join(
            '<Setting name="%s">%s</Setting>' % (name, escape(str(value)))
            for name, value in {**SETTINGS, "Logging file": self.log_path}.items()))

    def write_xml(self, name, tag, content):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write("<FileZilla3><%s>%s</%s></FileZilla3>" % (tag, content, tag))

    def write_queue(self, host, port, protocol, mode, transfers):
        """`transfers` are (flags, local folder, local name, remote folder, remote name)."""
        with contextlib.closing(sqlite3.connect(self.queue_path())) as queue, queue:
            queue.executescript(QUEUE)
            queue.execute("INSERT INTO servers (host, port, protocol, type, logontype, "
                          "timezone_offset, transfer_mode, max_connections, encoding, bypass_proxy)"
                          " VALUES (?, ?, ?, 0, ?, 0, ?, 0, 'Auto', 0)",
                          (host, port, protocol, ANONYMOUS, mode))
            paths = {}

            def path_id(table, path):
                if path not in paths:
                    paths[path] = queue.execute("INSERT INTO %s (path) VALUES (?)" % table,
                                                (path,)).lastrowid
                return paths[path]
            for flags, local, local_name, remote, remote_name in transfers:
                source, target = ((remote_name, local_name) if flags & DOWNLOAD else
                                  (local_name, remote_name))
                # FileZilla's own notation: Unix, no prefix, each segment after its length.
                segments = "".join(" %d %s" % (len(part), part) for part in remote.split("/"))
                queue.execute("INSERT INTO files (server, source_file, target_file, local_path, "
                              "remote_path, size, priority, flags, default_exists_action) "
                              "VALUES (1, ?, ?, ?, ?, -1, ?, ?, ?)",
                              (source, target if target != source else None,
                               path_id("local_paths", local + "/"),
                               path_id("remote_paths", "1 0" + segments),
                               NORMAL_PRIORITY, flags, RESUME_IF_THERE))

    def queue_path(self):
        return os.path.join(self.folder, "queue.sqlite3")

    def queue_changes(self):
        """SQLite's count of transactions. Read without a lock, which FileZilla would stumble on."""
        with open(self.queue_path(), "rb") as file:
            return file.read(28)[24:]

    def start(self, *arguments):
        with open(os.path.join(self.home, "output"), "wb") as output:
            self.process = subprocess.Popen(
                [*TIED, "filezilla", *arguments], stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, cwd=self.home, env=self.environment)

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def log_size(self):
        return os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0

    def refused(self):
        """The commands that got a reply of 4yz or 5yz, without their arguments."""
        asked, found = {}, set()
        for connection, kind, text in re.findall(
                r"(?m)^\S+ \S+ \d+ (\d+) (Command|Response): (.*)$", self.log()):
            if kind == "Command":
                asked[connection] = text.split()[0]
            elif text[0] in "45":
                found.add(asked[connection])
        return found

    def wait_for_log(self, text):
        self.wait_for(lambda: text in self.log(), "%r in the log" % text)

    def wait_for(self, condition, what):
        """As sluice.wait_for, and says what FileZilla did and shows when it fails."""
        def still():
            has_ended = self.process.poll() is not None  # asked first: the condition may be that
            value = condition()
            if not value and has_ended:
                raise AssertionError("FileZilla ended with %d before %s" %
                                     (self.process.returncode, what))
            return value
        try:
            return sluice.wait_for(still, what)
        except AssertionError as error:
            raise AssertionError("%s\nwindows: %s\nlog:\n%s" % (
                error, self.xdotool("search", "--onlyvisible", "--name", ".", "getwindowname",
                                    "%@"), self.log())) from None

    def xdotool(self, *command):
        done = subprocess.run(["xdotool", *command], env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=CLIENT_SECONDS)
        return done.stdout.decode()

    def focus(self, title):
        """Gives the keyboard to the window of that title, as soon as it is shown."""
        def has_focus():
            found = self.xdotool("search", "--onlyvisible", "--name", title).split()
            if not found:
                return None
            self.xdotool("windowfocus", found[-1])
            return found[-1] if self.xdotool("getwindowfocus", "-f").strip() == found[-1] else None
        return self.wait_for(has_focus, "a window with the title %r" % title)

    def press(self, title, *keys):
        self.focus(title)
        self.xdotool("key", "--clearmodifiers", *keys)

    def list_keys(self, side, *keys):
        """Presses keys in one of the two file lists, after a click below its entries."""
        window = self.focus(MAIN_WINDOW)
        size = self.xdotool("getwindowgeometry", "--shell", window)
        width, height = (int(re.search(r"(?m)^%s=(\d+)$" % name, size)[1])
                         for name in ("WIDTH", "HEIGHT"))
        x = width // 4 if side == "local" else width * 3 // 4
        self.xdotool("mousemove", "--window", window, str(x), str(height * 3 // 4), "click", "1")
        self.press(MAIN_WINDOW, *keys)

    def ask_for_folder(self):
        """Opens the dialog for a new remote folder.

        It opens once the listing has arrived in the window and no command runs, and only then:
        the log is ahead of the window.
        """
        def is_open():
            self.list_keys("remote", "ctrl+shift+n")
            with contextlib.suppress(AssertionError):
                return sluice.wait_for(
                    lambda: self.xdotool("search", "--onlyvisible", "--name", NEW_FOLDER),
                    "the dialog", seconds=1)
        self.wait_for(is_open, "the dialog for a new folder")

    def wait_until_idle(self):
        self.ask_for_folder()
        self.press(NEW_FOLDER, "Escape")
        self.wait_for(lambda: not self.xdotool("search", "--onlyvisible", "--name", NEW_FOLDER),
                      "the end of the dialog")

    def wait(self):
        """Waits for its end. Many files on a busy machine take their time: its log must grow."""
        last = time.monotonic() + LONGEST_SECONDS
        while self.process.poll() is None and time.monotonic() < last:
            known = self.log_size()
            self.wait_for(lambda: self.process.poll() is not None or self.log_size() != known,
                          "its end")
        if self.process.poll() is None:
            raise AssertionError("FileZilla never ends:\n" + self.log())
        if self.process.returncode != 0:
            raise AssertionError("FileZilla ended with %d:\n%s" %
                                 (self.process.returncode, self.log()))

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class FileZillaCase(ClientCase):
    program = "filezilla"
    protocol = PLAIN_FTP

    @classmethod
    def missing(cls):
        for program in (cls.program, "Xvfb", "xdotool", "setpriv"):
            if not shutil.which(program):
                return program + " is not installed"
        return None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        try:
            cls.display = Display()
        except AssertionError:
            super().tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls):
        try:
            cls.display.close()
        finally:
            super().tearDownClass()

    def program_here(self):
        program = Program(self.here_path("home"), self.display)
        program.write_xml("trustedcerts.xml", *self.trust())
        self.addCleanup(program.close)
        return program

    def trust(self):
        # Else it asks whether it may go on without TLS.
        return "InsecureHosts", ('<Host Port="%d">127.0.0.1</Host><Host Port="%d">::1</Host>' %
                                 (self.server.port, self.server.port6 or 0))

    def process_queue(self, transfers, ipv6=False, mode="passive"):
        """Starts FileZilla with a queue and has it worked off; the log."""
        program = self.program_here()
        host, port = ("::1", self.server.port6) if ipv6 else ("127.0.0.1", self.server.port)
        program.write_queue(host, port, self.protocol, mode, transfers)
        changes = program.queue_changes()
        program.start()
        # FileZilla empties the file when it has read it.
        program.wait_for(lambda: program.queue_changes() != changes, "the reading of the queue")
        program.press(MAIN_WINDOW, "ctrl+p")
        program.wait()
        self.assertEqual(program.refused(), set(), program.log())
        self.assertNotIn(" Error: ", program.log())
        return program.log()

    def browse(self, local):
        """A FileZilla that shows a local folder and this test's remote one."""
        program = self.program_here()
        program.start(self.url(self.remote), "-a", local)
        program.wait_for_log('Directory listing of "/%s" successful' % self.remote)
        program.wait_until_idle()
        return program

    def move_everything(self, command, **how):
        downloads = [(DOWNLOAD, self.here, name, "get", name) for name in CONTENTS]
        uploads = [(0, self.local, "source-" + name, self.remote, name) for name in CONTENTS]
        # A large file first, so that it does not go alone in the end.
        log = self.process_queue(downloads[::-1] + uploads[::-1], **how)
        for name, content in CONTENTS.items():
            self.assert_same(self.here_path(name), content)
            self.assert_same(self.work_path(name), content)
        self.assertIn("Command: " + command, log)
        connections = set(re.findall(r"(\d+) Command: (?:RETR|STOR) ", log))
        self.assertEqual(len(connections), 2, log)

    def move_many(self, count):
        files = {"f%03d" % i: b"%d" % i for i in range(count)}
        self.write_tree(self.work_path("out"), files)
        self.write_tree(self.here_path("out"), files)
        os.mkdir(self.work_path("back"))
        self.process_queue(
            [(DOWNLOAD, self.here_path("back"), name, self.remote + "/out", name)
             for name in files] +
            [(0, self.here_path("out"), name, self.remote + "/back", name) for name in files])
        self.assert_tree(self.here_path("back"), files)
        self.assert_tree(self.work_path("back"), files)


@sluice.on_each_engine
class FileZilla(FileZillaCase):
    client = "FileZilla"
    package = program = "filezilla"

    def test_passive(self):
        self.move_everything("PASV")

    def test_active(self):
        self.move_everything("PORT ", mode="active")

    def test_ipv6_passive(self):
        self.need_ipv6()
        self.move_everything("EPSV", ipv6=True)

    def test_ipv6_active(self):
        self.need_ipv6()
        self.move_everything("EPRT ", ipv6=True, mode="active")

    def test_resume_download(self):
        self.write_here("f", RESUME[:RESUME_AT])
        log = self.process_queue([(DOWNLOAD, self.here, "f", "get", "1MiB")])
        self.assert_same(self.here_path("f"), RESUME)
        self.assertIn("Command: REST %d" % RESUME_AT, log)

    def test_resume_upload(self):
        self.write_work("f", RESUME[:RESUME_AT])
        log = self.process_queue([(0, self.local, "source-1MiB", self.remote, "f")])
        self.assert_same(self.work_path("f"), RESUME)
        self.assertRegex(log, "Command: (APPE f|REST %d)" % RESUME_AT)

    def test_500_files(self):
        self.move_many(500)

    def test_download_of_folders(self):
        self.write_tree(self.work, TREE)
        os.mkdir(self.work_path("hollow"))
        back = self.here_path("back")
        os.mkdir(back)
        program = self.browse(back)
        program.list_keys("remote", "ctrl+a", "alt+Down")
        program.wait()
        self.assertLessEqual(program.refused(), {"AUTH"}, program.log())
        self.assert_tree(back, TREE)
        self.assertEqual(os.listdir(os.path.join(back, "hollow")), [])

    def test_upload_of_folders(self):
        out = self.here_path("out")
        self.write_tree(out, TREE)
        os.mkdir(os.path.join(out, "hollow"))
        program = self.browse(out)
        program.list_keys("local", "ctrl+a", "alt+Down")
        program.wait()
        # It looks for a folder before it makes one.
        self.assertLessEqual(program.refused(), {"AUTH", "CWD"}, program.log())
        self.assert_tree(self.work, TREE)
        self.assertEqual(os.listdir(self.work_path("hollow")), [])

    def test_file_commands(self):
        self.write_tree(self.work, {"original": b"1"})
        program = self.browse(self.here)
        program.list_keys("remote", "ctrl+a", "F2", "ctrl+a", *"renamed", "Return")
        program.wait_for(lambda: os.listdir(self.work) == ["renamed"], "the new name")
        program.ask_for_folder()
        program.press(NEW_FOLDER, *"made", "Return")
        program.wait_for(lambda: os.path.isdir(self.work_path("made")), "the folder")
        self.write_tree(self.work, {"made/a/b": b"2", "made/c": b"3"})
        program.wait_until_idle()
        program.list_keys("remote", "ctrl+a", "Delete")
        program.press("^Confirmation needed$", "Return")
        program.wait_for(lambda: os.listdir(self.work) == [], "the deletion")
        program.wait_until_idle()
        program.press(MAIN_WINDOW, "ctrl+q")
        program.wait()
        self.assertLessEqual(program.refused(), {"AUTH"}, program.log())


@sluice.on_each_engine
class FileZillaTls(TlsCase, FileZillaCase):
    """FTP over explicit TLS, with a certificate that its user has trusted before."""

    client = "FileZilla (FTPS)"
    package = program = "filezilla"
    protocol = EXPLICIT_TLS

    def trust(self):
        with open(self.ca, encoding="ascii") as file:
            certificate = ssl.PEM_cert_to_DER_cert(file.read()).hex()
        now = int(time.time())
        return "TrustedCerts", "".join(
            "<Certificate><Data>%s</Data><ActivationTime>%d</ActivationTime>"
            "<ExpirationTime>%d</ExpirationTime><Host>%s</Host><Port>%d</Port>"
            "<TrustSANs>0</TrustSANs></Certificate>" %
            (certificate, now - 3600, now + 86400, host, port or 0)
            for host, port in (("127.0.0.1", self.server.port), ("::1", self.server.port6)))

    def test_passive(self):
        self.move_everything("PASV")

    def test_active(self):
        self.move_everything("PORT ", mode="active")

    def test_200_transfers(self):
        self.move_many(TRANSFERS // 2)


if __name__ == "__main__":
    sluice.run(__name__)
