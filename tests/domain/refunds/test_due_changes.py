"""What is due back of a refund changes with what else its order meets, and is said there. Source: R-B9, R-G9

That a task stands for what is due, and for nothing else, is compared after every step in `tests/model/`.
Leave `with_due_changes` out of `decide` → the first five fail, but for the second.
"""

from domain.book.register import BookOpened
from domain.corrections.correcting_refunds import MoneyOfNoOtherRefund
from domain.money import Money
from domain.orders.order_events import Deadline
from domain.refunds.due_now import NothingDueBack
from domain.refunds.refund_events import RefundDueChanged, RefundGranted
from tests.domain.bill_examples import payment_reversed, reinstate, reverse
from tests.domain.correction_examples import correct
from tests.domain.examples import (
    CUSTOMER,
    ORDER,
    OTHER_REFUND,
    REFUND,
    cancel,
    captured,
    customer_registered,
    id_of,
    placed,
    shipped,
)
from tests.domain.refund_examples import grant, settle
from tests.domain.specification import NOON, SUPERVISOR, ZONE, Story, given, moment

PAID = (customer_registered(), placed(), captured(), shipped())
UNBILLED = {"bill": None, "due_on": None}


def due_changed(due: int, refund: str = REFUND, cleared_late: int = 0) -> RefundDueChanged:
    said = {"customer": CUSTOMER, "order": ORDER, "currency": "USD"}
    return RefundDueChanged(refund=refund, due=due, cleared_late=cleared_late, **said)


def test_a_chargeback_of_what_was_to_go_back_leaves_nothing_due() -> None:
    story = given(*PAID)
    story.do(grant((1, 2)))
    story.when(reverse()).then(payment_reversed(opened=0, **UNBILLED), due_changed(0))
    story.when(settle()).refused(NothingDueBack(REFUND))


def test_while_a_cent_of_it_is_due_nothing_has_changed() -> None:
    story = given(*PAID)
    story.do(grant((1, 2)))
    story.when(reverse(amount=7594)).then(payment_reversed(7594, 0, **UNBILLED))


def test_what_the_bank_gives_back_is_to_be_paid_within_days_of_the_first_cent_of_it() -> None:
    story = given(*PAID)
    for command in (reverse(), grant((1, 2))):
        story.do(command)
    changed = story.when(reinstate(1)).decides(RefundDueChanged)
    assert changed.due == 1
    assert changed.deadlines == (Deadline("refund_payout", NOON, moment("2010-08-13", "00:00")),)
    again = story.when(reinstate(1, reinstatement=id_of("rev", 9))).decides(RefundDueChanged)
    assert again == due_changed(2, cleared_late=-1), "the day by which to pay stays"


def test_what_is_due_once_is_due_of_two_refunds_until_one_is_paid() -> None:
    story = given(*PAID)
    for command in (grant((1, 1)), grant((1, 1), refund=OTHER_REFUND), reverse(amount=4195)):
        story.do(command)
    *_, changed = story.do(settle())
    assert changed == due_changed(0, OTHER_REFUND)


def test_a_refund_that_was_none_takes_along_what_was_due_of_another() -> None:
    story = given(*PAID)
    for command in (grant((1, 1)), grant((1, 1), refund=OTHER_REFUND), reverse(amount=3400)):
        story.do(command)
    story.by(SUPERVISOR).because("sealed:A mistake")
    *_, changed = story.do(correct(story, RefundGranted, 2))
    assert changed == due_changed(0)


def test_of_history_it_is_said_too_and_asks_nobody_to_pay() -> None:
    # Say nothing of history → the audit would call a refund granted for ever that a bank's money had met.
    story = Story(*PAID, opened=BookOpened(zone=ZONE, country="US", cut_over="2010-08-11")).from_("import")
    for command in (reverse(), grant((1, 2))):
        story.do(command)
    _, changed = story.do(reinstate(1))
    assert changed == due_changed(1, cleared_late=-1)
    again = reinstate(1, reinstatement=id_of("rev", 9))
    assert story.on("2010-08-11").do(again)[1:] == (due_changed(2, cleared_late=-1),)


def test_what_comes_again_for_cancelled_units_is_granted_then() -> None:
    # Leave the grant out → nobody can pay it out: no unit is left to refund, and nothing is due of a refund.
    story = given(customer_registered(), placed(), captured())
    for command in (reverse(), cancel()):
        story.do(command)
    assert story.state(ORDER).refunds == {}
    granted = story.when(reinstate()).decides(RefundGranted)
    assert (granted.basis, granted.granted, granted.refund) == ("undelivered", 7595, OTHER_REFUND)
    assert [deadline.kind for deadline in granted.deadlines] == ["refund_payout"]
    story.do(settle(refund=granted.refund))
    assert story.account(ORDER).balance == 0


def test_what_covers_units_still_to_ship_is_not_granted() -> None:
    story = given(customer_registered(), placed(), captured())
    for command in (reverse(), cancel((1, 1))):
        story.do(command)
    story.do(reinstate(4195))
    assert story.state(ORDER).refunds == {}
    story.do(reinstate(1, reinstatement=id_of("rev", 9)))
    (granted,) = story.state(ORDER).refunds.values()
    assert granted.granted.granted == 1


def test_the_one_refund_of_such_money_is_not_taken_back() -> None:
    story = given(customer_registered(), placed(), captured())
    for command in (reverse(), cancel(), reinstate()):
        story.do(command)
    story.by(SUPERVISOR).because("sealed:A mistake")
    alone = MoneyOfNoOtherRefund(OTHER_REFUND, Money(7595, "USD"))
    story.when(correct(story, RefundGranted)).refused(alone)
