"""The retry rule, the first of every decision: same id and same content decides nothing new, other content
is refused.
"""

from dataclasses import dataclass

from domain.refusal import Refusal


@dataclass(unsafe_hash=True)
class AlreadyRecordedOtherwise(Refusal):
    """This id is already recorded, with other content."""

    rule = "H-retry"
    way_out = "Look at what is recorded under this id. If you meant something else, send it under a new id."

    id: str
