"""Resuming: what ended a hold was recorded by mistake, so that the hold goes on with all that was done.

Source: H-correct, R-D2, R-D3, R-D7
"""

import msgspec

from domain.deadlines import deadlines_of_effort, is_history, still_to_do
from domain.decision import Given
from domain.declines.decline_events import OrderNotDelivered, OrderReleased
from domain.declines.holds import hold_begins, hold_follows, holds_up
from domain.declines.order_declines import ContactEffort, Hold
from domain.declines.releasing import is_ready
from domain.entry import Event
from domain.moments import Moment
from domain.orders.order import Placed, price_not_covered
from domain.orders.order_events import Deadline


def hold_goes_on(
    after: Placed, undone: str, corrects: int, payment: str | None, given: Given
) -> tuple[tuple[str, Event], ...]:
    """What holds an order up once that payment or refund, of that position, is taken back, `after` being the
    order without: the hold that it had ended, alone or with others, as it was; or, where it had ended none,
    one that begins.
    """
    last = after.declines.holds[-1] if after.declines.holds else None
    if last is None or not _had_ended(last, undone, corrects) or not holds_up(after):
        return hold_begins(after, payment, "corrected", given)
    given = msgspec.structs.replace(given, at=max(given.at, hold_follows(after)))
    resumed = msgspec.structs.replace(
        last.placed,
        missing=price_not_covered(after),
        resumes=last.position,
        deadlines=() if is_history(given) else _left_to_do(last, after, given),
    )
    return ((after.placed.order, resumed),)


def _had_ended(hold: Hold, undone: str, corrects: int) -> bool:
    """Whether that is part of what ended it: it says so, or the money came between its beginning and end."""
    match hold.ended:
        case OrderReleased(because="reviewed"):
            return False
        case OrderReleased() | OrderNotDelivered() as ended:
            return ended.by == undone or hold.position < corrects < hold.ended_by[0]
        case _:
            return False


def _left_to_do(hold: Hold, after: Placed, given: Given) -> tuple[Deadline, ...]:
    # Cards that nobody charged yet are looked at again: what was found of them is of before.
    search = hold.deadline("search_cards") if hold.cards_left or not hold.searches else None
    started = (search, _reach(hold, given), hold.deadline("decide_release"))
    by_person = after.declines.is_fraud or _was_left_to_a_person(hold, after)
    release = None if by_person else hold.deadline("release_unpaid")
    return tuple([still_to_do(each, given) for each in (*started, release) if each is not None])


def _reach(hold: Hold, given: Given) -> Deadline | None:
    """When the customer is to be tried next; None once they were reached."""
    if not hold.effort:
        return hold.deadline("reach_customer")
    if hold.reached:
        return None
    tried = max(hold.effort, key=_at)
    # One entered while the hold seemed over asked for no other.
    started = tried.attempted.deadlines or deadlines_of_effort(msgspec.structs.replace(given, at=tried.at))
    return next((each for each in started if each.kind == "reach_customer"), None)


def _was_left_to_a_person(hold: Hold, after: Placed) -> bool:
    """Whether a rule would have released it before it ended, and did not: the customer was watched then."""
    waiting = msgspec.structs.replace(hold, ended=None)
    declines = msgspec.structs.replace(after.declines, holds=(waiting,))
    ready = is_ready(msgspec.structs.replace(after, declines=declines))
    return ready is not None and hold.ended_at is not None and ready <= hold.ended_at


def _at(tried: ContactEffort) -> Moment:
    return tried.at
