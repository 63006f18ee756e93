"""Credit: using what a customer has for an order, and giving new credit."""

from pydantic import Field
from starlette.responses import Response

from api.answers import Receipt
from api.bodies import Money, Writing
from api.call import Call, asked
from api.grammars import CustomerInPath, FreeText, OrderInPath
from api.permissions import Permission
from api.section import Section
from api.v1.customers import PLACE as CUSTOMERS
from api.v1.orders import PLACE as ORDERS
from domain.customers.crediting import GrantStoreCredit, UseCredit
from domain.customers.registering import Customer
from domain.orders.order import Placed
from domain.payments.payment_events import CreditKind
from ledger.identity import mint

credits = Section("credit", "A customer's credit: excess payments, refunds kept, and gestures in money.")


class UseCreditBody(Writing):
    """How much of the customer's credit to use."""

    amount: Money


class GrantStoreCreditBody(Writing):
    """New money from us."""

    amount: Money
    kind: CreditKind
    note: FreeText | None = Field(default=None, description="What the customer is told. Kept sealed.")


@credits.decision("/v1/orders/{order}/credit", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True)
async def use_credit(call: Call, order: OrderInPath, body: UseCreditBody) -> Response:
    """Use a customer's credit for their order

    It counts as a payment: it covers the units still to ship first, then pays the open bills, oldest first.
    """
    customer = (await call.found(order, Placed)).placed.customer
    command = asked(
        UseCredit,
        order=order,
        customer=customer,
        use=mint("use"),
        amount=body.amount.amount,
        currency=body.amount.currency,
    )
    return await call.decide(command, body, subject="ord", of=customer, stream=order, place=ORDERS)


@credits.decision(
    "/v1/customers/{customer}/credit", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def grant_store_credit(call: Call, customer: CustomerInPath, body: GrantStoreCreditBody) -> Response:
    """Give a customer credit

    New money from us, out of goodwill or to put figures right, up to the limit of whoever gives it; it never
    comes out as cash.
    """
    await call.found(customer, Customer)
    command = asked(
        GrantStoreCredit,
        customer=customer,
        credit=mint("crd"),
        kind=body.kind,
        amount=body.amount.amount,
        currency=body.amount.currency,
        note=None if body.note is None else await call.seal(customer, "note", body.note),
    )
    return await call.decide(command, body, subject="cus", of=customer, stream=customer, place=CUSTOMERS)
