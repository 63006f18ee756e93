"""Small private files outside the database that must survive a power cut."""

import fcntl
import os
from pathlib import Path


def create_once(file: Path, content: bytes) -> None:
    """Create a file, mode 0600, whole or not at all; if it is there already, leave it as it is."""
    draft = file.with_name(f"{file.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as writing:
            writing.write(content)
            writing.flush()
            os.fsync(writing.fileno())
        try:
            os.link(draft, file)  # unlike a rename, a link never replaces what another process made first
        except FileExistsError:
            return
    finally:
        draft.unlink()
    _sync_folder(file.parent)


def append_line(file: Path, line: str) -> None:
    """Add one line of text and return when it is on disk; the file is created, mode 0600, if missing.

    A line that a crash cut short was never acknowledged: it is cut off first.
    """
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as writing:
        fcntl.flock(writing, fcntl.LOCK_EX)
        whole = writing.read().rfind(b"\n") + 1
        writing.seek(whole)
        writing.truncate()
        writing.write(line.encode() + b"\n")
        writing.flush()
        os.fsync(writing.fileno())
    _sync_folder(file.parent)


def whole_lines(file: Path) -> list[str]:
    """Every line that was written to its end; none if the file is missing."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return []
    return content[: content.rfind(b"\n") + 1].decode().splitlines()


def _sync_folder(folder: Path) -> None:
    """A new name is durable only once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
