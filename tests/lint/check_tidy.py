#!/usr/bin/python3
"""What a reviewer should never have to say: layout, banned words, missing files.

Each rule is one function below with its reason. The banned words are banned because the standard
library's answer costs determinism (the simulator replays a run from its seed), exceptions, or an
allocation that nobody sees.

    check_tidy.py ROOT | check_tidy.py --self-test
"""

import os
import re
import tempfile

import source

COLUMNS_MAX = 100
CODE = ('.cpp', '.hpp')
TEXT = CODE + ('.py', '.sh', '.md', '.toml', '.build', 'meson_options.txt')
FOLDERS = ('include', 'src', 'tests', 'bench', 'tools', 'deploy')

# (pattern, where it is allowed, why not); in the code of include/ and src/.
BANNED = (
    (r'\bs?rand(?:om)?\s*\(', (), 'not seeded by us; use base/prng.hpp'),
    (r'\bstd::random_device\b', (), 'entropy comes from sys::Kernel'),
    (r'\bsystem_clock\b|\bsteady_clock\b', (), 'time comes from sys::Kernel'),
    (r'\bstd::function\b', ('app',), 'allocates; take an interface or a template'),
    (r'\bshared_ptr\b', ('config',), 'ownership has one name'),
    (r'#\s*include\s*<(?:iostream|sstream|iomanip|regex|source_location|format|expected|ranges)>',
     (), 'not used here (CONTRIBUTING.md)'),
    (r'\bstd::(?:cout|cerr|clog|regex|format|expected|views)\b', (), 'not used here'),
    (r'\b(?:throw|try|catch|dynamic_cast|typeid)\b', ('app',), 'no exceptions, no RTTI'),
    (r'\b(?:std::)?(?:strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca)\s*\(', (), 'unbounded'),
    (r'\bsystem\s*\(|\bpopen\s*\(|\bexec(?:ve|vp|v|l|lp|le)\s*\(|\bv?fork\s*\(',
     (), 'the server starts no program'),
    (r'\bgetaddrinfo\b|\bgethostby\w+\b|\bgetnameinfo\b', (), 'the server asks no DNS'),
)
BANNED = tuple((re.compile(pattern), allowed, why) for pattern, allowed, why in BANNED)


def module_of(path):
    parts = path.split('/')
    return parts[2] if parts[0] == 'include' and len(parts) > 3 else parts[1]


def check_layout(report, path, text):
    """No tabs, no trailing blanks, a last newline, and 100 columns where a line can be broken:
    pages (whose readers wrap them), string literals and meson's argument lists may be wider."""
    if text and not text.endswith('\n'):
        report.add(path, text.count('\n') + 1, 'no newline at the end')
    for number, line in enumerate(text.splitlines(), 1):
        if '\t' in line:
            report.add(path, number, 'a tab')
        if line != line.rstrip():
            report.add(path, number, 'blanks at the end')
        breakable = not (path.endswith('.md') or path.endswith('.build')
                         or path.endswith(CODE + ('.py',)) and '"' in line)
        if len(line) > COLUMNS_MAX and breakable:
            report.add(path, number, f'{len(line)} columns, more than {COLUMNS_MAX}')


def check_marks(report, path, text):
    """A TODO names its kind; what needs fixing is fixed or an issue, not a word in the code."""
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r'\bTODO\b(?!\((?:perf|test|security|soon)\): \S)', line):
            report.add(path, number, 'TODO without its kind: TODO(perf|test|security|soon): text')
        if re.search(r'\bFIXME\b|\bXXX\b', line):
            report.add(path, number, 'FIXME and XXX do not belong in main')


def check_words(report, path, text):
    """Banned words, in code and not in comments or literals."""
    code = source.without_literals(text)
    for pattern, allowed, why in BANNED:
        if module_of(path) in allowed:
            continue
        for match in pattern.finditer(code):
            before = code[:match.start()].rstrip()
            # A function of our own type: kernel.random(, Parser::glob(.
            if match[0].endswith('(') and before.endswith(('.', '->')):
                continue
            report.add(path, code.count('\n', 0, match.start()) + 1,
                       f'"{match[0].strip()}": {why}')
    if path.endswith('.hpp'):
        if not re.search(r'^#pragma once$', code, re.M):
            report.add(path, 1, 'no #pragma once')
        for match in re.finditer(r'^\s*using\s+namespace\b', code, re.M):
            report.add(path, code.count('\n', 0, match.start()) + 1, 'using namespace in a header')
        if not text.startswith('//'):
            report.add(path, 1, 'a header opens with a comment: what it is, who owns it, why')


_TEST = re.compile(r'\b(?:TYPED_)?TEST(?:_F|_P)?\s*\(\s*(\w+)\s*,\s*(\w+)\s*\)')


def check_test_names(report, path, text):
    """A test's name is a claim: PascalCase, of two words or more."""
    code = source.without_literals(text)
    for match in _TEST.finditer(code):
        line = code.count('\n', 0, match.start()) + 1
        suite, name = match.groups()
        if not re.fullmatch(r'[A-Z][A-Za-z0-9]*', suite):
            report.add(path, line, f'"{suite}" is not PascalCase')
        if not re.fullmatch(r'[A-Z][A-Za-z0-9]*', name) or len(re.findall(r'[A-Z]', name)) < 2:
            report.add(path, line, f'"{name}" does not read as a claim')


def check_unit_mirror(root, report):
    """tests/unit/M/x_test.cpp tests src/M/**/x, include/sluice/M/**/x or tools/sluice-M/**/x."""
    for path in source.files_under(root, ('tests/unit',)):
        parts = path.split('/')
        if len(parts) < 4 or not path.endswith('.cpp'):
            continue
        module, name = parts[2], os.path.basename(path)
        if not name.endswith('_test.cpp'):
            report.add(path, 1, 'a unit test is named <file>_test.cpp')
            continue
        stem = name[:-len('_test.cpp')]
        folders = (f'src/{module}', f'include/sluice/{module}', f'tools/sluice-{module}')
        mirrored = {os.path.splitext(os.path.basename(p))[0]
                    for p in source.files_under(root, folders)}
        # A test of several files together (upload_torture of upload_*) shares their first word.
        first_word = stem.split('_')[0]
        if stem not in mirrored and first_word not in {m.split('_')[0] for m in mirrored}:
            report.add(path, 1, f'no {stem}.hpp or {stem}.cpp in {module} that it would test')


def check_modules(root, report):
    """Each module with code has a page, and each .cpp file is built."""
    src = os.path.join(root, 'src')
    for module in sorted(os.listdir(src)):
        folder = os.path.join(src, module)
        files = list(source.files_under(root, (f'src/{module}', f'include/sluice/{module}')))
        if os.path.isdir(folder) and files and \
                not os.path.isfile(os.path.join(folder, 'README.md')):
            report.add(f'src/{module}', 1, 'no README.md: what it is, its types, its threads')
    for path in source.files_under(root, ('src', 'tests/unit'), ('.cpp',)):
        module = '/'.join(path.split('/')[:3 if path.startswith('tests') else 2])
        build = os.path.join(root, module, 'meson.build')
        wanted = os.path.relpath(path, module)
        if not os.path.isfile(build) or f"'{wanted}'" not in source.read(build):
            report.add(path, 1, f'is not named in {module}/meson.build: a dead file')


def check_tree(root):
    report = source.Report()
    paths = list(source.files_under(root, FOLDERS, TEXT))
    paths += [n for n in sorted(os.listdir(root)) if n.endswith(('.md', 'meson.build', '.txt'))]
    for path in paths:
        text = source.read(os.path.join(root, path))
        check_layout(report, path, text)
        if path.endswith(CODE):
            check_marks(report, path, text)
        if path.endswith(CODE) and path.startswith(('include/', 'src/')):
            check_words(report, path, text)
        if path.endswith('_test.cpp'):
            check_test_names(report, path, text)
    check_unit_mirror(root, report)
    check_modules(root, report)
    return report


def check(root):
    return check_tree(root).finish('tidy')


def self_test():
    tree = {
        'src/base/meson.build': "x = files('good.cpp', 'bad.cpp')\n",
        'src/base/README.md': '| ' + 'x' * 200 + ' |\n',
        'src/base/good.cpp': '// rand() is named here only\nauto t = "system_clock TAB";\n'
                             'const auto r = kernel.random(3);\nint operand(int);\n',
        'src/base/good.hpp': '// What it is.\n#pragma once\n// TODO(perf): measure it.\n',
        'src/base/bad.cpp': 'int a = rand();  \n\tint b;\nstd::function<int()> f;\n// TODO: later\n'
                            '// FIXME\nint c = 1;' + ' ' * 95 + '// wide\nint last;',
        'src/base/bad.hpp': '#include <iostream>\nusing namespace std;\n',
        'src/base/dead.cpp': 'int d;\n',
        'src/config/meson.build': '\n',
        'include/sluice/config/s.hpp': '// Why.\n#pragma once\nstd::shared_ptr<int> ok;\n',
        'tests/unit/base/meson.build': "t = files('good_test.cpp', 'lost_test.cpp', 'odd.cpp')\n",
        'tests/unit/base/good_test.cpp': 'TEST(Good, ReadsAsAClaim) {}\nTEST(Good, bad_name) {}\n'
                                         'TEST(good_suite, IsNotPascal) {}\nTEST(Good, Works) {}\n',
        'tests/unit/base/lost_test.cpp': 'int x;\n',
        'tests/unit/base/odd.cpp': 'int x;\n',
    }
    expected = {
        'src/base/bad.cpp:1', 'src/base/bad.cpp:2', 'src/base/bad.cpp:3', 'src/base/bad.cpp:4',
        'src/base/bad.cpp:5', 'src/base/bad.cpp:6', 'src/base/bad.cpp:7', 'src/base/bad.hpp:1',
        'src/base/bad.hpp:2', 'src/base/dead.cpp:1', 'src/config:1',
        'tests/unit/base/good_test.cpp:2', 'tests/unit/base/good_test.cpp:3',
        'tests/unit/base/good_test.cpp:4', 'tests/unit/base/lost_test.cpp:1',
        'tests/unit/base/odd.cpp:1',
    }
    with tempfile.TemporaryDirectory() as root:
        for path, text in tree.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), 'w', encoding='utf-8') as file:
                file.write(text)
        found = {':'.join(f.split(':')[:2]) for f in check_tree(root).findings}
    assert found == expected, f'missed {expected - found}, invented {found - expected}'
    print(f'{len(expected) + 3} passed, 0 failed')
    return 0


if __name__ == '__main__':
    source.main(check, self_test)
