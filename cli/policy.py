"""`makegood policy`: the merchant's rules, whole editions of them."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import tomli_w
import typer

from api.permissions import Permission
from api.render import rfc3339
from cli.acting import AsPerson, acting, free_text
from cli.failures import Misused
from cli.options import BookName, Data, Dsn, Json, settings, with_book
from cli.output import show, show_json
from domain.book.policy import AdoptedEdition, AdoptPolicy, Edition, Policy, PolicyAdopted
from domain.book.reading_editions import NotAnEdition, read_edition
from domain.decision import Actor
from domain.moments import Moment, moment_of
from ledger.book import Book
from ledger.record.submission import Outcome, Submission
from ledger.sealing.sealer import BOOK

app = typer.Typer(help="The policy: which edition of the merchant's rules is in force.")

PolicyFile = Annotated[
    Path,
    typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="TOML, as `policy show` prints it."),
]
EffectiveFrom = Annotated[
    datetime | None, typer.Option(help="When it takes effect, read as UTC; default: now.", show_default=False)
]
Reason = Annotated[str | None, typer.Option(help="Why; kept sealed.")]


@app.command("show")
def show_policy(book: BookName = None, data: Data = None, dsn: Dsn = None, as_json: Json = False) -> None:
    """The edition in force now, as a file that `policy adopt` takes."""

    async def in_force(book: Book) -> AdoptedEdition:
        policy = await book.state("policy")
        assert isinstance(policy, Policy)
        found = policy.adopted_at(book.clock())
        assert found is not None, "the default edition is in force since ever"
        return found

    found = with_book(settings(data, dsn), book, in_force)
    edition = msgspec.to_builtins(found.edition)
    if as_json:
        show_json(
            {"version": found.version, "effective_from": rfc3339(found.effective_from), "edition": edition}
        )
    else:
        typer.echo(f"# Edition {found.version}, in force since {rfc3339(found.effective_from)}")
        typer.echo(tomli_w.dumps(edition), nl=False)


@app.command("adopt")
def adopt(
    file: PolicyFile,
    effective_from: EffectiveFrom = None,
    reason: Reason = None,
    person: AsPerson = None,
    book: BookName = None,
    data: Data = None,
    dsn: Dsn = None,
    as_json: Json = False,
) -> None:
    """Adopt a whole edition; what was promised under earlier ones stays promised."""
    edition = _edition(file)
    start = None if effective_from is None else moment_of(effective_from.replace(tzinfo=UTC))

    async def adopted(book: Book) -> dict[str, object]:
        actor = await acting(book, person, Permission.SET_POLICY)
        outcome = await _adopted(book, edition, start, reason, actor)
        if outcome.already:
            typer.echo("That edition is the one adopted last; nothing was recorded.", err=True)
        entry = outcome.entries[-1]
        assert isinstance(entry.event, PolicyAdopted)
        return {"edition": entry.version, "effective_from": rfc3339(entry.event.effective_from)}

    show([with_book(settings(data, dsn), book, adopted)], as_json)


async def _adopted(
    book: Book, edition: Edition, start: Moment | None, reason: str | None, actor: Actor
) -> Outcome:
    """What the adoption recorded."""
    sealed = None if reason is None else await book.sealer.seal(BOOK, "reason", free_text("reason", reason))
    submission = Submission(actor=actor, origin="cli", reason=sealed)
    return await book.execute(AdoptPolicy(edition=edition, effective_from=start), submission)


def _edition(file: Path) -> Edition:
    try:
        return read_edition(tomllib.loads(file.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, NotAnEdition) as fault:
        raise Misused(
            f"{file.name} is not a whole edition: {fault}. Begin with: makegood policy show"
        ) from fault
