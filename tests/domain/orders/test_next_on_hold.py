"""What is to be done next for an order on hold is what may be done now, and agrees with its next steps.

Source: R-D2, R-D3, R-D6, R-D7, I3
"""

from typing import Any

import pytest
from msgspec.structs import replace

from domain.declines.releasing import is_ready
from domain.inbound.unmatched import unmatched_stream
from domain.inbound.waiting import waiting_of
from domain.orders.next_on_hold import NextOnHold, next_on_hold
from domain.orders.order_events import OverdueBill
from tests.domain.bill_examples import OVERDUE, reverse, review
from tests.domain.decline_examples import (
    OLD_CARD,
    ann,
    charge,
    customer,
    fail,
    old_card,
    phone,
    reach,
    release,
    search,
)
from tests.domain.examples import (
    CARD,
    CUSTOMER,
    ORDER,
    OTHER_BILL,
    OTHER_ORDER,
    cancel,
    capture,
    captured,
    card_stored,
    id_of,
    placed,
)
from tests.domain.notice_examples import MONEY, give_back, unmatched
from tests.domain.orders.test_next_steps import steps
from tests.domain.specification import OWNER, ZONE, Story, given

EXISTING: dict[str, Any] = {"standing": "existing", "standing_rests_on": OTHER_ORDER}
AGAIN: dict[str, Any] = {"payment": id_of("pay", 60), "reference": "ch_60"}


def next_of(story: Story, kept: tuple[str, ...] = ()) -> NextOnHold | None:
    """The next step; whatever it is, the order's next steps allow it."""
    state, answers = story.state(ORDER), steps(story, kept)
    ready = is_ready(state)
    then = None if ready is None else story.facts(CUSTOMER, ready)
    came = [story.state(unmatched_stream(name)) for name in kept]
    any_waits = any(waiting_of(money, state) is not None for money in came)
    found = next_on_hold(state, answers.values(), any_waits, then, ZONE)
    allowed = {(answer.name, answer.by) for answer in answers.values() if answer.by is not None}
    match found:
        case "search_cards" | "charge_card" | "reach_customer" | "close_as_not_delivered":
            assert (found, "agent") in allowed
        case "owner_decides":
            assert ("release_unpaid", "owner") in allowed
        case "resolve_payment" | "assign_money":
            assert (found, "agent") in allowed or found == "resolve_payment"
            assert "charge_card" not in {name for name, _ in allowed}
        case "released_by_rule":
            # The owner may release it, until time has.
            unpaid = answers["release_unpaid", None]
            assert unpaid.by == "owner" or unpaid.refusal is not None
        case None:
            assert state.declines.hold is None
    return found


def waiting(*more: Any, **ordered: Any) -> Story:
    """An existing customer's card was declined on 10 August."""
    story = given(ann(), customer(), *more, placed(**{**EXISTING, **ordered})).by(OWNER)
    story.because("sealed:Why").do(fail())
    return story


def tried(*more: Any, **ordered: Any) -> Story:
    """And everything of R-D3 was tried on 11 August."""
    story = waiting(*more, **ordered)
    story.on("2010-08-11").do(search())
    story.do(reach())
    return story


def test_an_existing_customers_order_takes_the_steps_of_the_house_in_their_order() -> None:
    story = waiting(old_card())
    assert next_of(story) == "search_cards"
    story.do(search())
    assert next_of(story) == "charge_card"
    story.do(charge(payment_method=OLD_CARD))
    assert next_of(story) == "resolve_payment"
    story.do(fail(payment=id_of("pay", 51), reference="ch_51", payment_method=OLD_CARD))
    assert next_of(story) == "reach_customer"
    story.on("2010-08-11").do(reach())
    assert next_of(story) == "released_by_rule"
    story.do(release())
    assert next_of(story) is None


def test_money_that_came_for_it_and_waits_comes_before_any_card_or_call() -> None:
    # Ask about cards first → the customer is charged for what has come, and this fails.
    story = waiting(old_card(), unmatched())
    story.do(search())
    assert next_of(story, (MONEY,)) == "assign_money"
    story.do(give_back(kept=(MONEY,)))
    assert next_of(story, (MONEY,)) == "charge_card"


def test_who_has_paid_up_since_the_decline_is_released_by_rule() -> None:
    # Ask whether they were watched when it was placed on hold → the owner is waited for in vain, this fails.
    story = tried(*OVERDUE)
    assert next_of(story) == "owner_decides"
    story.do(capture(order=OTHER_ORDER, payment=id_of("pay", 70), reference="ch_70"))
    assert next_of(story) == "released_by_rule"


@pytest.mark.parametrize(
    ("due_on", "expected"), [("2010-08-13", "owner_decides"), ("2010-08-14", "released_by_rule")]
)
def test_who_will_be_watched_by_the_day_of_the_release_is_the_owners(due_on: str, expected: str) -> None:
    *ordered, bill = OVERDUE
    story = tried(*ordered, replace(bill, due_on=due_on))
    assert next_of(story) == expected


def test_who_was_watched_when_it_was_to_be_released_stays_the_owners() -> None:
    story = tried(*OVERDUE)
    story.on("2010-08-15").do(capture(order=OTHER_ORDER, payment=id_of("pay", 70), reference="ch_70"))
    assert next_of(story) == "owner_decides"


def test_a_card_that_may_not_be_charged_any_more_is_looked_for_anew() -> None:
    # Say that a card is left, as the search did → people try one that expired, this fails.
    story = waiting(old_card(expiry="2010-08"))
    story.do(search())
    assert next_of(story) == "charge_card"
    story.on("2010-09-01")
    assert next_of(story) == "search_cards"
    story.do(search())
    assert next_of(story) == "reach_customer"


@pytest.mark.parametrize("how", ["fraud", "payment first", "charged back"])
def test_what_no_rule_releases_is_the_owners(how: str) -> None:
    if how == "charged back":
        story = given(ann(), customer(), placed(**EXISTING), captured()).by(OWNER).because("sealed:Why")
        story.do(reverse())
        story.do(fail())
        for command in (search(), reach()):
            story.on("2010-08-11").do(command)
    elif how == "payment first":
        owed = (OverdueBill(OTHER_BILL, OTHER_ORDER, "USD", 7595),)
        story = tried(*OVERDUE, watched_for=owed)
        story.do(review("payment_first"))
        story.do(capture(order=OTHER_ORDER, payment=id_of("pay", 70), reference="ch_70"))
    else:
        story = tried()
        story.do(fail(**AGAIN, decline_code="stolen_card"))
    assert next_of(story) == "owner_decides"


def test_a_new_customer_is_reached_then_given_up_or_left_to_the_owner() -> None:
    story = given(ann(), customer(), card_stored(), placed()).by(OWNER).because("sealed:Why")
    story.do(fail(payment_method=CARD))
    assert next_of(story) == "reach_customer"
    for day in (11, 12, 13, 14, 15):
        story.on(f"2010-08-{day}").do(phone() if day == 11 else reach())
    story.on("2010-08-23")
    assert next_of(story) == "reach_customer"
    story.on("2010-08-24")
    assert next_of(story) == "close_as_not_delivered"
    story.do(reach(reached=True))
    assert next_of(story) == "owner_decides"
    story.do(cancel())
    assert next_of(story) is None


def test_an_order_that_lost_its_payment_is_the_owners_once_the_customer_was_tried() -> None:
    story = given(ann(), customer(), placed(**EXISTING), captured()).by(OWNER).because("sealed:Why")
    story.do(reverse(kind="bounced"))
    assert next_of(story) == "search_cards"
    story.do(search())
    assert next_of(story) == "reach_customer"
    story.do(reach())
    assert next_of(story) == "owner_decides"
