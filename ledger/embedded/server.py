"""The embedded server as the rest of Makegood sees it."""

import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from ledger.embedded.binaries import programs_for, remove_other_copies
from ledger.embedded.cluster import make_cluster, write_access_rules
from ledger.embedded.folder import Layout, layout_of, make_data_folder, make_private
from ledger.embedded.locks import Users, only_launcher
from ledger.embedded.postmaster import Postmaster
from ledger.roles import APP, DATABASE, OWNER, SUPERUSER


@dataclass(frozen=True, slots=True)
class _Stay:
    """What we hold while we use the server."""

    layout: Layout
    postmaster: Postmaster
    users: Users


class EmbeddedServer:
    """The PostgreSQL of one data folder, shared by all processes that use it; the last to leave stops it.

    `start`, `stop` and `ensure_alive` block, seconds at worst: on an event loop, call them in a thread.
    They may be called from several threads.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._turn = threading.Lock()
        self._stay: _Stay | None = None

    def start(self) -> None:
        """Use the server, starting it if it does not run; the first time, a new cluster is made.

        Raises: ServerTrouble.
        """
        folder = make_data_folder(self._data)
        with self._turn:
            if self._stay is not None:
                raise RuntimeError("this EmbeddedServer is already started")
            layout = layout_of(folder)
            with only_launcher(layout.boot_lock):
                self._stay = _enter(layout)

    def stop(self) -> None:
        """Need the server no longer; whoever is the last stops it. Does nothing if not started.

        Raises: ServerDidNotStop, HeldElsewhere.
        """
        with self._turn:
            if self._stay is None:
                return
            with only_launcher(self._stay.layout.boot_lock):
                stay, self._stay = self._stay, None
                _leave(stay)

    def ensure_alive(self) -> bool:
        """Start a dead server again, and say whether that was needed. Does nothing if not started.

        Raises: ServerDidNotStart, HeldElsewhere.
        """
        with self._turn:
            if self._stay is None or self._stay.postmaster.listening():
                return False
            with only_launcher(self._stay.layout.boot_lock):
                if self._stay.postmaster.listening():  # another user of the server was quicker
                    return False
                _bring_up(self._stay.layout, self._stay.postmaster)
                return True

    def conninfo(self, role: str, database: str = DATABASE) -> str:
        """How to connect as that role. Raises: RuntimeError if not started."""
        return self._started().postmaster.conninfo(role, database)

    @property
    def owner_conninfo(self) -> str:
        """The role that owns the tables, for migrations."""
        return self.conninfo(OWNER)

    @property
    def app_conninfo(self) -> str:
        """The role that serves."""
        return self.conninfo(APP)

    @property
    def superuser_conninfo(self) -> str:
        """PostgreSQL's own superuser, in its own database: only to make roles and databases."""
        return self.conninfo(SUPERUSER, "postgres")

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._started().postmaster.pid

    @property
    def layout(self) -> Layout:
        """What lies where."""
        return self._started().layout

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _started(self) -> _Stay:
        if self._stay is None:
            raise RuntimeError("this EmbeddedServer is not started")
        return self._stay


def _enter(layout: Layout) -> _Stay:
    """Join the server, or start it; called by the only launcher."""
    stay = _Stay(layout, Postmaster(layout), Users(layout.users_lock))
    try:
        _bring_up(layout, stay.postmaster)
    except BaseException:
        _leave(stay)
        raise
    return stay


def _bring_up(layout: Layout, postmaster: Postmaster) -> None:
    """Make what is missing, then start; called by the only launcher."""
    make_private(layout.socket_folder, layout.account)
    programs = programs_for(layout.folder)
    if not postmaster.listening():
        remove_other_copies(layout.folder)
        make_cluster(layout, programs)
        write_access_rules(layout)
    postmaster.start(programs)


def _leave(stay: _Stay) -> None:
    """Give up the server; called by the only launcher."""
    try:
        if stay.users.am_last():
            stay.postmaster.stop()
    finally:
        stay.postmaster.let_go()
        stay.users.leave()
