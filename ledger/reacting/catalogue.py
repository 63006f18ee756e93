"""The reactions of this release, one line each, and who runs their errands."""

from typing import Final

from domain.inbound.hold_follows_assignment import HoldFollowsAssignment
from domain.reactions import AnyReaction
from domain.refunds.payout_follows_grant import PayOut, PayoutFollowsGrant
from ledger.processors.paying_out import pay_out
from ledger.reacting.reactor import Errands

REACTIONS: Final[tuple[AnyReaction, ...]] = (PayoutFollowsGrant(), HoldFollowsAssignment())

ERRANDS: Final[Errands] = {PayOut: pay_out}
