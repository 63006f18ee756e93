"""`open_database` and the doctor: the embedded server and one of your own, through the same code."""

from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from ledger.database import TablesMissing, make_tables, open_database
from ledger.doctor import Finding, Outcome, examine
from ledger.embedded import EmbeddedServer
from ledger.gate import CHECKS, GateRefused
from ledger.migrate import SchemaIsBehind, migrate
from ledger.roles import APP, OWNER, SQL_FOR_YOUR_OWN_SERVER, SUPERUSER, provide
from ledger.settings import Settings


@pytest.fixture
def name(server: EmbeddedServer, book_name: str) -> str:
    """A database without a schema, on a server that somebody else runs."""
    provide(server.superuser_conninfo, book_name)
    return book_name


def external(server: EmbeddedServer, name: str, data: Path, role: str = APP) -> Settings:
    return Settings(
        data=data,
        dsn=SecretStr(server.conninfo(role, name)),
        owner_dsn=SecretStr(server.conninfo(OWNER, name)),
    )


def failed(findings: list[Finding]) -> dict[str, str | None]:
    """What the doctor found wrong, with the next step."""
    return {finding.check: finding.next_step for finding in findings if finding.outcome is Outcome.FAIL}


class TestOpening:
    def test_the_embedded_server_needs_nothing_but_a_folder(self, fresh: Path) -> None:
        for _ in range(2):
            with open_database(Settings(data=fresh)) as database:
                assert database.embedded is not None
                with psycopg.connect(database.app_conninfo) as connection:
                    assert connection.execute("SELECT count(*) FROM entries").fetchone() == (0,)

    def test_a_server_of_your_own_is_used_through_the_same_door(
        self, server: EmbeddedServer, name: str, tmp_path: Path
    ) -> None:
        migrate(server.conninfo(OWNER, name))
        with (
            pytest.raises(TablesMissing, match=r" orders_v\d+,.*makegood migrate"),
            open_database(external(server, name, tmp_path)),
        ):
            pass
        make_tables(server.conninfo(OWNER, name))
        with open_database(external(server, name, tmp_path)) as database:
            assert database.embedded is None
            assert database.app_conninfo == server.conninfo(APP, name)

    def test_a_server_of_your_own_is_never_migrated_by_starting_something(
        self, server: EmbeddedServer, name: str, tmp_path: Path
    ) -> None:
        with (
            pytest.raises(SchemaIsBehind, match="makegood migrate"),
            open_database(external(server, name, tmp_path)),
        ):
            pass
        with psycopg.connect(server.conninfo(OWNER, name)) as connection:
            assert connection.execute("SELECT to_regclass('entries')").fetchone() == (None,)

    def test_a_server_of_your_own_passes_the_same_gate(
        self, server: EmbeddedServer, name: str, tmp_path: Path
    ) -> None:
        migrate(server.conninfo(OWNER, name))
        with (
            pytest.raises(GateRefused, match="superuser"),
            open_database(external(server, name, tmp_path, SUPERUSER)),
        ):
            pass


class TestDoctor:
    def test_finds_nothing_wrong_with_what_we_made(self, fresh: Path) -> None:
        with open_database(Settings(data=fresh)):
            findings = examine(Settings(data=fresh))
        assert failed(findings) == {}
        looked_at = {finding.check for finding in findings}
        assert {"programs", "account", "free space", "server", "connection", "schema"} <= looked_at
        assert {check.name for check in CHECKS} <= looked_at

    def test_makes_nothing(self, fresh: Path) -> None:
        findings = examine(Settings(data=fresh))
        assert failed(findings) == {}
        assert not fresh.exists()
        (said,) = [finding.explanation for finding in findings if finding.check == "server"]
        assert f"no such folder yet, and so no book, in {fresh}" in said

    def test_starts_a_server_that_rests_and_stops_it_again(self, data: Path) -> None:
        with open_database(Settings(data=data)):
            pass
        assert failed(examine(Settings(data=data))) == {}
        assert not (data / "cluster" / "postmaster.pid").exists()

    def test_does_not_stop_at_the_first_trouble(
        self, server: EmbeddedServer, name: str, tmp_path: Path
    ) -> None:
        (tmp_path / "master.key").write_text("readable by all")
        (tmp_path / "master.key").chmod(0o644)
        found = failed(examine(external(server, name, tmp_path, SUPERUSER)))
        assert set(found) == {"master key", "role without superpowers", "schema"}
        assert found["schema"] == "makegood migrate"

    def test_tells_a_folder_of_another_release_from_a_broken_one(self, data: Path) -> None:
        with open_database(Settings(data=data)):
            pass
        release = data / "cluster" / "PG_VERSION"
        release.write_text("17\n")
        try:
            assert set(failed(examine(Settings(data=data)))) == {"server"}
        finally:
            release.write_text("18\n")

    def test_says_why_a_server_of_your_own_cannot_be_reached(self, tmp_path: Path) -> None:
        nowhere = Settings(data=tmp_path, dsn=SecretStr(f"host={tmp_path} dbname=x user=y password=hunter2"))
        findings = examine(nowhere)
        assert set(failed(findings)) == {"connection"}
        assert not any("hunter2" in finding.explanation for finding in findings)

    def test_every_trouble_comes_with_a_next_step(
        self, server: EmbeddedServer, name: str, tmp_path: Path
    ) -> None:
        found = failed(examine(external(server, name, tmp_path, SUPERUSER)))
        assert found
        assert all(found.values())


def test_the_sql_for_a_server_of_your_own_makes_what_it_needs(server: EmbeddedServer, book_name: str) -> None:
    """Run as printed, only with names of this test: roles belong to the whole server."""
    statements = SQL_FOR_YOUR_OWN_SERVER
    for printed in (APP, OWNER):
        statements = statements.replace(printed, f"{printed}_{book_name}".replace("-", "_"))
    statements = statements.replace("CREATE DATABASE makegood ", f'CREATE DATABASE "{book_name}" ')
    runnable = "\n".join(line for line in statements.splitlines() if not line.startswith(("--", "\\")))
    with psycopg.connect(server.superuser_conninfo, autocommit=True) as connection:
        for statement in filter(str.strip, runnable.split(";")):
            connection.execute(statement.encode())
        owner = f"{OWNER}_{book_name}".replace("-", "_")
        found = connection.execute(
            "SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datlocale "
            "FROM pg_database WHERE datname = %s",
            (book_name,),
        ).fetchone()
        connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(book_name)))
    assert found == (owner, "UTF8", "C.UTF-8")
