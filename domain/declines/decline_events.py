"""What can happen when a card is declined: events in the stream of the order, kept for ever.

A payment is attempted under the id under which it is captured or declined, so that an attempt without either
is one whose outcome nobody knows yet. Amounts are whole minor units of the event's one `currency`.
Source: R-D1 … R-D7
"""

from typing import Literal

import msgspec

from domain.declines.decline_codes import DeclineKind, NetworkAdvice
from domain.entry import Event, Minor, Sealed
from domain.moments import Day, Moment
from domain.orders.order_events import ContactChannel, Deadline, StandingKind


class PaymentAttempted(Event, frozen=True, kw_only=True):
    """A card was about to be charged for an order. Until it is captured or declined, nobody knows."""

    order: str
    customer: str
    payment: str
    currency: str
    amount: Minor
    payment_method: str | None
    """The card on file; None where it is not."""
    named_by_customer: bool
    """Whether the customer chose this card, rather than we from what is on file."""
    processor: str
    deadlines: tuple[Deadline, ...] = ()
    """Finding out what became of it, where that is not known at once."""


class PaymentDeclined(Event, frozen=True, kw_only=True):
    """The customer's bank refused to pay. Source: R-D6"""

    order: str
    customer: str
    payment: str
    currency: str
    amount: Minor
    payment_method: str | None
    processor: str
    reference: str | None
    """What the processor calls the charge it refused."""
    decline_code: str
    """The bank's answer, in the field's own vocabulary: `insufficient_funds`, `stolen_card`, …"""
    advice: NetworkAdvice | None
    kind: DeclineKind
    """What the code and the advice meant when this was recorded."""
    is_worse: bool = False
    """Whether this refusal was recorded before, as of a milder kind: it is still one refusal."""
    deadlines: tuple[Deadline, ...] = ()
    """Of the first that comes while an order waits for another reason: reaching the customer, deciding; and
    the release that comes by itself. Where a decline places the order on hold, the hold says so.
    """


ChargeToldBy = Literal["processor", "person"]
"""Who knows that a charge was never made: the processor was asked, or a person says so."""


class ChargeUnmatched(Event, frozen=True, kw_only=True):
    """A charge attempted was let through, and the order could not take it: its money waits as unmatched."""

    order: str
    customer: str
    payment: str
    """The attempt that is over."""
    currency: str
    amount: Minor
    processor: str
    reference: str
    unmatched: str
    """The money that waits."""
    why: str
    """The refusal that kept it from its order."""


class ChargeRecordedBefore(Event, frozen=True, kw_only=True):
    """A charge attempted was let through, and its money is recorded already, as another payment of the order.

    It moves nothing; the attempt is over. Source: R-D4, I12
    """

    order: str
    customer: str
    payment: str
    """The attempt that is over."""
    currency: str
    amount: Minor
    processor: str
    reference: str
    recorded_as: str
    """The payment under whose id the money is recorded."""


class ChargeAbandoned(Event, frozen=True, kw_only=True):
    """A charge attempted was never asked for, and is not wanted any more: the attempt is over, as if it had
    not been made. Source: R-D4
    """

    order: str
    customer: str
    payment: str
    """The attempt that is over."""
    currency: str
    amount: Minor
    processor: str
    told_by: ChargeToldBy


class PaymentMethodFailed(Event, frozen=True, kw_only=True):
    """A card on file was declined: said in the customer's stream, in the append of the decline.

    Source: R-D6
    """

    customer: str
    payment_method: str
    order: str
    payment: str
    decline_code: str
    advice: NetworkAdvice | None
    kind: DeclineKind


class OnFile(msgspec.Struct, frozen=True):
    """A way to reach the customer: the contact point and the channel it belongs to."""

    contact_point: str
    channel: ContactChannel


HoldBegunBy = Literal[
    "declined", "paid_short", "charged_back", "bounced", "corrected", "given_back", "assigned_elsewhere"
]
"""Why an order waits: a bank refused a payment, let less through than it was asked for, or took one back;
what had covered the order never was; or money that came for it had no place and went back, or was for
something else.
"""


class OrderPlacedOnHold(Event, frozen=True, kw_only=True):
    """An order waits: its payment was declined, came short or did not last, and nothing else covers it.

    It ends with money, with the customer's own cancellation, with a release, or, for a new customer whose
    card was declined and whom we never reached, with not delivering. Source: R-D2, R-D3, R-B2
    """

    order: str
    customer: str
    because: HoldBegunBy
    payment: str | None
    """The payment that was declined, came short or is lost; None where something else had covered it all, and
    of money that went back before it was one.
    """
    currency: str
    missing: Minor
    """What the units still to ship cost beyond the deposit."""
    standing: StandingKind
    """As frozen when the order was placed."""
    is_watched: bool
    """Whether the customer had an overdue bill on that day."""
    kind: DeclineKind | None
    """Of the decline; `fraud` too where an earlier one was of that type; else None."""
    held_on: Day
    on_file: tuple[OnFile, ...]
    """Every way to reach the customer that was on file and good."""
    deadlines: tuple[Deadline, ...] = ()
    """Searching the cards on file, reaching the customer, deciding; and the release that comes by itself.
    A decline that comes later starts all but the first anew. Of a hold that goes on: what is left to do.
    """
    resumes: int | None = None
    """Position of the hold that goes on as it was: what had ended it was a mistake. None: this one begins."""


CardVerdict = Literal["usable", "tried", "declined_for_good", "expired", "without_consent", "tried_too_often"]
"""Whether a card on file may be tried, and if not, why: the first of these that is true.

tried: it was declined for this order already. declined_for_good: a bank once said never again.
"""


class CardConsidered(msgspec.Struct, frozen=True):
    """A card on file, and whether it may be tried for this order."""

    payment_method: str
    verdict: CardVerdict
    last_worked_at: Moment | None
    """When it last paid for anything; None: never."""


class CardOnFileSearchCompleted(Event, frozen=True, kw_only=True):
    """Somebody looked through the cards on file: all of them, in the order in which they are to be tried.

    Source: R-D3, R-D4
    """

    order: str
    customer: str
    cards: tuple[CardConsidered, ...]
    """The one that last worked first; cards that never did after them, the newest first."""
    deadlines: tuple[Deadline, ...] = ()
    """Charging the usable ones, one after the other; none where there are none."""


class ContactAttempted(Event, frozen=True, kw_only=True):
    """Somebody tried to reach the customer about a declined payment. Source: R-D2, R-D3"""

    order: str
    customer: str
    channel: ContactChannel
    contact_point: str | None
    """The one on file that was used; None where they were tried in some other way."""
    reached: bool
    by: str
    """The person who tried."""
    note: Sealed | None
    """What came of it."""
    untried: tuple[OnFile, ...]
    """What on file has not been tried yet, since the decline, or since the order was placed on hold."""
    deadlines: tuple[Deadline, ...] = ()
    """Trying again, where they were not reached."""


HoldEndedBy = Literal["paid", "cancelled", "reviewed"]


class OrderReleased(Event, frozen=True, kw_only=True):
    """An order no longer waits: its money is there, the customer cancelled what it lacked, or the owner, who
    had asked for payment first, lets it ship on its terms.
    """

    order: str
    customer: str
    because: HoldEndedBy
    by: str | None = None
    """The payment, use of credit, reinstatement, payout or refund that did; None for a review."""
    deadlines: tuple[Deadline, ...] = ()
    """Shipping it, where anything is left to ship."""


class ShipmentReleasedWithoutPayment(Event, frozen=True, kw_only=True):
    """An order that waited for money may ship without it; what ships unpaid is billed. Source: R-D3, I3"""

    order: str
    customer: str
    by_rule: bool
    """Whether time decided it; else the owner did, for the reason of the entry."""
    standing: StandingKind
    is_watched: bool
    is_fraud: bool
    """Whether one of the declines was of fraud type."""
    contacts: int
    """How often we tried to reach the customer, and …"""
    reached: bool
    """… whether we did."""
    search: int | None
    """Position of the search of the cards on file; None where nobody searched."""
    deadlines: tuple[Deadline, ...] = ()
    """Shipping it."""


WhyNotDelivered = Literal["never_reached"]
"""The one reason of ours not to deliver. There is no other. Source: R-D1, I5"""


class OrderNotDelivered(Event, frozen=True, kw_only=True):
    """A new customer whose card was declined was never reached, so what they ordered is not delivered.

    What of it had not shipped is cancelled in the same append. Source: R-D1, R-D2, I4
    """

    order: str
    customer: str
    why: WhyNotDelivered
    held_on: Day
    declined_on: Day
    """The day of the first decline while it waited, from which on they were tried …"""
    contacts: int
    """… so often."""
    tried: tuple[OnFile, ...]
    """The ways on file by which we tried."""
    by: str
    """The cancellation of what had not shipped, in the same append."""


HoldEnd = OrderReleased | ShipmentReleasedWithoutPayment | OrderNotDelivered
"""What ends a hold."""
