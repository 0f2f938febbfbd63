"""The results of conform_run as a table, command by command. Read by `run` and by `peers`."""

import json
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, '..', '..', 'include', 'sluice', 'proto', 'command_table.hpp')
VERDICTS = ('passed', 'failed', 'not applicable')


def verbs(path=TABLE):
    """The rows of the command table, in its order."""
    with open(path, encoding='ascii') as file:
        text = file.read()
    text = text[text.index('kCommandTable'):text.index('struct UnimplementedVerb')]
    return re.findall(r'\{Verb\("([^"]+)"\), Id::', text)


def read_results(path):
    """The JSON lines that conform_run wrote."""
    with open(path, encoding='utf-8') as file:
        return [json.loads(line) for line in file]


def commands_of(case, known):
    """The commands a case speaks for: those it covers; of a failed one, that which failed."""
    covered = [name for name in case['commands'] if name in known]
    failed_at = case['command'].split(' ')[0]
    if case['verdict'] == 'failed' and failed_at in covered:
        return [failed_at]
    return covered


def by_command(cases, known):
    """{command: {'passed': n, 'failed': n, 'not applicable': n, 'first': failed case or None}}"""
    rows = {name: {**dict.fromkeys(VERDICTS, 0), 'first': None} for name in known}
    for case in cases:
        for name in commands_of(case, known):
            row = rows[name]
            row[case['verdict']] += 1
            if case['verdict'] == 'failed' and row['first'] is None:
                row['first'] = case
    return rows


def totals(cases):
    """How many cases passed, failed, were not applicable."""
    return {verdict: sum(case['verdict'] == verdict for case in cases) for verdict in VERDICTS}
