"""What a small shop knows of an order: units, bills, payments, refunds, and the columns of its account.

Written from the rules alone, and importing nothing of the project, so that it can be wrong only by itself.
It keeps every unit as a thing with a price, where the domain counts; amounts are whole minor units.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from tests.model.prices import Price


class Refused(Exception):
    """What was asked may not be, by any of these rules."""

    def __init__(self, *rules: str) -> None:
        super().__init__(*rules)
        self.rules = frozenset(rules)


State = Literal["refunded", "shipped", "to_ship", "cancelled"]
"""Of the units of a line, in this order: the first ships and is refunded first, the last cancelled first."""


@dataclass
class Unit:
    """One ordered unit."""

    price: Price
    state: State = "to_ship"


@dataclass
class Window:
    """The guarantee of one unit that left. Which one a refund uses is not about which price. R-G3, R-G6"""

    line: int
    shipment: str
    arrived: date | None = None
    used: bool = False


@dataclass
class Shipment:
    """What left together."""

    charge: int
    prices: dict[int, Price]
    """Of its units, by line."""
    quantities: dict[int, int]
    carries_fee: bool
    bill: str | None
    corrected: bool = False


@dataclass
class Share:
    """What settled a bill, and what of it had been given up for the books."""

    bill: str
    amount: int
    given_up: int = 0


@dataclass
class Promise:
    """To pay a bill by its last day."""

    due: date
    outcome: Literal["kept", "broken", "replaced"] | None = None
    kept_by: str | None = None
    broken_at: date | int | None = None


@dataclass
class Bill:
    """A bill, or what a payment taken back left owed without one."""

    name: str
    why: Literal["shipment", "chargeback", "correction"]
    amount: int
    issued: date
    due: date
    shipment: str | None = None
    paid: int = 0
    cleared: int = 0
    cleared_late: int = 0
    """Of that, by a refund in the place of a payment that never came."""
    let_off_late: int = 0
    """Of that, written off before that payment."""
    written_off: int = 0
    let_off: int = 0
    """Written off, whatever a refund reopened of it since: for the customer's standing."""
    given_up: int = 0
    """Of what is open, marked uncollectible for the books."""
    overdue_at: date | int | None = None
    """The day at whose beginning something was open after its last day; the moment, if it was open again."""
    overdue_as: str | None = None
    """The bill of which that was told, where this one took its place since."""
    was_given_up: bool = False
    was_let_off: bool = False
    excused: bool = False
    """The customer was reached and had a good reason."""
    promises: dict[str, Promise] = field(default_factory=dict[str, Promise])
    void: bool = False
    """Corrected."""
    fell_away: int = 0
    """What of it was about a charge that never was."""

    @property
    def open(self) -> int:
        if self.void:
            return 0
        return self.amount - self.paid - self.cleared - self.written_off

    def settle(self, amount: int) -> int:
        """So much of it is open no longer; what of it had been given up. R-B5"""
        released = min(amount, self.given_up)
        self.given_up -= released
        return released


@dataclass
class Payment:
    """Money that came for an order."""

    amount: int
    by_card: bool = False
    """On file: there is one."""
    reversed: int = 0
    went_back: int = 0
    """The way it came."""
    paid: list[Share] = field(default_factory=list[Share])
    undone: list[Share] = field(default_factory=list[Share])
    """Of write-offs."""
    set_aside: int = 0
    came_with: int | None = None
    """The step with which it came, where it was asked for with another."""
    corrected: bool = False

    @property
    def standing(self) -> int:
        """What of it was not taken back from us."""
        return 0 if self.corrected else self.amount - self.reversed


@dataclass
class Refund:
    """Money that will go back."""

    granted: int
    credit_amount: int
    paid: int = 0
    set_aside: int = 0
    came_back: bool = False
    """A payout did not arrive, so that another way may be taken."""
    failed: set[str | None] = field(default_factory=set[str | None])
    """Payments against which it did not."""
    by_hand: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    """What went back against which payment, and nobody said under which reference; by payout."""
    parts: Counter[str] = field(default_factory=Counter[str])
    """What of those left in parts, each with its reference."""
    bills_then: dict[str, int] = field(default_factory=dict[str, int])
    """By payout: how many bills the order had when it left."""
    settled: int = 0
    """What of it cleared bills and write-offs as it was granted."""
    beside: int = 0
    """What cleared them beside what was granted, which was only what became due back."""
    refunded: dict[int, Price] = field(default_factory=dict[int, Price])
    """What its shipped units cost, by line."""
    windows: list[Window] = field(default_factory=list[Window])
    cancelled: dict[int, Price] = field(default_factory=dict[int, Price])
    quantities: dict[tuple[int, State], int] = field(default_factory=dict[tuple[int, State], int])
    """Units it refunded and cancelled, by line."""
    returns_fee: bool = False
    cleared: list[Share] = field(default_factory=list[Share])
    undone: list[Share] = field(default_factory=list[Share])
    """Of write-offs."""
    corrected: bool = False

    @property
    def claim(self) -> int:
        """What may still be given of it, what cleared a bill included: that money may come again."""
        return 0 if self.corrected else self.granted - self.paid - self.set_aside


@dataclass
class Kept:
    """Money of the customer's, set aside at once. `tests.model.kept` says what becomes of it."""

    order: str | None = None
    """None where nobody could verify what it was for."""
    payment: str | None = None
    """That exceeded its bill; None where a refund was kept."""


Pile = list[tuple[Kept, int]]
"""What is left of it in one place, as it came there."""


@dataclass
class OwnRefund:
    """Money that goes back to a customer for no order of theirs."""

    customer: str
    currency: str
    granted: int
    credit_amount: int
    is_credit: bool = False
    """Credit asked back."""
    pile: Pile = field(default_factory=Pile)
    """Whose money that is, without what left us or became credit again."""
    went: dict[str, Pile] = field(default_factory=dict[str, Pile])
    """Whose money left, by payout."""
    paid: int = 0
    set_aside: int = 0
    corrected: bool = False

    @property
    def left(self) -> int:
        return 0 if self.corrected else self.granted - self.paid - self.set_aside


@dataclass
class Hold:
    """Why an order waits: its card was declined, or its money did not last. `tests.model.holds` says what
    becomes of it.
    """

    began: int = 0
    """With which step."""
    charged_back: bool = False
    declined_on: date | None = None
    """When a bank first declined, while it waits or as it began."""
    searched: bool = False
    attempts: list[str | None] = field(default_factory=list[str | None])
    """To reach the customer since then, each by its contact point, if it was one on file."""
    left_to_a_person: bool = False


@dataclass
class Order:
    """An order and the columns of its account (§2)."""

    name: str
    customer: str
    currency: str
    terms: Literal["card", "bill_after"]
    lines: list[list[Unit]]
    fee: int
    standing: Literal["new", "existing"]
    fee_charged: bool = False
    fee_returned: bool = False
    was_watched: bool = False
    """The customer, when it was placed."""
    pays_first: bool = False
    """Whether the owner asked for payment before anything ships on bill."""
    hold: Hold | None = None
    ended_hold: Hold | None = None
    """The last, where it ended with money, a cancellation, or the order given up; and by which step."""
    ended_by: int = 0
    was_held: bool = False
    was_fraud: bool = False
    reached: bool = False
    """The customer, while it waited or after."""
    released: bool = False
    """To ship without payment."""
    released_by_owner: bool = False
    closed: bool = False
    """As not delivered."""
    under_way: tuple[str, int] | None = None
    """A charge of which nobody knows yet what became, and of how much."""
    charged: int = 0
    received: int = 0
    credit_used: int = 0
    gift: int = 0
    """What of the money here was a gift."""
    pile: Pile = field(default_factory=Pile)
    """What of it was the customer's own credit."""
    money_since: int = 0
    """How many orders had any, when it first came for this one."""
    reversed: int = 0
    credited: int = 0
    refunded: int = 0
    set_aside: int = 0
    written_off: int = 0
    bills: dict[str, Bill] = field(default_factory=dict[str, Bill])
    payments: dict[str, Payment] = field(default_factory=dict[str, Payment])
    reversals: dict[str, tuple[str, int, int, int]] = field(
        default_factory=dict[str, tuple[str, int, int, int]]
    )
    """Of which payment, how much, how much of it came again, and how many bills there were before."""
    refunds: dict[str, Refund] = field(default_factory=dict[str, Refund])
    disputes: dict[str, str | None] = field(default_factory=dict[str, str | None])
    """How each ended."""
    shipments: dict[str, Shipment] = field(default_factory=dict[str, Shipment])
    windows: list[Window] = field(default_factory=list[Window])

    @property
    def account(self) -> int:
        return (
            self.charged
            - self.received
            - self.credit_used
            + self.reversed
            - self.credited
            + self.refunded
            + self.set_aside
            - self.written_off
        )

    @property
    def open(self) -> int:
        return sum(bill.open for bill in self.bills.values())

    @property
    def to_ship(self) -> int:
        """Price of the units still to ship, with the fee not yet charged."""
        waiting = [unit.price.total for line in self.lines for unit in line if unit.state == "to_ship"]
        if not waiting:
            return 0
        fee = 0 if self.fee_charged or self.fee_returned else self.fee
        return sum(waiting) + fee

    @property
    def funds(self) -> int:
        return max(0, self.open - self.account)

    @property
    def deposit(self) -> int:
        return min(self.funds, self.to_ship)

    @property
    def due_back(self) -> int:
        return self.funds - self.deposit

    @property
    def cleared_late(self) -> int:
        """Of bills, by refunds and in the place of payments that never came."""
        return sum(bill.cleared_late for bill in self.bills.values())

    def clears(self) -> dict[str, int]:
        """What of each refund cleared bills: what its grant says, and then, the first granted first, what was
        cleared late. What is due back cleared nothing.
        """
        shares = {name: min(it.claim, it.settled) for name, it in self.refunds.items()}
        most = sum(it.claim for it in self.refunds.values()) - self.due_back
        change = min(self.cleared_late, most - sum(shares.values()))
        for name, it in self.refunds.items():
            room = min(it.claim, it.credit_amount - it.beside) - shares[name]
            part = min(change, room) if change > 0 else -min(-change, shares[name])
            shares[name] += part
            change -= part
        return shares

    def left_of(self, it: Refund) -> int:
        """What of that refund neither went to the customer nor cleared a bill."""
        clears = self.clears()
        return it.claim - sum(clears[name] for name, each in self.refunds.items() if each is it)

    @property
    def late_of_none(self) -> int:
        """Cleared late, and of no refund that can have."""
        clears = self.clears()
        return self.cleared_late - sum(
            max(0, clears[name] - it.settled) for name, it in self.refunds.items() if not it.corrected
        )

    @property
    def due_of_no_refund(self) -> int:
        """What is due back and was never granted."""
        return max(0, self.due_back - sum(it.claim for it in self.refunds.values()))

    @property
    def cash(self) -> int:
        """What of the money due back leaves as cash: §2's bound, and R-G8, I15: a gift never does."""
        kept = max(0, self.set_aside - self.credit_used)
        came = self.received - self.reversed - self.refunded - kept
        return max(0, min(self.due_back, came, self.money_here - self.gift))

    @property
    def fee_with(self) -> str | None:
        """The shipment that carried the fee."""
        for name, shipment in self.shipments.items():
            if shipment.carries_fee and not shipment.corrected:
                return name
        return None

    @property
    def gone(self) -> bool:
        """Every unit was refunded or cancelled."""
        return all(unit.state in ("cancelled", "refunded") for line in self.lines for unit in line)

    @property
    def proves_payment(self) -> bool:
        """Something shipped, and what it cost was paid or written off: credit counts, a refund does not."""
        return self.charged > 0 and all(
            bill.void or bill.amount <= bill.paid + bill.let_off + bill.fell_away
            for bill in self.bills.values()
        )

    @property
    def money_here(self) -> int:
        """Money that came, or credit that was used, and is still here."""
        return self.received + self.credit_used - self.reversed - self.refunded - self.set_aside

    def units(self, line: int, state: State) -> list[Unit]:
        return [unit for unit in self.lines[line - 1] if unit.state == state]


@dataclass
class Credit:
    """A customer's credit in one currency. I15"""

    granted: int = 0
    set_aside: int = 0
    used: int = 0
    paid_out: int = 0
    gifts: int = 0
    """What of it is still to be spent, and never paid out."""
    pile: Pile = field(default_factory=Pile)
    """The rest: the customer's own."""

    @property
    def available(self) -> int:
        return self.granted + self.set_aside - self.used - self.paid_out

    @property
    def payable(self) -> int:
        """All but gifts."""
        return max(0, self.available - self.gifts)
