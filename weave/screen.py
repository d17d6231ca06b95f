"""What a terminal would show of some output in the end: no colours, nothing overwritten."""

from __future__ import annotations

import re

PLAIN = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f-\x9f]*\Z")
# One control at a time: CSI, OSC and other strings, other escapes, single characters.
CONTROL = re.compile(
    r"\x1b\[(?P<numbers>[0-?]*)[ -/]*(?P<final>[@-~])"
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|\Z)|\x1b[ -/]*[0-~]?"
    r"|(?P<character>[\x00-\x1f\x7f-\x9f])",
    re.S,
)
TAB = 8
WIDEST, LONGEST = 10_000, 200_000  # columns and rows that a jump may reach


def as_shown(text):
    """Return the last state of a terminal that has no edge, with the spaces at line ends it got."""
    if PLAIN.match(text):
        return text
    screen, at = _Screen(), 0
    for control in CONTROL.finditer(text):
        screen.write(text[at : control.start()])
        screen.obey(control)
        at = control.end()
    screen.write(text[at:])
    return screen.text()


class _Screen:
    def __init__(self):
        self.rows: list[list[str]] = [[]]
        self.row = self.column = 0

    def text(self):
        return "\n".join("".join(row) for row in self.rows)

    def write(self, text):
        if not text:
            return
        line = self.rows[self.row]
        line += " " * (self.column - len(line))
        line[self.column : self.column + len(text)] = text
        self.column += len(text)

    def obey(self, control):
        numbers = [int(n) if n.isdigit() else 0 for n in (control["numbers"] or "").split(";")]
        first, steps, row, column = numbers[0], max(1, numbers[0]), self.row, self.column
        match control["final"] or control["character"]:
            case "\n" | "\x85":
                self._go(row + 1, 0)
            case "\v" | "\f":
                self._go(row + 1, column)
            case "\r":
                self._go(row, 0)
            case "\b" | "D":  # without a number, as \b is, one step
                self._go(row, column - steps)
            case "\t":
                self.write(" " * (TAB - column % TAB))
            case "A":
                self._go(row - steps, column)
            case "B":
                self._go(row + steps, column)
            case "C":
                self._go(row, column + steps)
            case "E":
                self._go(row + steps, 0)
            case "F":
                self._go(row - steps, 0)
            case "G":
                self._go(row, steps - 1)
            case "H" | "f":
                self._go(steps - 1, max(1, numbers[1]) - 1 if len(numbers) > 1 else 0)
            case "K":
                self._erase_line(first)
            case "J":
                self._erase_screen(first)

    def _go(self, row, column):
        self.row = min(max(0, row), LONGEST)
        self.column = min(max(0, column), WIDEST)
        while len(self.rows) <= self.row:
            self.rows.append([])

    def _erase_line(self, which):
        line = self.rows[self.row]
        if which == 0:
            del line[self.column :]
        elif which == 1:
            line[: self.column + 1] = " " * min(self.column + 1, len(line))
        else:
            line.clear()

    def _erase_screen(self, which):
        if which == 0:
            self._erase_line(0)
            del self.rows[self.row + 1 :]
        elif which == 1:
            self._erase_line(1)
            self.rows[: self.row] = [[] for _ in range(self.row)]
        else:
            self.rows = [[] for _ in range(self.row + 1)]
