#!/usr/bin/python3
"""Puts the files of the page into a C++ source, so that the tool is one binary.

    embed.py OUT.cpp NAME=FILE ...

A string literal may be cut short by a compiler (65,536 bytes is what the standard promises), so each
file becomes adjacent literals of a few KiB.
"""

import sys

PIECE = 4000


def literal(text):
    # The delimiter appears in no file; a piece never ends inside a character, because text is cut.
    delimiter = 'sluice'
    if f'){delimiter}"' in text:
        sys.exit('embed.py: the delimiter is part of a file')
    pieces = [text[i:i + PIECE] for i in range(0, len(text), PIECE)] or ['']
    return '\n'.join(f'R"{delimiter}({piece}){delimiter}"' for piece in pieces)


def main():
    out = ['#include "report_html.hpp"', '', 'namespace sluice::load {']
    for pair in sys.argv[2:]:
        name, path = pair.split('=', 1)
        with open(path, encoding='utf-8') as file:
            out.append(f'const std::string_view {name} =\n{literal(file.read())};')
    out.append('}  // namespace sluice::load')
    with open(sys.argv[1], 'w', encoding='utf-8') as file:
        file.write('\n'.join(out) + '\n')


main()
