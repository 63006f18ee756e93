"""Data on stdout: aligned for a reader, tab-separated in a pipe, JSON lines on request.

What happened, in a line for whoever asked for it, goes to stderr.
"""

import sys
from collections.abc import Mapping, Sequence

import msgspec
import typer
from rich.console import Console
from rich.table import Table

Row = Mapping[str, object]


def show(rows: Sequence[Row], as_json: bool) -> None:
    """Prints rows that all have the same columns."""
    if as_json:
        for row in rows:
            show_json(row)
    elif not sys.stdout.isatty():
        for row in rows:
            typer.echo("\t".join(_cell(value) for value in row.values()))
    elif rows:
        table = Table(*rows[0], box=None, header_style="bold", pad_edge=False)
        for row in rows:
            table.add_row(*(_cell(value) for value in row.values()))
        Console().print(table)


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
