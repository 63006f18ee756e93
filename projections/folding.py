"""Folding entries in memory: the one loop behind follow, rebuild, as-of and verify. Pure.

    folding = folding_of(projection)
    folding.feed(entry)            # entries of handled types, in the order of positions
    folding.rows()                 # what the table would hold

A fold works on a copy of its group's rows, which takes their place when the fold returns. If it raises, the
group is parked: its rows stay as they were before the poison entry, and later entries of the group are left
out.
"""

import struct
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from operator import attrgetter

import msgspec
from msgspec import inspect

from domain.entry import Entry, Event
from projections.projection import AnyProjection, Key, LinesPerEntry, Row, RowPerGroup

POISON = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""What a fold can raise at an entry it does not understand. A fold does no I/O, so nothing else is its own.
"""


class Parked(msgspec.Struct, frozen=True):
    """A group that stands still since an entry its fold did not understand."""

    group: Key
    """`(position,)` where not even the group could be told, and for a list."""
    position: int
    """Of the poison entry."""
    stream: str
    customer: str | None
    error: str

    @property
    def names_no_group(self) -> bool:
        """Whether it stands for the entry alone, since its group could not be told, or it is of a list."""
        return self.group == (self.position,)


class Folding(ABC):
    """One projection being folded in memory."""

    def __init__(self, projection: AnyProjection, parked: Mapping[Key, Parked]) -> None:
        self.projection = projection
        self.parked = dict(parked)
        """Groups that stand still: those given, and those this fold has parked."""

    @abstractmethod
    def feed(self, entry: Entry) -> None:
        """Fold one entry of a type the projection handles."""

    @abstractmethod
    def rows(self) -> Iterator[Row]:
        """The rows folded so far."""

    def park(self, group: Key, entry: Entry, error: BaseException) -> None:
        """Let the group stand still from this entry on."""
        what = f"{type(error).__name__}: {error}"
        self.parked[group] = Parked(group, entry.position, entry.stream, entry.customer, what)


class GroupFolding(Folding):
    """A projection that keeps rows per group."""

    def __init__(
        self, projection: AnyProjection, parked: Mapping[Key, Parked], *, checked: bool = True
    ) -> None:
        super().__init__(projection, parked)
        self.touched: set[Key] | None = None
        """The groups that changed since `watch()`."""
        self.count = 0
        """Rows in memory."""
        self._group, self._fold = projection.group, projection.fold
        self._amounts = _amounts_in(projection.row) if checked else None
        self._held: dict[Key, dict[Key, Row]] = {}

    def watch(self) -> None:
        """From now on note in `touched` which groups change."""
        self.touched = set()

    def hold(self, groups: Mapping[Key, dict[Key, Row]]) -> None:
        """Begin from these rows, by group and key."""
        self._held.update(groups)
        self.count += sum(map(len, groups.values()))

    def forget(self) -> None:
        """Let go of all rows; whoever took them gives those of a group back before its next entry: `hold`."""
        self._held, self.touched, self.count = {}, None, 0

    def __contains__(self, group: Key) -> bool:
        """Whether the group has rows in memory."""
        return group in self._held

    def groups(self) -> Collection[Key]:
        """The groups with rows in memory."""
        return self._held.keys()

    def feed(self, entry: Entry) -> None:
        try:
            group = self._group(entry.event, entry)
        except POISON as error:
            self.park((entry.position,), entry, error)
            return
        if group is None or (self.parked and group in self.parked):
            return
        try:
            self._change(group, entry)
        except POISON as error:
            self.park(group, entry, error)
            return
        if self.touched is not None:
            self.touched.add(group)

    def groups_of(self, entries: Iterable[Entry]) -> set[Key]:
        """The groups those entries touch, but for those that stand still.

        An entry whose group cannot be told is left to `feed`.
        """
        groups: set[Key] = set()
        for entry in entries:
            try:
                group = self._group(entry.event, entry)
            except POISON:
                continue
            if group is not None and group not in self.parked:
                groups.add(group)
        return groups

    def rows_of(self, group: Key) -> dict[Key, Row]:
        """The rows of one group, by key: none once the last is gone."""
        return self._held.get(group, {})

    def rows(self) -> Iterator[Row]:
        for rows in self._held.values():
            yield from rows.values()

    def _change(self, group: Key, entry: Entry) -> None:
        before = self._held.get(group)
        draft = {} if before is None else {key: row.__copy__() for key, row in before.items()}
        self._fold(draft, group, entry.event, entry)
        if self._amounts is not None:
            for row in draft.values():
                _expect_held(self._amounts(row))
        if before is not None:
            self.count -= len(before)
            if not draft:
                del self._held[group]
        if draft:
            self.count += len(draft)
            self._held[group] = draft


class RowFolding(GroupFolding):
    """The same for one row per group: most projections, so it holds the rows without a mapping each."""

    def __init__(
        self, projection: RowPerGroup[Row, Event], parked: Mapping[Key, Parked], *, checked: bool = True
    ) -> None:
        super().__init__(projection, parked, checked=checked)
        self._make, self._change_row = projection.row, projection.change
        self._rows: dict[Key, Row] = {}

    def hold(self, groups: Mapping[Key, dict[Key, Row]]) -> None:
        for rows in groups.values():
            self._rows.update(rows)
        self.count = len(self._rows)

    def forget(self) -> None:
        super().forget()
        self._rows = {}

    def __contains__(self, group: Key) -> bool:
        return group in self._rows

    def groups(self) -> Collection[Key]:
        return self._rows.keys()

    def rows_of(self, group: Key) -> dict[Key, Row]:
        return {group: self._rows[group]}

    def rows(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def _change(self, group: Key, entry: Entry) -> None:
        before = self._rows.get(group)
        draft = self._make(*group) if before is None else before.__copy__()
        self._change_row(draft, entry.event, entry)
        if self._amounts is not None:
            _expect_held(self._amounts(draft))
        self._rows[group] = draft
        self.count = len(self._rows)


class LineFolding(Folding):
    """An append-only list: lines come in order and never change, so they can be taken away while folding."""

    def __init__(self, projection: LinesPerEntry[Row, Event], parked: Mapping[Key, Parked]) -> None:
        super().__init__(projection, parked)
        self._lines: list[Row] = []
        self._of = projection.lines

    def feed(self, entry: Entry) -> None:
        try:
            self._lines.extend(list(self._of(entry.event, entry)))
        except POISON as error:
            self.park((entry.position,), entry, error)

    def rows(self) -> Iterator[Row]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def take(self) -> list[Row]:
        """The lines since the last time they were taken."""
        taken, self._lines = self._lines, []
        return taken


def folding_of(
    projection: AnyProjection, parked: Iterable[Parked] = (), *, checked: bool = True
) -> GroupFolding | LineFolding:
    """An empty fold of the projection; `parked` groups stand still from the beginning.

    `checked`: each row is looked at, whether columns hold what it adds up to: `ledger.projecting.checked`.
    """
    by_group = {each.group: each for each in parked}
    if isinstance(projection, LinesPerEntry):
        return LineFolding(projection, by_group)
    if isinstance(projection, RowPerGroup):
        return RowFolding(projection, by_group, checked=checked)
    return GroupFolding(projection, by_group, checked=checked)


@cache
def _amounts_in(row: type[Row]) -> Callable[[Row], tuple[int, ...]] | None:
    """Reads the amounts that every such row has; None where it has none."""
    shape = inspect.type_info(row)
    assert isinstance(shape, inspect.StructType)
    names = [field.name for field in shape.fields if _is_amount(field.type)]
    return attrgetter(*names, names[0]) if names else None  # twice: one alone would come without its tuple


def _is_amount(kind: inspect.Type) -> bool:
    match kind:
        case inspect.Metadata(extra={"mark": "money"}):
            return True
        case _:
            return False


def _expect_held(amounts: tuple[int, ...]) -> None:
    """A row may add up more amounts than a column holds, though none taken is beyond 2^53.

    Raises: OverflowError, which is poison: the row stands still and is told, and the others go on.
    """
    try:
        struct.pack(f"!{len(amounts)}q", *amounts)
    except struct.error:
        raise OverflowError("an amount is more than a column holds") from None
