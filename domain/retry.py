"""The retry rule, the first of every decision: same id and same content decides nothing new, other content
is refused.
"""

from dataclasses import dataclass

from domain.refusal import Refusal


@dataclass(unsafe_hash=True)
class AlreadyRecordedOtherwise(Refusal):
    """This is already recorded, with other content."""

    rule = "H-retry"
    way_out = (
        "Look at what is recorded: what was said first stands. If you meant something else, say it of that,"
        " and where you name it by an id or a reference, by another one."
    )

    id: str
