"""Which units of which refund were claimed from their supplier or given up: each unit is claimed once.

What was claimed of a refund that was taken back stays claimed. It is of the refunds granted after that:
first of the same units; then of those of the same shipment, where they were under way when they were claimed;
then of those of the line, where the shipment they were claimed of was none. It is never of a refund that was
granted before, which is of other units: so what is left of a refund changes by its own claims alone. What was
given up of a refund that was none may be claimed after all. Source: R-G2, H-correct
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from operator import itemgetter

from domain.orders.order import Placed
from domain.refunds.refund_events import RefundGranted
from domain.suppliers.supplier_claim import SupplierClaim
from domain.suppliers.supplier_events import SupplierClaimFiled

Which = tuple[int, str | None, str | None]
"""Which units: line, shipment and delivery; of a shipment that was none, the line alone."""


def dealt_with(state: Placed, granted: RefundGranted) -> Counter[Which]:
    """Units of a refund that were claimed or given up, those claimed before where they were refunded anew.

    It may be about to be granted: then nothing of it was but those.
    """
    if not state.supplier_claims:
        return Counter()
    told = _Told()
    for _, tell in sorted(_steps(state, told), key=itemgetter(0)):
        tell()
    if granted.refund not in state.refunds:
        told.granted(granted)
    return told.claimed[granted.refund] + told.given_up[granted.refund]


Step = tuple[int, Callable[[], None]]
"""A position, and what is told there."""


def _steps(state: Placed, told: "_Told") -> Iterator[Step]:
    for refund in state.refunds.values():
        yield refund.position, partial(told.granted, refund.granted)
        if refund.corrected is not None:
            yield refund.corrected, partial(told.was_none, refund.granted.refund)
    for claim in state.supplier_claims.values():
        yield claim.position, partial(told.begun, claim)
    for name, shipment in state.shipments.items():
        if shipment.corrected is not None:
            yield shipment.corrected, partial(told.never_left, name)


class _Told:
    """What was claimed, as the entries of an order tell it one after the other."""

    def __init__(self) -> None:
        self.claimed: dict[str, Counter[Which]] = {}
        """By refund that stands."""
        self.given_up: dict[str, Counter[Which]] = {}
        self._of_none: Counter[Which] = Counter()
        """Claimed of refunds that were taken back, and of none since."""

    def granted(self, it: RefundGranted) -> None:
        units: Counter[Which] = Counter()
        for part in it.parts:
            if part.line is not None:
                units[part.line, part.shipment, part.delivery] += part.quantity
        self.claimed[it.refund] = self._refunded_anew(units)
        self.given_up[it.refund] = Counter()

    def begun(self, claim: SupplierClaim) -> None:
        of_refund = self.claimed if isinstance(claim.begun, SupplierClaimFiled) else self.given_up
        for unit in claim.units:
            of_refund[claim.begun.refund][unit.line, unit.shipment, unit.delivery] += unit.quantity

    def was_none(self, refund: str) -> None:
        self._of_none.update(self.claimed[refund])
        self.claimed[refund] = self.given_up[refund] = Counter()

    def never_left(self, name: str) -> None:
        for which in [which for which in self._of_none if which[1] == name]:
            self._of_none[which[0], None, None] += self._of_none.pop(which)

    def _refunded_anew(self, units: Counter[Which]) -> Counter[Which]:
        """Of these units, those that were claimed before: none of what is claimed so is another refund's."""
        claimed: Counter[Which] = Counter()
        for as_claimed in (_the_same, _under_way, _of_the_line):
            for which, quantity in units.items():
                before = as_claimed(which)
                taken = min(quantity - claimed[which], self._of_none[before])
                self._of_none[before] -= taken
                claimed[which] += taken
        return claimed


def _the_same(which: Which) -> Which:
    return which


def _under_way(which: Which) -> Which:
    return which[0], which[1], None


def _of_the_line(which: Which) -> Which:
    return which[0], None, None
