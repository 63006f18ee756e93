"""Projections of one book folded anew, in one pass and in bounded memory.

    fold      page by page; groups that memory has no room for are set aside in their side tables, and taken
              back when an entry touches them again; lists go into their side tables as they come
    settle    bring the side tables up to what was folded

What most entries touch are groups of a short while ago: few are ever taken back.
"""

from collections.abc import Callable, Iterable, Sequence

import psycopg

from domain.entry import Entry
from ledger.projecting.decoding import decoder_of, passed_over
from ledger.projecting.entries import pages
from ledger.projecting.rows import RowTable
from ledger.projecting.sides import SideTable
from projections.folding import GroupFolding, LineFolding, folding_of
from projections.projection import AnyProjection, Key

CHUNK = 20_000
"""Lines of a list that wait in memory before they go into the side table."""
MOST_HELD = 256 * 2**20
"""Bytes of rows in memory, by the estimate below, above which groups are set aside: the largest projections
first, until half of it is free."""
BYTES_OF_ROW, BYTES_OF_COLUMN = 300, 30
"""What a row takes with its key, its place and its texts: rather too much. Measured were 510 to 1,130 bytes,
with 11 to 33 columns."""

Progress = Callable[[int, int], None]
"""Called now and then with (entries folded, entries to fold)."""


class Fresh:
    """Projections of one book being folded anew, in memory and in side tables of one session."""

    def __init__(
        self,
        book: str,
        projections: Sequence[AnyProjection],
        reader: psycopg.Connection,
        side: psycopg.Connection,
        is_counted: Callable[[Entry], bool] | None = None,
        *,
        checked: bool = True,
    ) -> None:
        """`is_counted`: whether an entry counts; None: all do."""
        self._is_counted = is_counted
        self.book, self.projections, self.side, self._reader = book, list(projections), side, reader
        events = {event for projection in projections for event in projection.handles}
        self._over, self._decode = passed_over(events), decoder_of(events)
        self.sides = {projection: SideTable(RowTable(book, projection)) for projection in projections}
        self.foldings = {projection: folding_of(projection, checked=checked) for projection in projections}
        self._groups = [
            Groups(folding, self.sides[projection], side)
            for projection, folding in self.foldings.items()
            if isinstance(folding, GroupFolding)
        ]
        self._feeds = {
            event: [
                self.foldings[projection].feed for projection in projections if event in projection.handles
            ]
            for event in events
        }
        self.position = 0
        for table in self.sides.values():
            table.create(side)

    def fold(self, until: int, progress: Progress) -> None:
        """Fold the entries after `position` up to `until`."""
        feeds = self._feeds
        for position, entries in pages(
            self._reader, self.book, self.position, until, self._over, self._decode
        ):
            if self._is_counted is not None:
                entries = list(filter(self._is_counted, entries))
            for groups in self._groups:
                groups.take_back(entries)
            for entry in entries:
                for feed in feeds[type(entry.event)]:
                    feed(entry)
            self.position = position
            self._make_room(position / until)
            self._stream_lines(CHUNK)
            progress(position, until)

    def settle(self) -> None:
        """Bring the side tables up to what was folded."""
        self._stream_lines(0)
        for groups in self._groups:
            groups.settle()

    def others_wait(self) -> None:
        """From now on others wait for the session of the side tables: nothing may be left half-way."""
        for table in self.sides.values():
            table.others_wait = True

    @property
    def held(self) -> int:
        """Bytes of rows in memory, about."""
        return sum(groups.held for groups in self._groups)

    def _make_room(self, part: float) -> None:
        held = self.held
        if held > MOST_HELD:
            for groups in sorted(self._groups, key=lambda each: each.held, reverse=True):
                held -= groups.held
                groups.set_aside(part)
                if held <= MOST_HELD // 2:
                    break

    def _stream_lines(self, above: int) -> None:
        for projection, folding in self.foldings.items():
            if isinstance(folding, LineFolding) and len(folding) > above:
                self.sides[projection].add(self.side, folding.take())


class Groups:
    """The groups of one projection: some in memory, the others set aside in its side table."""

    def __init__(self, folding: GroupFolding, table: SideTable, side: psycopg.Connection) -> None:
        self._folding, self._table, self._side = folding, table, side
        self._kinds = frozenset(folding.projection.handles)
        self._weight = BYTES_OF_ROW + BYTES_OF_COLUMN * len(folding.projection.row.__struct_fields__)
        self._aside: Seen | None = None
        self._back: set[Key] = set()
        """Groups in memory that the side table holds too, as they were."""

    @property
    def held(self) -> int:
        """Bytes in memory, about."""
        return self._folding.count * self._weight

    def take_back(self, entries: Iterable[Entry]) -> None:
        """Bring into memory what these entries touch and was set aside."""
        if self._aside is None:
            return
        touched = self._folding.groups_of([entry for entry in entries if type(entry.event) in self._kinds])
        away = [group for group in touched if group in self._aside and not self._is_here(group)]
        if away:
            found = self._table.load(self._side, away)
            self._folding.hold(found)
            self._back.update(found)

    def _is_here(self, group: Key) -> bool:
        """Whether memory knows better than the side table, also that the group has no rows left."""
        folding = self._folding
        return group in folding or group in self._back or group in (folding.touched or ())

    def settle(self) -> None:
        """Bring the side table up to what is in memory."""
        folding = self._folding
        if folding.touched is None:
            self._table.remove(self._side, self._back)
            self._table.add(self._side, folding.rows())
        else:
            self._table.remove(self._side, folding.touched)
            self._table.add(
                self._side, [row for group in folding.touched for row in folding.rows_of(group).values()]
            )
        self._back.clear()
        folding.watch()

    def set_aside(self, part: float) -> None:
        """Leave everything to the side table, once that part of all entries is folded."""
        self.settle()
        if self._aside is None:
            self._aside = Seen(max(1, round(len(self._folding.groups()) / part)))
        for group in self._folding.groups():
            self._aside.add(group)
        self._folding.forget()


class Seen:
    """Which keys were added, in fixed size: it may take a few others for one of them (a Bloom filter)."""

    BITS = 16
    """For each key expected, or up to twice as many: then one other in two hundred is taken for one of them;
    where twice as many are added as expected, one in thirty. More only make it slower.
    """

    def __init__(self, expected: int) -> None:
        slots = 1 << (expected * self.BITS - 1).bit_length()
        self._last = slots - 1
        self._bits = bytearray(slots // 8)

    def add(self, key: Key) -> None:
        for slot in self._slots(key):
            self._bits[slot >> 3] |= 1 << (slot & 7)

    def __contains__(self, key: Key) -> bool:
        return all(self._bits[slot >> 3] & 1 << (slot & 7) for slot in self._slots(key))

    def _slots(self, key: Key) -> tuple[int, int, int]:
        number, last = hash(key), self._last
        step = number >> 32 | 1
        return number & last, number + step & last, number + 2 * step & last
