"""What of a refund settles bills changes with what else its order meets, and is said then. Source: R-G9, R-B9

That what was granted adds up for any refund of any story is compared after every step in `tests/model/`.
Leave `cleared_late` at 0 in `with_due_changes` → the first three fail.
"""

from domain.bills.bill_events import BillPaymentReceived, BillShare
from domain.bills.billing import NewBill
from domain.corrections.correction_events import PaymentCorrected, RefundCorrected, ShipmentCorrected
from domain.customers.standing import standing
from domain.orders.account import Purse
from domain.orders.order_events import OrderShipped
from domain.refunds.cleared import cleared, cleared_late
from domain.refunds.due_now import NothingDueBack
from domain.refunds.refund_events import RefundDueChanged, RefundGranted
from tests.domain.bill_examples import pay_bill, reinstate, reverse
from tests.domain.correction_examples import by_supervisor, correct, on_bill, order, receive
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    OTHER_PAYMENT,
    OTHER_REFUND,
    REFUND,
    cancel,
    capture,
    captured,
    id_of,
    placed,
    ship,
    shipped,
)
from tests.domain.refund_examples import deciding, grant, settle
from tests.domain.specification import SUPERVISOR, Story

DECIDED = deciding(SUPERVISOR.person)
ALL = grant((1, 2), deciding=DECIDED)
ALL_THAT_SHIPPED = grant((1, 1), deciding=DECIDED)
AGAIN = id_of("rev", 9)


def said_late(story: Story) -> dict[str, tuple[int, int]]:
    """What the last entries say of each refund: what more it clears, and what is due."""
    last = max(entry.position for entry in story.entries if not isinstance(entry.event, RefundDueChanged))
    told = [entry.event for entry in story.entries if entry.position > last]
    return {it.refund: (it.cleared_late, it.due) for it in told if isinstance(it, RefundDueChanged)}


def test_what_a_payment_that_never_came_had_paid_a_refund_clears_instead() -> None:
    story = on_bill()
    story.do(receive(2000))
    story.do(ALL)
    assert cleared(order(story)) == {REFUND: 5595}
    assert cleared_late(order(story), order(story).refunds[REFUND]) == 0
    story.do(correct(story, BillPaymentReceived))
    assert (said_late(story), cleared(order(story))) == ({REFUND: (2000, 0)}, {REFUND: 7595})


def test_what_two_refunds_clear_late_is_of_the_first_first_and_each_cent_is_due_of_one() -> None:
    # Let each ask for all that is due → the first takes what the second is owed, and this fails.
    story = on_bill()
    for command in (
        receive(4000),
        pay_bill(amount=3595, payment=OTHER_PAYMENT),
        grant((1, 1), deciding=DECIDED),
        grant((1, 1), refund=OTHER_REFUND, deciding=DECIDED),
    ):
        story.do(command)
    story.do(correct(story, BillPaymentReceived))
    assert said_late(story) == {REFUND: (3400, 0), OTHER_REFUND: (600, 3595)}
    story.when(settle()).refused(NothingDueBack(REFUND))
    story.do(settle(refund=OTHER_REFUND, reference="SEPA-2"))
    assert order(story).purse() == Purse(0, 0)
    assert cleared(order(story)) == {REFUND: 3400, OTHER_REFUND: 600}


def test_what_a_bank_gives_again_had_cleared_nothing_and_what_it_takes_again_has() -> None:
    # Count what had cleared beside what is paid → 75.95 granted come to 151.90, and this fails.
    story = by_supervisor(placed(), captured(), shipped())
    for command in (reverse(), ALL):
        story.do(command)
    assert cleared(order(story)) == {REFUND: 7595}
    story.do(reinstate(5000))
    assert (said_late(story), cleared(order(story))) == ({REFUND: (-5000, 5000)}, {REFUND: 2595})
    story.do(reverse(amount=2000, reversal=AGAIN, reference="dp_9"))
    assert (said_late(story), cleared(order(story))) == ({REFUND: (2000, 3000)}, {REFUND: 4595})
    story.do(settle())
    assert cleared(order(story)) == {REFUND: 4595}


def test_what_a_bank_took_of_what_was_due_cleared_nothing() -> None:
    story = by_supervisor(placed(), captured(), shipped())
    for command in (ALL, reverse()):
        story.do(command)
    assert said_late(story) == {REFUND: (0, 0)}
    assert cleared(order(story)) == {REFUND: 0}


def part_paid_of_what_was_charged_back() -> Story:
    """75.95 were charged back, and 20.00 of them paid anew; then all was refunded."""
    story = by_supervisor(placed(), captured(), shipped())
    story.do(reverse(bill=BILL))
    story.do(receive(2000, payment=OTHER_PAYMENT))
    story.do(ALL)
    return story


def test_a_refund_clears_late_what_is_owed_without_a_number_too_and_that_is_no_payment() -> None:
    # Let all that is owed without a number fall away → an existing customer, who paid nothing; this fails.
    story = part_paid_of_what_was_charged_back()
    corrected = story.when(correct(story, BillPaymentReceived)).decides(PaymentCorrected)
    assert (corrected.cleared, corrected.of_no_refund) == ((BillShare(BILL, 2000),), ())
    assert cleared(order(story)) == {REFUND: 7595}
    assert standing(story.facts(CUSTOMER, story.at)).kind == "new"


def test_of_both_corrected_all_that_was_charged_back_is_owed_again_in_either_order() -> None:
    # Open again of bills alone what cleared late → 20.00 seem gone and the refund stands, this fails.
    stories = part_paid_of_what_was_charged_back(), part_paid_of_what_was_charged_back()
    for story, kinds in zip(
        stories, ((BillPaymentReceived, RefundGranted), (RefundGranted, BillPaymentReceived)), strict=True
    ):
        for kind in kinds:
            story.do(correct(story, kind))
    one, other = [order(story) for story in stories]
    assert (one.account, one.open_bills()) == (other.account, other.open_bills())
    assert one.open_bills() == 7595


def test_what_was_owed_for_a_charge_taken_back_is_cleared_by_no_refund() -> None:
    story = by_supervisor(placed(), captured(), shipped())
    story.do(reverse(bill=BILL))
    story.do(receive(7595, payment=OTHER_PAYMENT))
    story.when(correct(story, OrderShipped)).decides(ShipmentCorrected)
    corrected = story.when(correct(story, BillPaymentReceived)).decides(PaymentCorrected)
    assert corrected.cleared == corrected.of_no_refund == (BillShare(BILL, 7595),)


def test_a_refund_taken_back_opens_all_it_cleared_though_money_came_for_units_still_to_ship() -> None:
    # Open again only what funds do not cover → the deposit pays the bill, which says a refund cleared it.
    story = by_supervisor(placed(terms="bill_after"))
    for command in (
        ship((1, 1), bill=NewBill(BILL, 2010)),
        receive(2000),
        grant((1, 1), deciding=DECIDED),
    ):
        story.do(command)
    story.do(correct(story, BillPaymentReceived))
    story.do(capture(amount=3400, payment=OTHER_PAYMENT))
    assert order(story).purse() == Purse(3400, 0)
    corrected = story.when(correct(story, RefundGranted)).decides(RefundCorrected)
    assert sum(share.amount for share in corrected.reopened) == 3400
    assert order(story).purse() == Purse(3400, 0)
    assert said_late(story) == {}, "it was none: that says what it clears"


def test_a_refund_that_had_cleared_some_clears_no_more_late_than_it_granted() -> None:
    story = on_bill()
    for command in (
        receive(4000),
        pay_bill(amount=3195, payment=OTHER_PAYMENT),
        grant((1, 1), deciding=DECIDED),
        grant((1, 1), refund=OTHER_REFUND, deciding=DECIDED),
    ):
        story.do(command)
    assert cleared(order(story)) == {REFUND: 400, OTHER_REFUND: 0}
    story.do(correct(story, BillPaymentReceived))
    assert cleared(order(story)) == {REFUND: 3400, OTHER_REFUND: 1000}


def test_a_deposit_that_goes_back_clears_nothing_late() -> None:
    # Let it clear as far as it grants → the customer is asked for what they paid, and this fails.
    story = by_supervisor(placed(terms="bill_after"))
    story.do(ship((1, 1), bill=NewBill(BILL, 2010)))
    story.do(receive(4195))
    story.do(capture(payment=OTHER_PAYMENT, amount=3400))
    story.do(cancel(refund=OTHER_REFUND))
    story.do(ALL_THAT_SHIPPED)
    story.do(correct(story, BillPaymentReceived))
    late = cleared(order(story))
    assert late[OTHER_REFUND] == 0
    assert late[REFUND] > 0
