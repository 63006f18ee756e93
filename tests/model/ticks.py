"""A book in memory that ticks as the real one does (`ledger.ticking`): rows of `Deadlines` nominate
streams, in the order of their moments, then by stream; the decision reads the stream again.
"""

from domain.moments import Moment
from domain.ticking import TICK, Tick
from projections.deadlines import RELEASE, Deadlines, Nomination
from projections.folding import folding_of
from tests.domain.specification import Story

HANDLED = frozenset(Deadlines().handles)


class Ticking:
    """The ticks of one book."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self._rows, self._fed = folding_of(Deadlines()), 0

    def tick(self, until: Moment) -> None:
        """Decide what time has decided by then."""
        origin = self.story.origin
        while due := self._nominated(until):
            before = len(self.story.entries)
            for moment, stream in due:
                self.story.at, self.story.now = moment, until
                self.story.from_(TICK).do(Tick(stream=stream))
            if len(self.story.entries) == before:
                break
        self.story.from_(origin).at, self.story.now = until, None
        in_vain = {row.kind for row in self._held() if row.due <= until} - {RELEASE}
        assert not in_vain, "what is nominated is decided; only a release may wait for more than its day"

    def _nominated(self, until: Moment) -> list[tuple[Moment, str]]:
        for entry in self.story.entries[self._fed :]:
            if type(entry.event) in HANDLED:
                self._rows.feed(entry)
        self._fed = len(self.story.entries)
        assert not self._rows.parked
        return sorted({(row.due, row.stream) for row in self._held() if row.due <= until})

    def _held(self) -> list[Nomination]:
        return [row for row in self._rows.rows() if isinstance(row, Nomination)]
