"""A decision on its way into the record: the append it asks for, and the entries it becomes once stored."""

from collections.abc import Mapping
from typing import NamedTuple

from domain.book.policy import Policy
from domain.decision import Decision, Due
from domain.entry import Entry, Event, Meta
from domain.moments import Moment
from domain.ticking import NOBODY, TICK
from ledger.record.append import Append, CommandKey, NewClaim, NewEntry, Recorded
from ledger.record.codec import encode, encode_meta
from ledger.record.folds import Folded, FoldedFacts
from ledger.record.submission import Submission


class _Draft(NamedTuple):
    """An entry that has neither a version nor a position yet."""

    stream: str
    event: Event
    customer: str | None
    at: Moment
    meta: Meta


class Recording:
    """One decision and the circumstances it is recorded under."""

    def __init__(
        self,
        decision: Decision,
        submission: Submission,
        states: Mapping[str, Folded],
        at: Moment,
        policy: Policy,
    ) -> None:
        self._submission = submission
        self._states = states
        meta = Meta(
            person=submission.actor.person,
            role=submission.actor.role,
            on_behalf_of=submission.actor.on_behalf_of,
            origin=submission.origin,
            reason=submission.reason,
            correlation=submission.correlation,
            causation=submission.causation,
            edition=policy.version_in_force(at),
            key=submission.key,
        )
        self._drafts = [
            _Draft(stream, event, decision.customer, takes_effect, meta)
            for stream, event, takes_effect in decision.effects(at)
        ]
        self.before = 0
        """How many of the entries, the first ones, time had decided before: no part of the outcome."""
        if decision.due:
            self.before = len(decision.due) if decision.events else 0
            self._drafts[:0] = [_due(due, policy) for due in decision.due]
        self._versions = _versions(self._drafts, states)
        self.claims = tuple(
            [
                NewClaim(claim.kind, claim.value, claim.stream or decision.events[0][0])
                for claim in decision.claims
            ]
        )
        """Each value the decision claims, and the stream it is claimed for."""

    def append(self, facts: tuple[str, FoldedFacts] | None) -> Append:
        """What the writer is to store, on the condition that nothing the decision saw has changed.

        Raises: Unrecordable.
        """
        submission = self._submission
        entries: list[NewEntry] = []
        meta, text = None, ""
        for draft, version in zip(self._drafts, self._versions, strict=True):
            if draft.meta is not meta:  # all of a command's entries share one
                meta, text = draft.meta, encode_meta(draft.meta)
            type_, schema_version, data = encode(draft.event)
            entries.append(
                NewEntry(draft.stream, version, type_, schema_version, draft.customer, draft.at, text, data)
            )
        written = {draft.stream for draft in self._drafts}
        return Append(
            entries=tuple(entries),
            before=self.before,
            reads={stream: read.version for stream, read in self._states.items() if stream not in written},
            facts=None if facts is None else (facts[0], facts[1].position),
            claims=self.claims,
            command=_command(submission),
            lookups=submission.lookups,
            subject_keys=submission.subject_keys,
        )

    def entries(self, recorded: Recorded) -> tuple[Entry, ...]:
        """What the decision has become, without decoding what was just encoded."""
        return tuple(
            [
                Entry(
                    position=position,
                    stream=draft.stream,
                    version=version,
                    event=draft.event,
                    customer=draft.customer,
                    effective_at=draft.at,
                    recorded_at=recorded.recorded_at,
                    meta=draft.meta,
                )
                for position, (draft, version) in enumerate(
                    zip(self._drafts, self._versions, strict=True), recorded.first
                )
            ]
        )


def principal_of(submission: Submission) -> str:
    """Within whom an idempotency key counts: the actor's person, unless the edge says otherwise."""
    return submission.principal or submission.actor.person


def _command(submission: Submission) -> CommandKey | None:
    if submission.key is None:
        return None
    return CommandKey(principal_of(submission), submission.key, submission.request_hash or b"")


def _due(due: Due, policy: Policy) -> _Draft:
    meta = Meta(person=NOBODY, role=NOBODY, origin=TICK, edition=policy.version_in_force(due.at))
    return _Draft(due.stream, due.event, due.customer, due.at, meta)


def _versions(drafts: list[_Draft], states: Mapping[str, Folded]) -> list[int]:
    last: dict[str, int] = {}
    versions: list[int] = []
    for draft in drafts:
        last[draft.stream] = (last.get(draft.stream) or states[draft.stream].version) + 1
        versions.append(last[draft.stream])
    return versions
