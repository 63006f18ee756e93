"""Decline codes: what a bank's answer means for trying the same card again.

The vocabulary is the field's own, as the processors pass it on. A code that is not in the table is soft: it
is tried again at most so often, and a person sees it. Source: R-D6
"""

from collections.abc import Mapping
from typing import Final, Literal, get_args

DeclineKind = Literal["soft", "hard", "fraud"]
"""soft: may work another time; hard: never on this card; fraud: never, and no rule lets the goods go."""

_MILDEST_FIRST: Final[tuple[DeclineKind, ...]] = get_args(DeclineKind)

NetworkAdvice = Literal["confirm_card_data", "do_not_try_again", "try_again_later"]
"""What the card network recommends beside the code."""

DECLINE_KINDS: Final[Mapping[str, DeclineKind]] = {
    # The card may be in the wrong hands. Nothing more is said to whoever holds it.
    "fraudulent": "fraud",
    "lost_card": "fraud",
    "stolen_card": "fraud",
    "pickup_card": "fraud",
    # On our own or the processor's list of cards to refuse.
    "merchant_blacklist": "fraud",
    "security_violation": "fraud",
    # The account or the card is gone, or was never what it says.
    "account_closed": "hard",
    "invalid_account": "hard",
    "incorrect_number": "hard",
    "invalid_number": "hard",
    "expired_card": "hard",
    "invalid_expiry_month": "hard",
    "invalid_expiry_year": "hard",
    # A new card took its place.
    "new_account_information_available": "hard",
    # The bank or the customer forbids this card to pay us.
    "do_not_try_again": "hard",
    "restricted_card": "hard",
    "card_not_supported": "hard",
    "currency_not_supported": "hard",
    "not_permitted": "hard",
    "service_not_allowed": "hard",
    "transaction_not_allowed": "hard",
    "stop_payment_order": "hard",
    "revocation_of_authorization": "hard",
    "revocation_of_all_authorizations": "hard",
    # Another day, another amount, or a word between the customer and the bank may help.
    "insufficient_funds": "soft",
    "card_velocity_exceeded": "soft",
    "withdrawal_count_limit_exceeded": "soft",
    "generic_decline": "soft",
    "do_not_honor": "soft",
    "no_action_taken": "soft",
    "call_issuer": "soft",
    "approve_with_id": "soft",
    "invalid_amount": "soft",
    "duplicate_transaction": "soft",
    # Typed wrongly, or asked for what only the holder can give.
    "incorrect_cvc": "soft",
    "invalid_cvc": "soft",
    "incorrect_zip": "soft",
    "incorrect_pin": "soft",
    "invalid_pin": "soft",
    "pin_try_exceeded": "soft",
    "offline_pin_required": "soft",
    "online_or_offline_pin_required": "soft",
    "authentication_required": "soft",
    # Nobody answered.
    "issuer_not_available": "soft",
    "processing_error": "soft",
    "reenter_transaction": "soft",
    "try_again_later": "soft",
    # A test card where live ones are expected.
    "testmode_decline": "soft",
}


def is_worse(kind: DeclineKind, than: DeclineKind) -> bool:
    """Whether a decline of this kind forbids more than one of that. Source: R-D6"""
    return _MILDEST_FIRST.index(kind) > _MILDEST_FIRST.index(than)


def kind_of_decline(code: str, advice: NetworkAdvice | None) -> DeclineKind:
    """What a decline means: by its code, and hard wherever the network says never to try again.

    Source: R-D6
    """
    kind = DECLINE_KINDS.get(code, "soft")
    return "hard" if kind == "soft" and advice == "do_not_try_again" else kind
