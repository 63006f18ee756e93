"""Refunds of what nobody can verify, and of credit: what they say, what they take, who approves them.

Source: R-G4, R-G10, I15
"""

from typing import Any

import msgspec
import pytest

from domain.causes import EffectiveBeforeCause
from domain.command import MOST_LINES
from domain.money import Money
from domain.orders.pricing import CurrencyUnknown
from domain.payments.payment_events import CreditSetAside
from domain.refunds.approving import RefundNoLongerWanted
from domain.refunds.deciding_refunds import MomentTooLate
from domain.refunds.due_now import NothingLeftOfRefund
from domain.refunds.granting_unverified import CreditExceedsSetAside
from domain.refunds.refund_events import (
    ClaimedUnits,
    FraudSignalRaised,
    PurchaseSearch,
    RefundedPart,
    RefundGranted,
    RefundRequested,
    RefundReturned,
    RefundWithdrawn,
    UnitsLeft,
)
from tests.domain.bill_examples import give_credit
from tests.domain.correction_examples import correct
from tests.domain.examples import (
    CUSTOMER,
    OTHER_REFUND,
    REFUND,
    credit_note_taken,
    customer_registered,
    id_of,
    refund_granted,
)
from tests.domain.ranges import Row, expect_named
from tests.domain.refund_examples import (
    approve,
    claim,
    come_back,
    deciding,
    grant_unverified,
    pay_out_credit,
    settle,
    used,
    withdraw,
)
from tests.domain.return_examples import SHIRT, listed
from tests.domain.specification import AGENT, OWNER, SUPERVISOR, Story, given
from tests.domain.test_ranges_after_the_sale import claim_with

SWING = ClaimedUnits(2, "SWING", amount=9900, note_line=7)
LISTED = ClaimedUnits(3, "SHIRT", SHIRT)
NOTE: dict[str, Any] = {"year": 2010, "number": 1}


def unverified(**other: Any) -> RefundGranted:
    """Two swings at 99.00 together, which a person stated."""
    said = {
        "order": None,
        "basis": "stated",
        "granted": 9900,
        "credit_amount": 9900,
        "goods": 9900,
        "parts": (RefundedPart(sku="SWING", quantity=2, goods=9900, tax=0, note_line=7),),
        "ask": claim(SWING),
        "decided_by": AGENT.person,
        "decided_as": "agent",
        "limit": 15000,
    }
    return refund_granted(**{**said, **NOTE, **other})


def allowance(amount: int) -> Any:
    return used(amount, refund=REFUND)


def test_what_a_person_states_is_granted_as_stated() -> None:
    story = given(customer_registered())
    story.when(grant_unverified(SWING)).then(unverified(), credit_note_taken(), allowance(9900))


def test_what_is_listed_is_granted_at_its_list_price() -> None:
    story = given(customer_registered(), listed(SHIRT, "SHIRT"))
    part = RefundedPart(sku="SHIRT", quantity=3, goods=2700, tax=0)
    asked = {"basis": "full_list_price", "parts": (part,), "ask": claim(LISTED)}
    event = unverified(**asked, granted=2700, credit_amount=2700, goods=2700)
    story.when(grant_unverified(LISTED)).then(event, credit_note_taken(), allowance(2700))


def test_what_a_person_states_counts_though_the_goods_are_listed() -> None:
    story = given(customer_registered(), listed(SHIRT, "SHIRT"))
    stated = ClaimedUnits(3, "SHIRT", product=SHIRT, amount=100)
    granted = story.when(grant_unverified(stated)).decides(RefundGranted)
    assert (granted.granted, granted.basis) == (100, "stated")


MANY = (ClaimedUnits(1, "SWING", amount=1),) * MOST_LINES
OUTSIDE: list[Row] = [
    (claim_with, "claims", ()),
    (claim_with, "claims", (*MANY, MANY[0])),
    (claim_with, "claims", (ClaimedUnits(1, "SWING", amount=1), LISTED)),
    (claim_with, "claims", (ClaimedUnits(1, "SWING"), LISTED)),
]
INSIDE: list[tuple[ClaimedUnits, str]] = [
    (ClaimedUnits(0, "SWING", amount=1), "quantity"),
    (ClaimedUnits(1, "", amount=1), "sku"),
    (ClaimedUnits(1, "SWING", amount=0), "amount"),
]


@pytest.mark.parametrize(("build", "field", "value"), OUTSIDE)
def test_claims_all_state_an_amount_or_all_name_a_product(build: Any, field: str, value: object) -> None:
    expect_named(build, field, value)
    assert len(grant_unverified(*MANY).ask.claims) == MOST_LINES


@pytest.mark.parametrize(("claimed", "named"), INSIDE)
def test_each_claim_is_in_range(claimed: ClaimedUnits, named: str) -> None:
    expect_named(claim_with, "claims", (claimed,), named)


def test_it_is_in_a_currency_of_iso_4217_and_not_before_the_customer_or_the_asking() -> None:
    story = given(customer_registered())
    known_at = story.at
    story.when(grant_unverified(SWING, currency="XAU")).refused(CurrencyUnknown("XAU"))
    asked = claim(SWING, asked_at=known_at + 1)
    story.when(grant_unverified(ask=asked)).refused(MomentTooLate("asked_at", known_at))
    early = story.with_now(known_at).on("2010-08-10", "11:59")
    early.when(grant_unverified(SWING)).refused(EffectiveBeforeCause(early.at, known_at))
    kept = CreditSetAside(
        customer=CUSTOMER,
        order=None,
        credit=id_of("crd"),
        currency="USD",
        amount=1,
        source="refund",
        subject=OTHER_REFUND,
    )
    story = given(customer_registered(), unverified(refund=OTHER_REFUND), kept).with_now(known_at)
    early = story.on("2010-08-10", "11:59")
    early.when(pay_out_credit(1)).refused(EffectiveBeforeCause(early.at, known_at))


# Noted down first


def test_what_was_noted_down_is_granted_as_it_was_asked() -> None:
    story = given(customer_registered())
    asked = story.when(grant_unverified(SWING, only_request=True)).decides(RefundRequested)
    assert (asked.order, asked.basis, asked.amount, asked.ask) == (None, "stated", 9900, claim(SWING))
    approved = story.when(approve(stream=CUSTOMER)).decides(RefundGranted)
    assert (approved.basis, approved.granted, approved.parts) == ("stated", 9900, unverified().parts)
    assert approved.requested_by == AGENT.person


def test_a_withdrawn_or_granted_request_is_no_request_and_nothing_happens_before_it() -> None:
    story = given(customer_registered()).on("2010-08-12")
    story.do(grant_unverified(SWING, only_request=True))
    asked_at = story.at
    early = story.with_now(asked_at).on("2010-08-11")
    for command in (approve(stream=CUSTOMER, deciding=deciding(day="2010-08-12")), withdraw(stream=CUSTOMER)):
        early.when(command).refused(EffectiveBeforeCause(early.at, asked_at))


def test_an_approval_tells_what_a_grant_would() -> None:
    # Fold no customer for an approval → the signal is missing, and this fails.
    story = given(customer_registered(), unverified(refund=OTHER_REFUND))
    story.do(grant_unverified(ClaimedUnits(1, "SWING", amount=15001)))
    story.by(SUPERVISOR)
    decided = story.do(approve(stream=CUSTOMER, deciding=deciding(SUPERVISOR.person)))
    assert [it.kind for it in decided if isinstance(it, FraudSignalRaised)] == ["unverified_again"]


def test_an_unverified_refund_taken_back_makes_the_next_no_second_one() -> None:
    # Fold no correction of a refund that belongs to no order → `unverified_again`, and this fails.
    story = given(customer_registered(), unverified(refund=OTHER_REFUND))
    story.by(SUPERVISOR).because("sealed:the wrong customer")
    story.do(correct(story, RefundGranted, stream=CUSTOMER))
    decided = story.do(grant_unverified(SWING, deciding=deciding(SUPERVISOR.person)))
    assert [it.kind for it in decided if isinstance(it, FraudSignalRaised)] == []


def test_what_was_noted_down_may_be_withdrawn() -> None:
    story = given(customer_registered())
    story.do(grant_unverified(SWING, only_request=True))
    story.when(withdraw(stream=CUSTOMER)).then(RefundWithdrawn(refund=REFUND, customer=CUSTOMER))
    story.when(withdraw(stream=CUSTOMER)).nothing()
    story.when(approve(stream=CUSTOMER)).refused(RefundNoLongerWanted(REFUND))


def test_a_cheque_that_comes_back_is_owed_again() -> None:
    story = given(customer_registered(), unverified())
    story.do(settle(stream=CUSTOMER, method="cheque"))
    # Say the same as of an order's → it leads to an account that is not there, and this fails.
    story.when(settle(stream=CUSTOMER, payouts=(id_of("pot", 9),))).refused(NothingLeftOfRefund(REFUND))
    story.when(come_back(stream=CUSTOMER)).decides(RefundReturned)
    assert story.state(CUSTOMER).refunds[REFUND].claim == 9900


# Credit as money


def with_a_gift(paid_out: int) -> Story:
    """8.00 of the customer's own, of which so much was given back since, and a gift of 10.00."""
    first = unverified(refund=OTHER_REFUND, granted=800, credit_amount=800)
    kept = CreditSetAside(
        customer=CUSTOMER,
        order=None,
        credit=id_of("crd"),
        currency="USD",
        amount=800,
        source="refund",
        subject=OTHER_REFUND,
    )
    story = given(customer_registered(), first, kept)
    story.by(OWNER).do(give_credit(1000))
    if paid_out:
        story.do(pay_out_credit(paid_out, refund=id_of("ref", 9)))
    return story.by(AGENT)


@pytest.mark.parametrize(("paid_out", "most"), [(0, 800), (300, 500), (800, 0)])
def test_a_gift_is_not_paid_out_however_much_of_the_rest_was(paid_out: int, most: int) -> None:
    story = with_a_gift(paid_out)
    refusal = CreditExceedsSetAside(CUSTOMER, Money(most + 1, "USD"), Money(most, "USD"))
    story.when(pay_out_credit(most + 1)).refused(refusal)
    if most:
        event = story.when(pay_out_credit(most)).decides(RefundGranted)
        assert (event.basis, event.granted, event.credit_amount) == ("credit", most, 0)
        assert (event.returns_fee, event.goods, event.shipping) == (False, 0, 0)


def test_credit_asked_for_is_the_customers_still_until_somebody_decides() -> None:
    # Grant it at once, whatever was said → this fails.
    story = with_a_gift(0)
    asked = story.when(pay_out_credit(500, only_request=True)).decides(RefundRequested)
    assert (asked.order, asked.basis, asked.amount, asked.ask.credit) == (None, "credit", 500, 500)
    assert [it.kind for it in asked.deadlines] == ["refund_decision"]
    story.when(pay_out_credit(500, only_request=True)).nothing()
    assert story.state(CUSTOMER).credit["USD"].payable == 800
    granted = story.when(approve(stream=CUSTOMER)).decides(RefundGranted)
    assert (granted.basis, granted.granted, granted.credit_amount) == ("credit", 500, 0)
    assert (granted.number, granted.requested_by) == (None, AGENT.person)
    assert story.state(CUSTOMER).credit["USD"].payable == 300


def test_credit_asked_for_and_given_otherwise_since_is_decided_as_it_stands() -> None:
    story = with_a_gift(0)
    story.do(pay_out_credit(800, only_request=True))
    story.do(pay_out_credit(1, refund=id_of("ref", 9)))
    refusal = CreditExceedsSetAside(CUSTOMER, Money(800, "USD"), Money(799, "USD"))
    story.when(approve(stream=CUSTOMER)).refused(refusal)
    story.when(withdraw(stream=CUSTOMER)).decides(RefundWithdrawn)


def test_credit_is_given_as_money_not_before_it_was_asked_for() -> None:
    # Leave the asking out of its causes → this fails.
    story = with_a_gift(0)
    asked = claim(credit=500, asked_at=story.at + 1)
    story.when(pay_out_credit(500, ask=asked)).refused(MomentTooLate("asked_at", story.at))


def test_a_refund_of_no_order_is_not_asked_for_before_the_first_contact_about_it() -> None:
    story = with_a_gift(0)
    spoken = {"first_contact_at": story.at + 1}
    for command in (
        grant_unverified(ask=claim(SWING, **spoken)),
        pay_out_credit(500, ask=claim(credit=500, **spoken)),
    ):
        story.when(command).refused(MomentTooLate("first_contact_at", story.at))
    at_once = claim(SWING, first_contact_at=story.at)
    story.when(grant_unverified(ask=at_once)).decides(RefundGranted)


def test_credit_of_another_currency_is_none() -> None:
    story = with_a_gift(0)
    refusal = CreditExceedsSetAside(CUSTOMER, Money(1, "EUR"), Money(0, "EUR"))
    story.when(pay_out_credit(1, currency="EUR")).refused(refusal)


def searched(**left: int) -> PurchaseSearch:
    """What the customer's orders show: units that may be refunded, by sku."""
    return PurchaseSearch((), len(left), tuple([UnitsLeft(sku, units) for sku, units in left.items()]))


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (None, False),
        (searched(), False),  # whether it was bought at all is what is in question
        (searched(HAT=0), False),
        (searched(SOCK=3), False),
        (searched(SOCK=2, HAT=9), True),
        (searched(SOCK=0), True),
    ],
)
def test_a_claim_beyond_what_was_bought_is_granted_and_somebody_is_told(
    found: PurchaseSearch | None, told: bool
) -> None:
    # Leave the signal out → the last two fail.
    story = given(customer_registered())
    command = grant_unverified(ClaimedUnits(2, "SOCK", amount=200), ClaimedUnits(1, "SOCK", amount=100))
    ask = msgspec.structs.replace(command.ask, searched=found)
    decided = story.do(msgspec.structs.replace(command, ask=ask))
    assert any(isinstance(it, RefundGranted) for it in decided)
    signals = [it for it in decided if isinstance(it, FraudSignalRaised)]
    assert [(it.kind, it.refunds, it.days) for it in signals] == (
        [("beyond_units_bought", (REFUND,), None)] if told else []
    )
