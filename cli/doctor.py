"""`makegood doctor`."""

import typer

from cli.failures import FOUND
from cli.hints import here
from cli.options import Data, Dsn, Json, settings
from cli.output import show
from ledger.doctor import Outcome, examine
from ledger.roles import SQL_FOR_YOUR_OWN_SERVER


def doctor(data: Data = None, dsn: Dsn = None, as_json: Json = False) -> None:
    """Check everything the record needs, and say what to do next; exit code 3 if something is wrong.

    With --dsn, the SQL that a server of your own needs follows.
    """
    chosen = settings(data, dsn, makes=True)  # to say what would be made
    findings = examine(chosen)
    show(
        [
            {
                "check": finding.check,
                "outcome": finding.outcome.value,
                "explanation": finding.explanation,
                "next": None if finding.next_step is None else here(finding.next_step),
            }
            for finding in findings
        ],
        as_json,
    )
    if chosen.dsn is not None and not as_json:
        typer.echo(f"\n{SQL_FOR_YOUR_OWN_SERVER}", nl=False)
    if any(finding.outcome is Outcome.FAIL for finding in findings):
        raise typer.Exit(FOUND)
