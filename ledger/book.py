"""A book: commands in, entries out.

    turn      wait for the queues of the streams the command decides on
    view      their states as kept in memory; a stream to be written and not kept is taken to be new
    decide    the domain's decision on that view
    append    the group commit finds out whether the view was right; if not, read and decide again

Only an append proves a view. What is not appended (a refusal, a command that decides nothing, a dry run) is
therefore decided on what was just read from the record before it is answered.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from functools import partial

import msgspec

from domain.book import policy, register
from domain.book.policy import Policy
from domain.book.register import Register
from domain.command import Command
from domain.customers.standing import CustomerFacts
from domain.decision import Decision, Given
from domain.declines.releasing import facts_due
from domain.entry import Entry
from domain.moments import Moment
from domain.refusal import Refusal
from ledger.connection import InTime, Reader
from ledger.errors import ClaimTaken, StreamBusy, Unavailable, UnknownBook, VersionMismatch
from ledger.processors.gateway import Gateway
from ledger.projecting.read_models import ReadModels
from ledger.reacting.rows import Reactions
from ledger.record.append import Recorded, Repeated, Stale, Taken
from ledger.record.deciding import decided
from ledger.record.folds import Folded, FoldedFacts, Folds, Recent
from ledger.record.queues import Queues
from ledger.record.reading import Record
from ledger.record.recording import Recording, principal_of
from ledger.record.repeats import Repeats, expect_same_request
from ledger.record.submission import Outcome, Submission
from ledger.record.writer import Writer
from ledger.sealing.sealer import Sealer

ALWAYS_READ = frozenset({register.STREAM, policy.STREAM})

PERSISTENCE = 2.0
"""Seconds for which a command is decided again while others keep changing what it reads, from the first time
on that they did: it is decided twice at least on what was just read, however long that takes.
"""

BUSY, IDLE = 0.05, 1.0
"""Seconds between two looks for others' entries: while there are some, and while there are not."""


def machine_now() -> Moment:
    """The machine's own time."""
    return time.time_ns() // 1_000


class _View(msgspec.Struct):
    """What a command is decided on."""

    states: dict[str, Folded]
    facts: tuple[str, FoldedFacts] | None
    """The whole history of the customer asked about: what an append proves."""
    shown: CustomerFacts | None
    """The facts as of the deciding moment: what the decision sees."""
    by_now: CustomerFacts | None
    """The facts with all that is recorded."""
    then: CustomerFacts | None
    """The facts as of the moment at which something was due in a stream to be written."""
    fresh: bool
    """Whether all of it was just read from the record."""


class _First(msgspec.Struct):
    """The request that came first under an idempotency key and is still under way."""

    request_hash: bytes | None
    answer: asyncio.Future[Outcome | Unavailable | None]
    """None: it recorded nothing, and whoever waits is decided itself."""


class Book:
    """One book, as one process reads and writes it on one event loop."""

    def __init__(
        self,
        name: str,
        conninfo: str,
        reader: Reader,
        sealer: Sealer,
        clock: Callable[[], Moment] = machine_now,
    ) -> None:
        self.name = name
        self.conninfo = conninfo
        self.sealer = sealer
        self.clock = clock
        """The book's now, which a demo book may move; `recorded_at` never follows it."""
        self.position = 0
        """The last position known here."""
        self.gateway: Gateway | None = None
        """Who charges cards on file and sends money back; None where nobody was connected: a person does, and
        what was granted until then stays theirs (0025).
        """
        self.read_models = ReadModels(name, conninfo, reader)
        self.reactions = Reactions(name, reader)
        self._record = Record(name, reader)
        self.repeats = Repeats(self._record)
        self._writer = Writer(name, conninfo)
        self._folds = Folds()
        self._holders: Recent[tuple[str, str], str] = Recent()
        self._queues = Queues()
        self._under_way: dict[tuple[str, str], _First] = {}
        self._waiting: set[asyncio.Future[None]] = set()
        self._looked_at = float("-inf")
        self._pause = BUSY
        self._always_read_at = float("-inf")
        self._always_reading = asyncio.Lock()

    @property
    def connected(self) -> str | None:
        """The processor that is connected, which answers by itself; None: none is."""
        return None if self.gateway is None else self.gateway.processor

    async def open(self) -> None:
        """Find the head. Raises: UnknownBook, Unavailable."""
        head = await self._record.head()
        if head is None:
            raise UnknownBook(self.name)
        self._advance(head)

    async def close(self) -> None:
        """Store what waits to be stored, and let go of the database."""
        await self._writer.close()

    # Commands

    async def execute(self, command: Command, submission: Submission) -> Outcome:
        """Decide the command and record what it decides; a key used before gets what it recorded then.

        Concurrent requests with one key wait for the first of them and get its outcome.
        Raises: Refusal, ClaimTaken, VersionMismatch, KeyReused, StreamBusy, Unrecordable, QueueFull,
        Unavailable.
        """
        in_time = InTime()
        if submission.key is None or submission.dry_run:
            return await self._in_turn(command, submission, in_time)
        name = (principal_of(submission), submission.key)
        while first := self._under_way.get(name):
            with in_time:
                answer = await asyncio.shield(first.answer)
            if answer is not None:
                expect_same_request(submission, first.request_hash)
                if isinstance(answer, Unavailable):
                    raise Unavailable(*answer.args) from answer
                return msgspec.structs.replace(answer, replayed=True)
        mine = _First(submission.request_hash, asyncio.get_running_loop().create_future())
        self._under_way[name] = mine
        answer = None
        try:
            outcome = await self._in_turn(command, submission, in_time)
            answer = None if outcome.already else outcome
            return outcome
        except Unavailable as unavailable:
            answer = unavailable
            raise
        finally:
            del self._under_way[name]
            mine.answer.set_result(answer)

    async def _in_turn(self, command: Command, submission: Submission, in_time: InTime) -> Outcome:
        queues = set(command.writes())
        if (customer := command.facts_of()) is not None:
            queues.add(customer)
        with in_time:
            async with self._queues.turn(queues):
                return await self._settled(command, submission, in_time)

    async def _settled(self, command: Command, submission: Submission, in_time: InTime) -> Outcome:
        loop = asyncio.get_running_loop()
        until: float | None = None
        fresh = submission.dry_run
        while True:
            now = self.clock()
            at = now if submission.effective_at is None else submission.effective_at
            view = await self._view(command, submission, at, fresh=fresh)
            try:
                _expect_version(submission, view)
                given = _given(submission, view, at, now)
                decision = await decided(command, given, view.states.values(), in_time)
            except (Refusal, VersionMismatch):
                if view.fresh:
                    if repeated := await self.repeats.of(submission):
                        return repeated
                    raise
                fresh = True
                continue
            if (decision.events or decision.due) and not submission.dry_run:
                outcome = await self._appended(decision, submission, view, at)
                if outcome is not None:
                    return outcome
                # What was merely kept, or taken to be new, may be out of date though nobody else writes now.
                if view.fresh and until is None:
                    until = loop.time() + PERSISTENCE
                elif until is not None and loop.time() >= until:
                    raise StreamBusy(tuple(sorted(command.writes())))
            elif view.fresh:
                return await self._unrecorded(decision, submission, view, at)
            fresh = True

    async def _view(self, command: Command, submission: Submission, at: Moment, *, fresh: bool) -> _View:
        writes = command.writes()
        names = ALWAYS_READ.union(writes, command.reads())
        if submission.expected is not None:
            names = names.union((submission.expected[0],))
        states: dict[str, Folded] = {}
        unknown: dict[str, Folded] = {}
        for name in names:
            kept = self._folds.state(name)
            if fresh or (kept is None and name not in writes):
                unknown[name] = kept or Folded()
            else:
                states[name] = kept or Folded()
        if unknown:
            states.update(await self._caught_up(unknown))
        customer = command.facts_of()
        due = facts_due([states[name].state for name in writes], at)
        if customer is None and due is None:
            return _View(states, None, None, None, None, fresh)
        proven = shown = by_now = then = None
        if due is not None:
            facts, then = await self._facts(*due, fresh=fresh, is_new=False)
            proven = (due[0], facts)
        if customer is not None:
            is_new = not fresh and customer in writes and states[customer].version == 0
            facts, shown = await self._facts(customer, at, fresh=fresh, is_new=is_new)
            by_now = facts.facts
            proven = proven or (customer, facts)  # of two readings the first, which any entry since disproves
        return _View(states, proven, shown, by_now, then, fresh)

    async def _caught_up(self, kept: dict[str, Folded]) -> dict[str, Folded]:
        """The states now; only what came after the kept ones is read."""
        entries = await self._record.streams({name: folded.version for name, folded in kept.items()})
        news: dict[str, list[Entry]] = {}
        for entry in entries:
            news.setdefault(entry.stream, []).append(entry)
        states = dict(kept)
        for name, after in news.items():
            states[name] = kept[name].after(after)
            self._folds.keep(name, states[name])
        return states

    async def _facts(
        self, customer: str, at: Moment, *, fresh: bool, is_new: bool
    ) -> tuple[FoldedFacts, CustomerFacts]:
        facts = self._folds.facts.get(customer)
        if facts is None:
            facts = FoldedFacts()
            fresh = not is_new
        if fresh:
            facts = facts.after(await self._record.history(customer, facts.position))
        if facts.newest is None or facts.newest <= at:
            return facts, facts.facts
        # Something took effect after the deciding moment, and a fold cannot be undone: fold what came before.
        history = await self._record.history(customer)
        earlier = FoldedFacts().after(entry for entry in history if entry.effective_at <= at)
        return FoldedFacts().after(history), earlier.facts

    async def _appended(
        self, decision: Decision, submission: Submission, view: _View, at: Moment
    ) -> Outcome | None:
        """What was recorded; None if the view was out of date. Raises: ClaimTaken, KeyReused."""
        recording = Recording(decision, submission, view.states, at, _policy(view))
        kept: list[tuple[Entry, ...]] = []
        verdict = await self._writer.append(
            recording.append(view.facts), partial(self._remember, recording, view.facts, kept)
        )
        match verdict:
            case Recorded():
                return Outcome(entries=kept[0][recording.before :])
            case Repeated():
                return await self.repeats.replayed(verdict, submission)
            case Taken():
                self._holders.put((verdict.kind, verdict.value), verdict.holder)
                raise ClaimTaken(verdict.kind, verdict.value, verdict.holder)
            case Stale():
                return None

    def _remember(
        self,
        recording: Recording,
        proven: tuple[str, FoldedFacts] | None,
        kept: list[tuple[Entry, ...]],
        recorded: Recorded,
        strangers: int,
    ) -> None:
        entries = recording.entries(recorded)
        kept.append(entries)
        self._advance(entries[-1].position)
        self._folds.remember(entries, proven, strangers)
        self.reactions.hear(entries)
        for claim in recording.claims:
            self._holders.put((claim.kind, claim.value), claim.stream)

    async def _unrecorded(
        self, decision: Decision, submission: Submission, view: _View, at: Moment
    ) -> Outcome:
        """The answer to a command that records nothing. Raises: ClaimTaken, KeyReused."""
        if not submission.dry_run:
            if repeated := await self.repeats.of(submission):
                return repeated
            return Outcome(entries=tuple(await self._record.appended_with(decision.already)), already=True)
        for claim in decision.claims if decision.events else ():
            if holder := await self._record.claimed(claim.kind, claim.value):
                raise ClaimTaken(claim.kind, claim.value, holder)
        if not decision.events and not decision.due:
            entries = tuple(await self._record.appended_with(decision.already))
            return Outcome(entries=entries, already=True, dry_run=True)
        recording = Recording(decision, submission, view.states, at, _policy(view))
        recording.append(view.facts)
        self._advance(await self._record.head() or 0)
        entries = recording.entries(Recorded(self.position + 1, machine_now()))
        return Outcome(entries=entries[recording.before :], dry_run=True)

    # Reads

    async def given(self, command: Command, submission: Submission) -> Given:
        """What the command would be decided on now; nothing is decided. Raises: Unavailable."""
        now = self.clock()
        view = await self._view(command, submission, now, fresh=True)
        return _given(submission, view, now, now)

    async def state(self, stream: str) -> object | None:
        """The folded state of a stream as it is now; None before its first entry.

        The register and the policy, which every request asks for, may be `IDLE` seconds behind others.
        """
        return (await self.folded(stream)).state

    async def folded(self, stream: str) -> Folded:
        """The state of a stream and its version; see `state`."""
        if stream not in ALWAYS_READ:
            kept = self._folds.state(stream) or Folded()
            return (await self._caught_up({stream: kept}))[stream]
        if (kept := self._lately_read(stream)) is not None:
            return kept
        with InTime():
            async with self._always_reading:  # once for all who ask meanwhile
                if (kept := self._lately_read(stream)) is not None:
                    return kept
                now = asyncio.get_running_loop().time()
                always = {name: self._folds.state(name) or Folded() for name in ALWAYS_READ}
                kept = (await self._caught_up(always))[stream]
                self._always_read_at = now
                return kept

    def _lately_read(self, stream: str) -> Folded | None:
        """The state as it was kept at most `IDLE` seconds ago."""
        if asyncio.get_running_loop().time() - self._always_read_at > IDLE:
            return None
        return self._folds.state(stream)

    async def facts(self, customer: str, at: Moment) -> CustomerFacts:
        """The customer's facts, from the entries that had taken effect at that moment."""
        return (await self._facts(customer, at, fresh=True, is_new=False))[1]

    async def has_reached(self, position: int) -> bool:
        """Whether there is an entry at that position, whoever recorded it."""
        return position <= self.position or position <= await self.head()

    async def head(self) -> int:
        """The last position, whoever recorded it. Raises: Unavailable."""
        self._advance(await self._record.head() or 0)
        return self.position

    async def entries(self, stream: str) -> list[Entry]:
        """Every entry of a stream."""
        return await self._record.streams({stream: 0})

    async def entries_of(self, streams: Iterable[str]) -> list[Entry]:
        """Every entry of several streams, in the order of the book."""
        return await self._record.streams(dict.fromkeys(streams, 0))

    async def entries_at(self, positions: Iterable[int]) -> list[Entry]:
        """The entries at these positions, in the order of the book."""
        return await self._record.at(positions)

    async def entry(self, position: int) -> Entry | None:
        """The entry at a position."""
        found = await self._record.at((position,))
        return found[0] if found else None

    async def page(
        self,
        after: int,
        limit: int,
        types: frozenset[str] | None = None,
        customer: str | None = None,
        stream: str | None = None,
    ) -> list[Entry]:
        """The next entries after a position, in the order of the book, none left out."""
        return await self._record.page(after, limit, types, customer, stream)

    async def before_last(self, count: int, types: frozenset[str] | None = None) -> int:
        """The position after which the last so many entries of these types begin; the head for none."""
        found = await self._record.before_last(count, types)
        return self.position if found is None else found

    async def claimed(self, kind: str, value: str) -> str | None:
        """The stream that holds a claim."""
        return self.held(kind, value) or await self._record.claimed(kind, value)

    async def holders(self, kind: str, values: Iterable[str]) -> dict[str, str]:
        """The streams that hold claims of that kind, by value, whoever claimed them."""
        return await self._record.holders(kind, dict.fromkeys(values))

    def held(self, kind: str, value: str) -> str | None:
        """The stream that holds a claim, if this process has met it lately; a claim is never let go."""
        return self._holders.get((kind, value))

    async def customers_by(self, kind: str, digest: bytes) -> list[str]:
        """The customers found under a digest of the blind index."""
        return await self._record.customers_by(kind, digest)

    async def wait_beyond(self, position: int, seconds: float) -> int:
        """The last position known, once it is beyond `position` or so many seconds have passed.

        Entries of this process are known at once, those of others within `IDLE` seconds.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self.position <= position and (left := until - loop.time()) > 0:
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiting.add(waiter)
            try:
                await asyncio.wait((waiter,), timeout=min(left, self._pause))
            finally:
                self._waiting.discard(waiter)
            if self.position <= position:
                await self._look()
        return self.position

    async def _look(self) -> None:
        """Look for entries of other processes, once for all who wait."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_at < self._pause:
            return
        self._looked_at = now
        head = await self._record.head() or 0
        self._pause = BUSY if head > self.position else IDLE
        self._advance(head)

    def _advance(self, position: int) -> None:
        if position > self.position:
            self.position = position
            for waiter in self._waiting:
                if not waiter.done():
                    waiter.set_result(None)


def _expect_version(submission: Submission, view: _View) -> None:
    if submission.expected is not None:
        stream, versions = submission.expected
        if (actual := view.states[stream].version) not in versions:
            raise VersionMismatch(stream, versions, actual)


def _given(submission: Submission, view: _View, at: Moment, now: Moment) -> Given:
    book = view.states[register.STREAM].state
    return Given(
        at=at,
        now=now,
        actor=submission.actor,
        origin=submission.origin,
        reason=submission.reason,
        book=book if isinstance(book, Register) else Register(),
        policy=_policy(view),
        states={name: folded.state for name, folded in view.states.items()},
        customer=view.shown,
        customer_by_now=view.by_now,
        customer_then=view.then,
    )


def _policy(view: _View) -> Policy:
    state = view.states[policy.STREAM].state
    return state if isinstance(state, Policy) else Policy()
