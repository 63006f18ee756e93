"""`makegood projections`: the read models: how current they are, folded anew, verified, explained."""

from collections.abc import Sequence
from contextlib import closing
from itertools import count
from time import sleep
from typing import Annotated

import msgspec
import typer

from api.render import rfc3339
from cli.failures import FOUND, Misused
from cli.hints import here
from cli.moments import AsOfMoment, AsOfPosition, AsOfRecorded, past_in
from cli.opened import Opened, opened_book
from cli.options import BookName, Data, Dsn, Json, settings
from cli.output import Row, counted, show, show_json, tell
from cli.progress import entries_bar
from ledger.collector import collect_rarely
from ledger.database import open_database
from ledger.projecting import cursors
from ledger.projecting.cursors import Lag
from ledger.projecting.entries import connect
from ledger.projecting.explain import NotAKey, explain, figures_of, key_in, key_told
from ledger.projecting.rebuild import Receipt
from ledger.projecting.rebuilding import rebuild_alone
from ledger.projecting.sample import verify_sample
from ledger.projecting.tables import detached, drop_detached
from ledger.projecting.verify import Verdict, verify
from projections.catalogue import PROJECTIONS
from projections.projection import AnyProjection, Key

app = typer.Typer(help="Read models: every figure is a fold that can be rebuilt, verified and explained.")

WATCH_EVERY = 1.0
"""Seconds between two looks of `status --watch`."""

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="See them: makegood projections list")
]
Name = Annotated[str, typer.Argument(metavar="NAME")]
KeyText = Annotated[
    str,
    typer.Argument(
        metavar="KEY", help="A row's own id, or the beginning of its key, comma-separated: cus_…,EUR"
    ),
]
Column = Annotated[
    str | None, typer.Option("--column", help="The figure to explain; left out, all are shown.")
]
All = Annotated[bool, typer.Option("--all", help="Every projection.")]
Verify = Annotated[
    bool, typer.Option("--verify", help="Compare afterwards; exit code 3 if anything differs.")
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Fold and compare, and write nothing; exit code 3 if anything differs."),
]
Sample = Annotated[
    int | None, typer.Option("--sample", min=1, metavar="N", help="Only what N random entries touch.")
]
Watch = Annotated[bool, typer.Option("--watch", help="Look again every second, until interrupted.")]
FailIfLag = Annotated[
    int | None,
    typer.Option("--fail-if-lag", min=0, metavar="N", help="Exit code 3 if one lacks more than N entries."),
]


@app.command("list")
def list_projections(data: Data = None, dsn: Dsn = None, as_json: Json = False) -> None:
    """Every projection and the question it answers; and tables that no projection of this release uses."""
    with (
        open_database(settings(data, dsn)) as database,
        closing(connect(database.app_conninfo)) as connection,
    ):
        left = detached(connection, PROJECTIONS)
    rows: list[Row] = [
        _listed(each.name, each.version, each.table, each.question, each.key) for each in PROJECTIONS
    ]
    for table in left:
        name, _, version = table.rpartition("_v")
        rows.append(
            _listed(name, int(version), table, here("detached; makegood projections drop removes it"))
        )
    show(rows, as_json)


@app.command("status")
def status(
    watch: Watch = False,
    fail_if_lag: FailIfLag = None,
    book: BookName = None,
    data: Data = None,
    dsn: Dsn = None,
    as_json: Json = False,
) -> None:
    """How far each projection is behind its book."""
    with opened_book(settings(data, dsn), book) as at, closing(connect(at.conninfo)) as connection:
        for look in count():
            lags = cursors.lags_of(connection, at.book, PROJECTIONS)
            show([_status(lag) for lag in lags], as_json, again=look > 0)
            if fail_if_lag is not None and any(_is_behind(lag, fail_if_lag) for lag in lags):
                raise typer.Exit(FOUND)
            if not watch:
                return
            sleep(WATCH_EVERY)


@app.command("rebuild")
def rebuild(
    names: Names = None,
    everything: All = False,
    verifying: Verify = False,
    dry_run: DryRun = False,
    book: BookName = None,
    data: Data = None,
    dsn: Dsn = None,
    as_json: Json = False,
) -> None:
    """Fold projections anew beside their live rows and write what differs, while all goes on.

    Interrupted at any time, it leaves the live rows as they were.
    """
    if bool(names) == everything:
        raise Misused("Name the projections to rebuild, or say --all")
    chosen = _chosen(names)
    with opened_book(settings(data, dsn), book) as at:
        collect_rarely()
        if dry_run:
            _show_and_judge(_verified(at, chosen, None), as_json)
            return
        with entries_bar("rebuilding") as advance:
            receipts = rebuild_alone(at.conninfo, at.book, chosen, advance)
        _show_receipts(receipts, as_json)
        if verifying:
            _fail_unless_sound(_verified(at, chosen, None), as_json)


@app.command("verify")
def verify_projections(
    names: Names = None,
    sample: Sample = None,
    book: BookName = None,
    data: Data = None,
    dsn: Dsn = None,
    as_json: Json = False,
) -> None:
    """Compare the live rows with a fresh fold, exactly; exit code 3 if anything differs or stands still."""
    with opened_book(settings(data, dsn), book) as at:
        collect_rarely()
        _show_and_judge(_verified(at, _chosen(names), sample), as_json)


@app.command("explain")
def explain_figure(
    name: Name,
    key: KeyText,
    column: Column = None,
    as_of: AsOfMoment = None,
    as_of_position: AsOfPosition = None,
    as_of_recorded: AsOfRecorded = None,
    book: BookName = None,
    data: Data = None,
    dsn: Dsn = None,
    as_json: Json = False,
) -> None:
    """The entries that made a figure, and what each added; they sum exactly to it."""
    past = past_in(as_of, as_of_position, as_of_recorded)
    (projection,) = _chosen([name])
    wanted = _key_in(projection, key)
    if column is not None and column not in figures_of(projection):
        raise Misused(f"{name} has no figure {column}. There are: {', '.join(figures_of(projection))}")
    with opened_book(settings(data, dsn), book) as at:
        at.expect_reached(past)
        rows: list[Row] = []
        for each in figures_of(projection) if column is None else (column,):
            found = explain(at.conninfo, at.book, projection, wanted, each, past)
            if not found.is_known and past is None:
                raise Misused(f"No row has the key {key}, and none ever had. {key_told(projection)}.")
            if column is None:
                rows.append({"column": each, "figure": found.figure, "entries": len(found.deltas)})
                continue
            rows += [
                {
                    "position": delta.position,
                    "effective_at": rfc3339(delta.effective_at),
                    "type": delta.type,
                    "stream": delta.stream,
                    "delta": delta.delta,
                    "late": delta.is_late,
                }
                for delta in found.deltas
            ]
            typer.echo(f"{column}: {found.figure}, as of entry {found.position}", err=True)
            if found.late:
                typer.echo(f"Recorded later than that: entries {', '.join(map(str, found.late))}", err=True)
        show(rows, as_json)


@app.command("parked")
def parked(book: BookName = None, data: Data = None, dsn: Dsn = None, as_json: Json = False) -> None:
    """Groups of rows that stand still since an entry their fold did not understand, and why."""
    with opened_book(settings(data, dsn), book) as at, closing(connect(at.conninfo)) as connection:
        rows = [
            {
                "projection": projection.name,
                "group": cursors.key_text(group.group),
                "position": group.position,
                "stream": group.stream,
                "customer": group.customer,
                "error": group.error,
            }
            for projection in PROJECTIONS
            for group in cursors.parked_of(connection, at.book, projection)
        ]
    show(rows, as_json)
    if not rows:
        tell("Nothing stands still.")


@app.command("retry")
def retry(
    names: Names = None, book: BookName = None, data: Data = None, dsn: Dsn = None, as_json: Json = False
) -> None:
    """Rebuild the projections that have parked groups; exit code 3 if some stand still again."""
    with opened_book(settings(data, dsn), book) as at:
        with closing(connect(at.conninfo)) as connection:
            still = [each for each in _chosen(names) if cursors.parked_of(connection, at.book, each)]
        if not still:
            tell("Nothing stands still: there is nothing to fold anew.")
            return
        with entries_bar("rebuilding") as advance:
            receipts = rebuild_alone(at.conninfo, at.book, still, advance)
        _show_receipts(receipts, as_json)
        parked = sum([receipt.parked for receipt in receipts])
        left = counted(parked, "group stands", "groups stand") if parked else "nothing stands"
        tell(f"{counted(len(receipts), 'projection', 'projections')} folded anew; {left} still now.")
        if parked:
            raise typer.Exit(FOUND)


@app.command("drop")
def drop(data: Data = None, dsn: Dsn = None, as_json: Json = False) -> None:
    """Remove the tables that no projection of this release uses, for all books.

    On a server of your own it connects as the role that owns the tables: MAKEGOOD_OWNER_DSN.
    """
    with open_database(settings(data, dsn)) as database:
        if database.owner_conninfo is None:
            raise Misused("Say how to connect as the role that owns the tables: MAKEGOOD_OWNER_DSN")
        with closing(connect(database.owner_conninfo)) as owner, owner.transaction():
            dropped = drop_detached(owner, PROJECTIONS)
    show([{"dropped": table} for table in dropped], as_json)
    if dropped:
        tell(f"{counted(len(dropped), 'table', 'tables')} removed.")
    else:
        tell("Nothing to remove: this release uses every table.")


def _chosen(names: Sequence[str] | None) -> list[AnyProjection]:
    """The projections of those names, all without any. Raises: Misused."""
    known = {each.name: each for each in PROJECTIONS}
    if unknown := sorted(set(names or ()) - known.keys()):
        raise Misused(f"No projection is called {', '.join(unknown)}. There are: {', '.join(known)}")
    return [each for each in PROJECTIONS if not names or each.name in names]


def _key_in(projection: AnyProjection, text: str) -> Key:
    """The beginning of a key. Raises: Misused."""
    try:
        return key_in(projection, text)
    except NotAKey as error:
        raise Misused(str(error)) from None


def _verified(at: Opened, chosen: Sequence[AnyProjection], sample: int | None) -> list[Verdict]:
    if sample is not None:
        return verify_sample(at.conninfo, at.book, chosen, sample)
    with entries_bar("verifying") as advance:
        return verify(at.conninfo, at.book, chosen, advance)


def _show_and_judge(verdicts: Sequence[Verdict], as_json: bool) -> None:
    """Shows them all. Raises: Exit with code 3 unless all are sound."""
    _show_verdicts(verdicts, as_json)
    if not all(verdict.sound for verdict in verdicts):
        raise typer.Exit(FOUND)


def _fail_unless_sound(verdicts: Sequence[Verdict], as_json: bool) -> None:
    unsound = [verdict for verdict in verdicts if not verdict.sound]
    if unsound:
        _show_verdicts(unsound, as_json)
        raise typer.Exit(FOUND)


def _listed(name: str, version: int, table: str, question: str, key: tuple[str, ...] = ()) -> Row:
    return {
        "projection": name,
        "version": version,
        "table": table,
        "key": ",".join(key),
        "question": question,
    }


def _status(lag: Lag) -> Row:
    return {
        "projection": lag.projection,
        "version": lag.version,
        "position": lag.position,
        "head": lag.head,
        "lag_entries": lag.entries,
        "lag_seconds": round(lag.seconds, 1),
        "parked": lag.parked,
        "status": "not built" if lag.position is None else "behind" if lag.entries else "current",
    }


def _is_behind(lag: Lag, most: int) -> bool:
    return lag.position is None or lag.entries > most


def _show_receipts(receipts: Sequence[Receipt], as_json: bool) -> None:
    if as_json:
        for receipt in receipts:
            show_json(msgspec.to_builtins(receipt))
        return
    show(
        [
            {
                "projection": receipt.projection,
                "rows": receipt.rows,
                "until": receipt.until,
                "was_at": receipt.was_at,
                "missing": receipt.differences.missing,
                "surplus": receipt.differences.surplus,
                "changed": receipt.differences.changed,
                "parked": receipt.parked,
                "digest": receipt.digest[:16],
                "seconds": round(receipt.seconds, 2),
            }
            for receipt in receipts
        ],
        as_json,
    )


def _show_verdicts(verdicts: Sequence[Verdict], as_json: bool) -> None:
    show(
        [
            {
                "projection": verdict.projection,
                "sound": verdict.sound,
                "position": verdict.position,
                "rows": verdict.rows,
                "missing": verdict.differences.missing,
                "surplus": verdict.differences.surplus,
                "changed": verdict.differences.changed,
                "parked": verdict.parked,
                "keys": " ".join(cursors.key_text(key) for key in verdict.differences.keys),
            }
            for verdict in verdicts
        ],
        as_json,
    )
