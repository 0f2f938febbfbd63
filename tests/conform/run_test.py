#!/usr/bin/python3
"""tests/conform/run against sluiced, in all three ways to give it files, and against servers that are
wrong: what it says about them, what it leaves alone, and how it ends.

    run_test.py SLUICED CONFORM_RUN
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SLUICED, RUNNER = '', ''
# A few files of every kind: whole folders would take as long as the suite itself.
SOME = ['rfc959/mkd', 'rfc959/retr', 'rfc959/rename', 'rfc3659/size', 'rfc3659/mlst',
        'rfc959/cwd', 'rfc959/dele', 'hostile/order']


class Sluiced:
    """A server of an empty folder for the length of a `with`."""

    def __init__(self, *flags):
        self.flags = flags

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix='sluice-run-test-')
        self.root = self.folder.name
        self.process = subprocess.Popen(
            [SLUICED, self.root, '--listen', '127.0.0.1:0', *self.flags],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors='replace')
        for line in self.process.stdout:
            match = re.search(r'ftp://([0-9.:]+)', line)
            if match:
                self.address = match[1].rstrip(':')
                break
        # Its log must not fill the pipe.
        self.reader = threading.Thread(target=self.process.stdout.read)
        self.reader.start()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        self.folder.cleanup()


class WrongServer:
    """Logs everybody in, and then says what it likes."""

    ANSWERS = {'USER': '331 password', 'PASS': '230 in', 'QUIT': '221 bye', 'TYPE': '200 ok',
               'MKD': '550 no', 'NOOP': '250 wrong class but right', 'PWD': '257 no quotes',
               'SYST': '200 not a system', 'SIZE': '502 not here', 'CWD': '999 odd'}

    def __enter__(self):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.address = '127.0.0.1:%d' % self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        return self

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer, peer.makefile('rwb') as stream:
                self.talk(stream)

    def talk(self, stream):
        def say(text):
            stream.write(text.encode() + b'\r\n')
            stream.flush()
        try:
            say('220 hello')
            for line in stream:
                verb = line.decode('latin-1').strip()[:4].upper().strip()
                say(self.ANSWERS.get(verb, '500 what'))
                if verb == 'QUIT':
                    return
        except OSError:
            return

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


def run(*words):
    return subprocess.run([sys.executable, os.path.join(HERE, 'run'), '--runner', RUNNER, *words],
                          capture_output=True, text=True, check=False)


class Run(unittest.TestCase):
    def totals(self, done):
        """(passed, failed, not applicable) of the last line."""
        match = re.search(r'^(\d+) passed, (\d+) failed, (\d+) not applicable$', done.stdout,
                          re.MULTILINE)
        self.assertIsNotNone(match, done.stdout + done.stderr)
        return tuple(int(number) for number in match.groups())

    def test_sluice_with_its_folder_at_hand_passes_everything(self):
        with Sluiced('--writable') as server:
            done = run('--server', server.address, '--root', server.root, '--failed', *SOME)
            passed, failed, _ = self.totals(done)
            self.assertEqual((done.returncode, failed), (0, 0), done.stdout)
            self.assertGreater(passed, 30)
            self.assertEqual(os.listdir(server.root), [])

    def test_the_files_can_be_uploaded_instead(self):
        with Sluiced('--writable') as server:
            done = run('--server', server.address, '--failed', *SOME)
            passed, failed, skipped = self.totals(done)
            self.assertEqual((done.returncode, failed), (0, 0), done.stdout)
            self.assertGreater(passed, 30)
            self.assertGreater(skipped, 0)
            self.assertEqual(os.listdir(server.root), [])

    def test_without_a_tree_only_what_needs_none_is_played(self):
        with Sluiced() as server:
            with open(os.path.join(server.root, 'precious'), 'w', encoding='ascii') as file:
                file.write('x')
            done = run('--server', server.address, '--no-tree', 'hostile/login', 'rfc959/retr')
            passed, failed, skipped = self.totals(done)
            self.assertEqual((done.returncode, failed), (0, 0), done.stdout)
            self.assertGreater(passed, 0)
            self.assertGreater(skipped, 0)
            self.assertEqual(os.listdir(server.root), ['precious'])

    def test_a_folder_that_holds_something_is_left_alone(self):
        with Sluiced('--writable') as server:
            with open(os.path.join(server.root, 'precious'), 'w', encoding='ascii') as file:
                file.write('x')
            for words in (['--root', server.root], []):
                done = run('--server', server.address, *words, 'rfc959/mkd')
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertIn('not empty', done.stderr)
                self.assertEqual(os.listdir(server.root), ['precious'])

    def test_the_table_and_the_json_say_the_same(self):
        with Sluiced('--writable') as server, tempfile.TemporaryDirectory() as scratch:
            path = os.path.join(scratch, 'results.json')
            done = run('--server', server.address, '--root', server.root, '--json', path, 'RNTO')
            passed, failed, skipped = self.totals(done)
            with open(path, encoding='ascii') as file:
                data = json.load(file)
        self.assertEqual(data['totals'],
                         {'passed': passed, 'failed': failed, 'not applicable': skipped})
        self.assertEqual(len(data['cases']), passed + failed + skipped)
        self.assertTrue(all('RNTO' in case['commands'] for case in data['cases']))
        self.assertRegex(done.stdout, rf'RNTO +{data["commands"]["RNTO"]["passed"]} +0 ')

    def test_a_wrong_server_is_seen_through(self):
        with WrongServer() as server, tempfile.TemporaryDirectory() as scratch:
            path = os.path.join(scratch, 'results.json')
            done = run('--server', server.address, '--no-tree', '--json', path,
                       'rfc959/syst_noop', 'rfc959/pwd', 'rfc959/quit', 'hostile/paths')
            with open(path, encoding='ascii') as file:
                cases = json.load(file)['cases']
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        verdicts = {case['name']: case['verdict'] for case in cases}
        self.assertEqual(verdicts['rfc959/syst_noop: with a login'], 'failed')
        # Files are needed, and the server takes none.
        self.assertEqual(verdicts['hostile/paths: SIZE f is 5'], 'not applicable')
        self.assertIn("expected '215", done.stdout)

    def test_nobody_at_the_port_is_said_in_one_line(self):
        with socket.create_server(('127.0.0.1', 0)) as taken:
            port = taken.getsockname()[1]
        done = run('--server', f'127.0.0.1:{port}', 'rfc959/mkd')
        self.assertEqual(done.returncode, 2)
        self.assertIn('cannot log in', done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_wrong_words_are_64_and_help_fits_on_a_screen(self):
        self.assertEqual(run().returncode, 64)
        self.assertEqual(run('--server', 'x', '--nonsense').returncode, 64)
        helped = run('--help')
        self.assertEqual(helped.returncode, 0)
        self.assertLessEqual(len(helped.stdout.splitlines()), 52)
        self.assertLessEqual(max(map(len, helped.stdout.splitlines())), 100)


if __name__ == '__main__':
    SLUICED, RUNNER = sys.argv[1:3]
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Run)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    bad = len(result.failures) + len(result.errors)
    print(f'{result.testsRun - bad} passed, {bad} failed, 0 skipped')
    sys.exit(1 if bad else 0)
