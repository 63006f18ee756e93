"""An order's declines: payments attempted, the hold they led to, and what was done to end it.

How each event changes this is in `domain.declines.evolve_declines`. Source: R-D2, R-D3
"""

from collections.abc import Iterator, Mapping

import msgspec

from domain.declines.decline_events import (
    CardOnFileSearchCompleted,
    ChargeRecordedBefore,
    ContactAttempted,
    HoldEnd,
    OnFile,
    OrderNotDelivered,
    OrderPlacedOnHold,
    PaymentAttempted,
    PaymentDeclined,
    ShipmentReleasedWithoutPayment,
)
from domain.moments import Moment
from domain.orders.order_events import Deadline, DeadlineKind


class Decline(msgspec.Struct, frozen=True):
    """A bank's refusal, when it was given, and the positions that say so (the hold's too)."""

    declined: PaymentDeclined
    """The worst that was said of it."""
    at: Moment
    positions: tuple[int, ...]
    first: PaymentDeclined | None = None
    """What was said at first, where something worse was said since: said again, it is nothing new."""

    @property
    def said(self) -> tuple[PaymentDeclined, ...]:
        """What was said of it, the worst first."""
        return (self.declined,) if self.first is None else (self.declined, self.first)


class CardSearch(msgspec.Struct, frozen=True):
    """A search of the cards on file, when, and the position that says so."""

    completed: CardOnFileSearchCompleted
    at: Moment
    position: int

    @property
    def usable(self) -> tuple[str, ...]:
        """The cards that were to be tried, in this order."""
        return tuple([card.payment_method for card in self.completed.cards if card.verdict == "usable"])


class ContactEffort(msgspec.Struct, frozen=True):
    """An attempt to reach the customer, when, and the position that says so."""

    attempted: ContactAttempted
    at: Moment
    position: int


class Hold(msgspec.Struct, frozen=True):
    """Why and since when an order waits, what was tried meanwhile, and how it ended."""

    placed: OrderPlacedOnHold
    at: Moment
    position: int
    declines: tuple[Decline, ...]
    """While it lasts, as they were recorded; the first began it, unless a payment was lost. A decline of
    before, told again as worse, is none of them.
    """
    searches: tuple[CardSearch, ...] = ()
    contacts: tuple[ContactEffort, ...] = ()
    resumed: OrderPlacedOnHold | None = None
    """What says that it goes on, after it had seemed to end."""
    resumed_at: Moment | None = None
    ended: HoldEnd | None = None
    ended_at: Moment | None = None
    ended_by: tuple[int, ...] = ()
    """Positions that say how it ended."""

    @property
    def waits_since(self) -> Moment:
        """Since when the order waits without a break."""
        return self.at if self.resumed_at is None else self.resumed_at

    @property
    def declined_at(self) -> Moment | None:
        """When a bank first declined while it lasts, in whatever order the declines were told: what is done
        for a declined card counts from then on.

        None: none did. Source: R-D2, R-D3, I3, I4
        """
        return max(self.at, min([known.at for known in self.declines])) if self.declines else None

    @property
    def effort(self) -> tuple[ContactEffort, ...]:
        """The attempts to reach the customer, since the decline where there was one. Source: I3, I4"""
        since = self.declined_at
        return tuple([effort for effort in self.contacts if since is None or effort.at >= since])

    @property
    def reached(self) -> bool:
        """Whether the customer was spoken to, or answered."""
        return any(effort.attempted.reached for effort in self.contacts)

    @property
    def tried(self) -> frozenset[str]:
        """The contact points by which they were tried, since the decline where there was one."""
        points = [effort.attempted.contact_point for effort in self.effort]
        return frozenset([point for point in points if point is not None])

    @property
    def declined_cards(self) -> Mapping[str, Moment]:
        """The cards on file that were declined meanwhile, each with the first moment."""
        found: dict[str, Moment] = {}
        for decline in self.declines:
            if decline.declined.payment_method is not None:
                card = decline.declined.payment_method
                found[card] = min(decline.at, found.get(card, decline.at))
        return found

    @property
    def cards_left(self) -> tuple[str, ...]:
        """The cards on file that were to be tried when somebody looked last, and were not declined since."""
        found = self.searches[-1].usable if self.searches else ()
        return tuple([card for card in found if card not in self.declined_cards])

    def deadline(self, kind: DeadlineKind) -> Deadline | None:
        """The deadline of that kind, of the hold, of a decline that came later or of going on; or None."""
        began = self.placed if self.resumed is None else self.resumed
        later = [known.declined.deadlines for known in self.declines if known.at >= self.waits_since]
        found = [each for started in (began.deadlines, *later) for each in started if each.kind == kind]
        return found[-1] if found else None

    def due(self, kind: DeadlineKind) -> Moment | None:
        """When that deadline is; None where none was started."""
        deadline = self.deadline(kind)
        return None if deadline is None else deadline.due

    def untried(self, on_file: tuple[OnFile, ...]) -> tuple[OnFile, ...]:
        """What of these ways to reach the customer was not tried meanwhile."""
        tried = self.tried
        return tuple([way for way in on_file if way.contact_point not in tried])


class Attempt(msgspec.Struct, frozen=True):
    """A payment attempted, when, and the position that says so."""

    attempted: PaymentAttempted
    at: Moment
    position: int


class RecordedBefore(msgspec.Struct, frozen=True):
    """A charge whose money another payment of the order is already, and the position that says so."""

    it: ChargeRecordedBefore
    position: int


class Declines(msgspec.Struct, frozen=True):
    """What of an order's payments failed. `Declines()`: nothing did."""

    attempts: Mapping[str, Attempt] = {}
    """By payment id; what became of each is said by the payment or the decline of that id, or by what stands
    below of its charge.
    """
    declines: Mapping[str, Decline] = {}
    """By payment id."""
    unmatched: Mapping[str, int] = {}
    """By payment id: charges let through that the order could not take, each with the position that says so.
    """
    recorded_before: Mapping[str, RecordedBefore] = {}
    """By payment id: charges let through whose money is another payment of the order already."""
    abandoned: Mapping[str, int] = {}
    """By payment id: attempts that were never made, each with the position that says so. Should one have paid
    or been declined all the same, that counts.
    """
    closings: Mapping[str, int] = {}
    """By the cancellation: that it was not delivered, also where that was taken back, each with its position.
    """
    holds: tuple[Hold, ...] = ()
    """An order may wait, be paid, lose that payment and wait again; only the last hold may be open."""

    def is_over(self, payment: str) -> bool:
        """Whether that attempt ended without a payment of its own."""
        return payment in self.declines or payment in self.unmatched or payment in self.recorded_before

    @property
    def hold(self) -> Hold | None:
        """The hold the order is on; None while it waits for nothing."""
        if self.holds and self.holds[-1].ended is None:
            return self.holds[-1]
        return None

    @property
    def is_fraud(self) -> bool:
        """Whether a bank ever suspected a card used for the order to be in the wrong hands. Source: R-D6"""
        return any(decline.declined.kind == "fraud" for decline in self.declines.values())

    @property
    def contacts(self) -> Iterator[ContactEffort]:
        """Every attempt to reach the customer."""
        return (effort for hold in self.holds for effort in hold.contacts)

    @property
    def reached(self) -> bool:
        """Whether the customer was ever reached about this order, on this hold or an earlier one."""
        return any(effort.attempted.reached for effort in self.contacts)

    @property
    def released_unpaid(self) -> Hold | None:
        """The last hold that ended with a release without payment."""
        return self._ended_with(ShipmentReleasedWithoutPayment)

    @property
    def not_delivered(self) -> Hold | None:
        """The hold that ended with not delivering."""
        return self._ended_with(OrderNotDelivered)

    def _ended_with(self, kind: type[HoldEnd]) -> Hold | None:
        for hold in reversed(self.holds):
            if isinstance(hold.ended, kind):
                return hold
        return None
