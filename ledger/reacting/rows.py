"""The tables behind `ledger.reacting.reactor`: how far each has read, and what it could not do."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import LiteralString

import msgspec

from domain.entry import Entry, Event
from domain.moments import Moment
from domain.refunds.paying_out import SendBack
from ledger.connection import Reader
from ledger.projecting.cursors import HOLD_LEASE, RELEASE_LEASE
from ledger.projecting.entries import ONE_PAGE

LEASE = "react"
LEASE_SECONDS = 10.0
"""After so long without a look another process takes over."""

_SEEN: LiteralString = """
SELECT asked.rule, coalesce(held.position, 0), head.position,
       (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - (
           SELECT recorded_at FROM entries
           WHERE book = head.book AND position = coalesce(held.position, 0) + 1),
       (SELECT count(*) FROM reaction_failures AS failed
            WHERE failed.book = head.book AND failed.rule = asked.rule),
       (SELECT count(*) FROM reaction_failures AS failed
            WHERE failed.book = head.book AND failed.rule = asked.rule AND failed.again_at <= %b)
FROM heads AS head
CROSS JOIN unnest(%b::text[]) WITH ORDINALITY AS asked (rule, number)
LEFT JOIN reactions AS held ON held.book = head.book AND held.rule = asked.rule
WHERE head.book = %b ORDER BY asked.number"""
_MOVE: LiteralString = """
INSERT INTO reactions AS held (book, rule, position) VALUES (%b, %b, %b)
ON CONFLICT (book, rule) DO UPDATE SET position = greatest(held.position, excluded.position)
RETURNING position"""
# One statement, so that an entry is never passed without either being carried out or being noted here.
_FAIL: LiteralString = """
WITH failed AS (
    INSERT INTO reaction_failures AS known
        (book, rule, position, stream, customer, cause, tries, failed_at, again_at)
    VALUES (%b, %b, %b, %b, %b, %b, %b, %b, %b)
    ON CONFLICT (book, rule, position) DO UPDATE SET cause = excluded.cause, tries = excluded.tries,
        failed_at = excluded.failed_at, again_at = excluded.again_at
)
INSERT INTO reactions AS held (book, rule, position) VALUES (%b, %b, %b)
ON CONFLICT (book, rule) DO UPDATE SET position = greatest(held.position, excluded.position)
RETURNING position"""
_FAILURES: LiteralString = """
SELECT rule, position, stream, customer, cause, tries, failed_at, again_at FROM reaction_failures
WHERE book = %b AND (%b::bigint IS NULL OR again_at <= %b) ORDER BY position, rule"""
_FORGET: LiteralString = """
DELETE FROM reaction_failures WHERE book = %b AND rule = %b AND position = %b RETURNING position"""
_AGAIN: LiteralString = """
UPDATE reaction_failures SET again_at = %b
WHERE book = %b AND (%b::text IS NULL OR rule = %b) AND (%b::bigint IS NULL OR position = %b)
RETURNING rule, position, stream, customer, cause, tries, failed_at, again_at"""

_ASK: LiteralString = """
INSERT INTO payouts_asked (book, payout, "order", refund, asked) VALUES (%b, %b, %b, %b, %b)
ON CONFLICT (book, "order", payout) DO UPDATE SET asked = excluded.asked
RETURNING payout"""
_ASKED: LiteralString = """
SELECT refund, asked FROM payouts_asked WHERE book = %b AND "order" = %b ORDER BY payout"""
_ANSWERED: LiteralString = """
DELETE FROM payouts_asked WHERE book = %b AND "order" = %b AND payout = %b RETURNING payout"""


class Reached(msgspec.Struct, frozen=True):
    """How far a reaction has read its book, and what it could not do."""

    rule: str
    position: int
    head: int
    seconds: float
    """Since the first entry it has not read was recorded; 0 where it has read all."""
    failures: int
    due_again: int
    """Failures to be tried again by now."""

    @property
    def lag(self) -> int:
        """Entries it has not read."""
        return self.head - self.position


class ReactionFailure(msgspec.Struct, frozen=True, kw_only=True):
    """Something a rule asked for and that was not done."""

    rule: str
    position: int
    """Of the entry it follows."""
    stream: str
    customer: str | None
    cause: str
    tries: int
    failed_at: Moment
    """The last time."""
    again_at: Moment | None
    """When it is tried again by itself; None: once somebody asks for it."""


class Reactions:
    """The reactions of one book, as one process knows them. Every method raises: Unavailable."""

    def __init__(self, book: str, reader: Reader) -> None:
        self.rules: tuple[str, ...] = ()
        """The rules this process lets react, while it does."""
        self.handles: frozenset[type[Event]] = frozenset()
        """The events these rules react to."""
        self.done: Counter[str] = Counter()
        """By rule: what this process has carried out."""
        self.failed: Counter[str] = Counter()
        """By rule: what this process tried in vain, each time."""
        self._book, self._reader = book, reader
        self._heard = asyncio.Event()

    def hear(self, entries: Iterable[Entry]) -> None:
        """Take note of entries recorded here: most of them no rule reacts to."""
        if not self.handles.isdisjoint([type(entry.event) for entry in entries]):
            self._heard.set()

    async def heard(self, seconds: float) -> None:
        """Wait for an entry recorded here that a rule reacts to, for so long at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._heard.wait()
        self._heard.clear()

    async def hold_lease(self, holder: str) -> bool:
        """Whether this process may react now; false while another does."""
        asked = (self._book, LEASE, holder, LEASE_SECONDS)
        return bool(await self._reader.change(HOLD_LEASE, asked, repeatable=True))

    async def release_lease(self, holder: str) -> None:
        """Let another process react at once."""
        await self._reader.change(RELEASE_LEASE, (self._book, LEASE, holder), repeatable=True)

    async def page(self, after: int, until: int, over: Sequence[str]) -> bytes | None:
        """The entries from one position to another but for types passed over, to decode; None for none."""
        found = await self._reader.rows(ONE_PAGE, (self._book, after, until, list(over)))
        text: str | None = found[0][0]
        return None if text is None else text.encode()

    async def reached(self, rules: Sequence[str], now: Moment) -> list[Reached]:
        """How far each rule has read, in their order; one that never read stands at 0."""
        rows = await self._reader.rows(_SEEN, (now, list(rules), self._book))
        return [
            Reached(rule, position, head, max(0, microseconds or 0) / 1_000_000, failures, due)
            for rule, position, head, microseconds, failures, due in rows
        ]

    async def move(self, rule: str, position: int) -> None:
        """Note that a rule has read up to there; it never goes back."""
        await self._reader.change(_MOVE, (self._book, rule, position), repeatable=True)

    async def fail(self, failure: ReactionFailure) -> None:
        """Note that something was not done, and that the rule has read that far."""
        it = failure
        at = (self._book, it.rule, it.position)
        what = (it.stream, it.customer, it.cause, it.tries, it.failed_at, it.again_at)
        await self._reader.change(_FAIL, (*at, *what, *at), repeatable=True)

    async def failures(self, due_by: Moment | None = None) -> list[ReactionFailure]:
        """What was not done; with a moment, only what is to be tried again by then."""
        return _failures(await self._reader.rows(_FAILURES, (self._book, due_by, due_by)))

    async def forget(self, rule: str, position: int) -> None:
        """Note that what was not done now is."""
        await self._reader.change(_FORGET, (self._book, rule, position), repeatable=True)

    async def ask(self, order: str, refund: str, it: SendBack) -> None:
        """Note that a processor is about to be asked for a payout of that refund."""
        asked = msgspec.json.encode(it).decode()
        await self._reader.change(_ASK, (self._book, it.payout, order, refund, asked), repeatable=True)

    async def asked(self, order: str) -> list[tuple[str, SendBack]]:
        """Payouts of the order that were asked for and are not recorded, each with its refund."""
        rows = await self._reader.rows(_ASKED, (self._book, order))
        return [(refund, msgspec.json.decode(asked, type=SendBack)) for refund, asked in rows]

    async def answered(self, order: str, payout: str) -> None:
        """Note that what became of a payout is recorded, or that nothing did."""
        await self._reader.change(_ANSWERED, (self._book, order, payout), repeatable=True)

    async def try_again(self, now: Moment, rule: str | None, position: int | None) -> list[ReactionFailure]:
        """Have what was not done tried again from now on: all, that of one rule, or after one entry."""
        asked = (now, self._book, rule, rule, position, position)
        return _failures(await self._reader.change(_AGAIN, asked, repeatable=True))


def _failures(rows: Sequence[tuple[object, ...]]) -> list[ReactionFailure]:
    fields = ReactionFailure.__struct_fields__
    return [msgspec.convert(dict(zip(fields, row, strict=True)), ReactionFailure) for row in rows]
