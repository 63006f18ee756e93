"""A payment is asked about, taken back, and comes again. Source: R-B9, I13"""

from typing import Any

import pytest

from domain.bills.bill_events import BillShare
from domain.bills.owing import CurrencyOfOrderDiffers, OrderOfAnotherCustomer
from domain.bills.watching import is_watched
from domain.causes import EffectiveBeforeCause
from domain.customers.standing import standing
from domain.declines.decline_events import OrderReleased
from domain.orders.order_events import Deadline, OverdueBill
from domain.payments.disputing import (
    DisputeEndedOtherwise,
    DisputeExceedsPayment,
    DisputeUnknown,
    PaymentUnknown,
)
from domain.payments.payment_events import DisputeClosed, DisputeOpened, PaymentReinstated, PaymentReversed
from domain.payments.reversing import (
    ReferenceReversedOtherwise,
    ReinstatementExceedsReversal,
    ReversalExceedsPayment,
    ReversalUnknown,
)
from domain.refunds.refund_events import RefundGranted, RefundPaid
from domain.retry import AlreadyRecordedOtherwise
from domain.ticking import Tick
from tests.domain.bill_examples import (
    DISPUTE,
    ILL,
    OVERDUE,
    REINSTATEMENT,
    REVERSAL,
    billed_story,
    call,
    close_dispute,
    credit_kept,
    dispute,
    paid_story,
    pay_bill,
    payment_reversed,
    promise,
    promise_kept,
    reinstate,
    reverse,
    review,
    write_off,
    write_off_reversed,
    written_off,
)
from tests.domain.correction_examples import entry_of
from tests.domain.decline_examples import fail, held_again
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    ORDER,
    OTHER_BILL,
    OTHER_CUSTOMER,
    OTHER_ORDER,
    OTHER_PAYMENT,
    PAYMENT,
    REFUND,
    cancel,
    capture,
    captured,
    customer_registered,
    id_of,
    place,
    placed,
    refund_granted,
    ship,
    usd,
)
from tests.domain.refund_examples import settle
from tests.domain.specification import NOON, OWNER, Story, given, moment


def opened(**other: Any) -> DisputeOpened:
    said = {"dispute": DISPUTE, "payment": PAYMENT, "currency": "USD", "amount": 7595, "why": "fraudulent"}
    return DisputeOpened(**{"order": ORDER, "customer": CUSTOMER, **said, "reference": None, **other})


def reinstated(amount: int, pays: int, **other: Any) -> PaymentReinstated:
    said = {"reversal": REVERSAL, "reinstatement": REINSTATEMENT, "payment": PAYMENT, "currency": "USD"}
    shares = (BillShare(OTHER_BILL, pays),) if pays else ()
    about = {"order": ORDER, "customer": CUSTOMER, "reference": f"dp_{REINSTATEMENT}"}
    return PaymentReinstated(**{**about, **said, "amount": amount, "bills": shares, **other})


def for_nothing(amount: int) -> RefundGranted:
    """So much was paid otherwise meanwhile, and goes back."""
    refund = id_of("ref", 2)  # named as the reinstatement
    return refund_granted(refund=refund, basis="undelivered", granted=amount)


def money_of(story: Story) -> tuple[int, int, int, int]:
    """(balance, open, deposit, due back) of the order."""
    state = story.state(ORDER)
    return state.account.balance, state.open_bills(), state.purse().deposit, state.purse().due_back


# Disputes


def test_a_dispute_moves_nothing() -> None:
    story = paid_story()
    before = money_of(story)
    story.when(dispute()).then(opened())
    assert story.state(ORDER).is_disputed
    story.when(close_dispute("won")).then(
        DisputeClosed(order=ORDER, customer=CUSTOMER, dispute=DISPUTE, outcome="won")
    )
    assert not story.state(ORDER).is_disputed
    assert money_of(story) == before


def test_what_a_bank_names_is_one_dispute_and_one_reversal_whoever_records_it() -> None:
    # Compare our own ids alone → the bank's notice and a person's make two of one, and this fails.
    story = paid_story()
    story.do(dispute(reference="dp_1", why="fraud", amount=500))
    other = id_of("dsp", 2)
    story.when(dispute(dispute=other, reference="dp_1", amount=500)).nothing()
    story.when(dispute(dispute=other, reference="dp_1", amount=501)).refused(
        AlreadyRecordedOtherwise(DISPUTE)
    )
    story.do(reverse(reference="dp_1", amount=500))
    again = {"reversal": id_of("rev", 9), "dispute": DISPUTE, "reference": "dp_1"}
    story.when(reverse(**again, amount=500)).nothing()
    story.when(reverse(**again, amount=501)).refused(
        ReferenceReversedOtherwise(REVERSAL, entry_of(story, PaymentReversed), usd(500), usd(501))
    )
    story.do(reverse(**{**again, "reference": "dp_2"}, amount=500))
    story.do(reverse(reversal=id_of("rev", 10), amount=500))
    assert story.account(ORDER).reversed == 1500


def test_a_reversal_recorded_without_the_banks_reference_is_the_one_the_bank_tells_of() -> None:
    # Compare references alone → the bank's notice takes the money back once more, and this fails.
    story = paid_story()
    story.do(dispute(reference="dp_1", amount=500))
    story.do(reverse(dispute=DISPUTE, amount=500))
    told = {"reversal": id_of("rev", 9), "reference": "dp_1", "dispute": DISPUTE}
    story.when(reverse(**told, amount=500)).nothing()
    assert story.when(reverse(**told, amount=501)).decides(PaymentReversed)
    by_hand = reverse(reversal=id_of("rev", 10), dispute=DISPUTE, amount=500)
    assert story.when(by_hand).decides(PaymentReversed)


def test_a_dispute_about_money_given_back_already_is_to_be_contested() -> None:
    story = given(customer_registered())
    for command in (place(), capture(), cancel()):
        story.do(command)
    assert story.when(dispute()).decides(DisputeOpened).deadlines == ()
    story = given(customer_registered())
    for command in (place(), capture(), cancel()):
        story.do(command)
    state = story.state(ORDER)
    assert isinstance(state.refunds[REFUND].granted, RefundGranted)
    story.record(refund_paid(7595))
    contest = Deadline("contest_dispute", moment("2010-08-10"), moment("2010-08-11", "00:00"))
    assert story.when(dispute()).decides(DisputeOpened).deadlines == (contest,)


def test_money_given_back_as_credit_is_contested_with_too() -> None:
    # Count what left as money alone → this fails.
    story = given(customer_registered(), placed(), captured(), refund_granted(granted=1))
    story.record(credit_kept(1, source="refund", subject=REFUND))
    assert story.when(dispute()).decides(DisputeOpened).deadlines


def test_what_exceeded_a_bill_and_is_the_customers_credit_is_contested_with_too() -> None:
    # Look at refunds of the order alone → it leaves as money, and nobody tells the bank: this fails.
    for excess in (0, 1):
        story = billed_story()
        story.do(pay_bill(amount=7595 + excess))
        assert bool(story.when(dispute()).decides(DisputeOpened).deadlines) == (excess > 0)


def test_one_refund_that_was_paid_is_enough_to_contest_beside_one_that_was_not() -> None:
    story = given(customer_registered(), placed(), captured())
    story.do(cancel((1, 1)))
    story.record(refund_paid(3400))
    story.do(cancel((1, 1), refund=id_of("ref", 2)))
    assert story.when(dispute()).decides(DisputeOpened).deadlines


def test_a_cent_given_back_is_enough_to_contest() -> None:
    story = given(customer_registered(), placed(), captured(), refund_granted(granted=1))
    assert story.when(dispute(reference="dp_1")).decides(DisputeOpened).deadlines == ()
    assert story.state(ORDER).disputes[DISPUTE].opened.reference == "dp_1"
    story.record(refund_paid(1))
    assert story.when(dispute(dispute=id_of("dsp", 9))).decides(DisputeOpened).deadlines


def test_no_dispute_begins_before_the_payment_or_ends_before_it_began() -> None:
    story = given(customer_registered(), placed()).on("2010-08-12").record(captured())
    paid_at = story.at
    early = story.with_now(paid_at).on("2010-08-11")
    early.when(dispute()).refused(EffectiveBeforeCause(early.at, paid_at))
    story.at = paid_at
    story.do(dispute())
    early = story.on("2010-08-11")
    early.when(close_dispute()).refused(EffectiveBeforeCause(early.at, paid_at))


def refund_paid(amount: int) -> RefundPaid:
    return RefundPaid(
        refund=REFUND,
        customer=CUSTOMER,
        order=ORDER,
        payout=id_of("pot"),
        currency="USD",
        amount=amount,
        method="original_method",
        payment=PAYMENT,
        payment_method=None,
        reference=None,
    )


def test_a_dispute_is_about_a_payment_and_at_most_its_amount() -> None:
    story = paid_story()
    story.when(dispute(payment=OTHER_PAYMENT)).refused(PaymentUnknown(ORDER, OTHER_PAYMENT))
    story.when(dispute(currency="EUR")).refused(CurrencyOfOrderDiffers(ORDER, "USD", "EUR"))
    too_much = DisputeExceedsPayment(PAYMENT, usd(7596), usd(7595))
    story.when(dispute(amount=7596)).refused(too_much)
    story.when(dispute(amount=7595)).then(opened())
    story.when(dispute(amount=7594)).refused(AlreadyRecordedOtherwise(DISPUTE))


def test_a_dispute_ends_once() -> None:
    story = paid_story()
    story.when(close_dispute()).refused(DisputeUnknown(ORDER, DISPUTE))
    story.do(dispute())
    story.do(close_dispute("lost"))
    story.when(close_dispute("lost")).nothing()
    # Say that this id has other content → the way out is another id, which no dispute has, and this fails.
    story.when(close_dispute("won")).refused(DisputeEndedOtherwise(DISPUTE, "lost"))


# Reversals


def test_a_chargeback_after_shipping_is_owed_like_a_bill_without_a_number() -> None:
    story = paid_story()
    story.when(reverse()).then(payment_reversed())
    owed = story.state(ORDER).bills[OTHER_BILL]
    assert (owed.why, owed.amount, owed.open, owed.due_on) == ("chargeback", 7595, 7595, "2010-08-10")
    assert money_of(story) == (7595, 7595, 0, 0)


@pytest.mark.parametrize(("amount", "owed"), [(7594, 0), (7595, 0)])
def test_it_takes_the_orders_funds_first(amount: int, owed: int) -> None:
    # Open all that was reversed → this fails: nothing has shipped, and nothing is owed.
    story = given(customer_registered())
    for command in (place(), capture()):
        story.do(command)
    held = held_again("charged_back", missing=amount)
    story.when(reverse(amount=amount)).then(payment_reversed(amount, owed), held)
    assert money_of(story) == (amount - 7595, 0, 7595 - amount, 0)


@pytest.mark.parametrize(("amount", "owed"), [(3400, 0), (3401, 1)])
def test_what_exceeds_the_funds_of_an_order_shipped_in_part_is_owed(amount: int, owed: int) -> None:
    story = given(customer_registered())
    for command in (place(), capture(), ship((1, 1))):
        story.do(command)
    held = held_again("charged_back", missing=3400)
    story.when(reverse(amount=amount)).then(payment_reversed(amount, owed), held)
    assert money_of(story) == (amount - 3400, owed, 3400 - amount + owed, 0)


def test_a_bounced_payment_of_a_bill_is_owed_again_beside_the_bill_it_paid() -> None:
    story = billed_story().on("2010-09-01")
    story.do(pay_bill())
    bounced = payment_reversed(kind="bounced", due_on="2010-09-03")
    story.on("2010-09-03").when(reverse(kind="bounced")).then(bounced)
    bills = story.state(ORDER).bills
    assert (bills[BILL].open, bills[OTHER_BILL].open) == (0, 7595)


def test_no_more_is_reversed_than_is_left_of_the_payment() -> None:
    story = paid_story()
    story.do(reverse(amount=7000))
    rest = {"reversal": id_of("rev", 9), "bill": id_of("bil", 9)}
    story.when(reverse(amount=596, **rest)).refused(ReversalExceedsPayment(PAYMENT, usd(596), usd(595)))
    story.when(reverse(amount=595, **rest)).then(
        payment_reversed(595, reversal=rest["reversal"], bill=rest["bill"])
    )


def test_what_a_reversal_names_has_to_be_there() -> None:
    story = paid_story()
    story.when(reverse(payment=OTHER_PAYMENT)).refused(PaymentUnknown(ORDER, OTHER_PAYMENT))
    story.when(reverse(dispute=DISPUTE)).refused(DisputeUnknown(ORDER, DISPUTE))
    story.when(reverse(currency="EUR")).refused(CurrencyOfOrderDiffers(ORDER, "USD", "EUR"))
    story.do(dispute())
    story.when(reverse(dispute=DISPUTE)).then(payment_reversed(dispute=DISPUTE))
    story.when(reverse()).refused(AlreadyRecordedOtherwise(REVERSAL))


def test_nothing_is_taken_back_of_an_order_that_is_another_customers() -> None:
    # Believe whoever is named → their facts decide whether the order waits for a person, and this fails.
    story = paid_story()
    story.when(reverse(customer=OTHER_CUSTOMER)).refused(OrderOfAnotherCustomer(ORDER, OTHER_CUSTOMER))


def test_a_dispute_about_one_payment_takes_back_no_other() -> None:
    story = given(customer_registered())
    for command in (
        place(),
        capture(amount=7000),
        capture(payment=OTHER_PAYMENT, reference="ch_2", amount=595),
        dispute(amount=7000),
    ):
        story.do(command)
    other = reverse(payment=OTHER_PAYMENT, amount=595, dispute=DISPUTE)
    story.when(other).refused(DisputeUnknown(ORDER, DISPUTE))


def test_what_is_owed_without_a_number_is_found_by_the_entry_that_left_it() -> None:
    story = paid_story()
    story.do(reverse())
    assert story.state(ORDER).bills[OTHER_BILL].position == entry_of(story, PaymentReversed)


def test_nothing_is_taken_back_before_it_came() -> None:
    story = paid_story()
    at = story.at
    story.with_now(at).on("2010-08-10", "11:00")
    story.when(reverse()).refused(EffectiveBeforeCause(story.at, at))


def test_who_charged_back_is_watched_the_day_after_and_no_longer_existing() -> None:
    story = paid_story()
    assert standing(story.facts(CUSTOMER, story.at)).kind == "existing"
    story.do(reverse())
    facts = story.facts(CUSTOMER, story.at)
    assert standing(facts).kind == "new"
    assert (is_watched(facts, "2010-08-10"), is_watched(facts, "2010-08-11")) == (False, True)
    story.on("2010-08-11").do(Tick(stream=ORDER))
    assert type(story.entries[-1].event).__name__ == "BillBecameOverdue"


def test_nobody_is_called_about_it_unasked() -> None:
    story = paid_story()
    story.do(reverse())
    assert [it.kind for it in story.state(ORDER).bills[OTHER_BILL].source.deadlines] == ["bill_overdue"]


def test_what_is_owed_after_a_chargeback_is_paid_and_written_off_like_a_bill() -> None:
    story = paid_story()
    story.do(reverse())
    story.do(pay_bill(bill=OTHER_BILL, payment=OTHER_PAYMENT, amount=95))
    story.do(call(bill=OTHER_BILL, **ILL))
    position = story.entries[-1].position
    off = written_off(bill=OTHER_BILL, amount=7500, call=position)
    story.by(OWNER).when(write_off(bill=OTHER_BILL)).then(off)
    assert money_of(story) == (0, 0, 0, 0)


def test_a_refund_of_what_was_charged_back_clears_what_is_owed() -> None:
    story = paid_story()
    story.do(reverse())
    cleared = refund_granted(
        basis="price_paid",
        credit_amount=7595,
        goods=6800,
        shipping=795,
        cleared=(BillShare(OTHER_BILL, 7595),),
    )
    story.record(cleared)
    assert money_of(story) == (0, 0, 0, 0)


# What comes again


@pytest.mark.parametrize("amount", [1, 7594, 7595])
def test_what_comes_again_pays_what_the_reversal_left_open(amount: int) -> None:
    story = paid_story()
    story.do(reverse())
    story.when(reinstate(amount)).then(reinstated(amount, amount))
    assert money_of(story) == (7595 - amount, 7595 - amount, 0, 0)


def test_what_exceeds_the_open_rest_adds_to_the_funds() -> None:
    # Pay other bills of the order with it → this fails.
    story = paid_story()
    story.do(reverse())
    story.do(pay_bill(bill=OTHER_BILL, payment=OTHER_PAYMENT, amount=7000))
    story.when(reinstate()).then(reinstated(7595, 595), for_nothing(7000))
    assert money_of(story) == (-7000, 0, 0, 7000)


def test_it_reverses_a_write_off_after_what_is_open() -> None:
    story = paid_story()
    story.do(reverse())
    story.do(pay_bill(bill=OTHER_BILL, payment=OTHER_PAYMENT, amount=95))
    story.do(call(bill=OTHER_BILL, **ILL))
    story.by(OWNER).do(write_off(bill=OTHER_BILL))
    back = write_off_reversed(7500, bill=OTHER_BILL, because="reinstatement", by=REINSTATEMENT)
    story.when(reinstate()).then(back, reinstated(7595, 7500), for_nothing(95))
    assert money_of(story) == (-95, 0, 0, 95)


def test_it_pays_what_another_reversal_left_owed_since_before_it_covers_anything() -> None:
    # Let it pay only what its own reversal left → a dress is covered by money that is not here; this fails.
    story = given(customer_registered(), placed())
    story.do(capture(amount=4195))
    story.do(capture(payment=OTHER_PAYMENT, reference="ch_2", amount=3400))
    story.do(cancel((1, 1)))
    story.do(settle(payment=PAYMENT))
    story.do(reverse(payment=OTHER_PAYMENT, amount=3400))
    story.do(reverse(amount=4195, reversal=id_of("rev", 9)))
    assert money_of(story) == (3400, 3400, 0, 0)
    story.when(reinstate(3400)).then(reinstated(3400, 3400, payment=OTHER_PAYMENT))
    assert money_of(story) == (0, 0, 0, 0)


def test_what_is_owed_since_before_its_reversal_waits_for_what_covers_the_units() -> None:
    story = given(customer_registered(), placed())
    story.do(capture(amount=4195))
    story.do(ship((1, 1)))
    story.do(reverse(amount=4195, reversal=id_of("rev", 9)))
    story.do(capture(payment=OTHER_PAYMENT, reference="ch_2", amount=3400))
    story.do(reverse(payment=OTHER_PAYMENT, amount=3400))
    released = OrderReleased(order=ORDER, customer=CUSTOMER, because="paid", by=REINSTATEMENT)
    story.when(reinstate(3400)).then(reinstated(3400, 0, payment=OTHER_PAYMENT), released)
    assert money_of(story) == (795, 4195, 3400, 0)


def test_where_the_funds_had_sufficed_all_of_it_is_funds_again() -> None:
    story = given(customer_registered())
    for command in (place(), capture(), reverse()):
        story.do(command)
    story.when(reinstate()).then(
        reinstated(7595, 0), OrderReleased(order=ORDER, customer=CUSTOMER, because="paid", by=REINSTATEMENT)
    )
    assert money_of(story) == (-7595, 0, 7595, 0)


def test_it_keeps_a_promise_to_pay() -> None:
    story = paid_story()
    story.do(reverse())
    story.do(promise(bill=OTHER_BILL))
    story.when(reinstate()).then(reinstated(7595, 7595), promise_kept(subject=OTHER_BILL, by=REINSTATEMENT))


def test_no_more_comes_again_than_was_taken() -> None:
    story = paid_story()
    story.when(reinstate()).refused(ReversalUnknown(ORDER, REVERSAL))
    story.do(reverse(amount=7000))
    story.when(reinstate(7001)).refused(ReinstatementExceedsReversal(REVERSAL, usd(7001), usd(7000)))
    story.do(reinstate(6999))
    other = reinstate(2, reinstatement=id_of("rev", 9))
    story.when(other).refused(ReinstatementExceedsReversal(REVERSAL, usd(2), usd(1)))
    story.when(reinstate(6999)).nothing()
    story.when(reinstate(6998)).refused(AlreadyRecordedOtherwise(REINSTATEMENT))


def test_it_comes_again_in_the_currency_of_the_order() -> None:
    story = paid_story()
    story.do(reverse())
    story.when(reinstate(1, currency="EUR")).refused(CurrencyOfOrderDiffers(ORDER, "USD", "EUR"))


def test_what_was_paid_otherwise_meanwhile_is_not_paid_again_by_what_comes_again() -> None:
    story = paid_story()
    story.do(reverse())
    story.do(pay_bill(bill=OTHER_BILL, payment=OTHER_PAYMENT))
    story.when(reinstate()).then(reinstated(7595, 0), for_nothing(7595))


@pytest.mark.parametrize(("away", "again", "starts"), [(7595, 7594, False), (7595, 7595, True), (1, 1, True)])
def test_what_was_to_be_paid_first_is_to_be_shipped_once_the_money_came_again(
    away: int, again: int, starts: bool
) -> None:
    # Start nothing → what is covered again is nobody's task, and this fails.
    owed = (OverdueBill(OTHER_BILL, OTHER_ORDER, "USD", 7595),)
    live = (Deadline("thanks", NOON, NOON),)
    order = placed(terms="bill_after", standing="existing", watched_for=owed, deadlines=live)
    story = given(customer_registered(), *OVERDUE, order).by(OWNER).because("sealed:Owes for long")
    story.do(capture(amount=away))
    if away < 7595:
        story.do(capture(amount=7595 - away, payment=OTHER_PAYMENT, reference="ch_2"))
    for command in (reverse(amount=away, bill=id_of("bil", 9)), review("payment_first")):
        story.do(command)
    kinds = [each.kind for each in story.when(reinstate(again)).decides(PaymentReinstated).deadlines]
    assert kinds == ["ship_order"] * starts


def test_what_is_covered_already_is_not_to_be_shipped_twice_by_what_comes_again() -> None:
    story = given(customer_registered(), placed(deadlines=(Deadline("thanks", NOON, NOON),)))
    for command in (
        capture(),
        reverse(),
        capture(payment=OTHER_PAYMENT, reference="ch_2"),
    ):
        story.do(command)
    assert story.when(reinstate()).decides(PaymentReinstated).deadlines == ()


def test_what_came_again_can_be_taken_again() -> None:
    story = paid_story()
    for command in (reverse(), reinstate()):
        story.do(command)
    again = {"reversal": id_of("rev", 9), "bill": id_of("bil", 9)}
    story.when(reverse(**again)).then(payment_reversed(**again))


# A chargeback won and one lost


def test_a_chargeback_won_leaves_everything_as_it_was() -> None:
    story = paid_story()
    before = money_of(story)
    for day, command in (
        ("2010-09-01", dispute()),
        ("2010-09-02", reverse(dispute=DISPUTE)),
        ("2010-10-20", close_dispute("won")),
        ("2010-10-21", reinstate()),
    ):
        story.on(day).do(command)
    assert money_of(story) == before == (0, 0, 0, 0)
    facts = story.facts(CUSTOMER, story.at)
    assert (standing(facts).kind, is_watched(facts, "2011-01-01")) == ("existing", False)


def test_a_chargeback_lost_stays_owed_and_watched() -> None:
    story = paid_story()
    for day, command in (
        ("2010-09-01", dispute()),
        ("2010-09-02", reverse(dispute=DISPUTE)),
        ("2010-10-20", close_dispute("lost")),
    ):
        story.on(day).do(command)
    assert money_of(story) == (7595, 7595, 0, 0)
    facts = story.facts(CUSTOMER, story.at)
    assert (standing(facts).kind, is_watched(facts, "2011-01-01")) == ("new", True)


@pytest.mark.parametrize(("amount", "waits"), [(7595, False), (7594, True)])
def test_an_order_that_waited_for_money_taken_back_waits_no_longer_once_it_came_again(
    amount: int, waits: bool
) -> None:
    """Leave `hold_ends` out of reinstating → an order that is paid can be closed as not delivered."""
    story = given(customer_registered())
    for command in (place(), capture(), reverse(amount=7595), fail()):
        story.do(command)
    assert story.state(ORDER).declines.hold is not None
    story.do(reinstate(amount=amount))
    assert (story.state(ORDER).declines.hold is not None) == waits
