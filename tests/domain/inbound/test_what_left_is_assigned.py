"""What left is said to be what it was: a payout, or other money that went back, recorded already or now.

Source: I12
"""

from typing import Any

import pytest

from domain.inbound.assigning import OtherDirection, is_beyond
from domain.inbound.unmatched import UnmatchedMoney, unmatched_stream
from domain.inbound.unmatched_events import UnmatchedPayoutAssigned
from domain.refunds.paying_out import PayoutExceedsDue
from tests.domain.examples import CUSTOMER, ORDER, captured, customer_registered, id_of, placed, shipped
from tests.domain.inbound.test_what_went_back_beyond import returned
from tests.domain.notice_examples import MONEY, OTHER_MONEY, SETTLEMENT, assign, give_back, left, unmatched
from tests.domain.refund_examples import grant, settle
from tests.domain.specification import Story, given

NOBODYS: dict[str, Any] = {"order": None, "customer": None}


def both_wait() -> Story:
    """7.00 came for an order that is paid, and as much left under another name: both wait."""
    story = given(customer_registered(), placed(), captured(reference="ch_2"), unmatched(amount=700))
    return story.record(left(unmatched=OTHER_MONEY, amount=700, reference="re_1", why="unknown"))


def went_back(**other: Any) -> UnmatchedPayoutAssigned:
    said = {
        "unmatched": OTHER_MONEY,
        "customer": CUSTOMER,
        "order": ORDER,
        "counts_as": "return",
        "subject": SETTLEMENT,
        "about": MONEY,
        "currency": "USD",
        "amount": 700,
    }
    return UnmatchedPayoutAssigned(**{**said, **other})


def test_money_that_left_may_be_other_money_that_went_back() -> None:
    fact = give_back(amount=700, reference="re_1")
    story = both_wait().when(assign(unmatched=OTHER_MONEY, fact=fact)).then(went_back(), returned(700))
    assert [story.state(unmatched_stream(name)).left for name in (MONEY, OTHER_MONEY)] == [0, 0]


def test_what_was_said_to_have_gone_back_under_its_name_is_only_matched() -> None:
    # Name it as it is asked → the money says that it was a return which nothing records, and this fails.
    story = both_wait()
    story.do(give_back(amount=700, reference="re_1"))
    again = give_back(amount=700, reference="re_1", settlement=id_of("stl", 2))
    story.when(assign(unmatched=OTHER_MONEY, fact=again)).then(went_back())


def test_only_what_came_can_have_gone_back() -> None:
    story = both_wait().record(left(unmatched=id_of("unm", 3), reference="re_3", **NOBODYS))
    fact = give_back(unmatched=id_of("unm", 3), amount=700, **NOBODYS)
    story.when(assign(unmatched=OTHER_MONEY, fact=fact)).refused(OtherDirection(id_of("unm", 3)))


def test_nobody_need_be_named_only_of_what_went_back() -> None:
    with pytest.raises(ValueError, match="customer must be named"):
        assign(customer=None)
    assert assign(customer=None, fact=give_back(**NOBODYS)).customer is None


def test_it_left_beyond_a_payout_of_its_own_name_alone() -> None:
    # Look at payouts of any name → the next part of money that left has a name for no reason: this fails.
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 1)))
    story.do(settle(reference="re_8", amount=3400))
    for name in ("re_8", "re_9"):
        money = id_of("unm", int(name[-1]))
        story.record(left(unmatched=money, reference=name, why=PayoutExceedsDue.slug()))
        state = story.state(unmatched_stream(money))
        assert isinstance(state, UnmatchedMoney)
        assert is_beyond(state, story.state(ORDER)) is (name == "re_8")
