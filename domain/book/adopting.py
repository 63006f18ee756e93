"""Adopting a policy: a whole edition, never in force before it is recorded, whenever that is said to be.

Source: R-S9, §2 Streams
"""

from dataclasses import dataclass

from domain.book.policy import STREAM, AdoptedEdition, AdoptPolicy, PolicyAdopted
from domain.decision import Decision, Given
from domain.moments import Moment
from domain.refusal import Refusal


@dataclass(unsafe_hash=True)
class EditionBeforeAdoption(Refusal):
    """An edition takes effect at the earliest when it is adopted: what was promised before stays promised."""

    rule = "H-edition"
    way_out = "Let the edition take effect now or later."

    effective_from: Moment
    earliest: Moment


def adopt_policy(command: AdoptPolicy, given: Given) -> Decision:
    """Adopts an edition; of the editions in force the last adopted counts.

    Checks, in this order: retry, which is: the last adopted edition says just this; effective_from not
    before the book's now. The command's own effective_at, which may lie back, plays no part.
    """
    *_, last = given.policy.editions or (None,)
    if last is not None and _says(last, command, given.now):
        return Decision(already=(last.position,))
    effective_from = given.now if command.effective_from is None else command.effective_from
    if effective_from < given.now:
        raise EditionBeforeAdoption(effective_from, given.now)
    event = PolicyAdopted(edition=command.edition, effective_from=effective_from)
    return Decision(events=((STREAM, event),))


def _says(last: AdoptedEdition, command: AdoptPolicy, now: Moment) -> bool:
    """Whether nothing would change: from now on is what holds already; from a moment on, that very moment."""
    since = min(last.effective_from, now) if command.effective_from is None else command.effective_from
    return (last.edition, last.effective_from) == (command.edition, since)
