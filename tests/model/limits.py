"""What a person may decide alone, and who decides what is above it. R-G3, R-G11

A part of the shop, as `tests.model.shop` says. A limit never refuses: what is above it goes to the next role,
and is granted by another person than asked for it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.model.orders import Refused
from tests.model.shop import Shop

PER_REFUND = {"agent": {"USD": 40_00}, "supervisor": {"USD": 75_00}}
PER_GESTURE = {"agent": {"USD": 30_00}, "supervisor": {"USD": 60_00}}
PER_DAY = {"agent": {"USD": 60_00}, "supervisor": {"USD": 110_00}}
"""Without a value it is zero; the owner has none."""
RANKS = ("agent", "supervisor", "owner")


@dataclass(frozen=True)
class By:
    """Who decides: a person, whatever key is used, in a role."""

    person: str
    role: str


@dataclass
class Worth:
    """What is asked for comes to."""

    currency: str
    given: int
    """By us: what limits compare."""
    has_limit: bool
    """Not where it is only the customer's own money."""
    is_gesture: bool = False
    """Store credit; not a refund, and of no person's day's allowance."""


@dataclass
class Request:
    """A refund asked for that nobody has granted yet."""

    worth: Callable[[], Worth]
    """As things stand. Raises: Refused."""
    grant: Callable[[], bool]
    """Whether anything was due; else only units were cancelled, and the request ends with that."""
    asked_by: str
    waits_for: str | None = None
    """A role."""
    sent_on_by: set[str] = field(default_factory=set[str])
    """Whom it was above the limit of when they were to approve it."""
    above: int = 0
    """What was above the limit of whoever decided last."""
    withdrawn: bool = False
    granted: bool = False


def gesture(shop: Shop, customer: str, currency: str, amount: int) -> Worth:
    """R-G11: what a customer gets on one day outside a case is one gesture, whoever gives it."""
    before = shop.gestures.get((customer, shop.today, currency), 0)
    return Worth(currency, before + amount, has_limit=True, is_gesture=True)


def ask_for(shop: Shop, refund: str, request: Request) -> None:
    """R-G3: noted, for somebody to decide."""
    request.worth()
    shop.requests[refund] = request


def decide(shop: Shop, name: str, request: Request, by: By, among: dict[str, Request] | None = None) -> None:
    """R-G11: granted within the limits of whoever decides, else it goes to the next role."""
    worth = request.worth()
    if worth.has_limit and not _is_within(shop, worth, by):
        request.waits_for = RANKS[min(RANKS.index(by.role) + 1, 2)]
        request.above = worth.given
        waiting = shop.requests if among is None else among
        waiting[name] = request
        return
    request.granted = True
    request.withdrawn = not request.grant()


def approve(shop: Shop, name: str, by: By, among: dict[str, Request]) -> None:
    """R-G3, R-G11: anew as it stands today; above the limit of who asked, by another person, of a role that
    may.
    """
    request = among[name]
    if request.granted:
        return
    is_too_low = request.waits_for is not None and RANKS.index(by.role) < RANKS.index(request.waits_for)
    if is_too_low and by.person in request.sent_on_by:
        return
    broken = set[str]()
    if request.withdrawn:
        broken |= {"R-G3", "R-G11"}
    if request.waits_for is not None and by.person == request.asked_by:
        broken.add("R-G11")
    if is_too_low:
        broken.add("H-authority")
    if broken:
        raise Refused(*broken)
    decide(shop, name, request, by, among)
    if not request.granted:
        request.sent_on_by.add(by.person)


def withdraw(request: Request) -> None:
    """R-G3: before the grant only."""
    if request.granted and not request.withdrawn:
        raise Refused("R-G3", "R-G11")
    request.withdrawn = True


def _is_within(shop: Shop, worth: Worth, by: By) -> bool:
    """Per refund, and with what the person has decided that day; which it then uses."""
    if by.role == "owner":
        return True
    if worth.is_gesture:
        return worth.given <= PER_GESTURE[by.role].get(worth.currency, 0)
    day = (by.person, shop.today, worth.currency)
    used = shop.decided.get(day, 0) + worth.given
    per_refund = PER_REFUND[by.role].get(worth.currency, 0)
    if worth.given > per_refund or used > PER_DAY[by.role].get(worth.currency, 0):
        return False
    shop.decided[day] = used
    return True
