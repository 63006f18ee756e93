"""What is to be done about each kind of task, and by which address, in one sentence or two."""

from collections.abc import Mapping
from typing import Final

import msgspec

from domain.orders.order_events import DeadlineKind

TO_DO: Final[Mapping[DeadlineKind, str]] = {
    "acknowledgement": "Tell the customer that their order is here, and record it (`/contacts`).",
    "thanks": "Thank the customer in person, by name, and record it (`/contacts`).",
    "shipped": "Tell the customer what is on its way and how to follow it, and record it (`/contacts`).",
    "satisfaction": "Ask the customer whether all is well, and record it (`/contacts`).",
    "card_used": "Tell the customer which card on file was used, and record it (`/contacts`).",
    "ship_order": "Ship what is left of the order (`/shipments`).",
    "search_cards": "Look through the cards on file (`/card-search`).",
    "charge_card": "Charge the card on file (`/charges`), of several the one that `/next-steps` allows;"
    " without a processor connected record what came of it (`/payments`, `/payment-failures`).",
    "ask_for_payment": "Ask the customer how they would like to pay, and record what comes (`/payments`,"
    " `/charges`), that it was declined (`/payment-failures`), or that they want it no longer"
    " (`/cancellation`).",
    "reach_customer": "Reach the customer about the declined payment (`/contact-attempts`).",
    "decide_release": "Let the order ship without payment (`/release`), or give up on a new customer who was"
    " never reached (`/not-delivered`). `/next-steps` of the order says what may be done, and by whom.",
    "resolve_payment": "Find out what became of the charge: ask the processor again (`/charges`, naming its"
    " `payment`), which charges what is wanted still, or record what it says (`/payments`,"
    " `/payment-failures`). What was never charged is given up (`/abandonment` of the charge).",
    "refund_decision": "Grant the refund (`/approval`), or note that it is wanted no longer (`/withdrawal`).",
    "refund_payout": "Pay out what is due (`/settlement`): without a `reference` a processor that is"
    " connected sends what came through it, also what was granted before it was connected; with one you say"
    " that the money has left already. A cheque, a transfer and whatever else always bears a number leave"
    " under it. What could not leave on a way is noted (`/payment-failure`), and the next is open.",
    "credit_decision": "Give the credit (`/approval`), or note that it is not to be given (`/withdrawal`).",
    "fraud_signal": "Look at the customer's refunds, and note that nothing is to be done (`/dismissal`).",
    "return_label": "Send the customer a prepaid label (`/labels`), or let them keep the goods (`/leaving`).",
    "supplier_claim": "Claim the goods from their supplier (`/supplier-claims`), or give it up (`/waiver`).",
    "first_reminder": "Remind the customer of the bill (`/reminders`).",
    "second_reminder": "Remind the customer of the bill once more (`/reminders`).",
    "collection_call": "Call the customer and ask how they are doing (`/calls`).",
    "write_off_decision": "Decide whether the bill is written off (`/write-off`); what is not stays watched.",
    "watched_review": "Decide whether the order ships or is paid first (`/review`).",
    "contest_dispute": "Tell the bank that the money went back already, and record how the dispute ended"
    " (`/closing`).",
    "unmatched": "Say what the money was for (`/assignment`), or that it went back (`/return`). What left for"
    " a refund that somebody recorded as paid, without a reference, is assigned to that refund, each part of"
    " it by itself.",
    "notice": "Compare the notice with the processor's own record, record what it tells, and note that you"
    " looked at it (`/closing`).",
}
"""By kind; what comes by itself is nobody's task."""

TEXTS: Final = msgspec.json.encode(TO_DO).decode()
"""The same, as a list of tasks is told them."""
