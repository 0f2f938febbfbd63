#!/usr/bin/python3
"""Every row of proto::kCommandTable is named by a transcript: `# covers: VERB ...` at its top.

A command without a conversation that shows it is not done (CONTRIBUTING.md, "Adding a command").
A name that no row has is a finding too: it would count for nothing.

    check_covers.py ROOT | check_covers.py --self-test
"""

import os
import re
import shlex

import source

TABLE = os.path.join('include', 'sluice', 'proto', 'command_table.hpp')
TRANSCRIPTS = os.path.join('tests', 'conform')


def verbs_of(table):
    """The verbs of the rows, in order: those of kCommandTable only."""
    rows = table[table.index('kCommandTable'):table.index('struct UnimplementedVerb')]
    return re.findall(r'\{Verb\("([^"]+)"\), Id::', rows)


def columns(transcript):
    """The values below each name of the `given` tables: {name: [value, ...]}."""
    values, names = {}, []
    for line in transcript.splitlines():
        line = line.strip()
        if line.startswith('given '):
            names = line.split()[1:]
        elif line.startswith('|') and names:
            row = shlex.split(line[1:].replace('\\', '\\\\').replace("'", "\\'"))
            for name, value in zip(names, row):
                values.setdefault(name, []).append(value)
        else:
            names = []
    return values


def covered(transcript):
    """What the comments of a transcript say it covers; `$name` is every value of a table."""
    names, values = [], columns(transcript)
    for line in transcript.splitlines():
        match = re.match(r'#\s*covers:(.*)', line)
        for word in match[1].split() if match else []:
            names.extend(values.get(word[1:], [word]) if word.startswith('$') else [word])
    return [name.split()[0] for name in names]  # "SITE HASH" is SITE


def compare(report, verbs, transcripts):
    """`transcripts`: (path, text) pairs."""
    seen = set()
    for path, text in transcripts:
        for name in covered(text):
            if name not in verbs:
                report.add(path, 1, f'covers "{name}", which is no row of the command table')
            seen.add(name)
    for verb in verbs:
        if verb not in seen:
            report.add(TABLE, 1, f'{verb} is covered by no transcript of {TRANSCRIPTS}')


def check(root):
    report = source.Report()
    verbs = verbs_of(source.read(os.path.join(root, TABLE)))
    if not verbs:
        report.add(TABLE, 1, 'no rows found: has the form of the table changed?')
    transcripts = [(path, source.read(os.path.join(root, path)))
                   for path in source.files_under(root, (TRANSCRIPTS,), ('.ftp',))]
    compare(report, verbs, transcripts)
    return report.finish('covers')


def self_test():
    table = ('kCommandTable = {\n{Verb("USER"), Id::User, 1},\n{Verb("P@SW"), Id::Pasv, 1},\n'
             '{Verb("PWD"), Id::Pwd, 1}};\nstruct UnimplementedVerb {};\n'
             '{Verb("AUTH"), "RFC 2228 3"},')
    verbs = verbs_of(table)
    assert verbs == ['USER', 'P@SW', 'PWD'], verbs
    good = source.Report()
    compare(good, verbs, [('a.ftp', '# covers: USER\n> USER x'),
                          ('b.ftp', '# covers: $verb\ngiven what verb\n| "it\'s 1" PWD\n| x P@SW')])
    assert good.findings == [], good.findings
    bad = source.Report()
    compare(bad, verbs, [('a.ftp', '# covers: USER PWD XYZ\n> P@SW')])
    assert len(bad.findings) == 2 and 'XYZ' in bad.findings[0] and 'P@SW' in bad.findings[1], bad
    unknown = source.Report()
    compare(unknown, verbs, [('c.ftp', '# covers: $word USER PWD P@SW')])
    assert len(unknown.findings) == 1 and '$word' in unknown.findings[0], unknown
    print('4 passed, 0 failed')
    return 0


if __name__ == '__main__':
    source.main(check, self_test)
