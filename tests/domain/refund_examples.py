"""Refunds as tests name them: commands with their usual fields, and the events they decide."""

from typing import Any

from domain.customers.registering import Customer
from domain.moments import plus_days
from domain.refunds.approving import ApproveRefund, WithdrawRefund
from domain.refunds.granting import GrantRefund
from domain.refunds.granting_unverified import GrantUnverifiedRefund, PayOutCredit
from domain.refunds.limits import Deciding
from domain.refunds.paying_out import RecordPayout
from domain.refunds.payout_failures import RecordFailedPayout, RecordReturnedPayout
from domain.refunds.persons_day import day_stream
from domain.refunds.refund_events import AskedUnits, ClaimedUnits, RefundAllowanceUsed, RefundAsk
from domain.refunds.settlement import SettleRefund
from tests.domain.examples import (
    CUSTOMER,
    ORDER,
    PAYMENT,
    REFUND,
    captured,
    customer_registered,
    deliver,
    id_of,
    placed,
    shipped,
)
from tests.domain.specification import AGENT, Story, given

PAYOUTS = (id_of("pot"), id_of("pot", 2))
CREDIT = id_of("crd")


def shipped_order(**other: Any) -> Story:
    """Two dresses, paid, shipped and delivered on the day they were ordered."""
    story = given(customer_registered(), placed(**other), captured(), shipped())
    story.do(deliver())
    return story


def deciding(person: str = AGENT.person, day: str = "2010-08-10") -> Deciding:
    """Who decides, with the thirty days of theirs that are looked at."""
    return Deciding(person, day, plus_days(day, -29))


def ask(*units: tuple[int, int], **other: Any) -> RefundAsk:
    """Units of the order's lines, by (line, quantity)."""
    return RefundAsk(units=tuple(AskedUnits(*each) for each in units), **other)


def claim(*claims: ClaimedUnits, **other: Any) -> RefundAsk:
    """Units the customer says they bought."""
    return RefundAsk(claims=claims, **other)


def grant(*units: tuple[int, int], **other: Any) -> GrantRefund:
    """Grant a refund of the order; both dresses unless said."""
    fields = RefundAsk.__struct_fields__
    asked = {name: other.pop(name) for name in list(other) if name in fields}
    said = {
        "order": ORDER,
        "customer": CUSTOMER,
        "refund": REFUND,
        "ask": ask(*units, **asked),
        "deciding": deciding(),
    }
    return GrantRefund(**{**said, **other})


def grant_unverified(*claims: ClaimedUnits, **other: Any) -> GrantUnverifiedRefund:
    """Grant a refund of what nobody can verify."""
    said = {
        "customer": CUSTOMER,
        "refund": REFUND,
        "currency": "USD",
        "ask": claim(*claims),
        "deciding": deciding(),
    }
    return GrantUnverifiedRefund(**{**said, **other})


def pay_out_credit(amount: int, **other: Any) -> PayOutCredit:
    """Give the customer credit of theirs as money."""
    said = {"customer": CUSTOMER, "refund": REFUND, "currency": "USD", "ask": RefundAsk(credit=amount)}
    return PayOutCredit(**{**said, **other})


def approve(**other: Any) -> ApproveRefund:
    """Approve the refund of the order."""
    said = {"stream": ORDER, "customer": CUSTOMER, "refund": REFUND, "deciding": deciding()}
    return ApproveRefund(**{**said, **other})


def withdraw(**other: Any) -> WithdrawRefund:
    """Withdraw the refund of the order."""
    return WithdrawRefund(**{"stream": ORDER, "refund": REFUND, **other})


def settle(**other: Any) -> SettleRefund:
    """Pay the refund of the order out; each cheque has its number."""
    said: dict[str, Any] = {
        "stream": ORDER,
        "customer": CUSTOMER,
        "refund": REFUND,
        "payouts": PAYOUTS,
        "credit": CREDIT,
        "unmatched": id_of("unm", 60),
    }
    if other.get("method") == "cheque":
        said["reference"] = other.get("payouts", PAYOUTS)[0]
    return SettleRefund(**{**said, **other})


def paid_back(amount: int, number: int = 1) -> RecordPayout:
    """So much of the refund was sent back against the payment."""
    return RecordPayout(
        stream=ORDER,
        refund=REFUND,
        payout=id_of("pot", number),
        payment=PAYMENT,
        amount=amount,
        currency="USD",
        reference=f"re_{number}",
    )


def fail(**other: Any) -> RecordFailedPayout:
    """Note that the payout to the card failed."""
    said = {
        "stream": ORDER,
        "customer": CUSTOMER,
        "refund": REFUND,
        "payout": id_of("pot", 8),
        "method": "original_method",
        "why": "card_closed",
    }
    return RecordFailedPayout(**{**said, **other})


def come_back(**other: Any) -> RecordReturnedPayout:
    """Note that the payout came back."""
    said = {"stream": ORDER, "refund": REFUND, "payout": PAYOUTS[0], "why": "undelivered"}
    return RecordReturnedPayout(**{**said, **other})


def used(amount: int, **other: Any) -> RefundAllowanceUsed:
    """The agent granted so much on a day before."""
    said = {
        "person": AGENT.person,
        "day": "2010-08-10",
        "refund": id_of("ref", 90),
        "currency": "USD",
        "amount": amount,
        "just_under": False,
    }
    return RefundAllowanceUsed(**{**said, **other})


def used_today(story: Story, day: str = "2010-08-10", person: str = AGENT.person) -> int:
    """What a person has granted that day, in US cents."""
    state = story.state(day_stream(person, day))
    return 0 if state is None else state.used["USD"]


def credit_of(story: Story) -> int:
    """What the customer may still use, in US cents."""
    state = story.state(CUSTOMER)
    assert isinstance(state, Customer)
    credit = state.credit.get("USD")
    return 0 if credit is None else credit.available
