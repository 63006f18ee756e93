"""`makegood endpoints`: where payment processors tell a book what happened."""

import sys
from functools import partial
from typing import Annotated

import typer

from cli.failures import Misused
from cli.issued import Issued
from cli.options import BookName, Data, Dsn, Json, book_name, settings, with_ledger
from cli.output import show
from ledger.book import machine_now
from ledger.composition import Ledger

PROCESSORS = ("stripe",)
ENDPOINTS = Issued("endpoint", "processor", lambda ledger: ledger.endpoints)

app = typer.Typer(help="Endpoints: where a payment processor tells a book what happened, signed.")

Processor = Annotated[str, typer.Argument(metavar="PROCESSOR", help="Who tells: stripe.")]
Secret = Annotated[
    str | None,
    typer.Option(
        "--secret",
        envvar="MAKEGOOD_ENDPOINT_SECRET",
        show_default=False,
        help="What it signs with, whsec_…; asked for if left out, or read from a pipe, so that no shell "
        "remembers it.",
    ),
]
EndpointName = Annotated[
    str, typer.Argument(metavar="ENDPOINT", help="Name of an endpoint, in_…; see `endpoints list`.")
]


@app.command("add")
def add(
    processor: Processor,
    secret: Secret = None,
    book: BookName = None,
    data: Data = None,
    dsn: Dsn = None,
    as_json: Json = False,
) -> None:
    """Open an endpoint. Its address is what the processor is to be given; its secret is kept wrapped."""
    if processor not in PROCESSORS:
        raise Misused(f"No such processor is known. Known: {', '.join(PROCESSORS)}")
    secret = _asked_for() if secret is None else secret
    if not 8 <= len(secret) <= 200 or not secret.isascii():
        raise Misused("The secret has 8 to 200 letters, digits and signs, as the processor shows it")

    async def added(ledger: Ledger) -> dict[str, object]:
        name = await book_name(ledger, book)
        await ledger.book(name)
        endpoint = await ledger.endpoints.add(name, processor, secret, machine_now())
        return {"endpoint": endpoint, "processor": processor, "path": f"/v1/inbound/{processor}/{endpoint}"}

    show([with_ledger(settings(data, dsn), added)], as_json)


def _asked_for() -> str:
    """The secret, asked for on stderr; or, silently, the first line of what is piped in."""
    if sys.stdin.isatty():
        return typer.prompt("The secret the processor shows for this address", hide_input=True, err=True)
    return sys.stdin.readline().strip()


@app.command("list")
def endpoints(book: BookName = None, data: Data = None, dsn: Dsn = None, as_json: Json = False) -> None:
    """Every endpoint the book ever had; never their secrets."""
    show(with_ledger(settings(data, dsn), partial(ENDPOINTS.listed, book=book)), as_json)


@app.command("revoke")
def revoke(
    endpoint: EndpointName, book: BookName = None, data: Data = None, dsn: Dsn = None, as_json: Json = False
) -> None:
    """Close an endpoint; every running process notices within seconds."""
    ended = partial(ENDPOINTS.revoked, book=book, name=endpoint)
    show([with_ledger(settings(data, dsn), ended)], as_json)
