"""Making a new cluster, and who may log in to it."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from ledger.embedded.account import ROOT, Account
from ledger.embedded.binaries import MAJOR
from ledger.embedded.errors import FolderRefused, ServerDidNotStart
from ledger.embedded.folder import Layout, make_private
from ledger.roles import APP, OWNER, SUPERUSER

BARE_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
"""All that the server's programs see of our environment: no PG… variable reaches them."""

_MAP = "makegood"
_SETTINGS = {"timezone": "UTC", "log_timezone": "UTC", "log_checkpoints": "off"}


def make_cluster(layout: Layout, programs: Path) -> None:
    """Make the cluster if there is none; an unfinished one of an interrupted start is thrown away.

    Text is UTF-8 and sorts by code point, by the built-in locale: no update of the operating system can then
    reorder an index. Raises: FolderRefused, ServerDidNotStart.
    """
    if layout.cluster.exists():
        _check_release(layout.cluster)
        return
    draft = layout.folder / "cluster.draft"
    if draft.exists():
        shutil.rmtree(draft)
    make_private(draft, layout.account)
    _initialise(draft, programs, layout.account)
    draft.rename(layout.cluster)
    _sync(layout.folder)


def write_access_rules(layout: Layout) -> None:
    """Who may log in: by the socket alone, root and the server's account, as one of our three roles."""
    accounts = {layout.account.name, _name_of_root()}
    roles = (SUPERUSER, OWNER, APP)
    rules = [f'{_MAP} "{account}" {role}' for account in sorted(accounts) for role in roles]
    _write(layout.hba_file, [f"local all all peer map={_MAP}"])
    _write(layout.ident_file, rules)


def _initialise(folder: Path, programs: Path, account: Account) -> None:
    locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    settings = [f"--set={name}={value}" for name, value in _SETTINGS.items()]
    made = subprocess.run(
        [
            str(programs / "initdb"),
            f"--pgdata={folder}",
            f"--username={SUPERUSER}",
            "--auth=peer",
            "--data-checksums",
            "--no-instructions",
            *locale,
            *settings,
        ],
        cwd=folder,
        env=BARE_ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
        umask=0o077,
        **account.identity(),
    )
    if made.returncode != 0:
        raise ServerDidNotStart(
            f"A new database cluster could not be made in {folder}: {made.stderr.strip()}",
            "Put right what initdb says, then start again.",
        )


def _check_release(cluster: Path) -> None:
    release = (cluster / "PG_VERSION").read_text().strip()
    if release != MAJOR:
        raise FolderRefused(
            f"{cluster} was made by PostgreSQL {release}; the embedded server is {MAJOR}.",
            "Back it up with the release of Makegood that made it, and restore into a new folder.",
        )


def _name_of_root() -> str:
    return pwd.getpwuid(ROOT).pw_name


def _write(file: Path, lines: list[str]) -> None:
    """Replaced as a whole: root may be writing into a folder of somebody else, who may have left a link."""
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    with os.fdopen(descriptor, "w", encoding="utf-8") as writing:
        os.fchmod(descriptor, 0o644)
        writing.write("".join(f"{line}\n" for line in ("# Written at each start.", *lines)))
    draft.replace(file)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
