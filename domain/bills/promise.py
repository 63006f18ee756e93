"""A promise's state: what was promised, and what became of it. Source: R-P1"""

from typing import Literal

import msgspec

from domain.bills.promise_events import PromiseMade
from domain.moments import Moment

PromiseOutcome = Literal["kept", "broken", "replaced"]


class Promise(msgspec.Struct, frozen=True):
    """A promise, when it was made, and the position that says so; `outcome` is None while it is open."""

    made: PromiseMade
    at: Moment
    position: int
    outcome: PromiseOutcome | None = None
    kept_by: str | None = None
    """The payment, use of credit or reinstatement that kept it."""
    falls_broken: Moment | None = None
    """When it is broken, where a correction opened it again; None: as `made` says."""

    @property
    def broken_at(self) -> Moment | None:
        """When it is broken unless kept by then; None for one from before the book went live."""
        if self.falls_broken is not None:
            return self.falls_broken
        for deadline in self.made.deadlines:
            if deadline.kind == "promise_broken":
                return deadline.due
        return None
