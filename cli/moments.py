"""Moments and spans of time as a person types them."""

import re
from datetime import datetime
from typing import Annotated

import typer

from cli.failures import Misused
from domain.moments import HOUR, MINUTE, Moment, moment_of
from ledger.projecting.as_of import AsOf, Effective, Position, Recorded

_SPAN = re.compile(r"([1-9][0-9]{0,17})([mhdw])", re.ASCII)
_UNITS = {"m": MINUTE, "h": HOUR, "d": 24 * HOUR, "w": 7 * 24 * HOUR}

AsOfMoment = Annotated[
    str | None,
    typer.Option("--as-of", metavar="MOMENT", help="By what had taken effect then, as recorded until now."),
]
AsOfPosition = Annotated[
    int | None, typer.Option("--as-of-position", min=1, metavar="N", help="As it was after entry N.")
]
AsOfRecorded = Annotated[
    str | None,
    typer.Option("--as-of-recorded", metavar="MOMENT", help="By what had been recorded then."),
]


def past_in(as_of: str | None, position: int | None, recorded: str | None) -> AsOf | None:
    """The one past asked about; None: now. Raises: Misused."""
    match as_of, position, recorded:
        case None, None, None:
            return None
        case str(), None, None:
            return Effective(moment_in(as_of))
        case None, int(), None:
            return Position(position)
        case None, None, str():
            return Recorded(moment_in(recorded))
        case _:
            raise Misused("Say one of --as-of, --as-of-position and --as-of-recorded")


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
