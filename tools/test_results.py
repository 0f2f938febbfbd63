#!/usr/bin/python3
"""Which tests to run, and what came of them: the half of tools/test that is no shell.

    test_results.py select BUILD without=SUITES|suite=SUITE|matching=PATTERN
        writes BUILD/selected.names (tests) and BUILD/selected.targets (what ninja must build)
    test_results.py report [--broken=BUILD,...] BUILD...
        prints what failed and what was skipped, then "N passed, N failed, N skipped"

One test program may hold many cases, and each counts: GoogleTest's by the XML file that it writes,
TAP by meson's junit file, and others by a last line of the same form as ours. A program that tells
nothing counts once.
"""

import fnmatch
import json
import os
import re
import sys
import xml.etree.ElementTree as xml

OUTPUT_LINES_MAX = 20  # of each failed program
COUNTS = re.compile(r'^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$')


def read_json(build, name):
    with open(os.path.join(build, 'meson-info', name), encoding='utf-8') as file:
        return json.load(file)


def suites_of(test):
    """The names of the suites without the project's name before the colon."""
    return {suite.split(':')[-1] for suite in test['suite']}


def select(build, rule):
    kind, _, value = rule.partition('=')
    tests = read_json(build, 'intro-tests.json')
    if kind == 'without':
        chosen = [t for t in tests if not suites_of(t) & set(value.split(','))]
    elif kind == 'suite':
        chosen = [t for t in tests if value in suites_of(t)]
    else:
        pattern = value if any(c in value for c in '*?[') else f'*{value}*'
        chosen = [t for t in tests if fnmatch.fnmatchcase(t['name'], pattern)
                  or value in suites_of(t)]
        if not chosen:
            sys.exit(f'sluice: no test matches "{value}"; there are: '
                     + ', '.join(sorted(t['name'] for t in tests)))
    for test in chosen:
        if re.search(r'\s', test['name']):
            sys.exit(f'sluice: the name of a test holds a blank: "{test["name"]}"')

    files = {target['id']: target['filename'] for target in read_json(build, 'intro-targets.json')}
    targets = sorted({os.path.relpath(name, os.path.abspath(build))
                      for test in chosen for target in test['depends'] for name in files[target]})
    for name, lines in (('names', [t['name'] for t in chosen]), ('targets', targets)):
        with open(os.path.join(build, f'selected.{name}'), 'w', encoding='utf-8') as file:
            file.writelines(line + '\n' for line in lines)


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = []   # (name, why, output)
        self.skipped = []  # (name, why)


def count_gtest(tally, name, run, path):
    """True when the program left a readable report; a crash leaves none."""
    try:
        cases = xml.parse(path).iter('testcase')
    except (OSError, xml.ParseError):
        return False
    failed_before = len(tally.failed)
    for case in cases:
        title = f'{name} {case.get("classname")}.{case.get("name")}'
        skipped = case.find('skipped')
        failures = case.findall('failure')
        if failures:
            text = '\n'.join((f.text or f.get('message') or '') for f in failures)
            tally.failed.append((title, '', text))
        elif skipped is not None:
            why = (skipped.get('message') or '').strip().split('\n')[-1]
            tally.skipped.append((title, why or 'no reason given'))
        elif case.get('status') == 'notrun':
            tally.skipped.append((title, 'disabled'))
        else:
            tally.passed += 1
    if run['returncode'] != 0 and len(tally.failed) == failed_before:
        # A sanitizer's or an assertion's report after the last case.
        why = f'exit code {run["returncode"]} after its cases'
        tally.failed.append((name, why, output_of(run)))
    return True


def count_tap(tally, name, run, suite):
    failed_before = len(tally.failed)
    for case in suite.findall('testcase'):
        title = f'{name} {case.get("name")}'
        if case.find('failure') is not None or case.find('error') is not None:
            tally.failed.append((title, '', ''))
        elif case.find('skipped') is not None:
            why = case.findtext('system-out') or 'no reason given'
            tally.skipped.append((title, why))
        else:
            tally.passed += 1
    if run['result'] not in ('OK', 'SKIP', 'EXPECTEDFAIL'):
        if len(tally.failed) == failed_before:
            tally.failed.append((name, run['result'], ''))
        tally.failed[-1] = tally.failed[-1][:2] + (output_of(run),)


def count_program(tally, name, run):
    lines = [line for line in (run.get('stdout') or '').splitlines() if line.strip()]
    counts = COUNTS.match(lines[-1]) if lines else None
    good = run['result'] in ('OK', 'EXPECTEDFAIL')
    if counts:
        passed, failed, skipped = (int(n or 0) for n in counts.groups())
        tally.passed += passed
        reasons = [line[5:].strip() for line in lines if line.startswith('SKIP ')]
        reasons += ['no reason given'] * (skipped - len(reasons))
        tally.skipped += [(name, reason) for reason in reasons[:skipped]]
        tally.failed += [(name, 'see its output', '')] * failed
        if failed or not good:
            if not failed:
                tally.failed.append((name, run['result'], ''))
            tally.failed[-1] = tally.failed[-1][:2] + (output_of(run),)
    elif good:
        tally.passed += 1
    elif run['result'] == 'SKIP':
        tally.skipped.append((name, lines[-1] if lines else 'no reason given'))
    else:
        tally.failed.append((name, run['result'], output_of(run)))


def output_of(run):
    lines = ((run.get('stdout') or '') + (run.get('stderr') or '')).splitlines()
    return '\n'.join(lines[-OUTPUT_LINES_MAX:])


def count_build(tally, build):
    label = '' if build == 'build-test' else f'[{build.removeprefix("build-")}] '
    logs = os.path.join(build, 'meson-logs')
    with open(os.path.join(build, 'selected.names'), encoding='utf-8') as file:
        unseen = file.read().split()
    runs = []
    if os.path.exists(os.path.join(logs, 'testlog.json')):
        with open(os.path.join(logs, 'testlog.json'), encoding='utf-8') as file:
            runs = [json.loads(line) for line in file if line.strip()]
    tap = {}
    try:
        for suite in xml.parse(os.path.join(logs, 'testlog.junit.xml')).iter('testsuite'):
            tap[suite.get('name').partition('.')[2]] = suite  # after the project's name
    except (OSError, xml.ParseError):
        pass  # TAP programs then count once each, by their exit codes.

    for run in runs:
        test = run['name'].split(' / ')[-1]
        if test in unseen:
            unseen.remove(test)
        name = label + test
        if count_gtest(tally, name, run, os.path.join(build, test + '.xml')):
            continue
        if run['name'] in tap:
            count_tap(tally, name, run, tap[run['name']])
        else:
            count_program(tally, name, run)
    tally.failed += [(label + test, 'was not run to its end', '') for test in unseen]


def report(arguments):
    tally = Tally()
    for argument in arguments:
        if argument.startswith('--broken='):
            tally.failed += [(build, 'does not compile; see above', '')
                             for build in argument.partition('=')[2].split(',')]
        else:
            count_build(tally, argument)

    # Many cases are skipped for one reason: one line for each reason.
    reasons = {}
    for name, why in tally.skipped:
        reasons.setdefault(why, []).append(name)
    for why, names in reasons.items():
        print(f'SKIPPED {len(names)}: {why}')
        shown = names[:3] + ([f'and {len(names) - 3} more'] if len(names) > 3 else [])
        print('    ' + ', '.join(shown))
    for name, why, output in tally.failed:
        print(f'FAILED {name}' + (f' ({why})' if why else ''))
        for line in output.splitlines()[-OUTPUT_LINES_MAX:]:
            print('    ' + line)
    print(f'{tally.passed} passed, {len(tally.failed)} failed, {len(tally.skipped)} skipped')
    return 1 if tally.failed or not tally.passed else 0


def main():
    if sys.argv[1] == 'select':
        select(sys.argv[2], sys.argv[3])
        return 0
    return report(sys.argv[2:])


if __name__ == '__main__':
    sys.exit(main())
