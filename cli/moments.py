"""Moments and spans of time as a person types them."""

import re
from datetime import datetime

from cli.failures import Misused
from domain.moments import HOUR, MINUTE, Moment, moment_of

_SPAN = re.compile(r"([1-9][0-9]{0,17})([mhdw])", re.ASCII)
_UNITS = {"m": MINUTE, "h": HOUR, "d": 24 * HOUR, "w": 7 * 24 * HOUR}


def moment_in(text: str) -> Moment:
    """The moment of an RFC 3339 text. Raises: Misused."""
    try:
        return moment_of(datetime.fromisoformat(text))
    except ValueError:
        raise Misused("A moment is a date and time with an offset, as 2010-08-31T17:05:00Z") from None


def span_in(text: str) -> int:
    """The microseconds of `30m`, `6h`, `14d` or `2w`. Raises: Misused."""
    said = _SPAN.fullmatch(text)
    if said is None:
        raise Misused("Say how far: 30m, 6h, 14d or 2w")
    return int(said[1]) * _UNITS[said[2]]
