"""Cards on file: searched in their order, charged with consent, told to the customer.

Source: R-D3, R-D4, R-D6
"""

from typing import Any

import pytest

from domain.bills.owing import CurrencyOfOrderDiffers, OrderOfAnotherCustomer
from domain.causes import EffectiveBeforeCause
from domain.customers.cards_on_file import (
    AnotherCardFirst,
    CardDeclinedForGood,
    CardExpired,
    CardTriedTooOften,
    CardWithoutConsent,
    PaymentMethodUnknown,
)
from domain.declines.decline_events import CardConsidered, PaymentAttempted
from domain.declines.holds import NotOnHold
from domain.inbound.charges_let_through import RecordCharge
from domain.inbound.waiting import MoneyWaits
from domain.moments import Moment
from domain.money import Money
from domain.orders.order_events import Deadline
from domain.payments.abandoning import AbandonCharge
from domain.payments.attempting import AttemptUnresolved, NothingToCharge
from domain.payments.capturing import CaptureExceedsPrice
from domain.payments.payment_events import PaymentCaptured
from domain.retry import AlreadyRecordedOtherwise
from projections.bill_tasks import Task
from projections.tasks import Tasks
from tests.domain.decline_examples import (
    FAILED,
    OLD_CARD,
    OLDER_CARD,
    attempted,
    card_failed,
    charge,
    customer,
    declined,
    fail,
    held,
    old_card,
    search,
    searched,
)
from tests.domain.examples import (
    CARD,
    CUSTOMER,
    ORDER,
    OTHER_CUSTOMER,
    OTHER_ORDER,
    billed,
    cancel,
    capture,
    captured,
    card_stored,
    id_of,
    placed,
    shipped,
)
from tests.domain.figures import rows_of
from tests.domain.notice_examples import MONEY, give_back, unmatched
from tests.domain.specification import NOON, Story, given, moment

CHARGE = id_of("pay", 51)
HELD = (attempted(), declined(), held())


def waiting(*events: Any) -> Story:
    """The order on hold, after these events."""
    return given(customer(), placed(), *events, *HELD)


def older_card(**other: Any) -> Any:
    return old_card(**{"payment_method": OLDER_CARD, "token": "tok_older", **other})


def worked(card: str, number: int) -> PaymentCaptured:
    """That card paid for another order."""
    return captured(
        order=OTHER_ORDER, payment=id_of("pay", number), payment_method=card, reference=f"ch_{number}"
    )


def tried(card: str = CARD, **other: Any) -> PaymentAttempted:
    said = {"payment": CHARGE, "payment_method": card, "named_by_customer": False}
    return attempted(**{**said, **other})


def considered(card: str, verdict: Any = "usable", at: Moment | None = None) -> CardConsidered:
    return CardConsidered(card, verdict, at)


# The search


def test_the_card_that_last_worked_comes_first_and_those_that_never_did_last_the_newest_before() -> None:
    # Sort by when a card was stored → this fails.
    story = given(customer(), card_stored(), old_card(), older_card(), placed(order=OTHER_ORDER))
    story.on("2010-08-01").record(worked(OLDER_CARD, 1)).on("2010-08-05").record(worked(CARD, 2))
    story.on("2010-08-10").record(placed(), *HELD)
    story.when(search()).then(
        searched(
            cards=(
                considered(CARD, at=moment("2010-08-05")),
                considered(OLDER_CARD, at=moment("2010-08-01")),
                considered(OLD_CARD),
            )
        )
    )
    never = waiting(card_stored(), old_card())
    never.when(search()).then(searched(cards=(considered(OLD_CARD), considered(CARD))))


def test_a_card_last_worked_at_its_latest_capture_in_whatever_order_they_were_entered() -> None:
    story = given(customer(), card_stored(), placed(order=OTHER_ORDER))
    story.on("2010-08-05").record(worked(CARD, 2)).on("2010-08-01").record(worked(CARD, 1))
    story.on("2010-08-10").record(placed(), *HELD)
    story.when(search()).then(searched(cards=(considered(CARD, at=moment("2010-08-05")),)))


def test_a_capture_of_no_card_on_file_says_nothing_of_any() -> None:
    story = given(customer(), card_stored(), placed(order=OTHER_ORDER))
    story.record(captured(order=OTHER_ORDER, reference="ch_9", payment=id_of("pay", 9)), placed(), *HELD)
    story.when(search()).then(searched(cards=(considered(CARD),)))


@pytest.mark.parametrize(
    ("stored", "before", "verdict"),
    [
        ({}, (), "usable"),
        ({"expiry": "2010-08"}, (), "usable"),
        ({"expiry": "2010-07"}, (), "expired"),
        ({"reuse_consent": False}, (), "without_consent"),
        ({}, (card_failed(kind="hard"),), "declined_for_good"),
        ({}, (card_failed(kind="fraud"),), "declined_for_good"),
        ({}, (card_failed(), card_failed()), "usable"),
        ({}, (card_failed(), card_failed(), card_failed()), "tried_too_often"),
        ({"expiry": "2010-07", "reuse_consent": False}, (), "expired"),
        ({"expiry": "2010-07"}, (card_failed(kind="hard"),), "declined_for_good"),
    ],
)
def test_each_card_is_listed_with_why_it_may_be_tried_or_not(
    stored: dict[str, Any], before: tuple[Any, ...], verdict: str
) -> None:
    # Leave one of the checks out of `verdict_of` → one of these fails.
    story = waiting(card_stored(**stored), *before)
    story.when(search()).then(searched(cards=(considered(CARD, verdict),)))


def test_the_card_that_was_just_declined_is_listed_as_tried() -> None:
    story = given(customer(), card_stored(), placed())
    story.do(fail(payment_method=CARD))
    story.when(search()).then(searched(cards=(considered(CARD, "tried"),)))


def test_a_search_that_finds_the_same_says_nothing_new_and_another_one_does() -> None:
    story = waiting(card_stored())
    story.when(search()).then(searched(cards=(considered(CARD),)))
    story.record(old_card())
    story.when(search()).then(searched(cards=(considered(OLD_CARD), considered(CARD))))


def cards_to_charge(story: Story) -> set[str]:
    found = rows_of(Tasks(), story.entries)
    return {row.subject for row in found if isinstance(row, Task) and row.kind == "charge_card"}


def test_each_card_found_usable_is_somebodys_task_until_it_was_tried_or_the_order_waits_no_more() -> None:
    # Ask for the search alone → a usable card is charged by nobody, no rule lets the order go, this fails.
    def searched_story() -> Story:
        story = waiting(card_stored(), old_card(), older_card(reuse_consent=False))
        story.do(search())
        return story

    story = searched_story()
    assert cards_to_charge(story) == {CARD, OLD_CARD}
    for card, number, left in ((OLD_CARD, 60, {CARD}), (CARD, 61, set[str]())):
        story.do(fail(payment=id_of("pay", number), reference=f"ch_{number}", payment_method=card))
        assert cards_to_charge(story) == left
    for command in (capture(), cancel()):
        story = searched_story()
        story.do(command)
        assert cards_to_charge(story) == set()
    story = searched_story().on("2010-08-11")
    story.record(card_stored(payment_method=id_of("pm", 9), token="tok_new"))
    story.do(search())
    assert cards_to_charge(story) == {CARD, OLD_CARD, id_of("pm", 9)}
    story = waiting()
    story.do(search())
    assert cards_to_charge(story) == set(), "there is none"


def test_the_last_search_is_not_replaced_by_an_earlier_one() -> None:
    # Let what was recorded last count → the cards of the 12th are no longer to be tried, and this fails.
    story = waiting(card_stored())
    day = story.on("2010-08-12").at
    story.do(search())
    story.record(old_card())
    story.with_now(day).at = day - 1
    story.when(search()).refused(EffectiveBeforeCause(day - 1, day))


def test_no_search_finds_a_card_before_it_was_stored_nor_what_a_bank_said_later() -> None:
    # Ask for the hold and the last search alone → a card of the 12th is found on the 11th, and this fails.
    story = waiting()
    stored = story.on("2010-08-12").at
    story.record(card_stored())
    story.with_now(moment("2010-08-12", "13:00")).on("2010-08-11")
    story.when(search()).refused(EffectiveBeforeCause(story.at, stored))
    story.with_now(None)
    charged = story.on("2010-08-13").at
    story.do(fail(payment=id_of("pay", 60), reference="ch_60", payment_method=CARD))
    story.with_now(moment("2010-08-13", "13:00")).on("2010-08-12", "13:00")
    story.when(search()).refused(EffectiveBeforeCause(story.at, charged))
    story.on("2010-08-13").do(search())


def test_a_search_is_for_an_order_on_hold_of_that_customer() -> None:
    given(customer(), placed()).when(search()).refused(NotOnHold(ORDER))
    waiting().when(search(customer=OTHER_CUSTOMER)).refused(OrderOfAnotherCustomer(ORDER, OTHER_CUSTOMER))
    waiting().when(search()).then(searched())


# Charging


def test_an_attempt_is_recorded_before_anybody_is_asked_for_all_that_the_order_needs() -> None:
    waiting(card_stored()).when(charge()).then(tried())
    part = charge(amount=7594, currency="USD")
    waiting(card_stored()).when(part).then(tried(amount=7594))


def test_an_expired_card_is_never_charged_whoever_named_it() -> None:
    story = waiting(card_stored(expiry="2010-07"))
    story.when(charge()).refused(CardExpired(CARD, "2010-07"))
    story.when(charge(named_by_customer=True)).refused(CardExpired(CARD, "2010-07"))
    waiting(card_stored(expiry="2010-08")).on("2010-08-31", "23:59").when(charge()).then(tried())
    waiting(card_stored(expiry="2010-08")).on("2010-09-01", "00:00").when(charge()).refused(CardExpired)


def test_a_card_without_consent_is_charged_only_if_the_customer_named_it() -> None:
    story = waiting(card_stored(reuse_consent=False))
    story.when(charge()).refused(CardWithoutConsent(CARD))
    story.when(charge(named_by_customer=True)).then(tried(named_by_customer=True))


def test_a_card_declined_for_good_is_never_charged_again_for_any_order() -> None:
    # Ask only this order's declines → this fails.
    story = waiting(card_stored(), card_failed(order=OTHER_ORDER, kind="hard"))
    story.when(charge()).refused(CardDeclinedForGood(CARD))
    story.when(charge(named_by_customer=True)).refused(CardDeclinedForGood(CARD))


def test_a_card_is_tried_three_times_in_seven_days_and_the_eighth_day_is_another_week() -> None:
    story = given(customer(), card_stored()).on("2010-08-04").record(card_failed(), card_failed())
    story.on("2010-08-10").record(placed(), *HELD)
    story.when(charge()).then(tried())
    full = given(customer(), card_stored()).on("2010-08-04").record(*[card_failed()] * 3)
    full.on("2010-08-10", "23:59").record(placed(), *HELD)
    full.when(charge()).refused(CardTriedTooOften(CARD, 3, 7))
    full.on("2010-08-11", "00:00").when(charge()).then(tried())


def test_the_card_that_comes_first_is_charged_first_unless_the_customer_named_another() -> None:
    story = waiting(card_stored(), old_card(), placed(order=OTHER_ORDER), worked(CARD, 2))
    story.when(charge(payment_method=OLD_CARD)).refused(AnotherCardFirst(OLD_CARD, CARD))
    named = charge(payment_method=OLD_CARD, named_by_customer=True)
    story.when(named).then(tried(OLD_CARD, named_by_customer=True))


def test_once_the_first_card_was_declined_the_next_comes_first() -> None:
    story = waiting(card_stored(), old_card(), placed(order=OTHER_ORDER), worked(CARD, 2))
    first = {"payment": id_of("pay", 61), "reference": "ch_61", "payment_method": CARD}
    story.do(fail(**first))
    story.when(charge(payment_method=CARD)).refused(AnotherCardFirst(CARD, OLD_CARD))
    story.when(charge(payment_method=OLD_CARD)).then(tried(OLD_CARD))


def test_nothing_is_charged_beside_an_attempt_whose_outcome_nobody_knows() -> None:
    # Leave `open_attempt` out → a customer may pay twice, and this fails.
    story = waiting(card_stored()).when(charge()).then(tried())
    again = charge(payment=id_of("pay", 52))
    story.when(again).refused(AttemptUnresolved(ORDER, CHARGE))
    story.do(capture(payment=CHARGE, amount=1000, reference="ch_51", payment_method=CARD, customer=CUSTOMER))
    story.when(again).then(tried(payment=id_of("pay", 52), amount=6595))


def test_what_is_under_way_for_any_order_counts_among_the_tries_of_its_card() -> None:
    # Count declines alone → charges of two orders at once make four tries in three days, and this fails.
    story = given(customer(), card_stored(), placed(), placed(order=OTHER_ORDER))
    story.on("2010-08-10").record(card_failed()).on("2010-08-11").record(card_failed())
    story.on("2010-08-12").do(charge())
    other = charge(order=OTHER_ORDER, payment=id_of("pay", 53))
    story.when(other).refused(CardTriedTooOften(CARD, 3, 7))
    story.on("2010-08-16").when(other).refused(CardTriedTooOften)
    assert story.on("2010-08-17").do(other), "one decline and one charge under way"


@pytest.mark.parametrize("how", ["paid", "declined", "unmatched", "recorded before", "abandoned"])
def test_a_charge_whose_outcome_is_known_is_under_way_no_longer(how: str) -> None:
    story = given(customer(), card_stored(), placed(), placed(order=OTHER_ORDER))
    story.do(charge())
    said: dict[str, Any] = {"reference": "ch_51", "payment_method": CARD}
    paid = RecordCharge(capture=capture(payment=CHARGE, customer=CUSTOMER, **said), unmatched=MONEY)
    match how:
        case "declined":
            story.do(fail(payment=CHARGE, **said))
        case "abandoned":
            story.do(AbandonCharge(order=ORDER, customer=CUSTOMER, payment=CHARGE, told_by="processor"))
        case "unmatched":
            story.do(cancel())
            story.do(paid)
        case "recorded before":
            story.do(capture(reference="ch_51"))
            story.do(paid)
        case _:
            story.do(paid)
    card = story.facts(CUSTOMER, story.at).cards[CARD]
    assert (card.under_way, len(card.soft_declines)) == (frozenset(), int(how == "declined"))


def test_nobody_is_charged_while_money_that_came_for_the_order_waits() -> None:
    # Read no money that waits → a customer whose payment had no place pays twice, and this fails.
    story = given(customer(), card_stored(), placed(), unmatched())
    asked = charge(kept=(MONEY,))
    story.when(asked).refused(MoneyWaits(ORDER, Money(7595, "USD")))
    story.when(charge(kept=(MONEY,), named_by_customer=True)).refused(MoneyWaits)
    story.do(give_back(amount=7594))
    story.when(asked).refused(MoneyWaits(ORDER, Money(1, "USD")))
    story.do(give_back(amount=1, settlement=id_of("stl", 2)))
    assert story.do(asked)


def test_money_in_another_currency_waits_for_the_order_too() -> None:
    # Ask what covers the order alone → who has paid in euro pays twice, and this fails.
    story = given(customer(), card_stored(), placed(), unmatched(amount=8000, currency="EUR"))
    asked = charge(kept=(MONEY,))
    story.when(asked).refused(MoneyWaits(ORDER, Money(8000, "EUR")))
    story.do(give_back(amount=8000, currency="EUR"))
    assert story.do(asked)


def test_money_that_named_another_order_does_not_wait_for_this_one() -> None:
    story = given(customer(), card_stored(), placed(), unmatched(order=OTHER_ORDER))
    assert story.do(charge(kept=(MONEY,)))


def test_an_order_that_owes_nothing_is_charged_nothing_and_no_order_too_much() -> None:
    given(customer(), card_stored(), placed(), captured()).when(charge()).refused(NothingToCharge(ORDER))
    story = waiting(card_stored())
    too_much = charge(amount=7596, currency="USD")
    story.when(too_much).refused(CaptureExceedsPrice(ORDER, Money(7596, "USD"), Money(7595, "USD")))
    story.when(charge(amount=1, currency="EUR")).refused(CurrencyOfOrderDiffers(ORDER, "USD", "EUR"))
    waiting().when(charge()).refused(PaymentMethodUnknown(ORDER, CARD))


@pytest.mark.parametrize(
    "other", [{"payment_method": OLD_CARD}, {"processor": "other"}, {"amount": 1, "currency": "USD"}]
)
def test_the_same_attempt_with_other_content_is_refused(other: dict[str, Any]) -> None:
    story = waiting(card_stored()).when(charge()).then(tried())
    story.when(charge(**other)).refused(AlreadyRecordedOtherwise(CHARGE))


def test_an_attempt_is_for_the_orders_customer_under_an_id_of_its_own_and_not_before_the_order() -> None:
    story = waiting(card_stored())
    story.when(charge(customer=OTHER_CUSTOMER)).refused(OrderOfAnotherCustomer(ORDER, OTHER_CUSTOMER))
    story.do(capture(payment=CHARGE, amount=1000))
    story.when(charge()).refused(AlreadyRecordedOtherwise(CHARGE))
    early = waiting(card_stored()).with_now(NOON).on("2010-08-10", "11:59")
    early.when(charge()).refused(EffectiveBeforeCause(early.at, NOON))


def test_an_order_is_charged_what_is_to_ship_and_what_is_open_of_its_bills() -> None:
    sent = (placed(terms="bill_after"), shipped((1, 1), goods=3400, charge=4195), billed(amount=4195))
    given(customer(), card_stored(), *sent).when(charge()).then(tried(amount=7595))


# What the customer is told


def told(story: Story, **other: Any) -> tuple[Deadline, ...]:
    """What a capture of the attempt makes due beside shipping."""
    asked = {"payment": CHARGE, "reference": "ch_51", "payment_method": CARD, "customer": CUSTOMER}
    found = story.when(capture(**{**asked, **other})).decides(PaymentCaptured).deadlines
    return tuple([deadline for deadline in found if deadline.kind == "card_used"])


def test_the_customer_is_told_the_same_day_which_of_their_cards_we_chose() -> None:
    owed = (Deadline("card_used", NOON, moment("2010-08-11", "00:00")),)
    chosen = waiting(card_stored())
    chosen.do(charge())
    assert told(chosen) == owed
    named = waiting(card_stored())
    named.do(charge(named_by_customer=True))
    assert told(named) == ()
    assert told(waiting(card_stored())) == owed
    assert told(waiting(card_stored()), named_by_customer=True) == ()
    assert told(waiting(), payment_method=None, customer=None) == ()


@pytest.mark.parametrize(
    "before",
    [
        (card_stored(expiry="2010-07"),),
        (card_stored(reuse_consent=False),),
        (card_stored(), card_failed(order=OTHER_ORDER, kind="hard")),
        (card_stored(), *[card_failed(order=OTHER_ORDER)] * 3),
        (card_stored(), old_card()),
    ],
)
def test_what_a_card_on_file_has_paid_is_money_whether_or_not_we_might_have_charged_it(before: Any) -> None:
    # Ask `expect_chargeable` of a capture → the order ships unpaid and is billed beside its money: fails.
    story = waiting(*before)
    story.do(capture(payment=CHARGE, payment_method=CARD, customer=CUSTOMER))
    assert (story.account(ORDER).received, story.state(ORDER).declines.hold) == (7595, None)


def test_a_card_that_is_not_on_file_with_the_orders_customer_is_not_named_by_a_capture() -> None:
    asked = {"payment": CHARGE, "payment_method": CARD, "customer": CUSTOMER}
    waiting().when(capture(**asked)).refused(PaymentMethodUnknown(ORDER, CARD))


def test_what_was_attempted_is_captured_even_if_the_card_has_expired_since() -> None:
    story = waiting(card_stored(expiry="2010-08"))
    story.on("2010-08-31", "23:59").do(charge())
    asked = {"payment": CHARGE, "payment_method": CARD, "customer": CUSTOMER}
    story.on("2010-09-01").do(capture(**asked))
    assert story.account(ORDER).received == 7595


@pytest.mark.parametrize("other", [{"payment_method": OLD_CARD}, {"processor": "other"}])
def test_what_was_attempted_is_not_captured_as_something_else(other: dict[str, Any]) -> None:
    # Ask nothing of a capture under an attempt's id → a card nobody may charge is taken for it, this fails.
    story = waiting(card_stored(), old_card(reuse_consent=False))
    story.do(charge())
    asked = {"payment": CHARGE, "payment_method": CARD, "customer": CUSTOMER}
    story.when(capture(**{**asked, **other})).refused(AlreadyRecordedOtherwise(CHARGE))


def test_a_failure_names_the_attempt_it_ends() -> None:
    story = waiting(card_stored())
    story.do(charge())
    story.do(fail(payment=CHARGE, payment_method=CARD, reference="ch_51"))
    assert set(story.state(ORDER).declines.declines) == {FAILED, CHARGE}
    story.when(charge(payment=id_of("pay", 52))).then(tried(payment=id_of("pay", 52)))
