"""What lies where in the data folder, and which of it the server's account may enter.

    boot.lock users.lock     the two locks
    programs-<release>/      the server's programs, only when root starts it
    cluster/                 PostgreSQL's own files, 0700, of the server's account
    socket/                  the socket, 0700, of the server's account
    hba.conf ident.conf      who may log in, written at each start
    server.log server.log.1  what the server says

Everything else in the folder (the master key, checkpoints) is not the server account's business.
"""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from ledger.embedded.account import ROOT, Account, account_for, closed_to
from ledger.embedded.errors import FolderRefused

LONGEST_SOCKET_PATH = 103
"""Bytes: what the smallest of the platforms holds in a socket address, its closing NUL taken off."""
SOCKET_NAME = ".s.PGSQL.5432"


def make_data_folder(folder: Path) -> Path:
    """The data folder with links resolved, made if missing: private, or passable where root makes it.

    Root's folder is 0711, so that the server's account gets through to the two folders of its own.
    Raises: FolderRefused.
    """
    folder = folder.resolve()
    as_root = os.geteuid() == ROOT
    try:
        missing = [step for step in (folder, *folder.parents) if not step.exists()]
        for step in reversed(missing):
            step.mkdir(exist_ok=True)
            if as_root or step == folder:
                step.chmod(0o711 if as_root else 0o700)  # whatever the umask is
    except OSError as trouble:
        raise FolderRefused(
            f"The data folder {folder} cannot be made: {trouble.strerror}.", "Choose another: --data DIR"
        ) from None
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        raise FolderRefused(f"{folder} is not a folder you may write to.", "Choose another: --data DIR")
    return folder


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of one data folder."""

    folder: Path
    account: Account

    @property
    def boot_lock(self) -> Path:
        return self.folder / "boot.lock"

    @property
    def users_lock(self) -> Path:
        return self.folder / "users.lock"

    @property
    def cluster(self) -> Path:
        return self.folder / "cluster"

    @property
    def hba_file(self) -> Path:
        return self.folder / "hba.conf"

    @property
    def ident_file(self) -> Path:
        return self.folder / "ident.conf"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def socket_folder(self) -> Path:
        """Beside the cluster; where that path is too long, or libpq would read it as a list, under /tmp.

        Every process must come to the same answer, so nothing of the environment (TMPDIR) has a say.
        """
        beside = self.folder / "socket"
        if len(os.fsencode(beside / SOCKET_NAME)) <= LONGEST_SOCKET_PATH and "," not in str(beside):
            return beside
        return Path("/tmp") / f"makegood-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]}"

    @property
    def socket(self) -> Path:
        return self.socket_folder / SOCKET_NAME


def layout_of(folder: Path) -> Layout:
    """The places of this data folder, its account and its reach checked.

    Raises: FolderRefused, AccountMissing.
    """
    layout = Layout(folder, account_for(folder, folder / "cluster"))
    if (closed := closed_to(layout.account, folder)) is not None:
        raise FolderRefused(
            f"The server runs as {layout.account.name}, who cannot enter {closed}.",
            f"Open the way (chmod o+x {closed}) or choose another folder: --data DIR",
        )
    owner = layout.cluster.stat().st_uid if layout.cluster.exists() else layout.account.uid
    if owner != layout.account.uid:
        raise FolderRefused(
            f"{layout.cluster} belongs to the user id {owner}, not to {layout.account.name}.",
            "Run as its owner or as root, or choose another folder: --data DIR",
        )
    return layout


def make_private(folder: Path, account: Account) -> None:
    """Make a folder that only the account may enter, or check that it is one. Raises: FolderRefused.

    In /tmp a stranger may have made it first, to sit between us and the server.
    """
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    there = folder.lstat()
    if not stat.S_ISDIR(there.st_mode) or there.st_uid != account.uid or stat.S_IMODE(there.st_mode) & 0o077:
        raise FolderRefused(
            f"{folder} is not a folder that {account.name} alone may enter.",
            f"See who made it (ls -ld {folder}), and remove it.",
        )
