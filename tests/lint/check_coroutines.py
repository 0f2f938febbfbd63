#!/usr/bin/python3
"""The coroutine rules C1, C3, C4, C5 and C6 (CONTRIBUTING.md), read from the text.

    C1, C3  no lambda, no braces and no conditional operator (the temporary of a "?:" of class type
            is destroyed twice) in a full expression that contains co_await
    C4      co_await only as a whole statement, as the whole initialiser of a named variable, as the
            whole right side of an assignment to a plain name, or as the operand of co_return; and
            never inside a macro
    C5      no array and no over-aligned object among the locals of a coroutine
    C6      a lambda is never a coroutine

g++ 12, the compiler that ships the server, destroys some temporaries of such expressions twice, and
a reviewer does not see it. These rules keep out every form known to go wrong.

    check_coroutines.py ROOT | check_coroutines.py --self-test
"""

import os
import re

import source

FOLDERS = ('include', 'src', 'tests', 'bench', 'tools')
_KEYWORDS = {'co_await', 'co_return', 'co_yield'}
_CONTROL = {'if', 'for', 'while', 'switch', 'catch'}
_TYPES = {'class', 'struct', 'union', 'enum', 'namespace', 'extern'}
_AFTER_PARAMETERS = {'const', 'noexcept', 'override', 'final', '&', '&&', 'mutable', 'volatile'}
# Signs that would make a co_await operand only a part of a larger expression.
_OPERATORS = {'+', '-', '/', '%', '==', '!=', '&&', '||', '?', ':', '=', ',', '|', '^', '<=>',
              '<=', '>=', '<<', '+=', '-=', '*=', '/=', '|=', '&=', '!', '~', 'co_await'}
_NOT_A_TYPE = {'return', 'co_return', 'co_await', 'co_yield', 'delete', 'throw', 'else', 'case',
               'goto', 'new', 'using', 'operator', 'sizeof', 'typedef'}
_NOT_A_LOCAL = _NOT_A_TYPE | {'static', '=', '.', '->', '+', '-'}


class Unit:
    """One file as tokens, with the partner of each bracket and the kind of each brace."""

    def __init__(self, text):
        code = source.without_literals(text)
        self.macros = [(line, body) for line, body in source.directives(code)
                       if re.match(r'\s*#\s*define\b', body)]
        self.tokens = source.tokens(source.without_directives(code))
        self.partner = {}
        self.parent = [None] * len(self.tokens)  # the innermost open brace, per token
        self.kind = {}                           # opening brace -> function|lambda|type|block|init
        self._match()

    def text(self, index):
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ''

    def _match(self):
        closing = {')': '(', ']': '[', '}': '{'}
        stack = []
        braces = []
        for index, token in enumerate(self.tokens):
            if token.text == '}' and braces:
                braces.pop()
            self.parent[index] = braces[-1] if braces else None
            if token.text in ('(', '[', '{'):
                stack.append(index)
                if token.text == '{':
                    self.kind[index] = self._kind_of(index)
                    braces.append(index)
            elif token.text in closing:
                # An unbalanced file (cut by #if) must not derail the rest of it.
                while stack and self.text(stack[-1]) != closing[token.text]:
                    stack.pop()
                if stack:
                    opening = stack.pop()
                    self.partner[opening] = index
                    self.partner[index] = opening

    def _before_group(self, index):
        """The index in front of the bracket group that ends at `index`."""
        return self.partner.get(index, index) - 1

    def _kind_of(self, brace):
        """What the brace opens, told from what stands before it."""
        index = brace - 1
        # `-> Task<Reply>` of a trailing return type: go back to its arrow, if there is one.
        probe = index
        while probe >= 0 and re.match(r'[\w]|::|[<>,&*]', self.text(probe)) and \
                self.text(probe) not in _TYPES:
            probe -= 1
        if probe >= 0 and self.text(probe) == '->' and self.text(probe - 1) in (')', *(
                _AFTER_PARAMETERS)):
            index = probe - 1
        while self.text(index) in _AFTER_PARAMETERS or (
                self.text(index) == ')' and
                self.text(self._before_group(index)) in ('noexcept', 'requires')):
            index = (self._before_group(index) - 1 if self.text(index) == ')' else index - 1)
        last = self.text(index)
        if last == ')':
            front = self._before_group(index)
            word = self.text(front)
            if word == ']' and self._is_lambda_start(self.partner.get(front, front)):
                return 'lambda'
            if word == '>':  # []<class T>(...) {
                depth = 0
                while front >= 0:
                    depth += {'>': 1, '<': -1}.get(self.text(front), 0)
                    front -= 1
                    if depth == 0:
                        break
                if self.text(front) == ']':
                    return 'lambda'
            if word in _CONTROL or (word == 'constexpr' and self.text(front - 1) == 'if'):
                return 'block'
            return 'function'
        if last == ']' and self._is_lambda_start(self.partner.get(index, index)):
            return 'lambda'
        if last in ('', ';', '{', '}', ':', 'else', 'do', 'try'):
            return 'block'
        probe = index
        while probe >= 0 and self.text(probe) not in (';', '{', '}', '(', ')', '='):
            if self.text(probe) in _TYPES:
                return 'type'
            probe -= 1
        return 'init'

    def _is_lambda_start(self, bracket):
        """Does this '[' open a capture list, rather than an index or an attribute?"""
        before = self.text(bracket - 1)
        if before == '[' or self.text(bracket + 1) == '[':
            return False
        return not (re.match(r'\w', before) or before in (')', ']', '"')) or before in (
            'return', 'co_return', 'co_await', 'co_yield', 'case')

    def body_of(self, index):
        """The brace of the function or lambda around a token."""
        brace = self.parent[index]
        while brace is not None and self.kind[brace] not in ('function', 'lambda'):
            brace = self.parent[brace]
        return brace

    def statement(self, index):
        """(start, end, is it whole): the full expression's tokens around `index`; not whole when
        brackets enclose the token inside its statement."""
        start = index
        whole = True
        while start > 0:
            text = self.text(start - 1)
            if text in (')', ']') or (text == '}' and self._is_init(start - 1)):
                start = self.partner.get(start - 1, start - 1)
            elif text in ('(', '['):
                whole = False
                start -= 1
            elif text == '{':
                if self.kind[start - 1] != 'init':
                    break
                whole = False
                start -= 1
            elif text in (';', '}') or (text == ':' and self._ends_label(start - 1)):
                break
            else:
                start -= 1
        end = index
        while end < len(self.tokens):
            text = self.text(end)
            if text == '{' and self.kind[end] not in ('init', 'lambda'):
                break
            if text in ('(', '[', '{') and end in self.partner:
                end = self.partner[end]
            elif text == ';':
                break
            end += 1
        return start, end, whole

    def _is_init(self, closing):
        opening = self.partner.get(closing)
        return opening is not None and self.kind.get(opening) in ('init', 'lambda')

    def _ends_label(self, colon):
        """`case X:`, `default:` and access labels; not the second half of `?:`."""
        index = colon - 1
        while index >= 0 and self.text(index) not in (';', '{', '}', '?'):
            if self.text(index) in ('case', 'default'):
                return True
            index -= 1
        return False


def is_name(text):
    return re.fullmatch(r'[A-Za-z_]\w*', text) is not None


def check_await(unit, index):
    """The fault of one co_await, or None."""
    start, end, whole = unit.statement(index)
    inside = [unit.text(i) for i in range(start, end)]
    for i in range(start, end):
        if unit.text(i) == '[' and unit._is_lambda_start(i):
            return 'C1: a lambda in an expression with co_await; name it on the line before'
    if '{' in inside:
        return 'C1/C3: braces in an expression with co_await; name the value on the line before'
    if '?' in inside:
        return 'C1: a "?:" in an expression with co_await; name its result on the line before'
    before = [unit.text(i) for i in range(start, index)]
    if not whole or 'for' in before or 'if' in before or 'while' in before:
        return 'C4: co_await inside brackets; name its result on the line before'
    allowed = (
        before in ([], ['(', 'void', ')'], ['co_return'])
        or (len(before) == 2 and is_name(before[0]) and before[1] == '=')
        or (len(before) >= 3 and before[-1] == '=' and is_name(before[0]) and is_name(before[-2])
            and (is_name(before[-3]) or before[-3] in ('>', '&', '&&', '*'))
            and not {'=', '(', '.', '->'} & set(before[:-1])))
    if not allowed:
        return ('C4: co_await is neither a whole statement, nor all that a named variable gets, '
                'nor the operand of co_return')
    i = index + 1
    while i < end:
        text = unit.text(i)
        if text in ('(', '[') and i in unit.partner:
            i = unit.partner[i]
        elif text in _OPERATORS:
            return f'C4: co_await is an operand of "{text}"; name its result first'
        i += 1
    return None


def array_locals(unit, body):
    """(token index, what) of arrays among the locals of a coroutine's body."""
    end = unit.partner.get(body, len(unit.tokens))
    index = body + 1
    while index < end:
        text = unit.text(index)
        if text == '{' and unit.kind[index] in ('lambda', 'type'):
            index = unit.partner.get(index, end)
        elif text == '[' and not unit._is_lambda_start(index) and is_name(unit.text(index - 1)):
            name = index - 1
            start = name
            while start > body + 1 and unit.text(start - 1) not in (';', '{', '}', '(', ')', ','):
                start -= 1
            front = [unit.text(i) for i in range(start, name)]
            is_type = front and (is_name(front[-1]) or front[-1] in ('>', '*', '&'))
            if unit.text(name) != 'auto' and is_type and not set(front) & _NOT_A_LOCAL:
                yield name, f'array "{unit.text(name)}"'
        elif text == 'array' and unit.text(index + 1) == '<':
            depth = 0
            after = index + 1
            while after < end:
                depth += {'<': 1, '>': -1}.get(unit.text(after), 0)
                after += 1
                if depth == 0:
                    break
            start = index
            while start > body + 1 and unit.text(start - 1) not in (';', '{', '}'):
                start -= 1
            is_static = 'static' in [unit.text(i) for i in range(start, index)]
            if unit.text(after) not in ('&', '*', '::', '>', ',') and not is_static:
                yield index, 'std::array'
        elif text in ('memory_buffer', 'basic_memory_buffer'):
            yield index, f'{text} (500 bytes inside)'
        elif text == 'alignas':
            yield index, 'an over-aligned object'
        index += 1


def check_text(report, path, text):
    if not any(word in text for word in _KEYWORDS):
        return
    unit = Unit(text)
    for line, body in unit.macros:
        if any(re.search(rf'\b{word}\b', body) for word in _KEYWORDS):
            report.add(path, line, 'C4: a macro around co_await')
    bodies = {}
    for index, token in enumerate(unit.tokens):
        if token.text not in _KEYWORDS:
            continue
        body = unit.body_of(index)
        if body is None:
            report.add(path, token.line, f'{token.text} outside a function that can be read')
            continue
        bodies.setdefault(body, token.line)
        if token.text == 'co_yield':
            report.add(path, token.line, 'C4: no generators; co_yield is not used')
        elif token.text == 'co_await':
            fault = check_await(unit, index)
            if fault:
                report.add(path, token.line, fault)
    for body, line in bodies.items():
        if unit.kind[body] == 'lambda':
            report.add(path, line, 'C6: a lambda is never a coroutine; its captures die before it')
        for index, what in array_locals(unit, body):
            report.add(path, unit.tokens[index].line,
                       f'C5: {what} in a coroutine stays in its frame; it belongs to the session')


def check(root):
    report = source.Report()
    for path in source.files_under(root, FOLDERS):
        check_text(report, path, source.read(os.path.join(root, path)))
    return report.finish('coroutines')


def self_test():
    """tests/lint/samples: every line marked `// BAD Cn` must be found, and nothing else."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'samples')
    passed = 0
    for name in sorted(os.listdir(folder)):
        text = source.read(os.path.join(folder, name))
        report = source.Report()
        check_text(report, name, text)
        found = set()
        for finding in report.findings:
            _, line, message = finding.split(':', 2)
            found.add((int(line), message.strip()[:2]))
        expected = {(number, rule)
                    for number, line in enumerate(text.splitlines(), 1)
                    for rule in re.findall(r'// BAD (C\d)', line)}
        assert found == expected, (f'{name}: missed {sorted(expected - found)}, '
                                   f'invented {sorted(found - expected)}')
        passed += max(len(expected), 1)
    print(f'{passed} passed, 0 failed')
    return 0


if __name__ == '__main__':
    source.main(check, self_test)
