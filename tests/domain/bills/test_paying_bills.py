"""A bill is paid in part, exactly, over, and after it was written off. Source: I9, R-B6, R-B7"""

import pytest

from domain.bills.bill_events import BillMarkedUncollectible, BillPaymentReceived, BillShare
from domain.bills.bill_payments import ReceiveBillPayment
from domain.bills.owing import BillUnknown, CurrencyOfOrderDiffers, OrderOfAnotherCustomer
from domain.causes import EffectiveBeforeCause
from domain.command import OutOfRange
from domain.orders.order import OrderUnknown
from domain.payments.references import NAMED_BY_NOBODY, NAMED_BY_PAYER
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.bill_examples import (
    ILL,
    bill_paid,
    billed,
    billed_story,
    call,
    credit_kept,
    give_up,
    pay_bill,
    promise,
    promise_kept,
    use_credit,
    write_off,
    write_off_reversed,
)
from tests.domain.correction_examples import correct
from tests.domain.decline_examples import FAILED, fail
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    ONE_DRESS_WITH_FEE,
    ORDER,
    OTHER_BILL,
    OTHER_CUSTOMER,
    OTHER_ORDER,
    OTHER_PAYMENT,
    OTHER_SHIPMENT,
    PAYMENT,
    capture,
    customer_registered,
    id_of,
    placed,
    shipped,
)
from tests.domain.specification import OWNER, Story, given, moment


def written_off_story() -> Story:
    story = billed_story().on("2010-11-10")
    story.do(call(**ILL))
    story.by(OWNER).do(write_off())
    return story


def standing_at(story: Story) -> tuple[int, int, int, int]:
    """(balance, open on bills, written off, set aside) of the order."""
    state = story.state(ORDER)
    return (
        state.account.balance,
        state.open_bills(),
        state.account.written_off,
        state.account.set_aside,
    )


@pytest.mark.parametrize("amount", [1, 7594, 7595])
def test_up_to_the_open_amount_it_pays_the_bill(amount: int) -> None:
    story = billed_story().when(pay_bill(amount=amount)).then(bill_paid(amount))
    assert standing_at(story) == (7595 - amount, 7595 - amount, 0, 0)


def test_what_exceeds_the_bill_is_kept_as_the_customers_credit() -> None:
    # Tell it in the order's stream alone → this fails.
    kept = credit_kept(1)
    story = billed_story().when(pay_bill(amount=7596)).then(bill_paid(7596, 7595), kept, kept)
    assert standing_at(story) == (0, 0, 0, 1)
    assert story.state(CUSTOMER).credit["USD"].available == 1
    assert story.state(ORDER).purse().due_back == 0


def test_what_exceeds_one_bill_pays_no_other_by_itself_and_any_once_it_is_used() -> None:
    """I9: who pays one bill says which. What is over is theirs, to be used for another bill or asked back."""
    # Let it pay the order's other bill → nobody said that it should, and this fails.
    story = given(
        customer_registered(),
        placed(terms="bill_after"),
        shipped((1, 1), **ONE_DRESS_WITH_FEE),
        billed(amount=4195),
        shipped((1, 1), shipment=OTHER_SHIPMENT, goods=3400, shipping=0, charge=3400, carries_fee=False),
        billed(shipment=OTHER_SHIPMENT, bill=OTHER_BILL, number=2, amount=3400),
    )
    story.do(pay_bill(amount=4195 + 3400))
    assert standing_at(story) == (3400, 3400, 0, 3400)
    assert story.state(ORDER).bills[OTHER_BILL].open == 3400
    story.do(use_credit(3400))
    assert (story.state(ORDER).open_bills(), story.state(CUSTOMER).credit["USD"].available) == (0, 0)


def test_a_payment_keeps_the_reference_it_came_with() -> None:
    billed_story().when(pay_bill(reference="wire-7")).then(bill_paid(reference="wire-7"))


def test_a_bill_paid_twice_is_all_credit_the_second_time() -> None:
    story = billed_story()
    story.do(pay_bill())
    again = pay_bill(payment=OTHER_PAYMENT)
    kept = credit_kept(7595, subject=OTHER_PAYMENT)
    story.when(again).then(bill_paid(7595, 0, payment=OTHER_PAYMENT), kept, kept)
    assert standing_at(story) == (0, 0, 0, 7595)


@pytest.mark.parametrize("amount", [1, 7594, 7595])
def test_what_comes_after_a_write_off_reverses_it_by_its_own_amount_and_pays(amount: int) -> None:
    # Reverse the whole write-off instead → this fails for a part.
    story = written_off_story()
    assert standing_at(story) == (0, 0, 7595, 0)
    story.when(pay_bill(amount=amount)).then(write_off_reversed(amount), bill_paid(amount))
    assert standing_at(story) == (0, 0, 7595 - amount, 0)


def test_what_exceeds_a_write_off_is_credit_too() -> None:
    kept = credit_kept(5)
    story = written_off_story()
    story.when(pay_bill(amount=7600)).then(write_off_reversed(7595), bill_paid(7600, 7595), kept, kept)
    assert standing_at(story) == (0, 0, 0, 5)


def test_parts_that_come_late_add_up_and_never_reverse_more_than_was_written_off() -> None:
    story = written_off_story()
    story.do(pay_bill(amount=5000))
    last = pay_bill(payment=OTHER_PAYMENT, amount=3000)
    kept = credit_kept(405, subject=OTHER_PAYMENT)
    back = write_off_reversed(2595, by=OTHER_PAYMENT)
    story.when(last).then(back, bill_paid(3000, 2595, payment=OTHER_PAYMENT), kept, kept)
    assert standing_at(story) == (0, 0, 0, 405)


def test_a_part_of_an_uncollectible_bill_lowers_what_was_given_up() -> None:
    story = billed_story().by(OWNER)
    story.when(give_up()).then(
        BillMarkedUncollectible(order=ORDER, customer=CUSTOMER, bill=BILL, currency="USD", amount=7595)
    )
    part = bill_paid(95, bills=(BillShare(BILL, 95, 95),))
    story.when(pay_bill(amount=95)).then(part)
    assert story.state(ORDER).bills[BILL].uncollectible == 7500


def test_whole_payment_in_time_keeps_a_promise_and_a_part_does_not() -> None:
    story = billed_story()
    story.do(promise("2010-08-10"))
    story.when(pay_bill(amount=7594)).then(bill_paid(7594))
    rest = pay_bill(payment=OTHER_PAYMENT, amount=1)
    story.when(rest).then(bill_paid(1, payment=OTHER_PAYMENT), promise_kept(by=OTHER_PAYMENT))


@pytest.mark.parametrize(("amount", "keeps"), [(7593, False), (7594, True), (7595, True)])
def test_what_pays_a_written_off_cent_as_well_keeps_the_promise_about_the_rest(
    amount: int, keeps: bool
) -> None:
    # Ask for exactly what was open → this fails for 75.95. All but a cent is paid, the cent is let off,
    # and the payment turns out never to have come.
    story = billed_story()
    for command in (pay_bill(amount=7594), call(**ILL)):
        story.do(command)
    story.by(OWNER).because("sealed:never came")
    for command in (write_off(), correct(story, BillPaymentReceived), promise("2010-08-12")):
        story.do(command)
    recorded = story.do(pay_bill(payment=OTHER_PAYMENT, amount=amount))
    assert (promise_kept(by=OTHER_PAYMENT) in recorded) == keeps


def test_a_capture_for_the_order_keeps_a_promise_as_well() -> None:
    story = billed_story()
    story.do(promise())
    kept = story.when(capture(payment=OTHER_PAYMENT)).decides(type(promise_kept()))
    assert kept == promise_kept(by=OTHER_PAYMENT)


def test_the_same_payment_again_is_nothing_whatever_has_happened_since() -> None:
    story = billed_story()
    story.do(pay_bill(amount=100))
    story.do(pay_bill(payment=OTHER_PAYMENT, amount=7495))
    story.when(pay_bill(amount=100)).nothing()
    story.when(pay_bill(amount=100, credit=id_of("crd", 9))).nothing()


@pytest.mark.parametrize(
    "other", [{"amount": 101}, {"currency": "EUR"}, {"method": "cheque"}, {"reference": "17"}]
)
def test_the_same_payment_with_other_content_is_refused(other: dict[str, object]) -> None:
    story = billed_story()
    story.do(pay_bill(amount=100))
    story.when(pay_bill(**{"amount": 100, **other})).refused(AlreadyRecordedOtherwise(PAYMENT))


def test_a_capture_under_that_id_is_another_payment() -> None:
    story = billed_story()
    story.do(capture(amount=100))
    story.when(pay_bill(amount=100)).refused(AlreadyRecordedOtherwise(PAYMENT))


def test_what_a_payment_names_has_to_be_there() -> None:
    story = billed_story()
    story.when(pay_bill(bill=OTHER_BILL)).refused(BillUnknown(ORDER, OTHER_BILL))
    story.when(pay_bill(customer=OTHER_CUSTOMER)).refused(OrderOfAnotherCustomer(ORDER, OTHER_CUSTOMER))
    story.when(pay_bill(currency="EUR")).refused(CurrencyOfOrderDiffers(ORDER, "USD", "EUR"))
    given().when(pay_bill(order=OTHER_ORDER)).refused(OrderUnknown(OTHER_ORDER))


def test_nothing_is_paid_before_it_is_billed() -> None:
    story = billed_story()
    at = story.at
    story.with_now(at).on("2010-08-09")
    story.when(pay_bill()).refused(EffectiveBeforeCause(moment("2010-08-09"), at))


def test_what_all_becomes_credit_is_not_paid_before_the_bill_either() -> None:
    # Ask only what of the bill was open → nothing of it is taken, and this fails.
    story = billed_story()
    billed_at = story.at
    story.do(pay_bill())
    again = pay_bill(payment=OTHER_PAYMENT, credit=id_of("crd", 2))
    story.with_now(billed_at).at = billed_at - 1
    story.when(again).refused(EffectiveBeforeCause(billed_at - 1, billed_at))
    story.at = billed_at
    assert story.when(again).decides(BillPaymentReceived).set_aside == 7595


@pytest.mark.parametrize(
    ("field", "value"), [("amount", 0), ("method", ""), ("bill", ORDER), ("credit", BILL)]
)
def test_a_payment_out_of_range_cannot_be_asked(field: str, value: object) -> None:
    assert isinstance(pay_bill(), ReceiveBillPayment)
    with pytest.raises(ValueError, match=rf"{field}|expected the id"):
        pay_bill(**{field: value})


def test_an_attempt_to_charge_a_card_is_not_told_as_a_payment_of_a_bill() -> None:
    story = billed_story()
    story.do(fail())
    story.when(pay_bill(payment=FAILED)).refused(AlreadyRecordedOtherwise(FAILED))


def test_a_card_payment_with_a_reference_names_the_processor_that_took_it() -> None:
    # Take it as `card` → the processor's own notice of it is other money, and this fails.
    with pytest.raises(OutOfRange, match="method must be the processor that took the card"):
        pay_bill(method="card", reference="ch_1")
    billed_story().when(pay_bill(method="card")).decides(BillPaymentReceived)
    story = billed_story()
    story.do(pay_bill(method="trial_cards", reference="ch_1"))
    told = capture(payment=OTHER_PAYMENT, processor="trial_cards", reference="ch_1", amount=7595)
    assert story.when(told).nothing()


def test_what_a_processor_took_has_a_reference_as_payments_of_orders_have() -> None:
    # Take it without one → the processor's own notice of it is other money, and this fails.
    with pytest.raises(OutOfRange, match="reference must be given where a processor took it"):
        pay_bill(method="stripe")
    for way in NAMED_BY_PAYER | NAMED_BY_NOBODY:
        billed_story().when(pay_bill(method=way)).decides(BillPaymentReceived)
