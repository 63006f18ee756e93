"""Who runs the server: PostgreSQL refuses to run as root, so root hands it to an unprivileged account."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from ledger.embedded.errors import AccountMissing, FolderRefused

ROOT = 0
PREFERRED = "makegood"
LAST_RESORT = "nobody"
_SYSTEM_ACCOUNT = (
    "--system",
    "--no-create-home",
    "--home-dir",
    "/nonexistent",
    "--shell",
    "/usr/sbin/nologin",
)


class Identity(TypedDict, total=False):
    """The arguments with which `subprocess` starts a program as somebody else; empty for oneself."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """An account of this machine."""

    name: str
    uid: int
    gid: int

    @property
    def is_me(self) -> bool:
        return self.uid == os.geteuid()

    def identity(self) -> Identity:
        """How `subprocess` becomes this account."""
        return Identity() if self.is_me else Identity(user=self.uid, group=self.gid, extra_groups=[])


def account_for(folder: Path, cluster: Path) -> Account:
    """The account that runs the server of this data folder.

    Anybody but root runs it as oneself. Root looks for, in this order: the owner of the cluster; the owner of
    the folder, unless that is root; the account `makegood` (made with useradd where there is one); at last
    `nobody`, whose other programs could then read the record. Raises: AccountMissing, FolderRefused.
    """
    if os.geteuid() != ROOT:
        return _account_of(os.geteuid())
    for owned in (cluster, folder):
        if owned.exists() and (uid := owned.stat().st_uid) != ROOT:
            return _account_of(uid)
    if cluster.exists():
        raise FolderRefused(
            f"{cluster} belongs to root, as whom PostgreSQL does not run.",
            f"Give it to the account that shall run it: chown -R {PREFERRED} {cluster}",
        )
    return _named(PREFERRED) or _made() or _named(LAST_RESORT) or _nobody_at_all()


def closed_to(account: Account, folder: Path) -> Path | None:
    """The first folder on the way down to `folder` (itself included) that the account may not enter.

    Judged by owner, group and mode alone: an access list that lets the account in is not looked at.
    """
    for step in (*reversed(folder.parents), folder):
        if not step.exists():
            return None
        there = step.stat()
        if there.st_uid == account.uid:
            needed = stat.S_IXUSR
        elif there.st_gid == account.gid:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not there.st_mode & needed:
            return step
    return None


def give_to_owner_of(folder: Path, descriptor: int) -> None:
    """Root may visit the folder of somebody else, who must not find files there that only root can open."""
    if os.geteuid() == ROOT:
        owner = folder.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _account_of(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise AccountMissing(
            f"The user id {uid} has no account name here, and PostgreSQL does not run without one.",
            "Run as an account that has a name, or use a server of your own: MAKEGOOD_DSN.",
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _named(name: str) -> Account | None:
    try:
        return _account_of(pwd.getpwnam(name).pw_uid)
    except KeyError:
        return None


def _made() -> Account | None:
    """A new system account, where the machine has useradd; two processes making it at once both find it."""
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        return None
    subprocess.run([useradd, *_SYSTEM_ACCOUNT, PREFERRED], check=False, capture_output=True)
    return _named(PREFERRED)


def _nobody_at_all() -> Account:
    raise AccountMissing(
        "Root cannot run PostgreSQL, and this machine has no account to run it as.",
        f"Make one: useradd --system {PREFERRED}",
    )
