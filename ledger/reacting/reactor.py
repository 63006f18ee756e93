"""Reacting: what the rules of `domain.reactions` ask for is carried out, once, whatever dies in between.

    read on from the rule's cursor → ask the rule → carry it out under the key `reaction/<rule>/<position>`
    → move the cursor

A crash before the key is recorded leaves nothing done, and it is done after the next start; a crash after it
leaves the cursor behind, and what is asked for again is found recorded. The same holds for two processes at
once: the lease is a courtesy, the key decides. An errand takes the same key to whoever it asks.

What is refused is noted and waits until somebody has it tried again; where somebody outside does not answer,
it is tried again by itself, less and less often. Neither keeps back what comes after it.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

from domain.book.register import STREAM, Register
from domain.command import Command
from domain.entry import Entry
from domain.moments import SECOND, Moment
from domain.reactions import REACTION, AnyReaction, Errand, asked_by, key_of
from domain.refusal import Refusal
from ledger.book import Book, machine_now
from ledger.books import SYSTEM
from ledger.composition import Ledger
from ledger.each_book import Told, ToldOnce, for_each_book
from ledger.errors import LedgerError, OutOfReach, Unrecordable
from ledger.projecting.decoding import decoder_of, passed_over
from ledger.reacting.rows import Reached, ReactionFailure
from ledger.record.submission import Submission
from projections.folding import POISON

SPAN = 10_000
"""Positions read at once."""
IDLE = 1.0
"""Seconds between two looks while nothing a rule reacts to is recorded here; what other processes recorded is
found by then."""
GATHER = 0.2
"""Seconds in which entries gather before the next look."""
AGAIN_AFTER = 10.0
"""Seconds until a book that could not be read is looked at again."""
FIRST_PAUSE, LONGEST_PAUSE = 10 * SECOND, 3_600 * SECOND
"""Until an errand is tried again: each time twice as long."""

CarryOut = Callable[[Book, Any, Submission], Awaitable[object]]
"""Runs an errand and records what came of it, under the submission's key or keys that begin with it. Whoever
it asks has to know the same asking again. Raises: Refusal, LedgerError; OutOfReach where nobody answers.
"""
Errands = Mapping[type[Errand], CarryOut]
"""Who runs which errand."""


class Reactor:
    """Lets rules react to one book."""

    def __init__(
        self, book: Book, reactions: Sequence[AnyReaction], errands: Errands, holder: str | None = None
    ) -> None:
        self._book, self._reactions, self._errands = book, tuple(reactions), errands
        self._rows = book.reactions
        self._rules = tuple([reaction.rule for reaction in reactions])
        self._holder = holder or f"{os.getpid()}-{uuid4().hex}"
        self.handles = frozenset(event for reaction in reactions for event in reaction.handles)
        """The events these rules react to."""
        self._over = passed_over(self.handles)
        self._decode = decoder_of(self.handles)

    async def catch_up(self) -> int:
        """React until nothing is left to read; the position read up to, 0 where another process does it.

        Raises: LedgerError; then what was not carried out is asked for again next time.
        """
        while True:
            reached = await self._rows.reached(self._rules, machine_now())
            after, head = min(each.position for each in reached), reached[0].head
            is_due = any(each.due_again for each in reached)
            if after >= head and not is_due:
                return head
            if not await self._rows.hold_lease(self._holder):
                return 0
            if is_due:
                await self._try_again()
            if after < head:
                await self._read_on(reached, after, min(head, after + SPAN))

    async def release(self) -> None:
        """Give the lease back, so that whoever comes next need not wait for its end. Raises: Unavailable."""
        await self._rows.release_lease(self._holder)

    async def _read_on(self, reached: Sequence[Reached], after: int, until: int) -> None:
        page = await self._rows.page(after, until, self._over)
        entries = [] if page is None else self._decode(page)
        for reaction, seen in zip(self._reactions, reached, strict=True):
            for entry in entries:
                if entry.position > seen.position and type(entry.event) in reaction.handles:
                    await self._react(reaction, entry)
            if seen.position < until:
                await self._rows.move(reaction.rule, until)

    async def _react(self, reaction: AnyReaction, entry: Entry, tries: int = 0) -> None:
        failure = await self._failed(reaction, entry, tries)
        if failure is not None:
            await self._rows.fail(failure)
            self._rows.failed[reaction.rule] += 1
        elif tries:
            await self._rows.forget(reaction.rule, entry.position)

    async def _failed(self, reaction: AnyReaction, entry: Entry, tries: int) -> ReactionFailure | None:
        """Carry out what follows the entry; None where that is done, or nothing does."""
        try:
            asked = asked_by(reaction, entry, await self._register())
        except POISON as fault:
            return _failure(reaction, entry, tries, f"{type(fault).__name__}: {fault}")
        if asked is None:
            return None
        try:
            await self._carry_out(asked, _submission(reaction, entry))
        except Refusal as refusal:
            return _failure(reaction, entry, tries, f"Refused ({refusal.rule}): {refusal.cause}")
        except Unrecordable as fault:
            return _failure(reaction, entry, tries, str(fault))
        except OutOfReach as nobody:
            pause = min(FIRST_PAUSE << min(tries, 20), LONGEST_PAUSE)
            return _failure(reaction, entry, tries, str(nobody), machine_now() + pause)
        self._rows.done[reaction.rule] += 1
        await self._rows.move(reaction.rule, entry.position)
        return None

    async def _carry_out(self, asked: Command | Errand, submission: Submission) -> None:
        if isinstance(asked, Command):
            await self._book.execute(asked, submission)
        else:
            await self._errands[type(asked)](self._book, asked, submission)

    async def _try_again(self) -> None:
        by_rule = {reaction.rule: reaction for reaction in self._reactions}
        for failure in await self._rows.failures(due_by=machine_now()):
            reaction = by_rule.get(failure.rule)
            entry = await self._book.entry(failure.position)
            if reaction is not None and entry is not None:
                await self._react(reaction, entry, failure.tries)

    async def _register(self) -> Register:
        state = await self._book.state(STREAM)
        assert isinstance(state, Register)
        return state


class Reacting:
    """Lets rules react to every book of a ledger, as long as it holds the book's lease."""

    def __init__(
        self, ledger: Ledger, reactions: Sequence[AnyReaction], errands: Errands, told: Told
    ) -> None:
        self._ledger, self._reactions, self._errands, self._told = ledger, reactions, errands, told

    async def run(self) -> None:
        """React until cancelled: soon after something is recorded here, and every second for all else."""
        await for_each_book(self._ledger, self.react, self._told)

    async def react(self, book: Book) -> None:
        """React to one book until cancelled."""
        reactor = Reactor(book, self._reactions, self._errands)
        told = ToldOnce(self._told, book.name)
        book.reactions.rules = tuple([reaction.rule for reaction in self._reactions])
        book.reactions.handles = reactor.handles
        try:
            while True:
                try:
                    await reactor.catch_up()
                    await book.reactions.heard(IDLE)
                    await asyncio.sleep(GATHER)
                except LedgerError as failure:
                    told.failure(failure)
                    await asyncio.sleep(AGAIN_AFTER)
        finally:
            book.reactions.rules, book.reactions.handles = (), frozenset()
            with suppress(LedgerError):
                await reactor.release()


def _submission(reaction: AnyReaction, entry: Entry) -> Submission:
    return Submission(
        actor=SYSTEM,
        origin=REACTION,
        correlation=entry.meta.correlation,
        causation=str(entry.position),
        key=key_of(reaction.rule, entry.position),
    )


def _failure(
    reaction: AnyReaction, entry: Entry, tries: int, cause: str, again_at: Moment | None = None
) -> ReactionFailure:
    return ReactionFailure(
        rule=reaction.rule,
        position=entry.position,
        stream=entry.stream,
        customer=entry.customer,
        cause=cause,
        tries=tries + 1,
        failed_at=machine_now(),
        again_at=again_at,
    )
