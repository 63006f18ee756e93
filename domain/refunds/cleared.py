"""What of each refund of an order settled bills instead of going to the customer: at its grant, and since.

A grant says what it clears. What else the order meets changes that: a payment that never came had paid a bill
whose goods are refunded; a bank gives again what it had taken, and so what had cleared that is due back.

    cleared = what the grants say, and what settled bills late; of all refunds at most
              what they grant − what of it went to the customer − what is due back

What then is left of a grant is away: a bank took it, it never came, or it covers units still to ship.

    bill 75.95, of which 20.00 paid; its goods refunded   → 55.95 cleared, 20.00 due back
    then the payment corrected                            → 75.95 cleared
    charged back 75.95, then refunded                     → 75.95 cleared
    then the bank gives it again                          → nothing cleared, 75.95 due back

Source: R-G9, R-B9, §2 Money
"""

from collections.abc import Mapping

from domain.orders.order import Placed
from domain.refunds.refund import Refund


def cleared(state: Placed) -> Mapping[str, int]:
    """What of each refund settles bills, but for those taken back: as its grant says, then in the order in
    which they were granted. Minor units by refund id; what a cancellation clears beside what it grants stays
    apart. Source: R-G9
    """
    refunds = [refund for refund in state.refunds.values() if refund.corrected is None]
    shares = {refund.granted.refund: min(refund.cleared, refund.claim) for refund in refunds}
    not_due = sum([refund.claim for refund in refunds]) - state.purse().due_back
    more = min(_late(state), not_due - sum(shares.values()))
    for refund in refunds:
        share = shares[refund.granted.refund]
        change = max(-share, min(more, _most(refund) - share))
        shares[refund.granted.refund] = share + change
        more -= change
    return shares


def cleared_late(state: Placed, refund: Refund) -> int:
    """What of a refund that still stands settles bills only since a payment of them was corrected."""
    return max(0, cleared(state)[refund.granted.refund] - refund.cleared)


def late_of_none(state: Placed) -> int:
    """What settled bills late, and no refund can have cleared."""
    return _late(state) - sum(
        [cleared_late(state, refund) for refund in state.refunds.values() if refund.corrected is None]
    )


def _late(state: Placed) -> int:
    return sum([bill.cleared_late for bill in state.bills.values()])


def _most(refund: Refund) -> int:
    """Returned deposits clear nothing."""
    return min(refund.claim, refund.granted.credit_amount - refund.cleared_beside)
