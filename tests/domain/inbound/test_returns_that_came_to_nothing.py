"""What went back and did not arrive, or was said by mistake: it is here, and may go back again, under the
same name too, unless its processor itself said that what left under that name failed.

Source: I12, H-notice, H-time
"""

from typing import Any

import pytest

from domain.causes import EffectiveBeforeCause
from domain.decision import Claim
from domain.decisions import decide
from domain.inbound.returning import RecordFailedReturn, ReturnUnknown
from domain.inbound.unmatched import UnmatchedSettled
from domain.inbound.unmatched_events import UnmatchedReceiptCameAgain, UnmatchedReceiptReturned
from domain.refunds.payout_references import ReferencePaidOutOtherwise
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.examples import customer_registered, id_of, usd
from tests.domain.notice_examples import MONEY, OTHER_MONEY, SETTLEMENT, assign, give_back, left, unmatched
from tests.domain.specification import Story, given, moment

NAME, AGAIN, THIRD = "re_1", id_of("stl", 2), id_of("stl", 3)
NOBODYS: dict[str, Any] = {"order": None, "customer": None}


def went_back(**other: Any) -> Any:
    """It went back under one name."""
    return give_back(**{**NOBODYS, "reference": NAME, **other})


def failed(settlement: str = SETTLEMENT) -> RecordFailedReturn:
    """It did not arrive."""
    return RecordFailedReturn(unmatched=MONEY, settlement=settlement)


def said(amount: int = 7595) -> Story:
    """Money of nobody waits; a person says that so much of it went back."""
    story = given(customer_registered(), unmatched(**NOBODYS))
    story.do(went_back(amount=amount))
    return story


def taken_back(amount: int = 7595) -> Story:
    """A person said that so much went back, and that it did not."""
    story = said(amount)
    story.do(failed())
    return story


def waits(story: Story) -> int:
    return story.state(f"unmatched/{MONEY}").left


@pytest.mark.parametrize("amount", [7595, 200], ids=["as much", "a mistyped amount"])
def test_what_a_person_took_back_may_be_said_again_under_its_name(amount: int) -> None:
    # Look for its name among all that ever went back → it is answered as known, waits for ever, this fails.
    story = taken_back(amount)
    assert waits(story) == 7595
    story.when(went_back(settlement=AGAIN)).decides(UnmatchedReceiptReturned)
    assert waits(story) == 0
    story.when(went_back(settlement=THIRD)).nothing()


def test_what_its_processor_tells_went_back_is_recorded_though_a_person_had_said_so_too_early() -> None:
    story = taken_back().from_("provider")
    story.when(went_back(settlement=AGAIN)).decides(UnmatchedReceiptReturned)
    assert waits(story) == 0
    story.do(failed(AGAIN))
    assert waits(story) == 7595
    story.when(went_back(settlement=AGAIN)).nothing()


@pytest.mark.parametrize("told_by", ["api", "provider"])
def test_what_its_processor_says_failed_left_once_whoever_tells_it_late(told_by: str) -> None:
    # Free the name whoever told the failure → a late word of its success takes it out again, this fails.
    story = said().from_("provider")
    story.do(failed())
    story.from_(told_by).when(went_back(settlement=AGAIN)).nothing()
    more = went_back(settlement=AGAIN, amount=1)
    story.when(more).refused(ReferencePaidOutOtherwise(SETTLEMENT, 5, usd(7595), usd(1)))
    assert waits(story) == 7595


def test_the_same_return_again_is_a_retry_whatever_became_of_it() -> None:
    story = taken_back()
    story.when(went_back()).nothing()
    story.when(went_back(amount=1)).refused(AlreadyRecordedOtherwise(SETTLEMENT))
    story.when(failed()).nothing()


def test_a_name_is_claimed_once_more_by_what_goes_back_again_under_it() -> None:
    # Claim it as if it were new → the record finds it taken, and nothing can be said again: this fails.
    story = given(customer_registered(), unmatched(**NOBODYS))
    first = went_back()
    of_money = f"unmatched/{MONEY}"
    assert decide(first, story.given(first)).claims == (Claim("payout_ref", "acme/re_1"),)
    story.do(first)
    for settlement in (AGAIN, THIRD):
        story.do(failed(SETTLEMENT if settlement == AGAIN else AGAIN))
        again, freed = went_back(settlement=settlement), story.entries[-1].position
        assert story.entries[-1].stream == of_money
        assert decide(again, story.given(again)).claims == (Claim("payout_ref_again", f"acme/re_1/{freed}"),)
        story.do(again)


def test_what_left_under_a_mistyped_amount_is_assigned_once_that_is_taken_back() -> None:
    # Keep the name for the mistake → the payout and its receipt both wait with no way out, and this fails.
    story = said(200)
    story.record(left(unmatched=OTHER_MONEY, reference=NAME, why="reference-paid-out-otherwise", **NOBODYS))
    to_receipt = assign(unmatched=OTHER_MONEY, customer=None, fact=went_back(settlement=AGAIN))
    story.when(to_receipt).refused(ReferencePaidOutOtherwise)
    story.do(failed())
    story.when(to_receipt).decides(UnmatchedReceiptReturned)
    assert (waits(story), story.state(f"unmatched/{OTHER_MONEY}").left) == (0, 0)


def test_it_failed_at_the_moment_at_which_it_went_back_at_the_earliest() -> None:
    # Expect no cause → at some moment more of it waits than ever came, and this fails.
    story = given(customer_registered(), unmatched(**NOBODYS)).on("2010-08-12")
    story.do(went_back())
    early = EffectiveBeforeCause(moment("2010-08-12", "11:59"), moment("2010-08-12"))
    story.on("2010-08-12", "11:59").when(failed()).refused(early)
    story.on("2010-08-12").when(failed()).decides(UnmatchedReceiptCameAgain)


def test_it_goes_back_at_the_moment_at_which_it_came_at_the_earliest() -> None:
    story = given(customer_registered()).on("2010-08-12").record(unmatched(**NOBODYS))
    early = EffectiveBeforeCause(moment("2010-08-12", "11:59"), moment("2010-08-12"))
    story.on("2010-08-12", "11:59").when(went_back()).refused(early)
    story.on("2010-08-12").when(went_back()).decides(UnmatchedReceiptReturned)


def test_only_what_went_back_of_this_money_can_fail() -> None:
    said().when(failed(AGAIN)).refused(ReturnUnknown(MONEY, AGAIN))


# What came back of a payout, said by a person without a name, and told by its processor with one


def came_back(**other: Any) -> Any:
    return went_back(settlement=AGAIN, **other)


def half_came_back() -> Story:
    """Of a payout that waits half came back, says a person, under no name."""
    story = given(customer_registered(), left(amount=2000, **NOBODYS))
    story.do(went_back(amount=1000, reference=None))
    return story


def test_what_is_left_came_back_by_itself_though_as_much_was_said_before() -> None:
    # Take whatever is as much for the same → half of it is never recorded as come back, and this fails.
    story = half_came_back()
    assert len(story.do(came_back(amount=1000))) == 1
    assert waits(story) == 0


@pytest.mark.parametrize(("amount", "is_known"), [(1000, True), (999, False), (1001, False)])
def test_where_nothing_is_left_what_came_back_without_a_name_is_what_was_told_if_it_is_as_much(
    amount: int, is_known: bool
) -> None:
    # Compare no amounts → whatever is told is taken for what a person said, and this fails.
    story = half_came_back()
    story.do(went_back(settlement=THIRD, amount=1000, reference="other"))
    if is_known:
        story.when(came_back(amount=amount)).nothing()
    else:
        story.when(came_back(amount=amount)).refused(UnmatchedSettled(MONEY))
