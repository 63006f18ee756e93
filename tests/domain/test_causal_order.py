"""Nothing takes effect before what it builds on, and an order can be shown as it was at any moment.

Source: H-time, §3
"""

from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings, strategies

from domain.bills.bill_events import BillIssued, BillPaymentReceived, BillShare
from domain.bills.billing import NewBill
from domain.bills.promise_events import PromiseKept
from domain.causes import EffectiveBeforeCause
from domain.command import Command
from domain.corrections.correcting import CorrectEntry
from domain.declines.decline_events import OrderPlacedOnHold, OrderReleased
from domain.moments import day_of
from domain.orders.evolve_order import evolve_order
from domain.orders.order import Placed
from domain.orders.order_events import OverdueBill
from domain.payments.payment_events import CreditUsed, PaymentCaptured
from domain.refunds.refund_events import RefundedPart, RefundGranted
from domain.refusal import Refusal
from tests.domain.bill_examples import (
    OVERDUE,
    billed_story,
    give_credit,
    give_up,
    pay_bill,
    promise,
    reinstate,
    reverse,
    review,
    use_credit,
)
from tests.domain.correction_examples import correct
from tests.domain.decline_examples import ann, customer, fail, reach, release, search
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    NEW_BILL,
    ORDER,
    OTHER_BILL,
    OTHER_ORDER,
    OTHER_PAYMENT,
    OTHER_SHIPMENT,
    billed,
    cancel,
    capture,
    captured,
    check_out,
    customer_registered,
    deliver,
    id_of,
    place,
    placed,
    prepare,
    prepared,
    refund_granted,
    ship,
    shipped,
)
from tests.domain.specification import NOON, OWNER, ZONE, Story, given, moment

DAY = 24 * 3_600_000_000


def at(story: Story, when: int) -> Story:
    """The owner enters, today, what took effect then."""
    story.by(OWNER).with_now(NOON + 100 * DAY)
    story.at = when
    return story


PAID = (customer_registered(), placed(), captured())


@pytest.mark.parametrize(
    ("story", "command"),
    [
        (given(customer_registered(), prepared()), check_out()),
        (given(customer_registered(), placed()), capture()),
        (given(*PAID), ship()),
        (given(customer_registered(), placed(terms="bill_after")), ship(bill=NEW_BILL)),
        (given(*PAID), cancel()),
        (given(*PAID, shipped()), deliver()),
        (given(customer_registered(), placed(terms="bill_after"), shipped(), billed()), capture()),
    ],
    ids=["checkout", "capture", "ship", "ship on bill", "cancel", "deliver", "pay a bill"],
)
def test_nothing_takes_effect_before_its_cause(story: Story, command: Command) -> None:
    # Leave `expect_cause` out of the decision → this fails.
    at(story, NOON - 1).when(command).refused(EffectiveBeforeCause(NOON - 1, NOON))
    at(story, NOON - 1).from_("import").when(command).refused(EffectiveBeforeCause)
    story.from_("api")
    assert at(story, NOON).do(command)


def test_what_leaves_unpaid_leaves_once_it_was_released() -> None:
    # Ask for the release, not for its moment → goods leave before it, and their bill is due too early.
    story = given(customer(), placed()).by(OWNER).because("sealed:They always paid")
    for command in (fail(), release()):
        story.on("2010-09-10").do(command)
    early, since = moment("2010-08-11"), moment("2010-09-10")
    at(story, early).when(ship(bill=NEW_BILL)).refused(EffectiveBeforeCause(early, since))
    assert at(story, since).do(ship(bill=NEW_BILL))


def test_what_was_released_leaves_unpaid_from_then_on_whatever_money_came_later() -> None:
    # Forget since when it was released → what left on the 15th waits for money of the 20th, and this fails.
    story = given(customer(), placed()).by(OWNER).because("sealed:They always paid")
    for command in (fail(), release()):
        story.on("2010-08-12").do(command)
    story.on("2010-08-20").do(capture(amount=1000))
    early, since = moment("2010-08-12"), moment("2010-08-15")
    for when in (early, since):
        then = Story.after(story.entries)
        assert at(then, when).when(ship(bill=NEW_BILL)).decides(BillIssued).amount == 6595


def test_what_is_covered_leaves_once_that_money_came() -> None:
    # Look at the deposit of today alone → goods leave before anything covers them.
    story = given(customer_registered(), placed(), captured(amount=4195))
    second: dict[str, Any] = {"payment": id_of("pay", 2), "reference": "ch_2"}
    story.on("2010-08-20").record(captured(amount=3400, **second))
    early, since = moment("2010-08-15"), moment("2010-08-20")
    at(story, early).when(ship()).refused(EffectiveBeforeCause(early, since))
    at(story, early).do(ship((1, 1)))
    other: dict[str, Any] = {"shipment": OTHER_SHIPMENT}
    at(story, early).when(ship((1, 1), **other)).refused(EffectiveBeforeCause(early, since))
    assert at(story, since).do(ship((1, 1), **other))


def test_money_that_went_to_what_left_later_covered_what_left_before() -> None:
    story = given(customer_registered(), placed(), captured(amount=4195))
    second: dict[str, Any] = {"payment": id_of("pay", 2), "reference": "ch_2"}
    story.on("2010-08-20").record(captured(amount=3400, **second))
    at(story, moment("2010-08-21")).do(ship((1, 1)))
    # What was there on the 15th is asked, not what later shipments left of it.
    assert at(story, moment("2010-08-15")).do(ship((1, 1), shipment=OTHER_SHIPMENT))


def test_an_import_and_what_may_be_billed_wait_for_no_money_that_came_later() -> None:
    later: dict[str, Any] = {"payment": id_of("pay", 2), "reference": "ch_2"}
    for terms, origin in (("card", "import"), ("bill_after", "api")):
        story = given(customer_registered(), placed(terms=terms))
        story.on("2010-08-20").record(captured(**later))
        assert at(story, moment("2010-08-15")).from_(origin).do(ship())


def test_what_money_that_came_later_covers_in_part_is_billed_as_of_any_moment() -> None:
    story = given(customer_registered(), placed(terms="bill_after"))
    story.on("2010-08-20").record(captured(amount=1000))
    earlier = at(story, moment("2010-08-15"))
    assert earlier.when(ship(bill=NEW_BILL)).decides(BillIssued).amount == 6595


def test_a_delivery_follows_its_own_shipment_not_only_the_order() -> None:
    story = given(*PAID)
    story.on("2010-08-20").record(shipped())
    at(story, moment("2010-08-19")).when(deliver()).refused(
        EffectiveBeforeCause(moment("2010-08-19"), moment("2010-08-20"))
    )


def test_money_that_came_before_a_bill_covers_units_but_pays_no_bill_yet() -> None:
    story = given(customer_registered(), placed(terms="bill_after"))
    story.on("2010-08-20").record(shipped((1, 1), goods=3400, charge=4195), billed(amount=4195))
    earlier = at(story, moment("2010-08-15"))
    earlier.when(capture(amount=3401)).refused(
        EffectiveBeforeCause(moment("2010-08-15"), moment("2010-08-20"))
    )
    earlier.when(capture(amount=3400)).then(captured(amount=3400))
    other: dict[str, Any] = {"payment": id_of("pay", 2), "reference": "ch_2"}
    at(story, moment("2010-08-20")).when(capture(**other, amount=4195)).then(
        captured(**other, amount=4195, bills=(BillShare(BILL, 4195),))
    )


def test_a_fee_that_goes_back_clears_no_bill_before_it_was_issued() -> None:
    story = given(customer_registered(), placed(terms="bill_after"))
    part = RefundedPart(line=1, quantity=1, goods=3400, tax=0)
    story.on("2010-08-20").record(
        shipped((1, 1), goods=3400, charge=4195),
        billed(amount=4195),
        refund_granted(
            refund=id_of("ref", 2),
            basis="price_paid",
            granted=0,
            credit_amount=3400,
            goods=3400,
            parts=(part,),
            cleared=(BillShare(BILL, 3400),),
        ),
    )
    early, issued = moment("2010-08-15"), moment("2010-08-20")
    at(story, early).when(cancel()).refused(EffectiveBeforeCause(early, issued))
    assert at(story, issued).when(cancel()).decides(RefundGranted).cleared == (BillShare(BILL, 795),)


def test_credit_is_used_once_it_was_there_and_still_is_with_all_that_was_used_since() -> None:
    # Ask only whether it is there now → on 12 August the customer has less than nothing, and this fails.
    story = given(customer_registered(), placed(terms="bill_after")).by(OWNER)
    early, late = moment("2010-08-12"), moment("2010-08-20")
    story.on("2010-08-11").do(give_credit(1000, credit=id_of("crd", 1)))
    story.on("2010-08-20").do(give_credit(2000, credit=id_of("crd", 2)))
    story.on("2010-08-25").do(use_credit(500, use=id_of("use", 9)))
    at(story, early).when(use_credit(1001)).refused(EffectiveBeforeCause(early, late))
    at(story, late - 1).when(use_credit(1001)).refused(EffectiveBeforeCause(late - 1, late))
    at(story, early).when(use_credit(1000)).decides(CreditUsed)
    at(story, late).when(use_credit(1500, use=id_of("use", 2))).decides(CreditUsed)


def test_money_that_came_before_a_bill_was_given_up_pays_it_only_from_then_on() -> None:
    # Take its allowance back before it was made → it is less than nothing in between, and this fails.
    story = billed_story().by(OWNER)
    story.on("2010-10-20").do(give_up())
    day = moment("2010-10-20")
    at(story, day - 1).when(pay_bill(amount=1)).refused(EffectiveBeforeCause(day - 1, day))
    at(story, day).when(pay_bill(amount=1)).decides(BillPaymentReceived)


STEPS = strategies.lists(
    strategies.tuples(
        strategies.sampled_from(["prepare", "check_out", "place", "pay", "ship", "deliver", "cancel"]),
        strategies.integers(1, 2),
        strategies.integers(-10, 10),
    ),
    max_size=14,
)
"""(what, how much, on which day it took effect), in the order in which it is entered."""


def _command(kind: str, amount: int, number: int) -> Command:
    match kind:
        case "prepare":
            return prepare()
        case "check_out":
            return check_out(terms="bill_after")
        case "place":
            return place(terms="bill_after")
        case "pay":
            paid = {"payment": id_of("pay", number), "reference": f"ch_{number}", "amount": amount * 2000}
            return capture(**paid)
        case "ship":
            bill = NewBill(id_of("bil", number), 2010)
            return ship((1, amount), shipment=id_of("shp", number), bill=bill)
        case "deliver":
            return deliver(delivery=id_of("dlv", number), shipment=id_of("shp", amount))
        case _:
            return cancel((1, 1), refund=id_of("ref", number))


@settings(deadline=None)
@for_all(STEPS)
def test_an_order_can_be_shown_as_it_was_at_any_moment(steps: list[tuple[str, int, int]]) -> None:
    # Leave any `expect_cause` of an order out → this fails: what it builds on is not there yet.
    story = given(customer_registered()).by(OWNER).with_now(NOON + 100 * DAY)
    for number, (kind, amount, day) in enumerate(steps, 1):
        story.at = NOON + day * DAY
        try:
            story.do(_command(kind, amount, number))
        except Refusal:
            continue
    _shown_at_every_noon(story)


def _shown_at_every_noon(story: Story) -> None:
    entries = [entry for entry in story.entries if entry.stream == ORDER]
    for day in range(-10, 101):
        state = None
        for entry in entries:
            if entry.effective_at <= NOON + day * DAY:
                state = evolve_order(state, entry)
        if isinstance(state, Placed):
            assert all(hold.ended for hold in state.declines.holds[:-1])  # it waits once at most


@pytest.mark.parametrize("command", [capture(), cancel()], ids=["money", "cancellation"])
def test_what_came_before_the_hold_that_it_ends_ends_it_when_it_begins(command: Command) -> None:
    # Let the release take effect with the money → as of the day between, it ends a hold that is not there.
    story = given(customer(), placed()).on("2010-08-12")
    story.do(fail())
    at(story, moment("2010-08-11")).do(command)
    *_, paid, released = story.entries
    assert isinstance(released.event, OrderReleased)
    assert (paid.effective_at, released.effective_at) == (moment("2010-08-11"), moment("2010-08-12"))
    _shown_at_every_noon(story)


def test_a_hold_goes_on_no_earlier_than_it_had_ended() -> None:
    # Let it go on with the correction → as of the day between, it goes on before it began.
    story = given(customer(), placed()).because("sealed:A mistake").on("2010-08-14")
    story.do(fail())
    at(story, moment("2010-08-11")).do(capture())
    at(story, moment("2010-08-12")).do(correct(story, PaymentCaptured))
    *_, corrected, resumed = story.entries
    assert isinstance(resumed.event, OrderPlacedOnHold)
    assert (corrected.effective_at, resumed.effective_at) == (moment("2010-08-12"), moment("2010-08-14"))
    _shown_at_every_noon(story)


def test_no_hold_begins_before_the_last_one_ended() -> None:
    # Let it begin with what is told of late → as of the 16th the order waits twice, and this fails.
    story = given(customer(), placed()).on("2010-08-11")
    story.do(capture(amount=3795))
    story.on("2010-08-12").do(fail(amount=3800))
    story.on("2010-08-18").do(capture(amount=3800, payment=OTHER_PAYMENT, reference="ch_2"))
    at(story, moment("2010-08-15")).do(reverse(amount=3795))
    *_, taken, held = story.entries
    assert isinstance(held.event, OrderPlacedOnHold)
    assert (taken.effective_at, held.effective_at) == (moment("2010-08-15"), moment("2010-08-18"))
    assert held.event.held_on == "2010-08-18"
    assert {day_of(each.due, ZONE) for each in held.event.deadlines} == {"2010-08-18", "2010-09-01"}
    _shown_at_every_noon(story)


def test_a_decline_holds_nothing_up_while_all_may_be_billed() -> None:
    # Let it begin with the decline, or with the end of the last hold → this fails.
    story = given(ann(), customer(), *OVERDUE).by(OWNER).because("sealed:They owe")
    story.record(
        placed(standing="existing", watched_for=(OverdueBill(OTHER_BILL, OTHER_ORDER, "USD", 7595),))
    )
    for day, command in (("12", fail()), ("14", release()), ("15", review("payment_first"))):
        story.on(f"2010-08-{day}").do(command)
    at(story, moment("2010-08-11")).do(fail(payment=id_of("pay", 60), reference="ch_60"))
    assert isinstance(story.entries[-1].event, OrderPlacedOnHold)
    assert story.entries[-1].effective_at == moment("2010-08-15")
    hold = story.state(ORDER).declines.hold
    assert hold is not None
    assert hold.declined_at == moment("2010-08-15")
    _shown_at_every_noon(story)


def test_what_came_before_a_promise_keeps_it_when_it_is_made() -> None:
    # Let it be kept with the money → as of the day between, a promise is kept that nobody made.
    story = billed_story().on("2010-09-19")
    story.do(promise())
    at(story, moment("2010-09-17")).do(pay_bill())
    *_, paid, kept = story.entries
    assert isinstance(kept.event, PromiseKept)
    assert (paid.effective_at, kept.effective_at) == (moment("2010-09-17"), moment("2010-09-19"))
    _shown_at_every_noon(story)


WAITING = strategies.lists(
    strategies.tuples(
        strategies.sampled_from(
            ["decline", "pay", "pay", "search", "try", "release", "reverse", "reinstate", "cancel", "correct"]
        ),
        strategies.integers(1, 2),
        strategies.integers(0, 30),
    ),
    min_size=2,
    max_size=12,
)
"""(what, how much, on which day it took effect), in the order in which it is entered."""


def _about_waiting(kind: str, amount: int, number: int, story: Story) -> Command:
    """What may happen to an order of two units, each paid by itself."""
    whole = (4195, 7595)[amount - 1]
    match kind:
        case "decline":
            return fail(payment=id_of("pay", number), reference=f"ch_{number}", amount=3400)
        case "pay":
            return capture(payment=id_of("pay", number), reference=f"ch_{number}", amount=whole - 795)
        case "search":
            return search()
        case "try":
            return reach()
        case "release":
            return release()
        case "reverse":
            payment = next(iter(story.state(ORDER).payments), id_of("pay", 99))
            return reverse(
                reversal=id_of("rev", number), payment=payment, amount=3400, bill=id_of("bil", number)
            )
        case "reinstate":
            reversal = next(iter(story.state(ORDER).reversals), id_of("rev", 99))
            return reinstate(reversal=reversal, reinstatement=id_of("rev", number), amount=3400)
        case "cancel":
            return cancel((1, amount), refund=id_of("ref", number))
        case _:
            kinds = (PaymentCaptured, RefundGranted)
            known = [entry for entry in story.entries if isinstance(entry.event, kinds)]
            position = known[amount % len(known)].position if known else 1
            return CorrectEntry(stream=ORDER, customer=CUSTOMER, position=position, owed=id_of("bil", number))


@settings(deadline=None)
@for_all(WAITING)
def test_an_order_that_waits_can_be_shown_as_it_was_at_any_moment(steps: list[tuple[str, int, int]]) -> None:
    # Leave the cause of a search or of a try out, or let a release come before its hold → this fails.
    story = given(ann(), customer(), placed()).by(OWNER).because("sealed:So").with_now(NOON + 100 * DAY)
    for number, (kind, amount, day) in enumerate(steps, 1):
        story.at = NOON + day * DAY
        try:
            story.do(_about_waiting(kind, amount, number, story))
        except Refusal:
            continue
    _shown_at_every_noon(story)
