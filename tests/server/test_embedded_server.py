"""The embedded server starts, stops, and comes back, whatever happened to it."""

import os
import signal
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.embedded import EmbeddedServer
from ledger.embedded.account import Account, account_for
from ledger.embedded.errors import FolderRefused, ServerDidNotStart
from ledger.embedded.folder import LONGEST_SOCKET_PATH, layout_of, make_data_folder
from ledger.embedded.postmaster import MOST_CONNECTIONS, Postmaster
from ledger.roles import APP, provide

Visit = Callable[..., Any]

BUSY = b"""
DO $$ BEGIN
    WHILE clock_timestamp() < statement_timestamp() + interval '1.5 seconds' LOOP END LOOP;
END $$
"""
"""Keeps its backend computing: it does not notice that its postmaster is gone."""


def is_listening(data: Path) -> bool:
    """Somebody answers at the socket of that data folder."""
    return Postmaster(layout_of(data.resolve())).listening()


def kill_postmaster(server: EmbeddedServer) -> int:
    """As a crash would, leaving its files and its zombie behind."""
    pid = server.pid
    os.kill(pid, signal.SIGKILL)
    while server_listens(server):
        pass
    return pid


def server_listens(server: EmbeddedServer) -> bool:
    return Postmaster(server.layout).listening()


def account_of_new(data: Path) -> Account:
    """Make the data folder as a start would, and say which account would run its server."""
    return account_for(make_data_folder(data), data / "no cluster yet")


def ask(server: EmbeddedServer, question: str) -> Any:
    with psycopg.connect(server.superuser_conninfo) as connection:
        row = connection.execute(question.encode()).fetchone()
        assert row is not None
        return row[0]


class TestANewServer:
    def test_sorts_by_code_point_keeps_checksums_and_listens_to_no_network(self, own: EmbeddedServer) -> None:
        found = [
            ask(own, question)
            for question in (
                "SHOW data_checksums",
                "SHOW listen_addresses",
                "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'template0'",
                "SHOW server_encoding",
                "SHOW TimeZone",
                "SHOW fsync",
                "SHOW max_connections",
            )
        ]
        assert found == ["on", "", "bC.UTF-8", "UTF8", "UTC", "on", MOST_CONNECTIONS]

    def test_shows_its_socket_to_its_own_account_only(self, own: EmbeddedServer) -> None:
        folder = own.layout.socket_folder.lstat()
        assert stat.S_IMODE(folder.st_mode) == 0o700
        assert folder.st_uid == own.layout.account.uid == own.layout.cluster.stat().st_uid
        assert stat.S_IMODE(own.layout.socket.stat().st_mode) & 0o077 == 0

    def test_lets_an_account_log_in_only_as_the_roles_it_is_mapped_to(self, own: EmbeddedServer) -> None:
        # Negative control: with --auth=trust this connects.
        provide(own.superuser_conninfo)
        with psycopg.connect(own.superuser_conninfo, autocommit=True) as connection:
            connection.execute("DROP ROLE IF EXISTS stranger")
            connection.execute("CREATE ROLE stranger LOGIN")
        with pytest.raises(psycopg.OperationalError, match="Peer authentication failed"):
            psycopg.connect(own.conninfo("stranger"))
        with psycopg.connect(own.conninfo(APP)) as connection:
            assert connection.info.user == APP

    def test_survives_a_key_press_meant_for_us(self, own: EmbeddedServer) -> None:
        # Negative control: without start_new_session the sessions are equal, and Ctrl-C stops both at once.
        assert os.getsid(own.pid) == own.pid != os.getsid(0)

    def test_is_not_made_from_what_an_interrupted_start_left(self, fresh: Path) -> None:
        (fresh / "cluster.draft").mkdir(parents=True)
        (fresh / "cluster.draft" / "half").touch()
        fresh.chmod(0o711)
        with EmbeddedServer(fresh) as server:
            assert ask(server, "SELECT 1") == 1
            assert not (fresh / "cluster.draft").exists()

    def test_says_its_last_words_if_it_cannot_start(self, data: Path) -> None:
        with EmbeddedServer(data) as server:
            settings = server.layout.cluster / "postgresql.auto.conf"
            before = settings.read_text()
        settings.write_text("no_such_setting = 1\n")
        try:
            with pytest.raises(ServerDidNotStart, match="no_such_setting"):
                EmbeddedServer(data).start()
        finally:
            settings.write_text(before)
        with EmbeddedServer(data) as server:  # it left no lock behind
            assert ask(server, "SELECT 1") == 1

    def test_of_another_release_is_left_alone(self, fresh: Path) -> None:
        (fresh / "cluster").mkdir(parents=True)
        fresh.chmod(0o711)
        (fresh / "cluster" / "PG_VERSION").write_text("17\n")
        account = account_of_new(fresh)
        os.chown(fresh / "cluster", account.uid, account.gid)
        with pytest.raises(FolderRefused, match="made by PostgreSQL 17"):
            EmbeddedServer(fresh).start()


class TestAServerThatDied:
    def test_is_started_again_and_has_lost_nothing(self, own: EmbeddedServer) -> None:
        # Negative control: without the start in `ensure_alive` the connections below are refused.
        with psycopg.connect(own.superuser_conninfo) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept (what text)")
            connection.execute("INSERT INTO kept VALUES ('this')")
        killed = kill_postmaster(own)
        assert (own.layout.cluster / "postmaster.pid").exists()

        assert own.ensure_alive() is True
        assert own.ensure_alive() is False
        assert own.pid != killed
        assert ask(own, "SELECT count(*) > 0 FROM kept") is True

    def test_leaves_no_zombie(self, own: EmbeddedServer) -> None:
        killed = kill_postmaster(own)
        own.ensure_alive()
        with pytest.raises(ProcessLookupError):
            os.kill(killed, 0)

    def test_is_started_again_by_another_process_though_its_zombie_is_ours(
        self, own: EmbeddedServer, visit: Visit
    ) -> None:
        # Negative control: leave postmaster.pid where it is, and PostgreSQL refuses: the zombie has that id.
        killed = kill_postmaster(own)
        os.kill(killed, 0)  # still there, as a zombie
        visitor = visit(own.layout.folder)
        assert visitor.server_pid() != killed
        assert ask(own, "SELECT 1") == 1

    def test_is_started_once_its_orphans_have_given_back_its_memory(self, own: EmbeddedServer) -> None:
        with closing(psycopg.connect(own.superuser_conninfo)) as busy:
            busy.pgconn.send_query(BUSY)
            while ask(own, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%WHILE clock%'") < 2:
                pass
            kill_postmaster(own)
            log_was = own.layout.log.stat().st_size
            assert own.ensure_alive() is True
        said = own.layout.log.read_bytes()[log_was:]
        assert b"pre-existing shared memory block" in said, "the orphan was gone before we looked"
        assert ask(own, "SELECT 1") == 1

    def test_is_stopped_all_the_same(self, data: Path) -> None:
        server = EmbeddedServer(data)
        server.start()
        kill_postmaster(server)
        server.stop()
        with EmbeddedServer(data) as server:
            assert ask(server, "SELECT 1") == 1


class TestManyUsers:
    def test_starting_at_once_get_one_server(self, data: Path, visit: Visit) -> None:
        # Negative control: without the lock `boot` two postmasters are started.
        visitors = [visit(data) for _ in range(4)]
        assert len({visitor.server_pid() for visitor in visitors}) == 1

    def test_keep_the_server_until_the_last_of_them_leaves(self, data: Path, visit: Visit) -> None:
        # Negative control: without the lock `users` the first to leave stops it.
        first, second = visit(data), visit(data)
        assert first.server_pid() == second.server_pid()
        first.leave()
        assert is_listening(data)
        second.leave()
        assert not is_listening(data)
        assert not (data / "cluster" / "postmaster.pid").exists()

    def test_that_are_killed_do_not_keep_it_for_ever(self, data: Path, visit: Visit) -> None:
        killed, other = visit(data), visit(data)
        assert killed.server_pid() == other.server_pid()
        killed.process.kill()
        killed.process.wait()
        other.leave()
        assert not is_listening(data)

    def test_find_it_running_after_the_one_that_started_it_was_killed(self, data: Path, visit: Visit) -> None:
        killed = visit(data)
        pid = killed.server_pid()
        killed.process.kill()
        killed.process.wait()
        with EmbeddedServer(data) as server:
            assert server.pid == pid

    def test_in_one_process_leave_one_by_one(self, data: Path) -> None:
        with EmbeddedServer(data) as one:
            with EmbeddedServer(data) as other:
                assert one.pid == other.pid
            assert server_listens(one)
        assert not is_listening(data)


class TestALongPath:
    @pytest.fixture
    def long(self, fresh: Path) -> Path:
        return fresh / ("long" * 20) / ("longer" * 5)

    def test_moves_the_socket_to_a_private_folder(self, long: Path) -> None:
        with EmbeddedServer(long) as server:
            folder = server.layout.socket_folder
            assert len(os.fsencode(server.layout.socket)) <= LONGEST_SOCKET_PATH
            assert not folder.is_relative_to(long)
            assert stat.S_IMODE(folder.lstat().st_mode) == 0o700
            assert ask(server, "SELECT 1") == 1
        folder.rmdir()  # nothing is left in it

    @pytest.mark.parametrize("trap", ["open to others", "a link", "of somebody else"])
    def test_is_refused_where_a_stranger_made_that_folder_first(
        self, long: Path, fresh: Path, trap: str
    ) -> None:
        # Negative control: without the check in `make_private` the server is started there.
        account = account_of_new(long)
        folder = layout_of(long).socket_folder
        match trap:
            case "open to others":
                folder.mkdir()
                folder.chmod(0o777)
                os.chown(folder, account.uid, account.gid)
            case "a link":
                folder.symlink_to(fresh)
            case _:
                if os.geteuid() != 0:
                    pytest.skip("only root can make a folder of somebody else")
                folder.mkdir(mode=0o700)
        try:
            with pytest.raises(FolderRefused, match="alone may enter"):
                EmbeddedServer(long).start()
        finally:
            folder.unlink() if folder.is_symlink() else folder.rmdir()
