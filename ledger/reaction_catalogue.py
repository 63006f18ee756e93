"""The reactions of this release, one line each, and who runs their errands."""

from typing import Final

from domain.payout_follows_grant import PayOut, PayoutFollowsGrant
from domain.reactions import AnyReaction
from ledger.paying_out import pay_out
from ledger.reacting import Errands

REACTIONS: Final[tuple[AnyReaction, ...]] = (PayoutFollowsGrant(),)

ERRANDS: Final[Errands] = {PayOut: pay_out}
