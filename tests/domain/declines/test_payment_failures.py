"""Declined payments: recorded with what they mean, and an order nothing else covers waits.

Source: R-D1, R-D2, R-D3, R-D6
"""

from typing import Any

import pytest

from domain.bills.owing import CurrencyOfOrderDiffers, OrderOfAnotherCustomer
from domain.book.register import BookOpened
from domain.causes import EffectiveBeforeCause
from domain.customers.cards_on_file import PaymentMethodUnknown
from domain.customers.registering import ContactPointInvalidated
from domain.declines.decline_codes import DECLINE_KINDS, NetworkAdvice, kind_of_decline
from domain.declines.decline_events import (
    OrderPlacedOnHold,
    OrderReleased,
    PaymentAttempted,
    PaymentDeclined,
    PaymentMethodFailed,
)
from domain.declines.holds import NotOnHold
from domain.declines.not_delivering import CustomerWasReached
from domain.declines.payment_failures import FailureExceedsPrice
from domain.money import Money
from domain.orders.order import OrderNotPlaced, OrderUnknown
from domain.orders.order_events import Deadline, OverdueBill
from domain.orders.shipping import ShipmentOnHold
from domain.payments.payment_events import PaymentReversed
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.bill_examples import OVERDUE, reverse, review
from tests.domain.decline_examples import (
    BY_PHONE,
    FAILED,
    ann,
    attempted,
    card_failed,
    charge,
    customer,
    declined,
    fail,
    give_up,
    held,
    old_card,
    phone,
    reach,
    search,
    searched,
)
from tests.domain.examples import (
    BILL,
    CARD,
    CUSTOMER,
    EMAIL,
    ORDER,
    OTHER_BILL,
    OTHER_CUSTOMER,
    OTHER_ORDER,
    OTHER_REFUND,
    PAYMENT,
    REFUND,
    billed,
    cancel,
    cancelled,
    capture,
    captured,
    card_stored,
    id_of,
    place,
    placed,
    prepared,
    ship,
    shipped,
)
from tests.domain.refund_examples import grant
from tests.domain.specification import OWNER, ZONE, Story, given, moment

EXISTING: dict[str, Any] = {"standing": "existing", "standing_rests_on": OTHER_ORDER}


def test_a_decline_places_the_order_on_hold_and_freezes_how_the_customer_may_be_reached() -> None:
    given(customer(), placed()).when(fail()).then(attempted(), declined(), held())


def test_what_the_network_advises_is_said_with_the_card_too() -> None:
    story = given(customer(), card_stored(), placed())
    advised = {"advice": "try_again_later", "payment_method": CARD}
    failed = story.when(fail(**advised)).decides(PaymentMethodFailed)
    assert (failed.advice, failed.kind) == ("try_again_later", "soft")


def test_a_hold_says_whether_its_customer_was_watched_when_it_began() -> None:
    owed = {"order": OTHER_ORDER, "bill": BILL, "due_on": "2010-08-09"}
    watched = given(customer(), placed(order=OTHER_ORDER), shipped(order=OTHER_ORDER))
    watched.record(billed(**owed), placed())
    assert watched.when(fail()).decides(OrderPlacedOnHold).is_watched
    assert not given(customer(), placed()).when(fail()).decides(OrderPlacedOnHold).is_watched


def test_a_card_on_file_that_failed_is_said_in_the_customers_stream_too() -> None:
    story = given(customer(), card_stored(), placed())
    story.when(fail(payment_method=CARD)).then(
        attempted(payment_method=CARD), declined(payment_method=CARD), card_failed(), held()
    )
    assert story.state(CUSTOMER).payment_methods[CARD].failures == (card_failed(),)


def test_a_contact_point_that_is_no_good_is_no_way_to_reach_anybody() -> None:
    gone = ContactPointInvalidated(customer=CUSTOMER, contact_point=EMAIL.id)
    given(customer(), gone, placed()).when(fail()).then(attempted(), declined(), held(on_file=(BY_PHONE,)))


def test_a_second_decline_changes_nothing_about_the_hold() -> None:
    # Place it on hold again → the days of the first decline would be lost, and this fails.
    story = given(customer(), placed(), attempted(), declined(), held()).on("2010-08-12")
    second = {"payment": id_of("pay", 51), "reference": "ch_51"}
    story.when(fail(**second)).then(attempted(payment=second["payment"]), declined(**second))
    hold = story.state(ORDER).declines.hold
    assert hold.placed.held_on == "2010-08-10"
    assert len(hold.declines) == 2


def test_what_is_covered_or_may_be_billed_does_not_wait() -> None:
    given(customer(), placed(terms="bill_after")).when(fail()).then(attempted(), declined())
    gone = given(customer(), placed(), captured(), attempted())
    gone.when(fail()).then(declined())
    short = given(customer(), placed(), captured(amount=7594))
    least = {"amount": 1}
    short.when(fail(**least)).then(attempted(**least), declined(**least), held(missing=1))


def test_a_declined_payment_is_at_most_what_could_have_been_captured() -> None:
    # Take any amount → a paid and delivered order is told to wait for a decline of 1,000,000.00: this fails.
    paid = given(customer(), placed(), captured())
    paid.when(fail(amount=1)).refused(FailureExceedsPrice(ORDER, Money(1, "USD"), Money(0, "USD")))
    unpaid = given(customer(), placed())
    unpaid.when(fail(amount=7596)).refused(FailureExceedsPrice(ORDER, Money(7596, "USD"), Money(7595, "USD")))
    unpaid.when(fail(amount=7595)).decides(PaymentDeclined)


def test_what_was_attempted_is_declined_whatever_the_order_needs_since() -> None:
    story = given(customer(), placed(), attempted())
    story.do(cancel())
    story.when(fail()).then(declined())


def test_the_same_decline_again_is_the_same_by_its_id_or_by_the_processors_reference() -> None:
    story = given(customer(), placed()).when(fail()).then(attempted(), declined(), held())
    story.when(fail(payment=id_of("pay", 60))).nothing()
    story.when(fail(payment=id_of("pay", 60), amount=7594)).refused(AlreadyRecordedOtherwise(FAILED))


@pytest.mark.parametrize(
    "other",
    [
        {"amount": 1},
        {"currency": "EUR"},
        {"processor": "other"},
        {"reference": None},
        {"decline_code": "stolen_card"},
        {"advice": "try_again_later"},
    ],
)
def test_the_same_attempt_with_another_outcome_is_refused(other: dict[str, Any]) -> None:
    story = given(customer(), placed(), attempted(), declined(), held())
    story.when(fail(**other)).refused(AlreadyRecordedOtherwise(FAILED))


def test_a_payment_is_captured_or_declined_and_never_both() -> None:
    story = given(customer(), placed(), captured())
    story.when(fail(payment=PAYMENT)).refused(AlreadyRecordedOtherwise(PAYMENT))
    story = given(customer(), placed(), attempted(), declined(), held())
    story.when(capture(payment=FAILED)).refused(AlreadyRecordedOtherwise(FAILED))


def test_an_attempt_recorded_before_ends_with_its_decline() -> None:
    story = given(customer(), card_stored(), placed())
    story.do(charge(payment=FAILED, named_by_customer=True))
    story.when(fail(payment_method=CARD)).then(declined(payment_method=CARD), card_failed(), held())
    other = given(customer(), card_stored(), placed())
    other.do(charge(payment=FAILED, named_by_customer=True))
    other.when(fail(payment_method=CARD, amount=1)).refused(AlreadyRecordedOtherwise(FAILED))


def test_a_decline_names_what_there_is() -> None:
    given().when(fail()).refused(OrderUnknown(ORDER))
    given(customer(), prepared()).when(fail()).refused(OrderNotPlaced(ORDER))
    story = given(customer(), placed())
    story.when(fail(customer=OTHER_CUSTOMER)).refused(OrderOfAnotherCustomer(ORDER, OTHER_CUSTOMER))
    story.when(fail(currency="EUR")).refused(CurrencyOfOrderDiffers(ORDER, "USD", "EUR"))
    story.when(fail(payment_method=CARD)).refused(PaymentMethodUnknown(ORDER, CARD))
    before = story.with_now(story.at).on("2010-08-10", "11:59")
    before.when(fail()).refused(EffectiveBeforeCause(before.at, moment("2010-08-10")))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", 0),
        ("decline_code", "Insufficient funds"),
        ("decline_code", ""),
        ("advice", "perhaps"),
        ("payment", "ord_x"),
        ("payment_method", "card"),
        ("customer", "ord_x"),
        ("processor", "a/b"),
        ("reference", ""),
    ],
)
def test_a_decline_is_said_in_the_fields_own_words(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"must|expected the id"):
        fail(**{field: value})


# What a decline means


@pytest.mark.parametrize(
    ("code", "advice", "kind"),
    [
        ("insufficient_funds", None, "soft"),
        ("insufficient_funds", "try_again_later", "soft"),
        ("insufficient_funds", "do_not_try_again", "hard"),
        ("account_closed", None, "hard"),
        ("account_closed", "try_again_later", "hard"),
        ("stolen_card", None, "fraud"),
        ("fraudulent", "do_not_try_again", "fraud"),
        ("never_heard_of", None, "soft"),
        ("never_heard_of", "do_not_try_again", "hard"),
        ("never_heard_of", "confirm_card_data", "soft"),
    ],
)
def test_what_a_code_means_is_in_one_table_and_an_unknown_one_is_soft(
    code: str, advice: NetworkAdvice | None, kind: str
) -> None:
    assert kind_of_decline(code, advice) == kind
    found = given(customer(), placed()).when(fail(decline_code=code, advice=advice)).decides(PaymentDeclined)
    assert found.kind == kind


def test_every_code_of_the_table_is_one_a_command_may_name() -> None:
    for code in DECLINE_KINDS:
        fail(decline_code=code)


# What ends a hold


def test_an_order_on_hold_does_not_ship_until_it_is_covered() -> None:
    # Let `may_be_billed` hold for an order on hold → it ships unpaid, and this fails.
    story = given(customer(), placed(), attempted(), declined(), held())
    story.when(ship()).refused(ShipmentOnHold)
    released = OrderReleased(order=ORDER, customer=CUSTOMER, because="paid", by=PAYMENT)
    story.when(capture()).then(captured(), released)
    assert story.state(ORDER).declines.hold is None
    story.do(ship())


def test_a_payment_that_leaves_a_cent_missing_leaves_the_order_on_hold() -> None:
    story = given(customer(), placed(), attempted(), declined(), held())
    story.when(capture(amount=7594)).then(captured(amount=7594))
    assert story.state(ORDER).declines.hold is not None


def test_the_customers_own_cancellation_ends_the_hold() -> None:
    released = OrderReleased(order=ORDER, customer=CUSTOMER, because="cancelled", by=REFUND)
    story = given(customer(), placed(), attempted(), declined(), held())
    assert story.when(cancel()).decides(OrderReleased) == released
    assert story.state(ORDER).declines.hold is None


def test_cancelling_what_is_not_covered_ends_the_hold_and_less_does_not() -> None:
    released = OrderReleased(order=ORDER, customer=CUSTOMER, because="cancelled", by=REFUND)
    waits = (attempted(), declined(), held())
    paid_for_one = given(customer(), placed(), captured(amount=4195), *waits)
    paid_for_one.when(cancel((1, 1))).then(cancelled((1, 1)), released)
    short = given(customer(), placed(), captured(amount=4194), *waits)
    short.when(cancel((1, 1))).then(cancelled((1, 1)))


def test_an_order_may_wait_again_once_it_no_longer_is_covered() -> None:
    story = given(customer(), placed(), attempted(), declined(), held())
    story.do(capture())
    story.record(
        PaymentReversed(
            order=ORDER,
            customer=CUSTOMER,
            reversal=id_of("rev"),
            payment=PAYMENT,
            kind="chargeback",
            dispute=None,
            reference=None,
            currency="USD",
            amount=7595,
            bill=None,
            opened=0,
            due_on=None,
        )
    )
    second = {"payment": id_of("pay", 52), "reference": "ch_52"}
    story.on("2010-08-12").when(fail(**second)).then(
        attempted(payment=second["payment"]),
        declined(**second),
        held(payment=second["payment"], held_on="2010-08-12"),
    )


# Deadlines


def deadlines(story: Story, **other: Any) -> tuple[Deadline, ...]:
    return story.when(fail(**other)).decides(OrderPlacedOnHold).deadlines


def test_a_new_customer_is_to_be_reached_today_and_the_order_decided_on_after_a_fortnight() -> None:
    story = given(customer(), placed()).on("2010-08-10", "15:00")
    assert deadlines(story) == (
        Deadline("reach_customer", moment("2010-08-10", "15:00"), moment("2010-08-11", "00:00")),
        Deadline("decide_release", moment("2010-08-24", "00:00"), moment("2010-08-25", "00:00")),
    )


def test_an_existing_customers_cards_are_searched_and_the_release_comes_on_the_fourth_day() -> None:
    story = given(customer(), placed(**EXISTING)).on("2010-08-10", "15:00")
    today = moment("2010-08-10", "15:00"), moment("2010-08-11", "00:00")
    assert deadlines(story) == (
        Deadline("search_cards", *today),
        Deadline("reach_customer", *today),
        Deadline("decide_release", moment("2010-08-14", "00:00"), moment("2010-08-15", "00:00")),
        Deadline("release_unpaid", moment("2010-08-14", "00:00")),
    )


def test_what_a_bank_calls_fraud_never_comes_by_itself() -> None:
    kinds = [it.kind for it in deadlines(given(customer(), placed(**EXISTING)), decline_code="stolen_card")]
    assert kinds == ["search_cards", "reach_customer", "decide_release"]


def test_history_holds_and_starts_nothing() -> None:
    opened = BookOpened(zone=ZONE, country="US", cut_over="2010-08-11")
    story = Story(customer(), placed(**EXISTING), opened=opened).from_("import")
    assert deadlines(story) == ()


def test_an_attempt_is_to_be_resolved_today() -> None:
    story = given(customer(), card_stored(), old_card(), placed())
    found = story.when(charge(named_by_customer=True)).decides(PaymentAttempted).deadlines
    assert found == (Deadline("resolve_payment", moment("2010-08-10"), moment("2010-08-11", "00:00")),)


def test_a_search_sent_again_once_the_order_was_paid_is_the_same_search() -> None:
    story = given(customer(), placed(), attempted(), declined(), held(), searched())
    story.do(capture())
    story.when(search()).nothing()
    story.on("2010-08-11").when(search()).refused(NotOnHold)


def test_who_was_reached_when_the_order_waited_before_was_reached() -> None:
    """Ask only the present hold → a customer we have spoken to is left without the goods."""
    story = given(customer(), ann())
    for command in (place(), fail(), reach(reached=True), capture(), reverse(amount=7595)):
        story.do(command)
    story.on("2010-08-11").do(fail(payment=id_of("pay", 51), reference="ch_51"))
    for hour in range(10, 15):
        story.on("2010-08-12", f"{hour}:00").do(reach())
        story.on("2010-08-12", f"{hour}:30").do(phone())
    story.on("2010-08-26").when(give_up()).refused(CustomerWasReached)


def test_closing_gives_a_charged_fee_back_once_everything_is_gone() -> None:
    """Forget the credit note → the order can never be closed."""
    story = given(customer(), ann())
    for command in (place(), capture(amount=4195), ship((1, 1)), reverse(amount=4195), fail()):
        story.do(command)
    story.do(grant((1, 1), refund=OTHER_REFUND))
    for hour in range(10, 15):
        story.on("2010-08-12", f"{hour}:00").do(reach())
        story.on("2010-08-12", f"{hour}:30").do(phone())
    story.on("2010-08-26").do(give_up(decided_on="2010-08-26"))
    state = story.state(ORDER)
    assert (state.account.charged, state.account.credited, state.open_bills()) == (4195, 4195, 0)


@pytest.mark.parametrize(("taken_back", "waits"), [(0, False), (1, True)])
def test_what_a_refund_credits_may_cover_what_waits(taken_back: int, waits: bool) -> None:
    """Look only at cancelled units → an order that is covered can be closed as not delivered."""
    story = given(customer(), ann(), placed())
    for command in (capture(amount=4195), ship((1, 1)), fail(amount=3400)):
        story.do(command)
    if taken_back:
        story.do(reverse(amount=taken_back))
    story.do(grant((1, 1), refund=OTHER_REFUND))
    assert (story.state(ORDER).declines.hold is not None) == waits


@pytest.mark.parametrize(("terms", "since"), [("bill_after", "2010-08-12"), ("card", "2010-08-11")])
def test_what_could_be_billed_until_payment_was_asked_first_waits_from_then_on(
    terms: str, since: str
) -> None:
    # Wait from the decline on, whenever that is told → it waits while it may ship, and this fails.
    owed = OverdueBill(OTHER_BILL, OTHER_ORDER, "USD", 7595)
    story = given(customer(), *OVERDUE, placed(terms=terms, standing="existing", watched_for=(owed,)))
    story.by(OWNER).because("sealed:Owes for long").on("2010-08-12").do(review("payment_first"))
    story.with_now(moment("2010-08-13")).on("2010-08-11").do(fail())
    hold = story.state(ORDER).declines.hold
    assert hold is not None
    assert hold.at == moment(since)
