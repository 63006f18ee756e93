"""`makegood migrate`."""

from typing import Annotated

import typer

from cli.failures import FOUND, Misused
from cli.options import Data, Dsn, Json, settings
from cli.output import show
from ledger.database import make_tables
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
    found = _migrate(settings(data, dsn), only_look=plan or check)
    show(
        [
            {
                "migration": f"{step.number:04}_{step.name}",
                "sha256": step.sha256,
                "applied": not (plan or check),
            }
            for step in found
        ],
        as_json,
    )
    if check and found:
        raise typer.Exit(FOUND)


def _migrate(chosen: Settings, only_look: bool) -> list[Migration]:
    if chosen.dsn is None and chosen.owner_dsn is None:
        with EmbeddedServer(chosen.data) as server:
            provide(server.superuser_conninfo)
            return pending(server.owner_conninfo) if only_look else _apply(server.owner_conninfo)
    if only_look and chosen.dsn is not None:
        return pending(chosen.dsn.get_secret_value())
    if chosen.owner_dsn is None:
        raise Misused("Say how to connect as the role that owns the tables: MAKEGOOD_OWNER_DSN")
    owner = chosen.owner_dsn.get_secret_value()
    return pending(owner) if only_look else _apply(owner)


def _apply(owner_conninfo: str) -> list[Migration]:
    applied = apply(owner_conninfo)
    make_tables(owner_conninfo)
    return applied
