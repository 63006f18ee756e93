"""What idempotency keys recorded before: a key used again gets what it recorded then, and nothing is recorded
a second time.
"""

from collections.abc import Iterable, Mapping

from ledger.errors import KeyReused
from ledger.record.append import Repeated
from ledger.record.reading import Record
from ledger.record.recording import principal_of
from ledger.record.submission import Outcome, Submission


class Repeats:
    """Finds what the keys of submissions recorded before, in one book."""

    def __init__(self, record: Record) -> None:
        self._record = record

    async def of(self, submission: Submission) -> Outcome | None:
        """What the submission's key recorded before; None if nothing. Raises: KeyReused, Unavailable."""
        if submission.key is None or submission.dry_run:
            return None
        repeated = await self._record.command(principal_of(submission), submission.key)
        return None if repeated is None else await self.replayed(repeated, submission)

    async def among(self, submissions: Iterable[Submission]) -> dict[str, Outcome]:
        """What the keys of these submissions of one principal recorded before.

        Raises: KeyReused, Unavailable.
        """
        asked = {submission.key: submission for submission in submissions if submission.key is not None}
        if not asked:
            return {}
        principal = principal_of(next(iter(asked.values())))
        found = await self._record.commands(principal, asked)
        for key, repeated in found.items():
            expect_same_request(asked[key], repeated.request_hash)
        return await self._outcomes(found)

    async def under(self, prefix: str, submission: Submission) -> dict[str, Outcome]:
        """What the keys that begin with `prefix`, which ends in a slash, recorded before for that request.

        Raises: KeyReused, Unavailable.
        """
        found = await self._record.commands_under(principal_of(submission), prefix)
        for repeated in found.values():
            expect_same_request(submission, repeated.request_hash)
        return await self._outcomes(found)

    async def replayed(self, repeated: Repeated, submission: Submission) -> Outcome:
        """The entries it recorded then. Raises: KeyReused, Unavailable."""
        expect_same_request(submission, repeated.request_hash)
        return Outcome(
            entries=tuple(await self._record.between(repeated.first, repeated.last)), replayed=True
        )

    async def _outcomes(self, found: Mapping[str, Repeated]) -> dict[str, Outcome]:
        """What each key recorded, by one query."""
        spans = {key: range(it.first, it.last + 1) for key, it in found.items()}
        positions = [position for span in spans.values() for position in span]
        entries = await self._record.at(positions) if positions else []
        at = {entry.position: entry for entry in entries}
        return {
            key: Outcome(entries=tuple([at[position] for position in span]), replayed=True)
            for key, span in spans.items()
        }


def expect_same_request(submission: Submission, request_hash: bytes | None) -> None:
    """A key belongs to one request. Raises: KeyReused."""
    if (submission.request_hash or b"") != (request_hash or b""):
        raise KeyReused("this idempotency key belongs to another request")
