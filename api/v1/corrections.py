"""Corrections: what was recorded by mistake is taken back, by the position of its entry."""

from starlette.responses import Response

from api.answers import Receipt
from api.bodies import Writing
from api.call import Call, asked
from api.grammars import PositionInPath
from api.permissions import Permission
from api.problems import PLACES, NotFound
from api.section import Section
from domain.bills.bill_events import BillIssued
from domain.corrections.correcting import CorrectEntry, unmatched_before
from domain.stored_types import TYPE_NAMES
from ledger.identity import mint
from ledger.sealing.sealer import BOOK

corrections = Section("corrections", "What was recorded by mistake is taken back; both stay on record.")


class CorrectEntryBody(Writing):
    """Why an entry is taken back: the `reason` is asked for."""


@corrections.decision("/v1/entries/{position}/correction", Permission.CORRECT, answers=Receipt)
async def correct_entry(call: Call, position: PositionInPath, body: CorrectEntryBody) -> Response:
    """Correct an entry: a payment, a shipment, a bill or a refund

    Its amounts are taken back exactly, with what was decided together with it. A payment that never came and
    has been used since is owed, a shipment that never left may ship again, a bill is replaced by another.
    """
    entry = await call.book.entry(position)
    if entry is None:
        raise NotFound
    command = asked(
        CorrectEntry,
        stream=entry.stream,
        customer=entry.customer,
        position=position,
        recorded=TYPE_NAMES[type(entry.event)],
        owed=mint("bil"),
        unmatched=unmatched_before(entry.event),
        bill=await call.new_bill() if isinstance(entry.event, BillIssued) else None,
    )
    prefix = entry.stream.partition("_")[0]
    of = entry.customer or BOOK
    return await call.decide(
        command, body, subject=prefix, of=of, place=PLACES.get(prefix), must_say_why=True
    )
