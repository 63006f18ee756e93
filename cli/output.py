"""Data on stdout: a table for a reader, tab-separated under its heading in a pipe, JSON lines on request.

Nothing is cut, whoever reads it. What happened, in a line for whoever asked for it, goes to stderr.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

Row = Mapping[str, object]

_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
"""As PostgreSQL's COPY writes them: a value is one cell, and a row one line, whatever it holds."""

_ENDLESS = 10_000
"""Letters in a line that has room for any table."""


def show(rows: Sequence[Row], as_json: bool, *, again: bool = False) -> None:
    """Prints rows that all have the same columns; `again`: below others of the same table."""
    if as_json:
        for row in rows:
            show_json(row)
    elif not rows:
        return
    elif sys.stdout.isatty():
        _show_to_a_reader(rows, Console())
    else:
        if not again:
            show_line(rows[0])
        for row in rows:
            show_line(row.values())


def show_line(cells: Iterable[object]) -> None:
    """Prints one line for a program: its cells between tabs."""
    typer.echo("\t".join(_cell(cell).translate(_ESCAPED) for cell in cells))


def _show_to_a_reader(rows: Sequence[Row], console: Console) -> None:
    """A table, in which only prose is wrapped; where not even that makes room, each row is a list."""
    cells = [[_cell(value) for value in row.values()] for row in rows]
    names = list(rows[0])
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, column in zip(names, zip(*cells, strict=True), strict=True):
        table.add_column(name, no_wrap=not any(" " in cell for cell in column), overflow="fold")
    for row in cells:
        table.add_row(*map(escape, row))
    if Measurement.get(console, console.options.update_width(_ENDLESS), table).minimum <= console.width:
        console.print(table)
        return
    widest = max(map(len, names))
    for row in cells:
        for name, cell in zip(names, row, strict=True):
            typer.echo(f"{name:<{widest}}  {cell}".rstrip())
        typer.echo()


def tell(what_happened: str) -> None:
    """Says in one line what came of a command, beside its data; it is on stderr, where no pipe reads it."""
    typer.echo(what_happened, err=True)


def counted(number: int, one: str, several: str) -> str:
    """A number with its noun: `1 entry`, `2 entries`."""
    return f"{number:,} {one if number == 1 else several}"


def show_json(value: object) -> None:
    """Prints one value as one line of JSON."""
    typer.echo(msgspec.json.encode(value).decode())


def _cell(value: object) -> str:
    return "" if value is None else str(value)
