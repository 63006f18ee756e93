"""What ended a hold was recorded by mistake: the hold goes on with all that was done.

Source: H-correct, R-D2, R-D3
"""

from typing import Any

import pytest

from domain.causes import EffectiveBeforeCause
from domain.command import Command
from domain.declines.decline_events import (
    OrderNotDelivered,
    OrderPlacedOnHold,
    ShipmentReleasedWithoutPayment,
)
from domain.entry import Event
from domain.moments import Moment
from domain.orders.order_events import Deadline, DeadlineKind, OverdueBill
from domain.payments.payment_events import PaymentCaptured
from domain.refunds.refund_events import RefundGranted
from domain.retry import AlreadyRecordedOtherwise
from projections.declined_payments import DeclinedPayment, DeclinedPayments
from tests.domain.bill_examples import EARLIER, OVERDUE, review
from tests.domain.correction_examples import correct, order
from tests.domain.decline_examples import ann, fail, give_up, phone, reach, release, search
from tests.domain.declines.test_losing_cover import EXISTING, customer, tasks_of
from tests.domain.examples import (
    OTHER_BILL,
    OTHER_ORDER,
    OTHER_PAYMENT,
    REFUND,
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
from tests.domain.notice_examples import notice
from tests.domain.specification import OWNER, Story, given, moment
from tests.projections.test_decline_rows import status_of

OWED = (OverdueBill(OTHER_BILL, OTHER_ORDER, "USD", 7595),)


def declined(*paid: Event, **asked: Any) -> Story:
    """Declined on 10 August."""
    story = given(ann(), customer(), placed(**asked), *paid).by(OWNER).because("sealed:A mistake")
    story.do(fail(amount=6595 if paid else 7595))
    return story


@pytest.mark.parametrize(
    ("paid", "mistake", "kind"),
    [
        ((), capture(), PaymentCaptured),
        ((captured(amount=1000),), cancel(refund=id_of("ref", 2)), RefundGranted),
    ],
    ids=["a payment that never came", "a cancellation nobody wanted"],
)
def test_a_customer_never_reached_is_given_up_as_if_there_had_been_no_mistake(
    paid: tuple[Event, ...], mistake: Command, kind: type[Event]
) -> None:
    # Let another hold begin instead → nobody declined, nobody tried, and the order waits without end.
    story = declined(*paid)
    for number in range(6):
        story.on(f"2010-08-{11 + number}").do(reach() if number else phone())
    story.on("2010-08-20").do(mistake)
    resumed = story.on("2010-08-21").when(correct(story, kind)).decides(OrderPlacedOnHold)
    (hold,) = order(story).declines.holds
    assert (resumed.because, resumed.resumes, hold.ended) == ("declined", hold.position, None)
    assert (len(hold.declines), len(hold.contacts)) == (1, 6)
    story.on("2010-09-10").when(give_up()).decides(OrderNotDelivered)


def given_up(*paid: Event) -> Story:
    """Never reached, and closed as not delivered on 10 September; what was paid was to go back."""
    story = declined(*paid)
    for number in range(6):
        story.on(f"2010-08-{11 + number}").do(reach() if number else phone())
    story.on("2010-09-10").do(give_up())
    return story


def test_who_was_given_up_by_mistake_is_tried_on_as_before() -> None:
    # Let another hold begin instead → nobody declined, nobody tried, and the order waits without end.
    story = given_up(captured(amount=1000))
    assert status_of(story) == "not_delivered"
    resumed = story.on("2010-09-11").when(correct(story, RefundGranted)).decides(OrderPlacedOnHold)
    (hold,) = order(story).declines.holds
    assert (resumed.because, resumed.resumes, resumed.missing) == ("declined", hold.position, 6595)
    assert (hold.ended, len(hold.declines), len(hold.contacts)) == (None, 1, 6)
    assert (status_of(story), order(story).declines.not_delivered) == ("on_hold", None)
    # Look only at how the hold ended → sent again it closes the order once more, and cancels nothing.
    story.when(give_up()).nothing()
    story.when(give_up(refund=id_of("ref", 2))).decides(OrderNotDelivered)


def test_an_order_is_not_given_up_under_the_name_of_what_the_customer_cancelled() -> None:
    # Take what is cancelled under that name for the same → it is closed and nothing cancelled, this fails.
    story = declined(captured(amount=1000))
    for number in range(6):
        story.on(f"2010-08-{11 + number}").do(reach() if number else phone())
    story.do(cancel())
    story.do(correct(story, RefundGranted))
    story.on("2010-09-10").when(give_up()).refused(AlreadyRecordedOtherwise(REFUND))


def test_what_was_given_up_by_mistake_and_then_cancelled_is_cancelled() -> None:
    # Remember for ever that it was given up → the customer's own word is told as ours, this fails.
    story = given_up(captured(amount=1000))
    story.on("2010-09-11").do(correct(story, RefundGranted))
    story.do(cancel(refund=id_of("ref", 2)))
    assert status_of(story) == "cancelled"


@pytest.mark.parametrize("nth", [1, 2], ids=["the first", "the last straw"])
def test_either_of_two_payments_that_ended_a_hold_resumes_it(nth: int) -> None:
    # Ask only for the payment that the release names → where the first never came, another hold begins, and
    # the order is given up by nobody.
    story = declined()
    for number in range(6):
        story.on(f"2010-08-{11 + number}").do(reach() if number else phone())
    story.on("2010-08-20").do(capture(amount=4000))
    story.do(capture(amount=3595, payment=OTHER_PAYMENT, reference="ch_2"))
    story.on("2010-08-21").do(correct(story, PaymentCaptured, nth))
    (hold,) = order(story).declines.holds
    assert (hold.ended, len(hold.declines), len(hold.contacts)) == (None, 1, 6)
    story.on("2010-09-10").when(give_up()).decides(OrderNotDelivered)


def test_a_payment_that_never_came_resumes_a_hold_that_a_cancellation_ended() -> None:
    story = declined()
    story.on("2010-08-20").do(capture(amount=4195))
    story.do(cancel((1, 1)))
    assert order(story).declines.hold is None
    resumed = story.when(correct(story, PaymentCaptured)).decides(OrderPlacedOnHold)
    assert (resumed.because, resumed.missing) == ("declined", 4195)


def test_a_search_from_before_the_order_waited_again_is_known_and_none_is_added_there() -> None:
    # Ask the searches of holds that ended alone → the retry is another search, and this fails.
    story = declined(**EXISTING)
    at = story.at
    (searched,) = story.do(search())
    story.on("2010-08-11").do(capture())
    story.on("2010-08-20").do(correct(story, PaymentCaptured))
    waits_since = story.with_now(story.at).at
    story.at = at
    (known,) = story.when(search()).nothing()
    assert story.entries[known - 1].event == searched
    story.at = at + 1
    story.when(search()).refused(EffectiveBeforeCause(at + 1, waits_since))


def existing_after_a_mistake() -> Story:
    """Declined on the 10th, searched and phoned; a payment of the 11th, corrected on the 20th."""
    story = declined(**EXISTING)
    story.do(search())
    story.do(phone())
    story.on("2010-08-11").do(capture())
    story.on("2010-08-20").do(correct(story, PaymentCaptured))
    return story


def test_an_existing_customers_order_is_released_by_rule_once_it_waits_again() -> None:
    # Not on the 14th, when it seemed paid.
    story = existing_after_a_mistake()
    assert not tasks_of(story) & {"search_cards"}
    story.on("2010-08-21").do(phone())
    (released,) = [
        entry for entry in story.entries if isinstance(entry.event, ShipmentReleasedWithoutPayment)
    ]
    assert released.effective_at == moment("2010-08-20")
    assert order(story).declines.hold is None


def test_cards_that_nobody_had_charged_are_looked_at_again_once_it_waits_again() -> None:
    # Take the old search for the new → nobody is asked to charge them, and no rule lets the order go.
    story = given(ann(), customer(), card_stored(), placed(**EXISTING)).by(OWNER).because("sealed:A mistake")
    for command in (fail(), search()):
        story.do(command)
    assert "charge_card" in tasks_of(story)
    story.on("2010-08-11").do(capture())
    story.on("2010-08-20").do(correct(story, PaymentCaptured))
    assert tasks_of(story) & {"search_cards", "charge_card"} == {"search_cards"}
    story.do(search())
    assert tasks_of(story) & {"search_cards", "charge_card"} == {"charge_card"}


def test_what_was_due_while_it_seemed_paid_is_due_at_once_and_today_and_the_rest_when_it_was() -> None:
    story = declined(**EXISTING)
    story.on("2010-08-11").do(capture())

    def left(day: str) -> tuple[Deadline, ...]:
        again = Story.after(story.entries).by(OWNER).because("sealed:A mistake").on(day)
        return again.when(correct(again, PaymentCaptured)).decides(OrderPlacedOnHold).deadlines

    at, over = moment("2010-08-13"), moment("2010-08-14", "00:00")
    waits = (Deadline("search_cards", at, over), Deadline("reach_customer", at, over))
    decided = Deadline("decide_release", over, moment("2010-08-15", "00:00"))
    assert left("2010-08-13") == (*waits, decided, Deadline("release_unpaid", over))
    at, over = moment("2010-08-20"), moment("2010-08-21", "00:00")
    late: tuple[DeadlineKind, ...] = ("search_cards", "reach_customer", "decide_release")
    assert left("2010-08-20") == (
        *[Deadline(kind, at, over) for kind in late],
        Deadline("release_unpaid", at),
    )


def owing_and_declined(due_on: str) -> Story:
    """Declined on the 10th, searched and tried, of somebody who is to pay another bill by that day."""
    earlier = placed(order=OTHER_ORDER, terms="bill_after")
    story = given(ann(), customer(), earlier, shipped(**EARLIER)).by(OWNER).because("sealed:A mistake")
    story.record(billed(**EARLIER, bill=OTHER_BILL, due_on=due_on), placed(**EXISTING))
    for command in (fail(), search(), reach()):
        story.do(command)
    return story


def test_what_the_rule_had_left_to_a_person_stays_with_them_once_it_waits_again() -> None:
    # Carry the release on → a time for it stands that no rule will keep, this fails.
    story = owing_and_declined(due_on="2010-08-12")

    def released_by_rule(paid: str) -> bool:
        again = Story.after(story.entries).by(OWNER).because("sealed:A mistake").on(paid)
        again.do(capture())
        again.on("2010-08-20")
        resumed = again.when(correct(again, PaymentCaptured)).decides(OrderPlacedOnHold)
        return "release_unpaid" in {each.kind for each in resumed.deadlines}

    assert released_by_rule("2010-08-13")
    assert not released_by_rule("2010-08-14")
    assert not released_by_rule("2010-08-15")


def test_the_list_of_declined_payments_shows_it_waiting_as_before() -> None:
    story = declined(**EXISTING)
    story.do(search())
    story.do(phone())
    (before,) = rows_of(DeclinedPayments(), story.entries)
    story.on("2010-08-11").do(capture())
    story.do(correct(story, PaymentCaptured))
    (after,) = rows_of(DeclinedPayments(), story.entries)
    assert isinstance(before, DeclinedPayment)
    assert isinstance(after, DeclinedPayment)
    after.last_position = before.last_position
    assert after == before


def test_what_a_payment_before_the_last_leaves_missing_begins_a_hold_of_its_own() -> None:
    # It had ended none.
    story = declined(captured(amount=1000))
    story.do(capture(amount=6595, payment=OTHER_PAYMENT, reference="ch_2"))
    held = story.when(correct(story, PaymentCaptured, 1)).decides(OrderPlacedOnHold)
    assert (held.because, held.resumes) == ("corrected", None)


def test_a_try_entered_while_the_order_seemed_paid_leaves_the_customer_to_be_tried_again() -> None:
    # Ask only what that try started → nobody tries them any more, this fails.
    story = declined()
    story.on("2010-08-11").do(phone())
    story.on("2010-08-13").do(capture())
    story.on("2010-08-12").with_now(moment("2010-08-13")).do(reach())
    story.with_now(None).on("2010-08-14").do(correct(story, PaymentCaptured))
    assert {"decide_release", "reach_customer"} <= tasks_of(story)


def test_a_customer_reached_is_not_to_be_tried_again() -> None:
    # Ask only the last try → this fails.
    story = declined()
    story.on("2010-08-11").do(phone())
    story.do(reach(reached=True))
    story.on("2010-08-12").do(phone())
    story.on("2010-08-13").do(capture())
    resumed = story.on("2010-08-14").when(correct(story, PaymentCaptured)).decides(OrderPlacedOnHold)
    assert "reach_customer" not in {each.kind for each in resumed.deadlines}


@pytest.mark.parametrize("code", ["insufficient_funds", "stolen_card"])
def test_a_fraud_learned_while_the_order_seemed_paid_leaves_it_to_a_person(code: str) -> None:
    # Carry the release on → a time for it stands that no rule will keep, this fails.
    story = declined(**EXISTING)
    story.do(search())
    story.do(phone())
    story.on("2010-08-11").do(capture())
    told = fail(payment=id_of("pay", 3), reference="ch_3", decline_code=code)
    story.do(notice(kind="charge.failed", happened_at=story.at, fact=told, money=None))
    resumed = story.on("2010-08-12").when(correct(story, PaymentCaptured)).decides(OrderPlacedOnHold)
    by_rule = "release_unpaid" in {each.kind for each in resumed.deadlines}
    assert by_rule == (code == "insufficient_funds")


def test_the_next_try_follows_the_last_one() -> None:
    # Follow any other → somebody is called the day after the last call, this fails.
    story = declined()
    for day in (11, 12):
        story.on(f"2010-08-{day}").do(phone())
    story.on("2010-08-13").do(capture())
    resumed = story.when(correct(story, PaymentCaptured)).decides(OrderPlacedOnHold)
    (reach_next,) = [each.due for each in resumed.deadlines if each.kind == "reach_customer"]
    assert reach_next == moment("2010-08-15", "00:00")


def test_whoever_was_watched_at_the_very_moment_of_the_release_stays_with_a_person() -> None:
    # Ask only what came later → the rule lets go what it had left to a person, this fails.
    story = owing_and_declined(due_on="2010-08-12")

    def released_by_rule(at: Moment) -> bool:
        again = Story.after(story.entries).by(OWNER).because("sealed:A mistake")
        again.at = at
        again.do(capture())
        again.on("2010-08-20")
        resumed = again.when(correct(again, PaymentCaptured)).decides(OrderPlacedOnHold)
        return "release_unpaid" in {each.kind for each in resumed.deadlines}

    release = moment("2010-08-14", "00:00")
    assert released_by_rule(release - 1)
    assert not released_by_rule(release)


@pytest.mark.parametrize("paid", ["2010-08-11", "2010-08-13"])
def test_no_payment_ends_a_wait_that_the_owners_word_had_ended(paid: str) -> None:
    # Resume it → it waits since before the owner let it go, this fails.
    story = given(ann(), customer(), *OVERDUE, placed(terms="bill_after", watched_for=OWED, **EXISTING))
    story.by(OWNER).because("sealed:Owes for long").do(review("payment_first"))
    story.do(fail())
    story.on(paid).do(capture(amount=1000))
    if paid == "2010-08-11":
        story.on("2010-08-12").do(review())
    else:
        story.do(release())
    story.on("2010-08-14").do(review("payment_first"))
    held = story.on("2010-08-15").when(correct(story, PaymentCaptured)).decides(OrderPlacedOnHold)
    assert (held.because, held.resumes) == ("corrected", None)
