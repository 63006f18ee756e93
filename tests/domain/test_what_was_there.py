"""What a correction gives back, or money that comes again, is there from then on, and no earlier.

Each is tried as of the day before it was there and as of that day. Source: H-time, H-correct, §3
"""

from typing import Any

import pytest

from domain.bills.bill_events import BillIssued, BillPaymentReceived, WriteOffReversed
from domain.bills.billing import NewBill
from domain.causes import EffectiveBeforeCause
from domain.command import Command
from domain.customers.standing import standing
from domain.entry import Event
from domain.inbound.charges_let_through import RecordCharge
from domain.inbound.payouts import RecordSentPayout
from domain.orders.order_events import OrderShipped, OrderUnitsCancelled
from domain.orders.pricing import AskedLine
from domain.payments.payment_events import PaymentCaptured, PaymentReinstated, PaymentReversed
from domain.refunds.owed import owed
from domain.refunds.paying_out import next_payout
from domain.refunds.refund_events import ClaimedUnits, RefundDueChanged, RefundGranted, RefundPaid
from domain.there import NOTHING
from tests.domain.bill_examples import (
    ILL,
    billed_story,
    call,
    give_credit,
    give_up,
    pay_bill,
    promise,
    reinstate,
    remind,
    reverse,
    use_credit,
    write_off,
)
from tests.domain.correction_examples import by_supervisor, correct
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    ORDER,
    OTHER_BILL,
    OTHER_PAYMENT,
    OTHER_REFUND,
    OTHER_SHIPMENT,
    PAYMENT,
    REFUND,
    cancel,
    capture,
    deliver,
    id_of,
    place,
    placed,
    ship,
)
from tests.domain.notice_examples import MONEY, assign, give_back, money, notice, unmatched
from tests.domain.refund_examples import (
    PAYOUTS,
    come_back,
    deciding,
    grant,
    grant_unverified,
    paid_back,
    settle,
)
from tests.domain.specification import NOON, OWNER, Story, moment

BACK, THEN = moment("2010-08-20"), moment("2010-08-15")
"""When something was given back, and a moment at which it was used still."""
ANEW: dict[str, Any] = {"payment": OTHER_PAYMENT, "credit": id_of("crd", 2)}
REFUNDED: dict[str, Any] = {"refund": OTHER_REFUND, "deciding": deciding(OWNER.person)}


def only_since(story: Story, command: Command, since: int = BACK) -> Story:
    """Refused as of a moment at which it was used, and one microsecond before it is there; then taken."""
    story.by(OWNER).with_now(moment("2010-08-21"))
    for early in (min(THEN, since - 1), since - 1):
        story.at = early
        story.when(command).refused(EffectiveBeforeCause(early, since))
    story.at = since
    assert story.do(command)
    return story


def reopened(*, paid: int = 7595) -> Story:
    """Of the bill of 10 August so much was paid on the 12th, as it seemed until the 20th."""
    story = billed_story().by(OWNER).because("sealed:Another customer's money")
    story.do(call(**ILL))
    story.on("2010-08-12").do(pay_bill(amount=paid))
    story.on("2010-08-20").do(correct(story, BillPaymentReceived))
    return story


@pytest.mark.parametrize(
    "command",
    [
        pay_bill(**ANEW),
        pay_bill(**ANEW, amount=1),
        capture(payment=OTHER_PAYMENT),
        write_off(),
        give_up(),
        promise(),
        remind(),
        call(),
        grant((1, 1), **REFUNDED),
    ],
    ids=lambda it: type(it).__name__,
)
def test_a_bill_is_open_again_only_from_the_correction_on(command: Command) -> None:
    # Ask of all bills only when they were issued → as of the 16th it is paid twice, and this fails.
    only_since(reopened(), command)


def test_what_was_open_all_the_time_is_paid_as_of_any_moment() -> None:
    # Ask when anything of the bill was opened last → money that came on the 15th is refused, this fails.
    story = reopened(paid=3000).by(OWNER).with_now(moment("2010-08-21"))
    story.at = THEN
    story.when(pay_bill(**ANEW, amount=4596)).refused(EffectiveBeforeCause(THEN, BACK))
    assert story.do(pay_bill(**ANEW, amount=4595))
    # Nothing was open on the 16th any more, and all of it has been again since the 20th.
    story.when(remind()).refused(EffectiveBeforeCause(THEN, BACK))


def test_less_than_all_of_a_bill_was_open_and_somebody_was_reminded() -> None:
    story = reopened(paid=3000).by(OWNER).with_now(moment("2010-08-21"))
    story.at = THEN
    for command in (call(), remind()):
        assert story.do(command)
    story.when(promise()).refused(EffectiveBeforeCause(THEN, BACK))


def test_a_standing_is_not_frozen_on_a_bill_paid_twice() -> None:
    story = reopened()
    story.with_now(moment("2010-08-21")).at = THEN
    story.when(pay_bill(**ANEW)).refused(EffectiveBeforeCause)
    assert standing(story.facts(CUSTOMER, THEN)).kind == "existing"  # as it seemed then
    assert standing(story.facts(CUSTOMER, BACK)).kind == "new"
    assert story.facts(CUSTOMER, THEN).orders[ORDER].unpaid == 0


def test_a_bill_takes_the_place_of_one_that_had_seemed_paid_from_when_that_was_open_again() -> None:
    story = reopened()
    story.by(OWNER).with_now(moment("2010-08-30")).on("2010-08-25")
    story.do(correct(story, BillIssued, bill=NewBill(OTHER_BILL, 2010)))
    assert story.state(ORDER).bills[OTHER_BILL].at == BACK
    for day in range(10, 30):
        facts = story.facts(CUSTOMER, moment(f"2010-08-{day}")).orders[ORDER]
        assert all(owed.open >= 0 for owed in facts.bills.values())
    story.at = BACK - 1
    story.when(pay_bill(**ANEW, bill=OTHER_BILL)).refused(EffectiveBeforeCause(BACK - 1, BACK))
    story.on("2010-08-22").do(pay_bill(**ANEW, bill=OTHER_BILL))


def test_what_is_let_off_again_is_reversed_only_from_then_on() -> None:
    # Ask only when it was written off first → as of the 16th it is reversed twice, this fails.
    story = billed_story().by(OWNER).because("sealed:Another customer's money")
    for command in (call(**ILL), write_off()):
        story.do(command)
    story.on("2010-08-12").do(pay_bill())
    story.on("2010-08-20").do(correct(story, BillPaymentReceived))
    only_since(story, pay_bill(**ANEW))
    assert [type(entry.event) for entry in story.entries].count(WriteOffReversed) == 2


def test_a_promise_counts_again_no_earlier_than_it_was_made() -> None:
    # Let the payment be corrected as of before → a promise that nobody had made is open again, this fails.
    story = billed_story().by(OWNER).because("sealed:Another customer's money")
    story.on("2010-08-20").do(promise())
    story.with_now(moment("2010-08-21")).on("2010-08-12").do(pay_bill())
    only_since(story, correct(story, BillPaymentReceived))


def shipment_corrected(**terms: Any) -> Story:
    """What seemed to have left on the 12th had not, as is known since the 20th."""
    story = by_supervisor(placed(**terms)).by(OWNER)
    story.do(capture())
    story.on("2010-08-12").do(ship())
    story.on("2010-08-20").do(correct(story, OrderShipped))
    return story


@pytest.mark.parametrize(
    "command", [ship((1, 1), shipment=OTHER_SHIPMENT), cancel((1, 1)), grant((1, 1), **REFUNDED)]
)
def test_units_that_never_left_ship_or_are_cancelled_only_once_that_is_known(command: Command) -> None:
    only_since(shipment_corrected(), command)


@pytest.mark.parametrize("origin", ["api", "import"])
def test_units_leave_on_bill_or_by_an_import_too_only_once_it_is_known_that_they_had_not(origin: str) -> None:
    # Ask nothing of a shipment that waits for no money → by the 16th two leave of one, this fails.
    story = shipment_corrected(terms="bill_after").from_(origin)
    only_since(story, ship((1, 1), shipment=OTHER_SHIPMENT))


def test_units_that_cost_nothing_are_counted_too() -> None:
    # Leave the units of the lines out of the things of an order → two leave of one, this fails.
    gift = AskedLine(sku="SOCK", description="A sock", quantity=1, unit_price=0)
    story = by_supervisor().by(OWNER)
    story.do(place(lines=(gift,), shipping=0))
    story.on("2010-08-12").do(ship((1, 1)))
    story.on("2010-08-20").do(correct(story, OrderShipped))
    only_since(story, ship((1, 1), shipment=OTHER_SHIPMENT))


def test_the_cent_by_which_units_differ_is_charged_once() -> None:
    # Leave the price out → one unit of 51 and one of 50 are billed at 51 each by the 16th, this fails.
    pair = AskedLine(sku="SOCK", description="A sock", quantity=2, unit_price=51, discount=1)
    story = by_supervisor().by(OWNER)
    story.do(place(lines=(pair,), shipping=0, terms="bill_after"))
    story.on("2010-08-12").do(ship((1, 1), bill=NewBill(BILL, 2010)))
    story.on("2010-08-20").do(correct(story, OrderShipped))
    only_since(story, ship((1, 1), shipment=OTHER_SHIPMENT, bill=NewBill(OTHER_BILL, 2010)))


def test_money_of_goods_that_never_left_is_not_taken_back_before_that_is_known() -> None:
    # Leave the funds out → as of the 16th the goods are charged, and neither money nor a bill is there.
    only_since(shipment_corrected(), reverse())


def test_goods_do_not_leave_while_their_money_was_away() -> None:
    # Leave a shipment's funds out → they leave while the order was on hold, and this fails.
    story = by_supervisor(placed()).by(OWNER)
    story.do(capture())
    story.on("2010-08-12").do(reverse())
    story.on("2010-08-20").do(reinstate())
    only_since(story, ship())


def test_no_standing_rests_on_goods_whose_money_was_away() -> None:
    story = by_supervisor(placed()).by(OWNER)
    story.do(capture())
    story.on("2010-08-12").do(reverse())
    story.on("2010-08-20").do(reinstate())
    story.with_now(moment("2010-08-21")).at = THEN
    story.when(ship()).refused(EffectiveBeforeCause)
    assert standing(story.facts(CUSTOMER, THEN)).kind == "new"


def test_goods_do_not_leave_before_the_credit_that_covers_them_was_used() -> None:
    # Ask only of payments, as of today → they leave before, and this fails.
    story = by_supervisor(placed()).by(OWNER)
    story.on("2010-08-11").do(give_credit(7595))
    story.on("2010-08-20").do(use_credit(7595))
    only_since(story, ship())


def test_what_was_owed_for_goods_that_left_holds_up_no_others() -> None:
    # Ask whether any payment came later → the second dress, covered since the 13th, could leave only on the
    # 20th, and this fails.
    story = by_supervisor(placed()).by(OWNER)
    story.do(capture(amount=4195))
    story.on("2010-08-11").do(ship((1, 1)))
    story.on("2010-08-12").do(reverse(amount=4195))
    story.on("2010-08-13").do(capture(payment=OTHER_PAYMENT, reference="ch_2", amount=3400))
    (owed,) = story.state(ORDER).bills
    story.on("2010-08-20").do(pay_bill(bill=owed, payment=id_of("pay", 7), amount=4195))
    only_since(story, ship((1, 1), shipment=OTHER_SHIPMENT), since=moment("2010-08-13"))


def cancellation_corrected() -> Story:
    """What seemed to be cancelled on the 12th was not, as is known since the 20th."""
    story = by_supervisor(placed()).by(OWNER)
    story.do(capture())
    story.on("2010-08-12").do(cancel())
    story.on("2010-08-20").do(correct(story, RefundGranted))
    return story


@pytest.mark.parametrize(
    "command", [ship((1, 1)), cancel((1, 1), refund=OTHER_REFUND), grant((1, 1), **REFUNDED)]
)
def test_units_that_nobody_cancelled_ship_or_are_cancelled_only_once_that_is_known(command: Command) -> None:
    only_since(cancellation_corrected(), command)


def refund_corrected() -> Story:
    """Of two dresses that arrived one seemed to be refunded on the 12th, until the 20th."""
    story = by_supervisor(placed()).by(OWNER)
    for command in (capture(), ship(), deliver()):
        story.do(command)
    story.on("2010-08-12").do(grant((1, 1), deciding=deciding(OWNER.person)))
    story.on("2010-08-20").do(correct(story, RefundGranted))
    return story


def test_units_that_nobody_refunded_are_refunded_only_once_that_is_known() -> None:
    only_since(refund_corrected(), grant((1, 2), **REFUNDED))


def test_units_refunded_on_the_way_are_refunded_again_only_once_it_is_known_that_they_were_not() -> None:
    # Leave what shipped and was not refunded out → four of two dresses are refunded, this fails: the windows
    # of the delivery were free.
    story = by_supervisor(placed()).by(OWNER)
    for command in (capture(), ship()):
        story.do(command)
    story.on("2010-08-12").do(grant((1, 2), deciding=deciding(OWNER.person)))
    story.on("2010-08-13").do(deliver((1, 2)))
    story.on("2010-08-20").do(correct(story, RefundGranted))
    only_since(story, grant((1, 2), **REFUNDED))


def test_the_other_dress_is_refunded_as_of_any_moment() -> None:
    story = refund_corrected().with_now(moment("2010-08-21"))
    story.at = THEN
    part = story.when(grant((1, 1), **REFUNDED)).decides(RefundGranted)
    assert part.granted == 3400


def test_a_window_that_was_used_is_used_again_only_once_it_is_free() -> None:
    # Leave the windows out → of the one that ends first two units of one are refunded, this fails.
    story = by_supervisor(placed()).by(OWNER)
    for command in (capture(), ship(), deliver((1, 1))):
        story.do(command)
    story.on("2010-08-11").do(deliver((1, 1), delivery=id_of("dlv", 2)))
    story.on("2010-08-12").do(grant((1, 1), deciding=deciding(OWNER.person)))
    story.on("2010-08-20").do(correct(story, RefundGranted))
    only_since(story, grant((1, 1), **REFUNDED))


def test_a_refund_of_what_was_billed_is_no_payment_before_it_is_taken_back() -> None:
    story = billed_story().by(OWNER).because("sealed:They keep it")
    story.on("2010-08-12").do(grant((1, 2), deciding=deciding(OWNER.person)))
    story.on("2010-08-20").do(correct(story, RefundGranted))
    only_since(story, pay_bill())


def test_a_refund_is_not_taken_back_before_it_cleared_what_it_opens_again() -> None:
    # Leave what is cleared out of the things of a bill → on the 16th it is less than nothing, this fails.
    story = billed_story().by(OWNER).because("sealed:A mistake")
    story.on("2010-08-11").do(pay_bill(amount=2000))
    story.on("2010-08-12").do(grant((1, 2), deciding=deciding(OWNER.person)))
    story.on("2010-08-20").do(correct(story, BillPaymentReceived))
    only_since(story, correct(story, RefundGranted))


def returned() -> Story:
    """What was refunded of one dress left on the 12th and came back on the 20th; another refund waits."""
    story = by_supervisor(placed()).by(OWNER)
    for command in (capture(), ship()):
        story.do(command)
    story.on("2010-08-12").do(grant((1, 1), deciding=deciding(OWNER.person)))
    story.do(settle())
    story.do(grant((1, 1), **REFUNDED))
    story.on("2010-08-20").do(come_back())
    return story


def test_what_came_back_is_paid_out_again_only_from_then_on() -> None:
    # Leave what a refund may still pay out → by the 16th it paid twice what was granted, this fails.
    only_since(returned(), settle(payouts=(id_of("pot", 3),)))


def test_what_came_back_of_a_refund_of_no_order_is_paid_again_only_from_then_on() -> None:
    # Leave the refunds of the customer's own stream out → by the 16th it paid twice of it, this fails.
    own: dict[str, Any] = {"stream": CUSTOMER, "method": "cheque"}
    story = by_supervisor().by(OWNER)
    claim = ClaimedUnits(1, "SWING", amount=3400)
    story.do(grant_unverified(claim, deciding=deciding(OWNER.person)))
    story.on("2010-08-12").do(settle(**own))
    story.on("2010-08-20").do(come_back(stream=CUSTOMER))
    only_since(story, settle(**own, payouts=(id_of("pot", 3),)))


def test_a_refund_is_not_taken_back_before_its_money_came_back() -> None:
    story = returned()
    assert isinstance(story.state(ORDER).refunds[REFUND].payouts[PAYOUTS[0]].tried, RefundPaid)
    only_since(story, correct(story, RefundGranted))


def test_a_payment_is_taken_back_again_only_once_it_had_come_again() -> None:
    # Leave what stands of a payment out → by the 16th twice of it was taken back, this fails.
    story = by_supervisor(placed()).by(OWNER)
    half: dict[str, Any] = {"amount": 3400}
    for command in (capture(**half), capture(payment=OTHER_PAYMENT, reference="ch_2", amount=4195)):
        story.do(command)
    story.do(reverse(**half))
    story.on("2010-08-20").do(reinstate(3400))
    only_since(story, reverse(**half, reversal=id_of("rev", 5), bill=id_of("bil", 5)))
    kinds = [type(entry.event) for entry in story.entries]
    assert (kinds.count(PaymentReversed), kinds.count(PaymentReinstated)) == (2, 1)


def test_what_a_reinstatement_paid_out_is_due_back_only_from_then_on() -> None:
    # Leave the funds out → the money left before it came again, this fails.
    story = by_supervisor(placed()).by(OWNER)
    for command in (capture(), ship(), grant((1, 2), deciding=deciding(OWNER.person)), reverse()):
        story.do(command)
    story.on("2010-08-20").do(reinstate())
    only_since(story, settle())


def told_late(*, first: int = 3795, second: int = 3800) -> Story:
    """Of an order's money the first is told last; one of its two dresses was cancelled on the 12th."""
    story = by_supervisor(placed()).by(OWNER).with_now(moment("2010-08-21"))
    story.on("2010-08-20").do(capture(amount=first))
    story.on("2010-08-11").do(capture(payment=OTHER_PAYMENT, reference="ch_2", amount=second))
    story.on("2010-08-12").do(cancel((1, 1)))
    return story


def test_money_goes_back_only_once_it_was_due_back() -> None:
    # Leave what is due back out → 34.00 leave on the 15th, of 38.00 that a dress of 41.95 needs, this fails.
    story = only_since(told_late(), settle())
    assert [known.paid_back for known in story.state(ORDER).payments.values()] == [3400, 0]


def test_money_goes_back_against_the_oldest_payment_however_late_that_was_told() -> None:
    # Go by the order of entering → it goes back against the payment of the 20th, and this fails.
    story = told_late(first=3400, second=4195).with_now(moment("2010-08-21"))
    assert list(story.state(ORDER).payments) == [OTHER_PAYMENT, PAYMENT]
    only_since(story, settle())
    assert story.state(ORDER).payments[OTHER_PAYMENT].paid_back == 3400


def test_a_payment_told_late_has_its_place_between_the_one_before_and_the_one_after() -> None:
    story = by_supervisor(placed()).by(OWNER).with_now(moment("2010-08-21"))
    third = id_of("pay", 3)
    for day, payment in (("10", PAYMENT), ("20", OTHER_PAYMENT), ("15", third)):
        told = capture(payment=payment, amount=1000, reference=payment)
        story.on(f"2010-08-{day}").do(told)
    assert list(story.state(ORDER).payments) == [PAYMENT, third, OTHER_PAYMENT]


def test_a_bank_takes_back_what_stands_whatever_was_due_back_by_then() -> None:
    # Ask of a bank too whether it was due back → what moved on the 15th is refused.
    story = by_supervisor(placed()).by(OWNER).with_now(moment("2010-08-21"))
    for command in (capture(), cancel((1, 1))):
        story.do(command)
    story.on("2010-08-12").do(settle())
    story.on("2010-08-20").do(come_back())
    story.at = THEN
    assert story.do(reverse(amount=3400))


def test_money_goes_back_only_against_what_had_come_by_then() -> None:
    # Leave what may go back of a payment out → the payment named came only on the 20th, and this fails.
    story = told_late(first=795, second=6800)
    story.at = THEN
    story.do(ship((1, 1)))
    only_since(story, settle(reference="re_1", payment=PAYMENT))


@pytest.mark.parametrize(
    "command",
    [assign(fact=capture(corrected_in=ORDER)), give_back(amount=7595)],
    ids=lambda it: type(it).__name__,
)
def test_money_that_waits_again_is_assigned_again_only_from_then_on(command: Command) -> None:
    # Leave what is left of unmatched money out → it had two places on the 16th, this fails.
    story = by_supervisor(placed()).by(OWNER)
    story.record(unmatched())
    elsewhere = capture(payment=OTHER_PAYMENT)
    story.on("2010-08-12").do(assign(fact=elsewhere))
    story.on("2010-08-20").do(correct(story, PaymentCaptured, unmatched=MONEY))
    only_since(story, command)


def test_a_notice_of_money_for_a_bill_that_is_open_again_only_since_pays_it_as_of_then() -> None:
    # Let the moment it tells of stand → it is refused and waits without a place, this fails.
    story = reopened().with_now(moment("2010-08-21"))
    story.at = THEN
    told = notice(fact=capture(payment=OTHER_PAYMENT), money=money(), happened_at=THEN)
    story.from_("provider").do(told)
    assert_as_of(story, PaymentCaptured, BACK)
    paid = story.state(ORDER).payments[OTHER_PAYMENT].received
    assert [(share.bill, share.amount) for share in paid.bills] == [(BILL, 7595)]
    kept = story.state(told.stream)
    assert (kept.it.happened_at, kept.it.result, kept.at) == (THEN, "recorded", BACK)
    story.when(told).nothing()


def assert_as_of(story: Story, kind: type[Event], at: int) -> None:
    """The last of that kind took effect then."""
    last = [entry for entry in story.entries if type(entry.event) is kind][-1]
    assert last.effective_at == at


def delivered_and_refunded() -> Story:
    """Paid, shipped, and as of the 20th due back."""
    story = by_supervisor(placed()).by(OWNER)
    for command in (capture(), ship(), deliver()):
        story.do(command)
    story.on("2010-08-20").do(grant((1, 2), deciding=deciding(OWNER.person, day="2010-08-20")))
    return story.from_("provider").with_now(moment("2010-08-21"))


def test_a_chargeback_told_of_after_the_refund_leaves_nothing_due_back() -> None:
    # Let the moment it tells of stand → it waits without a place, and 75.95 go out twice: this fails.
    story = delivered_and_refunded()
    assert owed(story.state(ORDER), story.state(ORDER).refunds[REFUND]).total == 7595
    story.at = THEN
    taken = money(direction="payout", reference="dp_1")
    told = notice(happened_at=THEN, fact=reverse(reference="dp_1"), money=taken)
    *_, due = story.do(told)
    assert isinstance(due, RefundDueChanged)
    assert due.due == 0
    assert_as_of(story, PaymentReversed, BACK)
    state = story.state(ORDER)
    assert owed(state, state.refunds[REFUND]).total == state.open_bills() == 0
    assert next_payout(state, state.refunds[REFUND], "acme", story.state("book")) is None


def test_a_chargeback_told_of_after_another_payment_takes_that_as_of_when_it_came() -> None:
    story = by_supervisor(placed()).by(OWNER)
    for command in (capture(amount=4195), ship((1, 1))):
        story.do(command)
    story.on("2010-08-20").do(capture(payment=OTHER_PAYMENT, reference="ch_2", amount=3400))
    story.from_("provider").with_now(moment("2010-08-21")).at = THEN
    taken = money(direction="payout", reference="dp_1", amount=4195)
    story.do(notice(fact=reverse(amount=4195, reference="dp_1"), money=taken))
    assert_as_of(story, PaymentReversed, BACK)
    assert story.state(ORDER).open_bills() == 4195 - 3400


def test_a_charge_and_a_payout_made_here_count_as_of_when_what_they_take_was_there() -> None:
    story = reopened().with_now(moment("2010-08-21"))
    story.at = THEN
    story.do(RecordCharge(capture=capture(payment=OTHER_PAYMENT), unmatched=MONEY))
    assert_as_of(story, PaymentCaptured, BACK)
    story = delivered_and_refunded()
    story.at = THEN
    story.do(RecordSentPayout(paid=paid_back(7595), processor="acme", unmatched=MONEY))
    assert_as_of(story, RefundPaid, BACK)


def test_what_is_dated_later_than_all_of_it_is_asked_nothing() -> None:
    story = shipment_corrected()
    assert story.state(ORDER).there.until == BACK
    assert story.on("2010-08-21").do(cancel())
    kinds = [type(entry.event) for entry in story.entries]
    assert kinds.count(OrderUnitsCancelled) == 1


def test_what_is_there_from_a_moment_on_is_there_at_that_moment() -> None:
    there = NOTHING.after([(("due_back",), 100)], NOON)
    assert [there.by(("due_back",), at) for at in (NOON - 1, NOON)] == [0, 100]
