"""`makegood migrate`."""

from typing import Annotated

import typer

from cli.failures import FOUND, Misused
from cli.options import Data, Dsn, Json, settings
from cli.output import show
from ledger.database import lacking_tables, make_tables
from ledger.embedded import EmbeddedServer
from ledger.migrate import Migration, pending
from ledger.migrate import migrate as apply
from ledger.roles import provide
from ledger.settings import Settings

Plan = Annotated[bool, typer.Option("--plan", help="Only show what is missing.")]
Check = Annotated[
    bool, typer.Option("--check", help="Only show what is missing; exit code 3 if anything is.")
]


def migrate(
    data: Data = None, dsn: Dsn = None, plan: Plan = False, check: Check = False, as_json: Json = False
) -> None:
    """Bring the database to the schema of this release.

    On a server of your own it connects as the role that owns the tables: MAKEGOOD_OWNER_DSN.
    """
    only_look = plan or check
    found, tables = _migrate(settings(data, dsn, makes=not only_look), only_look=only_look)
    if not (found or tables):
        typer.echo("The schema is that of this release; nothing is missing.", err=True)
    applied = not only_look
    steps = [
        {"migration": f"{step.number:04}_{step.name}", "sha256": step.sha256, "applied": applied}
        for step in found
    ]
    show([*steps, *({"migration": name, "sha256": None, "applied": applied} for name in tables)], as_json)
    if check and (found or tables):
        raise typer.Exit(FOUND)


def _migrate(chosen: Settings, only_look: bool) -> tuple[list[Migration], list[str]]:
    """The migrations and the tables of projections that were missing."""
    if chosen.dsn is None and chosen.owner_dsn is None:
        with EmbeddedServer(chosen.data) as server:
            provide(server.superuser_conninfo)
            return _look(server.owner_conninfo) if only_look else _apply(server.owner_conninfo)
    if only_look and chosen.dsn is not None:
        return _look(chosen.dsn.get_secret_value())
    if chosen.owner_dsn is None:
        raise Misused("Say how to connect as the role that owns the tables: MAKEGOOD_OWNER_DSN")
    owner = chosen.owner_dsn.get_secret_value()
    return _look(owner) if only_look else _apply(owner)


def _look(conninfo: str) -> tuple[list[Migration], list[str]]:
    return pending(conninfo), lacking_tables(conninfo)


def _apply(owner_conninfo: str) -> tuple[list[Migration], list[str]]:
    return apply(owner_conninfo), make_tables(owner_conninfo)
