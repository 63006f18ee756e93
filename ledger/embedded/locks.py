"""Two file locks beside the cluster: `boot`, one launcher at a time; `users`, all who need the server.

The kernel releases both when a process ends, however it ends.
"""

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ledger.embedded.account import give_to_owner_of
from ledger.embedded.errors import FolderRefused, HeldElsewhere

BOOT_PATIENCE = 120.0
"""Seconds to wait for another launcher; it may be recovering from a crash or writing its last checkpoint."""
_POLL = 0.01


@contextmanager
def only_launcher(lock_file: Path) -> Generator[None, None, None]:
    """Be the one process that starts or stops the server. Raises: HeldElsewhere, FolderRefused."""
    lock = _opened(lock_file)
    try:
        deadline = time.monotonic() + BOOT_PATIENCE
        while not _taken(lock, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise HeldElsewhere(
                    f"Another process has been starting or stopping the server for {BOOT_PATIENCE:.0f} s.",
                    f"See which one: fuser {lock_file}",
                )
            time.sleep(_POLL)
        yield
    finally:
        os.close(lock)


class Users:
    """Everyone who needs the server holds this lock together; whoever can have it alone is the last.

    Both methods are called by the only launcher, so that nobody joins while the last one leaves.
    """

    def __init__(self, lock_file: Path) -> None:
        self._lock = _opened(lock_file)
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def am_last(self) -> bool:
        """Nobody else needs the server."""
        return _taken(self._lock, fcntl.LOCK_EX)

    def leave(self) -> None:
        os.close(self._lock)


def _opened(lock_file: Path) -> int:
    try:
        lock = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except PermissionError:
        raise FolderRefused(
            f"{lock_file} belongs to another account, which runs the server of this data folder.",
            "Run as that account or as root, or choose another folder: --data DIR",
        ) from None
    give_to_owner_of(lock_file.parent, lock)
    return lock


def _taken(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
