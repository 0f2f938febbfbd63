"""The manual page and the completions know every option of sluiced, and are installed with it."""

import json
import os
import re
import subprocess
import unittest

from system_case import sluice

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
COMPLETIONS = os.path.join(TOP, "deploy", "completions")


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


class Words(unittest.TestCase):
    def setUp(self):
        text = subprocess.run([os.environ["SLUICED"], "--help"], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
        self.options = set(re.findall(r"^  .{4}--([a-z-]+)", text, re.MULTILINE))
        self.assertGreater(len(self.options), 10)

    def test_the_manual_page(self):
        page = read(TOP, "src", "app", "sluiced.8.scd")
        options = page[page.index("# OPTIONS"):page.index("# SIGNALS")]
        self.assertEqual(set(re.findall(r"^\*.*--([a-z-]+)\*", options, re.MULTILINE)), self.options)

    def test_the_completions(self):
        for name, pattern in (("sluiced.bash", r"--([a-z-]+)"), ("_sluiced", r"--([a-z-]+)"),
                              ("sluiced.fish", r"^complete -c sluiced.* -l ([a-z-]+)")):
            told = set(re.findall(pattern, read(COMPLETIONS, name), re.MULTILINE))
            self.assertEqual(told, self.options, name)

    def bash_completes(self, *words):
        script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ' \
                 '_sluiced; printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "--norc", "-c", script, "bash",
                               os.path.join(COMPLETIONS, "sluiced.bash"), os.environ["SLUICED"],
                               *words], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash_completes(self):
        self.assertEqual(self.bash_completes("--wri"), ["--writable"])
        self.assertEqual(self.bash_completes("--engine", "e"), ["epoll"])
        self.assertEqual(self.bash_completes("--set", "limits.idle"), ["limits.idle_timeout="])
        self.assertEqual(self.bash_completes(TOP + "/depl"), [TOP + "/deploy"])

    def test_the_keys_are_those_of_the_default_configuration(self):
        dump = subprocess.run([os.environ["SLUICED"], "--dump-config"], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
        keys = set(self.bash_completes("--set", ""))
        self.assertGreater(len(keys), 60)
        self.assertEqual(len(keys), len(re.findall(r"^[a-z_]+ = ", dump, re.MULTILINE)))

    def test_what_is_installed(self):
        info = os.path.join(os.path.dirname(os.environ["SLUICED"]), "..", "..", "meson-info")
        installed = json.loads(read(info, "intro-installed.json"))
        places = list(installed.values())
        for end in ("sbin/sluiced", "lib/systemd/system/sluiced.service",
                    "lib/sysusers.d/sluice.conf", "bash-completion/completions/sluiced",
                    "fish/vendor_completions.d/sluiced.fish", "/_sluiced",
                    "doc/sluice/examples/public-mirror.toml"):
            self.assertEqual(len([p for p in places if p.endswith(end)]), 1, (end, places))
        unit = next(p for p, q in installed.items() if q.endswith("sluiced.service"))
        program = next(p for p in places if p.endswith("sbin/sluiced"))
        self.assertIn("ExecStart=%s --config" % program, read(unit))


if __name__ == "__main__":
    sluice.run(__name__)
