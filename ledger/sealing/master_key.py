"""The master key: 32 bytes from which every other key of the record is derived or under which it is wrapped.

It lives in a file of the data folder, as one line of 64 hex digits that only its owner may read, or in the
setting MAKEGOOD_MASTER_KEY in the same form. A stolen copy of the database tells no names without it, and
neither does a rescued one: keep a copy of the key, apart from the backups of the database.
"""

import os
import re
import stat
from pathlib import Path

import psycopg
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ledger.durable_files import create_once

FILE_NAME = "master.key"
_HEX = re.compile(r"[0-9a-fA-F]{64}")


class MasterKeyRefused(Exception):
    """The master key is not 64 hex digits, others than its owner could read it, or it is lost."""


def master_key(data_folder: Path, setting: str | None, app_conninfo: str) -> bytes:
    """The 32 bytes of the setting if there is one, else of the file, which is made at the first start.

    It is never made where a book was sealed under another one: nothing would open that book again.
    Raises: MasterKeyRefused, psycopg.Error.
    """
    found = existing_master_key(data_folder, setting)
    if found is not None:
        return found
    file = data_folder / FILE_NAME
    if holds_sealed_books(app_conninfo):
        raise MasterKeyRefused(lost(file))
    create_once(file, os.urandom(32).hex().encode() + b"\n")
    return _parsed(_private_text(file), str(file))


def existing_master_key(data_folder: Path, setting: str | None) -> bytes | None:
    """The 32 bytes of the setting or of the file; None if there is neither. Raises: MasterKeyRefused."""
    if setting is not None:
        return _parsed(setting, "MAKEGOOD_MASTER_KEY")
    file = data_folder / FILE_NAME
    return _parsed(_private_text(file), str(file)) if file.exists() else None


def holds_sealed_books(app_conninfo: str) -> bool:
    """Whether the database holds keys wrapped under some master key. Raises: psycopg.Error."""
    with psycopg.connect(app_conninfo) as connection:
        row = connection.execute("SELECT EXISTS (SELECT FROM subject_keys)").fetchone()
    return row == (True,)


def lost(file: Path) -> str:
    """What to say where books are sealed under a key that is not there."""
    return (
        f"{file} is missing, but the database holds books sealed under it. "
        "Bring the file back from its copy, or set MAKEGOOD_MASTER_KEY"
    )


def derived_key(master: bytes, purpose: str, book: str, kind: str = "", length: int = 32) -> bytes:
    """The key of one purpose, book and kind (HKDF-SHA256): knowing one tells nothing about another."""
    info = "\n".join(("makegood", purpose, book, kind)).encode()
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(master)


def _private_text(file: Path) -> str:
    """The file's text, read through one descriptor, so that what is checked is what is read."""
    with os.fdopen(os.open(file, os.O_RDONLY), "r", encoding="ascii") as reading:
        mode = os.fstat(reading.fileno()).st_mode
        if not stat.S_ISREG(mode) or stat.S_IMODE(mode) & 0o077:
            raise MasterKeyRefused(f"{file} must be a file only its owner may read: chmod 600 {file}")
        return reading.read(200)


def _parsed(text: str, origin: str) -> bytes:
    if not _HEX.fullmatch(text.strip()):
        raise MasterKeyRefused(f"{origin} does not hold 64 hex digits")
    return bytes.fromhex(text.strip())
