"""What a terminal shows: enough of xterm to read back the full-screen view."""

import re


class Screen:
    """Feed it the output; `lines` are the rows without blanks at their ends."""

    SEQUENCE = re.compile(r"\x1b\[([?>]?)([0-9;]*)([@-~])|\x1b[()].|\x1b[=>78M]|\x1b[@-Z]")

    def __init__(self, rows, columns):
        self.resize(rows, columns)
        self.pending = ""
        self.is_full_screen = False
        self.is_cursor_hidden = False
        self.unknown = set()

    def resize(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.cells = [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.top, self.bottom = 0, rows - 1

    @property
    def lines(self):
        return ["".join(row).rstrip() for row in self.cells]

    def feed(self, text):
        text = self.pending + text
        self.pending = ""
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                found = self.SEQUENCE.match(text, at)
                if not found:
                    self.pending = text[at:]
                    return
                if found.group(3):
                    self.control(*found.groups())
                elif found.group() == "\x1bM":
                    self.row = max(self.row - 1, 0)
                at = found.end()
                continue
            self.character(text[at])
            at += 1

    def character(self, c):
        if c == "\r":
            self.column = 0
        elif c == "\n":
            if self.row == self.bottom:
                self.scroll(1)
            else:
                self.row = min(self.row + 1, self.rows - 1)
        elif c == "\b":
            self.column = max(self.column - 1, 0)
        elif c >= " ":
            if self.column >= self.columns:
                self.column = 0
                self.character("\n")
            self.cells[self.row][self.column] = self.last = c
            self.column += 1

    def scroll(self, count):
        for _ in range(abs(count)):
            if count > 0:
                del self.cells[self.top]
                self.cells.insert(self.bottom, [" "] * self.columns)
            else:
                del self.cells[self.bottom]
                self.cells.insert(self.top, [" "] * self.columns)

    def control(self, private, numbers, final):
        given = [int(n) if n else 0 for n in numbers.split(";")]
        first = max(given[0], 1)
        if private == "?" and final in "hl":
            self.is_full_screen = final == "h" if 1049 in given else self.is_full_screen
            self.is_cursor_hidden = final == "l" if 25 in given else self.is_cursor_hidden
        elif final == "H":
            self.row = min(first, self.rows) - 1
            self.column = min(max(given[1] if len(given) > 1 else 1, 1), self.columns) - 1
        elif final in "ABCDGd":
            self.move(final, first)
        elif final in "JKX":
            self.erase(final, given[0])
        elif final in "PL@M":
            self.shift(final, first)
        elif final == "b":
            for _ in range(first):
                self.character(self.last)
        elif final in "ST":
            self.scroll(first if final == "S" else -first)
        elif final == "r":
            self.top = first - 1
            self.bottom = (given[1] if len(given) > 1 and given[1] else self.rows) - 1
            self.row = self.column = 0
        elif final not in "mtlhc":
            self.unknown.add(private + numbers + final)

    def move(self, final, count):
        row, column = {"A": (self.row - count, self.column), "B": (self.row + count, self.column),
                       "C": (self.row, self.column + count), "D": (self.row, self.column - count),
                       "G": (self.row, count - 1), "d": (count - 1, self.column)}[final]
        self.row = min(max(row, 0), self.rows - 1)
        self.column = min(max(column, 0), self.columns - 1)

    def erase(self, final, kind):
        line = self.cells[self.row]
        if final == "X":
            first, last = self.column, min(self.column + max(kind, 1), self.columns)
        else:
            first = self.column if kind == 0 else 0
            last = self.columns if kind != 1 else self.column + 1
        for i in range(first, last):
            line[i] = " "
        if final == "J":
            others = {0: range(self.row + 1, self.rows), 1: range(self.row)}
            for row in others.get(kind, range(self.rows)):
                self.cells[row] = [" "] * self.columns

    def shift(self, final, count):
        line = self.cells[self.row]
        for _ in range(count):
            if final == "P":
                line.pop(self.column)
                line.append(" ")
            elif final == "@":
                line.insert(self.column, " ")
                line.pop()
            elif final == "L":
                self.cells.insert(self.row, [" "] * self.columns)
                self.cells.pop(self.bottom + 1)
            else:
                self.cells.pop(self.row)
                self.cells.insert(self.bottom, [" "] * self.columns)
