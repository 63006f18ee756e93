"""`makegood import`: history from files of other systems."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from api.permissions import Permission
from cli.acting import AsPerson, acting
from cli.failures import FOUND, Misused
from cli.options import BookName, Data, Dsn, Json, book_name, settings, with_ledger
from cli.output import show_json
from cli.progress import bar
from domain.book.register import OpenBook
from domain.money import Money
from ledger.book import Book
from ledger.collector import collect_rarely
from ledger.composition import Ledger
from ledger.importing.mapping import Mapping as FileMapping
from ledger.importing.mapping import MappingFault, NewBook, load_mapping
from ledger.importing.orders import OrderImport
from ledger.importing.receipt import Receipt
from ledger.importing.rows import Source, opened
from ledger.importing.sorting import expect_sorted

app = typer.Typer(help="Bring in history from other systems.")

OrdersFile = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="Order lines as .csv or .csv.gz.")
]
MappingFile = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="What the columns mean (TOML); not needed for a file with the columns of Online Retail.",
        show_default=False,
    ),
]


@app.callback()
def group() -> None:
    """Bring in history from other systems."""


@app.command("orders")
def orders(
    file: OrdersFile,
    mapping: MappingFile = None,
    person: AsPerson = None,
    book: BookName = None,
    data: Data = None,
    dsn: Dsn = None,
    as_json: Json = False,
) -> None:
    """Record the orders of a file, through the same decisions as the API; running it again changes nothing.

    Exit code 3 if anything in the file could not be taken: each is named on stderr, and the rest is recorded.
    Of a file that is not sorted by time, nothing is.
    """
    described = None if mapping is None else _read_mapping(mapping)
    if not file.is_file():
        raise Misused(f"{file.name} is read twice, which a pipe cannot be: save it to a file first")
    with opened(file, described) as source:
        expect_sorted(source)

    async def imported(ledger: Ledger) -> tuple[str, Receipt]:
        with opened(file, described) as source, _progress(source) as shown:
            into = await _book(ledger, book, source.mapping.book)
            actor = await acting(into, person, Permission.SERVE_CUSTOMERS)
            collect_rarely()
            run = OrderImport(into, source, actor, _reporter(source), shown)
            return into.name, await run.run()

    name, receipt = with_ledger(settings(data, dsn, makes=True), imported)
    if as_json:
        show_json({"book": name} | msgspec.to_builtins(receipt))
    else:
        typer.echo(_told(name, receipt))
    if receipt.found_something:
        raise typer.Exit(FOUND)


def _read_mapping(file: Path) -> FileMapping:
    try:
        return load_mapping(file.read_text("utf-8"))
    except UnicodeDecodeError as fault:
        raise Misused(f"{file.name} is not UTF-8 text") from fault
    except MappingFault as fault:
        raise Misused(f"{file.name}: {fault}") from fault


async def _book(ledger: Ledger, name: str | None, described: NewBook | None) -> Book:
    """The book to import into; the one the mapping describes is opened if it is missing."""
    if described is None or (name is not None and name in await ledger.books()):
        return await ledger.book(await book_name(ledger, name))
    name = name or described.name
    if name in await ledger.books():
        return await ledger.book(name)
    day = described.cut_over.isoformat()
    try:
        command = OpenBook(zone=described.zone, country=described.country, cut_over=day)
        return await ledger.open_book(name, command)
    except ValueError as impossible:
        raise Misused(f"[book] of the mapping: {impossible}") from impossible


def _reporter(source: Source) -> Callable[[int, str], None]:
    return lambda line, reason: typer.echo(f"{source.name}:{line}: {reason}", err=True)


@contextmanager
def _progress(source: Source) -> Generator[Callable[[Receipt], None]]:
    """A bar over the bytes of the file."""
    with bar(source.name, source.size) as shown:
        yield lambda receipt: shown.show(source.done, source.size, receipt.entries + receipt.entries_before)


def _told(name: str, receipt: Receipt) -> str:
    """The receipt for a reader."""
    left_out = ", ".join(f"{count:,} {reason}" for reason, count in receipt.dropped.most_common())
    rate = receipt.entries / (receipt.seconds or 1)
    lines = (
        ("book", name, ""),
        ("rows", f"{receipt.rows:,}", ""),
        ("  left out", f"{receipt.dropped.total():,}", left_out),
        ("  bad", f"{receipt.bad_rows:,}", ""),
        (
            "orders",
            f"{receipt.orders:,}",
            f"{receipt.new:,} of new customers, {receipt.existing:,} of existing",
        ),
        ("  refused", f"{receipt.refused:,}", ""),
        ("  lines", f"{receipt.order_lines:,}", ""),
        ("  units", f"{receipt.units:,}", ""),
        ("customers", f"{receipt.customers:,}", ""),
        ("captured", _amounts(receipt.captured), ""),
        ("charged", _amounts(receipt.charged), ""),
        (
            "credit notes",
            f"{receipt.credit_notes:,}",
            f"{receipt.credit_lines:,} lines",
        ),
        (
            "  refunds",
            f"{receipt.refunds:,}",
            f"{receipt.refunded_units:,} units, {_amounts(receipt.refunded)}",
        ),
        (
            "  unverified",
            f"{receipt.unverified:,}",
            f"{receipt.unverified_units:,} units, {_amounts(receipt.unverified_refunded)}",
        ),
        ("  adjustments", f"{receipt.adjustments:,}", _amounts(receipt.adjusted)),
        ("entries", f"{receipt.entries:,}", f"new; {receipt.entries_before:,} were recorded before"),
        (
            "took",
            f"{receipt.seconds:,} s",
            f"{rate:,.0f} entries/s, at most {receipt.peak_megabytes:,} MB of memory",
        ),
    )
    return "\n".join(f"{label:<14}{value:>20}  {note}".rstrip() for label, value, note in lines)


def _amounts(minor: Mapping[str, int]) -> str:
    return ", ".join(str(Money(amount, currency)) for currency, amount in sorted(minor.items())) or "0"
