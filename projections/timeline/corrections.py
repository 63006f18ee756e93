"""What is told of what had been recorded by mistake."""

from typing import Final

from domain.corrections.correction_events import (
    BillCorrected,
    PaymentCorrected,
    RefundCorrected,
    ShipmentCorrected,
)
from domain.entry import Entry
from projections.timeline.milestone import Milestone, Told, milestone, told_of_money, units_of


def _shipment_corrected(entry: Entry, it: ShipmentCorrected) -> Milestone:
    what = {"currency": it.currency, "amount": it.charge, "units": units_of(it.parts)}
    return milestone(entry, "shipment_corrected", reference=it.shipment, **what)


def _refund_corrected(entry: Entry, it: RefundCorrected) -> Milestone:
    money = {"currency": it.currency, "amount": it.granted}
    return milestone(entry, "refund_corrected", reference=it.refund, **money)


TOLD_OF_CORRECTIONS: Final[Told] = {
    PaymentCorrected: told_of_money("payment_corrected", "payment"),
    ShipmentCorrected: _shipment_corrected,
    BillCorrected: told_of_money("bill_corrected", "bill"),
    RefundCorrected: _refund_corrected,
}
