"""More went back than waits still, tells the processor: what waited went back, and the rest waits itself.

Source: I12, H-notice
"""

from typing import Any

from domain.decision import Claim
from domain.decisions import decide
from domain.inbound.notices import ReceiveNotice
from domain.inbound.returning import RecordFailedReturn
from domain.inbound.unmatched_events import UnmatchedReceiptCameAgain, UnmatchedReceiptReturned
from tests.domain.examples import CUSTOMER, captured, customer_registered
from tests.domain.notice_examples import (
    MONEY,
    OTHER_MONEY,
    SETTLEMENT,
    give_back,
    left,
    money,
    notice,
    received,
    told,
    unmatched,
)
from tests.domain.specification import Story, given, moment

KIND = "refund.created"
NOBODYS: dict[str, Any] = {"order": None, "customer": None}
BEYOND = "unmatched-exceeded"


def went_back(amount: int, **other: Any) -> ReceiveNotice:
    """The processor tells that so much left us again."""
    fact = give_back(amount=amount, reference="re_1")
    moved = money(unmatched=OTHER_MONEY, direction="payout", amount=amount, reference="re_1")
    return notice(**{"kind": KIND, "fact": fact, "money": moved, **other})


def returned(amount: int) -> UnmatchedReceiptReturned:
    return UnmatchedReceiptReturned(
        unmatched=MONEY,
        customer=CUSTOMER,
        settlement=SETTLEMENT,
        currency="USD",
        amount=amount,
        reference="re_1",
    )


def paid_otherwise() -> Story:
    """7.00 came for an order that is paid, and wait."""
    return told(captured(reference="ch_2"), unmatched(amount=700))


def test_what_left_beyond_what_waits_waits_itself() -> None:
    # Keep all of it → what went back waits for ever beside what left, and this fails.
    rest = left(unmatched=OTHER_MONEY, amount=50, reference="re_1", why=BEYOND)
    kept = received(kind=KIND, result="unmatched", why=BEYOND)
    story = paid_otherwise().when(went_back(750)).then(returned(700), rest, kept)
    assert story.state(f"unmatched/{MONEY}").left == 0
    exactly = paid_otherwise().when(went_back(700))
    exactly.then(returned(700), received(kind=KIND))


def test_its_name_is_claimed_once_by_what_went_back_and_what_left_beyond_is_kept_once() -> None:
    asked = went_back(750)
    decision = decide(asked, paid_otherwise().given(asked))
    assert [(claim.kind, claim.value) for claim in decision.claims] == [
        ("payout_ref", "acme/re_1"),
        ("unmatched_ref", "payout/acme/re_1"),
    ]


def test_told_late_it_went_back_as_of_when_it_was_there() -> None:
    story = told(captured(reference="ch_2")).on("2010-08-12").record(unmatched(amount=700))
    asked = went_back(750)
    story.on("2010-08-11")
    assert decide(asked, story.given(asked)).at == moment("2010-08-12")


def test_what_came_to_us_beyond_what_left_waits_as_a_whole() -> None:
    # Take what came for a part of what left → it is told as money that left us, and this fails.
    story = given(customer_registered(), left(amount=700, **NOBODYS)).from_("provider")
    back = give_back(amount=750, reference="re_1", **NOBODYS)
    came = money(unmatched=OTHER_MONEY, amount=750, reference="re_1")
    whole = unmatched(unmatched=OTHER_MONEY, amount=750, reference="re_1", why=BEYOND, **NOBODYS)
    kept = received(kind="refund.failed", result="unmatched", why=BEYOND, **NOBODYS)
    story.when(notice(kind="refund.failed", fact=back, money=came, **NOBODYS)).then(whole, kept)


def test_a_notice_of_more_than_waits_that_moved_no_money_is_compared() -> None:
    kept = received(kind=KIND, result="refused", why=BEYOND)
    paid_otherwise().when(went_back(750, money=None)).then(kept)


def test_what_went_back_and_failed_is_here_again_for_the_order_it_came_for() -> None:
    story = paid_otherwise()
    story.do(give_back(amount=700))
    again = UnmatchedReceiptCameAgain(
        unmatched=MONEY,
        customer=CUSTOMER,
        order=unmatched().order,
        settlement=SETTLEMENT,
        currency="USD",
        amount=700,
    )
    failed = RecordFailedReturn(unmatched=MONEY, settlement=SETTLEMENT)
    asked = notice(kind="refund.failed", fact=failed, money=None)
    story.when(asked).then(again, received(kind="refund.failed"))
    story.when(failed).nothing()
    by_hand = paid_otherwise().from_("api")
    by_hand.do(give_back(amount=700))
    by_hand.when(failed).then(again)


def test_what_came_back_of_what_left_is_kept_once_under_its_name() -> None:
    # Claim nothing → told twice at once, it comes back twice, and this fails.
    story = given(customer_registered(), left(**NOBODYS))
    named = give_back(reference="re_1", **NOBODYS)
    assert decide(named, story.given(named)).claims == (Claim("unmatched_ref", "receipt/acme/re_1"),)
    unnamed = give_back(reference=None, **NOBODYS)
    assert decide(unnamed, story.given(unnamed)).claims == ()
