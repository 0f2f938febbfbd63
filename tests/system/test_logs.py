"""What a client can make the server write down: O-LOG-1."""

import json
import os
import time

from system_case import SystemCase, sluice

# As bytes of a name; NUL, CR and LF cannot be in one and come as commands of their own.
EVIL = [
    b"esc\x1b[31mred", b"bell\x07", b"percent%n%s%x", b'quote"quote', b"back\\slash", b"eight\xe9bit",
    b"utf8-\xc3\xa9", b"broken-utf8-\xc3(", b"del\x7f", b"c1-\xc2\x9b31m", b"tab\there", b"spaces and more",
    b"fake ip=203.0.113.9 user=\"root\"", b"\",\"event\":\"login\",\"x\":\"", b"x" * 250,
]


@sluice.on_each_engine
class Logs(SystemCase):
    def make_noise(self, server):
        """Every event with every evil name, and lines that try to end the record."""
        with server.client() as client:
            for name in EVIL:
                client.send(b"MKD " + name + b"\r\n")
                client.expect(client.reply(), "257")
                client.send(b"RNFR " + name + b"\r\n")
                client.expect(client.reply(), "350")
                client.send(b"RNTO r" + name[:200] + b"\r\n")
                client.expect(client.reply(), "250")
                client.send(b"RMD r" + name[:200] + b"\r\n")
                client.expect(client.reply(), "250")
                client.store(os.fsdecode(name), b"content")
                client.retrieve("RETR " + os.fsdecode(name))
                client.send(b"DELE " + name + b"\r\n")
                client.expect(client.reply(), "250")
            for line in (b"MKD a\0b", b"MKD a\rb", b"RETR a\r\0b"):
                client.send(line + b"\r\n")
                client.reply()
            client.quit()
        for name in EVIL + [b"a\0b", b"a\rb", b"x" * 4000]:
            with server.client(login=False) as client:
                client.greet()
                client.send(b"USER " + name + b"\r\n")
                reply = client.reply()
                if reply.startswith("331"):
                    client.send(b"PASS " + name + b"\r\n")
                    client.expect(client.reply(), "530")
        # An anonymous password goes into the xferlog.
        with server.client(login=False) as client:
            client.greet()
            client.command("USER anonymous")
            client.send(b"PASS evil pass\x1b[31m \xe9 0 * c\r\n")
            client.expect(client.reply(), "230")
            client.store("mailed", b"content")
            client.quit()

    def lines_after(self, path, settings):
        """The lines of a log file that one noisy server wrote."""
        with self.serve(writable=True, settings=settings) as server:
            self.make_noise(server)
            expected = len(EVIL)
        with open(path, "rb") as f:
            content = f.read()
        self.assertTrue(content.endswith(b"\n"))
        lines = content.split(b"\n")[:-1]
        self.assertGreater(len(lines), expected)
        for line in lines:
            self.assertFalse([c for c in line if c < 0x20 or c == 0x7F], line)
        return lines

    def test_o_log_1_no_c1_controls(self):
        # U+009B is CSI to a terminal that reads UTF-8: as good as ESC [.
        path = os.path.join(self.tree.top, "log")
        for form in ("text", "json"):
            settings = ["log.file=" + path, "log.format=" + form, "log.level=debug"]
            for line in self.lines_after(path, settings):
                self.assertNotRegex(line, rb"\xc2[\x80-\x9f]")
            os.unlink(path)

    def test_o_log_1_text(self):
        path = os.path.join(self.tree.top, "log")
        lines = self.lines_after(path, ["log.file=" + path, "log.level=debug"])
        for line in lines:
            self.assertRegex(line, rb"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z (error|warn|info|debug) [a-z-]+ ")
            # A field in a name is inside quotes; only the real address stands outside of them.
            outside = b"".join(line.replace(b'\\"', b"").split(b'"')[::2])
            self.assertNotIn(b"203.0.113.9", outside)

    def test_o_log_1_json(self):
        path = os.path.join(self.tree.top, "log")
        lines = self.lines_after(path, ["log.file=" + path, "log.format=json", "log.level=debug"])
        events = [json.loads(line) for line in lines]
        kinds = {event["event"] for event in events}
        self.assertLessEqual({"start", "stop", "connect", "login", "auth-fail", "transfer",
                              "delete", "rename", "mkdir", "rmdir", "disconnect"}, kinds)
        self.assertTrue(all(event.get("ip", "127.0.0.1") == "127.0.0.1" for event in events))
        logins = [event for event in events if event["event"] == "login"]
        self.assertEqual(len(logins), 2)
        # No password anywhere.
        self.assertFalse([line for line in lines if b"evil pass" in line or b"test@example" in line])
        sizes = [e["bytes"] for e in events if e["event"] == "transfer" and e.get("cmd") == "RETR"]
        self.assertEqual(sizes, [7] * len(EVIL))

    def test_o_log_1_xferlog(self):
        path = os.path.join(self.tree.top, "xferlog")
        lines = self.lines_after(path, ["log.transfer_file=" + path])
        for line in lines:
            fields = line.split(b" ")
            # The day of the month is padded with a blank.
            fields = [field for i, field in enumerate(fields) if field or i != 2]
            self.assertEqual(len(fields), 18, line)
            self.assertIn(fields[11], (b"i", b"o", b"d"), line)
            self.assertIn(fields[17], (b"c", b"i"), line)
            time.strptime(b" ".join(fields[:5]).decode(), "%a %b %d %H:%M:%S %Y")
        downloads = [line for line in lines if b" o a " in line]
        self.assertEqual(len(downloads), len(EVIL))

    def test_a_rotated_log_is_reopened(self):
        path = os.path.join(self.tree.top, "log")
        with self.serve(settings=["log.file=" + path]) as server:
            with server.client() as client:
                client.retrieve("NLST")
                client.quit()
            sluice.wait_for(lambda: os.path.getsize(path) > 0, "the log")
            os.rename(path, path + ".1")
            server.signal(10)  # USR1

            def writes_again():
                with server.client() as client:
                    client.retrieve("NLST")
                    client.quit()
                return os.path.exists(path) and os.path.getsize(path) > 0

            sluice.wait_for(writes_again, "the new log")


if __name__ == "__main__":
    sluice.run(__name__)
