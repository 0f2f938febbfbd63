#!/usr/bin/python3
"""What changes the served tree goes through vfs::Changes, which counts it for cached listings.

A change that is not counted is not seen by who lists the folder next, for as long as its cached
text lives. So the calls of sys::Kernel that change names or attributes stand in src/vfs/changes.cpp
and nowhere else, and those that write into files only where an upload is filled, which counts at
its end.

    check_changes.py ROOT | check_changes.py --self-test
"""

import os
import re

import source

NAMES = ('make_directory', 'make_symlink', 'link_unnamed', 'unlink', 'remove_directory', 'rename',
         'change_mode', 'set_modified', 'change_group', 'truncate')
CONTENTS = ('write_at', 'copy_range')
ALLOWED = {
    'src/vfs/changes.cpp': NAMES,
    'src/vfs/upload_sweep.cpp': ('unlink',),  # hidden names, which no listing shows
    'src/vfs/file_copy.cpp': CONTENTS,  # into an UploadTarget
    'src/xfer/write_all.cpp': CONTENTS,  # the same
}
# kernel.unlink(...), kernel_->rename(...), tree_.root().kernel().unlink(...)
_CALL = re.compile(r'\b\w*[kK]ernel_?\s*(?:\(\s*\))?\s*(?:\.|->)\s*('
                   + '|'.join(NAMES + CONTENTS) + r')\s*\(')


def check_text(report, path, text):
    code = source.without_literals(text)
    for match in _CALL.finditer(code):
        if match[1] not in ALLOWED.get(path, ()):
            report.add(path, code.count('\n', 0, match.start()) + 1,
                       f'"{match[1]}" changes the tree uncounted; ask vfs::Changes')


def check(root):
    report = source.Report()
    for path in source.files_under(root, ('include', 'src')):
        if not path.startswith(('src/sys/', 'include/sluice/sys/')):
            check_text(report, path, source.read(os.path.join(root, path)))
    return report.finish('changes')


BAD = (
    'return kernel_.unlink(parent, name);', '(void)tree_.root().kernel().unlink(p, n);',
    'const Status s = kernel.rename(a, b, c, d, true);', 'kernel->change_mode(fd, 0644);',
    'tree_.kernel().remove_directory(above(), name);', 'kernel.write_at(fd, bytes, 0);',
    'kernel_\n    .make_directory(parent, name, mode);',
)
GOOD = (
    'return Changes(root).unlink(parent, name);', '// kernel.unlink(a, b)',
    'changes.rename(parent, from, parent, to);', 'kernel.status_at(parent, name);',
    'root.change_mode(path, mode);', 'const char* text = "kernel.rename(";',
)


def self_test():
    for text in BAD + GOOD:
        report = source.Report()
        check_text(report, 'src/vfs/x.cpp', text)
        assert bool(report.findings) == (text in BAD), text
    for path, calls in ALLOWED.items():
        report = source.Report()
        for call in calls:
            check_text(report, path, f'kernel.{call}(x);')
        assert not report.findings, path
    print(f'{len(BAD) + len(GOOD) + len(ALLOWED)} passed, 0 failed')
    return 0


if __name__ == '__main__':
    source.main(check, self_test)
