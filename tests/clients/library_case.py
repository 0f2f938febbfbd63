"""The session that every FTP library plays: programs/ holds one small interpreter for each.

An interpreter gets HOST PORT passive|active, and the file of an authority's certificate where it
shall speak TLS, logs in as anonymous, and reads one step a line from its standard input, words separated by tabs. It answers each with one line: "ok" and the step's
values, or "error" and the library's own words. At the end of its input it says QUIT.
"""

import os
import subprocess

from client_case import CLIENT_SECONDS, CONTENTS, RESUME, RESUME_AT, STAMP, ClientCase


class LibraryCase(ClientCase):
    command = ()
    authority = ()  # the file, where the session is one of TLS
    names = ("with spaces in it", "Käse – 日本語.txt", "hash#tag", "quote\"double", "quote'single",
             "percent%20sign", "semi;colon", "back\\slash", "star*star", "-leading-dash", ".dot",
             "[bracket]", "dollar$HOME", "a:b|c&d", "x" * 200)

    def play(self, steps, mode="passive", ipv6=False):
        """The answers of one session, each a list of words."""
        host = "::1" if ipv6 else "127.0.0.1"
        port = self.server.port6 if ipv6 else self.server.port
        text = "".join("\t".join(step) + "\n" for step in steps)
        done = subprocess.run(
            [*self.command, host, str(port), mode, *self.authority], input=os.fsencode(text),
            cwd=self.here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=CLIENT_SECONDS,
            env=dict(os.environ, HOME=self.here, LANG="C.UTF-8", LC_ALL="C.UTF-8"))
        output = os.fsdecode(done.stdout)
        self.assertEqual(done.returncode, 0, output + os.fsdecode(done.stderr))
        answers = [line.split("\t") for line in output.splitlines()]
        self.assertEqual(len(answers), len(steps), output + os.fsdecode(done.stderr))
        return answers

    def succeed(self, steps, **how):
        answers = self.play(steps, **how)
        for step, answer in zip(steps, answers):
            self.assertEqual(answer[0], "ok", "%s: %s" % (step, answer))
        return [answer[1:] for answer in answers]

    def remote_name(self, name):
        return "/%s/%s" % (self.remote, name)

    def move_everything(self, **how):
        self.succeed([step for name in CONTENTS for step in
                      (("get", "/get/" + name, self.here_path(name)),
                       ("put", self.source(name), self.remote_name(name)))], **how)
        for name, content in CONTENTS.items():
            self.assert_same(self.here_path(name), content)
            self.assert_same(self.work_path(name), content)

    def test_passive(self):
        self.move_everything()

    def test_active(self):
        self.move_everything(mode="active")

    def test_resume_download(self):
        out = self.write_here("f", RESUME[:RESUME_AT])
        self.succeed([("resume-get", "/get/1MiB", out)])
        self.assert_same(out, RESUME)

    def test_resume_upload(self):
        self.write_work("f", RESUME[:RESUME_AT])
        self.succeed([("resume-put", self.source("1MiB"), self.remote_name("f"))])
        self.assert_same(self.work_path("f"), RESUME)

    def test_append(self):
        self.write_work("f", RESUME[:RESUME_AT])
        rest = self.write_here("rest", RESUME[RESUME_AT:])
        self.succeed([("append", rest, self.remote_name("f"))])
        self.assert_same(self.work_path("f"), RESUME)

    def test_ascii(self):
        source = self.write_here("text", b"one\ntwo\n")
        back = self.here_path("back")
        self.succeed([("put-text", source, self.remote_name("text")),
                      ("get-text", self.remote_name("text"), back)])
        self.assert_same(self.work_path("text"), b"one\ntwo\n")
        self.assert_same(back, b"one\ntwo\n")

    def test_files_and_folders(self):
        self.write_work("f", b"12345")
        os.utime(self.work_path("f"), (STAMP, STAMP))
        answers = self.succeed([
            ("cwd", "/" + self.remote), ("pwd",), ("mkdir", "d"), ("rename", "f", "d/g"),
            ("size", "d/g"), ("time", "d/g"), ("cwd", "d"), ("names", "."), ("lines", "."),
            ("cwd", ".."), ("pwd",)])
        self.assertEqual(answers[1], ["/" + self.remote])
        self.assertEqual(answers[4], ["5"])
        self.assertEqual(answers[5], [str(STAMP)])
        self.assertEqual([os.path.basename(name) for name in answers[7]], ["g"])
        self.assertEqual(len(answers[8]), 1)
        self.assertRegex(answers[8][0], r"^-rw.* 5 Jan +2 +2020 g$")
        self.assertEqual(answers[10], ["/" + self.remote])
        self.assertEqual(os.listdir(self.work_path("d")), ["g"])
        self.succeed([("cwd", "/" + self.remote), ("delete", "d/g"), ("rmdir", "d")])
        self.assertEqual(os.listdir(self.work), [])

    def test_odd_names(self):
        source = self.write_here("source", b"odd")
        self.succeed([("put", source, self.remote_name(name)) for name in self.names])
        self.assertEqual(sorted(os.listdir(self.work)), sorted(self.names))
        steps = [("cwd", "/" + self.remote), ("names", "")]
        for number, name in enumerate(self.names):
            steps += [("get", name, self.here_path("back%d" % number)),
                      ("rename", name, name[:-1] + "+"), ("delete", name[:-1] + "+")]
        answers = self.succeed(steps)
        shown = sorted(name for name in self.names if not name.startswith("."))
        self.assertEqual(sorted(name for name in answers[1] if not name.startswith(".")), shown)
        for number in range(len(self.names)):
            self.assert_same(self.here_path("back%d" % number), b"odd")
        self.assertEqual(os.listdir(self.work), [])

    def test_refusals(self):
        """What fails says so, and the session goes on."""
        missing = self.remote_name("missing")
        steps = [("get", missing, self.here_path("x")), ("delete", missing), ("rmdir", missing),
                 ("cwd", missing), ("mkdir", "/get"), ("rename", missing, missing + "2"),
                 ("put", self.source("one"), missing + "/f"),
                 ("get", "/get/4KiB", self.here_path("4KiB"))]
        answers = self.play(steps)
        self.assertEqual([answer[0] for answer in answers], ["error"] * 7 + ["ok"], answers)
        self.assert_same(self.here_path("4KiB"), CONTENTS["4KiB"])
        self.assertEqual(os.listdir(self.work), [])


def program_path(name):
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs", name)
