"""A fraud signal's state: what a person should look at, until somebody dismissed it. It refuses nothing.

Source: R-G12
"""

from collections.abc import Mapping

import msgspec

from domain.moments import Moment
from domain.refunds.refund_events import FraudSignalRaised, SignalKind


class Signal(msgspec.Struct, frozen=True):
    """A signal raised, when, and the positions that say so."""

    raised: FraudSignalRaised
    at: Moment
    position: int
    dismissed: int | None = None
    """Position that says so."""


Signals = Mapping[tuple[str, SignalKind], Signal]
"""By the refund it was raised with and its kind."""
