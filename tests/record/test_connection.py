"""Connections: settings that hold on every one, and reads that outlive a lost connection."""

import asyncio

import psycopg
import pytest

from ledger import connection as connection_module
from ledger.connection import Reader, connect
from ledger.database import Database
from ledger.errors import Unavailable

pytestmark = pytest.mark.anyio


async def test_every_connection_bounds_how_long_a_frozen_process_may_hold_a_head(
    database: Database, reader: Reader
) -> None:
    question = "SELECT current_setting('idle_in_transaction_session_timeout')"
    assert await reader.rows(question) == [("10s",)]
    writing = await connect(database.app_conninfo)
    assert await (await writing.execute(question)).fetchone() == ("10s",)
    await writing.close()


async def test_options_of_the_connection_string_are_kept(database: Database) -> None:
    conninfo = psycopg.conninfo.make_conninfo(database.app_conninfo, options="-c work_mem=5MB")
    asked = await connect(conninfo)
    assert await (await asked.execute("SHOW work_mem")).fetchone() == ("5MB",)
    await asked.close()


async def test_a_read_whose_connection_is_lost_is_made_again(database: Database, reader: Reader) -> None:
    ((backend,),) = await reader.rows("SELECT pg_backend_pid()")
    async with await psycopg.AsyncConnection.connect(database.app_conninfo, autocommit=True) as killer:
        await killer.execute("SELECT pg_terminate_backend(%s)", (backend,))
    answers = await asyncio.gather(*[reader.rows("SELECT pg_backend_pid()") for _ in range(8)])
    assert all(answer != [(backend,)] for answer in answers)


async def test_a_database_that_is_away_is_unavailable_after_a_bounded_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection_module, "PATIENCE", 0.1)
    reader = Reader("host=/nonexistent dbname=any")
    with pytest.raises(Unavailable):
        await reader.open()
