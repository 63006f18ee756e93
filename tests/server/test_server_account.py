"""Root hands the server to an account that can do little, and that must be able to reach its files."""

import os
import pwd
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.embedded import EmbeddedServer
from ledger.embedded.account import LAST_RESORT, Account, account_for, closed_to
from ledger.embedded.binaries import wheel_programs
from ledger.embedded.errors import AccountMissing, FolderRefused
from ledger.embedded.folder import make_data_folder
from ledger.roles import APP, provide

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")

NOBODY = pwd.getpwnam(LAST_RESORT)
SOMEBODY_ELSE = Account(NOBODY.pw_name, NOBODY.pw_uid, NOBODY.pw_gid)


class TestReach:
    @pytest.mark.parametrize(("mode", "reached"), [(0o711, True), (0o700, False), (0o744, False)])
    def test_is_judged_by_the_right_to_enter_every_folder_on_the_way(
        self, fresh: Path, mode: int, reached: bool
    ) -> None:
        middle = fresh / "middle"
        inner = middle / "inner"
        inner.mkdir(parents=True)
        fresh.chmod(0o711)
        middle.chmod(mode)
        assert closed_to(SOMEBODY_ELSE, inner) == (None if reached else middle)

    def test_is_given_to_the_owner_of_a_closed_folder(self, fresh: Path) -> None:
        owner = Account("owner", os.geteuid(), os.getegid())
        fresh.mkdir(mode=0o700)
        assert closed_to(owner, fresh) is None


@as_root
class TestStartedByRoot:
    def test_the_server_runs_as_an_account_without_power(self, own: EmbeddedServer) -> None:
        assert own.layout.account.uid != 0
        assert Path(f"/proc/{own.pid}").stat().st_uid == own.layout.account.uid

    def test_the_programs_lie_where_that_account_can_run_them(self, own: EmbeddedServer) -> None:
        program = Path(os.readlink(f"/proc/{own.pid}/exe"))
        assert program.is_relative_to(own.layout.folder)
        assert closed_to(own.layout.account, program.parent) is None

    def test_that_account_can_read_nothing_else_in_the_folder(self, own: EmbeddedServer) -> None:
        secret = own.layout.folder / "master.key"
        secret.write_text("secret")
        secret.chmod(0o600)
        read = subprocess.run(
            ["cat", str(secret)], check=False, capture_output=True, **own.layout.account.identity()
        )
        assert read.returncode != 0
        assert b"Permission denied" in read.stderr

    def test_a_folder_it_cannot_reach_is_refused_with_the_way_out(self, fresh: Path) -> None:
        closed = fresh / "closed"
        closed.mkdir(parents=True)
        fresh.chmod(0o711)
        closed.chmod(0o700)
        with pytest.raises(FolderRefused) as refused:
            EmbeddedServer(closed / "data").start()
        assert str(closed) in refused.value.cause
        assert f"chmod o+x {closed}" in refused.value.way_out
        assert not (closed / "data" / "cluster").exists()

        closed.chmod(0o711)  # the way out
        with EmbeddedServer(closed / "data") as server:
            assert server.pid

    def test_a_folder_of_somebody_else_stays_usable_for_its_owner(self, fresh: Path) -> None:
        fresh.mkdir()
        os.chown(fresh, SOMEBODY_ELSE.uid, SOMEBODY_ELSE.gid)
        with EmbeddedServer(fresh) as server:
            assert server.layout.account == SOMEBODY_ELSE
            places = server.layout
            left_behind = [places.boot_lock, places.users_lock, places.cluster, places.log]
        assert {file.stat().st_uid for file in left_behind} == {SOMEBODY_ELSE.uid}

    def test_a_cluster_of_root_is_refused(self, fresh: Path) -> None:
        make_data_folder(fresh)
        (fresh / "cluster").mkdir()
        with pytest.raises(FolderRefused, match="belongs to root"):
            EmbeddedServer(fresh).start()

    def test_a_folder_of_a_nameless_account_is_refused(self, fresh: Path) -> None:
        make_data_folder(fresh)
        os.chown(fresh, 54321, 54321)
        with pytest.raises(AccountMissing, match="54321"):
            EmbeddedServer(fresh).start()

    def test_a_machine_without_useradd_gets_the_last_resort(
        self, fresh: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ledger.embedded.account.PREFERRED", "no-such-account")
        monkeypatch.setattr("ledger.embedded.account.shutil.which", lambda *_, **__: None)
        make_data_folder(fresh)
        assert account_for(fresh, fresh / "cluster").name == LAST_RESORT

    def test_an_unprivileged_account_starts_its_own_and_root_may_join(
        self, fresh: Path, visit: Callable[..., Any]
    ) -> None:
        for needed in (Path(sys.executable).resolve().parent, wheel_programs()):
            if (closed := closed_to(SOMEBODY_ELSE, needed)) is not None:
                pytest.skip(f"no unprivileged account can reach this environment: {closed} is closed")
        fresh.mkdir()
        os.chown(fresh, SOMEBODY_ELSE.uid, SOMEBODY_ELSE.gid)
        visitor = visit(fresh, **SOMEBODY_ELSE.identity())
        pid = visitor.server_pid()
        with EmbeddedServer(fresh) as server:
            assert server.pid == pid
            provide(server.superuser_conninfo)
            with psycopg.connect(server.conninfo(APP)) as connection:
                assert connection.info.user == APP


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_one_may_not_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(FolderRefused):
        EmbeddedServer(tmp_path).start()
