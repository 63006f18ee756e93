"""Which refunded units a supplier may still answer for, and until when. Source: R-G2"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from domain.moments import Day
from domain.orders.guarantees import supplier_until
from domain.orders.order import Placed
from domain.orders.order_events import Part
from domain.refunds.refund import Refund
from domain.refunds.refund_events import RefundedPart, RefundGranted
from domain.refusal import Refusal, WhereNone
from domain.suppliers.claimed_units import dealt_with
from domain.suppliers.supplier_events import ClaimedFromSupplier


@dataclass(unsafe_hash=True)
class WrongItemIsOurs(Refusal):
    """The wrong item came: that is our own doing, and no supplier answers for it."""

    rule = "R-G2"
    way_out = "Bear the cost. Goods that were sent by mistake can come back into our stock."

    refund: str


@dataclass(unsafe_hash=True)
class SupplierWindowOver(Refusal):
    """The supplier no longer takes these units back: their last day is over."""

    rule = "R-G2"
    way_out = "Claim at most the units still inside their window. What is over is ours to bear: waive it."
    spoken = "Of line {line}, {left:refunded unit} can be claimed that day, and {asked} would be."
    where_none = WhereNone(
        "left",
        "No refunded unit of line {line} can be claimed that day: the last day of each is over.",
        "What is over is ours to bear: waive it.",
    )

    refund: str
    line: int
    asked: int
    left: int


@dataclass(unsafe_hash=True)
class UnitsDealtWith(Refusal):
    """More units would be claimed or given up than this refund has left: the others were before."""

    rule = "R-G2"
    way_out = "Look at the claims of this refund, and name at most the units left. Each is claimed once."
    spoken = "Of line {line}, {left:refunded unit} can still be claimed or given up, and {asked} would be."
    where_none = WhereNone(
        "left",
        "Nothing of line {line} is left of this refund: each unit was claimed, given up, or not refunded.",
        "Look at the claims of this refund: each unit is claimed once.",
    )

    refund: str
    line: int
    asked: int
    left: int


@dataclass(unsafe_hash=True)
class NothingToClaim(Refusal):
    """No unit of this refund is left to claim or give up: all were, or it never was of any unit."""

    rule = "R-G2"
    way_out = "Look at the claims of this refund: each unit is claimed once."

    refund: str


def unclaimed(state: Placed, granted: RefundGranted) -> tuple[ClaimedFromSupplier, ...]:
    """The units of a refund, granted or about to be, that a supplier may answer for and that were neither
    claimed nor given up, those whose window ends first before the others.

    What may be claimed or given up, whether somebody is asked to, and until when: all of it is asked here.
    Raises: WrongItemIsOurs. Source: R-G2
    """
    if granted.observed_problem == "wrong_item":
        raise WrongItemIsOurs(granted.refund)
    taken = dealt_with(state, granted)
    found: list[ClaimedFromSupplier] = []
    for part in granted.parts:
        if part.line is None:
            continue
        name = (part.line, part.shipment, part.delivery)
        gone = min(part.quantity, taken[name])
        taken[name] -= gone
        if gone < part.quantity:
            found.append(_claimable(state, part, part.line, part.quantity - gone))
    return tuple(sorted(found, key=lambda unit: (unit.line, unit.until)))


def _claimable(state: Placed, part: RefundedPart, line: int, quantity: int) -> ClaimedFromSupplier:
    return ClaimedFromSupplier(
        line=line,
        sku=state.lines[line - 1].line.sku,
        quantity=quantity,
        shipment=part.shipment,
        delivery=part.delivery,
        until=_supplier_until(state, part),
    )


def _supplier_until(state: Placed, part: RefundedPart) -> Day:
    """The last day as frozen at the delivery; before it, as if the goods came on the day of the order."""
    if part.shipment is not None and part.delivery is not None:
        granted = state.shipments[part.shipment].deliveries[part.delivery].granted
        if granted is not None:
            return granted.supplier_until
    ordered_on = state.placed.ordered_on
    return supplier_until(state.placed.guarantee, ordered_on, ordered_on)


def last_supplier_day(state: Placed, granted: RefundGranted) -> Day | None:
    """Until when somebody is asked to claim what of a refund is left and its supplier takes back on the day
    of the grant, also of units under way: the first of its last days. None where nothing is. Source: R-G2
    """
    return min([unit.until for unit in _to_claim(state, granted)], default=None)


def left_to_claim(state: Placed, refund: Refund, now: Iterable[ClaimedFromSupplier] = ()) -> int:
    """How many units somebody is still asked to claim, once those are claimed or given up too; of a refund
    that was taken back, none.
    """
    if refund.corrected is not None:
        return 0
    granted = refund.granted
    return _count(_to_claim(state, granted)) - _count(_open_at_grant(granted, now))


def _to_claim(state: Placed, granted: RefundGranted) -> list[ClaimedFromSupplier]:
    is_ours = granted.observed_problem == "wrong_item"
    return [] if is_ours else _open_at_grant(granted, unclaimed(state, granted))


def _open_at_grant(granted: RefundGranted, units: Iterable[ClaimedFromSupplier]) -> list[ClaimedFromSupplier]:
    return [unit for unit in units if unit.until >= granted.granted_on]


def chosen_units(
    parts: tuple[Part, ...],
    units: Iterable[ClaimedFromSupplier],
    refund: str,
    *,
    claimed_on: Day | None = None,
) -> tuple[ClaimedFromSupplier, ...]:
    """Those of the unclaimed units, or all of them; `claimed_on`: whose window is open that day.

    What was dealt with is said first, since its window does not matter any more.
    Raises: NothingToClaim, UnitsDealtWith, SupplierWindowOver.
    """
    units = tuple(units)
    open_units = units if claimed_on is None else tuple([it for it in units if it.until >= claimed_on])
    if not units and not parts:
        raise NothingToClaim(refund)
    of_line, open_of_line = _by_line(units), _by_line(open_units)
    if not open_units and not parts:
        line = units[0].line
        raise SupplierWindowOver(refund, line, _count(of_line[line]), 0)
    chosen: list[ClaimedFromSupplier] = []
    for part in parts:
        for within, refusal in ((of_line, UnitsDealtWith), (open_of_line, SupplierWindowOver)):
            if part.quantity > (left := _count(within[part.line])):
                raise refusal(refund, part.line, part.quantity, left)
        chosen.extend(_first_of(part, open_of_line[part.line]))
    return tuple(chosen) if parts else open_units


def _by_line(units: Iterable[ClaimedFromSupplier]) -> defaultdict[int, list[ClaimedFromSupplier]]:
    found = defaultdict[int, list[ClaimedFromSupplier]](list)
    for unit in units:
        found[unit.line].append(unit)
    return found


def _count(units: Iterable[ClaimedFromSupplier]) -> int:
    return sum([unit.quantity for unit in units])


def _first_of(part: Part, units: Iterable[ClaimedFromSupplier]) -> Iterator[ClaimedFromSupplier]:
    """As many units as the part names, of those of its line."""
    missing = part.quantity
    for unit in units:
        taken = min(missing, unit.quantity)
        missing -= taken
        if taken:
            yield msgspec.structs.replace(unit, quantity=taken)


def are_units(parts: tuple[Part, ...], units: Iterable[ClaimedFromSupplier]) -> bool:
    """Whether these are the units named."""
    claimed: Counter[int] = Counter()
    for unit in units:
        claimed[unit.line] += unit.quantity
    return claimed == Counter({part.line: part.quantity for part in parts})
