"""Causes: nothing takes effect before what it builds on, so that any moment can be shown as it was.

A shipment follows its order, a delivery its shipment, the payment of a bill the bill. What is taken of
something, and whether so much was there by then, is asked of every decision at once: `domain.causal_order`.
Source: H-time, §3
"""

from dataclasses import dataclass

from domain.decision import Given
from domain.moments import Moment
from domain.refusal import Refusal


@dataclass(unsafe_hash=True)
class EffectiveBeforeCause(Refusal):
    """This would take effect before what it builds on was there."""

    rule = "H-time"
    way_out = (
        "Give the moment at which it happened, not before the earliest shown. What a correction gave back, "
        "or money that came again, is there from then on: record it as of then."
    )
    spoken = "What this builds on is there from {earliest:moment} on: before, it cannot take effect."

    effective_at: Moment
    earliest: Moment


def expect_cause(cause: Moment, given: Given) -> None:
    """What the deciding moment must not precede. Raises: EffectiveBeforeCause."""
    if given.at < cause:
        raise EffectiveBeforeCause(given.at, cause)
