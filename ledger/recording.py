"""A decision on its way into the record: the append it asks for, and the entries it becomes once stored."""

from collections.abc import Mapping

from domain.decision import Decision
from domain.entry import Entry, Meta
from domain.moments import Moment
from ledger.append import Append, CommandKey, NewClaim, NewEntry, Recorded
from ledger.codec import encode, encode_meta
from ledger.folds import Folded, FoldedFacts
from ledger.submission import Submission


class Recording:
    """One decision and the circumstances it is recorded under."""

    def __init__(
        self,
        decision: Decision,
        submission: Submission,
        states: Mapping[str, Folded],
        at: Moment,
        edition: int | None,
    ) -> None:
        self._decision = decision
        self._submission = submission
        self._states = states
        self._at = at
        self._meta = Meta(
            person=submission.actor.person,
            role=submission.actor.role,
            on_behalf_of=submission.actor.on_behalf_of,
            origin=submission.origin,
            reason=submission.reason,
            correlation=submission.correlation,
            causation=submission.causation,
            edition=edition,
            key=submission.key,
        )
        self._versions = _versions(decision, states)

    def append(self, facts: tuple[str, FoldedFacts] | None) -> Append:
        """What the writer is to store, on the condition that nothing the decision saw has changed.

        Raises: Unrecordable.
        """
        decision, submission = self._decision, self._submission
        meta = encode_meta(self._meta)
        entries: list[NewEntry] = []
        for (stream, event), version in zip(decision.events, self._versions, strict=True):
            type_, schema_version, data = encode(event)
            entries.append(
                NewEntry(stream, version, type_, schema_version, decision.customer, self._at, meta, data)
            )
        written = {stream for stream, _ in decision.events}
        first = decision.events[0][0]
        return Append(
            entries=tuple(entries),
            reads={stream: read.version for stream, read in self._states.items() if stream not in written},
            facts=None if facts is None else (facts[0], facts[1].position),
            claims=tuple(
                [NewClaim(claim.kind, claim.value, claim.stream or first) for claim in decision.claims]
            ),
            command=_command(submission),
            lookups=submission.lookups,
            subject_keys=submission.subject_keys,
        )

    def entries(self, recorded: Recorded) -> tuple[Entry, ...]:
        """What the decision has become, without decoding what was just encoded."""
        decision = self._decision
        return tuple(
            [
                Entry(
                    position=position,
                    stream=stream,
                    version=version,
                    event=event,
                    customer=decision.customer,
                    effective_at=self._at,
                    recorded_at=recorded.recorded_at,
                    meta=self._meta,
                )
                for position, ((stream, event), version) in enumerate(
                    zip(decision.events, self._versions, strict=True), recorded.first
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


def _versions(decision: Decision, states: Mapping[str, Folded]) -> list[int]:
    last: dict[str, int] = {}
    versions: list[int] = []
    for stream, _ in decision.events:
        last[stream] = (last.get(stream) or states[stream].version) + 1
        versions.append(last[stream])
    return versions
