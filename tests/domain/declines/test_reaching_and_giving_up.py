"""A new customer is tried by every way there is; who was never reached goes without.

Source: R-D1, R-D2, I4, I5
"""

from typing import Any, get_args

import pytest

from domain.bills.owing import OrderOfAnotherCustomer
from domain.causes import EffectiveBeforeCause
from domain.corrections.correcting import CorrectEntry
from domain.customers.registering import (
    ContactPoint,
    ContactPointAdded,
    ContactPointInvalidated,
    ContactPointUnknown,
)
from domain.declines.decline_events import ContactAttempted, OnFile, OrderNotDelivered, WhyNotDelivered
from domain.declines.holds import NotOnHold
from domain.declines.not_delivering import (
    ChannelsUntried,
    CustomerWasReached,
    EffortTooFew,
    EffortTooShort,
    ExistingCustomerIsServed,
    NothingDeclined,
)
from domain.declines.reaching import ContactPointNotNamed, ContactPointOfAnotherChannel, NeverOnHold
from domain.inbound.waiting import MoneyWaits
from domain.moments import day_of
from domain.money import Money
from domain.orders.contacting import PersonUnknown
from domain.orders.order_events import Deadline, OrderUnitsCancelled
from domain.orders.shipping import ShipmentExceedsUnits
from domain.payments.abandoning import AbandonCharge
from domain.payments.attempting import AttemptUnresolved
from domain.payments.payment_events import PaymentCaptured
from domain.refunds.refund_events import RefundGranted
from projections.bill_tasks import Task
from projections.declined_payments import DeclinedPayment, DeclinedPayments
from projections.tasks import Tasks
from tests.domain.bill_examples import reverse
from tests.domain.decline_examples import (
    ANN,
    BY_EMAIL,
    BY_PHONE,
    PHONE,
    ann,
    attempted,
    charge,
    customer,
    declined,
    fail,
    give_up,
    held,
    phone,
    reach,
    release,
    tried,
)
from tests.domain.examples import (
    CUSTOMER,
    EMAIL,
    ORDER,
    OTHER_CUSTOMER,
    OTHER_ORDER,
    REFUND,
    cancel,
    capture,
    captured,
    card_stored,
    id_of,
    placed,
    ship,
)
from tests.domain.figures import rows_of
from tests.domain.notice_examples import MONEY, give_back, unmatched
from tests.domain.specification import OWNER, ZONE, Story, given, moment

HELD = (attempted(), declined(), held())


def waiting(*before: Any) -> Story:
    """A new customer's order on hold since 10 August 2010."""
    return given(ann(), customer(), placed(), *before, *HELD)


def effort(story: Story, times: int = 5) -> Story:
    """So many attempts over the days after, the first by telephone, the others by email."""
    for number in range(times):
        story.on(f"2010-08-{11 + 2 * number}").do(reach() if number else phone())
    return story


# Reaching


def test_each_attempt_says_what_is_still_untried_and_when_to_try_again() -> None:
    story = waiting().on("2010-08-11")
    story.when(reach(note="sealed:No answer")).then(tried(note="sealed:No answer"))
    second = story.on("2010-08-12").when(phone()).decides(ContactAttempted)
    assert second.untried == ()
    assert second.deadlines == (
        Deadline("reach_customer", moment("2010-08-15", "00:00"), moment("2010-08-16", "00:00")),
    )
    reached = story.on("2010-08-13").when(reach(reached=True)).decides(ContactAttempted)
    assert reached.deadlines == ()


def test_the_same_attempt_is_another_one_a_minute_later() -> None:
    story = waiting().on("2010-08-11").when(reach()).then(tried())
    story.on("2010-08-11", "12:01").when(reach()).then(tried())


def test_an_attempt_names_what_there_is() -> None:
    story = waiting()
    nowhere = id_of("con", 9)
    story.when(reach(contact_point=nowhere)).refused(ContactPointUnknown(CUSTOMER, nowhere))
    story.when(reach(channel="fax")).refused(ContactPointOfAnotherChannel(EMAIL.id, "fax"))
    story.when(reach(by=id_of("per", 9))).refused(PersonUnknown(id_of("per", 9)))
    story.when(reach(channel="personal", contact_point=None)).then(
        tried(channel="personal", contact_point=None, untried=(BY_EMAIL, BY_PHONE))
    )
    given(ann(), customer(), placed()).when(reach()).refused(NeverOnHold(ORDER))
    early = story.with_now(story.at).on("2010-08-10", "11:59")
    early.when(reach()).refused(EffectiveBeforeCause(early.at, moment("2010-08-10")))


def test_an_attempt_by_the_only_way_of_its_channel_need_not_name_it() -> None:
    # Take it as it was said → this fails: it counts as a try, and never as that way tried.
    story = waiting().on("2010-08-11").when(reach(contact_point=None)).then(tried())
    story.when(reach(contact_point=None)).nothing()
    story.when(reach()).nothing()
    no_good = waiting().record(ContactPointInvalidated(customer=CUSTOMER, contact_point=EMAIL.id))
    no_good.on("2010-08-11").when(reach(contact_point=None)).then(
        tried(contact_point=None, untried=(BY_PHONE,))
    )


def test_an_attempt_by_one_of_several_ways_of_its_channel_says_by_which() -> None:
    other = ContactPoint(id_of("con", 3), "email", "sealed:other@example.com")
    story = waiting().record(ContactPointAdded(customer=CUSTOMER, contact_point=other)).on("2010-08-11")
    ways = (BY_EMAIL, OnFile(other.id, "email"))
    story.when(reach(contact_point=None)).refused(ContactPointNotNamed(ways))
    story.when(reach()).then(tried(untried=(BY_PHONE, ways[1])))


@pytest.mark.parametrize(
    ("field", "value"), [("channel", "pigeon"), ("by", "cus_x"), ("contact_point", "x"), ("note", "")]
)
def test_an_attempt_is_made_by_somebody_in_some_way(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"channel|expected the id|note"):
        reach(**{field: value})


def test_what_is_entered_late_about_a_hold_that_ended_is_kept_and_starts_nothing() -> None:
    story = waiting()
    story.do(capture())
    found = story.on("2010-08-11").when(reach()).decides(ContactAttempted)
    assert found.deadlines == ()


# Giving up


def not_delivered(**other: Any) -> OrderNotDelivered:
    said = {
        "order": ORDER,
        "customer": CUSTOMER,
        "why": "never_reached",
        "held_on": "2010-08-10",
        "declined_on": "2010-08-10",
        "contacts": 5,
        "tried": (BY_EMAIL, BY_PHONE),
        "by": REFUND,
    }
    return OrderNotDelivered(**{**said, **other})


def test_after_everything_was_tried_a_person_may_close_the_order_as_not_delivered() -> None:
    story = effort(waiting()).on("2010-08-24", "00:00")
    found = story.when(give_up()).decides(OrderNotDelivered)
    assert found == not_delivered()
    assert isinstance(story.entries[-1].event, OrderUnitsCancelled)
    state = story.state(ORDER)
    assert (state.units_to_ship, state.declines.hold) == (0, None)
    story.when(give_up(refund=id_of("ref", 7))).nothing()
    story.when(ship()).refused(ShipmentExceedsUnits)


def test_thirteen_days_are_too_few_and_fourteen_enough() -> None:
    story = effort(waiting())
    story.on("2010-08-23", "23:59:59").when(give_up()).refused(EffortTooShort(ORDER, 14, "2010-08-24"))
    story.on("2010-08-24", "00:00").when(give_up()).decides(OrderNotDelivered)


def test_four_attempts_are_too_few() -> None:
    story = effort(waiting(), 4).on("2010-08-24")
    story.when(give_up()).refused(EffortTooFew(ORDER, 4, 5))


def test_nothing_is_given_up_before_the_attempt_that_made_the_effort_enough() -> None:
    # Ask for the hold alone → as of a day on which there were four attempts it is given up, and this fails.
    story = effort(waiting(), 4).on("2010-08-30")
    fifth = story.at
    story.do(reach())
    story.with_now(moment("2010-08-30", "13:00")).on("2010-08-29")
    story.when(give_up()).refused(EffectiveBeforeCause(story.at, fifth))
    story.on("2010-08-30").when(give_up()).decides(OrderNotDelivered)


def test_nothing_is_given_up_before_the_last_way_was_tried_nor_later_than_its_first_try() -> None:
    story = waiting()
    for day in range(11, 16):
        story.on(f"2010-08-{day}").do(reach())
    called = story.on("2010-08-28").at
    story.do(phone())
    story.on("2010-08-30").do(phone())
    story.with_now(moment("2010-08-30", "13:00")).on("2010-08-27")
    story.when(give_up()).refused(EffectiveBeforeCause(story.at, called))
    found = story.on("2010-08-28").when(give_up()).decides(OrderNotDelivered)
    assert found.contacts == 6, "what was tried by then"


def test_every_way_on_file_is_tried_also_one_that_became_known_since_but_none_that_is_no_good() -> None:
    # Ask only what was on file when the order was placed on hold → this fails.
    only_email = waiting()
    for number in range(5):
        only_email.on(f"2010-08-{11 + number}").do(reach())
    only_email.on("2010-08-24").when(give_up()).refused(ChannelsUntried(ORDER, (BY_PHONE,)))
    only_email.record(ContactPointInvalidated(customer=CUSTOMER, contact_point=PHONE.id))
    only_email.when(give_up()).decides(OrderNotDelivered)
    fax = ContactPoint(id_of("con", 3), "fax", "sealed:+1 212 555 0199")
    more = effort(waiting()).record(ContactPointAdded(customer=CUSTOMER, contact_point=fax))
    more.on("2010-08-24").when(give_up()).refused(ChannelsUntried)


def test_who_was_reached_once_is_never_left_without() -> None:
    story = effort(waiting(), 4)
    story.on("2010-08-20").do(reach(reached=True))
    story.on("2010-12-24").when(give_up()).refused(CustomerWasReached(ORDER))


def test_a_charge_under_way_may_be_the_customers_payment() -> None:
    # Close it whatever became of the charge → the card has paid for goods that never come, and this fails.
    story = effort(waiting(card_stored())).on("2010-08-24")
    story.do(charge())
    story.when(give_up()).refused(AttemptUnresolved(ORDER, id_of("pay", 51)))
    story.do(AbandonCharge(order=ORDER, customer=CUSTOMER, payment=id_of("pay", 51), told_by="processor"))
    assert story.do(give_up())


def test_money_that_waits_for_the_order_may_be_the_customers_payment() -> None:
    # Read no money that waits → who has paid too much gets nothing, and this fails.
    story = effort(waiting(unmatched(amount=8000))).on("2010-08-24").by(OWNER).because("sealed:Why")
    asked = give_up(kept=(MONEY,))
    story.when(asked).refused(MoneyWaits(ORDER, Money(8000, "USD")))
    story.do(give_back(amount=7999))
    story.when(asked).refused(MoneyWaits(ORDER, Money(1, "USD")))
    story.do(give_back(amount=1, settlement=id_of("stl", 2)))
    assert story.do(asked)


def test_money_in_another_currency_may_be_the_customers_payment() -> None:
    # Ask what covers the order alone → who has paid in euro gets nothing, and this fails.
    story = effort(waiting(unmatched(currency="EUR"))).on("2010-08-24").by(OWNER).because("sealed:Why")
    asked = give_up(kept=(MONEY,))
    story.when(asked).refused(MoneyWaits(ORDER, Money(7595, "EUR")))
    story.do(give_back(currency="EUR"))
    assert story.do(asked)


def test_an_existing_customer_is_served_whatever_was_tried() -> None:
    existing = placed(standing="existing", standing_rests_on=OTHER_ORDER)
    story = given(ann(), customer(), existing, attempted(), declined(), held(standing="existing"))
    effort(story).on("2010-08-24").when(give_up()).refused(ExistingCustomerIsServed(ORDER))


def test_an_order_that_waits_for_nothing_is_delivered() -> None:
    given(customer(), placed()).when(give_up()).refused(NotOnHold(ORDER))
    paid = effort(waiting())
    paid.do(capture())
    paid.on("2010-08-24").when(give_up()).refused(NotOnHold(ORDER))


def test_there_is_one_reason_not_to_deliver_and_no_other() -> None:
    # Add a member to WhyNotDelivered → this fails, and so does the house.
    assert get_args(WhyNotDelivered) == ("never_reached",)


def test_it_is_about_the_orders_customer_and_not_before_the_hold() -> None:
    other = OrderOfAnotherCustomer(ORDER, OTHER_CUSTOMER)
    story = effort(waiting())
    for command in (reach(customer=OTHER_CUSTOMER), give_up(customer=OTHER_CUSTOMER)):
        story.on("2010-08-24").when(command).refused(other)


def test_what_was_paid_towards_it_is_granted_back() -> None:
    story = effort(waiting(captured(amount=1000))).on("2010-08-24")
    found = story.when(give_up()).decides(RefundGranted)
    assert (found.granted, found.basis, found.returns_fee) == (1000, "undelivered", True)


def test_what_was_closed_by_mistake_and_waits_again_may_be_closed_again() -> None:
    # Answer "already" whenever it was closed once → it waits for ever, and this fails.
    story = effort(waiting(captured(amount=1000))).on("2010-08-24").by(OWNER).because("sealed:By mistake")
    story.do(give_up())
    story.when(give_up()).nothing()
    granted = next(entry for entry in story.entries if isinstance(entry.event, RefundGranted))
    story.do(CorrectEntry(stream=ORDER, customer=CUSTOMER, position=granted.position, owed=id_of("bil", 5)))
    assert story.state(ORDER).declines.hold is not None
    story.do(fail(payment=id_of("pay", 8), reference="ch_8", amount=6595))
    for day in range(1, 7):
        story.on(f"2010-09-{day:02}").do(reach() if day > 1 else phone())
    assert story.on("2010-09-25").when(give_up(refund=id_of("ref", 7))).decides(OrderNotDelivered)


def test_a_decline_of_before_the_hold_is_none_of_it_whenever_it_is_told() -> None:
    # Count it because it is told since → who paid, and whose bank took it back, goes without, and this fails.
    story = given(ann(), customer(), placed()).by(OWNER)
    story.on("2010-08-10", "12:10").do(capture())
    story.on("2010-08-12").do(reverse(kind="bounced"))
    late = fail(payment=id_of("pay", 8), reference="ch_8", amount=7595)
    story.on("2010-08-10", "12:05").with_now(moment("2010-08-12", "13:00")).do(late)
    story.with_now(None)
    hold = story.state(ORDER).declines.hold
    assert hold is not None
    assert hold.declines == ()
    for day in range(13, 19):
        story.on(f"2010-08-{day}").do(reach() if day > 13 else phone())
    story.on("2010-08-28").when(give_up()).refused(NothingDeclined(ORDER))


def test_the_days_count_from_the_first_decline_in_whatever_order_they_were_told() -> None:
    # Count from the one that was recorded first → who was tried for 14 days is tried for 22, and this fails.
    story = given(ann(), customer(), placed()).by(OWNER)
    story.do(capture())
    story.on("2010-08-11").do(reverse(kind="bounced"))
    story.on("2010-08-20").do(fail(payment=id_of("pay", 8), reference="ch_8"))
    story.with_now(moment("2010-08-20", "13:00")).on("2010-08-12")
    story.do(fail(payment=id_of("pay", 9), reference="ch_9"))
    hold = story.with_now(None).state(ORDER).declines.hold
    assert hold is not None
    assert (hold.declined_at, hold.due("decide_release")) == (
        moment("2010-08-12"),
        moment("2010-08-26", "00:00"),
    )


def test_the_customer_may_cancel_meanwhile() -> None:
    story = effort(waiting(), 2)
    story.do(cancel(refund=id_of("ref", 2)))
    assert story.state(ORDER).declines.hold is None
    story.on("2010-08-24").when(give_up()).refused(NotOnHold(ORDER))


# Stories of our own


def test_a_new_customer_reached_late_with_a_good_card_gets_the_goods() -> None:
    story = effort(waiting(), 4).on("2010-08-30")
    story.do(phone(reached=True, note="sealed:Was travelling; has another card"))
    story.when(capture()).decides(PaymentCaptured)
    story.do(ship())
    assert story.account(ORDER).balance == 0


def test_a_new_customer_reached_without_a_card_waits_until_the_owner_says_ship() -> None:
    story = effort(waiting(), 1).on("2010-08-13")
    story.do(reach(reached=True, by=ANN))
    story.on("2010-12-01").when(give_up()).refused(CustomerWasReached(ORDER))
    story.by(OWNER).because("sealed:A nurse").do(release())
    assert story.state(ORDER).declines.released_unpaid is not None


def asked(story: Story) -> list[tuple[str, str]]:
    """What is to be done to reach them, and on which day."""
    found = [row for row in rows_of(Tasks(), story.entries) if isinstance(row, Task)]
    return [(row.kind, day_of(row.due, ZONE)) for row in found if row.kind == "reach_customer" and row.due]


def test_an_attempt_that_is_told_late_asks_for_nothing_that_was_done_since() -> None:
    # Let the attempt recorded last say when to try again → both fail.
    story = waiting().on("2010-08-20")
    story.do(reach())
    assert asked(story) == [("reach_customer", "2010-08-23")]
    story.with_now(moment("2010-08-21")).on("2010-08-12").do(phone())
    assert asked(story) == [("reach_customer", "2010-08-23")]
    story.on("2010-08-21").do(reach(reached=True))
    story.on("2010-08-13").do(phone())
    assert asked(story) == []


def test_a_decline_that_is_told_late_is_not_the_last() -> None:
    # Let the decline recorded last count → this fails.
    story = waiting().with_now(moment("2010-08-21")).on("2010-08-20")
    story.do(fail(payment=id_of("pay", 51), reference="ch_51", decline_code="stolen_card"))
    story.on("2010-08-12").do(fail(payment=id_of("pay", 52), reference="ch_52"))
    (row,) = rows_of(DeclinedPayments(), story.entries)
    assert isinstance(row, DeclinedPayment)
    told = (row.attempts, row.declined_at, row.decline_code, row.kind)
    assert told == (3, moment("2010-08-20"), "stolen_card", "fraud")
