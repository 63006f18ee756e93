"""The default policy edition, recorded when a book is opened. The merchant changes a value by adopting
another edition.

Every value here is a default chosen for the merchant, not a word of theirs; the rule it belongs to stands
beside it.
"""

from domain.book.policy import Edition, Limits, PolicyAdopted
from domain.moments import EARLIEST

DEFAULT_EDITION = Edition(
    # R-G1: our money-back guarantee lasts six calendar months …
    guarantee_months=6,
    # … counted from the day the goods arrive.
    guarantee_starts="delivery",
    # R-G1, R-G2: the supplier takes goods back for thirty days …
    supplier_days=30,
    # … counted from the day of the order.
    supplier_starts="order",
    # R-B1: a bill is due thirty days after it was issued.
    bill_due_days=30,
    # R-B3: who has not paid is reminded when a bill is seven days overdue …
    first_reminder_days=7,
    # … and once more when it is thirty days overdue.
    second_reminder_days=30,
    # R-B3: three calendar months after issue somebody phones, to ask how the customer is …
    collection_call_months=3,
    # … and tries again a calendar month after each call.
    next_call_months=1,
    # R-B2: the owner may ask a watched customer for payment first for a week, and is then asked again.
    payment_first_days=7,
    # R-P5: a named person thanks within a day of the order …
    thank_hours=24,
    # … and a week after the delivery we ask whether the customer is satisfied.
    satisfaction_days=7,
    # §3: what is covered should be on its way two days after the order.
    unshipped_days=2,
    # R-D3: an existing customer's declined order ships without payment four days after the decline.
    release_days=4,
    # R-D2, I4: a new customer is tried at least five times …
    effort_attempts=5,
    # … over at least fourteen days before their order may be not delivered …
    effort_days=14,
    # … every three days, so that five attempts fit well into them.
    effort_again_days=3,
    # R-D6: a card is tried again while it was declined, softly, fewer than three times …
    card_tries=3,
    # … in seven days.
    card_tries_days=7,
    # R-G11: people at the front decide alone up to their limits, in each currency the merchant sells in …
    agent_limits=Limits(
        per_refund={"EUR": 150_00, "GBP": 150_00, "USD": 150_00},
        per_gesture={"EUR": 50_00, "GBP": 50_00, "USD": 50_00},
        per_day={"EUR": 500_00, "GBP": 500_00, "USD": 500_00},
    ),
    # … and whatever is above goes to the next role; the owner has none.
    supervisor_limits=Limits(
        per_refund={"EUR": 1_000_00, "GBP": 1_000_00, "USD": 1_000_00},
        per_gesture={"EUR": 250_00, "GBP": 250_00, "USD": 250_00},
        per_day={"EUR": 5_000_00, "GBP": 5_000_00, "USD": 5_000_00},
    ),
    # §3: money that was granted is on its way within two days.
    refund_payout_days=2,
    # R-G12: a person is told of a customer's second unverified refund, of three refunds within thirty days,
    # and of five within thirty days by one of us that are at most 5 % under the limit.
    signal_unverified=2,
    signal_refunds=3,
    signal_just_under=5,
    signal_days=30,
    signal_margin=500,
    # R-G7: goods worth less than this stay with the customer …
    keep_under={"EUR": 25_00, "GBP": 25_00, "USD": 25_00},
    # … and so do those whose return costs us at least as much: for each parcel the label …
    return_shipping={"EUR": 8_00, "GBP": 8_00, "USD": 8_00},
    # … and the work of unpacking it, looking at it and putting it away.
    restocking={"EUR": 3_50, "GBP": 3_50, "USD": 3_50},
    # §3: paper is entered late; older than ninety days needs the owner, or an import.
    backdating_days=90,
)

# In force since before anything a merchant could enter, so that every past day has a policy.
DEFAULT_ADOPTED = PolicyAdopted(edition=DEFAULT_EDITION, effective_from=EARLIEST)
