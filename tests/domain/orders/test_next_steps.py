"""What may be done next, by whom, and why not the rest: the decisions themselves are asked.

Source: R-D2, R-D3
"""

from typing import Any

import pytest

from domain.bills.billing import NewBill
from domain.bills.collecting import RecordCollectionCall
from domain.bills.watch_events import WatchedOrderReviewed
from domain.decisions import decide
from domain.inbound.unmatched import unmatched_stream
from domain.inbound.waiting import MoneyWaits
from domain.moments import day_of
from domain.money import Money
from domain.orders.next_steps import NextStep, Step, asked, next_steps, steps_of
from domain.orders.order_events import OverdueBill, Part
from domain.orders.shipping import ShipmentExceedsUnits
from domain.payments.capturing import CaptureExceedsPrice, CapturePayment
from tests.domain.bill_examples import (
    DISPUTE,
    OTHER_BILL,
    close_dispute,
    credit_given,
    dispute,
    pay_bill,
    reverse,
    review,
)
from tests.domain.bill_examples import give_up as mark_uncollectible
from tests.domain.decline_examples import (
    ANN,
    PHONE,
    ann,
    attempted,
    charge,
    customer,
    declined,
    held,
    old_card,
    phone,
    reach,
    search,
)
from tests.domain.examples import (
    BILL,
    CARD,
    CUSTOMER,
    EMAIL,
    ORDER,
    OTHER_ORDER,
    billed,
    capture,
    captured,
    card_stored,
    id_of,
    placed,
    ship,
    shipped,
)
from tests.domain.notice_examples import MONEY, assign, give_back, unmatched
from tests.domain.specification import AGENT, OWNER, ZONE, Story, given

HELD = (attempted(), declined(), held())
CHARGE = charge().payment


def steps_in(story: Story, kept: tuple[str, ...], connected: str | None) -> list[Step]:
    return steps_of(
        story.state(ORDER),
        story.state(CUSTOMER),
        ANN,
        day_of(story.at, ZONE),
        lambda prefix: id_of(prefix, 900),
        {name: story.state(unmatched_stream(name)) for name in kept},
        connected,
    )


def steps(
    story: Story, kept: tuple[str, ...] = (), connected: str | None = None
) -> dict[tuple[str, str | None], NextStep]:
    """Each step's answer, by its name and what it is about."""
    found = steps_in(story, kept, connected)
    answers = next_steps([asked(step, story.given(step.command)) for step in found])
    return {(answer.name, answer.subject): answer for answer in answers}


def refused(story: Story, name: str, subject: str | None = None) -> str | None:
    """The rule that stands against a step; None where it may be taken or is done."""
    why = steps(story)[name, subject].refusal
    return None if why is None else why.rule


def by(story: Story, name: str, subject: str | None = None) -> str | None:
    return steps(story)[name, subject].by


def test_a_new_customers_order_on_hold_may_be_paid_cancelled_or_let_go_by_the_owner() -> None:
    story = given(ann(), customer(), placed(), *HELD)
    assert by(story, "search_cards") == by(story, "record_payment") == by(story, "cancel") == "agent"
    assert by(story, "reach_customer", EMAIL.id) == "agent"
    owner = steps(story)["release_unpaid", None]
    assert (owner.by, owner.needs_reason) == ("owner", True)
    assert refused(story, "ship") == "I2"
    assert refused(story, "close_as_not_delivered") == "I4"


def commands(story: Story, kept: tuple[str, ...] = (), connected: str | None = None) -> dict[str, Any]:
    """The command that each step stands for."""
    return {step.name: step.command for step in steps_in(story, kept, connected)}


def test_each_step_names_the_rule_it_is_taken_by_and_whether_it_takes_a_reason() -> None:
    story = given(ann(), customer(), card_stored(), placed(), *HELD)
    assert {(it.name, it.rule, it.needs_reason) for it in steps(story).values()} == {
        ("search_cards", "R-D3", False),
        ("charge_card", "R-D4", False),
        ("reach_customer", "R-D2", False),
        ("record_payment", "I12", False),
        ("ship", "I2", False),
        ("release_unpaid", "I3", True),
        ("close_as_not_delivered", "I4", False),
        ("cancel", "I14", False),
    }


def test_what_is_owed_is_paid_asked_about_and_let_off_by_their_rules() -> None:
    story = given(ann(), customer(), placed(terms="bill_after"), shipped(), billed())
    rules = {it.name: it.rule for it in steps(story).values()}
    owed = {
        "record_bill_payment": "I9",
        "remind": "R-B3",
        "promise_to_pay": "R-B7",
        "call_customer": "R-B3",
        "write_off_bill": "R-B4",
        "mark_uncollectible": "R-B5",
    }
    assert {name: rules[name] for name in owed} == owed


def test_what_is_owed_is_asked_for_by_an_agent_and_given_up_by_the_owner_once() -> None:
    # Ask the route's permission and not the decision → an agent would seem to give it up, and this fails.
    story = given(ann(), customer(), placed(terms="bill_after"), shipped(), billed())
    asking = ("record_bill_payment", "remind", "promise_to_pay", "call_customer")
    assert {by(story, name, BILL) for name in asking} == {"agent"}
    assert by(story, "mark_uncollectible", BILL) == "owner"
    story.by(OWNER).do(mark_uncollectible())
    assert steps(story)["mark_uncollectible", BILL].is_done
    assert by(story, "promise_to_pay", BILL) == "agent", "the customer owes it still"


def test_of_a_charge_under_way_its_processor_is_asked_or_a_supervisor_says_why() -> None:
    # Ask as if its processor were connected wherever it is not → an agent would say so alone: this fails.
    story = given(ann(), customer(), card_stored(), placed())
    assert ("resolve_payment", CHARGE) not in steps(story)
    story.do(charge())
    here, elsewhere = (
        steps(story, connected=processor)["resolve_payment", CHARGE] for processor in ("acme", "other")
    )
    assert (here.by, here.needs_reason, here.rule) == ("agent", False, "R-D4")
    assert (elsewhere.by, elsewhere.needs_reason, elsewhere.rule) == ("supervisor", True, "R-D4")
    assert steps(story)["resolve_payment", CHARGE] == elsewhere
    assert commands(story)["resolve_payment"].payment == CHARGE
    told_by = [commands(story, connected=it)["resolve_payment"].told_by for it in ("acme", "other")]
    assert told_by == ["processor", "person"]
    story.do(capture(payment=CHARGE, payment_method=CARD, customer=CUSTOMER))
    assert ("resolve_payment", CHARGE) not in steps(story)


@pytest.mark.parametrize(("has", "uses"), [(0, None), (1, 1), (7594, 7594), (7595, 7595), (7596, 7595)])
def test_credit_is_used_as_far_as_it_reaches_and_the_order_takes_any(has: int, uses: int | None) -> None:
    # Name all the customer has → the step is refused where it may be taken, and this fails.
    granted = (credit_given(has),) if has else ()
    for story in (
        given(ann(), customer(), *granted, placed()),
        given(ann(), customer(), *granted, placed(terms="bill_after"), shipped(), billed()),
    ):
        if uses is None:
            assert ("use_credit", None) not in steps(story)
            continue
        assert commands(story)["use_credit"].amount == uses
        step = steps(story)["use_credit", None]
        assert (step.by, step.rule) == ("agent", "I15")


def test_credit_in_another_currency_or_for_what_is_all_paid_is_no_step() -> None:
    other = given(ann(), customer(), credit_given(1000, currency="EUR"), placed())
    paid = given(ann(), customer(), credit_given(1000), placed(), captured())
    assert {("use_credit", None)} & {*steps(other), *steps(paid)} == set()


def test_a_step_stands_for_all_that_is_left_to_pay_to_ship_or_to_tell() -> None:
    on_bill = given(ann(), customer(), placed(terms="bill_after"), shipped((1, 1), goods=3400, charge=4195))
    asked = commands(on_bill.record(billed(amount=4195)))
    assert (asked["record_payment"].amount, asked["record_payment"].reference) == (7595, id_of("pay", 900))
    assert (asked["ship"].parts, asked["ship"].bill) == ((Part(1, 1),), NewBill(id_of("bil", 900), 2010))
    assert (asked["reach_customer"].contact_point, asked["reach_customer"].reached) == (PHONE.id, False)
    assert commands(given(customer(), placed()))["ship"].bill is None


def test_what_is_all_paid_or_shipped_is_asked_for_the_least_there_is() -> None:
    story = given(ann(), customer(), placed(), captured(), shipped())
    usd = [Money(minor, "USD") for minor in (1, 0)]
    assert steps(story)["record_payment", None].refusal == CaptureExceedsPrice(ORDER, *usd)
    assert steps(story)["ship", None].refusal == ShipmentExceedsUnits(ORDER, 1, 1, 0)


@pytest.mark.parametrize(("fee", "day"), [(795, "2010-08-10"), (0, None)])
def test_a_credit_note_is_prepared_where_cancelling_may_take_one(fee: int, day: str | None) -> None:
    sent = shipped((1, 1), goods=3400, shipping=fee, charge=3400 + fee)
    story = given(
        ann(), customer(), placed(shipping=fee, total=6800 + fee), captured(amount=6800 + fee), sent
    )
    asked = commands(story)
    assert (asked["cancel"].decided_on, asked["close_as_not_delivered"].decided_on) == (day, day)


def test_what_may_be_done_comes_first() -> None:
    story = given(ann(), customer(), placed(), *HELD)
    allowed = [answer.by is not None for answer in steps(story).values()]
    assert allowed == sorted(allowed, reverse=True)


def test_who_asks_makes_no_difference() -> None:
    # Ask the decisions in the caller's own role → the owner would be told that an agent may release.
    agent = given(ann(), customer(), placed(), *HELD).by(AGENT)
    owner = given(ann(), customer(), placed(), *HELD).by(OWNER).because("sealed:x")
    assert steps(agent) == steps(owner)


def test_each_card_on_file_says_for_itself_whether_it_may_be_charged() -> None:
    story = given(ann(), customer(), card_stored(expiry="2010-07"), old_card(), placed(), *HELD)
    assert refused(story, "charge_card", CARD) == "R-D4"
    assert by(story, "charge_card", old_card().payment_method) == "agent"
    story.do(charge(payment_method=old_card().payment_method))
    assert refused(story, "charge_card", old_card().payment_method) == "R-D4"  # its outcome is not known


def test_what_was_done_is_done_and_what_waits_for_nothing_is_refused() -> None:
    story = given(ann(), customer(), placed(), *HELD)
    story.do(search())
    assert steps(story)["search_cards", None].is_done
    story.on("2010-08-11").do(capture())
    assert refused(story, "search_cards") == refused(story, "release_unpaid") == "R-D2"
    assert refused(story, "record_payment") == "I12"
    assert by(story, "ship") == "agent"


def test_after_all_effort_an_agent_may_close_it_and_an_existing_customers_order_never() -> None:
    story = given(ann(), customer(), placed(), *HELD)
    for day in (11, 13, 15, 17):
        story.on(f"2010-08-{day}").do(reach())
    story.on("2010-08-19").do(phone())
    assert by(story.on("2010-08-24"), "close_as_not_delivered") == "agent"
    existing = placed(standing="existing", standing_rests_on=OTHER_ORDER)
    served = given(ann(), customer(), existing, *HELD)
    assert refused(served, "close_as_not_delivered") == "R-D3"


def test_nobody_is_to_be_reached_about_a_hold_that_is_over() -> None:
    # Offer every way on file for ever → this fails: the order is done, and an attempt would be recorded.
    story = given(ann(), customer(), placed(), *HELD)
    assert by(story, "reach_customer", EMAIL.id) == "agent"
    story.on("2010-08-11").do(capture())
    assert "reach_customer" not in {name for name, _ in steps(story)}
    story.do(ship())
    assert {name for (name, _), step in steps(story).items() if step.by is not None} == set()


def test_a_dispute_is_closed_and_what_a_chargeback_left_owed_is_paid_or_written_off() -> None:
    # Leave out what is owed without a number → this fails: the order would seem to be done.
    story = given(ann(), customer(), placed(), captured(), shipped())
    story.do(dispute())
    assert by(story, "close_dispute", DISPUTE) == "agent"
    assert steps(story)["close_dispute", DISPUTE].rule == "R-B9"
    story.do(close_dispute("lost"))
    story.do(reverse())
    assert ("close_dispute", DISPUTE) not in steps(story)
    assert by(story, "record_bill_payment", OTHER_BILL) == "agent"
    assert by(story, "call_customer", OTHER_BILL) == "agent"
    assert refused(story, "write_off_bill", OTHER_BILL) == "I10"
    story.do(
        RecordCollectionCall(
            order=ORDER, bill=OTHER_BILL, by=ANN, outcome="reached", good_reason="illness", note="sealed:ill"
        )
    )
    assert by(story, "write_off_bill", OTHER_BILL) == "owner"
    story.do(pay_bill(bill=OTHER_BILL, payment=id_of("pay", 7)))
    assert {name for name, subject in steps(story) if subject == OTHER_BILL} == set()


def test_while_payment_is_asked_first_the_owners_review_is_the_way_on() -> None:
    # Leave the review out → nothing that is listed leads on but the customer's money, and this fails.
    watched = placed(terms="bill_after", watched_for=(OverdueBill(OTHER_BILL, OTHER_ORDER, "USD", 7595),))
    assert ("review_order", None) not in steps(given(ann(), customer(), placed(terms="bill_after")))
    story = given(ann(), customer(), watched)
    assert by(story, "review_order") == "owner"
    assert steps(story)["review_order", None].rule == "R-B2"
    asked_first = {"order": ORDER, "customer": CUSTOMER, "currency": "USD", "missing": 7595}
    story.record(WatchedOrderReviewed(**asked_first, until="2010-08-17", decision="payment_first"))
    assert (refused(story, "ship"), by(story, "review_order")) == ("R-B2", "owner")
    story.by(OWNER).do(review("ship"))
    assert ("review_order", None) not in steps(story)


def money_waits(*events: Any, **other: Any) -> dict[tuple[str, str | None], NextStep]:
    """The steps of an order for which money came without a place."""
    return steps(given(ann(), customer(), placed(), *events, unmatched(**other)), kept=(MONEY,))


def test_money_that_came_for_the_order_and_waits_may_be_a_payment_of_it() -> None:
    # Leave it to the list of unmatched money → nobody sees here why no card is charged, and this fails.
    found = money_waits(*HELD, card_stored())
    step = found["assign_money", MONEY]
    assert (step.by, step.rule, step.refusal) == ("agent", "I12", None)
    assert isinstance(found["charge_card", CARD].refusal, MoneyWaits)
    assert money_waits(amount=9000)["assign_money", MONEY].by == "agent", "as far as it is needed"
    assert money_waits(amount=1)["assign_money", MONEY].by == "agent"


def test_what_money_that_waits_would_pay_is_named_as_far_as_it_is_needed_and_at_least_something() -> None:
    for came, pays, paid in ((9000, 7595, ()), (1, 1, ()), (9000, 1, (captured(reference="ch_8"),))):
        story = given(ann(), customer(), placed(), *paid, unmatched(amount=came))
        assert commands(story, (MONEY,))["assign_money"].fact.amount == pays


def test_each_part_of_money_that_waits_has_a_name_of_its_own() -> None:
    # Name them all alike → the second is taken for the first, and no more than matched: this fails.
    story = given(ann(), customer(), placed(), unmatched(amount=9000))
    assert commands(story, (MONEY,))["assign_money"].fact.reference == "ch_1"
    story.do(assign(fact=capture(amount=1000)))
    assert commands(story, (MONEY,))["assign_money"].fact.reference == "ch_1/2"


def test_why_money_that_waits_is_no_payment_of_the_order_says_its_decision() -> None:
    paid = money_waits(captured(reference="ch_8"))["assign_money", MONEY]
    assert isinstance(paid.refusal, CaptureExceedsPrice)
    assert money_waits(currency="EUR")["assign_money", MONEY].refusal is not None


def test_money_that_went_back_waits_for_nothing() -> None:
    # Ask about all that ever came → a step is shown that nobody can take, and this fails.
    story = given(ann(), customer(), placed(), unmatched())
    story.do(give_back(kept=(MONEY,)))
    assert ("assign_money", MONEY) not in steps(story, kept=(MONEY,))


def test_a_step_says_what_its_decision_says() -> None:
    # Write any rule a second time here → sooner or later this fails.
    for story in (
        given(ann(), customer(), placed()),
        given(ann(), customer(), placed(), captured()),
        given(ann(), customer(), placed(terms="bill_after")),
    ):
        for step in steps_of(
            story.state(ORDER), story.state(CUSTOMER), ANN, day_of(story.at, ZONE), lambda it: id_of(it, 900)
        ):
            answer: Any = asked(step, story.given(step.command))
            if answer.refusal is None and not answer.needs_reason and not answer.is_done:
                assert decide(step.command, story.given(step.command)).events
            if isinstance(step.command, CapturePayment):
                assert step.name == "record_payment"
