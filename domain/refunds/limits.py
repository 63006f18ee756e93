"""Limits: up to what a person decides alone. Above it the next role decides; a limit never refuses.

A limit is compared with what is granted (`RefundGranted.against_limits`), per refund and for a person's local
day; persons are compared, never keys: whoever a service acts for decides. Source: R-G11
"""

from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from domain.authority import expect_role, has_rank
from domain.book.policy import Edition, Limits
from domain.book.register import Role
from domain.decision import Given
from domain.moments import Day, plus_days
from domain.refunds.persons_day import PersonsDay, day_stream
from domain.refunds.refund_events import LimitKind, RefundAllowanceUsed, RefundGranted
from domain.refusal import Refusal

ABOVE: Final[dict[str, Role]] = {"agent": "supervisor", "supervisor": "owner"}
"""Who decides what is above a role's limit."""


class Deciding(msgspec.Struct, frozen=True):
    """Who decides, on which local day by the book's now, and since when their days are looked at.

    It names the streams a grant needs; an import of history, which counts against no day, has none.
    """

    person: str
    day: Day
    since: Day

    def writes(self) -> tuple[str, ...]:
        """The person's day."""
        return (day_stream(self.person, self.day),)

    def reads(self) -> tuple[str, ...]:
        """Their days before it."""
        days: list[str] = []
        day = self.since
        while day < self.day:
            days.append(day_stream(self.person, day))
            day = plus_days(day, 1)
        return tuple(days)


class Within(msgspec.Struct, frozen=True):
    """What a person may grant alone: under which limit, and what it uses of their day."""

    limit: int | None = None
    """Per refund, in minor units; None where none applies."""
    used: RefundAllowanceUsed | None = None


class Above(msgspec.Struct, frozen=True):
    """What a person may not grant alone, and who may."""

    exceeded: LimitKind
    limit: int
    used: int
    to_role: Role


@dataclass(unsafe_hash=True)
class ApproverIsRequester(Refusal):
    """What is above somebody's limit is approved by another person, whoever's key is used."""

    rule = "R-G11"
    way_out = "Ask somebody else in the role shown, or above it, to approve it."
    spoken = (
        "It was above the limit of whoever asked for it: another person approves it, in the role {to_role} "
        "or above it."
    )

    request: str
    to_role: Role


def expect_approver(requested_by: str, request: str, to_role: Role, given: Given) -> None:
    """Another person acts than asked, whoever's key it is, in the role it waits for or above it.

    Raises: ApproverIsRequester, RoleTooLow.
    """
    if given.actor.who == requested_by:
        raise ApproverIsRequester(request, to_role)
    expect_role(to_role, given)


def was_sent_on(sent_on_by: tuple[str, ...], to_role: Role, given: Given) -> bool:
    """Whether who acts was to approve it before and sent it on, and is still below the role it waits for."""
    return given.actor.who in sent_on_by and not has_rank(to_role, given)


def limits_of(edition: Edition, role: str) -> Limits | None:
    """The limits of a role; None where it has none. Who is neither agent nor supervisor nor owner decides
    nothing alone.
    """
    match role:
        case "owner":
            return None
        case "supervisor":
            return edition.supervisor_limits
        case "agent":
            return edition.agent_limits
        case _:
            return Limits(per_refund={}, per_gesture={}, per_day={})


def limit_of(
    edition: Edition, role: str, kind: Literal["per_refund", "per_gesture", "per_day"], currency: str
) -> int | None:
    """A role's limit in a currency, in minor units; None where it has none. Source: R-G11"""
    limits = limits_of(edition, role)
    if limits is None:
        return None
    amounts: dict[str, int] = getattr(limits, kind)
    return amounts.get(currency, 0)


def allowance(granted: RefundGranted, deciding: Deciding | None, given: Given) -> Within | Above:
    """Whether such a grant is within the limits of whoever acts, per refund and per day. Source: R-G11"""
    role, amount, currency = given.actor.role, granted.against_limits, granted.currency
    per_refund = limit_of(given.edition, role, "per_refund", currency)
    per_day = limit_of(given.edition, role, "per_day", currency)
    if per_refund is None or per_day is None:
        return Within()
    to_role = ABOVE.get(role, "owner")
    if amount > per_refund:
        return Above("per_refund", per_refund, 0, to_role)
    if deciding is None:
        return Above("per_day", 0, 0, to_role)
    today = given.state(day_stream(deciding.person, deciding.day), PersonsDay) or PersonsDay()
    used = today.used.get(currency, 0)
    if used + amount > per_day:
        return Above("per_day", per_day, used, to_role)
    just_under = amount * 10_000 >= per_refund * (10_000 - given.edition.signal_margin)
    return Within(
        per_refund,
        RefundAllowanceUsed(
            person=deciding.person,
            day=deciding.day,
            refund=granted.refund,
            currency=currency,
            amount=amount,
            just_under=just_under and per_refund > 0,
        ),
    )
