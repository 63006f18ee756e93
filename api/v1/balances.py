"""What a customer owes or is owed, how it came about, and every figure of it explained."""

from typing import Annotated, Literal

import msgspec
from fastapi import Query
from starlette.responses import Response

from api.call import Call
from api.explanations import ExplainBalanceQuery, ExplanationAnswer, explained_by_deltas
from api.grammars import Currency, CustomerInPath
from api.lists import ListQuery, RowsPage, item_of, list_of
from api.permissions import Permission
from api.problems import Fault, Invalid, NotFound
from api.section import Section
from domain.customers.registering import Customer
from domain.entry import Minor
from domain.moments import Moment
from domain.orders.order_events import OrderPlaced
from ledger.projecting.conditions import Where
from ledger.projecting.listing import Listing
from projections.customer_balance import ANSWER as BALANCES
from projections.customer_balance import LIFETIME, CustomerBalance
from projections.customer_statement import ANSWER as LINES
from projections.customer_statement import CustomerStatement

balances = Section(
    "balances", "Who owes whom what. Positive: the customer owes us; negative: we owe the customer."
)

BALANCE = CustomerBalance()
MOST_ORDERS = 200
"""Orders looked through for a customer's only currency."""


class BalanceItem(msgspec.Struct, frozen=True):
    """What a customer owes or is owed in one currency."""

    customer: str
    currency: str
    charged: Minor
    received: Minor
    reversed: Minor
    credited: Minor
    refunded: Minor
    written_off: Minor
    balance: Minor
    open_bills: Minor
    deposits_held: Minor
    refunds_due: Minor
    credit_available: Minor
    goodwill_cost: Minor
    lifetime_value: Minor
    last_position: int


class LifetimeValueItem(msgspec.Struct, frozen=True):
    """What a customer has brought us in one currency. Source: R-S4"""

    customer: str
    currency: str
    received: Minor
    reversed: Minor
    refunded: Minor
    lifetime_value: Minor
    orders: int
    last_position: int


class StatementItem(msgspec.Struct, frozen=True):
    """An entry that moved a customer's balance, and the balance after it."""

    customer: str
    position: int
    currency: str
    order: str
    effective_at: Moment
    event: str
    reference: str
    plus: Minor
    minus: Minor
    balance: Minor


OF_CUSTOMER = Listing(
    projection=BALANCE,
    item=BalanceItem,
    answer=BALANCES,
    key=("currency",),
    group=("customer", "currency"),
)
LIFETIME_VALUE = Listing(
    projection=BALANCE,
    item=LifetimeValueItem,
    answer=LIFETIME,
    key=("currency",),
    group=("customer", "currency"),
)
STATEMENT = Listing(projection=CustomerStatement(), item=StatementItem, answer=LINES, key=("position",))


class StatementQuery(ListQuery):
    """Which lines of a statement."""

    currency: Currency | None = None
    sort: Literal["position", "-position"] = "position"


@balances.question(
    "/v1/customers/{customer}/balance",
    Permission.READ,
    answers=RowsPage[item_of(BalanceItem)],
    lists_rows=True,
)
async def show_balance(
    call: Call, customer: CustomerInPath, query: Annotated[ListQuery, Query()]
) -> Response:
    """Show what a customer owes or is owed

    One item per currency. A charge arises when goods ship; `deposits_held` is money for what is still to
    ship; `goodwill_cost` is shipping we bore and new credit out of goodwill, not what puts figures right.
    """
    await call.found(customer, Customer)
    return await list_of(call, OF_CUSTOMER, query, sort="currency", prefix=(customer,))


@balances.question(
    "/v1/customers/{customer}/lifetime-value",
    Permission.READ,
    answers=RowsPage[item_of(LifetimeValueItem)],
    lists_rows=True,
)
async def show_lifetime_value(
    call: Call, customer: CustomerInPath, query: Annotated[ListQuery, Query()]
) -> Response:
    """Show what a customer has brought us so far, per currency

    What came in, less what was taken back and what we paid back; never a forecast. It may make us more
    generous, and never less.
    """
    await call.found(customer, Customer)
    return await list_of(call, LIFETIME_VALUE, query, sort="currency", prefix=(customer,))


@balances.question(
    "/v1/customers/{customer}/balance/explain", Permission.READ, answers=ExplanationAnswer, flat=True
)
async def explain_balance(
    call: Call, customer: CustomerInPath, query: Annotated[ExplainBalanceQuery, Query()]
) -> Response:
    """Explain a figure of a customer's balance by the entries that made it

    Folded from the entries at this moment, so never behind them.
    """
    state = await call.found(customer, Customer)
    currency = query.currency or await _only_currency(call, customer, state)
    found = await call.book.read_models.explain(BALANCE, (customer, currency), query.column, query.at)
    return await explained_by_deltas(call, query, found, currency)


@balances.question(
    "/v1/customers/{customer}/statement",
    Permission.READ,
    answers=RowsPage[item_of(StatementItem)],
    lists_rows=True,
)
async def show_statement(
    call: Call, customer: CustomerInPath, query: Annotated[StatementQuery, Query()]
) -> Response:
    """Show how a customer's balance came about, with the running balance after each entry"""
    await call.found(customer, Customer)
    where = () if query.currency is None else (Where("currency", "=", query.currency),)
    return await list_of(call, STATEMENT, query, sort=query.sort, where=where, prefix=(customer,))


async def _only_currency(call: Call, customer: str, state: Customer) -> str:
    """The one currency of the customer's orders, credit and refunds.

    Raises: NotFound, Invalid, LedgerError.
    """
    placed = await call.book.page(0, MOST_ORDERS, types=frozenset({"order.placed"}), customer=customer)
    currencies = {entry.event.currency for entry in placed if isinstance(entry.event, OrderPlaced)}
    currencies |= state.credit.keys() | {refund.granted.currency for refund in state.refunds.values()}
    if not currencies:
        raise NotFound
    if len(currencies) > 1 or len(placed) == MOST_ORDERS:
        raise Invalid(faults=(Fault("currency", "Should be given: this customer may have several"),))
    return currencies.pop()
