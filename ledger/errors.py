"""What the record answers when it cannot answer with a receipt. Each is one situation with one way out.

LedgerError
├── UnknownBook, BookExists      the name of a book
├── VersionMismatch              the caller's expectation (`If-Match`) is out of date
├── KeyReused                    one idempotency key, two different requests
├── StreamBusy                   other processes kept winning the race for a stream
├── QueueFull, Unavailable       try again later
│   └── RebuildSwitching         … in a moment: a rebuild writes the rows that are asked for
├── StreamsNotTicked             a tick went on without some streams, which failed
├── NominatedAtEveryTick         streams whose deadlines stand still, and are looked at all the same
├── OutOfReach                   somebody outside, whom an errand asks, does not answer
├── ProjectionBuilding, RowsBehind   read models that cannot answer yet
├── NoSuchEntry                  the book does not reach that position
├── RebuildUnderWay              another process folds the same book anew
├── RebuildStoodStill            a rebuild stopped in its last step, and lost what others waited for
├── ClockNotMovable              a live book runs by the machine's clock
├── Unrecordable                 text or a number the record cannot hold
├── Undecodable                  a stored entry that this release cannot read
└── ChainBroken                  the stored entries are not those that were hashed
ClaimTaken                       a refusal: the value is claimed by another stream
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar

from domain.payments.references import PAYOUT_REF
from domain.refusal import Refusal


class LedgerError(Exception):
    """The record cannot answer with a receipt."""


class UnknownBook(LedgerError):
    """No book has that name here."""


class BookExists(LedgerError):
    """A book of that name is already open."""


class VersionMismatch(LedgerError):
    """The stream has moved on since the caller looked at it."""

    def __init__(self, stream: str, expected: frozenset[int], actual: int) -> None:
        super().__init__(f"{stream} is at version {actual}, not {sorted(expected)}")
        self.stream, self.expected, self.actual = stream, expected, actual


class KeyReused(LedgerError):
    """The idempotency key already belongs to a different request of the same principal."""


class StreamBusy(LedgerError):
    """Other processes kept changing the streams this command decides on."""

    def __init__(self, streams: tuple[str, ...]) -> None:
        super().__init__(f"still changing under other writers: {', '.join(streams)}")
        self.streams = streams


class QueueFull(LedgerError):
    """More appends wait than the writer may hold."""


class Unavailable(LedgerError):
    """The database does not answer.

    Whether a waiting command is recorded is then unknown; asking again with the same idempotency key is safe.
    """


class RebuildSwitching(Unavailable):
    """A rebuild is in its last step: what needs the rows it writes waits until it has written them.

    Nothing was recorded.
    """

    def __init__(self, projection: str) -> None:
        super().__init__(projection)
        self.projection = projection

    def __str__(self) -> str:
        return f"A rebuild of {self.projection} is switching; try again in a moment."


class StreamsNotTicked(LedgerError):
    """What time has decided in some streams could not be recorded; in all the others it was."""

    def __init__(self, failures: Mapping[str, Exception]) -> None:
        told = [f"{stream} ({type(failure).__name__})" for stream, failure in failures.items()]
        super().__init__(f"not ticked: {', '.join(told)}; all other streams were")
        self.failures = dict(failures)


class NominatedAtEveryTick(LedgerError):
    """What says when time decides something in these streams stands still: every tick looks at them."""

    def __init__(self, streams: Collection[str]) -> None:
        super().__init__(
            f"the deadlines of {', '.join(sorted(streams))} stand still: every tick looks at them"
            " (makegood projections parked)"
        )
        self.streams = frozenset(streams)


class OutOfReach(LedgerError):
    """Somebody outside does not answer: a processor of payments, a carrier.

    Whether what was asked for is done is then unknown; asking again under the same key is safe.
    """


class Unrecordable(LedgerError):
    """A text or a number that the record cannot hold: NUL, a lone surrogate, an integer over 64 bits."""


class Undecodable(LedgerError):
    """A stored entry is of no type and schema version this release knows; a newer one may have written it."""

    def __init__(self, position: int, what: str) -> None:
        super().__init__(position, what)  # as it was made, so that it can be carried to another process
        self.position, self.what = position, what

    def __str__(self) -> str:
        return f"entry {self.position}: {self.what}"


class ProjectionBuilding(LedgerError):
    """The rows of a projection are being folded for the first time."""

    def __init__(self, projection: str, done: int, of: int) -> None:
        super().__init__(f"{projection} is being built: {done} of {of} entries")
        self.projection, self.done, self.of = projection, done, of


class NoSuchEntry(LedgerError):
    """The book does not reach that position."""


class RowsBehind(LedgerError):
    """The rows of a projection do not hold a position yet."""

    def __init__(self, position: int) -> None:
        super().__init__(f"the rows stand at entry {position}")
        self.position = position


class RebuildUnderWay(LedgerError):
    """Another process is folding projections of the same book anew."""


class RebuildStoodStill(LedgerError):
    """A rebuild stood still while others waited for it. The database ended it, and nothing was written."""


class ClockNotMovable(LedgerError):
    """Only a demo book's clock can be moved, and only forward."""


class ChainBroken(LedgerError):
    """A stored entry is not the one that was hashed, or one is missing."""

    def __init__(self, position: int, what: str) -> None:
        super().__init__(f"entry {position}: {what}")
        self.position, self.what = position, what


_PARTS = (
    "Open what holds the reference: money that left never counts twice. What pays several refunds at once is"
    " named for each with a part of its own, as in 815/1 and 815/2."
)
_OWN_NAME = (
    "Open what holds the reference: the same payment never counts twice. If other money came under the same"
    " name, give this one a name of its own, as in RF18-5390/2."
)
CLAIMED = {
    "order_ref": "The order's external_ref, in this channel,",
    "customer_ref": "The customer's external_ref, in this channel,",
    "sku": "The sku",
    "refund": "The refund's id",
    "return": "The return's id",
    "supplier_claim": "The id of the claim on a supplier",
    "processor_ref": "The payment's reference, at this processor or bank,",
    "bill_payment_ref": "The number of what this customer sent, in this way,",
    "bill_payment_ref_again": "The number of the corrected payment of this customer",
    "payout_ref": "The reference of money that left us, in this way,",
    "payout_ref_again": "The number of a payout that came back to us",
    "unmatched_ref": "The reference of unmatched money, at this processor,",
    "processor_ref_again": "The reference of the corrected payment, at this processor or bank,",
}
"""What each kind of claim is on."""


@dataclass(eq=True, unsafe_hash=True)
class ClaimTaken(Refusal):
    """The reference is already taken by something else in this book."""

    rule: ClassVar[str] = "I12"
    way_out: ClassVar[str] = "Open what holds the reference, or use the reference that belongs to this one."

    kind: str
    value: str
    holder: str
    """The stream that holds the claim."""

    @property
    def cause(self) -> str:
        """Which kind of reference it is; the reference itself is the caller's."""
        return f"{CLAIMED[self.kind]} is already taken by something else in this book."

    @property
    def advice(self) -> str:
        """What waits is assigned; what paid several at once has parts; other money has another name."""
        if self.holder.startswith("unmatched/"):
            return (
                "Money without a place has this reference, or went back under it: open it. If it waits, say"
                " what it was for: assign it."
            )
        if self.kind == PAYOUT_REF:
            return _PARTS
        return _OWN_NAME if self.kind.startswith("bill_payment_ref") else self.way_out
