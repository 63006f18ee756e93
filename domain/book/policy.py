"""The stream `policy`: whole editions of the merchant's rules, each with the moment it takes effect.

An edition holds every value the merchant may set; what the rules themselves say is in the decisions. The
default edition, with a comment on every value, is `domain.book.default_edition`; the decision to adopt one
is in `domain.book.adopting`. Source: R-S9, §3
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from domain.command import LARGEST_AMOUNT, Command, OutOfRange
from domain.entry import Entry, Event, Sealed
from domain.moments import EARLIEST, LATEST, Moment
from domain.money import is_currency

STREAM = "policy"

MOST_SIGNAL_DAYS = 92
"""A grant under a limit reads as many days of whoever decides."""

StartsAt = Literal["delivery", "order"]
"""The day a guarantee window is counted from."""


_MONTHS, _DAYS, _TIMES = (0, 1_200), (0, 36_500), (1, 1_000)

RANGES: Final[Mapping[str, tuple[int, int]]] = {
    **dict.fromkeys(("guarantee_months", "collection_call_months", "next_call_months"), _MONTHS),
    "thank_hours": (0, 8_760),
    **dict.fromkeys(
        (
            "supplier_days",
            "bill_due_days",
            "first_reminder_days",
            "second_reminder_days",
            "payment_first_days",
            "unshipped_days",
            "satisfaction_days",
            "release_days",
            "effort_attempts",
            "effort_days",
            "effort_again_days",
            "card_tries",
            "card_tries_days",
            "refund_payout_days",
            "backdating_days",
        ),
        _DAYS,
    ),
    **dict.fromkeys(("signal_unverified", "signal_refunds", "signal_just_under"), _TIMES),
    "signal_days": (1, MOST_SIGNAL_DAYS),
    "signal_margin": (0, 10_000),
}
"""The least and the most of every value of an edition that is a number."""
MINOR_UNITS = f"minor units from 0 to {LARGEST_AMOUNT} by ISO 4217 currency"
AMOUNTS = ("keep_under", "return_shipping", "restocking")
"""The values of an edition that are minor units by currency; every value of `Limits` is too."""


def expect_in_range(field: str, value: int | dict[str, int]) -> None:
    """One value of an edition, or of limits, by its name. Raises: OutOfRange."""
    if isinstance(value, dict):
        if not all(is_currency(currency) and 0 <= value[currency] <= LARGEST_AMOUNT for currency in value):
            raise OutOfRange(field, f"must be {MINOR_UNITS}")
    else:
        least, most = RANGES[field]
        if not least <= value <= most:
            raise OutOfRange(field, f"must be from {least} to {most}")


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Up to what a role decides alone, in minor units by currency; a currency not named: nothing.

    Raises: ValueError out of range. Source: R-G11
    """

    per_refund: dict[str, int]
    per_gesture: dict[str, int]
    """For what a case is made good with, store credit included."""
    per_day: dict[str, int]
    """For all refunds of one person on one local day."""

    def __post_init__(self) -> None:
        for field in ("per_refund", "per_gesture", "per_day"):
            expect_in_range(field, getattr(self, field))


class Edition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One whole edition of the policy: every value the merchant may set. Raises: ValueError out of range."""

    guarantee_months: int
    """Calendar months of our money-back guarantee. Source: R-G1"""
    guarantee_starts: StartsAt
    """The day our guarantee is counted from. Source: R-G1"""
    supplier_days: int
    """Calendar days in which the supplier takes a return back. Source: R-G1, R-G2"""
    supplier_starts: StartsAt
    """The day the supplier's window is counted from. Source: R-G1"""
    bill_due_days: int
    """Calendar days from issue to the last day a bill may be paid in time. Source: R-B1"""
    first_reminder_days: int
    """Calendar days after the last day of a bill to the first reminder of it. Source: R-B3"""
    second_reminder_days: int
    """Calendar days after the last day of a bill to the second reminder of it. Source: R-B3"""
    collection_call_months: int
    """Calendar months from issue to when somebody phones who owes. Source: R-B3"""
    next_call_months: int
    """Calendar months from such a call to the next try. Source: R-B3"""
    payment_first_days: int
    """Most calendar days for which the owner may ask for payment first. Source: R-B2"""
    thank_hours: int
    """Clock hours from placing to the personal thanks. Source: R-P5"""
    unshipped_days: int
    """Calendar days from placing to when a covered order should be on its way. Source: §3"""
    satisfaction_days: int
    """Calendar days from delivery to when we ask whether the customer is satisfied. Source: R-P5"""
    release_days: int
    """Calendar days from the decline to when an existing customer's order ships unpaid. Source: R-D3"""
    effort_attempts: int
    """How often a new customer is tried at least before their order may be not delivered. Source: R-D2, I4"""
    effort_days: int
    """Calendar days from the decline over which that is done at least. Source: R-D2, I4"""
    effort_again_days: int
    """Calendar days from an attempt that did not reach the customer to the next. Source: R-D2"""
    card_tries: int
    """How often a card may be declined softly in so many days. Source: R-D6"""
    card_tries_days: int
    """Calendar days, today included, over which those declines are counted. Source: R-D6"""
    agent_limits: Limits
    """Up to what an agent decides alone. Source: R-G11"""
    supervisor_limits: Limits
    """Up to what a supervisor decides alone; the owner has no limit. Source: R-G11"""
    refund_payout_days: int
    """Calendar days from the grant of a refund to when its money should be on its way. Source: §3"""
    signal_unverified: int
    """From which of a customer's unverified refunds on a person is told. Source: R-G12"""
    signal_refunds: int
    """From how many refunds of one customer within `signal_days` on a person is told. Source: R-G12"""
    signal_just_under: int
    """From how many refunds by one person just under their limit within `signal_days` on. Source: R-G12"""
    signal_days: int
    """Calendar days that such signals look back, the day of the grant included. Source: R-G12"""
    signal_margin: int
    """Basis points of a limit that still count as just under it. Source: R-G12"""
    keep_under: dict[str, int]
    """Minor units by currency: goods worth less stay with the customer; a currency not named: none do.
    Source: R-G7"""
    return_shipping: dict[str, int]
    """Minor units by currency: what sending one parcel back costs us; a currency not named: nothing.
    Source: R-G7"""
    restocking: dict[str, int]
    """Minor units by currency: what unpacking and putting away one parcel costs us; a currency not named:
    nothing. Source: R-G7"""
    backdating_days: int
    """Days back up to which anybody may enter what happened earlier; beyond it takes the owner. Source: §3"""

    def __post_init__(self) -> None:
        for field in (*RANGES, *AMOUNTS):
            expect_in_range(field, getattr(self, field))


class PolicyAdopted(Event, frozen=True, kw_only=True):
    """A whole edition of the policy was adopted; it is in force from `effective_from` on."""

    edition: Edition
    effective_from: Moment


class AdoptedEdition(msgspec.Struct, frozen=True):
    """An edition in its place: the version of stream `policy` that adopted it, and since when it holds."""

    version: int
    edition: Edition
    effective_from: Moment
    position: int
    reason: Sealed | None
    """As its entry says."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Every edition adopted so far, in order. `Policy()` is the policy of a book not yet opened."""

    editions: tuple[AdoptedEdition, ...] = ()

    def adopted_at(self, at: Moment) -> AdoptedEdition | None:
        """Of the editions in force at that moment the last adopted; None before any is adopted.

        Source: §2 Streams
        """
        for adopted in reversed(self.editions):
            if adopted.effective_from <= at:
                return adopted
        return None

    def adopted_in_force(self, at: Moment) -> AdoptedEdition:
        """The edition in force at that moment, in its place. Raises: LookupError in a book not yet opened."""
        adopted = self.adopted_at(at)
        if adopted is None:
            raise LookupError("no policy edition is in force: the book was never opened")
        return adopted

    def in_force(self, at: Moment) -> Edition:
        """The edition in force at that moment. Raises: LookupError in a book not yet opened."""
        return self.adopted_in_force(at).edition

    def version_in_force(self, at: Moment) -> int | None:
        """The version, in the stream `policy`, of the edition in force at that moment."""
        adopted = self.adopted_at(at)
        return None if adopted is None else adopted.version


def evolve_policy(state: Policy | None, entry: Entry) -> Policy:
    """The policy after one more entry of its stream. Raises: TypeError for an event of another stream."""
    if not isinstance(entry.event, PolicyAdopted):
        raise TypeError(f"{type(entry.event).__name__} does not belong to the stream {STREAM}")
    it = entry.event
    adopted = AdoptedEdition(entry.version, it.edition, it.effective_from, entry.position, entry.meta.reason)
    return Policy(editions=(*(state or Policy()).editions, adopted))


class AdoptPolicy(Command, frozen=True, kw_only=True):
    """Adopt a whole edition, in force from `effective_from` on."""

    edition: Edition
    effective_from: Moment | None = None
    """None: from the moment it is recorded."""

    def __post_init__(self) -> None:
        if self.effective_from is not None and not EARLIEST <= self.effective_from <= LATEST:
            raise OutOfRange("effective_from", "must be a moment of the years 1 to 9999")

    def writes(self) -> tuple[str, ...]:
        return (STREAM,)
