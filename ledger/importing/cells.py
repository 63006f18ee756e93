"""From the lines of a file to the cells of its rows; a stray quote costs one row, not those after it.

Left to itself, a csv reader takes an unclosed quote to open a cell that goes on to the next quote, however
many rows later, and says nothing if that happens to fit. Here a row ends where its line ends.
"""

import csv
import re
from collections.abc import Iterable, Iterator

import msgspec

Cells = list[str]

_WHOLE_CELL = re.compile(r'(?:"((?:[^"]|"")*)"|([^",]*)),')
_UNCLOSED = "unexpected end of data"
"""What the csv module calls it."""


class Torn(msgspec.Struct, frozen=True, kw_only=True):
    """A line that cannot be told apart into cells."""

    line: str
    reason: str

    def cell(self, index: int) -> str | None:
        """That cell, if it and all before it are whole."""
        end, cell = 0, None
        for _ in range(index + 1):
            found = _WHOLE_CELL.match(self.line, end)
            if found is None:
                return None
            quoted, bare = found.groups()
            end, cell = found.end(), bare if quoted is None else quoted.replace('""', '"')
        return cell


class CellReader:
    """Reads the rows of a file one after the other (RFC 4180)."""

    def __init__(self, text: Iterable[str]) -> None:
        self._text = iter(text)
        self._again: list[str] = []
        self.line_number = 0
        """Of the line read last; the first is 1."""

    def row(self) -> Cells | Torn | None:
        """The cells of the next line, none if it is empty; None at the end.

        Raises: OSError, EOFError, zlib.error.
        """
        line = self._next()
        if line is None:
            return None
        try:
            return _cells(line)
        except csv.Error as fault:
            reason = "a quoted cell does not end on this line" if str(fault) == _UNCLOSED else str(fault)
            return Torn(line=line, reason=reason)

    def continued(self, torn: Torn, width: int) -> Cells | None:
        """The row of so many cells that begins on the torn line just read and ends on a later one.

        None, and nothing read beyond the torn line, if there is no such row. A line that is a whole row by
        itself is never the rest of another one.
        """
        taken: list[str] = []

        def lines() -> Iterator[str]:
            yield torn.line
            while (line := self._next()) is not None:
                taken.append(line)
                if _count(line) == width:
                    return
                yield line

        try:
            cells = next(csv.reader(lines(), strict=True))
        except csv.Error:
            cells = []
        if len(cells) == width:
            return cells
        self._again += reversed(taken)
        self.line_number -= len(taken)
        return None

    def _next(self) -> str | None:
        line = self._again.pop() if self._again else next(self._text, None)
        self.line_number += line is not None
        return line


def _cells(line: str) -> Cells:
    """Raises: csv.Error."""
    return next(csv.reader((line,), strict=True))


def _count(line: str) -> int:
    """How many cells the line has by itself; 0 if that cannot be told."""
    try:
        return len(_cells(line))
    except csv.Error:
        return 0
