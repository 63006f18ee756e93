"""One request body for every POST, shown in the documentation and sent for real by the tests."""

from collections.abc import Mapping
from typing import Any

import msgspec

from api.grammars import EXAMPLE_SUFFIX
from domain.book.default_edition import DEFAULT_EDITION


def _eur(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "EUR"}


_DRESS = {
    "sku": "DRESS-36-BLUE",
    "description": "Summer dress, blue",
    "quantity": 2,
    "unit_price": _eur(3400),
}
_ANN = {
    "name": "Ann Example",
    "contact_points": [
        {"kind": "email", "value": "ann@example.com"},
        {"kind": "phone", "value": "+49 30 123456"},
    ],
}
_EDITION = msgspec.to_builtins(DEFAULT_EDITION) | {"guarantee_months": 12}

EXAMPLES: Mapping[str, dict[str, Any]] = {
    "place_order": {
        "customer": _ANN,
        "lines": [_DRESS],
        "shipping": _eur(795),
        "reason": "Ordered by phone.",
    },
    "capture_payment": {"amount": _eur(7595), "processor": "stripe", "reference": "ch_3PxYzA2eZvKYlo2C"},
    "ship_order": {
        "parts": [{"line": 1, "quantity": 1}],
        "method": "ups_ground",
        "tracking": "1Z999AA10123456784",
        "description": "One dress in a flat box, about two days on the way.",
    },
    "deliver_shipment": {"shipment": f"shp_{EXAMPLE_SUFFIX}"},
    "record_contact": {
        "kind": "thanks",
        "channel": "email",
        "note": "Thanked for the order and invited a call.",
    },
    "record_payment_failure": {
        "amount": _eur(7595),
        "processor": "stripe",
        "reference": "ch_3PxYzA2eZvKYlo2D",
        "decline_code": "insufficient_funds",
        "advice": "try_again_later",
    },
    "record_contact_attempt": {
        "channel": "phone",
        "reached": False,
        "note": "No answer; left word on the machine.",
    },
    "complete_card_search": {"reason": "Their card was declined."},
    "release_order": {"reason": "A friend of the house; they will pay."},
    "close_as_not_delivered": {"reason": "Tried five times over two weeks."},
    "charge_card": {"payment_method": f"pm_{EXAMPLE_SUFFIX}"},
    "abandon_charge": {"reason": "Their own list of charges has none of that day."},
    "cancel_units": {"reason": "Ordered twice by mistake."},
    "correct_entry": {"reason": "The cheque was another customer's."},
    "receive_bill_payment": {"amount": _eur(250), "method": "bank_transfer", "reference": "RF18-5390"},
    "record_reminder": {"channel": "email", "note": "A kind word, and the bill once more."},
    "record_collection_call": {
        "outcome": "reached",
        "good_reason": "illness",
        "note": "Has been in hospital since March.",
    },
    "promise_to_pay": {"due_on": "2099-12-24"},
    "write_off_bill": {"reason": "They have been good customers for years."},
    "mark_bill_uncollectible": {"reason": "Moved, and nobody knows where."},
    "review_watched_order": {"decision": "payment_first", "days": 7, "reason": "The third unpaid bill."},
    "open_dispute": {"payment": f"pay_{EXAMPLE_SUFFIX}", "amount": _eur(1000), "why": "product_not_received"},
    "close_dispute": {"outcome": "won"},
    "reverse_payment": {"payment": f"pay_{EXAMPLE_SUFFIX}", "kind": "chargeback", "amount": _eur(1000)},
    "reinstate_payment": {"amount": _eur(500), "reference": "dp_1MtJUT2eZvKYlo2C"},
    "use_credit": {"amount": _eur(500)},
    "grant_store_credit": {"amount": _eur(500), "kind": "goodwill", "note": "For the long wait."},
    "approve_store_credit": {"reason": "They waited three weeks."},
    "withdraw_store_credit": {"reason": "She would rather have the right lamp."},
    "close_period": {"month": "2010-08"},
    "grant_refund": {
        "parts": [{"line": 1, "quantity": 1}],
        "observed_problem": "damaged",
        "note": "The seam came apart when she put it on.",
    },
    "grant_customer_refund": {
        "claims": [{"sku": "SWING-2", "quantity": 1, "amount": _eur(9900)}],
        "note": "He is sure he bought it here.",
    },
    "approve_refund": {"reason": "A customer of ten years."},
    "withdraw_refund": {"reason": "She wants to keep it after all."},
    "settle_refund": {"reference": "re_3PxYzA2eZvKYlo2C"},
    "record_failed_payout": {"method": "original_method", "why": "card_closed"},
    "record_returned_payout": {"payout": f"pot_{EXAMPLE_SUFFIX}", "why": "card_closed"},
    "dismiss_fraud_signal": {
        "refund": f"ref_{EXAMPLE_SUFFIX}",
        "kind": "refunds_in_short_time",
        "note": "Three parcels, all crushed by the carrier.",
    },
    "assign_money": {"order": f"ord_{EXAMPLE_SUFFIX}", "reason": "The customer told us the order."},
    "close_notice": {"note": "Nothing of ours: a test of the processor's."},
    "return_money": {"reference": "re_3PxYzA2eZvKYlo2C", "reason": "Nobody knows what it was for."},
    "record_failed_return": {
        "settlement": f"stl_{EXAMPLE_SUFFIX}",
        "reason": "The refund failed at the processor.",
    },
    "ask_goods_back": {"goods": [{"sku": "SHIRT-M", "quantity": 2, "value": _eur(1800)}]},
    "send_return_label": {"method": "ups_ground", "tracking": "1Z999AA10123456784", "channel": "email"},
    "take_goods_back": {"goods": [{"line": 1, "quantity": 1, "condition": "used"}]},
    "leave_goods": {"reason": "She has moved abroad."},
    "file_supplier_claim": {
        "parts": [{"line": 1, "quantity": 1}],
        "amount": _eur(450),
        "supplier": "Weavers of Ashford",
    },
    "waive_supplier_claims": {
        "parts": [{"line": 1, "quantity": 1}],
        "reason": "Less than the postage.",
    },
    "settle_supplier_claim": {"amount": _eur(450), "reference": "RF18-5391"},
    "refuse_supplier_claim": {"note": "They say it was worn."},
    "waive_supplier_claim": {"reason": "They are good to us otherwise."},
    "prepare_cart": {"lines": [_DRESS]},
    "check_out_cart": {"customer": _ANN, "terms": "bill_after"},
    "register_customer": {**_ANN, "channel": "shop", "external_ref": "C-10342"},
    "add_contact_point": {"contact_point": {"kind": "mail", "value": "12 Mill Lane, Ashford"}},
    "invalidate_contact_point": {"reason": "The letter came back."},
    "store_payment_method": {
        "token": "pm_1NxTok7Example",
        "brand": "visa",
        "last4": "4242",
        "expiry": "2031-08",
        "reuse_consent": True,
    },
    "list_product": {
        "sku": "DRESS-36-BLUE",
        "description": "Summer dress, blue",
        "list_price": _eur(3400),
        "our_cost": _eur(1250),
        "supplier": "Weavers of Ashford",
    },
    "reprice_product": {"list_price": _eur(3600), "our_cost": _eur(1300)},
    "adopt_policy": {"edition": _EDITION, "reason": "A year sounds better than six months."},
}
"""Operation → body."""
