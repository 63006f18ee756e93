"""Promises: somebody says that something will be done by a day, and it is, or it is not.

A promise to pay is told in the stream of the order whose bill it is about: whether it was kept depends on
that bill alone, and so no other stream has to be asked. Source: R-P1, R-B7
"""

from typing import Literal

from domain.entry import Event, Minor
from domain.moments import Day
from domain.orders.order_events import Deadline

PromiseKind = Literal["pay"]


class PromiseMade(Event, frozen=True, kw_only=True):
    """A customer said until when they will pay a bill; until then nobody calls about it. Source: R-B7"""

    promise: str
    kind: PromiseKind
    order: str
    customer: str
    subject: str
    """The bill."""
    currency: str
    amount: Minor
    """What was open on it then."""
    due_on: Day
    """Last day on which it is kept."""
    replaces: str | None
    """The promise about the same bill that it takes the place of; that one is neither kept nor broken."""
    deadlines: tuple[Deadline, ...] = ()
    """Becoming broken: when the day after `due_on` begins in the book's zone."""


class PromiseKept(Event, frozen=True, kw_only=True):
    """What was promised was done in time. Source: R-P1"""

    promise: str
    kind: PromiseKind
    order: str
    customer: str
    subject: str
    by: str
    """The payment, use of credit or reinstatement with which nothing was open any more."""


class PromiseBroken(Event, frozen=True, kw_only=True):
    """The last day of a promise has passed, and it was not done. Source: R-P1"""

    promise: str
    kind: PromiseKind
    order: str
    customer: str
    subject: str
    currency: str
    open: Minor
    """What was still to be paid."""
    due_on: Day
