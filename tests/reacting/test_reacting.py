"""Reacting: what follows by rule happens once, whatever dies in between, and what does not happen is seen."""

import ast
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import RFC_4122, UUID

import msgspec
import pytest

from domain.book.register import OpenBook
from domain.deadlines import start_of
from domain.entry import Entry
from domain.ids import is_id, parse_type_id
from domain.moments import SECOND
from domain.orders.order import Placed
from domain.orders.order_events import OrderPlaced, Part
from domain.orders.shipping import ShipOrder
from domain.payments.capturing import CapturePayment
from domain.payments.payment_events import PaymentCaptured
from domain.reactions import Errand, Reaction, derived_id, key_of
from ledger.book import Book, machine_now
from ledger.composition import Ledger
from ledger.errors import OutOfReach, Unavailable
from ledger.identity import mint
from ledger.projecting.as_of import Position, rows_as_of
from ledger.projecting.explain import explain
from ledger.projecting.rebuild import rebuild
from ledger.projecting.verify import verify
from ledger.reacting import reactor as reacting
from ledger.reacting.reactor import FIRST_PAUSE, LONGEST_PAUSE, Reacting, Reactor
from ledger.reacting.rows import Reactions
from ledger.record.repeats import Repeats
from ledger.record.submission import Submission
from projections.catalogue import PROJECTIONS
from projections.customer_balance import CustomerBalance
from tests.reacting.conftest import Acknowledge, contacts, head_of, ordered
from tests.ticking.conftest import ANN, submission

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]


class Died(BaseException):
    """The process ends here."""


class Ship(Reaction[OrderPlaced]):
    """An order ships at once; refused while nothing is paid."""

    rule = "ship"
    handles = (OrderPlaced,)

    def follows(self, it: OrderPlaced, entry: Entry) -> ShipOrder:
        shipment = it.order.replace("ord", "shp")
        return ShipOrder(
            order=it.order,
            shipment=shipment,
            parts=(Part(1, 1),),
            method="parcel",
            tracking="1Z",
            description="sealed",
        )


class CallCarrier(Errand, frozen=True):
    """Ask the carrier to fetch an order."""

    order: str


class Fetch(Reaction[OrderPlaced]):
    """The carrier is asked to fetch what was ordered."""

    rule = "fetch"
    handles = (OrderPlaced,)

    def follows(self, it: OrderPlaced, entry: Entry) -> CallCarrier:
        return CallCarrier(order=it.order)


class Carrier:
    """Comes once for each key; may be out of reach."""

    def __init__(self) -> None:
        self.came: dict[str, str] = {}
        self.asked: list[str] = []
        self.answers = True

    async def fetch(self, book: Book, errand: CallCarrier, asked: Submission) -> None:
        assert asked.key is not None
        self.asked.append(asked.key)
        if not self.answers:
            raise OutOfReach("the carrier does not answer")
        self.came.setdefault(asked.key, errand.order)
        entry = await book.entry(int(asked.causation or 0))
        assert entry is not None
        contact = Acknowledge().follows(entry.event, entry)  # type: ignore[arg-type]
        await book.execute(contact, asked)


def reactor_of(book: Book, carrier: Carrier, holder: str | None = None) -> Reactor:
    return Reactor(book, [Fetch()], {CallCarrier: carrier.fetch}, holder)


# What is recorded


async def test_what_follows_is_recorded_with_what_caused_it(book: Book, reactor: Reactor) -> None:
    order = await ordered(book, submission(correlation="cor-1"))
    assert await reactor.catch_up() == await head_of(book)
    placed, contact = await book.entries(order)
    meta = contact.meta
    assert (meta.person, meta.role, meta.origin) == ("system", "system", "reaction")
    assert (meta.causation, meta.correlation) == (str(placed.position), "cor-1")
    assert meta.key == f"reaction/acknowledge/{placed.position}"
    (reached,) = await book.reactions.reached(["acknowledge"], 0)
    assert (reached.position, reached.lag, reached.seconds) == (contact.position, 0, 0)
    assert book.reactions.done == {"acknowledge": 1}


async def test_nothing_follows_twice_and_what_comes_later_follows_later(book: Book, reactor: Reactor) -> None:
    first = await ordered(book)
    await reactor.catch_up()
    second = await ordered(book)
    (reached,) = await book.reactions.reached(["acknowledge"], 0)
    assert reached.lag == 2
    assert reached.seconds > 0
    for _ in range(2):
        await reactor.catch_up()
        assert [len(await contacts(book, order)) for order in (first, second)] == [1, 1]


@pytest.mark.parametrize("span", [1, 2, 3])
async def test_pages_of_any_size_leave_nothing_out(
    book: Book, reactor: Reactor, span: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reacting, "SPAN", span)
    orders = [await ordered(book) for _ in range(4)]
    await reactor.catch_up()
    assert [len(await contacts(book, order)) for order in orders] == [1, 1, 1, 1]


async def test_each_rule_has_its_own_cursor(book: Book, reactor: Reactor) -> None:
    # Read by the lowest cursor alone → what one rule has done follows again, and the keys alone stop it.
    order = await ordered(book)
    await reactor.catch_up()
    await reactor.release()
    carrier = Carrier()
    both = Reactor(book, [Acknowledge(), Fetch()], {CallCarrier: carrier.fetch})
    await both.catch_up()
    assert book.reactions.done == {"acknowledge": 1, "fetch": 1}
    assert list(carrier.came.values()) == [order]


async def test_an_id_that_follows_an_entry_is_always_the_same_and_of_its_moment(book: Book) -> None:
    order = await ordered(book)
    (entry,) = await book.entries(order)
    found = derived_id("shp", entry, "ship")
    assert found == derived_id("shp", entry, "ship")
    assert is_id("shp", found)
    uuid = UUID(int=parse_type_id(found)[1])
    assert (uuid.version, uuid.variant) == (7, RFC_4122)
    assert uuid.int >> 80 == entry.recorded_at // 1_000
    assert len({found, derived_id("shp", entry, "other"), derived_id("shp", entry)}) == 3


# Whatever dies


def wrapped(method: Callable[..., Awaitable[Any]], at: Callable[[], None]) -> Callable[..., Awaitable[Any]]:
    async def dying(*args: Any, **kwargs: Any) -> Any:
        at()
        result = await method(*args, **kwargs)
        at()
        return result

    return dying


AWAITED = [
    *((Reactions, name) for name in ("reached", "hold_lease", "page", "move", "fail", "forget", "failures")),
    *((Book, name) for name in ("state", "execute", "entry")),
    (Repeats, "of"),
    (Carrier, "fetch"),
]
"""Everything a reactor waits for; a process may die before or after each."""


@pytest.mark.parametrize("rule", ["acknowledge", "fetch"])
async def test_a_process_that_dies_anywhere_leaves_exactly_one_effect(
    ledger: Ledger, book_name: str, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Take the key out of the submission → dying after `execute` gives two contacts, and this fails.
    # Move the cursor before carrying out → dying between both gives none, and this fails.
    lives, count = 0, 0

    def at() -> None:
        nonlocal count
        count += 1
        if count == lives:
            raise Died

    for owner, name in AWAITED:
        monkeypatch.setattr(owner, name, wrapped(getattr(owner, name), at))
    died = 0
    while True:
        lives, count = 0, 0
        book = await ledger.open_book(f"{book_name[:40]}-{died}", OpenBook(zone="UTC", country="GB"))
        carrier = Carrier()
        orders = [await ordered(book) for _ in range(2)]

        def born(book: Book = book, carrier: Carrier = carrier) -> Reactor:
            holder = "started again, with nobody else there"
            if rule == "fetch":
                return reactor_of(book, carrier, holder)
            return Reactor(book, [Acknowledge()], {}, holder)

        lives, count = died + 1, 0
        try:
            await born().catch_up()
        except Died:
            died += 1
            lives = 0
            await born().catch_up()
        else:
            break
        finally:
            lives = 0
        assert [len(await contacts(book, order)) for order in orders] == [1, 1]
        if rule == "fetch":
            assert list(carrier.came.values()) == orders
        assert await book.reactions.failures() == []
    assert died >= 15


async def always(*_: object) -> bool:
    """No lease stands between two processes."""
    return True


async def test_a_task_cancelled_at_any_moment_leaves_exactly_one_effect(
    ledger: Ledger, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reactions, "hold_lease", always)
    for turns in range(0, 120, 3):
        order = await ordered(book)
        carrier = Carrier()
        running = asyncio.create_task(reactor_of(book, carrier).catch_up())
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running])
        await reactor_of(book, carrier).catch_up()
        assert len(await contacts(book, order)) == 1


async def test_two_processes_at_once_are_one_effect(
    book: Book, other_ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without the key there are two contacts an order, and this fails.
    monkeypatch.setattr(Reactions, "hold_lease", always)
    carrier = Carrier()
    orders = [await ordered(book) for _ in range(10)]
    other = await other_ledger.book(book.name)
    reactors = [reactor_of(each, carrier) for each in (book, other, book)]
    await asyncio.gather(*[each.catch_up() for each in reactors])
    assert [len(await contacts(book, order)) for order in orders] == [1] * 10
    assert sorted(carrier.came.values()) == sorted(orders)


async def test_one_process_reacts_at_a_time_and_the_next_takes_over(
    book: Book, reactor: Reactor, other_ledger: Ledger
) -> None:
    await ordered(book)
    await reactor.catch_up()
    other = Reactor(await other_ledger.book(book.name), [Acknowledge()], {})
    order = await ordered(book)
    assert await other.catch_up() == 0
    assert await contacts(book, order) == []
    await reactor.release()
    assert await other.catch_up() > 0
    assert len(await contacts(book, order)) == 1


# What is not done


async def test_what_is_refused_is_noted_and_keeps_nothing_back(book: Book) -> None:
    # Let the refusal pass without a row → the order is neither shipped nor seen, and this fails.
    reactor = Reactor(book, [Ship(), Acknowledge()], {})
    unpaid = await ordered(book)
    later = await ordered(book)
    await pay(book, later)
    await reactor.catch_up()
    (failure,) = await book.reactions.failures()
    (placed, _) = await book.entries(unpaid)
    assert (failure.rule, failure.position, failure.stream) == ("ship", placed.position, unpaid)
    assert (failure.tries, failure.again_at, failure.customer) == (1, None, placed.customer)
    assert failure.cause.startswith("Refused (I2): ")
    assert await is_shipped(book, later)
    assert len(await contacts(book, unpaid)) == 1
    assert await reactor.catch_up() == await head_of(book)
    assert [each.tries for each in await book.reactions.failures()] == [1]


async def test_what_was_refused_is_done_once_somebody_has_it_tried_again(book: Book) -> None:
    reactor = Reactor(book, [Ship()], {})
    order = await ordered(book)
    await reactor.catch_up()
    await book.reactions.try_again(machine_now(), "ship", None)
    await reactor.catch_up()
    assert [each.tries for each in await book.reactions.failures()] == [2]
    await pay(book, order)
    assert len(await book.reactions.try_again(machine_now(), None, None)) == 1
    await reactor.catch_up()
    assert await is_shipped(book, order)
    assert await book.reactions.failures() == []
    assert await book.reactions.try_again(machine_now(), None, None) == []


async def test_who_does_not_answer_is_asked_again_under_the_same_key_less_and_less_often(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier, now = Carrier(), machine_now()
    carrier.answers = False
    monkeypatch.setattr(reacting, "machine_now", lambda: now)
    reactor = reactor_of(book, carrier)
    order = await ordered(book)
    (placed,) = await book.entries(order)
    pauses: list[int] = []
    for _ in range(12):
        await reactor.catch_up()
        (failure,) = await book.reactions.failures()
        assert failure.again_at is not None
        pauses.append(failure.again_at - now)
        now = failure.again_at - 1
        tried = len(carrier.asked)
        await reactor.catch_up()
        assert len(carrier.asked) == tried  # not before its time
        now += 1
    assert pauses[:4] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE
    carrier.answers = True
    await reactor.catch_up()
    assert set(carrier.asked) == {key_of("fetch", placed.position)}
    assert (len(await contacts(book, order)), await book.reactions.failures()) == (1, [])


async def test_a_rule_that_does_not_understand_an_entry_is_seen_and_goes_on(book: Book) -> None:
    class Confused(Acknowledge):
        rule = "confused"

        def follows(self, it: OrderPlaced, entry: Entry) -> Any:
            if entry.position == poison:
                raise LookupError("what is this")
            return super().follows(it, entry)

    first, second = await ordered(book), await ordered(book)
    poison = (await book.entries(first))[0].position
    await Reactor(book, [Confused()], {}).catch_up()
    (failure,) = await book.reactions.failures()
    assert (failure.position, failure.cause) == (poison, "LookupError: what is this")
    assert len(await contacts(book, second)) == 1


async def test_a_database_that_does_not_answer_loses_nothing(
    book: Book, reactor: Reactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await ordered(book)

    async def gone(*_: object) -> None:
        raise Unavailable("the database does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(Book, "execute", gone)
        with pytest.raises(Unavailable):
            await reactor.catch_up()
    assert await book.reactions.failures() == []
    await reactor.catch_up()
    assert len(await contacts(book, order)) == 1


# What reacts to nothing


async def test_history_from_before_the_cut_over_is_followed_by_nothing(
    ledger: Ledger, book_name: str
) -> None:
    # Leave the day out of the question → the past is followed too, and this fails.
    book = await ledger.open_book(
        book_name, OpenBook(zone="Europe/Berlin", country="DE", cut_over="2026-01-10")
    )
    begins = start_of("2026-01-10", "Europe/Berlin")

    async def of(origin: str, at: int) -> str:
        asked = submission(effective_at=at)
        return await ordered(book, msgspec.structs.replace(asked, origin=origin))

    book.clock = lambda: begins + 3_600 * SECOND
    past = await of("import", begins - 1)
    first = await of("import", begins)
    entered_late = await of("api", begins - 1)
    await Reactor(book, [Acknowledge()], {}).catch_up()
    told = [len(await contacts(book, order)) for order in (past, first, entered_late)]
    assert told == [0, 1, 1]


async def test_rebuilding_verifying_explaining_and_looking_back_react_to_nothing(
    book: Book, reactor: Reactor
) -> None:
    order = await ordered(book)
    head = await head_of(book)
    rebuild(book.conninfo, book.name, PROJECTIONS)
    assert all(verdict.sound for verdict in verify(book.conninfo, book.name, PROJECTIONS))
    rows_as_of(book.conninfo, book.name, CustomerBalance(), Position(head))
    explain(book.conninfo, book.name, CustomerBalance(), (), "balance")
    await book.execute(Acknowledge().follows(*await placing(book, order)), submission(dry_run=True))
    assert await head_of(book) == head
    assert await contacts(book, order) == []
    (reached,) = await book.reactions.reached(["acknowledge"], 0)
    assert reached.position == 0
    await reactor.catch_up()
    assert len(await contacts(book, order)) == 1


def test_only_what_serves_can_react() -> None:
    # `from ledger.reacting.reactor import Reacting` in anything that folds → this fails.
    may = {"ledger/reacting/reactor.py", "ledger/reacting/catalogue.py", "cli/serve.py", "cli/worker.py"}
    found = {
        str(path.relative_to(ROOT))
        for package in ("domain", "projections", "ledger", "api", "cli")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "ledger.reacting.reactor"
    }
    assert found <= may


# Running


async def test_a_service_reacts_to_what_is_recorded_here_and_elsewhere(
    ledger: Ledger, book: Book, other_ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def only() -> list[str]:
        return [book.name]

    monkeypatch.setattr(ledger, "books", only)  # the database holds the books of other tests too
    told: list[object] = []
    running = asyncio.create_task(
        Reacting(ledger, [Acknowledge()], {}, lambda *what: told.append(what)).run()
    )
    other = await other_ledger.book(book.name)
    for recording in (book, other):
        order = await ordered(recording)
        while not await contacts(book, order):
            await book.wait_beyond(await head_of(book), 60)
    assert book.reactions.rules == ("acknowledge",)
    running.cancel()
    await asyncio.wait([running])
    assert (told, book.reactions.rules) == ([], ())
    assert await other.reactions.hold_lease("whoever comes next")


async def test_what_no_rule_reacts_to_wakes_nobody(book: Book) -> None:
    """Fails when any entry wakes who waits, and when none does."""
    book.reactions.handles = frozenset({PaymentCaptured})
    waiting = asyncio.create_task(book.reactions.heard(60))
    order = await ordered(book)
    for _ in range(5):  # whoever was woken would be through by then
        await asyncio.sleep(0)
    assert not waiting.done()
    await pay(book, order)
    async with asyncio.timeout(30):
        await waiting


async def pay(book: Book, order: str) -> None:
    payment = mint("pay")
    await book.execute(
        CapturePayment(
            order=order,
            payment=payment,
            amount=3_400,
            currency="EUR",
            processor="bank",
            reference=payment,
        ),
        Submission(actor=ANN, origin="api"),
    )


async def is_shipped(book: Book, order: str) -> bool:
    state = await book.state(order)
    assert isinstance(state, Placed)
    return bool(state.shipments)


async def placing(book: Book, order: str) -> tuple[OrderPlaced, Entry]:
    """What placed an order."""
    entry = (await book.entries(order))[0]
    assert isinstance(entry.event, OrderPlaced)
    return entry.event, entry
