"""Authority: some decisions take a supervisor or the owner, and some take a reason; both are recorded with
what was decided. Source: H-authority
"""

from dataclasses import dataclass
from typing import Final

from domain.book.register import Role
from domain.decision import Given
from domain.refusal import Refusal

RANKS: Final[dict[str, int]] = {"agent": 1, "supervisor": 2, "owner": 3}
"""Who decides for customers, the higher above the lower."""


@dataclass(unsafe_hash=True)
class RoleTooLow(Refusal):
    """This takes another role than that of the person who asks for it."""

    rule = "H-authority"
    way_out = "Ask somebody who has at least the role shown: they decide it, whoever's key is used."
    spoken = "This takes at least the role {least}."

    role: str
    least: Role


@dataclass(unsafe_hash=True)
class ReasonMissing(Refusal):
    """This is done with a reason, which is kept with it, and none was given."""

    rule = "H-authority"
    way_out = "Say in a sentence why, and send it again."


def has_rank(least: Role, given: Given) -> bool:
    """Whether the person who acts has that role or one above it."""
    return RANKS.get(given.actor.role, 0) >= RANKS[least]


def expect_role(least: Role, given: Given) -> None:
    """That role or one above it. Raises: RoleTooLow."""
    if not has_rank(least, given):
        raise RoleTooLow(given.actor.role, least)


def expect_reason(given: Given) -> None:
    """A reason, whatever it is. Raises: ReasonMissing."""
    if given.reason is None:
        raise ReasonMissing
