"""`makegood doctor`: everything that must be in order before the record can be kept, looked at one by one.

No record is made or changed, and the first trouble found does not end the visit. A server that does not run
is started for it, which renews its access files and the copies of its programs, and stopped again.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import psycopg

from ledger.embedded import EmbeddedServer
from ledger.embedded.account import LAST_RESORT, PREFERRED
from ledger.embedded.binaries import wheel_programs
from ledger.embedded.errors import ServerTrouble
from ledger.embedded.folder import layout_of
from ledger.gate import CHECKS, server_facts
from ledger.migrate import SchemaRefused, pending
from ledger.sealing.master_key import (
    FILE_NAME,
    MasterKeyRefused,
    existing_master_key,
    holds_sealed_books,
    lost,
)
from ledger.settings import Settings

LEAST_FREE_SPACE = 1024**3
"""Bytes. A full disk stops PostgreSQL; what was acknowledged survives, but nothing more is recorded."""


class Outcome(StrEnum):
    """How a check ended."""

    OK = "ok"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: what is the matter, and the next command."""

    check: str
    outcome: Outcome
    explanation: str
    next_step: str | None = None


def examine(settings: Settings) -> list[Finding]:
    """Every check that applies to these settings, in the order in which to put things right."""
    if settings.dsn is None:
        return [*_master_key(settings), *_embedded(settings)]
    return [*_master_key(settings), *_external(settings)]


def _ok(check: str, explanation: str) -> Finding:
    return Finding(check, Outcome.OK, explanation)


def _fail(check: str, explanation: str, next_step: str) -> Finding:
    return Finding(check, Outcome.FAIL, explanation, next_step)


def _master_key(settings: Settings) -> Iterator[Finding]:
    try:
        if existing_master_key(settings.data, _said_key(settings)) is None:
            yield _ok("master key", "None yet: it is made at the first start of an empty database.")
            return
    except MasterKeyRefused as trouble:
        yield _fail("master key", f"{trouble}.", "Put that right; the key itself must stay the same.")
    except OSError as trouble:
        yield _fail(
            "master key", f"It cannot be read: {trouble}.", "Run as the account that owns the folder."
        )
    else:
        yield _ok("master key", "It is there, and private.")


def _said_key(settings: Settings) -> str | None:
    return None if settings.master_key is None else settings.master_key.get_secret_value()


def _embedded(settings: Settings) -> Iterator[Finding]:
    data = settings.data
    yield from _programs()
    yield from _free_space(data)
    if data.exists() and not data.is_dir():
        yield _fail("data folder", f"{data} is not a folder.", "Choose another: --data DIR")
        return
    try:
        if not (data / "cluster").exists():
            yield _none_yet(data)
            return
        account = layout_of(data.resolve()).account
    except ServerTrouble as trouble:
        yield _fail("data folder", trouble.cause, trouble.way_out)
        return
    except OSError as trouble:
        yield _fail("data folder", f"{data} cannot be read: {trouble.strerror}.", "Run as its owner.")
        return
    if account.name == LAST_RESORT:
        yield _fail(
            "account",
            f"The server runs as {LAST_RESORT}; whatever else does so can read and spoil the record.",
            f"Stop Makegood, then: useradd --system {PREFERRED} && chown -R {PREFERRED} {data / 'cluster'}",
        )
    else:
        yield _ok("account", f"The server runs as {account.name}.")
    yield from _running(EmbeddedServer(data), settings)


def _none_yet(data: Path) -> Finding:
    """As it is before the first start; and as it looks to who named another folder than they meant."""
    missing = "no server" if data.exists() else "no such folder"
    return Finding(
        "server",
        Outcome.OK,
        f"There is {missing} yet, and so no book, in {data}: the first start makes them.",
        "If your books are elsewhere, name their folder: --data DIR",
    )


def _programs() -> Iterator[Finding]:
    try:
        yield _ok("programs", f"PostgreSQL is installed in {wheel_programs()}.")
    except ServerTrouble as trouble:
        yield _fail("programs", trouble.cause, trouble.way_out)


def _free_space(data: Path) -> Iterator[Finding]:
    there = next(folder for folder in (data.absolute(), *data.absolute().parents) if os.path.exists(folder))
    free = shutil.disk_usage(there).free
    said = f"{free / 1024**3:.1f} GiB are free in {there}."
    if free < LEAST_FREE_SPACE:
        yield _fail(
            "free space", f"Only {said} PostgreSQL stops when nothing is left.", f"Make room: df -h {there}"
        )
    else:
        yield _ok("free space", said)


def _running(server: EmbeddedServer, settings: Settings) -> Iterator[Finding]:
    try:
        server.start()
    except ServerTrouble as trouble:
        yield _fail("server", trouble.cause, trouble.way_out)
        return
    try:
        yield _ok("server", f"It answers, as process {server.pid}.")
        yield from _database(server.app_conninfo, settings)
    finally:
        server.stop()


def _external(settings: Settings) -> Iterator[Finding]:
    assert settings.dsn is not None, "only asked where there is one"
    yield from _database(settings.dsn.get_secret_value(), settings)
    if settings.owner_dsn is None:
        return
    try:
        pending(settings.owner_dsn.get_secret_value())
    except psycopg.Error as trouble:
        yield _fail("owner's connection", _said(trouble), "Put MAKEGOOD_OWNER_DSN right.")
    except SchemaRefused:
        return  # said already of the role that serves
    else:
        yield _ok("owner's connection", "MAKEGOOD_OWNER_DSN connects.")


def _database(app_conninfo: str, settings: Settings) -> Iterator[Finding]:
    try:
        facts = server_facts(app_conninfo)
    except psycopg.Error as trouble:
        yield _fail(
            "connection",
            f"The role that serves cannot connect: {_said(trouble)}",
            "makegood migrate (embedded), or make the roles and put MAKEGOOD_DSN right.",
        )
        return
    yield _ok("connection", f"Connected as {facts.role} to PostgreSQL {facts.version}.")
    for check in CHECKS:
        if check.holds(facts):
            yield _ok(check.name, "As it must be.")
        else:
            yield _fail(check.name, check.explanation, check.next_step)
    yield from _schema(app_conninfo, settings)


def _schema(app_conninfo: str, settings: Settings) -> Iterator[Finding]:
    try:
        missing = pending(app_conninfo)
    except (SchemaRefused, psycopg.Error) as trouble:
        yield _fail("schema", str(trouble).strip(), "makegood migrate --plan")
        return
    if missing:
        yield _fail("schema", f"{len(missing)} migrations are missing.", "makegood migrate")
    else:
        yield _ok("schema", "Every migration of this release is applied, unchanged.")
        yield from _lost_master_key(app_conninfo, settings)


def _lost_master_key(app_conninfo: str, settings: Settings) -> Iterator[Finding]:
    file = settings.data / FILE_NAME
    if _said_key(settings) is None and not file.exists() and holds_sealed_books(app_conninfo):
        yield _fail("master key", f"{lost(file)}.", "Do not begin anew: without it no name can be read.")


def _said(trouble: psycopg.Error) -> str:
    return " ".join(str(trouble).split())
