#!/usr/bin/python3
"""Every row of proto::kCommandTable and of kSiteTable has a row in tests/conform/codes.txt, and every
command one in tests/conform/PEERS.md; neither has others.

What the rows of codes.txt say is checked by playing all cases (conform_run --codes); this lint is
for those who add a command and have not run them yet.

    check_codes.py ROOT | check_codes.py --self-test
"""

import os
import re

import source
from check_covers import TABLE, verbs_of

CODES = os.path.join('tests', 'conform', 'codes.txt')
PEERS = os.path.join('tests', 'conform', 'PEERS.md')


def commands_of(table):
    """The verbs, and the words behind SITE."""
    site = table[table.index('kSiteTable'):] if 'kSiteTable' in table else ''
    return verbs_of(table) + ['SITE ' + name for name in re.findall(r'\{"([A-Z]+)", SiteId::', site)]


def rows_of_codes(text):
    """[(line, command)] of `COMMAND: codes`."""
    return [(number, match[1]) for number, line in enumerate(text.splitlines(), 1)
            if (match := re.match(r'([A-Z@0-9 ]+):', line))]


def rows_of_peers(text):
    """The commands of the table below "Command by command"."""
    part = text[text.index('## Command by command'):] if '## Command by command' in text else ''
    part = part[:part.index('## The first difference')] if '## The first' in part else part
    return re.findall(r'^\| ([A-Z@0-9]+) \|', part, re.MULTILINE)


def compare_codes(report, commands, text):
    rows = rows_of_codes(text)
    for number, command in rows:
        if command not in commands:
            report.add(CODES, number, f'"{command}" is no row of the command table: remove it')
    present = {command for _, command in rows}
    for command in commands:
        if command not in present:
            report.add(CODES, 1, f'no row for {command}: add "{command}: " and every reply code '
                       'that its handler, its ArgumentRule and its gates can send (500 line too '
                       'long, 501 NUL, 530 unless before_login, ...); `conform_run --codes` then '
                       'says which of them no case shows')


def compare_peers(report, verbs, text):
    rows = rows_of_peers(text)
    if rows != verbs:
        differing = sorted(set(rows) ^ set(verbs)) or ['(their order)']
        report.add(PEERS, 1, 'its commands are not those of the command table: '
                   + ' '.join(differing) + '; write it anew with `bench/fetch_peers && '
                   'tests/conform/peers`')


def check(root):
    report = source.Report()
    table = source.read(os.path.join(root, TABLE))
    compare_codes(report, commands_of(table), source.read(os.path.join(root, CODES)))
    peers = os.path.join(root, PEERS)
    # Not yet written is a finding with what to do, no traceback.
    compare_peers(report, verbs_of(table), source.read(peers) if os.path.exists(peers) else '')
    return report.finish('codes')


def self_test():
    table = ('kCommandTable = {\n{Verb("USER"), Id::User, 1},\n{Verb("SITE"), Id::Site, 1}};\n'
             'struct UnimplementedVerb {};\nkSiteTable = {\n{"CHMOD", SiteId::Chmod, true}};')
    commands = commands_of(table)
    assert commands == ['USER', 'SITE', 'SITE CHMOD'], commands
    good = source.Report()
    compare_codes(good, commands, '# x\nUSER: 331\nSITE: 500\nSITE CHMOD: 200\nUSER 451 -- x: y')
    compare_peers(good, ['USER', 'SITE'],
                  '| passed | 3 |\n## Command by command\n| USER | 3 |\n| SITE | - |\n')
    assert good.findings == [], good.findings
    bad = source.Report()
    compare_codes(bad, commands, 'USER: 331\nXYZ: 200\nSITE: 500')
    compare_peers(bad, ['USER', 'SITE'], '## Command by command\n| USER | 3 |\n| XYZ | 3 |\n')
    assert len(bad.findings) == 3, bad.findings
    assert 'XYZ' in bad.findings[0] and 'SITE CHMOD' in bad.findings[1], bad.findings
    assert 'SITE XYZ' in bad.findings[2] and 'tests/conform/peers' in bad.findings[2], bad.findings
    print('5 passed, 0 failed')
    return 0


if __name__ == '__main__':
    source.main(check, self_test)
