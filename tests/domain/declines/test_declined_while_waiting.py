"""A card is declined while an order waits for another reason: the effort and the days count from then on.

Source: R-D2, R-D3, I3, I4
"""

from typing import Any

import pytest

from domain.bills.billing import could_be_billed
from domain.bills.owing import OrderOfAnotherCustomer
from domain.causes import EffectiveBeforeCause
from domain.declines.decline_events import (
    ContactAttempted,
    OrderNotDelivered,
    OrderPlacedOnHold,
    PaymentDeclined,
)
from domain.declines.not_delivering import ChannelsUntried, EffortTooFew, EffortTooShort, NothingDeclined
from domain.declines.payment_failures import record_told_failure
from domain.declines.releasing import is_ready
from domain.payments.payment_events import PaymentCaptured
from projections.declined_payments import DeclinedPayment, DeclinedPayments
from tests.domain.bill_examples import reverse
from tests.domain.correction_examples import correct
from tests.domain.decline_examples import (
    BY_EMAIL,
    BY_PHONE,
    ann,
    attempted,
    customer,
    declined,
    fail,
    give_up,
    held,
    phone,
    reach,
    search,
)
from tests.domain.examples import (
    CARD,
    CUSTOMER,
    ORDER,
    OTHER_CUSTOMER,
    OTHER_ORDER,
    capture,
    captured,
    card_stored,
    id_of,
    placed,
)
from tests.domain.figures import rows_of
from tests.domain.specification import OWNER, Story, given, moment
from tests.domain.test_ticking import ticked

EXISTING: dict[str, Any] = {"standing": "existing", "standing_rests_on": OTHER_ORDER}
AGAIN: dict[str, Any] = {"payment": id_of("pay", 60), "reference": "ch_60"}


def bounced(**ordered: Any) -> Story:
    """The transfer that paid for two dresses bounced on 12 August, and the order waits."""
    story = given(ann(), customer(), placed(**ordered), captured()).by(OWNER).because("sealed:No funds")
    story.on("2010-08-12").do(reverse(kind="bounced"))
    return story


def test_the_fourteen_days_and_five_attempts_begin_with_the_decline() -> None:
    # Count both from the hold → somebody is given up two weeks after a bounced transfer, this fails.
    story = bounced()
    for day in (13, 14, 15, 16, 17):
        story.on(f"2010-08-{day}").do(phone() if day == 13 else reach())
    story.on("2010-08-20").when(give_up()).refused(NothingDeclined(ORDER))
    story.do(fail())
    story.on("2010-09-03").when(give_up()).refused(EffortTooFew(ORDER, 0, 5))
    for day in (21, 22, 23, 24):
        story.on(f"2010-08-{day}").do(reach())
    story.on("2010-09-03").when(give_up()).refused(EffortTooFew(ORDER, 4, 5))
    story.on("2010-08-25").do(reach())
    story.on("2010-09-03").when(give_up()).refused(ChannelsUntried)
    story.on("2010-08-26").do(phone())
    story.on("2010-09-02", "23:59:59").when(give_up()).refused(EffortTooShort(ORDER, 14, "2010-09-03"))
    closed = story.on("2010-09-03", "00:00").when(give_up()).decides(OrderNotDelivered)
    assert (closed.held_on, closed.declined_on, closed.contacts) == ("2010-08-12", "2010-08-20", 6)


def test_a_second_decline_moves_none_of_the_days() -> None:
    story = bounced()
    first = story.on("2010-08-20").when(fail()).decides(PaymentDeclined)
    assert [it.kind for it in first.deadlines] == ["reach_customer", "decide_release"]
    for day in (21, 22, 23, 24, 25):
        story.on(f"2010-08-{day}").do(phone() if day == 21 else reach())
    second = story.on("2010-08-30").when(fail(**AGAIN)).decides(PaymentDeclined)
    assert second.deadlines == ()
    story.on("2010-09-03", "00:00").when(give_up()).decides(OrderNotDelivered)


def test_an_existing_customers_order_is_released_four_days_after_the_decline() -> None:
    # Let only a hold that a decline began end by rule → R-D3 is left to a person here, this fails.
    story = bounced(**EXISTING)
    story.on("2010-08-13").do(search())
    story.do(reach())
    assert ticked(story, moment("2010-08-19")) == []
    story.on("2010-08-20").do(fail())
    # Nobody tried to reach them since the decline.
    assert ticked(story, moment("2010-08-30")) == []
    story.on("2010-08-21").do(reach())
    due = moment("2010-08-24", "00:00")
    assert is_ready(story.state(ORDER)) == due
    assert ticked(story, due - 1) == []
    assert [at for at, _ in ticked(story, due)] == [due]


def test_each_hold_counts_its_own_declines() -> None:
    story = given(ann(), customer(), placed(**EXISTING)).by(OWNER).because("sealed:A mistake")
    story.do(fail())
    story.on("2010-08-11").do(search())
    story.do(reach())
    story.on("2010-08-12").do(capture())
    story.on("2010-08-20").do(reverse(kind="bounced"))
    assert ticked(story, moment("2010-12-24")) == []
    story.on("2010-08-21").do(fail(**AGAIN))
    story.do(search())
    story.on("2010-08-22").do(reach())
    assert [at for at, _ in ticked(story, moment("2010-12-24"))] == [moment("2010-08-25", "00:00")]


@pytest.mark.parametrize("how", ["charged_back", "fraud before", "fraud now", "told worse"])
def test_what_a_person_is_to_look_at_stays_with_a_person(how: str) -> None:
    story = given(ann(), customer(), placed(**EXISTING)).by(OWNER).because("sealed:Why")
    if how == "fraud before":
        story.do(fail(decline_code="stolen_card"))
    if how == "told worse":
        story.do(fail())
    story.do(capture())
    story.on("2010-08-12").do(reverse(kind="chargeback" if how == "charged_back" else "bounced"))
    if how == "told worse":
        worse = fail(decline_code="stolen_card")
        story.record_in(*record_told_failure(worse, story.given(worse)).events)
        assert story.state(ORDER).declines.hold.declines == ()
    story.do(fail(**AGAIN, decline_code="stolen_card" if how == "fraud now" else "insufficient_funds"))
    story.on("2010-08-13").do(search())
    story.do(reach())
    assert ticked(story, moment("2010-12-24")) == []


def test_what_a_processor_tells_again_of_a_decline_is_known_unless_it_is_worse() -> None:
    # Record every word of it → each telling asks somebody anew, and this fails.
    story = given(ann(), customer(), placed())
    story.do(fail(decline_code="expired_card"))
    told = record_told_failure(fail(), story.given(fail()))
    (declined,) = [entry.position for entry in story.entries if isinstance(entry.event, PaymentDeclined)]
    assert (told.events, told.customer) == ((), CUSTOMER)
    assert declined in told.already
    as_bad = fail(decline_code="account_closed")
    assert record_told_failure(as_bad, story.given(as_bad)) == told
    worse = fail(decline_code="stolen_card", advice="do_not_try_again")
    found = record_told_failure(worse, story.given(worse))
    assert found.customer == CUSTOMER
    ((stream, event),) = found.events
    assert isinstance(event, PaymentDeclined)
    assert (stream, event.kind, event.advice) == (ORDER, "fraud", "do_not_try_again")


def test_what_is_told_worse_of_a_decline_is_of_that_customer_and_not_from_before_it() -> None:
    story = given(ann(), customer(), placed()).on("2010-08-12")
    story.do(fail())
    declined_at = story.at
    worse = fail(decline_code="stolen_card", customer=OTHER_CUSTOMER)
    with pytest.raises(OrderOfAnotherCustomer):
        record_told_failure(worse, story.given(worse))
    story.with_now(declined_at).on("2010-08-11")
    worse = fail(decline_code="stolen_card")
    with pytest.raises(EffectiveBeforeCause):
        record_told_failure(worse, story.given(worse))


def test_an_order_held_again_by_a_mild_decline_after_one_of_fraud_type_is_a_persons() -> None:
    # Ask the last decline alone → what a bank once called fraud is released by rule, this fails.
    story = given(ann(), customer(), placed(**EXISTING)).by(OWNER)
    story.do(fail(decline_code="stolen_card"))
    story.do(capture(amount=7595))
    story.because("sealed:A mistake").do(correct(story, PaymentCaptured))
    story.do(capture(payment=id_of("pay", 9), reference="ch_9"))
    story.do(correct(story, PaymentCaptured, 2))
    held = [entry.event for entry in story.entries if isinstance(entry.event, OrderPlacedOnHold)]
    assert [it.kind for it in held] == ["fraud", "fraud", "fraud"]


def test_the_row_says_what_was_tried_since_the_decline_and_when_to_decide() -> None:
    story = bounced()
    story.on("2010-08-13").do(reach())
    story.on("2010-08-20").do(fail())
    (row,) = rows_of(DeclinedPayments(), story.entries)
    assert isinstance(row, DeclinedPayment)
    assert (row.contacts, row.decide_at) == (0, moment("2010-09-03", "00:00"))


def test_the_row_leaves_to_be_tried_what_may_not_be_given_up_before() -> None:
    # Leave the channels as they were → the row says that only the phone is left, and giving up is refused.
    story = bounced()
    story.on("2010-08-13").do(reach())
    assert channels_left(story) == "phone"
    story.on("2010-08-20").do(fail())
    assert channels_left(story) == "email phone"
    for day in (21, 22, 23, 24, 25):
        story.on(f"2010-08-{day}").do(phone())
    assert channels_left(story) == "email"
    story.on("2010-09-03").when(give_up()).refused(ChannelsUntried(ORDER, (BY_EMAIL,)))


def channels_left(story: Story) -> str:
    (row,) = rows_of(DeclinedPayments(), story.entries)
    assert isinstance(row, DeclinedPayment)
    return row.channels_left


def test_what_was_tried_since_a_decline_counts_however_late_that_is_told() -> None:
    # Count from the entry of the decline, or count whatever is entered after it → one of these fails.
    story = bounced().with_now(moment("2010-08-26"))
    for day, command in (("13", reach()), ("21", phone()), ("20", fail()), ("15", reach())):
        story.on(f"2010-08-{day}").do(command)
    hold = story.state(ORDER).declines.hold
    assert hold is not None
    (row,) = rows_of(DeclinedPayments(), story.entries)
    assert isinstance(row, DeclinedPayment)
    left = " ".join([way.channel for way in hold.untried(hold.placed.on_file)])
    assert (row.contacts, row.channels_left) == (len(hold.effort), left) == (1, "email")


@pytest.mark.parametrize(("code", "by_itself"), [("insufficient_funds", True), ("stolen_card", False)])
def test_a_decline_of_fraud_type_plans_no_release(code: str, by_itself: bool) -> None:
    # Plan it → a day of release stands on the row that no rule will keep, this fails.
    story = bounced(**EXISTING)
    first = story.on("2010-08-20").when(fail(decline_code=code)).decides(PaymentDeclined)
    assert ("release_unpaid" in {each.kind for each in first.deadlines}) == by_itself


def test_a_decline_of_the_very_moment_at_which_the_order_began_to_wait_counts() -> None:
    # Count only what came later → no rule ever lets it go, this fails.
    story = bounced(**EXISTING)
    story.do(fail())
    story.on("2010-08-13").do(search())
    story.do(reach())
    assert [at for at, _ in ticked(story, moment("2010-12-24"))] == [moment("2010-08-16", "00:00")]


def test_who_was_tried_at_the_very_moment_of_the_decline_was_tried_since() -> None:
    story = bounced()
    story.on("2010-08-20").do(fail())
    declined_at = story.at
    for at, untried in ((declined_at - 1, (BY_EMAIL, BY_PHONE)), (declined_at, (BY_PHONE,))):
        story.with_now(declined_at).at = at
        assert story.when(reach()).decides(ContactAttempted).untried == untried


def test_a_decline_of_the_very_moment_of_the_first_starts_nothing_again() -> None:
    story = bounced()
    first = story.when(fail()).decides(PaymentDeclined)
    second = story.when(fail(**AGAIN)).decides(PaymentDeclined)
    assert first.deadlines
    assert second.deadlines == ()


def test_a_card_was_declined_when_it_was_first_however_often_since() -> None:
    # Keep the last moment → who looked at the card in between looks again at what they know: this fails.
    story = given(ann(), customer(), card_stored(), placed(), attempted(), declined(), held())
    for day in (12, 11, 13):
        story.on(f"2010-08-{day}").record(declined(payment=id_of("pay", day), payment_method=CARD))
    assert story.state(ORDER).declines.hold.declined_cards == {CARD: moment("2010-08-11")}


def test_a_wait_that_a_payment_ended_is_no_release_without_one() -> None:
    # Take any end for a release → units leave unpaid as of that day, and this fails.
    story = given(ann(), customer(), placed(), attempted(), declined(), held()).on("2010-08-11")
    story.do(capture())
    assert story.state(ORDER).declines.holds
    assert not could_be_billed(story.state(ORDER), story.at)
