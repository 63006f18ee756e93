"""`makegood worker`: what a service does beside answering, without the API."""

import asyncio
import signal

import typer
import uvloop

from cli.options import Data, Dsn, opened_ledger, settings
from cli.serve import keep_alive, react_to_nothing, stand_still
from cli.tick import told
from ledger.collector import collect_rarely
from ledger.database import Database, open_database
from ledger.projecting.following import following
from ledger.reacting.catalogue import ERRANDS, REACTIONS
from ledger.reacting.reactor import Reacting
from ledger.settings import Settings
from ledger.ticking import Ticker


def worker(data: Data = None, dsn: Dsn = None) -> None:
    """Tick every book every minute, react and keep its read models, until interrupted.

    Several may run; one at a time ticks or follows a book.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = settings(data, dsn)
    with open_database(chosen) as database:
        uvloop.run(_work(chosen, database))


async def _work(chosen: Settings, database: Database) -> None:
    async with opened_ledger(chosen, database) as ledger:
        collect_rarely()
        reacting = Reacting(ledger, REACTIONS, ERRANDS, react_to_nothing)
        beside = [asyncio.create_task(reacting.run())]
        if database.embedded is not None:
            beside.append(asyncio.create_task(keep_alive(database.embedded)))
        typer.echo("Makegood ticks every book, reacts and keeps its read models. Ctrl-C stops it.", err=True)
        try:
            async with following(ledger, stand_still):
                await Ticker(ledger, told).run()
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
