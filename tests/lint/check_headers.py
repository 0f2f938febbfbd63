#!/usr/bin/python3
"""Each header of include/ and src/ compiles alone.

A header that needs what its includer happened to include breaks the next includer. The proof is
a compilation in which nothing stands before the header. Where a source file of the build includes
the header first, the build itself is that proof, and this test only looks at the first include.
The others are compiled here with the flags of the build, on all cores.

A second run is quick: a header is compiled again only when it, or a file of ours that it includes,
or the flags, have other contents than at the last success (BUILD/lint-headers.json remembers).

    check_headers.py ROOT BUILD | check_headers.py --self-test ROOT BUILD
"""

import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

import source

SECONDS_MAX = 60  # for one header
_FIRST_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*["<]([^">]+)[">]', re.M)
# Flags that name the one file a command was for, each with its value.
_PER_FILE = {'-o', '-MF', '-MQ', '-MT', '-c'}


def hash_of(path):
    with open(path, 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()


def compile_commands(root, build):
    """{source path from the root: flags}, only for src/."""
    with open(os.path.join(build, 'compile_commands.json'), encoding='utf-8') as file:
        entries = json.load(file)
    commands = {}
    for entry in entries:
        path = os.path.abspath(os.path.join(entry['directory'], entry['file']))
        relative = os.path.relpath(path, root)
        if not relative.startswith('src/'):
            continue
        flags = []
        words = iter(shlex.split(entry['command']))
        for word in words:
            if word in _PER_FILE:
                if word != '-c':
                    next(words, None)
            elif word not in ('-MD', '-MMD') and word != entry['file']:
                flags.append(word)
        commands[relative] = flags
    return commands


def proven_by_build(root, sources):
    """Headers that some compiled source file includes before anything else."""
    proven = set()
    for path in sources:
        match = _FIRST_INCLUDE.search(source.without_comments(
            source.read(os.path.join(root, path))))
        if match is None:
            continue
        for folder in (os.path.dirname(path), 'include', 'src'):
            candidate = os.path.normpath(os.path.join(folder, match[1]))
            if os.path.isfile(os.path.join(root, candidate)):
                proven.add(candidate)
                break
    return proven


def flags_for(header, commands):
    """The flags of a source file of the header's own module, else of any."""
    module = header.split('/')[2 if header.startswith('include/') else 1]
    for path, flags in sorted(commands.items()):
        if path.startswith(f'src/{module}/'):
            return flags
    return next(iter(sorted(commands.items())))[1]


def compile_alone(root, build, header, flags):
    """(dependencies of ours with their hashes, None) or (None, what the compiler said)."""
    with tempfile.TemporaryDirectory() as scratch:
        depend = os.path.join(scratch, 'd')
        # An #include in a file of its own: a header as the main file warns about #pragma once.
        alone = os.path.join(scratch, 'alone.cpp')
        with open(alone, 'w', encoding='utf-8') as file:
            file.write(f'#include "{os.path.join(root, header)}"\n')
        done = subprocess.run(flags + ['-fsyntax-only', '-Werror', '-fdiagnostics-color=never',
                                       '-MMD', '-MF', depend, alone],
                              cwd=build, capture_output=True, text=True, timeout=SECONDS_MAX,
                              check=False)
        if done.returncode != 0:
            return None, done.stderr
        names = source.read(depend).replace('\\\n', ' ').split(':', 1)[1].split()
    paths = {os.path.normpath(os.path.join(build, name)) for name in names}
    ours = sorted(path for path in paths if path.startswith(root + os.sep))
    return {os.path.relpath(path, root): hash_of(path) for path in ours}, None


def is_unchanged(root, entry, key):
    if entry is None or entry['key'] != key:
        return False
    return all(os.path.isfile(os.path.join(root, path))
               and hash_of(os.path.join(root, path)) == digest
               for path, digest in entry['files'].items())


def self_test(root, build):
    """A header that needs an include it does not have is found, and a whole one is not."""
    flags = flags_for('include/sluice/base/none.hpp', compile_commands(root, build))
    with tempfile.TemporaryDirectory() as scratch:
        for name, include, good in (('whole', '#include <string>\n', True), ('torn', '', False)):
            with open(os.path.join(scratch, name), 'w', encoding='utf-8') as file:
                file.write(f'#pragma once\n{include}inline std::string text() {{ return {{}}; }}\n')
            _, error = compile_alone(scratch, build, name, flags)
            assert (error is None) == good, f'{name}: {error}'
    print('2 passed, 0 failed')
    return 0


def main():
    root, build = (os.path.abspath(path) for path in sys.argv[-2:])
    if sys.argv[1] == '--self-test':
        return self_test(root, build)
    commands = compile_commands(root, build)
    headers = list(source.files_under(root, ('include', 'src'), ('.hpp',)))
    todo = [h for h in headers if h not in proven_by_build(root, commands)]

    memory_path = os.path.join(build, 'lint-headers.json')
    try:
        memory = json.loads(source.read(memory_path))
    except (OSError, ValueError):
        memory = {}
    keys = {h: hashlib.sha256('\0'.join(flags_for(h, commands)).encode()).hexdigest()
            for h in todo}
    changed = [h for h in todo if not is_unchanged(root, memory.get(h), keys[h])]

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = {h: pool.submit(compile_alone, root, build, h, flags_for(h, commands))
                for h in changed}
        for header, run in runs.items():
            files, error = run.result()
            if error is None:
                memory[header] = {'key': keys[header], 'files': files}
            else:
                memory.pop(header, None)
                failed += 1
                print(f'{header}:1: does not compile alone\n{error}')
    with open(memory_path + '.new', 'w', encoding='utf-8') as file:
        json.dump({h: memory[h] for h in todo if h in memory}, file, indent=1)
    os.replace(memory_path + '.new', memory_path)

    print(f'headers: {len(headers)}, {len(headers) - len(todo)} proven by the build, '
          f'{len(changed)} compiled now')
    print(f'{len(headers) - failed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
