"""As of, explain and verify: the same fold asked about another moment, its reasons, and the live rows."""

import psycopg
import pytest

from domain.entry import Entry
from domain.moments import SECOND
from ledger.projecting.answers import of_live, of_rows
from ledger.projecting.as_of import AsOf, Effective, Position, Recorded, rows_as_of
from ledger.projecting.explain import NotAFigure, explain, figures_of
from ledger.projecting.rebuild import rebuild
from ledger.projecting.verify import verify
from projections import customer_balance, journal
from projections.catalogue import PROJECTIONS
from projections.folding import folding_of
from projections.projection import AnyProjection, Row
from tests.domain.examples import CUSTOMER
from tests.domain.specification import moment
from tests.projections.conftest import MakeBook, named
from tests.projections.histories import StoredBook

BALANCE, JOURNAL = named("customer_balance"), named("journal")
projections = pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda each: each.name)


def in_order(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=repr)


def folded(projection: AnyProjection, entries: list[Entry]) -> list[Row]:
    folding = folding_of(projection)
    for entry in entries:
        if type(entry.event) in projection.handles:
            folding.feed(entry)
    return in_order(list(folding.rows()))


@projections
@pytest.mark.parametrize("cut", [0, 1, 60, 200])
def test_as_of_a_position_equals_a_book_cut_there(
    conninfo: str, book: StoredBook, entries: list[Entry], projection: AnyProjection, cut: int
) -> None:
    then = rows_as_of(conninfo, book.name, projection, Position(cut))
    assert then.position == cut
    assert in_order(then.rows) == folded(projection, entries[:cut])


def test_as_of_a_position_beyond_the_head_is_as_of_the_head(
    conninfo: str, book: StoredBook, entries: list[Entry]
) -> None:
    then = rows_as_of(conninfo, book.name, BALANCE, Position(book.position + 1))
    assert then.position == book.position
    assert in_order(then.rows) == folded(BALANCE, entries)


@pytest.mark.parametrize("nudge", [-1, 0, 1])
def test_as_of_a_recorded_time_is_as_of_the_last_entry_recorded_by_then(
    conninfo: str, book: StoredBook, entries: list[Entry], nudge: int
) -> None:
    """On both sides of the moment an entry was recorded; take `<` for `≤` → this fails."""
    at = entries[150].recorded_at + nudge
    then = rows_as_of(conninfo, book.name, BALANCE, Recorded(at))
    assert then.position == sum(entry.recorded_at <= at for entry in entries)
    assert in_order(then.rows) == folded(BALANCE, entries[: then.position])


def test_as_of_an_effective_time_counts_late_entries_and_lists_them(
    conninfo: str, make_book: MakeBook, entries: list[Entry]
) -> None:
    """Half the entries were written down ten days late. Stop at the first that is too young → this fails."""
    late_entries = [late(entry) if entry.position % 2 else entry for entry in entries]
    book = make_book(late_entries)
    at = moment("2010-08-20")
    then = rows_as_of(conninfo, book.name, BALANCE, Effective(at))
    counted = [entry for entry in late_entries if entry.effective_at <= at]
    assert in_order(then.rows) == folded(BALANCE, counted)
    handled = [entry for entry in counted if type(entry.event) in BALANCE.handles]
    assert list(then.late) == [entry.position for entry in handled if entry.recorded_at > at]
    assert 0 < len(then.late) < len(handled)


def test_an_explanation_as_of_an_effective_time_lists_what_was_recorded_later(
    conninfo: str, make_book: MakeBook, entries: list[Entry]
) -> None:
    entries = [late(entry) if entry.position % 2 else entry for entry in entries]
    book, at = make_book(entries), moment("2010-08-20")
    recorded = {entry.position: entry.recorded_at for entry in entries}
    explained = explain(conninfo, book.name, BALANCE, (CUSTOMER, "USD"), "received", Effective(at))
    assert list(explained.late) == [
        each.position for each in explained.deltas if recorded[each.position] > at
    ]
    assert 0 < len(explained.late) < len(explained.deltas)
    now = explain(conninfo, book.name, BALANCE, (CUSTOMER, "USD"), "received")
    assert (now.late, len(now.deltas) > len(explained.deltas)) == ([], True)


def late(entry: Entry) -> Entry:
    recorded = entry.recorded_at + 10 * 24 * 3600 * SECOND
    return Entry(
        position=entry.position,
        stream=entry.stream,
        version=entry.version,
        event=entry.event,
        customer=entry.customer,
        effective_at=entry.effective_at,
        recorded_at=recorded,
        meta=entry.meta,
    )


@projections
def test_the_rows_of_one_group_are_those_of_the_whole_book_that_belong_to_it(
    conninfo: str, book: StoredBook, projection: AnyProjection
) -> None:
    whole = rows_as_of(conninfo, book.name, projection, Position(300)).rows
    name = projection.key[0]
    for value in sorted({getattr(row, name) for row in whole})[:3]:
        part = rows_as_of(conninfo, book.name, projection, Position(300), (value,)).rows
        assert in_order(part) == in_order([row for row in whole if getattr(row, name) == value])


@pytest.mark.parametrize("cut", [120, 10**9])
@pytest.mark.parametrize(
    ("projection", "answer"), [(BALANCE, customer_balance.ANSWER), (JOURNAL, journal.TRIAL_BALANCE)]
)
def test_an_answer_over_rows_as_of_the_head_is_the_live_answer(
    conninfo: str, book: StoredBook, entries: list[Entry], projection: AnyProjection, answer: str, cut: int
) -> None:
    cut = min(cut, len(entries))
    cut_book_rows = rows_as_of(conninfo, book.name, projection, Position(cut)).rows
    rebuild(conninfo, book.name, PROJECTIONS)
    with psycopg.connect(conninfo) as connection:
        live = of_live(book.name, projection, answer)
        held = of_rows(projection, cut_book_rows, (), answer)
        now = connection.execute(live.text, live.parameters).fetchall()
        then = connection.execute(held.text, held.parameters).fetchall()
    assert then
    assert (then == now) == (cut == len(entries))


def test_an_answer_can_be_asked_of_one_customer_and_of_no_rows(conninfo: str, book: StoredBook) -> None:
    rebuild(conninfo, book.name, [BALANCE])
    with psycopg.connect(conninfo) as connection:
        one = of_live(book.name, BALANCE, customer_balance.ANSWER, (CUSTOMER,))
        assert {row[0] for row in connection.execute(one.text, one.parameters)} == {CUSTOMER}
        none = of_rows(BALANCE, [], (), customer_balance.ANSWER)
        assert connection.execute(none.text, none.parameters).fetchall() == []


@projections
@pytest.mark.parametrize("at", [None, Position(180), Effective(moment("2010-08-15"))], ids=repr)
def test_the_deltas_of_every_figure_sum_to_it(
    conninfo: str, book: StoredBook, projection: AnyProjection, at: AsOf | None
) -> None:
    """Every figure of every projection, per row and over the rows that share the first column of its key."""
    rows = rows_as_of(conninfo, book.name, projection, at or Position(book.position)).rows
    if at is not None and not rows:
        pytest.skip("nothing of it has happened by then")
    row = rows[len(rows) // 2]
    key = tuple(getattr(row, name) for name in projection.key)
    for column in figures_of(projection):
        explained = explain(conninfo, book.name, projection, key, column, at)
        assert sum(delta.delta for delta in explained.deltas) == explained.figure == getattr(row, column)
        assert all(delta.delta for delta in explained.deltas)
        shared = explain(conninfo, book.name, projection, key[:1], column, at)
        same = [each for each in rows if getattr(each, projection.key[0]) == key[0]]
        assert sum(delta.delta for delta in shared.deltas) == sum(getattr(each, column) for each in same)


def test_an_explanation_names_the_entries(conninfo: str, book: StoredBook, entries: list[Entry]) -> None:
    explained = explain(conninfo, book.name, BALANCE, (CUSTOMER, "USD"), "received")
    assert explained.deltas
    for delta in explained.deltas:
        entry = entries[delta.position - 1]
        sign = {"payment.captured": 1, "bill.payment_received": 1, "payment.corrected": -1}[delta.type]
        assert (delta.stream, entry.customer) == (entry.stream, CUSTOMER)
        assert delta.delta == sign * entry.event.amount


def test_only_figures_can_be_explained(conninfo: str, book: StoredBook) -> None:
    for column in ("customer", "currency", "no_such_column"):
        with pytest.raises(NotAFigure):
            explain(conninfo, book.name, BALANCE, (CUSTOMER,), column)


@projections
def test_verify_finds_a_row_that_was_tampered_with(
    conninfo: str, book: StoredBook, projection: AnyProjection
) -> None:
    """The control of every test that trusts `verify`: a changed value, then missing rows."""
    rebuild(conninfo, book.name, PROJECTIONS)
    assert verify(conninfo, book.name, [projection])[0].sound
    figure, key = figures_of(projection)[0], projection.key[0]
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            f"UPDATE {projection.table} SET {figure} = {figure} + 1 WHERE book = %(book)s"
            f' AND "{key}" = (SELECT min("{key}") FROM {projection.table} WHERE book = %(book)s)',
            {"book": book.name},
        )
    (verdict,) = verify(conninfo, book.name, [projection])
    assert verdict.differences.changed >= 1
    assert verdict.differences.missing == verdict.differences.surplus == 0
    assert not verdict.sound
    with psycopg.connect(conninfo) as connection:
        connection.execute(f"DELETE FROM {projection.table} WHERE book = %s", (book.name,))
    (verdict,) = verify(conninfo, book.name, [projection])
    assert verdict.differences.missing == verdict.rows > 0
    assert verdict.differences.keys


def test_verify_says_when_a_projection_was_never_built(conninfo: str, book: StoredBook) -> None:
    (verdict,) = verify(conninfo, book.name, [BALANCE])
    assert verdict.position is None
    assert not verdict.sound
