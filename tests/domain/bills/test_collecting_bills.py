"""Who owes is reminded, called kindly, believed, and let off only for a good reason. R-B3 … R-B7, I10"""

from typing import Any

import pytest

from domain.authority import RoleTooLow
from domain.bills.bill_events import BillIssued, BillMarkedUncollectible, CollectionCallMade
from domain.bills.owing import BillSettled, BillUnknown
from domain.bills.promise_events import PromiseMade
from domain.bills.promising import PromisedAgainSince, PromisedForThePast
from domain.bills.watching import is_watched
from domain.bills.writing_off import CustomerNotReached, NoGoodReason
from domain.causes import EffectiveBeforeCause
from domain.customers.standing import standing
from domain.deadlines import MIDNIGHT
from domain.moments import LAST_DAY, moment_at
from domain.orders.contacting import PersonUnknown
from domain.orders.order_events import Deadline
from domain.retry import AlreadyRecordedOtherwise
from domain.ticking import Tick
from projections.bill_tasks import CALL, Task
from projections.tasks import Tasks
from tests.domain.bill_examples import (
    ILL,
    OTHER_PROMISE,
    PROMISE,
    bill_paid,
    billed_story,
    call,
    called,
    give_up,
    pay_bill,
    promise,
    promise_broken,
    promise_kept,
    promised,
    remind,
    reminded,
    write_off,
    written_off,
)
from tests.domain.examples import BILL, CUSTOMER, NEW_BILL, ORDER, OTHER_BILL, id_of, place, ship
from tests.domain.figures import rows_of
from tests.domain.specification import AGENT, OWNER, SUPERVISOR, ZONE, Story, given, moment


def midnight(day: str) -> int:
    return moment_at(day, MIDNIGHT, ZONE)


def on_the_day(kind: Any, day: str, after: str) -> Deadline:
    return Deadline(kind, midnight(day), midnight(after))


# When


@pytest.mark.parametrize(
    ("issued", "first", "second", "call_on"),
    [
        ("2010-08-10", "2010-09-16", "2010-10-09", "2010-11-10"),
        # Month ends are clamped: three months after 30 November is the end of February.
        ("2010-11-30", "2011-01-06", "2011-01-29", "2011-02-28"),
        ("2011-11-30", "2012-01-06", "2012-01-29", "2012-02-29"),
    ],
)
def test_a_bill_says_when_to_remind_and_when_to_call(
    issued: str, first: str, second: str, call_on: str
) -> None:
    story = given(billed_story().entries[2].event).on(issued)
    story.do(place(terms="bill_after"))
    bill = type(NEW_BILL)(BILL, int(issued[:4]))
    deadlines = story.when(ship(bill=bill)).decides(BillIssued).deadlines
    assert [(it.kind, it.due) for it in deadlines] == [
        ("bill_overdue", deadlines[0].due),
        ("first_reminder", midnight(first)),
        ("second_reminder", midnight(second)),
        ("collection_call", midnight(call_on)),
    ]


@pytest.mark.parametrize(
    ("day", "again"),
    [("2010-11-10", "2010-12-10"), ("2011-01-31", "2011-02-28"), ("2012-01-31", "2012-02-29")],
)
def test_the_next_try_comes_a_month_after_a_call(day: str, again: str) -> None:
    made = billed_story().on(day).when(call()).decides(CollectionCallMade)
    assert [(it.kind, it.due) for it in made.deadlines] == [("collection_call", midnight(again))]


@pytest.mark.parametrize(
    ("day", "again"),
    [("2010-08-12", "2010-11-10"), ("2010-10-09", "2010-11-10"), ("2010-10-11", "2010-11-11")],
)
def test_a_call_made_early_brings_the_planned_one_no_nearer(day: str, again: str) -> None:
    """Negative control: without `max` in `deadlines_of_call` the first two are called on 12 September and
    9 November.
    """
    made = billed_story().on(day).when(call()).decides(CollectionCallMade)
    assert [(it.kind, it.due) for it in made.deadlines] == [("collection_call", midnight(again))]


def test_a_good_reason_asks_the_owner_at_once() -> None:
    made = billed_story().on("2010-11-10").when(call(**ILL)).decides(CollectionCallMade)
    assert made.deadlines == (
        on_the_day("collection_call", "2010-12-10", "2010-12-11"),
        Deadline("write_off_decision", moment("2010-11-10"), midnight("2010-11-11")),
    )


# Reminders and calls


def test_a_reminder_is_recorded_and_moves_nothing() -> None:
    story = billed_story().on("2010-09-16")
    before = story.account(ORDER)
    story.when(remind()).then(reminded())
    story.when(remind(channel="mail", by=AGENT.person, note="sealed:Kindly")).then(
        reminded(channel="mail", by=AGENT.person, note="sealed:Kindly")
    )
    assert story.account(ORDER) == before


def test_a_call_is_recorded_with_what_was_said() -> None:
    story = billed_story().on("2010-11-10")
    story.when(call()).then(called())
    answered = call(outcome="reached", will_pay=True, note="sealed:On Friday")
    story.on("2010-11-11").when(answered).then(
        called(outcome="reached", will_pay=True, note="sealed:On Friday")
    )


@pytest.mark.parametrize("asked", [remind, call, promise, give_up, write_off])
def test_nobody_is_asked_for_what_is_settled(asked: Any) -> None:
    story = billed_story()
    story.do(pay_bill(amount=7594))
    story.by(OWNER).do(call(**ILL))
    unless = story.entries[:]
    story.do(pay_bill(payment=id_of("pay", 9), amount=1))
    assert len(story.entries) > len(unless)
    story.on("2010-08-11").when(asked()).refused(BillSettled(BILL))


@pytest.mark.parametrize("asked", [remind, call, promise, give_up, write_off])
def test_a_bill_has_to_be_there(asked: Any) -> None:
    billed_story().when(asked(bill=OTHER_BILL)).refused(BillUnknown(ORDER, OTHER_BILL))


@pytest.mark.parametrize("asked", [remind, call, promise, give_up])
def test_nothing_happens_to_a_bill_before_it_is_issued(asked: Any) -> None:
    story = billed_story().by(OWNER)
    issued = story.at
    story.with_now(issued).on("2010-08-10", "11:59")
    story.when(asked()).refused(EffectiveBeforeCause(moment("2010-08-10", "11:59"), issued))


def test_a_person_calls_and_a_machine_may_remind() -> None:
    stranger = id_of("per", 99)
    story = billed_story()
    story.when(call(by=stranger)).refused(PersonUnknown(stranger))
    story.when(remind(by=stranger)).refused(PersonUnknown(stranger))


@pytest.mark.parametrize(
    "said",
    [
        {"outcome": "maybe"},
        {"good_reason": "illness", "note": "sealed:Ill"},
        {"will_pay": True},
        {"outcome": "reached", "good_reason": "bored", "note": "sealed:Bored"},
        {"outcome": "reached", "good_reason": "other"},
        {"by": ORDER},
    ],
)
def test_a_call_that_cannot_have_been_cannot_be_asked(said: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must|expected the id"):
        call(**said)


# Promises to pay


def test_a_promise_is_kept_by_what_leaves_nothing_open_on_its_last_day() -> None:
    story = billed_story().on("2010-09-12")
    story.when(promise()).then(promised())
    story.on("2010-09-20", "23:59:59.999999").when(pay_bill()).then(bill_paid(), promise_kept())


def test_a_promise_is_broken_when_the_day_after_begins() -> None:
    # Decide it at the tick's moment, or compare with `<` → this fails.
    story = billed_story().on("2010-09-12")
    story.do(promise())
    broken_at = moment("2010-09-21", "00:00")
    for at, decided in ((broken_at - 1, []), (broken_at, [promise_broken()]), (moment("2011-09-21"), [])):
        before = len(story.entries)
        story.at = at
        story.do(Tick(stream=ORDER))
        assert [entry.event for entry in story.entries[before:]] == decided
    assert story.entries[-1].effective_at == broken_at


def test_a_late_payment_finds_the_promise_broken() -> None:
    # Leave `_promises_broken` out of `due_in` → this fails: paying a year later would keep the promise.
    story = billed_story().on("2010-09-12")
    story.do(promise())
    story.on("2010-09-21", "00:00")
    story.do(pay_bill())
    assert [type(entry.event).__name__ for entry in story.entries[-2:]] == [
        "PromiseBroken",
        "BillPaymentReceived",
    ]


def test_a_settled_bill_breaks_no_promise() -> None:
    story = billed_story().on("2010-09-12")
    story.do(promise())
    story.do(call(**ILL))
    story.by(OWNER).do(write_off())
    before = len(story.entries)
    story.on("2010-12-01").do(Tick(stream=ORDER))
    assert len(story.entries) == before


def test_a_new_promise_takes_the_place_of_the_one_before() -> None:
    story = billed_story().on("2010-09-12")
    story.do(promise())
    later = promise("2010-09-30", promise=OTHER_PROMISE)
    story.when(later).then(promised("2010-09-30", promise=OTHER_PROMISE, replaces=PROMISE))
    story.on("2010-09-25").do(Tick(stream=ORDER))
    assert [known.outcome for known in story.state(ORDER).bills[BILL].promises.values()] == ["replaced", None]
    story.on("2010-10-01").do(Tick(stream=ORDER))
    assert story.entries[-1].event == promise_broken(promise=OTHER_PROMISE, due_on="2010-09-30")


def test_an_earlier_promise_that_is_entered_late_takes_no_place_of_a_later_one() -> None:
    # Let what was recorded last take the place → the later word is broken on the 23rd, and this fails.
    story = billed_story()
    later = story.on("2010-09-19").at
    story.do(promise("2010-09-30", promise=OTHER_PROMISE))
    story.with_now(moment("2010-09-20")).at = later - 1
    story.when(promise("2010-09-22")).refused(PromisedAgainSince(BILL, OTHER_PROMISE, later))
    story.at = later
    story.when(promise("2010-09-22")).then(promised("2010-09-22", replaces=OTHER_PROMISE))


def test_of_several_promises_the_last_one_stands_against_an_earlier() -> None:
    story = billed_story().on("2010-09-12")
    story.do(promise("2010-09-30"))
    last = story.on("2010-09-19").at
    story.do(promise("2010-09-30", promise=OTHER_PROMISE))
    story.with_now(last).on("2010-09-15")
    third = promise("2010-09-30", promise=id_of("prm", 3))
    story.when(third).refused(PromisedAgainSince(BILL, OTHER_PROMISE, last))


def test_an_earlier_promise_is_not_made_after_the_later_one_was_broken() -> None:
    # Ask only for one that is open → they would have until the 30th, and this fails.
    story = billed_story().on("2010-09-19")
    later = story.at
    story.do(promise("2010-09-20"))
    story.on("2010-09-21").do(Tick(stream=ORDER))
    story.with_now(story.at).at = later - 1
    earlier = promise("2010-09-30", promise=OTHER_PROMISE)
    story.when(earlier).refused(PromisedAgainSince(BILL, PROMISE, later))


def test_a_promise_is_for_its_own_day_or_later() -> None:
    story = billed_story().on("2010-09-12")
    story.when(promise("2010-09-11")).refused(PromisedForThePast(BILL))
    story.when(promise("2010-09-12")).then(promised("2010-09-12"))


def test_a_promise_again_is_nothing_and_with_another_day_refused() -> None:
    story = billed_story().on("2010-09-12")
    story.do(promise())
    story.do(pay_bill())
    story.when(promise()).nothing()
    story.when(promise("2010-09-21")).refused(AlreadyRecordedOtherwise(PROMISE))


@pytest.mark.parametrize("day", ["", "2010-9-20", "20100920", "2010-02-30", "3000-01-01", "9999-12-31"])
def test_a_promise_names_a_day(day: str) -> None:
    with pytest.raises(ValueError, match="due_on"):
        promise(day)


def test_a_promise_for_the_last_day_there_is_has_its_deadline_and_pauses_the_call() -> None:
    # Take any day that a date can name → the day after it is none, and this fails.
    story = billed_story().on("2010-09-12")
    (broken,) = story.when(promise(LAST_DAY)).decides(PromiseMade).deadlines
    assert broken.due == moment("3000-01-01", "00:00")
    story.on("2010-11-10").do(call())
    called = [row for row in rows_of(Tasks(), story.entries) if isinstance(row, Task) and row.kind == CALL]
    assert [row.paused_until for row in called] == [broken.due]


# Writing off: reached, a good reason, the owner. Source: I10


def test_the_owner_writes_off_after_a_good_reason() -> None:
    story = billed_story().on("2010-11-10")
    story.do(call(**ILL))
    position = story.entries[-1].position
    story.by(OWNER).when(write_off()).then(written_off(call=position))
    assert story.account(ORDER).balance == 0


def test_nobody_is_let_off_who_was_not_reached() -> None:
    # Ask only whether somebody called → this fails.
    story = billed_story().on("2010-11-10").by(OWNER)
    story.when(write_off()).refused(CustomerNotReached(BILL))
    story.do(call())
    story.when(write_off()).refused(CustomerNotReached(BILL))


def test_reached_without_a_good_reason_is_not_enough() -> None:
    story = billed_story().on("2010-11-10").by(OWNER)
    story.do(call(outcome="reached", note="sealed:Simply will not"))
    story.when(write_off()).refused(NoGoodReason(BILL))


def test_nobody_but_the_owner_writes_off() -> None:
    # Leave `expect_role` out of `write_off_bill` → this fails.
    story = billed_story().on("2010-11-10")
    story.do(call(**ILL))
    story.when(write_off()).refused(RoleTooLow("agent", "owner"))


def test_a_good_reason_once_given_stays_good() -> None:
    story = billed_story().on("2010-11-10")
    story.do(call(**ILL))
    position = story.entries[-1].position
    story.on("2010-12-10").do(call())
    story.by(OWNER).when(write_off()).then(written_off(call=position))


def test_a_bill_is_written_off_for_the_last_good_reason_of_before() -> None:
    # Take the call recorded last → the first two fail; never look at the moment → the last one does.
    story = billed_story().by(OWNER).with_now(moment("2010-11-25"))
    positions: dict[str, int] = {}
    for day, reason in (("2010-11-12", "illness"), ("2010-11-20", "job_loss"), ("2010-11-10", "other")):
        story.on(day).do(call(**{**ILL, "good_reason": reason}))
        positions[reason] = story.entries[-1].position
    for day, reason in (("2010-11-25", "job_loss"), ("2010-11-12", "illness"), ("2010-11-11", "other")):
        then = Story.after(story.entries).by(OWNER).with_now(moment("2010-11-25")).on(day)
        then.when(write_off()).then(written_off(good_reason=reason, call=positions[reason]))
    story.on("2010-11-09").when(write_off()).refused(EffectiveBeforeCause(story.at, moment("2010-11-10")))


def test_what_is_written_off_is_all_that_was_open() -> None:
    story = billed_story().on("2010-11-10").by(OWNER)
    story.do(pay_bill(amount=595))
    story.do(give_up())
    story.do(call(**ILL))
    position = story.entries[-1].position
    story.when(write_off()).then(written_off(amount=7000, uncollectible=7000, call=position))
    assert story.state(ORDER).bills[BILL].uncollectible == 0


def test_who_is_written_off_is_clear_again_and_existing() -> None:
    # Let `fold_customer` leave the written-off amount unpaid → this fails.
    story = billed_story().on("2010-11-10")
    assert is_watched(story.facts(CUSTOMER, story.at), "2010-11-10")
    story.do(call(**ILL))
    story.by(OWNER).do(write_off())
    facts = story.facts(CUSTOMER, story.at)
    assert (is_watched(facts, "2030-01-01"), standing(facts).kind) == (False, "existing")
    story.do(pay_bill(amount=1))
    facts = story.facts(CUSTOMER, story.at)
    assert (is_watched(facts, "2030-01-01"), standing(facts).kind) == (False, "existing")


# Uncollectible


def test_what_was_paid_after_all_is_neither_written_off_nor_given_up_again() -> None:
    # Answer with the entry of before → who asks believes a paid bill is written off, and this fails.
    story = billed_story().on("2010-12-01").by(OWNER)
    story.do(call(**ILL))
    story.do(write_off())
    story.when(write_off()).nothing()
    story.do(pay_bill(reference="ch_9"))
    story.when(write_off()).refused(BillSettled(BILL))
    other = billed_story().on("2010-12-01").by(OWNER)
    other.do(give_up())
    other.when(give_up()).nothing()
    other.do(pay_bill(reference="ch_9"))
    other.when(give_up()).refused(BillSettled(BILL))


def test_the_owner_alone_gives_up_what_is_open() -> None:
    # Leave it to the route's permission → the next steps say that an agent may, and this fails.
    story = billed_story().on("2010-11-10")
    story.when(give_up()).refused(RoleTooLow("agent", "owner"))
    story.by(SUPERVISOR).when(give_up()).refused(RoleTooLow("supervisor", "owner"))
    assert story.by(OWNER).when(give_up()).decides(BillMarkedUncollectible).amount == 7595


def test_uncollectible_keeps_the_debt_and_the_watch() -> None:
    story = billed_story().on("2010-11-10").by(OWNER)
    story.do(give_up())
    assert story.account(ORDER).balance == 7595
    assert is_watched(story.facts(CUSTOMER, story.at), "2010-11-10")
    story.when(give_up()).nothing()


# Five customers, five outcomes. Source: R-B3 … R-B7


def test_five_billed_customers_come_to_five_ends() -> None:
    def a_year_later(*steps: tuple[str, Any], by: Any = AGENT) -> tuple[str, int, bool]:
        story = billed_story().by(by)
        for day, command in steps:
            story.on(day).do(command)
        story.on("2011-08-10").do(Tick(stream=ORDER))
        bill = story.state(ORDER).bills[BILL]
        kept = next(iter(bill.promises.values())).outcome or "" if bill.promises else ""
        return kept, bill.open, is_watched(story.facts(CUSTOMER, story.at), "2011-08-10")

    reached = call(outcome="reached", note="sealed:Will not")
    assert a_year_later(("2010-09-09", pay_bill())) == ("", 0, False)
    assert a_year_later(("2010-09-16", remind()), ("2010-09-17", promise()), ("2010-09-20", pay_bill())) == (
        "kept",
        0,
        False,
    )
    assert a_year_later(("2010-09-17", promise()), ("2010-11-10", reached)) == ("broken", 7595, True)
    assert a_year_later(("2010-11-10", call(**ILL)), ("2010-11-11", write_off()), by=OWNER) == ("", 0, False)
    assert a_year_later(("2010-11-10", call()), ("2011-02-01", give_up()), by=OWNER) == ("", 7595, True)


def test_a_part_payment_never_resets_the_clock() -> None:
    story = billed_story()
    before = story.state(ORDER).bills[BILL].source.deadlines
    story.on("2010-09-01").do(pay_bill(amount=7000))
    assert story.state(ORDER).bills[BILL].source.deadlines == before


def test_no_interest_and_no_fee_ever_come_on_top() -> None:
    story = billed_story()
    for command in (remind(), call(), promise("2010-08-10")):
        story.do(command)
    story.on("2020-08-10").do(Tick(stream=ORDER))
    assert story.account(ORDER).balance == 7595


def test_a_call_is_the_same_at_the_same_moment_with_the_same_words_alone() -> None:
    story = billed_story().on("2010-11-10")
    story.when(call()).then(called())
    story.when(call()).nothing()
    story.when(call(note="sealed:Line busy")).then(called(note="sealed:Line busy"))
    story.on("2010-11-11").when(call()).then(called())
