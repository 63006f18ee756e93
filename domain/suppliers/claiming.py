"""Claims on suppliers: who made the goods bears their refund inside the supplier's window, afterwards we do.

What is recoverable is claimed or given up with a reason; a wrong item is our own doing and opens no claim.
Nothing of this touches what the customer gets. Source: R-G2
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from domain.causes import expect_cause
from domain.command import Command, expect_amount, expect_text, parts_by_line
from domain.decision import Claim, Decision, Given
from domain.entry import Minor
from domain.ids import expect_id
from domain.moments import day_of
from domain.orders.order import Placed, placed_order
from domain.orders.order_events import Part
from domain.orders.products import Product
from domain.refunds.granted_refund import refund_of
from domain.refunds.refund import expect_not_taken_back
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise
from domain.suppliers.recoverable import are_units, chosen_units, left_to_claim, unclaimed
from domain.suppliers.supplier_claim import (
    SUPPLIER_CLAIM,
    SupplierClaim,
)
from domain.suppliers.supplier_events import (
    ClaimedFromSupplier,
    SupplierClaimFiled,
)


class FileSupplierClaim(Command, frozen=True, kw_only=True):
    """Ask a supplier to make refunded goods good. Raises: ValueError."""

    order: str
    refund: str
    claim: str
    parts: tuple[Part, ...] = ()
    """Empty: all that is recoverable that day and was neither claimed nor given up."""
    amount: Minor | None = None
    """Minor units of the order's currency; None: what the goods cost us, as their products say."""
    products: tuple[str, ...] = ()
    """The products of the order's skus, where there are any: their costs and suppliers count."""
    supplier: str | None = None
    """None: the one the products name, where they name one."""
    sends_goods: bool = False
    """Whether the goods go to the supplier with it."""

    def __post_init__(self) -> None:
        expect_id("ref", self.refund)
        expect_id("clm", self.claim)
        msgspec.structs.force_setattr(self, "parts", parts_by_line(self.parts))
        if self.amount is not None:
            expect_amount("amount", self.amount, least=1)
        expect_text("supplier", self.supplier)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)

    def reads(self) -> tuple[str, ...]:
        return self.products


@dataclass(unsafe_hash=True)
class ClaimAmountUnknown(Refusal):
    """What these goods cost us is not known in the order's currency."""

    rule = "R-G2"
    way_out = "Say the amount to claim, or list the product with its cost in that currency."

    sku: str


@dataclass(unsafe_hash=True)
class GoodsNotOnHand(Refusal):
    """More goods would go to the supplier than have come back from the customer."""

    rule = "R-G2"
    way_out = "Count what came back first, or file the claim without sending the goods."

    refund: str
    line: int
    asked: int
    on_hand: int


def file_supplier_claim(command: FileSupplierClaim, given: Given) -> Decision:
    """Claims refunded units from their supplier on a day inside their window.

    Checks, in this order: order placed; refund granted; retry; refund not corrected; not a wrong item
    (R-G2); units neither claimed nor given up, and inside their window; amount known; goods on hand, where
    they are sent; not before the grant.
    """
    state = placed_order(given, command.order)
    _, refund = refund_of(command.order, command.refund, given)
    known = state.supplier_claims.get(command.claim)
    if known is not None:
        return _already_filed(known, command)
    expect_not_taken_back(refund)
    filed_on = day_of(given.at, given.book.zone)
    units = chosen_units(command.parts, unclaimed(state, refund.granted), command.refund, claimed_on=filed_on)
    products = [product for name in command.products if (product := given.state(name, Product)) is not None]
    amount = _cost(units, state, products) if command.amount is None else command.amount
    if command.sends_goods:
        _expect_on_hand(state, command.refund, units)
    expect_cause(refund.at, given)
    filed = SupplierClaimFiled(
        claim=command.claim,
        refund=command.refund,
        order=command.order,
        customer=state.placed.customer,
        supplier=command.supplier or _supplier(units, products),
        currency=state.placed.currency,
        amount=amount,
        filed_on=filed_on,
        units=units,
        all_recoverable=not command.parts,
        units_left=left_to_claim(state, refund, units),
        sends_goods=command.sends_goods,
    )
    return Decision(
        events=((command.order, filed),),
        claims=(Claim(SUPPLIER_CLAIM, command.claim),),
        customer=filed.customer,
    )


def _cost(units: Iterable[ClaimedFromSupplier], state: Placed, products: Iterable[Product]) -> int:
    """What the units cost us. Raises: ClaimAmountUnknown."""
    costs = {
        product.listed.sku: product.our_cost
        for product in products
        if product.listed.currency == state.placed.currency
    }
    amount = 0
    for unit in units:
        if unit.sku not in costs:
            raise ClaimAmountUnknown(unit.sku)
        amount += unit.quantity * costs[unit.sku]
    return amount


def _supplier(units: Iterable[ClaimedFromSupplier], products: Iterable[Product]) -> str | None:
    """The one supplier of all these units, where there is one."""
    skus = {unit.sku for unit in units}
    named = {product.listed.supplier for product in products if product.listed.sku in skus}
    return named.pop() if len(named) == 1 else None


def _expect_on_hand(state: Placed, refund: str, units: Iterable[ClaimedFromSupplier]) -> None:
    """The goods came back and were not sent away. Raises: GoodsNotOnHand."""
    on_hand: Counter[int] = Counter()
    for each in state.returns.values():
        for arrival in each.arrivals.values():
            for goods in arrival.returned.goods:
                if goods.line is not None:
                    on_hand[goods.line] += goods.quantity
    for claim in state.supplier_claims.values():
        if isinstance(claim.begun, SupplierClaimFiled) and claim.begun.sends_goods:
            for unit in claim.units:
                on_hand[unit.line] -= unit.quantity
    asked: Counter[int] = Counter()
    for unit in units:
        asked[unit.line] += unit.quantity
    for line, quantity in asked.items():
        if quantity > on_hand[line]:
            raise GoodsNotOnHand(refund, line, quantity, on_hand[line])


def _already_filed(known: SupplierClaim, command: FileSupplierClaim) -> Decision:
    it = known.begun
    if not isinstance(it, SupplierClaimFiled) or it.refund != command.refund:
        raise AlreadyRecordedOtherwise(command.claim)
    said = (it.amount if command.amount is None else command.amount, command.sends_goods)
    supplier = it.supplier if command.supplier is None else command.supplier
    same_units = it.all_recoverable == (not command.parts)
    if command.parts:
        same_units = same_units and are_units(command.parts, it.units)
    if (it.amount, it.sends_goods) != said or it.supplier != supplier or not same_units:
        raise AlreadyRecordedOtherwise(command.claim)
    return Decision(customer=it.customer, already=(known.position,))
