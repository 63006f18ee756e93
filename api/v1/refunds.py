"""Refunds: asking for one, granting it or passing it on, approving it; and signals about them."""

import msgspec
from starlette.responses import Response

from api.bodies import one_currency
from api.call import Call, asked
from api.grammars import CustomerInPath, OrderInPath, RefundInPath
from api.permissions import Permission
from api.problems import Fault, Invalid, NotFound
from api.section import Section
from api.v1.holders import holder_of
from api.v1.purchases import purchases_of
from api.v1.refund_bodies import (
    ApproveRefundBody,
    AskBody,
    DismissSignalBody,
    GrantCustomerRefundBody,
    GrantRefundBody,
    WithdrawRefundBody,
)
from api.v1.refund_receipts import RefundReceipt, decided_refund
from domain.book.policy import Policy
from domain.customers.registering import Customer
from domain.moments import day_of, plus_days
from domain.orders.order import Placed
from domain.refunds.approving import ApproveRefund, WithdrawRefund
from domain.refunds.granting import GrantRefund
from domain.refunds.granting_unverified import GrantUnverifiedRefund, PayOutCredit
from domain.refunds.limits import Deciding, limits_of
from domain.refunds.refund import REFUND
from domain.refunds.refund_events import (
    AskedUnits,
    ClaimedUnits,
    RefundAsk,
)
from domain.refunds.refund_signals import DismissFraudSignal
from ledger.identity import mint

refunds = Section(
    "refunds",
    "Whoever asks for a refund of something bought from us gets it; a limit escalates, never refuses.",
)


@refunds.decision(
    "/v1/orders/{order}/refunds",
    Permission.SERVE_CUSTOMERS,
    answers=RefundReceipt,
    conditional=True,
    escalates=True,
)
async def grant_refund(call: Call, order: OrderInPath, body: GrantRefundBody) -> Response:
    """Grant a refund of an order

    Units at the price paid, with their share of discount and tax; those not yet shipped are cancelled. Above
    the limit of whoever asks it is escalated to the next role and answered 202.
    """
    state = await call.found_order(order)
    customer = state.placed.customer if isinstance(state, Placed) else state.cart.customer
    if customer is None:
        raise NotFound
    ask = RefundAsk(
        units=tuple([AskedUnits(part.line, part.quantity) for part in body.parts]),
        observed_problem=body.observed_problem,
        proactive=body.proactive,
        first_contact_at=body.first_contact_at,
        asked_at=body.asked_at,
        note=await _sealed_note(call, customer, body),
    )
    command = asked(
        GrantRefund,
        order=order,
        customer=customer,
        refund=mint("ref"),
        ask=ask,
        deciding=await deciding_now(call),
        only_request=body.only_request,
    )
    return await decided_refund(call, command, body, order, customer)


@refunds.decision(
    "/v1/customers/{customer}/refunds",
    Permission.SERVE_CUSTOMERS,
    answers=RefundReceipt,
    conditional=True,
    escalates=True,
)
async def grant_customer_refund(
    call: Call, customer: CustomerInPath, body: GrantCustomerRefundBody
) -> Response:
    """Grant a refund that belongs to no order

    If there is any question whether it was bought from us, the full current list price; where there is none,
    a person states the amount. Or money we keep for the customer. What a search for the purchase shows is
    kept with it: the first 50 lines, how many more there are, and the units left to refund over all of them.
    """
    await call.found(customer, Customer)
    ask = RefundAsk(
        proactive=body.proactive,
        first_contact_at=body.first_contact_at,
        asked_at=body.asked_at,
        note=await _sealed_note(call, customer, body),
    )
    deciding = await deciding_now(call)
    if body.credit is not None:
        command = asked(
            PayOutCredit,
            customer=customer,
            refund=mint("ref"),
            currency=body.credit.currency,
            ask=msgspec.structs.replace(ask, credit=body.credit.amount),
            deciding=deciding,
            only_request=body.only_request,
        )
        return await decided_refund(call, command, body, customer, customer)
    skus = [claim.sku for claim in body.claims]
    products = await call.book.holders("sku", skus)
    claims = tuple(
        [
            ClaimedUnits(
                claim.quantity,
                claim.sku,
                None if claim.amount is not None else products.get(claim.sku),
                None if claim.amount is None else claim.amount.amount,
            )
            for claim in body.claims
        ]
    )
    command = asked(
        GrantUnverifiedRefund,
        customer=customer,
        refund=mint("ref"),
        currency=_currency_of(body),
        ask=msgspec.structs.replace(
            ask, claims=claims, searched=await purchases_of(call, customer, frozenset(skus))
        ),
        deciding=deciding,
        only_request=body.only_request,
    )
    return await decided_refund(call, command, body, customer, customer)


@refunds.decision(
    "/v1/refunds/{refund}/approval",
    Permission.SERVE_CUSTOMERS,
    answers=RefundReceipt,
    conditional=True,
    escalates=True,
)
async def approve_refund(call: Call, refund: RefundInPath, body: ApproveRefundBody) -> Response:
    """Grant a refund that was asked for before

    What was above the limit of whoever asked is approved by another person, in the role it waits for or above
    it. Above the limit of the approver it goes on to the next role.
    """
    stream, state, customer = await holder_of(call, REFUND, refund)
    request = state.refund_requests.get(refund)
    claims = () if request is None else request.requested.ask.claims
    command = asked(
        ApproveRefund,
        stream=stream,
        customer=customer,
        refund=refund,
        deciding=await deciding_now(call),
        products=tuple(sorted({claim.product for claim in claims if claim.product is not None})),
    )
    return await decided_refund(call, command, body, stream, customer)


@refunds.decision(
    "/v1/refunds/{refund}/withdrawal", Permission.SERVE_CUSTOMERS, answers=RefundReceipt, conditional=True
)
async def withdraw_refund(call: Call, refund: RefundInPath, body: WithdrawRefundBody) -> Response:
    """Note that a refund is no longer wanted, before it is granted"""
    stream, _, customer = await holder_of(call, REFUND, refund)
    command = asked(WithdrawRefund, stream=stream, refund=refund)
    return await decided_refund(call, command, body, stream, customer)


@refunds.decision(
    "/v1/customers/{customer}/fraud-signals/dismissal",
    Permission.REVIEW_SIGNALS,
    answers=RefundReceipt,
    conditional=True,
)
async def dismiss_fraud_signal(call: Call, customer: CustomerInPath, body: DismissSignalBody) -> Response:
    """Note that somebody looked at a signal and found nothing to do

    A supervisor or the owner. Signals inform; nothing is refused for them.
    """
    await call.found(customer, Customer)
    note = None if body.note is None else await call.seal_about(customer, "note", body.note)
    command = asked(DismissFraudSignal, customer=customer, refund=body.refund, kind=body.kind, note=note)
    return await decided_refund(call, command, body, customer, customer)


async def deciding_now(call: Call) -> Deciding:
    """Who decides, on the book's today; with as many of their days before as signals look back."""
    actor = call.caller.actor
    register = await call.book_register()
    policy = await call.found("policy", Policy)
    now = call.book.clock()
    today, edition = day_of(now, register.zone), policy.in_force(now)
    days = 1 if limits_of(edition, actor.role) is None else edition.signal_days
    return Deciding(actor.who, today, plus_days(today, 1 - days))


async def _sealed_note(call: Call, customer: str, body: AskBody) -> str | None:
    return None if body.note is None else await call.seal_about(customer, "note", body.note)


def _currency_of(body: GrantCustomerRefundBody) -> str:
    amounts = [claim.amount for claim in body.claims if claim.amount is not None]
    if amounts:
        return one_currency(amounts, (f"/claims/{index}/amount" for index in range(len(amounts))))
    if body.currency is None:
        raise Invalid(faults=(Fault("/currency", "Should be given where the list price counts"),))
    return body.currency
