"""What an earlier run recorded, found in one look for all the orders that ask at the same time."""

import asyncio
from collections.abc import Mapping, Sequence

from ledger.errors import KeyReused
from ledger.record.repeats import Repeats
from ledger.record.submission import Outcome, Submission


class RecordedBefore:
    """Finds the outcomes of idempotency keys that were used before."""

    def __init__(self, repeats: Repeats) -> None:
        self._repeats = repeats
        self._asked: dict[str | None, Submission] = {}
        self._answer: asyncio.Task[Mapping[str, Outcome]] | None = None

    async def among(self, submissions: Sequence[Submission]) -> Mapping[str, Outcome]:
        """What was recorded under these keys, and perhaps under others. Raises: KeyReused, Unavailable."""
        asked = {submission.key: submission for submission in submissions}
        if not self._asked.keys().isdisjoint(asked):  # one reference twice: both are compared with the record
            return await self._repeats.among(submissions)
        self._asked.update(asked)
        if self._answer is None:
            self._answer = asyncio.create_task(self._found())
        try:
            return await asyncio.shield(self._answer)
        except KeyReused:  # one of all those that asked; each finds out whether it was its own
            return await self._repeats.among(submissions)

    async def _found(self) -> Mapping[str, Outcome]:
        """This task starts after all that are about to ask."""
        asked, self._asked, self._answer = self._asked, {}, None
        return await self._repeats.among(asked.values())
