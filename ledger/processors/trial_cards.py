"""A processor of payments for demo books: no money moves, and the card's token says what the bank answers."""

from collections.abc import Mapping
from typing import Final

from domain.refunds.paying_out import SendBack
from ledger.errors import OutOfReach
from ledger.processors.gateway import Charge, Charged, ChargeDeclined, NotSentBack, SentBack

TRIAL_CARDS: Final[Mapping[str, str]] = {
    "tok_declined_insufficient_funds": "insufficient_funds",
    "tok_declined_generic": "generic_decline",
    "tok_declined_do_not_honor": "do_not_honor",
    "tok_declined_expired": "expired_card",
    "tok_declined_account_closed": "account_closed",
    "tok_declined_lost": "lost_card",
    "tok_declined_stolen": "stolen_card",
    "tok_declined_fraudulent": "fraudulent",
    "tok_declined_processing_error": "processing_error",
}
"""Token → decline code. Any other token pays, and `tok_silent` never answers."""
SILENT: Final = "tok_silent"


class TrialCards:
    """Answers by the token alone, the same every time it is asked for the same charge."""

    processor = "trial_cards"

    async def charge(self, charge: Charge) -> Charged | ChargeDeclined:
        """What the token says. Raises: OutOfReach for `tok_silent`."""
        _expect_answer(charge)
        reference = f"ch_{charge.payment.partition('_')[2]}"
        code = TRIAL_CARDS.get(charge.token)
        if code is None:
            return Charged(reference=reference)
        return ChargeDeclined(reference=reference, decline_code=code)

    async def became_of_charge(self, charge: Charge) -> Charged | ChargeDeclined | None:
        """Nothing: no money moves here, and what is not recorded was never charged.

        Raises: OutOfReach for `tok_silent`.
        """
        _expect_answer(charge)
        return None

    async def send_back(self, asked: SendBack) -> SentBack | NotSentBack:
        """All of it goes back, the same every time it is asked for the same payout."""
        return SentBack(amount=asked.amount, reference=f"re_{asked.payout.partition('_')[2]}")

    async def became_of_payout(self, asked: SendBack) -> SentBack | NotSentBack | None:
        """Nothing: no money moves here, and what is not recorded was never sent."""
        return None


def _expect_answer(charge: Charge) -> None:
    if charge.token == SILENT:
        raise OutOfReach("the trial card does not answer")
