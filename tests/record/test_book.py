"""A book, with the commands of the house: outcomes, keys, claims, races, and what is kept in memory."""

import asyncio
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from threading import Event
from typing import Any

import msgspec
import psycopg
import pytest

from domain.bills.billing import NewBill
from domain.book.default_edition import DEFAULT_EDITION
from domain.book.policy import AdoptPolicy
from domain.book.register import BookOpened, OpenBook
from domain.command import Command
from domain.customers.registering import RegisterCustomer
from domain.decision import Decision, Given
from domain.decisions import decide
from domain.numbers import year_of_recording
from domain.orders.order import Placed
from domain.orders.order_events import OrderPlaced, Part
from domain.orders.shipping import ShipmentExceedsUnits, ShipOrder
from domain.payments.capturing import CaptureExceedsPrice
from domain.retry import AlreadyRecordedOtherwise
from ledger import book as book_module
from ledger import connection as connection_module
from ledger.book import Book
from ledger.composition import Ledger
from ledger.database import Database
from ledger.errors import (
    BookExists,
    ClaimTaken,
    KeyReused,
    StreamBusy,
    Unavailable,
    UnknownBook,
    Unrecordable,
    VersionMismatch,
)
from ledger.identity import mint
from ledger.record import deciding
from ledger.record.append import Verdict
from ledger.record.chain import verify
from ledger.record.codec import entry_of
from ledger.record.submission import Lookup, Outcome, Submission
from ledger.record.writer import Writer
from ledger.sealing.sealer import BOOK
from tests.record.conftest import ANN, Rows, capture, place, submission

pytestmark = pytest.mark.anyio

PRICE = 3 * 3_400


def ship(order: str, quantity: int = 1) -> ShipOrder:
    """Some of the three dresses, in a parcel of their own."""
    return ShipOrder(
        order=order,
        shipment=mint("shp"),
        parts=(Part(line=1, quantity=quantity),),
        method="parcel",
        tracking="TRACK-1",
        description="sealed",
    )


async def placed_order(book: Book) -> str:
    """An order of three dresses, nothing paid yet."""
    order = place()
    await book.execute(order, submission())
    return order.order


async def paid_order(book: Book) -> str:
    """An order of three dresses, all paid."""
    order = await placed_order(book)
    await book.execute(capture(order, PRICE), submission())
    return order


def sha256sum(text: str) -> str:
    """What the command line tool says, 64 hex digits."""
    summed = subprocess.run(["sha256sum"], input=text.encode(), capture_output=True, check=True)
    return summed.stdout.decode()[:64]


def positions(outcome: Outcome) -> list[int]:
    return [entry.position for entry in outcome.entries]


# Opening


async def test_a_book_begins_with_its_opening_and_the_default_policy_recorded_by_the_system(
    book: Book,
) -> None:
    opened, adopted = await book.page(0, 10)
    assert isinstance(opened.event, BookOpened)
    assert (opened.position, opened.stream, adopted.position, adopted.stream) == (1, "book", 2, "policy")
    assert opened.meta.person == adopted.meta.person == "system"


async def test_a_new_book_can_seal_its_own_texts_at_once(book: Book) -> None:
    assert (
        await book.sealer.open(await book.sealer.seal(BOOK, "reason", "closing the shop"))
        == "closing the shop"
    )


async def test_a_name_is_taken_by_the_first_book_and_a_book_never_opened_is_unknown(
    ledger: Ledger, other_ledger: Ledger, book: Book
) -> None:
    again = OpenBook(zone="Europe/Berlin", country="DE")
    for asked in (ledger, other_ledger):
        with pytest.raises(BookExists):
            await asked.open_book(book.name, again)
    with pytest.raises(UnknownBook):
        await ledger.book("never-opened")
    with pytest.raises(ValueError, match="name of a book"):
        await ledger.open_book("No Spaces", again)
    assert book.name in await ledger.books()
    assert await ledger.book(book.name) is book


async def test_two_processes_opening_one_book_at_once_open_it_once(
    ledger: Ledger, other_ledger: Ledger, book_name: str, rows: Rows
) -> None:
    command = OpenBook(zone="Europe/Berlin", country="DE")
    answers = await asyncio.gather(
        ledger.open_book(book_name, command),
        other_ledger.open_book(book_name, command),
        return_exceptions=True,
    )
    assert Counter(map(type, answers)) == {Book: 1, BookExists: 1}
    assert len(rows(book_name)) == 2


# Outcomes


async def test_what_execute_returns_is_what_is_stored(book: Book, rows: Rows) -> None:
    order = place(external_ref="A-1")
    outcome = await book.execute(order, submission(key="k", reason="sealed", correlation="c-1"))
    stored = [entry_of(row) for row in rows(book.name)]
    assert list(outcome.entries) == stored[2:]
    assert [entry.stream for entry in outcome.entries] == [order.customer, order.order]
    placed = outcome.entries[1]
    assert isinstance(placed.event, OrderPlaced)
    assert (placed.customer, placed.meta.edition, placed.meta.key) == (order.customer, 1, "k")
    assert not outcome.replayed
    assert not outcome.already


async def test_the_chain_of_a_book_verifies_up_to_its_position(book: Book, rows: Rows) -> None:
    await paid_order(book)
    assert verify(rows(book.name))[0] == book.position == 5


async def test_the_moment_of_effect_may_lie_before_the_recording(book: Book) -> None:
    yesterday = book.clock() - 86_400_000_000
    (_, placed) = (await book.execute(place(), submission(effective_at=yesterday))).entries
    assert placed.effective_at == yesterday < placed.recorded_at


async def test_the_same_command_again_without_a_key_answers_with_the_entries_that_say_it(
    book: Book, rows: Rows
) -> None:
    order = await placed_order(book)
    command = capture(order)
    first = await book.execute(command, submission())
    again = await book.execute(command, submission())
    assert again.already
    assert again.entries == first.entries
    assert len(rows(book.name)) == 5


async def test_a_dry_run_decides_all_and_records_nothing(book: Book, rows: Rows) -> None:
    order = await placed_order(book)
    dry = await book.execute(capture(order), submission(key="k", dry_run=True))
    assert dry.dry_run
    assert positions(dry) == [5]
    assert len(rows(book.name)) == 4
    with pytest.raises(CaptureExceedsPrice):
        await book.execute(capture(order, PRICE + 1), submission(dry_run=True))
    # It claimed no key either.
    assert not (await book.execute(capture(order), submission(key="k"))).replayed


async def test_a_dry_run_counts_on_from_what_others_recorded(book: Book, other_ledger: Ledger) -> None:
    # Count on from the head as this process last met it → this fails: the position is long taken.
    other = await other_ledger.book(book.name)
    await placed_order(other)
    dry = await book.execute(place(), submission(dry_run=True))
    assert positions(dry)[0] == other.position + 1


async def test_a_dry_run_sees_a_taken_claim(book: Book) -> None:
    await book.execute(place(external_ref="A-1"), submission())
    with pytest.raises(ClaimTaken):
        await book.execute(place(external_ref="A-1"), submission(dry_run=True))


async def test_text_the_record_cannot_hold_is_refused_and_the_stream_goes_on(book: Book) -> None:
    order = await placed_order(book)
    for reference in ("nul\0", "\ud800"):
        with pytest.raises(Unrecordable):
            await book.execute(capture(order, reference=reference), submission())
    assert (await book.execute(capture(order), submission())).entries[0].version == 2


# Idempotency


async def test_fifty_identical_requests_at_once_have_one_effect_and_fifty_equal_receipts(
    book: Book, rows: Rows
) -> None:
    # Each mints an id of its own, as the edge does: only the key makes them one. Without `_under_way` and the
    # keys in the look-up there would be fifty orders.
    outcomes = await asyncio.gather(*[book.execute(place(), submission(key="k")) for _ in range(50)])
    assert len({outcome.entries for outcome in outcomes}) == 1
    assert sum(not outcome.replayed for outcome in outcomes) == 1
    assert len(rows(book.name)) == 4


async def test_identical_requests_to_two_processes_have_one_effect(
    book: Book, other_ledger: Ledger, rows: Rows
) -> None:
    other = await other_ledger.book(book.name)
    outcomes = await asyncio.gather(
        *[(book, other)[n % 2].execute(place(), submission(key="k")) for n in range(20)]
    )
    assert len({outcome.entries for outcome in outcomes}) == 1
    assert len(rows(book.name)) == 4


async def test_a_key_used_for_another_request_is_refused_whether_or_not_the_first_is_done(book: Book) -> None:
    first = asyncio.create_task(book.execute(place(), submission(key="k")))
    await asyncio.sleep(0)
    with pytest.raises(KeyReused):
        await book.execute(place(), submission(key="k", request_hash=b"other"))
    await first
    with pytest.raises(KeyReused):
        await book.execute(place(), submission(key="k", request_hash=b"other"))


async def test_keys_of_two_principals_do_not_meet(book: Book) -> None:
    for principal in ("ann", "ben", None):
        assert not (await book.execute(place(), submission(key="k", principal=principal))).replayed


async def test_a_repeated_request_gets_its_first_receipt_even_where_it_would_now_be_refused(
    book: Book,
) -> None:
    order = await placed_order(book)
    first = await book.execute(capture(order, PRICE), submission(key="k"))
    # With another payment id, as the edge would mint it, this is too much by now.
    again = await book.execute(capture(order, PRICE), submission(key="k"))
    assert again.replayed
    assert again.entries == first.entries
    with pytest.raises(CaptureExceedsPrice):
        await book.execute(capture(order, PRICE), submission(key="other"))


async def test_a_refused_command_claims_no_key_and_is_decided_anew(book: Book) -> None:
    order = await placed_order(book)
    with pytest.raises(CaptureExceedsPrice):
        await book.execute(capture(order, PRICE + 1), submission(key="k"))
    assert not (await book.execute(capture(order, PRICE), submission(key="k"))).replayed


async def test_a_twin_whose_first_is_refused_or_cancelled_is_decided_itself(book: Book) -> None:
    order = await placed_order(book)
    refused = asyncio.create_task(book.execute(capture(order, PRICE + 1), submission(key="k")))
    cancelled = asyncio.create_task(book.execute(capture(order, 1), submission(key="l")))
    await asyncio.sleep(0)
    twins = [
        asyncio.create_task(book.execute(capture(order, 2), submission(key="k"))),
        asyncio.create_task(book.execute(capture(order, 3), submission(key="l"))),
    ]
    await asyncio.sleep(0)
    cancelled.cancel()
    outcomes = await asyncio.gather(*twins)
    amounts = [entry.event.amount for outcome in outcomes for entry in outcome.entries]
    assert amounts == [2, 3]
    with pytest.raises(CaptureExceedsPrice):
        await refused


# Patience


@pytest.fixture
async def held_head(
    book: Book, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Book, str]]:
    """A book whose head somebody holds for ever, an order in it, and callers of little patience."""
    order = await placed_order(book)
    monkeypatch.setattr(connection_module, "PATIENCE", 0.5)
    async with await psycopg.AsyncConnection.connect(database.app_conninfo) as holder:
        await holder.execute("SELECT 1 FROM heads WHERE book = %s FOR UPDATE", (book.name,))
        yield book, order


async def test_nobody_waits_longer_because_others_wait_before(held_head: tuple[Book, str]) -> None:
    """Bound each turn instead of each caller → the tenth waits ten times as long, and this fails."""
    book, order = held_head
    async with asyncio.timeout(3):
        answers = await asyncio.gather(
            *[book.execute(capture(order), submission()) for _ in range(10)], return_exceptions=True
        )
    assert Counter(map(type, answers)) == {Unavailable: 10}


async def test_the_twins_of_a_request_that_was_not_answered_are_told_so_too(
    held_head: tuple[Book, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let each twin try on its own → those with time left wait on in turns, and this fails."""
    book, _ = held_head
    order = place()
    first = asyncio.create_task(book.execute(order, submission(key="k")))
    await asyncio.sleep(0)
    monkeypatch.setattr(connection_module, "PATIENCE", 30.0)
    async with asyncio.timeout(3):
        twins = [book.execute(order, submission(key="k")) for _ in range(10)]
        answers = await asyncio.gather(first, *twins, return_exceptions=True)
    assert Counter(map(type, answers)) == {Unavailable: 11}


async def test_what_was_told_unavailable_is_found_under_its_key_once_the_database_answers(
    book: Book, database: Database, monkeypatch: pytest.MonkeyPatch, rows: Rows
) -> None:
    order = place()
    monkeypatch.setattr(connection_module, "PATIENCE", 0.2)
    async with await psycopg.AsyncConnection.connect(database.app_conninfo) as holder:
        await holder.execute("SELECT 1 FROM heads WHERE book = %s FOR UPDATE", (book.name,))
        with pytest.raises(Unavailable):
            await book.execute(order, submission(key="k"))
    monkeypatch.undo()
    again = await book.execute(order, submission(key="k"))
    assert positions(again) == [3, 4]
    assert len(rows(book.name)) == 4


# Claims and expectations


async def test_a_reference_is_claimed_once_and_the_refusal_names_its_holder(book: Book) -> None:
    first = place(external_ref="A-1")
    await book.execute(first, submission())
    with pytest.raises(ClaimTaken) as taken:
        await book.execute(place(external_ref="A-1"), submission())
    assert taken.value == ClaimTaken("order_ref", "shop/A-1", first.order)
    assert await book.claimed("order_ref", "shop/A-1") == first.order
    assert await book.claimed("order_ref", "shop/A-2") is None


async def test_a_customer_registered_with_the_order_holds_the_customers_reference(book: Book) -> None:
    order = place(external_ref="A-1")
    register = RegisterCustomer(customer=order.customer, channel="shop", external_ref="C-1")
    await book.execute(msgspec.structs.replace(order, register=register), submission())
    assert await book.claimed("customer_ref", "shop/C-1") == order.customer
    assert await book.claimed("order_ref", "shop/A-1") == order.order


async def test_an_outdated_expectation_is_told_with_the_versions_and_a_current_one_holds(book: Book) -> None:
    order = await placed_order(book)
    await book.execute(capture(order), submission(expected=(order, frozenset({1}))))
    with pytest.raises(VersionMismatch) as mismatch:
        await book.execute(capture(order), submission(expected=(order, frozenset({1}))))
    assert (mismatch.value.expected, mismatch.value.actual) == (frozenset({1}), 2)
    # A stream the command does not touch otherwise may be expected too.
    await book.execute(capture(order), submission(expected=("policy", frozenset({1}))))


async def test_lookups_are_stored_with_the_append_and_not_without_it(book: Book) -> None:
    order = await placed_order(book)
    digest = b"d" * 32
    refused = submission(lookups=(Lookup("email", digest, "cus_refused"),))
    with pytest.raises(CaptureExceedsPrice):
        await book.execute(capture(order, PRICE + 1), refused)
    assert await book.customers_by("email", digest) == []
    await book.execute(capture(order), submission(lookups=(Lookup("email", digest, "cus_1"),)))
    assert await book.customers_by("email", digest) == ["cus_1"]


# Races


async def test_fifty_shipments_racing_for_three_units_ship_exactly_three(book: Book, rows: Rows) -> None:
    order = await paid_order(book)
    answers = await asyncio.gather(
        *[book.execute(ship(order), submission()) for _ in range(50)], return_exceptions=True
    )
    # Without the version check, or the queue and the version check, more than three would win.
    assert Counter(map(type, answers)) == {Outcome: 3, ShipmentExceedsUnits: 47}
    assert len(rows(book.name)) == 5 + 3


async def test_shipments_racing_in_two_processes_ship_exactly_three(
    book: Book, other_ledger: Ledger, rows: Rows
) -> None:
    order = await paid_order(book)
    other = await other_ledger.book(book.name)
    answers = await asyncio.gather(
        *[(book, other)[n % 2].execute(ship(order), submission()) for n in range(20)], return_exceptions=True
    )
    assert Counter(map(type, answers)) == {Outcome: 3, ShipmentExceedsUnits: 17}
    assert verify(rows(book.name))[0] == 5 + 3


async def test_two_hundred_commands_on_one_order_at_once_all_succeed(book: Book, rows: Rows) -> None:
    order = await placed_order(book)
    outcomes = await asyncio.gather(*[book.execute(capture(order, 1), submission()) for _ in range(200)])
    assert sorted(outcome.entries[0].version for outcome in outcomes) == list(range(2, 202))
    assert verify(rows(book.name))[0] == 204


async def test_a_command_that_keeps_losing_to_others_is_told_the_stream_is_busy(
    book: Book, other_ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book_module, "PERSISTENCE", 0.0)
    order = await placed_order(book)
    other = await other_ledger.book(book.name)
    append, writers = Writer.append, list[Writer]()

    async def after_another(writer: Writer, *asked: Any) -> Verdict:
        writers.append(writer)
        if writer is writers[0]:
            await other.execute(capture(order, 1), submission())
        return await append(writer, *asked)

    monkeypatch.setattr(Writer, "append", after_another)
    with pytest.raises(StreamBusy) as busy:
        await book.execute(capture(order, 1), submission())
    assert busy.value.streams == (order,)


async def test_a_lone_command_is_recorded_however_long_it_takes_to_decide(
    book: Book, other_ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let the seconds begin with the command → a process that has read the order, and not yet the numbers of
    the year's bills, says for ever that others are faster.
    """
    monkeypatch.setattr(book_module, "PERSISTENCE", 0.0)
    year = year_of_recording(book.clock(), "Europe/Berlin")
    billed: list[ShipOrder] = []
    for _ in range(2):
        placed = msgspec.structs.replace(place(), terms="bill_after")
        await book.execute(placed, submission())
        billed.append(msgspec.structs.replace(ship(placed.order), bill=NewBill(mint("bil"), year)))
    await book.execute(billed[0], submission())
    restarted = await other_ledger.book(book.name)
    await restarted.state(billed[1].order)
    assert len((await restarted.execute(billed[1], submission())).entries) == 3


async def test_a_long_decision_leaves_the_loop_to_others(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    # Decide it on the loop → nobody else is served, and it waits in vain.
    order = await placed_order(book)
    served = Event()

    def decide_once_another_was_served(command: Command, given: Given) -> Decision:
        assert served.wait(10)
        return decide(command, given)

    monkeypatch.setattr(deciding, "LONG", 2)  # what the order weighs
    monkeypatch.setattr(deciding, "decide", decide_once_another_was_served)
    long = asyncio.create_task(book.execute(capture(order, 1), submission()))
    await asyncio.sleep(0)
    assert await book.state(order) is not None
    served.set()
    assert len((await long).entries) == 1


async def test_a_cancelled_caller_leaves_the_order_usable(book: Book, rows: Rows) -> None:
    order = await placed_order(book)
    tasks = [asyncio.create_task(book.execute(capture(order, 1), submission())) for _ in range(20)]
    for _ in range(3):
        await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert all(task.done() and not task.cancelled() for task in tasks[1::2])
    last = await book.execute(capture(order, 1), submission())
    assert last.entries[0].version == len([row for row in rows(book.name) if row.stream == order])


# What is kept in memory


@pytest.mark.parametrize("expected", [None, ("policy", frozenset({1}))])
async def test_a_command_decides_under_the_policy_in_force_when_it_is_recorded(
    book: Book, other_ledger: Ledger, expected: tuple[str, frozenset[int]] | None
) -> None:
    """Leave the streams only read out of the append → it is decided under the old edition, this fails."""
    await placed_order(book)
    other = await other_ledger.book(book.name)
    owner = msgspec.structs.replace(ANN, role="owner")
    longer = msgspec.structs.replace(DEFAULT_EDITION, guarantee_months=12)
    await other.execute(AdoptPolicy(edition=longer), Submission(actor=owner, origin="api"))
    if expected is None:
        outcome = await book.execute(place(), submission())
        assert {entry.meta.edition for entry in outcome.entries} == {2}
    else:
        with pytest.raises(VersionMismatch):
            await book.execute(place(), submission(expected=expected))


async def test_a_refusal_is_never_answered_from_what_another_process_has_changed(
    book: Book, other_ledger: Ledger
) -> None:
    order = await placed_order(book)
    other = await other_ledger.book(book.name)
    await other.execute(capture(order, PRICE), submission())
    # `book` still holds the unpaid order; decided on that alone, the shipment would be refused.
    assert isinstance(await book.execute(ship(order), submission()), Outcome)


async def test_a_process_that_has_seen_nothing_yet_decides_on_what_is_stored(
    book: Book, other_ledger: Ledger
) -> None:
    order = await paid_order(book)
    other = await other_ledger.book(book.name)
    assert (await other.execute(ship(order), submission())).entries[0].version == 3
    with pytest.raises(AlreadyRecordedOtherwise):
        await other.execute(place(order=order), submission())


async def test_the_state_read_is_the_state_stored_whoever_wrote_last(
    book: Book, other_ledger: Ledger
) -> None:
    order = await placed_order(book)
    other = await other_ledger.book(book.name)
    await other.execute(capture(order, PRICE), submission())
    folded = await book.folded(order)
    assert folded.version == 2
    assert isinstance(folded.state, Placed)
    assert folded == await other.folded(order)
    assert await book.state(mint("ord")) is None


async def standing_of_next_order(book: Book, customer: str) -> str:
    outcome = await book.execute(place(customer=customer), submission())
    placed = outcome.entries[-1].event
    assert isinstance(placed, OrderPlaced)
    return placed.standing


async def test_the_standing_counts_what_another_process_shipped(book: Book, other_ledger: Ledger) -> None:
    order = place()
    await book.execute(order, submission())
    assert await standing_of_next_order(book, order.customer) == "new"
    other = await other_ledger.book(book.name)
    await other.execute(capture(order.order, PRICE), submission())
    await other.execute(ship(order.order, 3), submission())
    # Drop `facts` from the look-up, and `book` would go on calling the customer new.
    assert await standing_of_next_order(book, order.customer) == "existing"


async def test_the_standing_counts_what_two_processes_wrote_in_turns(
    book: Book, other_ledger: Ledger
) -> None:
    order = place()
    await book.execute(order, submission())
    other = await other_ledger.book(book.name)
    await other.execute(capture(order.order, PRICE), submission())
    await other.execute(ship(order.order, 3), submission())
    # Recorded here without reading the facts: folded into those kept, it would hide the shipment in between.
    unrelated = place(customer=order.customer)
    await other.execute(unrelated, submission())
    await book.execute(capture(unrelated.order, 1), submission())
    assert await standing_of_next_order(book, order.customer) == "existing"


async def test_the_standing_on_an_earlier_day_leaves_out_what_took_effect_later(book: Book) -> None:
    order = place()
    await book.execute(order, submission(effective_at=book.clock() - 3_000_000_000))
    before = book.clock() - 1_000_000_000
    await book.execute(capture(order.order, PRICE), submission())
    await book.execute(ship(order.order, 3), submission())
    late = await book.execute(place(customer=order.customer), submission(effective_at=before))
    assert isinstance(late.entries[0].event, OrderPlaced)
    assert late.entries[0].event.standing == "new"
    assert await standing_of_next_order(book, order.customer) == "existing"
    assert (await book.facts(order.customer, before)).orders == {}


# Reading


async def test_pages_leave_nothing_out_and_filters_agree_with_the_whole(book: Book) -> None:
    orders = [place() for _ in range(3)]
    for order in orders:
        await book.execute(order, submission())
        await book.execute(capture(order.order), submission())
    paged, after = [], 0
    while page := await book.page(after, 2):
        paged += page
        after = page[-1].position
    assert [entry.position for entry in paged] == list(range(1, 12))
    one = orders[1]
    assert await book.page(0, 99, customer=one.customer) == [e for e in paged if e.customer == one.customer]
    assert await book.page(0, 99, stream=one.order) == await book.entries(one.order)
    assert [e.stream for e in await book.page(4, 99, types=frozenset({"order.placed"}))] == [
        order.order for order in orders[1:]
    ]
    both = await book.page(
        0, 99, types=frozenset({"payment.captured"}), customer=one.customer, stream=one.order
    )
    assert [entry.version for entry in both] == [2]
    assert await book.entry(7) == paged[6]
    assert await book.entry(12) is None


async def test_a_waiter_that_is_cancelled_is_forgotten(book: Book) -> None:
    waiting = asyncio.create_task(book.wait_beyond(book.position, 60))
    await asyncio.sleep(0)
    assert len(book._waiting) == 1
    waiting.cancel()
    await asyncio.wait([waiting])
    assert len(book._waiting) == 0


async def test_a_stranger_verifies_what_is_stored_with_sha256sum(book: Book, rows: Rows) -> None:
    await paid_order(book)
    previous = "0" * 64
    for row in rows(book.name):
        header = (
            f"{row.position} {row.stream} {row.version} {row.type} {row.schema_version} "
            f"{row.customer or '-'} {row.effective_at} {row.recorded_at}"
        )
        text = f"{previous}\n{header}\n{row.meta}\n{row.data}\n"
        previous = sha256sum(text)
        assert previous == row.hash.hex()


async def test_a_waiter_is_woken_by_entries_of_its_own_process_and_of_others(
    book: Book, other_ledger: Ledger
) -> None:
    waiting = asyncio.create_task(book.wait_beyond(book.position, 60))
    await asyncio.sleep(0)
    await placed_order(book)
    assert await waiting == 4
    other = await other_ledger.book(book.name)
    waiting = asyncio.create_task(book.wait_beyond(book.position, 60))
    await placed_order(other)
    assert await waiting == 6
    assert await book.wait_beyond(6, 0.01) == 6


async def test_the_actor_and_the_circumstances_are_on_every_entry(book: Book) -> None:
    outcome = await book.execute(place(), submission(causation="17"))
    for entry in outcome.entries:
        assert (entry.meta.person, entry.meta.role, entry.meta.causation) == (ANN.person, ANN.role, "17")
