"""What came of a claim on a supplier: they paid, they refused, or we gave it up. Source: R-G2"""

from dataclasses import dataclass

import msgspec

from domain.authority import expect_reason
from domain.causes import expect_cause
from domain.command import LONGEST_SEALED, Command, expect_amount, expect_text, parts_by_line
from domain.decision import Claim, Decision, Given
from domain.entry import Minor, Sealed
from domain.ids import expect_id
from domain.money import Money
from domain.orders.order import Placed, placed_order
from domain.orders.order_events import Part
from domain.refunds.granted_refund import refund_of
from domain.refunds.refund import expect_not_taken_back
from domain.refusal import OnRecord, Refusal, WhereNone
from domain.retry import AlreadyRecordedOtherwise
from domain.suppliers.recoverable import are_units, chosen_units, left_to_claim, unclaimed
from domain.suppliers.supplier_claim import (
    SUPPLIER_CLAIM,
    ClaimAnswer,
    ClaimStatus,
    SupplierClaim,
    SupplierClaimUnknown,
)
from domain.suppliers.supplier_events import (
    SupplierClaimFiled,
    SupplierClaimRefused,
    SupplierClaimSettled,
    SupplierClaimWaived,
)


class SettleSupplierClaim(Command, frozen=True, kw_only=True):
    """Record that a supplier paid, all of it or a part. Raises: ValueError."""

    order: str
    claim: str
    recovery: str
    """Names what they paid."""
    amount: Minor
    currency: str
    reference: str | None = None
    """What the bank calls it; without one, only the id tells whether it was recorded before."""

    def __post_init__(self) -> None:
        expect_id("clm", self.claim)
        expect_id("rcv", self.recovery)
        expect_amount("amount", self.amount, least=1)
        expect_text("reference", self.reference)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)


class RefuseSupplierClaim(Command, frozen=True, kw_only=True):
    """Record that a supplier does not pay. Raises: ValueError."""

    order: str
    claim: str
    note: Sealed | None = None

    def __post_init__(self) -> None:
        expect_id("clm", self.claim)
        expect_text("note", self.note, LONGEST_SEALED)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)


class WaiveSupplierClaim(Command, frozen=True, kw_only=True):
    """Give up a claim on a supplier, filed or not. Raises: ValueError."""

    order: str
    claim: str
    refund: str | None = None
    """Where nothing was filed: the refund whose claim is given up."""
    parts: tuple[Part, ...] = ()
    """Empty: all of the refund that was neither claimed nor given up."""

    def __post_init__(self) -> None:
        expect_id("clm", self.claim)
        if self.refund is not None:
            expect_id("ref", self.refund)
        msgspec.structs.force_setattr(self, "parts", parts_by_line(self.parts))

    def writes(self) -> tuple[str, ...]:
        return (self.order,)


@dataclass(unsafe_hash=True)
class SupplierClaimAnswered(Refusal):
    """This claim has its answer already: it was paid in full, refused or given up."""

    rule = "R-G2"
    way_out = (
        "Look at the claim: its answer stands. What a supplier pays who refused, or of what was given up, is"
        " recorded as its settlement."
    )

    claim: str
    status: ClaimStatus


@dataclass(unsafe_hash=True)
class SettlementExceedsClaim(Refusal):
    """The supplier is said to have paid more than is left of the claim, and nobody says why."""

    rule = "R-G2"
    way_out = (
        "Compare it with the claim. If they did pay more for it, say why in a sentence: then it is recorded."
    )
    spoken = "Of this claim {left} are left to be paid, and these would be {paid}."
    where_none = WhereNone(
        "left", "Nothing of this claim is left to be paid: they paid all of it, or none was ever filed."
    )

    claim: str
    paid: Money
    left: Money


@dataclass(unsafe_hash=True)
class SupplierReferenceUsed(Refusal):
    """What the supplier paid under this reference is recorded for this claim already, with another amount."""

    rule = "R-G2"
    way_out = "Look at what was paid for the claim: the same money never counts twice."
    spoken = "Under this reference {recorded} are recorded for the claim, and these would be {amount}."

    recovery: OnRecord
    recorded: Money
    amount: Money


@dataclass(unsafe_hash=True)
class ClaimInOtherCurrency(Refusal):
    """The supplier's payment is in another currency than the claim."""

    rule = "I1"
    way_out = "Record what it is worth in the currency of the claim."

    claim: str
    currency: str


def settle_supplier_claim(command: SettleSupplierClaim, given: Given) -> Decision:
    """Records what a supplier paid, in parts too, also after they refused or we gave it up: it is money that
    came.

    Checks, in this order: order placed; claim filed; retry by its id; retry by reference; same currency; a
    reason, if it is more than what is left of the claim; not before it was filed.
    """
    state = placed_order(given, command.order)
    known = _filed(state, command.claim)
    settled = SupplierClaimSettled(
        recovery=command.recovery,
        claim=command.claim,
        refund=known.begun.refund,
        order=command.order,
        customer=state.placed.customer,
        currency=command.currency,
        amount=command.amount,
        reference=command.reference,
        in_full=0 < known.left <= command.amount,
    )
    already = _paid_already(state, known, settled)
    if already is not None:
        return Decision(customer=settled.customer, already=(already,))
    if command.currency != state.placed.currency:
        raise ClaimInOtherCurrency(command.claim, state.placed.currency)
    if command.amount > known.left and given.reason is None:
        raise SettlementExceedsClaim(command.claim, state.money(command.amount), state.money(known.left))
    expect_cause(known.at, given)
    return Decision(events=((command.order, settled),), customer=settled.customer)


def _paid_already(state: Placed, known: SupplierClaim, settled: SupplierClaimSettled) -> int | None:
    """Position that says so. Raises: AlreadyRecordedOtherwise, SupplierReferenceUsed."""
    for claim in state.supplier_claims.values():
        for paid, position in claim.recoveries:
            if paid.recovery == settled.recovery:
                if msgspec.structs.replace(settled, in_full=paid.in_full) != paid:
                    raise AlreadyRecordedOtherwise(settled.recovery)
                return position
    for paid, position in known.recoveries:
        if settled.reference is not None and paid.reference == settled.reference:
            if (paid.amount, paid.currency) != (settled.amount, settled.currency):
                recorded, amount = Money(paid.amount, paid.currency), Money(settled.amount, settled.currency)
                raise SupplierReferenceUsed(paid.recovery, recorded, amount)
            return position
    return None


def refuse_supplier_claim(command: RefuseSupplierClaim, given: Given) -> Decision:
    """Records that a supplier does not pay.

    Checks, in this order: order placed; claim filed; retry; something left of it, neither refused nor given
    up; not before it was filed.
    """
    state = placed_order(given, command.order)
    known = _filed(state, command.claim)
    refused = SupplierClaimRefused(
        claim=command.claim,
        refund=known.begun.refund,
        order=command.order,
        customer=state.placed.customer,
        note=command.note,
    )
    before = known.answered(SupplierClaimRefused)
    if before is not None:
        return _already_answered(known, before, refused)
    _expect_unanswered(known)
    expect_cause(known.at, given)
    return Decision(events=((command.order, refused),), customer=refused.customer)


def waive_supplier_claim(command: WaiveSupplierClaim, given: Given) -> Decision:
    """Gives up what is left of a claim that was filed, or what of a refund was never claimed; at any time.

    Checks, in this order: order placed; claim known, or refund granted; retry; something left of the claim,
    neither refused nor given up, or refund not corrected; not a wrong item (R-G2); units neither claimed nor
    given up; a reason; not before the claim or the grant.
    """
    state = placed_order(given, command.order)
    known = state.supplier_claims.get(command.claim)
    if known is not None and command.refund in (None, known.begun.refund):
        return _waived_after_filing(state, known, command, given)
    if known is not None:
        raise AlreadyRecordedOtherwise(command.claim)
    if command.refund is None:
        raise SupplierClaimUnknown(command.claim)
    _, refund = refund_of(command.order, command.refund, given)
    expect_not_taken_back(refund)
    units = chosen_units(command.parts, unclaimed(state, refund.granted), command.refund)
    expect_reason(given)
    expect_cause(refund.at, given)
    waived = SupplierClaimWaived(
        claim=command.claim,
        refund=command.refund,
        order=command.order,
        customer=state.placed.customer,
        units=units,
        all_recoverable=not command.parts,
        units_left=left_to_claim(state, refund, units),
    )
    return Decision(
        events=((command.order, waived),),
        claims=(Claim(SUPPLIER_CLAIM, command.claim),),
        customer=waived.customer,
    )


def _filed(state: Placed, claim: str) -> SupplierClaim:
    """A claim that was filed. Raises: SupplierClaimUnknown."""
    known = state.supplier_claims.get(claim)
    if known is None or not isinstance(known.begun, SupplierClaimFiled):
        raise SupplierClaimUnknown(claim)
    return known


def _expect_unanswered(known: SupplierClaim) -> None:
    if known.status not in ("filed", "part_settled"):
        raise SupplierClaimAnswered(known.begun.claim, known.status)


def _waived_after_filing(
    state: Placed, known: SupplierClaim, command: WaiveSupplierClaim, given: Given
) -> Decision:
    begun = known.begun
    if isinstance(begun, SupplierClaimWaived):
        same = begun.all_recoverable == (not command.parts)
        same = same and (not command.parts or are_units(command.parts, begun.units))
        if not same:
            raise AlreadyRecordedOtherwise(command.claim)
        return Decision(customer=begun.customer, already=(known.position,))
    before = known.answered(SupplierClaimWaived)
    if before is not None:
        return Decision(customer=begun.customer, already=(before[1],))
    if command.parts:
        raise AlreadyRecordedOtherwise(command.claim)
    _expect_unanswered(known)
    expect_reason(given)
    expect_cause(known.at, given)
    waived = SupplierClaimWaived(
        claim=command.claim,
        refund=begun.refund,
        order=begun.order,
        customer=begun.customer,
        units=(),
        all_recoverable=True,
        units_left=left_to_claim(state, state.refunds[begun.refund]),
    )
    return Decision(events=((command.order, waived),), customer=begun.customer)


def _already_answered(known: SupplierClaim, before: tuple[ClaimAnswer, int], now: ClaimAnswer) -> Decision:
    if before[0] != now:
        raise SupplierClaimAnswered(now.claim, known.status)
    return Decision(customer=now.customer, already=(before[1],))
