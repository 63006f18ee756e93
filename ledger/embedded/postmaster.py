"""Starting, asking and stopping one PostgreSQL. Alive means: its socket answers.

A process id says nothing: after `kill -9` the postmaster may stay a zombie child of whoever started it, and
its files name a process that is not there. Only who holds the `boot` lock may call `start` and `stop`.
"""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from ledger.embedded.account import give_to_owner_of
from ledger.embedded.cluster import BARE_ENVIRONMENT
from ledger.embedded.errors import ServerDidNotStart, ServerDidNotStop
from ledger.embedded.folder import Layout
from ledger.roles import SUPERUSER

START_PATIENCE = 100.0
"""Seconds until a server must be ready: it may have to recover from a crash, or wait for orphans."""
STOP_PATIENCE = 100.0
"""Seconds until a server must have written its last checkpoint."""

MOST_CONNECTIONS = "400"
"""To one server: each book served has some of its own, and PostgreSQL's own 100 end at about twenty books."""

_POLL = 0.005
_ORPHANS_HOLD_MEMORY = "pre-existing shared memory block"
_ORPHAN_POLL = 0.1
_LARGEST_LOG = 8 * 1024 * 1024
_LAST_WORDS = 2000


class Postmaster:
    """The PostgreSQL of one data folder, whoever started it."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._child: subprocess.Popen[bytes] | None = None

    def conninfo(self, role: str, database: str) -> str:
        """How to connect as that role; a socket of a stranger is not talked to."""
        return make_conninfo(
            host=str(self._layout.socket_folder),
            port=5432,
            user=role,
            dbname=database,
            requirepeer=self._layout.account.name,
            client_encoding="utf8",
        )

    def listening(self) -> bool:
        """A living process holds the socket, ready or not."""
        with socket.socket(socket.AF_UNIX) as asking:
            asking.setblocking(False)
            try:
                asking.connect(os.fsencode(self._layout.socket))
            except (FileNotFoundError, ConnectionRefusedError):
                return False
            except BlockingIOError:  # its queue is full
                return True
        return True

    @property
    def pid(self) -> int:
        """The process that holds the socket, by the file it keeps. Raises: FileNotFoundError."""
        return int((self._layout.cluster / "postmaster.pid").read_text().split("\n", 1)[0])

    def start(self, programs: Path) -> None:
        """Return when the server is ready, started if need be. Raises: ServerDidNotStart."""
        deadline = time.monotonic() + START_PATIENCE
        log_was = None
        while not self._ready():
            if time.monotonic() > deadline:
                raise self._did_not_start(f"The server was not ready after {START_PATIENCE:.0f} s")
            if not self.listening() and not self._child_runs():
                if log_was is not None:
                    self._wait_for_orphans(log_was)
                self._remove_stale_files()
                log_was = self._spawn(programs)
            time.sleep(_POLL)

    def stop(self) -> None:
        """Stop the server: callers are cut off, everything acknowledged is kept. Raises: ServerDidNotStop."""
        if self._child is not None and self._child_runs():
            pid = self._child.pid
        elif self.listening():
            pid = self.pid
        else:
            return
        os.kill(pid, signal.SIGINT)  # PostgreSQL's "fast" shutdown
        deadline = time.monotonic() + STOP_PATIENCE
        while self._child_runs() or self.listening() or self._still_there(pid):
            if time.monotonic() > deadline:
                raise ServerDidNotStop(
                    f"The server (process {pid}) still runs {STOP_PATIENCE:.0f} s after it was told to stop.",
                    f"See {self._layout.log}. What was acknowledged is safe even so: kill -QUIT {pid}",
                )
            time.sleep(_POLL)

    def let_go(self) -> None:
        """Leave the server to the others who use it: from now on it is not ours to wait for."""
        if self._child is not None and self._child_runs():
            self._child.returncode = 0  # else Popen would warn that we forgot it
        self._child = None

    def _ready(self) -> bool:
        """Ready for queries, not just starting, recovering or stopping."""
        if not self.listening():
            return False
        asked = make_conninfo(self.conninfo(SUPERUSER, "postgres"), connect_timeout=5)
        return PGconn.ping(asked.encode()) == Ping.OK

    def _child_runs(self) -> bool:
        """The server we started has not ended; if it has, it is reaped here."""
        return self._child is not None and self._child.poll() is None

    def _still_there(self, pid: int) -> bool:
        """It has not yet given back its cluster; a process that died without doing so is not there either."""
        if not (self._layout.cluster / "postmaster.pid").exists():
            return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True

    def _remove_stale_files(self) -> None:
        """Nobody listens, so these name a dead server.

        Should one live all the same, two cannot meet: the second finds the shared memory in use, and ends.
        """
        (self._layout.cluster / "postmaster.pid").unlink(missing_ok=True)
        self._layout.socket.unlink(missing_ok=True)
        self._layout.socket.with_name(f"{self._layout.socket.name}.lock").unlink(missing_ok=True)

    def _wait_for_orphans(self, log_was: int) -> None:
        """The server ended at once: backends of a killed one hold the memory for a while; else an error."""
        if _ORPHANS_HOLD_MEMORY not in self._said_since(log_was):
            raise self._did_not_start(f"The server ended: {self._said_since(log_was).strip()[-_LAST_WORDS:]}")
        time.sleep(_ORPHAN_POLL)

    def _did_not_start(self, cause: str) -> ServerDidNotStart:
        return ServerDidNotStart(f"{cause}.", f"Put right what {self._layout.log} says, then start again.")

    def _said_since(self, start: int) -> str:
        with self._layout.log.open("rb") as log:
            log.seek(start)
            return log.read().decode(errors="replace")

    def _spawn(self, programs: Path) -> int:
        """Start the server, in a session of its own: Ctrl-C is for us, not for it.

        Returns the length of the log before, in bytes.
        """
        if self._layout.log.exists() and self._layout.log.stat().st_size > _LARGEST_LOG:
            self._layout.log.replace(self._layout.log.with_suffix(".log.1"))
        log = os.open(self._layout.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            give_to_owner_of(self._layout.folder, log)
            length = os.fstat(log).st_size
            self._child = subprocess.Popen(
                [str(programs / "postgres"), "-D", str(self._layout.cluster), *self._options()],
                cwd=self._layout.cluster,
                env=BARE_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0o077,
                **self._layout.account.identity(),
            )
        except OSError as trouble:
            raise self._did_not_start(f"{programs / 'postgres'} cannot be run: {trouble}") from trouble
        finally:
            os.close(log)
        return length

    def _options(self) -> list[str]:
        """What keeps strangers out and lets ours in; here, so that no file of the cluster says otherwise."""
        quoted_folder = str(self._layout.socket_folder).replace('"', '""')
        settings = {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": f'"{quoted_folder}"',
            "unix_socket_permissions": "0700",
            "hba_file": str(self._layout.hba_file),
            "ident_file": str(self._layout.ident_file),
            "max_connections": MOST_CONNECTIONS,
        }
        return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
