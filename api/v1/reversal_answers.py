"""What a bank asked about an order's payments, and what was taken back, as the API shows them."""

from pydantic import Field

from api.answers import Amount, Answer, Moment
from api.render import money, rfc3339
from domain.payments.payment import Dispute, Reversal


class DisputeAnswer(Answer):
    """A bank's question about a payment."""

    id: str
    payment: str
    amount: Amount
    why: str
    reference: str | None
    opened_at: Moment
    outcome: str | None = Field(description="`won`, `lost` or `withdrawn`; null while it is open.")


class ReinstatementAnswer(Answer):
    """What came to us again of a payment taken back."""

    id: str
    amount: Amount
    reference: str
    position: int


class ReversalAnswer(Answer):
    """A payment taken back from us, and what came again of it."""

    id: str
    payment: str
    kind: str = Field(examples=["chargeback"])
    dispute: str | None
    amount: Amount
    reversed_at: Moment
    bill: str | None = Field(description="What is owed for it; null where the order's funds sufficed.")
    opened: Amount
    reinstated: Amount
    reinstatements: list[ReinstatementAnswer]


def dispute_answer(dispute: Dispute) -> dict[str, object]:
    """A dispute as `DisputeAnswer` describes it."""
    it = dispute.opened
    return {
        "id": it.dispute,
        "payment": it.payment,
        "amount": money(it.amount, it.currency),
        "why": it.why,
        "reference": it.reference,
        "opened_at": rfc3339(dispute.at),
        "outcome": dispute.outcome,
    }


def reversal_answer(reversal: Reversal) -> dict[str, object]:
    """A reversal as `ReversalAnswer` describes it."""
    it = reversal.it
    return {
        "id": it.reversal,
        "payment": it.payment,
        "kind": it.kind,
        "dispute": it.dispute,
        "amount": money(it.amount, it.currency),
        "reversed_at": rfc3339(reversal.at),
        "bill": it.bill,
        "opened": money(it.opened, it.currency),
        "reinstated": money(reversal.reinstated, it.currency),
        "reinstatements": [
            {
                "id": again.reinstatement,
                "amount": money(again.amount, again.currency),
                "reference": again.reference,
                "position": position,
            }
            for again, position in reversal.reinstatements
        ],
    }
