"""Abandoning a charge: it was never made, and leaves everything as if it had not been attempted.

Source: R-D4, R-D6
"""

from typing import Any

import pytest

from domain.authority import ReasonMissing, RoleTooLow
from domain.bills.owing import OrderOfAnotherCustomer
from domain.causes import EffectiveBeforeCause
from domain.declines.decline_events import ChargeAbandoned, PaymentAttempted
from domain.inbound.charges_let_through import RecordCharge
from domain.payments.abandoning import AbandonCharge, AttemptUnknown, ChargeHasOutcome, is_still_wanted
from domain.payments.attempting import open_attempt
from projections.hold_tasks import RESOLVE
from tests.domain.decline_examples import (
    attempted,
    card_failed,
    charge,
    customer,
    declined,
    fail,
    held,
)
from tests.domain.examples import (
    CARD,
    CUSTOMER,
    ORDER,
    OTHER_CUSTOMER,
    OTHER_ORDER,
    cancel,
    capture,
    captured,
    card_stored,
    id_of,
    placed,
)
from tests.domain.inbound.test_notices import tasks_of
from tests.domain.notice_examples import MONEY, give_back, unmatched
from tests.domain.specification import AGENT, NOON, OWNER, SUPERVISOR, Story, given

CHARGE = id_of("pay", 51)


def abandon(**other: Any) -> AbandonCharge:
    """The processor was asked, and knows of no such charge."""
    asked = {"order": ORDER, "customer": CUSTOMER, "payment": CHARGE, "told_by": "processor"}
    return AbandonCharge(**{**asked, **other})


def abandoned(**other: Any) -> ChargeAbandoned:
    said = {
        "order": ORDER,
        "customer": CUSTOMER,
        "payment": CHARGE,
        "currency": "USD",
        "amount": 7595,
        "processor": "acme",
        "told_by": "processor",
    }
    return ChargeAbandoned(**{**said, **other})


def charging(*events: Any, **other: Any) -> Story:
    """The order's card is about to be charged, and nobody hears what became of it."""
    story = given(customer(), card_stored(), placed(), *events).by(AGENT)
    story.do(charge(**other))
    return story


def test_a_charge_that_was_never_made_is_over() -> None:
    story = charging()
    story.when(abandon()).then(abandoned())
    story.when(abandon(told_by="person")).nothing()
    assert open_attempt(story.state(ORDER)) is None
    assert RESOLVE not in tasks_of(story)
    assert [type(it) for it in story.do(charge(payment=id_of("pay", 52)))] == [PaymentAttempted]
    assert RESOLVE in tasks_of(story)


def test_a_hold_goes_on_as_if_it_had_not_been_attempted() -> None:
    story = charging(attempted(), declined(), held())
    before = story.state(ORDER).declines.hold
    story.do(abandon())
    assert story.state(ORDER).declines.hold == before


def test_a_person_says_so_as_a_supervisor_with_a_reason() -> None:
    story, said = charging(), abandon(told_by="person")
    story.when(said).refused(RoleTooLow("agent", "supervisor"))
    story.by(SUPERVISOR).when(said).refused(ReasonMissing())
    story.because("sealed:Their list has none.").when(said).then(abandoned(told_by="person"))


def test_only_an_attempt_of_that_orders_customer_and_none_that_came_to_anything() -> None:
    story = charging()
    story.when(abandon(customer=OTHER_CUSTOMER)).refused(OrderOfAnotherCustomer(ORDER, OTHER_CUSTOMER))
    other = id_of("pay", 52)
    story.when(abandon(payment=other)).refused(AttemptUnknown(ORDER, other))
    story.with_now(NOON).on("2010-08-10", "11:59")
    story.when(abandon()).refused(EffectiveBeforeCause(story.at, NOON))


@pytest.mark.parametrize("how", ["paid", "declined", "unmatched"])
def test_what_came_to_something_is_not_abandoned(how: str) -> None:
    story = charging()
    said: dict[str, Any] = {"payment": CHARGE, "reference": "ch_51", "payment_method": CARD}
    if how == "unmatched":
        story.do(cancel())
    if how == "declined":
        story.do(fail(**said))
    else:
        story.do(RecordCharge(capture=capture(**said, customer=CUSTOMER), unmatched=MONEY))
    story.when(abandon()).refused(ChargeHasOutcome(ORDER, CHARGE))


def test_what_was_made_after_all_counts_all_the_same() -> None:
    # Count what was abandoned as over → money that came is refused, and this fails.
    said: dict[str, Any] = {"payment": CHARGE, "reference": "ch_51", "payment_method": CARD}
    paid = charging()
    paid.do(abandon())
    paid.do(RecordCharge(capture=capture(**said, customer=CUSTOMER), unmatched=MONEY))
    assert paid.account(ORDER).received == 7595
    refused = charging()
    refused.do(abandon())
    refused.do(fail(**said))
    assert refused.state(ORDER).declines.hold is not None


# Whether it may be made now


def is_wanted(story: Story, **other: Any) -> bool:
    asked = abandon(kept=(MONEY,), **other)
    return is_still_wanted(asked, story.given(asked))


def test_a_charge_is_wanted_as_long_as_the_order_needs_all_of_it() -> None:
    # Ask only whether anything is missing → the card pays more than is owed, and this fails.
    story = charging(amount=7594, currency="USD")
    assert is_wanted(story)
    assert not is_wanted(story, payment=id_of("pay", 52))
    story.do(capture(amount=1))
    assert is_wanted(story)
    story.do(capture(payment=id_of("pay", 2), amount=1, reference="ch_2"))
    assert not is_wanted(story)


@pytest.mark.parametrize("what", [captured(), None])
def test_nothing_is_wanted_of_an_order_that_is_paid_or_cancelled(what: Any) -> None:
    story = charging()
    story.do(cancel()) if what is None else story.record(what)
    assert not is_wanted(story)


@pytest.mark.parametrize("currency", ["USD", "EUR"])
def test_nothing_is_wanted_while_money_that_came_for_the_order_waits_nor_of_what_is_over(
    currency: str,
) -> None:
    story = charging().by(OWNER).because("sealed:Why")
    story.record(unmatched(currency=currency))
    assert not is_wanted(story)
    story.do(give_back(currency=currency))
    assert is_wanted(story)
    story.do(abandon())
    assert not is_wanted(story)


@pytest.mark.parametrize(
    ("since", "wanted"),
    [
        ((card_failed(order=OTHER_ORDER, kind="fraud"),), False),
        ((card_failed(order=OTHER_ORDER, kind="hard"),), False),
        ((card_failed(order=OTHER_ORDER),) * 2, True),
        ((card_failed(order=OTHER_ORDER),) * 3, False),
    ],
)
def test_a_card_that_may_not_be_charged_any_more_is_not_charged_by_asking_again(
    since: Any, wanted: bool
) -> None:
    # Leave the card out → one reported stolen meanwhile is charged, and this fails.
    story = charging(placed(order=OTHER_ORDER))
    story.record(*since)
    assert is_wanted(story) is wanted


def test_a_card_the_customer_named_needs_no_consent_and_its_last_month_counts() -> None:
    story = given(customer(), card_stored(expiry="2010-08", reuse_consent=False), placed())
    story.do(charge(named_by_customer=True))
    assert is_wanted(story.on("2010-08-31"))
    assert not is_wanted(story.on("2010-09-01"))
