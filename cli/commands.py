"""The commands of `makegood`: groups of them, one file each, and how one ends."""

import typer

from cli import (
    books,
    clock,
    doctor,
    endpoints,
    events,
    exports,
    imports,
    keys,
    migrate,
    persons,
    policy,
    projections,
    reactions,
    serve,
    tick,
    worker,
)
from cli.failures import FAILURES, exit_code_of, explanation
from cli.hints import forget
from cli.main import CLOSED_PIPE, INTERRUPTED

app = typer.Typer(
    name="makegood",
    help="Makegood: an order ledger for merchants who compete on service.",
    epilog="Exit codes: 0 ok, 1 failure, 2 usage, 3 a check found something, 4 database unreachable, "
    "5 held elsewhere, 130 interrupted, 141 nobody reads the output any more.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("worker")(worker.worker)
app.command("tick")(tick.tick)
app.command("doctor")(doctor.doctor)
app.command("migrate")(migrate.migrate)
app.add_typer(books.app, name="books")
app.add_typer(keys.app, name="keys")
app.add_typer(endpoints.app, name="endpoints")
app.add_typer(persons.app, name="persons")
app.add_typer(policy.app, name="policy")
app.add_typer(clock.app, name="clock")
app.add_typer(events.app, name="events")
app.add_typer(projections.app, name="projections")
app.add_typer(reactions.app, name="reactions")
app.add_typer(imports.app, name="import")
app.add_typer(exports.app, name="export")


def ended(arguments: list[str]) -> int:
    """The exit code of one command; what it fails with becomes a sentence on stderr."""
    forget()
    try:
        app(arguments, prog_name="makegood")
    except SystemExit as ending:
        if isinstance(ending.__context__, BrokenPipeError):  # which typer tells as a failure
            return CLOSED_PIPE
        return ending.code if isinstance(ending.code, int) else 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except FAILURES as failure:
        typer.echo(explanation(failure), err=True)
        return exit_code_of(failure)
    return 0
