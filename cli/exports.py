"""`makegood export`: the journal for other programs."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Protocol, TextIO

import typer

from cli.failures import FOUND
from cli.opened import opened_book
from cli.options import BookName, Data, Dsn, settings
from cli.progress import Advance, entries_bar
from ledger.exports import Exported, export_csv, export_hledger

app = typer.Typer(help="The journal for other programs.")

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", dir_okay=False, help="Default: standard output."),
]


class _Export(Protocol):
    def __call__(self, conninfo: str, book: str, out: TextIO, progress: Advance) -> Exported: ...


@app.command("hledger")
def hledger(output: Output = None, book: BookName = None, data: Data = None, dsn: Dsn = None) -> None:
    """The journal as hledger reads it, accounts and commodities declared: `hledger check --strict` passes.

    Exit code 3 if an entry could not be folded; it is named on stderr and missing.
    """
    _export(export_hledger, output, book, data, dsn)


@app.command("csv")
def postings(output: Output = None, book: BookName = None, data: Data = None, dsn: Dsn = None) -> None:
    """The journal as CSV, a line for each posting; debits positive.

    Exit code 3 if an entry could not be folded; it is named on stderr and missing.
    """
    _export(export_csv, output, book, data, dsn)


def _export(
    export: _Export, output: Path | None, book: str | None, data: Path | None, dsn: str | None
) -> None:
    with (
        opened_book(settings(data, dsn), book) as at,
        _written_to(output) as out,
        entries_bar("exporting") as advance,
    ):
        exported = export(at.conninfo, at.book, out, advance)
    made = f"{exported.transactions:,} transactions, {exported.postings:,} postings"
    typer.echo(f"{made}, up to entry {exported.until:,}", err=True)
    if exported.parked:
        missing = ", ".join(map(str, exported.parked))
        typer.echo(f"Missing, since they could not be folded: entries {missing}", err=True)
        raise typer.Exit(FOUND)


@contextmanager
def _written_to(output: Path | None) -> Generator[TextIO]:
    """Standard output, or the file once it is whole: an interruption leaves an older one as it was."""
    if output is None:
        yield sys.stdout
        return
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as out:
            yield out
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
