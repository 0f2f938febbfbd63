#!/usr/bin/python3
"""No file is opened outside `sys` and `vfs`.

Confinement rests on one opener: vfs::Root, by openat2 below a directory. Whatever else could open
a file by name would be a way round it, so no other module may even contain such a call: not libc's,
not the C++ library's, not the ring's, and not sys::Kernel's own `open`.
The one exception reads the administrator's files: the configuration, and certificates it names.

    check_opens.py ROOT | check_opens.py --self-test
"""

import os
import re

import source

ALLOWED_MODULES = ('sys', 'vfs')
ALLOWED_FILES = ('src/app/read_file.cpp',)

# Opening functions whose names mean nothing else, called in whatever way.
_FUNCTIONS = re.compile(
    r'\b(open64|openat|openat64|openat2|open_by_handle_at|creat|creat64|fopen|fopen64|freopen'
    r'|fdopen|opendir|fdopendir|scandir|nftw|ftw|glob|mkstemp|mkostemp|mkstemps|mkdtemp|tmpfile'
    r'|name_to_handle_at|shm_open|memfd_create|dlopen|io_uring_prep_open\w*)\s*\(')
# Types and constants that open by themselves.
_WORDS = re.compile(
    r'\bstd\s*::\s*(?:basic_)?(?:i|o)?(?:fstream|filebuf)\b'
    r'|\bstd\s*::\s*filesystem\b|\btoml\s*::\s*parse_file\b'
    r'|\bSYS_(?:open\w*|creat)\b|\b__NR_(?:open\w*|creat)\b|\bIORING_OP_OPENAT2?\b'
    r'|#\s*include\s*<(?:fstream|filesystem|dirent\.h|ftw\.h|glob\.h)>')
# kernel.open(...), kernel_->open(...), context.kernel().open(...)
_KERNEL_OPEN = re.compile(r'\b\w*[kK]ernel_?\s*(?:\(\s*\))?\s*(?:\.|->)\s*open\s*\(')
# In front of a bare open( these words mean a call; any other word is a return type.
_CALL_CONTEXT = {'return', 'co_return', 'co_await', 'else', 'do', 'throw', 'case'}


def bare_opens(code):
    for match in re.finditer(r'\bopen\s*\(', code):
        before = code[:match.start()].rstrip()
        if before.endswith('::'):
            owner = re.search(r'(\w+|>)\s*::$', before)
            if owner is None or owner[1] == 'std':
                yield match.start()  # ::open(
            elif owner[1] in _CALL_CONTEXT:
                yield match.start()  # return ::open(
            continue
        if before.endswith(('.', '->')):
            continue
        word = re.search(r'(\w+)$', before)
        if word is not None and word[1] not in _CALL_CONTEXT:
            continue  # a declaration: Status open(
        if before.endswith(('>', '&', '*')) and not before.endswith(('&&', '->')):
            continue  # a declaration: Result<File> open(
        yield match.start()


def check_text(report, path, text):
    code = source.without_literals(text)
    places = [(m.start(), m[0]) for m in _FUNCTIONS.finditer(code)]
    places += [(m.start(), m[0]) for m in _WORDS.finditer(code)]
    places += [(m.start(), m[0]) for m in _KERNEL_OPEN.finditer(code)]
    places += [(start, 'open(') for start in bare_opens(code)]
    for start, what in sorted(places):
        report.add(path, code.count('\n', 0, start) + 1,
                   f'"{what.strip()}" opens a file outside sys and vfs; ask vfs::Root')


def check(root):
    report = source.Report()
    for path in source.files_under(root, ('include', 'src')):
        parts = path.split('/')
        module = parts[2] if parts[0] == 'include' else parts[1]
        if module not in ALLOWED_MODULES and path not in ALLOWED_FILES:
            check_text(report, path, source.read(os.path.join(root, path)))
    return report.finish('opens')


BAD = (
    'int f = open(path, O_RDONLY);', 'int f = ::open(path, 0);', 'return open(name, 0);',
    'return ::open(name, 0);', 'if (open(a, 0) < 0) {', 'std::FILE* f = std::fopen(a, "r");',
    'auto n = openat2(1, p, &how, sizeof how);', 'std::ifstream in(path);',
    'for (auto& e : std::filesystem::directory_iterator(p)) {', 'DIR* d = opendir(p);',
    'syscall(SYS_openat2, 1);', 'io_uring_prep_openat2(sqe, 1, p, &how);', '#include <fstream>',
    'const auto fd = kernel_.open(dir, name, how);', 'auto fd = context.kernel().open(d, n, h);',
    'auto t = toml::parse_file(path);', 'x = a && open(path, 0);', 'kernel->open(1, n, how);',
)
GOOD = (
    '// int f = open(path, O_RDONLY);', 'const char* text = "open(";',
    'Result<File> file = root.open(path);', 'Status open(Session& session);',
    'Task<Status> DataChannel::open(Session& session) {', 'bool is_open() const;',
    'Result<Directory> open(const Path& path);', 'channel_->open(peer);', 'reopen(log);',
    'Root& open(const Path& path);', 'co_await channel.open(session);',
)


def self_test():
    for text in BAD + GOOD:
        report = source.Report()
        check_text(report, 'x.cpp', text)
        assert bool(report.findings) == (text in BAD), text
    print(f'{len(BAD) + len(GOOD)} passed, 0 failed')
    return 0


if __name__ == '__main__':
    source.main(check, self_test)
