"""A small shop that keeps its money by the rules: the orders, units, bills and credit of its customers.

Written from the rules alone, and importing nothing of the project, so that it can be wrong only by itself.
It keeps every unit as a thing with a price, where the domain counts; amounts are whole minor units.

What is asked of it either happens or raises `Refused` with every rule that forbids it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from tests.model.prices import Asked, line_totals, unit_prices

GOOD_REASONS = ("illness", "job_loss", "bereavement", "never_received", "disputed", "other")


class Refused(Exception):
    """What was asked may not be, by any of these rules."""

    def __init__(self, *rules: str) -> None:
        super().__init__(*rules)
        self.rules = frozenset(rules)


@dataclass
class Unit:
    """One ordered unit; the line's last one is cancelled first, its first one ships and is refunded first."""

    price: int
    state: Literal["to_ship", "shipped", "cancelled", "refunded"] = "to_ship"
    shipment: str | None = None
    arrived: date | None = None
    window_used: bool = False
    """Its guarantee went with a refund. Which window does is not about which price does. R-G3, R-G6"""


@dataclass
class Bill:
    """A bill, or what a reversed payment left owed without one (`why` chargeback)."""

    name: str
    why: Literal["shipment", "chargeback"]
    amount: int
    issued: date
    due: date
    shipment: str | None = None
    paid: int = 0
    cleared: int = 0
    written_off: int = 0
    let_off: int = 0
    """Written off, whatever a refund reopened of it since: for the customer's standing."""
    given_up: int = 0
    """Of what is open, marked uncollectible for the books."""
    overdue: bool = False
    """Something was open when the day after its last day began."""
    was_given_up: bool = False
    was_let_off: bool = False
    excused: bool = False
    """The customer was reached and had a good reason."""

    @property
    def open(self) -> int:
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
    reversed: int = 0


@dataclass
class Refund:
    """Money that will go back."""

    granted: int
    credit_amount: int
    paid: int = 0
    set_aside: int = 0
    came_back: bool = False
    """A payout did not arrive, so that another way may be taken."""


@dataclass
class Hold:
    """Why an order waits: its card was declined. `tests.model.holds` says what becomes of it."""

    since: date
    fraud: bool = False
    searched: bool = False
    attempts: list[str | None] = field(default_factory=list[str | None])
    """To reach the customer, each by its contact point, if it was one on file."""
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
    fee_with: str | None = None
    """The shipment that carried the fee."""
    fee_returned: bool = False
    hold: Hold | None = None
    was_held: bool = False
    reached: bool = False
    """The customer, while it waited or after."""
    released: bool = False
    """To ship without payment."""
    released_by_owner: bool = False
    closed: bool = False
    """As not delivered."""
    charged: int = 0
    received: int = 0
    credit_used: int = 0
    reversed: int = 0
    credited: int = 0
    refunded: int = 0
    set_aside: int = 0
    written_off: int = 0
    bills: dict[str, Bill] = field(default_factory=dict[str, Bill])
    payments: dict[str, Payment] = field(default_factory=dict[str, Payment])
    reversals: dict[str, tuple[str, int, int, str | None]] = field(
        default_factory=dict[str, tuple[str, int, int, str | None]]
    )
    """Of which payment, how much, how much of it came again, and what it left owed."""
    refunds: dict[str, Refund] = field(default_factory=dict[str, Refund])
    shipments: set[str] = field(default_factory=set[str])
    disputes: set[str] = field(default_factory=set[str])
    """Open ones."""

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
        waiting = [unit.price for line in self.lines for unit in line if unit.state == "to_ship"]
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
    def cash(self) -> int:
        """What of the money due back leaves as cash."""
        kept = max(0, self.set_aside - self.credit_used)
        return max(0, min(self.due_back, self.received - self.reversed - self.refunded - kept))

    @property
    def gone(self) -> bool:
        """Every unit was refunded or cancelled."""
        return all(unit.state in ("cancelled", "refunded") for line in self.lines for unit in line)

    @property
    def proves_payment(self) -> bool:
        """Something shipped, and what it cost was paid or written off: credit counts, a refund does not."""
        return self.charged > 0 and all(
            bill.amount <= bill.paid + bill.let_off for bill in self.bills.values()
        )

    def units(self, line: int, state: str) -> list[Unit]:
        return [unit for unit in self.lines[line - 1] if unit.state == state]


@dataclass
class Credit:
    """A customer's credit in one currency. I15"""

    granted: int = 0
    set_aside: int = 0
    used: int = 0
    paid_out: int = 0

    @property
    def available(self) -> int:
        return self.granted + self.set_aside - self.used - self.paid_out


class Shop:
    """All that the shop knows."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.orders: dict[str, Order] = {}
        self.credits: dict[tuple[str, str], Credit] = {}
        """By customer and currency."""
        self.given_up = 0
        """The allowance for bad debt, over all currencies."""

    def wait(self, days: int) -> None:
        """Days pass; what was not paid by its last day is overdue. R-B1"""
        self.today += timedelta(days=days)
        for order in self.orders.values():
            for bill in order.bills.values():
                bill.overdue = bill.overdue or (bill.open > 0 and bill.due < self.today)

    # Placing

    def place(
        self,
        name: str,
        customer: str,
        currency: str,
        terms: Literal["card", "bill_after"],
        lines: Sequence[Asked],
        order_discount: int = 0,
        order_tax: int = 0,
        shipping: int = 0,
        shipping_tax: int = 0,
        shipping_credit: int = 0,
    ) -> None:
        """R-D1: nothing refuses an order but figures that are none (I1)."""
        goods = [line.quantity * line.unit_price - line.discount for line in lines]
        if shipping_credit > shipping + shipping_tax or min(goods) < 0 or order_discount > sum(goods):
            raise Refused("I1")
        totals = line_totals(lines, order_discount, order_tax)
        priced = [
            [Unit(price) for price in unit_prices(line.quantity, total)]
            for line, total in zip(lines, totals, strict=True)
        ]
        self.orders[name] = Order(
            name=name,
            customer=customer,
            currency=currency,
            terms=terms,
            lines=priced,
            fee=shipping + shipping_tax - shipping_credit,
            standing=self.standing(customer),
        )

    def standing(self, customer: str) -> Literal["new", "existing"]:
        """R-D5"""
        earlier = [order for order in self.orders.values() if order.customer == customer]
        return "existing" if any(order.proves_payment for order in earlier) else "new"

    def watched(self, customer: str) -> bool:
        """R-B2: any overdue open bill, by its due date."""
        return any(
            bill.open > 0 and bill.due < self.today
            for order in self.orders.values()
            if order.customer == customer
            for bill in order.bills.values()
        )

    # Money that comes

    def capture(self, name: str, payment: str, amount: int) -> None:
        """I12: the units not yet covered first, then the open bills, oldest first."""
        order = self.orders[name]
        not_covered = order.to_ship - order.deposit
        if amount > not_covered + order.open:
            raise Refused("I12")
        self._pay_oldest(order, amount - min(amount, not_covered))
        order.received += amount
        order.payments[payment] = Payment(amount)

    def pay_bill(self, name: str, bill: str, payment: str, amount: int) -> int:
        """R-B6, I9: a write-off is undone by what comes, then it pays; the excess becomes credit."""
        order = self.orders[name]
        paid = order.bills[bill]
        self._undo_write_off(order, paid, min(amount, paid.written_off), by_refund=False)
        share = min(amount, paid.open)
        self._pay(paid, share)
        order.received += amount
        order.payments[payment] = Payment(amount)
        self._set_aside(order, amount - share)
        return amount - share

    def use_credit(self, name: str, amount: int) -> None:
        """I12, I15: as a capture, with what the customer has."""
        order = self.orders[name]
        not_covered = order.to_ship - order.deposit
        broken = set[str]()
        if amount > not_covered + order.open:
            broken.add("I12")
        credit = self.credit(order.customer, order.currency)
        if amount > credit.available:
            broken.add("I15")
        if broken:
            raise Refused(*broken)
        self._pay_oldest(order, amount - min(amount, not_covered))
        order.credit_used += amount
        credit.used += amount

    def _pay_oldest(self, order: Order, amount: int) -> None:
        for bill in order.bills.values():
            share = min(amount, bill.open)
            self._pay(bill, share)
            amount -= share

    def _pay(self, bill: Bill, amount: int) -> None:
        self.given_up -= bill.settle(amount)
        bill.paid += amount

    # Goods

    def ship(self, name: str, shipment: str, parts: Mapping[int, int], bill: str | None = None) -> int:
        """I2, I7, R-B1: charged once, covered or billed; what is billed."""
        order = self.orders[name]
        if any(quantity > len(order.units(line, "to_ship")) for line, quantity in parts.items()):
            raise Refused("I7")
        leaving = [
            unit for line, quantity in parts.items() for unit in order.units(line, "to_ship")[:quantity]
        ]
        carries_fee = not order.fee_charged and not order.fee_returned
        charge = sum(unit.price for unit in leaving) + (order.fee if carries_fee else 0)
        unpaid = max(0, charge - order.deposit)
        if unpaid and order.terms != "bill_after" and not order.released:
            raise Refused("I2")
        for unit in leaving:
            unit.state, unit.shipment = "shipped", shipment
        order.shipments.add(shipment)
        if carries_fee:
            order.fee_charged, order.fee_with = True, shipment
        order.charged += charge
        if unpaid:
            assert bill is not None
            order.bills[bill] = Bill(
                bill, "shipment", unpaid, self.today, self.today + timedelta(days=30), shipment
            )
        return unpaid

    def deliver(self, name: str, shipment: str) -> dict[int, int]:
        """I7: all of a shipment that is still under way arrives; the units, by line."""
        order = self.orders[name]
        arriving = {
            number: [unit for unit in line if unit.shipment == shipment and unit.arrived is None]
            for number, line in enumerate(order.lines, 1)
        }
        if not any(arriving.values()):
            raise Refused("I7")
        for units in arriving.values():
            for unit in units:
                unit.arrived = self.today
        return {line: len(units) for line, units in arriving.items() if units}

    def cancel(self, name: str, refund: str, parts: Mapping[int, int] | None) -> int:
        """I14: unshipped units, from the last downward; what becomes due back is granted. How much."""
        order = self.orders[name]
        waiting = {
            number: units
            for number in range(1, len(order.lines) + 1)
            if (units := order.units(number, "to_ship"))
        }
        if parts is None:
            parts = {line: len(units) for line, units in waiting.items()}
            if not parts:
                raise Refused("I14")
        if any(quantity > len(waiting.get(line, ())) for line, quantity in parts.items()):
            raise Refused("I14")
        before = order.due_back
        self._cancel(order, parts)
        credit = self._fee_back(order) if order.gone else 0
        self._clear(order, credit, concerned={order.fee_with} if credit else set())
        order.credited += credit
        granted = order.due_back - before
        if granted or credit:
            order.refunds[refund] = Refund(granted, credit)
        return granted

    def _cancel(self, order: Order, parts: Mapping[int, int]) -> None:
        for line, quantity in parts.items():
            for unit in order.units(line, "to_ship")[::-1][:quantity]:
                unit.state = "cancelled"

    def _fee_back(self, order: Order) -> int:
        """R-G6: the fee goes back once; one not yet charged never will be. What of it was charged."""
        if order.fee_returned:
            return 0
        order.fee_returned = True
        return order.fee if order.fee_charged else 0

    # Refunds

    def refund(
        self, name: str, refund: str, parts: Mapping[int, int], *, observed: bool
    ) -> tuple[int, dict[int, int]]:
        """R-G6, R-G9, R-G10, I14: shipped units from the first upward; unshipped ones are cancelled.

        An observed problem brings the fee back too. What is credited, and the units cancelled, by line.
        """
        order = self.orders[name]
        back: list[Unit] = []
        unshipped: dict[int, int] = {}
        for line, quantity in parts.items():
            shipped = order.units(line, "shipped")[:quantity]
            back.extend(shipped)
            rest = quantity - len(shipped)
            if rest > len(order.units(line, "to_ship")):
                raise Refused("I13", "R-G10")
            if rest:
                unshipped[line] = rest
        before = order.due_back
        self._cancel(order, unshipped)
        for unit in back:
            unit.state = "refunded"
        credit = sum(unit.price for unit in back)
        concerned = self._use_windows(order, parts, unshipped)
        if (observed or order.gone) and (fee := self._fee_back(order)):
            credit += fee
            concerned.add(order.fee_with)
        self._clear(order, credit, concerned)
        order.credited += credit
        granted = order.due_back - before
        if back or observed or granted or credit:
            order.refunds[refund] = Refund(granted, credit)
        return credit, unshipped

    def _use_windows(
        self, order: Order, parts: Mapping[int, int], unshipped: Mapping[int, int]
    ) -> set[str | None]:
        """R-G3: the windows that end first, what has not arrived last; the shipments they belong to."""
        concerned = set[str | None]()
        for line, quantity in parts.items():
            left = [unit for unit in order.lines[line - 1] if unit.shipment and not unit.window_used]
            left.sort(key=lambda unit: unit.arrived or date.max)
            for unit in left[: quantity - unshipped.get(line, 0)]:
                unit.window_used = True
                concerned.add(unit.shipment)
        return concerned

    def _clear(self, order: Order, credit: int, concerned: set[str | None]) -> None:
        """R-G9: open bills, the shipment's own first, then the oldest; then what was written off on them.

        What a reversed payment left owed is about every unit.
        """
        own = [bill for bill in order.bills.values() if bill.shipment and bill.shipment in concerned]
        for bill in [*own, *order.bills.values()]:
            share = min(credit, bill.open)
            self.given_up -= bill.settle(share)
            bill.cleared += share
            credit -= share
        rows = [bill for bill in order.bills.values() if bill.why == "chargeback"]
        for bill in [*own, *rows]:
            share = min(credit, bill.written_off)
            self._undo_write_off(order, bill, share, by_refund=True)
            bill.cleared += share
            credit -= share

    def pay_out(self, name: str, refund: str, cash: int, credit: int) -> None:
        """R-G8, I13: something, at most what is due back; first as money, as far as it came as money."""
        order = self.orders[name]
        as_credit = credit and cash < order.cash and not order.refunds[refund].came_back
        if not cash + credit or cash > order.cash or cash + credit > order.due_back or as_credit:
            raise Refused("I13", "R-G8", "R-G9")
        order.refunded += cash
        order.refunds[refund].paid += cash
        order.refunds[refund].set_aside += credit
        self._set_aside(order, credit)

    def return_payout(self, name: str, refund: str, amount: int) -> None:
        """A cheque that could not be delivered: owed again."""
        order = self.orders[name]
        order.refunded -= amount
        order.refunds[refund].paid -= amount
        order.refunds[refund].came_back = True

    def _set_aside(self, order: Order, amount: int) -> None:
        order.set_aside += amount
        self.credit(order.customer, order.currency).set_aside += amount

    # What is not paid

    def call(self, name: str, bill: str, *, excused: bool) -> None:
        """R-B3, R-B4: asked how they are; a good reason is remembered. Of a settled bill there is no call."""
        called = self.orders[name].bills[bill]
        if not called.open:
            raise Refused("R-B3", "R-B4", "R-B7")
        called.excused = called.excused or excused

    def write_off(self, name: str, bill: str, role: str) -> int:
        """R-B4, I10: reached, a good reason, an owner; all that is open."""
        order = self.orders[name]
        owed = order.bills[bill]
        if owed.was_let_off:
            return 0
        if not owed.open:
            raise Refused("R-B4", "R-B7")
        if role != "owner" or not owed.excused:
            raise Refused("R-B4", "I10", "H-owner")
        amount = owed.open
        self.given_up -= owed.settle(amount)
        owed.written_off += amount
        owed.let_off += amount
        owed.was_let_off = True
        order.written_off += amount
        return amount

    def mark_uncollectible(self, name: str, bill: str) -> int:
        """R-B5: for the books only."""
        owed = self.orders[name].bills[bill]
        if owed.was_given_up:
            return 0
        amount = owed.open
        if not amount:
            raise Refused("R-B5", "R-B7")
        owed.was_given_up = True
        owed.given_up += amount
        self.given_up += amount
        return amount

    def _undo_write_off(self, order: Order, bill: Bill, amount: int, *, by_refund: bool) -> None:
        bill.written_off -= amount
        order.written_off -= amount
        if not by_refund:
            bill.let_off -= amount

    # What is taken back

    def reverse(self, name: str, reversal: str, payment: str, amount: int, row: str) -> int:
        """R-B9, I13: the order's funds first; what goes beyond is owed from today. How much that is."""
        order = self.orders[name]
        taken = order.payments[payment]
        if amount > taken.amount - taken.reversed:
            raise Refused("I13", "R-B9")
        opened = max(0, amount - order.funds)
        taken.reversed += amount
        order.reversed += amount
        order.reversals[reversal] = (payment, amount, 0, row if opened else None)
        if opened:
            order.bills[row] = Bill(row, "chargeback", opened, self.today, self.today)
        return opened

    def reinstate(self, name: str, reversal: str, amount: int) -> None:
        """R-B9: what it left owed, open first, then written off; the rest adds to the funds."""
        order = self.orders[name]
        payment, reversed_, again, row = order.reversals[reversal]
        if amount > reversed_ - again:
            raise Refused("I13", "R-B9")
        order.reversals[reversal] = (payment, reversed_, again + amount, row)
        order.payments[payment].reversed -= amount
        order.reversed -= amount
        if row is None:
            return
        owed = order.bills[row]
        was_open = min(amount, owed.open)
        self._undo_write_off(order, owed, min(amount - was_open, owed.written_off), by_refund=False)
        self._pay(owed, min(amount, owed.open))

    # Credit

    def credit(self, customer: str, currency: str) -> Credit:
        return self.credits.setdefault((customer, currency), Credit())

    def grant_credit(self, customer: str, currency: str, amount: int) -> None:
        """§2: new money from us."""
        self.credit(customer, currency).granted += amount

    # Figures

    def balance(self, customer: str, currency: str) -> int:
        """§2: positive, the customer owes us."""
        owed = 0
        for order in self.orders.values():
            if (order.customer, order.currency) == (customer, currency):
                owed += order.charged - order.received + order.reversed - order.credited
                owed += order.refunded - order.written_off
        return owed - self.credit(customer, currency).granted

    def lifetime_value(self, customer: str, currency: str) -> int:
        """R-S4"""
        return sum(
            order.received - order.reversed - order.refunded
            for order in self.orders.values()
            if (order.customer, order.currency) == (customer, currency)
        )
