"""Correcting a shipment: goods recorded as shipped never left, so that they are charged no more and may ship.

Its bill is void with it. Units are priced by how many of their line were charged before (R-G6), so a shipment
is only taken back where those left charged still cost what they were charged. Source: H-correct, I7
"""

from dataclasses import dataclass

import msgspec

from domain.bills.bill import Bill
from domain.bills.bill_events import BillIssued
from domain.corrections.correcting_bills import expect_unsettled
from domain.corrections.correction_events import ShipmentCorrected
from domain.corrections.evolve_corrections import without_shipment
from domain.corrections.phantom_funds import cleared_of_phantoms, phantom_funds, without_number
from domain.corrections.shipping_again import begins_again
from domain.decision import Decision, Given
from domain.declines.holds import hold_begins
from domain.money import Money
from domain.orders.order import Placed, Shipment
from domain.orders.pricing import price_of_units
from domain.refusal import Refusal


@dataclass(unsafe_hash=True)
class ShipmentArrived(Refusal):
    """This shipment reached the customer: it did leave, and is rightly charged."""

    rule = "H-correct"
    way_out = (
        "If the customer shall not pay for it, refund it: whether the goods come back is up to you. If it "
        "arrived at another customer, ship what they ordered and ask for these goods back."
    )

    shipment: str


@dataclass(unsafe_hash=True)
class ShipmentRefunded(Refusal):
    """Units of this shipment, or the fee it carried, were refunded: the charge has been given back."""

    rule = "H-correct"
    way_out = "Correct the refund first, if that was a mistake too; else leave the shipment as it is."

    shipment: str


@dataclass(unsafe_hash=True)
class UnitsPricedSince(Refusal):
    """Later units of a line were charged on top of these, and would no longer come to the line's price."""

    rule = "R-G6"
    way_out = "Correct the later shipment first, or refund these units instead."

    shipment: str
    line: int


@dataclass(unsafe_hash=True)
class ChargeGivenUp(Refusal):
    """The charge of this shipment was credited or written off since: taken back, it would be given twice."""

    rule = "H-correct"
    way_out = "Leave the shipment as it is: nothing is owed for it any more."
    spoken = "Of the charge {given_up} were credited or written off since."

    order: str
    given_up: Money


def correct_shipment(shipment: Shipment, state: Placed, given: Given) -> Decision:
    """Takes a shipment back with its bill; its units may ship again, and bring the fee again if they had it.

    Checks, in this order: nothing of it arrived; no unit refunded, nor its fee; bill unsettled; prices of the
    units left (R-G6); nothing of the charge given up since.
    Source: H-correct, I7
    """
    it = shipment.shipped
    if shipment.deliveries:
        raise ShipmentArrived(it.shipment)
    if _is_refunded(shipment, state):
        raise ShipmentRefunded(it.shipment)
    bill = _bill_of(shipment, state)
    if bill is not None:
        expect_unsettled(bill)
    _expect_prices(shipment, state)
    corrected = _corrected(shipment, bill, state)
    without = without_shipment(state, corrected)
    cleared = cleared_of_phantoms(without, without_number(without))
    given_up = phantom_funds(without) - sum([share.amount for share in cleared])
    if given_up:
        raise ChargeGivenUp(it.order, state.money(given_up))
    corrected = msgspec.structs.replace(corrected, cleared=cleared)
    after = without_shipment(state, corrected)
    corrected = msgspec.structs.replace(
        corrected,
        fee_dropped=after.price_to_ship() - state.price_to_ship() - corrected.charge,
        deadlines=begins_again(state, after, given),
    )
    held = hold_begins(after, None, "corrected", given)
    return Decision(events=((it.order, corrected), *held), customer=it.customer)


def _is_refunded(shipment: Shipment, state: Placed) -> bool:
    it = shipment.shipped
    if it.carries_fee and state.fee_returned:
        return True
    return any(
        part.shipment == it.shipment
        for refund in state.refunds.values()
        if refund.corrected is None
        for part in refund.granted.parts
    )


def _bill_of(shipment: Shipment, state: Placed) -> Bill | None:
    for bill in state.bills.values():
        source, is_void = bill.source, bill.corrected is not None
        if isinstance(source, BillIssued) and source.shipment == shipment.shipped.shipment and not is_void:
            return bill
    return None


def _expect_prices(shipment: Shipment, state: Placed) -> None:
    """Were charged what the last ones charged of their lines cost. Raises: UnitsPricedSince."""
    for part, before in zip(shipment.shipped.parts, shipment.charged_before, strict=True):
        line = state.lines[part.line - 1]
        charged = price_of_units(line.line, before, before + part.quantity)
        if charged != price_of_units(line.line, line.shipped - part.quantity, line.shipped):
            raise UnitsPricedSince(shipment.shipped.shipment, part.line)


def _corrected(shipment: Shipment, bill: Bill | None, state: Placed) -> ShipmentCorrected:
    it = shipment.shipped
    return ShipmentCorrected(
        order=it.order,
        customer=it.customer,
        shipment=it.shipment,
        corrects=shipment.position,
        parts=it.parts,
        currency=it.currency,
        goods=it.goods,
        tax=it.tax,
        shipping=it.shipping,
        shipping_tax=it.shipping_tax,
        shipping_credit=it.shipping_credit,
        charge=it.charge,
        carries_fee=it.carries_fee,
        fee_dropped=0,
        bill=None if bill is None else bill.bill,
        billed=0 if bill is None else bill.amount,
        uncollectible=0 if bill is None else bill.uncollectible,
        cleared=(),
        to_ship=state.units_to_ship + sum([part.quantity for part in it.parts]),
        not_cancelled=sum([line.line.quantity - line.cancelled for line in state.lines]),
    )
