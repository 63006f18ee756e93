"""How what is not corrected is undone instead: a sentence by the stored type of its entry.

Source: H-correct
"""

from collections.abc import Mapping
from typing import Final

RECORD_ANEW = "Record what is right now: another contact, another card, another price; both stay on record."

_CORRECT_WHAT_IT_CAME_WITH = (
    "It was decided with another entry: correct that payment, shipment, bill or refund, and it goes with it."
)
_CORRECTED = "A correction stays. Record anew what was right after all."
_RETURN_IT = "Say that the money went back, or what it was for after all."
_ASK_AGAIN = "Record the next answer of the supplier, or what they paid: it counts whatever was said before."

INSTEAD: Final[Mapping[str, str]] = {
    "book.opened": "A book stays as it was opened. Begin another one.",
    "person.registered": "Revoke the keys of whoever should not act here, and register the right person.",
    "policy.adopted": "Adopt another edition: it holds from then on, and what was promised stays promised.",
    "product.listed": "Reprice the product, or list it under another SKU.",
    "product.repriced": "Reprice the product: the new price counts from then on.",
    "period.closed": "A closed month stays closed: what comes later counts in the first month still open.",
    "contact_point.added": "Say that this contact point is invalid, and add the right one.",
    "contact_point.invalidated": "Add the contact point again.",
    "cart.prepared": "Leave it: a cart binds nobody. Prepare another one.",
    "order.placed": "Cancel its units: what is due back is granted with it.",
    "order.units_cancelled": "Place the units as a new order.",
    "order.not_delivered": "Correct the refund of what was paid, or place the order anew where nothing was.",
    "order.placed_on_hold": "Release the order.",
    "shipment.delivered": (
        "Refund what did not arrive, with the problem not_received, or correct the shipment if it never left."
    ),
    "bill.became_overdue": "Record the payment that came, at the moment at which it came.",
    "bill.written_off": "Record what the customer pays after all: it reverses the write-off.",
    "bill.marked_uncollectible": "Record what the customer pays after all: it counts in full.",
    "promise.made": "Record another promise, with the right day.",
    "dispute.opened": "Record how the dispute was closed.",
    "payment.reversed": "Record that the payment was reinstated.",
    "payment.reinstated": "Record the reversal that followed.",
    "refund.requested": "Withdraw the request.",
    "refund.escalated": "Withdraw the request.",
    "refund.withdrawn": "Grant it as a new refund.",
    "store_credit.requested": "Withdraw the request.",
    "store_credit.escalated": "Withdraw the request.",
    "store_credit.withdrawn": "Give it as new credit.",
    "store_credit.granted": "What was given is the customer's. Agree with them on what happens to it.",
    "refund.paid": "If the money came back, record that it was returned: it is owed again.",
    "refund.returned": "Pay the refund out again.",
    "refund.payment_failed": "Pay the refund out on another way.",
    "refund_allowance.used": "What a refund used of a person's day stays used. Correct the refund itself.",
    "fraud_signal.raised": "Dismiss the signal.",
    "unmatched_receipt.recorded": _RETURN_IT,
    "unmatched_payout.recorded": _RETURN_IT,
    "unmatched_receipt.assigned": "Correct the payment as which it was recorded.",
    "supplier_claim.filed": "Record what the supplier pays (more takes a reason), or give the claim up.",
    "supplier_claim.settled": (
        "What else the supplier pays is recorded as another part. What was recorded too high stays: put the"
        " difference right in the accounts, and say so there."
    ),
    "supplier_claim.refused": _ASK_AGAIN,
    "supplier_claim.waived": _ASK_AGAIN,
    "unmatched_receipt.returned": "Record that it did not arrive: the money waits again.",
    "unmatched_receipt.came_again": "Say again what the money was for, or that it went back.",
    "unmatched_receipt.reopened": "Say again what the money was for.",
    "notice.received": "A notice is kept as it came. Correct the entry that it led to.",
    **dict.fromkeys(
        ("number.taken", "guarantee.granted", "write_off.reversed", "credit.set_aside", "promise.kept"),
        _CORRECT_WHAT_IT_CAME_WITH,
    ),
    **dict.fromkeys(
        ("payment.corrected", "shipment.corrected", "bill.corrected", "refund.corrected"), _CORRECTED
    ),
}
"""What is not named here is simply recorded anew: `RECORD_ANEW`."""
