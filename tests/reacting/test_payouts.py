"""A payout follows a grant: once, against the payment it came with, whatever dies in between. Source: R-G8"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from domain.book.register import OpenBook
from domain.corrections.correcting import CorrectEntry
from domain.customers.crediting import UseCredit
from domain.customers.giving_credit import GrantStoreCredit
from domain.decision import Actor
from domain.inbound.assigning import AssignMoney
from domain.inbound.notice_events import TOLD
from domain.inbound.notices import MovedMoney, ReceiveNotice
from domain.inbound.unmatched_events import Direction, UnmatchedPayout
from domain.moments import day_of, plus_days
from domain.orders.cancelling import CancelUnits
from domain.orders.delivering import DeliverShipment
from domain.orders.order import Placed
from domain.orders.order_events import Part
from domain.orders.shipping import ShipOrder
from domain.payments.capturing import CapturePayment
from domain.payments.disputing import CloseDispute, OpenDispute
from domain.payments.reversing import ReinstatePayment, ReversePayment
from domain.refunds.granting import GrantRefund
from domain.refunds.limits import Deciding
from domain.refunds.paying_out import RecordPayout, SendBack
from domain.refunds.payout_events import PayoutAsked
from domain.refunds.payout_failures import RecordReturnedPayout
from domain.refunds.refund_events import (
    AskedUnits,
    PayoutUnmatched,
    RefundAsk,
    RefundPaid,
    RefundPaymentFailed,
)
from domain.refunds.settlement import SettleRefund
from ledger.book import Book, machine_now
from ledger.composition import Ledger
from ledger.errors import OutOfReach
from ledger.identity import mint
from ledger.processors.gateway import Charge, Charged, ChargeDeclined, NotSentBack, SentBack
from ledger.reacting import reactor as reacting
from ledger.reacting.catalogue import ERRANDS, REACTIONS
from ledger.reacting.reactor import LONGEST_PAUSE, Reactor
from ledger.reacting.rows import Reactions
from tests.reacting.conftest import ordered
from tests.reacting.test_reacting import Died, always, wrapped
from tests.ticking.conftest import ANN, submission

pytestmark = pytest.mark.anyio

RULE = "payout_follows_grant"


class Processor:
    """Sends money back once for each payout, and remembers what it did."""

    processor = "acme"

    def __init__(self) -> None:
        self.did: dict[str, SentBack | NotSentBack] = {}
        self.asked: list[SendBack] = []
        self.answers = True
        self.refuses: str | None = None

    async def charge(self, charge: Charge) -> Charged | ChargeDeclined:
        raise NotImplementedError

    async def became_of_charge(self, charge: Charge) -> Charged | ChargeDeclined | None:
        raise NotImplementedError

    async def send_back(self, asked: SendBack) -> SentBack | NotSentBack:
        self.asked.append(asked)
        if self.refuses is not None:
            self.did.setdefault(asked.payout, NotSentBack(why=self.refuses))
        sent = SentBack(amount=asked.amount, reference=f"re_{len(self.did)}")
        did = self.did.setdefault(asked.payout, sent)
        if not self.answers:
            raise OutOfReach("the processor does not answer")
        return did

    async def became_of_payout(self, asked: SendBack) -> SentBack | NotSentBack | None:
        if not self.answers:
            raise OutOfReach("the processor does not answer")
        return self.did.get(asked.payout)

    @property
    def left(self) -> int:
        """What left in all."""
        return sum(sent.amount for sent in self.did.values() if isinstance(sent, SentBack))


@pytest.fixture
def acme(book: Book) -> Processor:
    book.gateway = acme = Processor()
    return acme


def reactor_of(book: Book, holder: str | None = None) -> Reactor:
    return Reactor(book, REACTIONS, ERRANDS, holder)


async def paid_order(book: Book, *captures: int, processor: str = "acme", quantity: int = 1) -> str:
    """A shipped and delivered order of 34.00 a dress, paid in so many captures."""
    order = await ordered(book, quantity=quantity)
    for amount in captures or (3_400 * quantity,):
        await do(
            book,
            CapturePayment(
                order=order,
                payment=(payment := mint("pay")),
                amount=amount,
                currency="EUR",
                processor=processor,
                reference=payment,
            ),
        )
    ship = ShipOrder(
        order=order,
        shipment=(shipment := mint("shp")),
        parts=(Part(1, quantity),),
        method="parcel",
        tracking="1Z",
        description="sealed",
    )
    await do(book, ship)
    await do(book, DeliverShipment(order=order, delivery=mint("dlv"), shipment=shipment))
    return order


async def granted(book: Book, order: str, origin: str = "api") -> str:
    """One dress of the order is refunded."""
    today = day_of(book.clock(), "Europe/Berlin")
    refund = mint("ref")
    state = await book.state(order)
    assert isinstance(state, Placed)
    ask = RefundAsk(units=(AskedUnits(1, 1),))
    deciding = Deciding(ANN.person, today, plus_days(today, -29))
    customer = state.placed.customer
    command = GrantRefund(order=order, customer=customer, refund=refund, ask=ask, deciding=deciding)
    await book.execute(command, msgspec.structs.replace(submission(), origin=origin))
    return refund


async def do(book: Book, command: Any) -> None:
    await book.execute(command, submission())


async def payouts(book: Book, order: str) -> list[RefundPaid | RefundPaymentFailed]:
    entries = await book.entries(order)
    return [entry.event for entry in entries if isinstance(entry.event, RefundPaid | RefundPaymentFailed)]


async def balance(book: Book, order: str) -> int:
    state = await book.state(order)
    assert isinstance(state, Placed)
    return state.account.balance


async def waiting(book: Book, order: str) -> list[tuple[PayoutUnmatched, UnmatchedPayout]]:
    """What left for refunds of the order and found no place there, with its money."""
    found: list[tuple[PayoutUnmatched, UnmatchedPayout]] = []
    for entry in await book.entries(order):
        if isinstance(it := entry.event, PayoutUnmatched):
            money, *_ = await book.entries(f"unmatched/{it.unmatched}")
            assert isinstance(money.event, UnmatchedPayout)
            assert [each.kind for each in money.event.deadlines] == ["unmatched"]
            assert (money.meta.origin, money.event.amount) == ("reaction", it.amount)
            found.append((it, money.event))
    return found


Meanwhile = Callable[[Book, str, str], Any]


async def take_back(book: Book, order: str, refund: str) -> None:
    """The refund was a mistake."""
    state = await book.state(order)
    assert isinstance(state, Placed)
    position = state.refunds[refund].position
    command = CorrectEntry(
        stream=order, customer=state.placed.customer, position=position, owed=mint("bil"), unmatched=None
    )
    supervisor = Actor(person=ANN.person, role="supervisor")
    said = msgspec.structs.replace(submission(), actor=supervisor, reason="sealed:By mistake")
    await book.execute(command, said)


async def settle_by_hand(book: Book, order: str, refund: str, reference: str = "by hand") -> None:
    """A person pays it out at the processor's own page."""
    state = await book.state(order)
    assert isinstance(state, Placed)
    await do(
        book,
        SettleRefund(
            stream=order,
            customer=state.placed.customer,
            refund=refund,
            payouts=(mint("pot"),),
            credit=mint("crd"),
            reference=reference,
        ),
    )


async def test_money_goes_back_at_once_and_the_entry_says_why(book: Book, acme: Processor) -> None:
    order = await paid_order(book)
    refund = await granted(book, order)
    await reactor_of(book).catch_up()
    (sent,) = acme.asked
    *_, grant, paid = await book.entries(order)
    assert isinstance(paid.event, RefundPaid)
    assert (paid.event.amount, paid.event.refund, paid.event.reference) == (3_400, refund, "re_0")
    assert (paid.meta.origin, paid.meta.causation) == ("reaction", str(grant.position))
    assert paid.meta.key == f"reaction/{RULE}/{grant.position}/{sent.payout}"
    assert (await balance(book, order), acme.left) == (0, 3_400)
    await reactor_of(book).catch_up()
    assert len(await payouts(book, order)) == 1


async def test_several_payments_each_get_their_own_back(book: Book, acme: Processor) -> None:
    order = await paid_order(book, 1_000, 2_400)
    await granted(book, order)
    await reactor_of(book).catch_up()
    assert [sent.amount for sent in acme.asked] == [1_000, 2_400]
    assert [paid.amount for paid in await payouts(book, order)] == [1_000, 2_400]


@pytest.mark.parametrize("refuses", [None, "card_closed"])
async def test_dying_anywhere_sends_back_once_and_records_once(
    ledger: Ledger, book_name: str, refuses: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Name the payout anew at each try → dying after the processor was asked sends 68.00, and this fails.
    lives, count = 0, 0

    def at() -> None:
        nonlocal count
        count += 1
        if count == lives:
            raise Died

    awaited: list[tuple[Any, str]] = [
        *(
            (Reactions, name)
            for name in ("reached", "hold_lease", "page", "move", "ask", "asked", "answered")
        ),
        *((Book, name) for name in ("state", "execute")),
        (Processor, "send_back"),
    ]
    for owner, name in awaited:
        monkeypatch.setattr(owner, name, wrapped(getattr(owner, name), at))
    died = 0
    while True:
        lives, count = 0, 0
        book = await ledger.open_book(f"{book_name[:40]}-{died}", OpenBook(zone="UTC", country="GB"))
        book.gateway = acme = Processor()
        acme.refuses = refuses
        order = await paid_order(book, 1_000, 2_400)
        await granted(book, order)
        lives, count = died + 1, 0
        try:
            await reactor_of(book, "the one").catch_up()
        except Died:
            died += 1
            lives = 0
            await reactor_of(book, "the one").catch_up()
        else:
            break
        finally:
            lives = 0
        recorded = await payouts(book, order)
        if refuses is None:
            assert ([paid.amount for paid in recorded], acme.left) == ([1_000, 2_400], 3_400)
        else:
            assert ([type(each) for each in recorded], acme.left) == ([RefundPaymentFailed] * 2, 0)
        await book.close()  # each keeps a connection, and the server has not that many
    assert died >= 20


async def test_two_processes_send_back_once(
    book: Book, acme: Processor, other_ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reactions, "hold_lease", always)
    orders = [await paid_order(book) for _ in range(5)]
    for order in orders:
        await granted(book, order)
    other = await other_ledger.book(book.name)
    other.gateway = acme
    await asyncio.gather(*[reactor_of(each).catch_up() for each in (book, other, book)])
    assert [len(await payouts(book, order)) for order in orders] == [1] * 5
    assert acme.left == 5 * 3_400


@pytest.mark.parametrize("meanwhile", [take_back, settle_by_hand])
async def test_what_did_not_leave_of_a_refund_settled_meanwhile_is_nothing_and_the_next_is_paid(
    book: Book, acme: Processor, meanwhile: Meanwhile
) -> None:
    # Let the refusal end the errand → the second refund waits for somebody, and this fails.
    order = await paid_order(book, quantity=2)
    first, second = await granted(book, order), await granted(book, order)
    send_back: Callable[[SendBack], Any] = acme.send_back

    async def refused_once(asked: SendBack) -> SentBack | NotSentBack:
        if acme.asked:
            return await send_back(asked)
        acme.asked.append(asked)
        await meanwhile(book, order, first)
        return NotSentBack(why="card_closed")

    acme.send_back = refused_once
    await reactor_of(book).catch_up()
    by_hand = [first] if meanwhile is settle_by_hand else []
    assert [paid.refund for paid in await payouts(book, order)] == [*by_hand, second]
    assert (await book.reactions.failures(), await book.reactions.asked(order)) == ([], [])


@pytest.mark.parametrize("meanwhile", [take_back, settle_by_hand])
@pytest.mark.parametrize("dies", [True, False])
async def test_what_left_before_anything_was_recorded_is_found_whatever_became_of_its_refund(
    book: Book, acme: Processor, meanwhile: Meanwhile, dies: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Ask only for what is due by now → what left is recorded nowhere, and this fails.
    order = await paid_order(book)
    refund = await granted(book, order)
    send_back: Callable[[SendBack], Any] = acme.send_back

    async def at_last(asked: SendBack) -> SentBack | NotSentBack:
        await send_back(asked)
        raise Died if dies else OutOfReach("the processor does not answer")

    acme.send_back = at_last
    with suppress(Died):
        await reactor_of(book, "one").catch_up()
    await meanwhile(book, order, refund)
    acme.send_back = send_back
    later = machine_now() + LONGEST_PAUSE
    monkeypatch.setattr(reacting, "machine_now", lambda: later)
    for _ in range(2):
        await reactor_of(book, "one").catch_up()
        ((over, _),) = await waiting(book, order)
        assert (over.refund, over.amount, over.reference) == (refund, 3_400, "re_0")
        assert (len(acme.asked), await book.reactions.failures()) == (1, [])
        assert await book.reactions.asked(order) == []


async def test_what_was_never_sent_is_not_sent_once_its_refund_is_settled_otherwise(
    book: Book, acme: Processor
) -> None:
    order = await paid_order(book)
    refund = await granted(book, order)
    send_back: Callable[[SendBack], Any] = acme.send_back

    async def too_soon(asked: SendBack) -> SentBack | NotSentBack:
        raise Died

    acme.send_back = too_soon
    with suppress(Died):
        await reactor_of(book, "one").catch_up()
    assert len(await book.reactions.asked(order)) == 1
    await settle_by_hand(book, order, refund)
    acme.send_back = send_back
    await reactor_of(book, "one").catch_up()
    assert (acme.asked, acme.left, await waiting(book, order)) == ([], 0, [])
    assert await book.reactions.asked(order) == []


async def test_a_processor_that_did_it_and_did_not_say_so_is_asked_again(
    book: Book, acme: Processor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The end of a dispute meanwhile asks for the same payout: a name made of the cause would pay twice.
    order = await paid_order(book)
    await granted(book, order)
    acme.answers = False
    await reactor_of(book, "one").catch_up()
    (failure,) = await book.reactions.failures()
    assert (failure.cause, failure.rule) == ("the processor does not answer", RULE)
    dispute = await disputed(book, order)
    await do(book, CloseDispute(order=order, dispute=dispute, outcome="won"))
    acme.answers = True
    await reactor_of(book, "one").catch_up()
    assert ([paid.amount for paid in await payouts(book, order)], acme.left) == ([3_400], 3_400)
    later = (failure.again_at or 0) + 1
    monkeypatch.setattr(reacting, "machine_now", lambda: later)
    await reactor_of(book, "one").catch_up()
    assert (len(await payouts(book, order)), await book.reactions.failures()) == (1, [])


async def test_while_a_bank_asks_it_waits_and_then_follows_by_itself(book: Book, acme: Processor) -> None:
    order = await paid_order(book)
    dispute = await disputed(book, order)
    await granted(book, order)
    await reactor_of(book, "one").catch_up()
    assert (acme.asked, await book.reactions.failures()) == ([], [])
    await do(book, CloseDispute(order=order, dispute=dispute, outcome="won"))
    await reactor_of(book, "one").catch_up()
    assert len(acme.asked) == len(await payouts(book, order)) == 1


@pytest.mark.parametrize("refunded_first", [True, False])
async def test_money_the_bank_gives_back_is_paid_out_by_itself(
    book: Book, acme: Processor, refunded_first: bool
) -> None:
    # Follow only grants and ends of disputes → this fails.
    order = await paid_order(book)
    if refunded_first:
        await granted(book, order)
    reversal = await charged_back(book, order)
    if not refunded_first:
        await granted(book, order)
    await reactor_of(book, "one").catch_up()
    assert acme.asked == []
    again = {"reinstatement": mint("rev"), "reference": "dp_1"}
    back = ReinstatePayment(order=order, reversal=reversal, amount=3_400, currency="EUR", **again)
    await do(book, back)
    await reactor_of(book, "one").catch_up()
    assert ([paid.amount for paid in await payouts(book, order)], acme.left) == ([3_400], 3_400)


async def told_of_payout(book: Book, order: str, customer: str, direction: Direction = "payout") -> str:
    """Its processor tells of 34.00 that moved for the order at the processor's own page; it is kept."""
    money = MovedMoney(
        unmatched=mint("unm"), direction=direction, amount=3_400, currency="EUR", reference="re_told"
    )
    notice = ReceiveNotice(
        processor="acme",
        notice="evt_1",
        kind="refund.created",
        happened_at=book.clock(),
        body="sealed:{}",
        customer=customer,
        order=order,
        money=money,
    )
    await book.execute(notice, msgspec.structs.replace(submission(), origin=TOLD))
    return money.unmatched


async def placed_of(book: Book, order: str) -> Placed:
    state = await book.state(order)
    assert isinstance(state, Placed)
    return state


async def test_nothing_leaves_by_itself_for_an_order_while_what_its_processor_told_left_for_it_waits(
    book: Book, acme: Processor
) -> None:
    # Look at the order only → 34.00 leave a second time before anybody said what left, and this fails.
    order = await paid_order(book, quantity=2)
    customer = (await placed_of(book, order)).placed.customer
    told = await told_of_payout(book, order, customer)
    first, second = await granted(book, order), await granted(book, order)
    await reactor_of(book, "one").catch_up()
    assert (acme.asked, await payouts(book, order)) == ([], [])
    (payment,) = (await placed_of(book, order)).payments
    paid = RecordPayout(
        stream=order,
        refund=first,
        payout=mint("pot"),
        payment=payment,
        amount=3_400,
        currency="EUR",
        reference="re_told",
    )
    await do(book, AssignMoney(unmatched=told, customer=customer, fact=paid))
    await settle_without_reference(book, order, second)
    await reactor_of(book, "one").catch_up()
    assert [sent.amount for sent in acme.asked] == [3_400]
    assert (await balance(book, order), acme.left) == (0, 3_400)


@pytest.mark.parametrize("waits", ["of another order", "came"])
async def test_what_waits_and_did_not_leave_for_the_order_keeps_nothing_from_leaving(
    book: Book, acme: Processor, waits: str
) -> None:
    order, other = await paid_order(book), await paid_order(book)
    named = other if waits == "of another order" else order
    customer = (await placed_of(book, named)).placed.customer
    await told_of_payout(book, named, customer, "receipt" if waits == "came" else "payout")
    await granted(book, order)
    await reactor_of(book).catch_up()
    assert (await balance(book, order), acme.left) == (0, 3_400)


async def charged_back(book: Book, order: str, amount: int = 3_400) -> str:
    """The order's payment is taken back from us."""
    state = await book.state(order)
    assert isinstance(state, Placed)
    (payment, *_), reversal = state.payments, mint("rev")
    reverse = ReversePayment(
        order=order,
        customer=state.placed.customer,
        reversal=reversal,
        payment=payment,
        kind="chargeback",
        amount=amount,
        currency="EUR",
        bill=mint("bil"),
    )
    await do(book, reverse)
    return reversal


async def test_a_refused_payout_stays_owed_and_is_not_hammered(book: Book, acme: Processor) -> None:
    order = await paid_order(book)
    await granted(book, order)
    acme.refuses = "card_closed"
    await reactor_of(book, "one").catch_up()
    (failed,) = await payouts(book, order)
    assert isinstance(failed, RefundPaymentFailed)
    assert (failed.why, failed.amount, [each.kind for each in failed.deadlines]) == (
        "card_closed",
        3_400,
        ["refund_payout"],
    )
    dispute = await disputed(book, order)
    await do(book, CloseDispute(order=order, dispute=dispute, outcome="won"))
    await reactor_of(book, "one").catch_up()
    assert len(acme.asked) == 1
    assert await balance(book, order) == -3_400


async def test_what_left_is_recorded_though_something_changed_meanwhile(book: Book, acme: Processor) -> None:
    order = await paid_order(book)
    await granted(book, order)
    send_back: Callable[[SendBack], Any] = acme.send_back

    async def interrupted(asked: SendBack) -> SentBack | NotSentBack:
        said = await send_back(asked)
        await disputed(book, order)
        return said

    acme.send_back = interrupted
    await reactor_of(book).catch_up()
    assert [paid.amount for paid in await payouts(book, order)] == [3_400]


async def test_more_than_is_due_is_never_paid_of_a_refund_and_waits_as_unmatched(
    book: Book, acme: Processor
) -> None:
    order = await paid_order(book)
    await granted(book, order)

    async def wrong(asked: SendBack) -> SentBack:
        return SentBack(amount=asked.amount + 1, reference="re_9")

    acme.send_back = wrong
    await reactor_of(book).catch_up()
    assert (await payouts(book, order), await book.reactions.failures()) == ([], [])
    ((over, money),) = await waiting(book, order)
    assert (money.amount, money.reference, money.why) == (3_401, "re_9", "payout-exceeds-due")
    assert over.why == money.why
    assert await balance(book, order) == -3_400, "what was due is due still, and a person finds the way"
    await reactor_of(book).catch_up()
    assert len(await waiting(book, order)) == 1


@pytest.mark.parametrize("meanwhile", [take_back, settle_by_hand])
async def test_what_left_for_a_refund_that_can_take_it_no_longer_waits_and_the_next_is_paid(
    book: Book, acme: Processor, meanwhile: Meanwhile
) -> None:
    # Let the refusal be all → what left is recorded nowhere, and this fails.
    order = await paid_order(book, quantity=2)
    first, second = await granted(book, order), await granted(book, order)
    other = await paid_order(book)
    await granted(book, other)
    send_back: Callable[[SendBack], Any] = acme.send_back

    async def interrupted(asked: SendBack) -> SentBack | NotSentBack:
        said = await send_back(asked)
        if len(acme.asked) == 1:
            await meanwhile(book, order, first)
        return said

    acme.send_back = interrupted
    await reactor_of(book).catch_up()
    ((over, money),) = await waiting(book, order)
    assert (over.refund, over.amount, money.reference) == (first, 3_400, "re_0")
    by_hand = [first] if meanwhile is settle_by_hand else []
    assert [paid.refund for paid in await payouts(book, order)] == [*by_hand, second]
    assert len(await payouts(book, other)) == 1
    assert await book.reactions.failures() == []
    await reactor_of(book).catch_up()
    assert (len(acme.asked), acme.left) == (3, 3 * 3_400)


async def test_what_left_under_a_reference_that_somebody_else_typed_waits_and_is_asked_for_once(
    book: Book, acme: Processor
) -> None:
    # Let the claim refuse it → the errand fails and is tried again for ever, and this fails.
    other = await paid_order(book)
    book.gateway = None
    await settle_by_hand(book, other, await granted(book, other), reference="re_0")
    book.gateway = acme
    order = await paid_order(book)
    await granted(book, order)
    await reactor_of(book).catch_up()
    assert (await payouts(book, order), await book.reactions.failures()) == ([], [])
    ((over, money),) = await waiting(book, order)
    assert (over.reference, money.amount, money.why) == ("re_0", 3_400, "reference-paid-out-otherwise")
    await reactor_of(book).catch_up()
    assert (len(acme.asked), len(await waiting(book, order))) == (1, 1)


@pytest.mark.parametrize("connected", [True, False])
async def test_money_that_came_by_another_way_is_left_to_a_person(book: Book, connected: bool) -> None:
    if connected:
        book.gateway = Processor()
    order = await paid_order(book, processor="another" if connected else "acme")
    await granted(book, order)
    await reactor_of(book).catch_up()
    assert (await payouts(book, order), await book.reactions.failures()) == ([], [])
    assert await balance(book, order) == -3_400


@pytest.mark.parametrize("origin", ["import", "api"])
async def test_a_refund_imported_from_before_the_cut_over_is_a_fact(
    ledger: Ledger, book_name: str, origin: str
) -> None:
    # Ask for the day alone → what was granted here is paid by nobody, and this fails.
    tomorrow = plus_days(day_of(machine_now(), "Europe/Berlin"), 1)
    opened = OpenBook(zone="Europe/Berlin", country="DE", cut_over=tomorrow)
    book = await ledger.open_book(book_name, opened)
    book.gateway = acme = Processor()
    order = await paid_order(book)
    dispute = await disputed(book, order)
    await granted(book, order, origin)
    await do(book, CloseDispute(order=order, dispute=dispute, outcome="won"))
    await reactor_of(book).catch_up()
    assert len(acme.asked) == (0 if origin == "import" else 1)


async def disputed(book: Book, order: str) -> str:
    """A bank asks about the order's payment."""
    state = await book.state(order)
    assert isinstance(state, Placed)
    (payment, *_) = state.payments
    dispute = mint("dsp")
    await do(
        book,
        OpenDispute(
            order=order, dispute=dispute, payment=payment, amount=1, currency="EUR", why="fraudulent"
        ),
    )
    return dispute


async def test_recording_a_payout_is_a_retry_the_second_time(book: Book, acme: Processor) -> None:
    order = await paid_order(book)
    refund = await granted(book, order)
    await reactor_of(book).catch_up()
    (paid,) = await payouts(book, order)
    assert isinstance(paid, RefundPaid)
    again = RecordPayout(
        stream=order,
        refund=refund,
        payout=paid.payout,
        payment=paid.payment or "",
        amount=paid.amount,
        currency="EUR",
        reference=paid.reference or "",
    )
    outcome = await book.execute(again, submission())
    assert outcome.already


async def settle_without_reference(book: Book, order: str, refund: str) -> None:
    """Somebody has what is due paid out, and says nothing of how."""
    state = await book.state(order)
    assert isinstance(state, Placed)
    customer, its = state.placed.customer, {"payouts": (mint("pot"),), "credit": mint("crd")}
    await do(book, SettleRefund(stream=order, customer=customer, refund=refund, processor="acme", **its))


async def test_what_was_granted_while_no_processor_was_connected_is_sent_once_somebody_asks(
    book: Book,
) -> None:
    # Refuse to be asked → it is due for ever, and every way out would be a lie; this fails.
    order = await paid_order(book)
    refund = await granted(book, order)
    await reactor_of(book, "one").catch_up()
    book.gateway = acme = Processor()
    await reactor_of(book, "one").catch_up()
    assert acme.asked == []
    for _ in range(2):  # two people ask
        await settle_without_reference(book, order, refund)
    (asked, _) = [each for each in await book.entries(order) if isinstance(each.event, PayoutAsked)]
    assert (await payouts(book, order), await balance(book, order)) == ([], -3_400)
    for _ in range(2):
        await reactor_of(book, "one").catch_up()
        assert ([paid.amount for paid in await payouts(book, order)], acme.left) == ([3_400], 3_400)
    paid = (await book.entries(order))[-1]
    assert paid.meta.key == f"reaction/{RULE}/{asked.position}/{acme.asked[0].payout}"


async def test_what_was_paid_by_hand_before_a_processor_was_connected_does_not_leave_again(
    book: Book,
) -> None:
    # Send what is due once somebody is connected → what is written down the day after leaves twice (0025).
    order = await paid_order(book)
    refund = await granted(book, order)
    await reactor_of(book, "one").catch_up()
    book.gateway = acme = Processor()
    await reactor_of(book, "one").catch_up()
    await settle_by_hand(book, order, refund)
    await reactor_of(book, "one").catch_up()
    assert (await balance(book, order), acme.asked) == (0, [])


async def test_what_waited_is_sent_with_what_else_is_due_of_its_order(book: Book) -> None:
    order, other = await paid_order(book, quantity=2), await paid_order(book)
    waited = [await granted(book, order), await granted(book, other)]
    await reactor_of(book, "one").catch_up()
    book.gateway = acme = Processor()
    since = await granted(book, order)
    await reactor_of(book, "one").catch_up()
    assert [paid.refund for paid in await payouts(book, order)] == [waited[0], since]
    assert (await payouts(book, other), acme.left) == ([], 6_800)


async def test_what_a_closed_card_did_not_take_is_asked_for_against_the_next(
    book: Book, acme: Processor
) -> None:
    order = await paid_order(book, 4_000, 2_800, quantity=2)
    await granted(book, order)
    send_back: Callable[[SendBack], Any] = acme.send_back

    async def first_is_closed(asked: SendBack) -> SentBack | NotSentBack:
        acme.refuses = None if acme.asked else "card_closed"
        return await send_back(asked)

    acme.send_back = first_is_closed
    await reactor_of(book).catch_up()
    assert [sent.amount for sent in acme.asked] == [3_400, 2_800]
    assert [type(each) for each in await payouts(book, order)] == [RefundPaymentFailed, RefundPaid]
    assert await balance(book, order) == -600, "what no payment takes is a person's"


async def test_what_comes_back_to_us_and_has_another_card_to_go_to_is_sent_by_itself(
    book: Book, acme: Processor
) -> None:
    # Look only at grants → 34.00 come back, and nobody asks the second card; this fails.
    order = await paid_order(book, 3_400, 3_400, quantity=2)
    refund = await granted(book, order)
    await reactor_of(book, "one").catch_up()
    (paid,) = await payouts(book, order)
    back = RecordReturnedPayout(stream=order, refund=refund, payout=paid.payout, why="account_closed")
    await do(book, back)
    await reactor_of(book, "one").catch_up()
    assert len({sent.payment for sent in acme.asked}) == 2
    assert (await balance(book, order), await book.reactions.failures()) == (0, [])


async def test_credit_is_kept_by_itself_only_while_it_is_all_that_is_due(
    book: Book, acme: Processor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Settle by whatever way is open → 2,000 more are "paid" that nobody sent; note the refusal → it waits for
    # somebody, though the money's own cause has it sent. Either way this fails.
    order = await ordered(book)
    state = await book.state(order)
    assert isinstance(state, Placed)
    customer = state.placed.customer
    credit = {"customer": customer, "currency": "EUR", "amount": 1_400}
    given = GrantStoreCredit(credit=mint("crd"), kind="goodwill", **credit)
    owner = Actor(person=ANN.person, role="owner")
    await book.execute(given, msgspec.structs.replace(submission(), actor=owner))
    await do(book, UseCredit(order=order, use=mint("use"), **credit))
    paid = {"payment": mint("pay"), "processor": "acme", "reference": mint("pay")}
    await do(book, CapturePayment(order=order, amount=2_000, currency="EUR", **paid))
    reversal = await charged_back(book, order, 2_000)
    await do(book, CancelUnits(order=order, refund=mint("ref")))
    execute = Book.execute

    async def after_the_bank(self: Book, command: Any, said: Any) -> Any:
        if isinstance(command, SettleRefund) and not acme.asked:
            monkeypatch.setattr(Book, "execute", execute)
            again = {"reinstatement": mint("rev"), "reference": "dp_1"}
            back = ReinstatePayment(order=order, reversal=reversal, amount=2_000, currency="EUR", **again)
            await do(book, back)
        return await execute(self, command, said)

    monkeypatch.setattr(Book, "execute", after_the_bank)
    await reactor_of(book).catch_up()
    sent = [it for it in await payouts(book, order) if isinstance(it, RefundPaid)]
    assert [it.reference for it in sent] == ["re_0", "re_1"]
    assert sum(it.amount for it in sent) == acme.left == 2_000
    assert (await balance(book, order), await book.reactions.failures()) == (0, [])
