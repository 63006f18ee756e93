"""What is said about payouts of a refund beside that money left, failed to, or came back."""

from domain.entry import Event, Minor


class PayoutAsked(Event, frozen=True, kw_only=True):
    """Somebody asks that what is due of a refund be sent back by the processor it came through.

    Source: R-G8
    """

    refund: str
    customer: str
    order: str
    payout: str
    """Names the asking; what is sent has names of its own."""
    processor: str
    currency: str
    amount: Minor
    """What it sends back of what is due, as of now."""


class PayoutNamed(Event, frozen=True, kw_only=True):
    """A payout recorded by hand without a reference is the one its processor tells of, or a part of it.

    Source: I12
    """

    refund: str
    customer: str
    order: str | None = None
    payout: str
    currency: str
    amount: Minor
    reference: str
    """What the processor calls it."""
    part: str | None = None
    """The payout that so much of it is from then on, with that reference, where more of it left under others;
    the rest has none yet.
    """
