"""Nothing is recorded on a server that could lose or change it: every reason is provoked on a real one."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import resources
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from ledger.database import prepared
from ledger.embedded import EmbeddedServer
from ledger.gate import GateRefused, broken_checks, pass_gate, server_facts
from ledger.roles import APP, OWNER, SUPERUSER

NAME = "gated"


@pytest.fixture(scope="module")
def gated(data: Path) -> Iterator[EmbeddedServer]:
    """A server of its own, with a migrated database that passes the gate."""
    with EmbeddedServer(data) as server:
        prepared(server, NAME)
        yield server


def run(server: EmbeddedServer, role: str, *statements: str) -> None:
    with psycopg.connect(server.conninfo(role, NAME), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def refusals(server: EmbeddedServer, role: str = APP, **more: str) -> set[str]:
    """The names of the checks that refuse."""
    conninfo = make_conninfo(server.conninfo(role, NAME), **more)
    try:
        pass_gate(conninfo)
    except GateRefused as refused:
        return {check.name for check in refused.broken}
    return set()


@contextmanager
def setting_off(server: EmbeddedServer, name: str) -> Iterator[None]:
    """With a setting of the whole server switched off."""
    _switch(server, f"ALTER SYSTEM SET {name} = off", name, "off")
    yield
    _switch(server, f"ALTER SYSTEM RESET {name}", name, "on")


def _switch(server: EmbeddedServer, statement: str, name: str, wanted: str) -> None:
    run(server, SUPERUSER, statement, "SELECT pg_reload_conf()")
    while _shown(server, name) != wanted:  # a new session sees it as soon as the postmaster has read it
        pass


def _shown(server: EmbeddedServer, name: str) -> str:
    with psycopg.connect(server.conninfo(APP, NAME)) as connection:
        row = connection.execute(f"SHOW {name}".encode()).fetchone()
        assert row is not None
        return row[0]


def test_a_server_as_we_make_it_passes(gated: EmbeddedServer) -> None:
    assert refusals(gated) == set()


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_a_server_that_forgets_in_a_power_cut_is_refused(gated: EmbeddedServer, name: str) -> None:
    with setting_off(gated, name):
        assert refusals(gated) == {name}
    assert refusals(gated) == set()


def test_a_role_that_forgets_in_a_crash_is_refused(gated: EmbeddedServer) -> None:
    run(gated, SUPERUSER, f"ALTER ROLE {APP} SET synchronous_commit = off")
    assert refusals(gated) == {"synchronous_commit"}
    run(gated, SUPERUSER, f"ALTER ROLE {APP} RESET synchronous_commit")
    assert refusals(gated) == set()


def test_a_connection_string_that_forgets_in_a_crash_is_refused(gated: EmbeddedServer) -> None:
    assert refusals(gated, options="-c synchronous_commit=off") == {"synchronous_commit"}


@pytest.mark.parametrize("options", ["", "-c default_transaction_read_only=on"])
def test_a_connection_that_may_only_read_is_refused(gated: EmbeddedServer, options: str) -> None:
    assert refusals(gated, options=options) == ({"not read-only"} if options else set())


def test_a_superuser_is_refused(gated: EmbeddedServer) -> None:
    assert refusals(gated, SUPERUSER) == {"role without superpowers", "role can only add entries"}


def test_a_superuser_who_only_plays_the_role_is_refused(gated: EmbeddedServer) -> None:
    # Negative control: asking for current_user alone lets this one through.
    assert "role without superpowers" in refusals(gated, SUPERUSER, options=f"-c role={APP}")


def test_the_owner_is_refused_as_the_role_that_serves(gated: EmbeddedServer) -> None:
    assert refusals(gated, OWNER) == {"role can only add entries"}


@pytest.mark.parametrize(
    ("give", "take"),
    [
        ("GRANT UPDATE ON entries TO {app}", "REVOKE UPDATE ON entries FROM {app}"),
        ("GRANT UPDATE (data) ON entries TO {app}", "REVOKE UPDATE (data) ON entries FROM {app}"),
        ("GRANT DELETE ON entries TO {app}", "REVOKE DELETE ON entries FROM {app}"),
        ("GRANT TRUNCATE ON entries TO {app}", "REVOKE TRUNCATE ON entries FROM {app}"),
        ("GRANT TRIGGER ON entries TO PUBLIC", "REVOKE TRIGGER ON entries FROM PUBLIC"),
        ("GRANT {owner} TO {app}", "REVOKE {owner} FROM {app}"),
        ("GRANT pg_write_all_data TO {app}", "REVOKE pg_write_all_data FROM {app}"),
        ("GRANT {owner} TO {app} WITH INHERIT FALSE", "REVOKE {owner} FROM {app}"),
    ],
)
def test_a_role_that_may_do_more_than_add_is_refused(gated: EmbeddedServer, give: str, take: str) -> None:
    run(gated, SUPERUSER, give.format(app=APP, owner=OWNER))
    assert refusals(gated) == {"role can only add entries"}
    run(gated, SUPERUSER, take.format(app=APP, owner=OWNER))
    assert refusals(gated) == set()


TRIGGER = "entries_are_append_only"
DISARMED = (
    "BEFORE UPDATE OR DELETE ON entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "BEFORE UPDATE OF recorded_at OR DELETE OR TRUNCATE ON entries "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "BEFORE UPDATE OR DELETE OR TRUNCATE ON entries "
    "FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION refuse_change()",
    "AFTER UPDATE OR DELETE OR TRUNCATE ON entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "BEFORE UPDATE OR DELETE OR TRUNCATE ON entries FOR EACH STATEMENT EXECUTE FUNCTION allow_change()",
)
DO_NOTHING = "RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$"


@contextmanager
def harmed(server: EmbeddedServer, *statements: str) -> Iterator[None]:
    """After statements of the owner; then the trigger and its function are as the migration made them."""
    with psycopg.connect(server.conninfo(OWNER, NAME)) as owner:
        owner.execute(f"CREATE FUNCTION allow_change() {DO_NOTHING}".encode())
        for statement in statements:
            owner.execute(statement.encode())
        owner.commit()
        yield
        owner.execute(f"DROP TRIGGER IF EXISTS {TRIGGER} ON entries".encode())
        owner.execute("DROP FUNCTION refuse_change, allow_change")
        migration = (resources.files("ledger") / "migrations" / "0001_the_record.sql").read_text()
        owner.execute(re.findall(r"CREATE FUNCTION.*(?=\n\nGRANT)", migration, re.DOTALL)[0].encode())


@pytest.mark.parametrize(
    "harm",
    [
        f"ALTER TABLE entries DISABLE TRIGGER {TRIGGER}",
        f"ALTER TABLE entries ENABLE TRIGGER {TRIGGER}",
        f"ALTER TABLE entries ENABLE REPLICA TRIGGER {TRIGGER}",
        f"DROP TRIGGER {TRIGGER} ON entries",
        f"CREATE OR REPLACE FUNCTION refuse_change() {DO_NOTHING}",
        *[f"CREATE OR REPLACE TRIGGER {TRIGGER} {how}" for how in DISARMED],
    ],
)
def test_entries_without_their_trigger_as_it_was_made_are_refused(gated: EmbeddedServer, harm: str) -> None:
    """Ask only for its name and its events → WHEN, OF and another function pass the gate, and this fails."""
    again = [f"ALTER TABLE entries ENABLE ALWAYS TRIGGER {TRIGGER}"] if harm.startswith("CREATE") else []
    with harmed(gated, harm, *again):
        assert refusals(gated) == {"append-only trigger"}
    assert refusals(gated) == set()


def test_a_replica_is_refused(fresh: Path) -> None:
    with EmbeddedServer(fresh) as server:
        prepared(server, NAME)
        signal_file = server.layout.cluster / "standby.signal"
    signal_file.touch()
    with EmbeddedServer(fresh) as server:
        assert refusals(server) == {"not a replica"}


@pytest.mark.parametrize(("version", "refused"), [(16, True), (17, False), (18, False)])
def test_an_older_server_is_refused(gated: EmbeddedServer, version: int, refused: bool) -> None:
    facts = replace(server_facts(gated.conninfo(APP, NAME)), version=version)
    assert bool(broken_checks(facts)) is refused


def test_all_reasons_are_told_at_once(gated: EmbeddedServer) -> None:
    with (
        setting_off(gated, "fsync"),
        setting_off(gated, "full_page_writes"),
        pytest.raises(GateRefused) as told,
    ):
        pass_gate(gated.conninfo(APP, NAME))
    assert [check.name for check in told.value.broken] == ["fsync", "full_page_writes"]
    assert all(check.next_step in str(told.value) for check in told.value.broken)
