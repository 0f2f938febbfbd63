"""The manual page and the completions know every option that the help names."""

import os
import re
import subprocess

from load_case import load_command, sluice

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
COMPLETIONS = os.path.join(ROOT, "deploy", "completions")


def read(*path):
    with open(os.path.join(*path)) as f:
        return f.read()


def shell_is_there(name):
    return any(os.access(os.path.join(folder, name), os.X_OK)
               for folder in os.environ["PATH"].split(os.pathsep))


class Words(sluice.unittest.TestCase):
    def setUp(self):
        text = subprocess.run(load_command("--help"), check=True, stdout=subprocess.PIPE,
                              text=True).stdout
        self.options = set(re.findall(r"(?<![\w-])--([a-z-]+)", text))
        self.assertGreater(len(self.options), 25)

    def test_the_manual_page(self):
        page = read(ROOT, "tools", "sluice-load", "sluice-load.1.scd")
        told = set(re.findall(r"\*--([a-z-]+)\*", page))
        self.assertEqual(self.options - told, set())
        self.assertEqual(told - self.options, set())

    def test_the_completion_of_bash(self):
        told = set(re.findall(r"--([a-z-]+)", read(COMPLETIONS, "sluice-load.bash")))
        self.assertEqual(self.options - told, set())

    def test_the_completion_of_zsh(self):
        told = set(re.findall(r"--([a-z-]+)", read(COMPLETIONS, "_sluice-load")))
        self.assertEqual(self.options - told, set())

    def test_the_completion_of_fish(self):
        told = set(re.findall(r"^complete -c sluice-load.* -l ([a-z-]+)", read(COMPLETIONS, "sluice-load.fish"),
                              re.MULTILINE))
        self.assertEqual(self.options ^ told, set())

    def bash_completes(self, *words):
        script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ' \
                 '_sluice_load; printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "--norc", "-c", script, "bash",
                               os.path.join(COMPLETIONS, "sluice-load.bash"), *words],
                              check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash_completes(self):
        self.assertEqual(self.bash_completes("sluice-load", "small"), ["small-files"])
        self.assertEqual(self.bash_completes("sluice-load", "noop", "--dur"), ["--duration"])
        self.assertEqual(self.bash_completes("sluice-load", "--data", "e"), ["epsv", "eprt"])
        self.assertEqual(self.bash_completes("sluice-load", "--progress", "t"), ["tui"])
        self.assertIn("reno", self.bash_completes("sluice-load", "--congestion", "r"))
        self.assertEqual(self.bash_completes("sluice-load", "--tui", "--js"), ["--json"])

    def test_the_other_shells_can_read_theirs(self):
        for shell, name in (("zsh", "_sluice-load"), ("fish", "sluice-load.fish")):
            if shell_is_there(shell):
                done = subprocess.run([shell, "-n", os.path.join(COMPLETIONS, name)],
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                self.assertEqual((done.returncode, done.stdout), (0, ""), shell)


if __name__ == "__main__":
    sluice.run(__name__)
