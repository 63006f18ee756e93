"""Judging a batch under the lock of its head: which appends win, what losers are told, what is to be stored.

Appends are judged in the order in which they came, each against the record and the winners before it. The
order of the checks is part of the contract: a known key answers first, then whatever was read and has moved
on, then claims. No I/O here.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from domain.moments import Moment
from ledger.record.append import Append, Recorded, Repeated, Stale, Taken, Verdict
from ledger.record.chain import StoredRow, canonical, link


class Head(NamedTuple):
    """The last position of a book, its hash, and when it was recorded."""

    position: int
    hash: bytes
    recorded_at: Moment


class Found(msgspec.Struct):
    """What the record holds of everything a batch names. Winners are added as if they were stored already."""

    versions: dict[str, int]
    histories: dict[str, int]
    """Customer → position of the last entry."""
    commands: dict[tuple[str, str], Repeated]
    """(principal, key) → what it recorded."""
    claims: dict[tuple[str, str], str]
    """(kind, value) → the stream that holds it."""


class Expected(NamedTuple):
    """Everything a batch names, and what its appends take the record to hold of it."""

    versions: dict[str, int]
    """Stream → last version; 0 where it has not begun."""
    histories: dict[str, int]
    """Customer → position of the last entry; 0 where there is none."""
    keys: set[tuple[str, str]]
    """(principal, key), taken to be new."""
    claims: set[tuple[str, str]]
    """(kind, value), taken to be free."""
    is_certain: bool
    """Whether all of this can be compared: no two appends differ, and no stream begins at 0."""

    def found(self) -> Found:
        """What is found if all is as expected."""
        versions = {stream: version for stream, version in self.versions.items() if version}
        return Found(versions, dict(self.histories), {}, {})


class Staged(msgspec.Struct):
    """A judged batch: the rows of each table, the head after them, a verdict per append in their order."""

    head: Head
    entries: list[StoredRow] = []
    commands: list[tuple[Any, ...]] = []
    claims: list[tuple[Any, ...]] = []
    lookups: list[tuple[Any, ...]] = []
    subject_keys: list[tuple[Any, ...]] = []
    verdicts: list[Verdict] = []


def expected_by(appends: Iterable[Append]) -> Expected:
    """What is named by the appends, and what they expect."""
    versions: dict[str, int] = {}
    histories: dict[str, int] = {}
    keys: set[tuple[str, str]] = set()
    claims: set[tuple[str, str]] = set()
    is_certain = True
    for append in appends:
        written: dict[str, int] = {}
        for entry in append.entries:
            written.setdefault(entry.stream, entry.version - 1)
        for expected in (append.reads, written):
            for stream, version in expected.items():
                is_certain &= versions.setdefault(stream, version) == version >= 0
        if append.facts is not None:
            customer, position = append.facts
            is_certain &= histories.setdefault(customer, position) == position
        if append.command is not None:
            keys.add((append.command.principal, append.command.key))
        claims.update([(claim.kind, claim.value) for claim in append.claims])
    return Expected(versions, histories, keys, claims, is_certain)


def judge(appends: Iterable[Append], head: Head, found: Found, now: Moment) -> Staged:
    """Judge a batch that follows `head`; `found` is used up. `recorded_at` never goes back."""
    staged = Staged(Head(head.position, head.hash, max(now, head.recorded_at)))
    for append in appends:
        verdict = _lost(append, found)
        if verdict is None:
            verdict = _stage(append, staged)
            _know(append, verdict, found)
        staged.verdicts.append(verdict)
    return staged


def _lost(append: Append, found: Found) -> Verdict | None:
    command = append.command
    if command is not None and (repeated := found.commands.get((command.principal, command.key))):
        return repeated
    for stream, version in append.reads.items():
        if found.versions.get(stream, 0) != version:
            return Stale(stream)
    if append.facts is not None and found.histories.get(append.facts[0], 0) != append.facts[1]:
        return Stale(append.facts[0])
    follows: dict[str, int] = {}
    for entry in append.entries:
        stream = entry.stream
        last = follows.get(stream, found.versions.get(stream))
        # `execute` begins every stream at 1; what comes through the recorder may begin at 0.
        if entry.version not in ((0, 1) if last is None else (last + 1,)):
            return Stale(stream)
        follows[stream] = entry.version
    for kind, value, _ in append.claims:
        holder = found.claims.get((kind, value))
        if holder is not None:
            return Taken(kind, value, holder)
    return None


def _stage(append: Append, staged: Staged) -> Recorded:
    position, previous, recorded_at = staged.head
    first = position + 1
    own = first + append.before
    at: dict[str, int] = {}
    for stream, version, type_, schema_version, customer, effective_at, meta, data in append.entries:
        position += 1
        row = StoredRow(
            position,
            stream,
            version,
            type_,
            schema_version,
            customer,
            recorded_at if effective_at is None else effective_at,
            recorded_at,
            meta,
            data,
            b"",
        )
        previous = link(previous, canonical(row))
        staged.entries.append(StoredRow(*row[:-1], previous))
        if position >= own:
            at.setdefault(stream, position)
    staged.head = Head(position, previous, recorded_at)
    if append.command is not None:
        staged.commands.append((*append.command, own, position))
    for kind, value, stream in append.claims:
        staged.claims.append((kind, value, at[stream]))
    for lookup in append.lookups:
        staged.lookups.append((lookup.kind, lookup.digest, lookup.customer))
    for key in append.subject_keys:
        staged.subject_keys.append((key.subject, key.wrapped))
    return Recorded(first, recorded_at)


def _know(append: Append, recorded: Recorded, found: Found) -> None:
    position = recorded.first
    for entry in append.entries:
        found.versions[entry.stream] = entry.version
        if entry.customer is not None:
            found.histories[entry.customer] = position
        position += 1
    if append.command is not None:
        principal, key, request_hash = append.command
        own = recorded.first + append.before
        found.commands[principal, key] = Repeated(own, position - 1, request_hash)
    for kind, value, stream in append.claims:
        found.claims[kind, value] = stream
