"""Adopting a policy: a whole edition, never in force before the adoption's own moment.

Source: R-S9, §2 Streams
"""

from dataclasses import dataclass

from domain.decision import Decision, Given
from domain.moments import Moment
from domain.policy import STREAM, AdoptPolicy, PolicyAdopted
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
    before the adoption.
    """
    *_, last = given.policy.editions or (None,)
    if last is not None:
        recorded = (last.edition, last.effective_from, last.reason)
        if recorded == (command.edition, command.effective_from, command.reason):
            return Decision(already=(last.position,))
    if command.effective_from < given.at:
        raise EditionBeforeAdoption(command.effective_from, given.at)
    event = PolicyAdopted(
        edition=command.edition, effective_from=command.effective_from, reason=command.reason
    )
    return Decision(events=((STREAM, event),))
