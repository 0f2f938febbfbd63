"""Reading C++ as text: what the lints share.

No parser: comments and literals are blanked (positions and line numbers stay), and what is left is
cut into tokens. That is enough for rules about words, includes and statements, needs nothing but
Python, and never depends on a compiler's version.
"""

import os
import re
import sys

CPP_ENDINGS = ('.cpp', '.hpp')

_LITERAL = re.compile(
    r'//[^\n]*(?:\\\n[^\n]*)*'                                 # line comment
    r'|/\*.*?\*/'                                              # block comment
    r'|(?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'  # raw string
    r'|"(?:\\.|[^"\\\n])*"'                                    # string
    r"|(?<![0-9A-Za-z_])(?:u8|[uUL])?'(?:\\.|[^'\\\n])+'",     # character, no digit separator
    re.S)


def _blank(text):
    return re.sub(r'[^\n]', ' ', text)


def without_comments(text):
    """Comments become blanks; literals stay."""
    return _LITERAL.sub(lambda m: _blank(m[0]) if m[0].startswith('/') else m[0], text)


def without_literals(text):
    """Comments become blanks; a literal keeps its quotes and loses its content."""
    def replace(match):
        if match[0].startswith('/'):
            return _blank(match[0])
        quote = match[0][-1]
        inner = _blank(match[0])
        return quote + inner[1:-1] + quote if len(inner) > 1 else inner
    return _LITERAL.sub(replace, text)


_DIRECTIVE = re.compile(r'^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', re.M)


def directives(code):
    """(line, text) of every preprocessor line, continued lines joined."""
    return [(code.count('\n', 0, m.start()) + 1, m[0]) for m in _DIRECTIVE.finditer(code)]


def without_directives(code):
    return _DIRECTIVE.sub(lambda m: _blank(m[0]), code)


class Token:
    __slots__ = ('text', 'line')

    def __init__(self, text, line):
        self.text = text
        self.line = line

    def __repr__(self):
        return f'{self.text}@{self.line}'


_TOKEN = re.compile(
    r'(?P<space>\s+)|(?P<word>[A-Za-z_]\w*)|(?P<number>\.?\d(?:[\w.\']|[eEpP][+-])*)'
    r'|(?P<literal>"[^"]*"|\'[^\']*\')'
    r'|(?P<sign>::|->\*?|\.\.\.|<=>|<<=|<<|<=|>=|==|!=|&&|\|\||\+\+|--|[-+*/%&|^]=|.)', re.S)


def tokens(code):
    """Tokens of code whose comments, literals' contents and directives are blanked."""
    found = []
    line = 1
    for match in _TOKEN.finditer(code):
        if match.lastgroup != 'space':
            found.append(Token(match[0], line))
        line += match[0].count('\n')
    return found


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def files_under(root, folders, endings=CPP_ENDINGS):
    """Paths relative to `root`, sorted; hidden folders and build folders are no sources."""
    for folder in folders:
        for where, names, files in sorted(os.walk(os.path.join(root, folder))):
            names[:] = [n for n in names if not n.startswith('.') and n != '__pycache__']
            for name in sorted(files):
                if name.endswith(endings):
                    yield os.path.relpath(os.path.join(where, name), root)


class Report:
    """Collects findings; prints them the way compilers do, so that editors can jump there."""

    def __init__(self):
        self.findings = []

    def add(self, path, line, text):
        self.findings.append(f'{path}:{line}: {text}')

    def finish(self, what):
        for finding in self.findings:
            print(finding)
        print(f'{what}: {len(self.findings)} finding(s)')
        return 1 if self.findings else 0


def main(check, self_test):
    """The command line of every lint: ROOT, or --self-test."""
    if sys.argv[1:] == ['--self-test']:
        sys.exit(self_test())
    sys.exit(check(sys.argv[1]))
