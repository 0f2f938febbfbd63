#!/usr/bin/python3
"""Compiles each case of cases.txt twice: it must compile, and with MUST_FAIL it must not.

    run.py ROOT BUILD
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lint'))
import check_headers  # noqa: E402  (the flags of the build)
import source         # noqa: E402

SECONDS_MAX = 60  # for one compilation


def compiles(flags, path, build):
    done = subprocess.run(flags + ['-fsyntax-only', '-Werror', path], cwd=build, check=False,
                          capture_output=True, text=True, timeout=SECONDS_MAX,
                          env={**os.environ, 'LC_ALL': 'C'})
    return done.returncode == 0, done.stderr


def main():
    root, build = (os.path.abspath(path) for path in sys.argv[1:3])
    here = os.path.dirname(os.path.abspath(__file__))
    commands = check_headers.compile_commands(root, build)
    flags = check_headers.flags_for('src/base/none.hpp', commands)
    flags.append('-fdiagnostics-color=never')
    listed = set()
    passed = failed = 0
    for line in source.read(os.path.join(here, 'cases.txt')).splitlines():
        if not line.strip() or line.startswith('#'):
            continue
        name, _, pattern = (part.strip() for part in line.partition('|'))
        listed.add(name)
        path = os.path.join(here, name)
        good, message = compiles(flags, path, build)
        if not good:
            fault = f'does not compile even without MUST_FAIL:\n{message}'
        else:
            good, message = compiles(flags + ['-DMUST_FAIL'], path, build)
            fault = None
            if good:
                fault = 'compiles, and must not'
            elif not re.search(pattern, message):
                fault = f'fails for another reason than "{pattern}":\n{message}'
        passed, failed = passed + (fault is None), failed + (fault is not None)
        if fault:
            print(f'tests/compile_fail/{name}:1: {fault}')
    for name in sorted(os.listdir(here)):
        if name.endswith('.cpp') and name not in listed:
            print(f'tests/compile_fail/{name}:1: is not named in cases.txt')
            failed += 1
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
