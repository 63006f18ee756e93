"""`makegood export`: the journal for other programs."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Protocol, TextIO

import typer

from cli.failures import FOUND
from cli.moments import AsOfMoment, AsOfPosition, AsOfRecorded, past_in
from cli.opened import opened_book
from cli.options import BookName, Data, Dsn, settings
from cli.output import counted, tell
from cli.progress import Advance, entries_bar
from ledger.exports import Exported, export_csv, export_hledger
from ledger.projecting.as_of import AsOf

app = typer.Typer(help="The journal for other programs.")

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", dir_okay=False, help="Default: standard output."),
]


class _Export(Protocol):
    def __call__(
        self, conninfo: str, book: str, out: TextIO, progress: Advance, at: AsOf | None
    ) -> Exported: ...


@app.command("hledger")
def hledger(
    output: Output = None,
    as_of: AsOfMoment = None,
    as_of_position: AsOfPosition = None,
    as_of_recorded: AsOfRecorded = None,
    book: BookName = None,
    data: Data = None,
    dsn: Dsn = None,
) -> None:
    """The journal as hledger reads it, accounts and commodities declared: `hledger check --strict` passes.

    Exit code 3 if an entry could not be folded; it is named on stderr and missing.
    """
    _export(export_hledger, output, past_in(as_of, as_of_position, as_of_recorded), book, data, dsn)


@app.command("csv")
def postings(
    output: Output = None,
    as_of: AsOfMoment = None,
    as_of_position: AsOfPosition = None,
    as_of_recorded: AsOfRecorded = None,
    book: BookName = None,
    data: Data = None,
    dsn: Dsn = None,
) -> None:
    """The journal as CSV, a line for each posting; debits positive.

    Exit code 3 if an entry could not be folded; it is named on stderr and missing.
    """
    _export(export_csv, output, past_in(as_of, as_of_position, as_of_recorded), book, data, dsn)


def _export(
    export: _Export,
    output: Path | None,
    past: AsOf | None,
    book: str | None,
    data: Path | None,
    dsn: str | None,
) -> None:
    with opened_book(settings(data, dsn), book) as at:
        at.expect_reached(past)
        with _written_to(output) as out, entries_bar("exporting") as advance:
            exported = export(at.conninfo, at.book, out, advance, past)
    made = f"{exported.transactions:,} transactions, {exported.postings:,} postings"
    tell(f"{made}, up to entry {exported.until:,}")
    if exported.late:
        tell(f"{counted(exported.late, 'of them was', 'of them were')} recorded later than that moment.")
    if exported.parked:
        missing = ", ".join(map(str, exported.parked))
        tell(f"Missing, since they could not be folded: entries {missing}")
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
