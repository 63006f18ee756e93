"""What a decision about a refund answers: the receipt, or of a dry run what would clear and leave."""

from pydantic import Field

from api.answers import Receipt
from api.bodies import Writing
from api.call import Call
from api.receipts import receipt
from api.replies import Reply
from api.v1.holders import place_of
from api.v1.refund_previews import RefundPreview, preview_of
from domain.command import Command
from domain.refunds.refund_events import RefundEscalated, RefundGranted, RefundRequested
from ledger.record.submission import Outcome


class RefundReceipt(Receipt):
    """What a decision about a refund recorded; of a dry run, what would clear and leave."""

    preview: RefundPreview | None = Field(description="Only of a dry run.")


async def decided_refund(call: Call, command: Command, body: Writing, stream: str, customer: str) -> Reply:
    """The receipt; 202 where it waits for somebody's decision, and a preview where nothing was recorded."""
    outcome = await call.decided(command, body, of=customer, stream=stream)
    last = _last_of_refund(outcome)
    waits = isinstance(last, RefundRequested | RefundEscalated)
    status = 200 if outcome.dry_run else 202 if waits else call.status
    preview = await preview_of(call, command, body, outcome, stream) if outcome.dry_run else None
    place = place_of(stream, customer)
    return await receipt(outcome, stream[:3], call.reading, status, place, {"preview": preview})


def _last_of_refund(outcome: Outcome) -> object | None:
    """The last entry about asking or granting."""
    kinds = (RefundRequested, RefundEscalated, RefundGranted)
    found = [entry.event for entry in outcome.entries if isinstance(entry.event, kinds)]
    return found[-1] if found else None
