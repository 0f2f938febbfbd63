#!/usr/bin/python3
"""The verdict of tools/test: counts, reasons and exit codes, from logs written here.

Every other test is judged by tools/test_results.py, so it must not lose a failure. The logs below
have the forms that meson 1.0 and GoogleTest 1.12 write.
"""

import contextlib
import io
import json
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'tools'))
import test_results  # noqa: E402

GTEST = '''<testsuites><testsuite name="A">
<testcase classname="A" name="Passes" status="run" result="completed"/>
<testcase classname="A" name="Skips" status="run" result="skipped">
  <skipped message="a.cpp:5&#x0A;no io_uring here"/></testcase>%s
</testsuite></testsuites>'''
GTEST_FAILURE = '''<testcase classname="A" name="Fails" status="run" result="completed">
<failure message="because"/></testcase>'''
TAP = '''<testsuites><testsuite name="sluice.sluice:clients / curl">
<testcase name="1 a"/><testcase name="2 b"><failure/></testcase>
<testcase name="3 c"><skipped/><system-out>no lftp</system-out></testcase>
</testsuite></testsuites>'''


class Results(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.build = os.path.join(folder.name, 'build-test')
        os.makedirs(os.path.join(self.build, 'meson-logs'))
        self.runs = []

    def write(self, name, text):
        with open(os.path.join(self.build, name), 'w', encoding='utf-8') as file:
            file.write(text)

    def add_run(self, name, result='OK', code=0, stdout=''):
        self.runs.append({'name': name, 'result': result, 'returncode': code, 'stdout': stdout})

    def report(self, selected=None, options=()):
        names = selected or [run['name'].split(' / ')[-1] for run in self.runs]
        self.write('selected.names', '\n'.join(names))
        self.write('meson-logs/testlog.json', '\n'.join(json.dumps(run) for run in self.runs))
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            code = test_results.report([*options, self.build])
        lines = output.getvalue().splitlines()
        return code, lines[-1], '\n'.join(lines)

    def test_counts_each_case_of_gtest(self):
        self.write('unit-a.xml', GTEST % '')
        self.add_run('sluice:unit / unit-a')
        code, last, text = self.report()
        self.assertEqual((code, last), (0, '1 passed, 0 failed, 1 skipped'))
        self.assertIn('SKIPPED 1: no io_uring here', text)

    def test_a_failed_case_fails_the_run(self):
        self.write('unit-a.xml', GTEST % GTEST_FAILURE)
        self.add_run('sluice:unit / unit-a', 'FAIL', 1)
        code, last, text = self.report()
        self.assertEqual((code, last), (1, '1 passed, 1 failed, 1 skipped'))
        self.assertIn('because', text)

    def test_a_crash_without_a_report_is_a_failure(self):
        self.add_run('sluice:unit / unit-a', 'FAIL', -6, 'last words\n')
        code, last, text = self.report()
        self.assertEqual((code, last), (1, '0 passed, 1 failed, 0 skipped'))
        self.assertIn('last words', text)

    def test_a_bad_exit_after_good_cases_is_a_failure(self):
        self.write('unit-a.xml', GTEST % '')
        self.add_run('sluice:unit / unit-a', 'FAIL', 23, 'LeakSanitizer\n')
        self.assertEqual(self.report()[:2], (1, '1 passed, 1 failed, 1 skipped'))

    def test_counts_each_case_of_tap(self):
        self.write('meson-logs/testlog.junit.xml', TAP)
        self.add_run('sluice:clients / curl', 'FAIL')
        code, last, text = self.report()
        self.assertEqual((code, last), (1, '1 passed, 1 failed, 1 skipped'))
        self.assertIn('SKIPPED 1: no lftp', text)

    def test_reads_the_counts_of_other_programs(self):
        self.add_run('conform', stdout='SKIP no ring\n7 passed, 0 failed, 1 skipped\n')
        code, last, text = self.report()
        self.assertEqual((code, last), (0, '7 passed, 0 failed, 1 skipped'))
        self.assertIn('SKIPPED 1: no ring', text)

    def test_good_counts_do_not_hide_a_bad_exit(self):
        self.add_run('conform', 'FAIL', 1, '7 passed, 0 failed\n')
        self.assertEqual(self.report()[:2], (1, '7 passed, 1 failed, 0 skipped'))

    def test_a_program_that_tells_nothing_counts_once(self):
        self.add_run('a')
        self.add_run('b', 'SKIP', 77, 'no such client\n')
        self.add_run('c', 'TIMEOUT', -15)
        self.assertEqual(self.report()[:2], (1, '1 passed, 1 failed, 1 skipped'))

    def test_a_selected_test_that_never_ran_is_a_failure(self):
        self.add_run('a')
        self.assertEqual(self.report(['a', 'b'])[:2], (1, '1 passed, 1 failed, 0 skipped'))

    def test_a_broken_build_is_a_failure(self):
        self.add_run('a')
        self.assertEqual(self.report(options=['--broken=build-asan'])[:2],
                         (1, '1 passed, 1 failed, 0 skipped'))

    def test_nothing_run_is_no_success(self):
        self.assertEqual(self.report()[:2], (1, '0 passed, 0 failed, 0 skipped'))


if __name__ == '__main__':
    program = unittest.main(exit=False, argv=[sys.argv[0]])
    run, failed = program.result.testsRun, len(program.result.failures + program.result.errors)
    print(f'{run - failed} passed, {failed} failed', flush=True)
    sys.exit(1 if failed else 0)
