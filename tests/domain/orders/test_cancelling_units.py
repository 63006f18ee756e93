"""Cancellations: only unshipped units, the last ones first, and what becomes due back is granted with them.

Source: I13, I14, R-G6
"""

from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies

from domain.bills.bill_events import BillShare
from domain.bills.billing import NewBill
from domain.orders.account import OrderAccount, purse
from domain.orders.cancelling import CancellationExceedsUnits, NothingToCancel, may_credit_fee
from domain.orders.order import LineUnknown, Placed
from domain.orders.order_events import OrderLine, OrderShipped, OrderUnitsCancelled
from domain.payments.capturing import price_not_covered
from domain.refunds.credit_notes import CreditNoteNotPrepared
from domain.refunds.refund_events import RefundAsk, RefundedPart, RefundGranted
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.bill_examples import written_off
from tests.domain.examples import (
    BILL,
    ONE_DRESS_WITH_FEE,
    ORDER,
    OTHER_REFUND,
    REFUND,
    billed,
    cancel,
    cancelled,
    capture,
    captured,
    credit_note_taken,
    customer_registered,
    id_of,
    place,
    placed,
    refund_granted,
    ship,
    shipped,
)
from tests.domain.refund_examples import deciding, grant
from tests.domain.specification import OWNER, Story, given


def paid() -> Story:
    return given(customer_registered(), placed(), captured())


def test_cancelling_a_paid_order_gives_all_of_it_back_with_the_fee_never_charged() -> None:
    story = paid()
    story.when(cancel()).then(
        cancelled((1, 2), all_unshipped=True, fee_dropped=795), refund_granted(granted=7595, returns_fee=True)
    )
    assert story.account(ORDER).balance == -7595
    assert story.state(ORDER).purse().due_back == 7595


def test_cancelling_an_unpaid_order_grants_nothing() -> None:
    given(customer_registered(), placed()).when(cancel()).then(
        cancelled((1, 2), all_unshipped=True, fee_dropped=795)
    )


def test_cancelling_one_unit_gives_its_price_back_and_keeps_the_fee() -> None:
    paid().when(cancel((1, 1))).then(cancelled((1, 1)), refund_granted(granted=3400))


def test_only_what_the_units_left_do_not_need_becomes_due_back() -> None:
    part = given(customer_registered(), placed(), captured(amount=5000))
    part.when(cancel((1, 1))).then(cancelled((1, 1)), refund_granted(granted=5000 - 4195))
    little = given(customer_registered(), placed(), captured(amount=4195))
    little.when(cancel((1, 1))).then(cancelled((1, 1)))


def test_a_second_cancellation_grants_only_what_it_frees_itself() -> None:
    story = paid()
    story.do(cancel((1, 1)))
    story.when(cancel(refund=OTHER_REFUND)).then(
        cancelled((1, 1), refund=OTHER_REFUND, all_unshipped=True, fee_dropped=795),
        refund_granted(refund=OTHER_REFUND, granted=4195, returns_fee=True),
    )


def test_units_are_cancelled_from_the_last_downward() -> None:
    # 1.99 for two: the first costs 1.00, the last 0.99.
    odd = OrderLine(1, "A", "", 2, 100, 1, 0)
    story = given(customer_registered(), placed(lines=(odd,), shipping=0, total=199), captured(amount=199))
    story.when(cancel((1, 1))).then(cancelled((1, 1), goods=99), refund_granted(granted=99))


def test_shipped_units_cannot_be_cancelled() -> None:
    story = paid().record(shipped((1, 1), **ONE_DRESS_WITH_FEE))
    story.when(cancel((1, 2))).refused(CancellationExceedsUnits(ORDER, 1, 2, 1))
    story.when(cancel((1, 1))).then(cancelled((1, 1)), refund_granted(granted=3400))
    story.when(cancel((1, 1), refund=OTHER_REFUND)).refused(CancellationExceedsUnits(ORDER, 1, 1, 0))


def test_when_all_is_shipped_or_cancelled_nothing_is_left_to_cancel() -> None:
    paid().record(shipped()).when(cancel()).refused(NothingToCancel(ORDER))
    paid().record(cancelled((1, 2))).when(cancel(refund=OTHER_REFUND)).refused(NothingToCancel(ORDER))


def test_only_lines_of_the_order_are_cancelled() -> None:
    paid().when(cancel((2, 1))).refused(LineUnknown(ORDER, 2))


def test_the_same_cancellation_with_other_content_is_refused() -> None:
    story = paid()
    story.do(cancel((1, 1)))
    story.when(cancel((1, 1))).nothing()
    story.when(cancel((1, 2))).refused(AlreadyRecordedOtherwise(REFUND))
    story.when(cancel()).refused(AlreadyRecordedOtherwise(REFUND))
    everything = paid()
    everything.do(cancel())
    everything.when(cancel()).nothing()
    everything.when(cancel((1, 2))).refused(AlreadyRecordedOtherwise(REFUND))


def test_a_refund_id_used_otherwise_is_refused() -> None:
    story = paid().record(refund_granted(basis="original_charges", returns_fee=True, granted=795))
    story.when(cancel()).refused(AlreadyRecordedOtherwise(REFUND))


ONE_DRESS_REFUNDED = {
    "refund": OTHER_REFUND,
    "basis": "price_paid",
    "granted": 3400,
    "credit_amount": 3400,
    "goods": 3400,
    "parts": (RefundedPart(line=1, quantity=1, goods=3400, tax=0),),
}


NOTE = {"year": 2010, "number": 1}


def test_the_fee_that_was_charged_goes_back_when_the_whole_order_is_gone() -> None:
    # Leave `fee_goes_back` out → this fails.
    story = paid().record(shipped((1, 1), **ONE_DRESS_WITH_FEE), refund_granted(**ONE_DRESS_REFUNDED))
    fee = {"credit_amount": 795, "shipping": 795, "returns_fee": True}
    story.when(cancel()).then(
        cancelled((1, 1), all_unshipped=True),
        refund_granted(granted=3400 + 795, **fee, **NOTE),
        credit_note_taken(),
    )
    assert story.state(ORDER).purse().due_back == 7595


def test_a_fee_that_goes_back_needs_a_credit_note_of_this_year() -> None:
    story = paid().record(shipped((1, 1), **ONE_DRESS_WITH_FEE), refund_granted(**ONE_DRESS_REFUNDED))
    story.when(cancel(decided_on=None)).refused(CreditNoteNotPrepared(2010))
    story.when(cancel(decided_on="2009-12-31")).refused(CreditNoteNotPrepared(2010))


def test_the_fee_stays_while_a_shipped_unit_was_not_refunded() -> None:
    story = paid().record(shipped((1, 1), **ONE_DRESS_WITH_FEE))
    assert not story.when(cancel()).decides(RefundGranted).returns_fee


FEE = {"shipping": 795, "shipping_tax": 60, "shipping_credit": 95}
"""7.60 in all; with two dresses 75.60."""


def test_a_fee_that_goes_back_does_so_with_its_tax_and_without_what_we_bore() -> None:
    # Leave its tax or its credit out of the refund, or credit it gross → this fails.
    story = given(customer_registered(), placed(**FEE, total=7560), captured(amount=7560))
    story.record(shipped((1, 1), **FEE, goods=3400, charge=4160), refund_granted(**ONE_DRESS_REFUNDED))
    fee = {"credit_amount": 760, **FEE, "returns_fee": True}
    story.when(cancel()).then(
        cancelled((1, 1), all_unshipped=True),
        refund_granted(granted=3400 + 760, **fee, **NOTE),
        credit_note_taken(),
    )


def test_a_fee_that_went_back_before_does_not_go_back_again() -> None:
    # Leave `not fee_returned` out of `fee_goes_back` → this fails.
    late = {"basis": "original_charges", "ask": RefundAsk(observed_problem="late"), "refund": id_of("ref", 3)}
    fee = {"granted": 795, "credit_amount": 795, "shipping": 795, "returns_fee": True}
    story = paid().record(shipped((1, 1), **ONE_DRESS_WITH_FEE), refund_granted(**late, **fee))
    story.record(refund_granted(**ONE_DRESS_REFUNDED))
    story.when(cancel()).then(cancelled((1, 1), all_unshipped=True), refund_granted(granted=3400))


def test_parts_in_another_order_say_the_same() -> None:
    both = (OrderLine(1, "A", "", 2, 3400, 0, 0), OrderLine(2, "B", "", 2, 900, 0, 0))
    story = given(customer_registered(), placed(lines=both, total=9395))
    story.do(cancel((2, 1), (1, 1)))
    story.when(cancel((1, 1), (2, 1))).nothing()


def test_a_fee_that_goes_back_clears_the_open_bill_first() -> None:
    story = given(customer_registered(), placed(terms="bill_after"))
    story.record(shipped((1, 1), **ONE_DRESS_WITH_FEE), billed(amount=4195))
    story.record(refund_granted(**ONE_DRESS_REFUNDED, cleared=(BillShare(BILL, 3400),)))
    fee = {"granted": 0, "credit_amount": 795, "shipping": 795, "returns_fee": True}
    story.when(cancel()).then(
        cancelled((1, 1), all_unshipped=True),
        refund_granted(**fee, cleared=(BillShare(BILL, 795),), **NOTE),
        credit_note_taken(),
    )
    assert story.account(ORDER).balance == 0 == story.state(ORDER).open_bills()


def test_each_cancellation_takes_the_last_units_left() -> None:
    """Four at 9.985 cost 9.99, 9.98, 9.99 and 9.98; the last goes first, then the third."""
    four = OrderLine(1, "A", "", 4, 999, 2, 0)
    story = given(customer_registered(), placed(lines=(four,), shipping=0, total=3994))
    goods = []
    for number in (2, 3, 4, 5):
        command = cancel((1, 1), refund=id_of("ref", number))
        goods.append(story.when(command).decides(OrderUnitsCancelled).goods)
    assert goods == [998, 999, 998, 999]


@pytest.mark.parametrize(("paid", "ships"), [(3400 + 795, True), (3400 + 795 - 1, False), (7594, True)])
def test_a_cancellation_that_leaves_all_covered_lets_the_rest_ship(paid: int, ships: bool) -> None:
    story = given(customer_registered())
    story.do(place())
    story.do(capture(amount=paid))
    event = story.when(cancel((1, 1))).decides(OrderUnitsCancelled)
    assert [deadline.kind for deadline in event.deadlines] == ["ship_order"] * ships


def test_a_cancellation_of_all_that_is_left_ships_nothing() -> None:
    story = given(customer_registered())
    story.do(place())
    assert story.when(cancel()).decides(OrderUnitsCancelled).deadlines == ()


def test_a_cancellation_of_what_was_covered_starts_no_second_clock() -> None:
    story = given(customer_registered())
    story.do(place())
    story.do(capture())
    assert story.when(cancel((1, 1))).decides(OrderUnitsCancelled).deadlines == ()


def test_what_only_lets_off_what_was_let_off_gives_nothing_back() -> None:
    # The dress that shipped with the fee was written off; refunding it and cancelling the other clears both.
    story = given(customer_registered(), placed(terms="bill_after"))
    story.record(shipped((1, 1), goods=3400, charge=4195), billed(amount=4195), written_off(amount=4195))
    story.by(OWNER).do(grant((1, 1), refund=OTHER_REFUND, deciding=deciding(OWNER.person)))
    granted = story.when(cancel()).decides(RefundGranted)
    assert granted.write_offs_cleared == (BillShare(BILL, 795),)
    assert (granted.granted, granted.credit_amount, granted.deadlines) == (0, 795, ())
    assert story.account(ORDER).balance == 0


@pytest.mark.parametrize(("paid", "starts"), [(0, False), (1, True)])
def test_the_last_cent_that_goes_back_is_to_be_paid(paid: int, starts: bool) -> None:
    paid_so_far = (captured(amount=paid),) if paid else ()
    story = given(customer_registered(), placed(), *paid_so_far)
    granted = [it for it in story.do(cancel()) if isinstance(it, RefundGranted)]
    assert [(it.granted, bool(it.deadlines)) for it in granted] == [(1, True)] * starts


def test_a_fee_may_be_credited_if_it_was_charged_and_did_not_go_back() -> None:
    def story(**other: Any) -> Story:
        return given(customer_registered(), placed(**other))

    def may(story: Story) -> bool:
        return may_credit_fee(story.state(ORDER))

    shipped_one = shipped((1, 1), goods=3400, charge=4195)
    assert not may(story())
    assert may(story().record(captured(), shipped_one))
    free = story(shipping=0, total=6800).record(
        captured(), shipped((1, 1), goods=3400, shipping=0, charge=3400)
    )
    assert not may(free)
    cheapest = story(shipping=1, total=6801).record(shipped((1, 1), goods=3400, shipping=1, charge=3401))
    assert may(cheapest)
    returned = refund_granted(basis="original_charges", credit_amount=795, shipping=795, returns_fee=True)
    assert not may(story().record(captured(), shipped_one, returned))


# The order account, driven through random sequences. Source: §2 Money

LINES = (OrderLine(1, "A", "", 3, 1000, 1, 77), OrderLine(2, "B", "", 5, 33, 0, 0))
TOTAL = 2999 + 77 + 165 + 500
step = strategies.tuples(
    strategies.sampled_from(["capture", "ship", "cancel"]),
    strategies.integers(1, 2),
    strategies.integers(1, 5),
    strategies.integers(1, TOTAL),
)


def _holds(state: Placed) -> None:
    held = state.purse()
    account, bills = state.account, state.open_bills()
    assert held.deposit >= 0
    assert held.due_back >= 0
    assert account.balance == bills - held.deposit - held.due_back, "no order account is below its funds"
    assert held.deposit <= state.price_to_ship()
    assert 0 <= bills <= account.charged
    assert account.credited <= account.charged
    assert sum(refund.granted.granted for refund in state.refunds.values()) == held.due_back
    for line in state.lines:
        assert line.shipped + line.cancelled <= line.line.quantity
        assert line.refunded <= line.shipped
    if not state.units_to_ship:
        assert state.price_to_ship() == 0
        assert price_not_covered(state) == 0


def _adds_up(story: Story) -> None:
    """What was charged, what was cancelled and what is still to ship are together what the order costs."""
    events = [entry.event for entry in story.entries]
    charged = sum(it.charge for it in events if isinstance(it, OrderShipped))
    cancelled = [it for it in events if isinstance(it, OrderUnitsCancelled)]
    given_up = sum(it.goods + it.tax + it.fee_dropped for it in cancelled)
    assert charged + given_up + story.state(ORDER).price_to_ship() == TOTAL


@for_all(strategies.sampled_from(["card", "bill_after"]), strategies.lists(step, max_size=12))
def test_money_holds_through_any_sequence(terms: str, steps: list[tuple[str, int, int, int]]) -> None:
    # Charge the fee twice, price cancelled units from the first upward, or leave the cleared bills out of
    # `purse` → this fails.
    story = given(customer_registered(), placed(lines=LINES, shipping=500, total=TOTAL, terms=terms))
    for number, (what, line, quantity, amount) in enumerate(steps, start=1):
        suffix = f"{number:026d}"
        match what:
            case "capture":
                command = capture(payment=f"pay_{suffix}", reference=suffix, amount=amount)
            case "ship":
                bill = NewBill(f"bil_{suffix}", 2010)
                command = ship((line, quantity), shipment=f"shp_{suffix}", bill=bill)
            case _:
                command = cancel((line, quantity), refund=f"ref_{suffix}")
        try:
            story.do(command)
        except Refusal:
            continue
        story.when(command).nothing()
        _holds(story.state(ORDER))
        _adds_up(story)


accounts = strategies.builds(OrderAccount, *[strategies.integers(0, 10_000)] * 8)


@for_all(accounts, strategies.integers(0, 10_000), strategies.integers(0, 10_000))
def test_funds_are_a_deposit_and_what_is_due_back(account: OrderAccount, bills: int, to_ship: int) -> None:
    held = purse(account, bills, to_ship)
    assert held.deposit + held.due_back == max(0, bills - account.balance)
    assert 0 <= held.deposit <= to_ship
    assert held.due_back == 0 or held.deposit == to_ship
