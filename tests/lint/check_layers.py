#!/usr/bin/python3
"""Who may include whom: reads every #include of include/ and src/ against one table of floors.

A file includes its own module and lower floors, nothing else: modules on one floor do not see each
other, and the private headers of a module (src/<module>) are seen by that module alone.
ARCHITECTURE.md has the table in words. The linker enforces the same for calls; this finds what the
linker cannot see: types and inline functions.

    check_layers.py ROOT | check_layers.py --self-test
"""

import os
import re
import tempfile

import source

# The one table of floors.
FLOORS = (
    ('base',),
    ('sys', 'proto', 'config', 'obs', 'digest'),
    ('io',),
    ('net', 'tls', 'vfs', 'auth', 'policy'),
    ('xfer',),
    ('session',),
    ('server',),
    ('app',),
)
FLOOR_OF = {module: floor for floor, modules in enumerate(FLOORS) for module in modules}

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.M)


def place(path):
    """(module, is it private) of a path from the root; None for a path outside the modules."""
    parts = path.split('/')
    if parts[:2] == ['include', 'sluice'] and len(parts) > 3:
        return parts[2], False
    if parts[0] == 'src' and len(parts) > 2:
        return parts[1], True
    return None


def resolve(root, path, name):
    """The file that an include of our own means, as a path from the root, or None."""
    beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
    for candidate in (beside, os.path.join('include', name), os.path.join('src', name)):
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate
    return None


def check_tree(root):
    report = source.Report()
    for path in source.files_under(root, ('include', 'src')):
        here = place(path)
        if here is None or here[0] not in FLOOR_OF:
            report.add(path, 1, 'lies in no module of the table of floors')
            continue
        code = source.without_comments(source.read(os.path.join(root, path)))
        for match in _INCLUDE.finditer(code):
            line = code.count('\n', 0, match.start(0)) + 1
            name = match[1] or match[2]
            if match[2] is not None and not name.startswith('sluice/'):
                continue  # the standard library, or a package
            target = resolve(root, path, name)
            if target is None:
                report.add(path, line,
                           f'"{name}" is no file of ours (a package is included with <>)')
                continue
            there = place(target)
            if there is None or there[0] not in FLOOR_OF:
                report.add(path, line, f'"{name}" lies in no module of the table of floors')
            elif there[0] == here[0]:
                if there[1] and not here[1]:
                    report.add(path, line, f'public header includes "{name}", which is private')
            elif there[1]:
                report.add(path, line, f'"{name}" is private to {there[0]}')
            elif FLOOR_OF[there[0]] >= FLOOR_OF[here[0]]:
                report.add(path, line, f'{here[0]} (floor {FLOOR_OF[here[0]]}) may not include '
                           f'{there[0]} (floor {FLOOR_OF[there[0]]})')
    return report


def check(root):
    return check_tree(root).finish('layers')


def self_test():
    tree = {
        'include/sluice/base/a.hpp': '#include <vector>\n',
        'include/sluice/sys/s.hpp': '#include "sluice/base/a.hpp"\n',
        'include/sluice/proto/up.hpp': '#include "sluice/io/op.hpp"\n',
        'include/sluice/proto/side.hpp': '// #include "sluice/io/op.hpp"\n'
                                         '#include "sluice/sys/s.hpp"\n',
        'include/sluice/io/op.hpp': '#include "sluice/sys/s.hpp"\n',
        'include/sluice/io/leak.hpp': '#include "io/private.hpp"\n',
        'src/io/private.hpp': '#include <sluice/base/a.hpp>\n',
        'src/io/good.cpp': '#include "sluice/io/op.hpp"\n#include "private.hpp"\n',
        'src/net/steal.cpp': '#include "io/private.hpp"\n',
        'src/net/lost.cpp': '#include "no/such.hpp"\n',
        'src/odd/x.cpp': '\n',
    }
    expected = {
        'include/sluice/proto/up.hpp:1', 'include/sluice/proto/side.hpp:2',
        'include/sluice/io/leak.hpp:1', 'src/net/steal.cpp:1', 'src/net/lost.cpp:1',
        'src/odd/x.cpp:1',
    }
    with tempfile.TemporaryDirectory() as root:
        for path, text in tree.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), 'w', encoding='utf-8') as file:
                file.write(text)
        found = {':'.join(f.split(':')[:2]) for f in check_tree(root).findings}
    assert found == expected, f'missed {expected - found}, invented {found - expected}'
    print(f'{len(tree)} passed, 0 failed')
    return 0


if __name__ == '__main__':
    source.main(check, self_test)
