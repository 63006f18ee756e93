"""A small shop that keeps its money by the rules: the orders, units, bills and credit of its customers.

Written from the rules alone, and importing nothing of the project, so that it can be wrong only by itself.
What may be done in it stands beside it, by subject; what is asked either happens or raises `Refused` with
every rule that forbids it:

    goods  receiving  charges  refunds  payouts  debts  reversals  corrections  holds  reviews
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from tests.model.orders import Credit, Order, OwnRefund, Refused, Unit
from tests.model.prices import Asked, line_prices, unit_prices

if TYPE_CHECKING:
    from tests.model.limits import Request
    from tests.model.unmatched import Unmatched


class Shop:
    """All that the shop knows."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.now = 0
        """The moment of what is asked; nothing is computed from it."""
        self.orders: dict[str, Order] = {}
        self.credits: dict[tuple[str, str], Credit] = {}
        """By customer and currency."""
        self.own_refunds: dict[str, OwnRefund] = {}
        self.requests: dict[str, Request] = {}
        """Of refunds that were not granted at once."""
        self.credit_requests: dict[str, Request] = {}
        """Of store credit."""
        self.decided: dict[tuple[str, date, str], int] = {}
        """How much within their limits: by person, day and currency."""
        self.gestures: dict[tuple[str, date, str], int] = {}
        """New credit given: by customer, day and currency."""
        self.list_price = 25_00
        """Of the one product listed, in USD."""
        self.unmatched: dict[str, Unmatched] = {}
        self.card_declines: list[date] = []
        """Days on which the one card on file was declined, though not for good."""
        self.card_is_dead = False
        self.given_up = 0
        """The allowance for bad debt, over all currencies."""

    def wait(self, days: int) -> None:
        """Days pass; what was not paid by its last day is overdue. R-B1"""
        self.today += timedelta(days=days)
        for order in self.orders.values():
            for bill in order.bills.values():
                if bill.overdue_at is None and bill.open > 0 and bill.due < self.today:
                    bill.overdue_at = self.today

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
        prices = line_prices(lines, order_discount, order_tax)
        priced = [
            [Unit(each) for each in unit_prices(line.quantity, price.total, price.tax)]
            for line, price in zip(lines, prices, strict=True)
        ]
        self.orders[name] = Order(
            name=name,
            customer=customer,
            currency=currency,
            terms=terms,
            lines=priced,
            fee=shipping + shipping_tax - shipping_credit,
            standing=self.standing(customer),
            was_watched=self.watched(customer),
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

    # Credit

    def credit(self, customer: str, currency: str) -> Credit:
        return self.credits.setdefault((customer, currency), Credit())

    # Figures

    def balance(self, customer: str, currency: str) -> int:
        """§2: positive, the customer owes us."""
        owed = -self.credit(customer, currency).granted
        for order in self.orders_of(customer, currency):
            owed += order.charged - order.received + order.reversed - order.credited
            owed += order.refunded - order.written_off
        for it in self.own_refunds_of(customer, currency):
            owed += it.paid - (0 if it.corrected else it.credit_amount)
        return owed

    def lifetime_value(self, customer: str, currency: str) -> int:
        """R-S4"""
        kept = [it.received - it.reversed - it.refunded for it in self.orders_of(customer, currency)]
        return sum(kept) - sum(it.paid for it in self.own_refunds_of(customer, currency))

    def cash_in(self, customer: str, currency: str) -> int:
        """All that ever came as money, taken back or not; and what nobody verified, kept as credit (R-G4)."""
        came = [it.amount for order in self.orders_of(customer, currency) for it in order.payments.values()]
        unverified = [it for it in self.own_refunds_of(customer, currency) if not it.is_credit]
        return sum(came) + sum(it.set_aside for it in unverified)

    def cash_out(self, customer: str, currency: str) -> int:
        """What left as money of it, and what may: refunds of orders, and credit asked back; not what of that
        became credit again, once a bank took what was behind it. R-G8, I15
        """
        left = [order.refunded + order.cash for order in self.orders_of(customer, currency)]
        asked_back = [
            it for it in self.own_refunds_of(customer, currency) if it.is_credit and not it.corrected
        ]
        credit = self.credit(customer, currency)
        return sum(left) + sum(it.granted - it.set_aside for it in asked_back) + credit.payable

    def orders_of(self, customer: str, currency: str) -> list[Order]:
        return [it for it in self.orders.values() if (it.customer, it.currency) == (customer, currency)]

    def own_refunds_of(self, customer: str, currency: str) -> list[OwnRefund]:
        return [it for it in self.own_refunds.values() if (it.customer, it.currency) == (customer, currency)]
