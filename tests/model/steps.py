"""What may happen, as steps of three small numbers' worth: a kind, which thing, how much.

A step reads the shop for what would be interesting to try, on both sides of every boundary, so that any
sequence of steps makes sense and any part of one does too: what fails can be made smaller.
"""

from collections.abc import Mapping, Sequence
from random import Random

from tests.model.bill_steps import BILLS
from tests.model.charge_steps import CHARGES
from tests.model.choices import Take
from tests.model.correction_steps import CORRECTIONS
from tests.model.decline_steps import DECLINES
from tests.model.goods_steps import GOODS
from tests.model.likely_steps import leave_out, likely
from tests.model.own_refund_steps import OWN_REFUNDS
from tests.model.payout_steps import PAYOUTS
from tests.model.refund_steps import REFUNDS
from tests.model.request_steps import REQUESTS
from tests.model.review_steps import REVIEWS
from tests.model.twins import Twins
from tests.model.unmatched_steps import UNMATCHED

Step = tuple[str, int, int]


def wait(twins: Twins, which: int, much: int) -> None:
    twins.wait((1, 4, 29, 30, 31, 95)[much % 6])


def again(twins: Twins, which: int, much: int) -> None:
    twins.again(which * 16 + much)


def likely_step(twins: Twins, which: int, much: int) -> None:
    kind, rest = likely(twins, which, much)
    STEPS[kind][1](twins, which, rest)


STEPS: Mapping[str, tuple[int, Take]] = {
    **GOODS,
    **BILLS,
    **CHARGES,
    **DECLINES,
    **REVIEWS,
    **REFUNDS,
    **PAYOUTS,
    **REQUESTS,
    **OWN_REFUNDS,
    **CORRECTIONS,
    **UNMATCHED,
    "likely": (180, likely_step),
    "leave_out": (1, leave_out),
    "wait": (2, wait),
    "again": (3, again),
}
"""How often each is tried, and how."""
KINDS = tuple(kind for kind, (weight, _) in STEPS.items() for _ in range(weight))
LARGEST = 255


KNOWN: tuple[Step, ...] = (
    *(("place", 0, 0), ("capture", 0, 0), ("ship", 0, 0)),
    *(("place", 0, 3), ("decline", 1, 0), ("search", 1, 0)),
)
"""An existing customer's order is declined; once somebody tries to reach them it ships by rule. Random steps
hardly ever come there.
"""

OWING: tuple[Step, ...] = (
    *(("place", 1, 0), ("ship", 0, 0), ("wait", 0, 4)),
    *(("place", 1, 3), ("review", 1, 0)),
)
"""Somebody who owes orders again on bill, and is asked to pay first."""


DUE: tuple[Step, ...] = (("place", 0, 0), ("capture", 0, 0), ("cancel", 0, 2))
"""Money is due back of an order of which something is to ship still."""


CHARGED: tuple[Step, ...] = (("place", 0, 0), ("attempt", 0, 0))
"""A card is charged, and nobody knows yet what became of it."""


def random_steps(chance: Random, count: int) -> list[Step]:
    """So many steps after the first ones; the same for the same seed."""

    def some(kind: str) -> Step:
        return kind, chance.randint(0, LARGEST), chance.randint(0, LARGEST)

    drawn = chance.random()
    usual = (some("place"), some("place"))
    firsts = ((0.2, KNOWN), (0.3, OWING), (0.45, DUE), (0.55, CHARGED), (1.0, usual))
    first = next(steps for upto, steps in firsts if drawn < upto)
    return [some("leave_out"), *first, *[some(chance.choice(KINDS)) for _ in range(count)]]


def taken(steps: Sequence[Step]) -> Twins:
    """The twins after all those steps, compared after each. Raises: one of `FAILURES` where they differ."""
    twins = Twins()
    for number, (kind, which, much) in enumerate(steps, 1):
        twins.number = number
        STEPS[kind][1](twins, which, much)
        twins.agree()
    return twins


FAILURES = (AssertionError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def outcome_of(steps: Sequence[Step]) -> Twins | Exception:
    """The twins after those steps; where they come to differ, how."""
    try:
        twins = taken(steps)
        twins.finish()
    except FAILURES as failure:
        return failure
    return twins


def fails(steps: Sequence[Step]) -> bool:
    """Whether the twins come to differ by those steps."""
    return isinstance(outcome_of(steps), Exception)
