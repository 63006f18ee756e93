"""Refunds that belong to no order: of purchases nobody can verify, and of credit the customer wants as money.

If there is any question whether it was bought from us, the customer gets the full current list price; where
there is none, a person states the amount. They live in the customer's stream. Source: R-G4, R-G10, I15
"""

from dataclasses import dataclass

import msgspec

from domain.causes import expect_cause
from domain.command import (
    LONGEST_SEALED,
    MOST_LINES,
    Command,
    OutOfRange,
    expect_amount,
    expect_quantity,
    expect_text,
)
from domain.customers.credit import drawn
from domain.customers.registering import Customer, known_customer
from domain.deadlines import deadlines_of_due_back
from domain.decision import Decision, Given
from domain.ids import expect_id
from domain.moments import day_of
from domain.money import Money, is_currency
from domain.orders.pricing import CurrencyUnknown
from domain.orders.products import Product, ProductUnknown
from domain.refunds.credit_out import may_be_asked_back
from domain.refunds.deciding_refunds import (
    Draft,
    already_asked,
    decided,
    expect_asked,
    requested,
    streams_of_grant,
)
from domain.refunds.limits import Deciding
from domain.refunds.refund_events import ClaimedUnits, RefundAsk, RefundedPart, RefundGranted
from domain.refusal import Refusal, WhereNone


class GrantUnverifiedRefund(Command, frozen=True, kw_only=True):
    """Give a customer money back for what they say they bought, or note that they ask. Raises: ValueError."""

    customer: str
    refund: str
    currency: str
    ask: RefundAsk
    """All its claims at the list price of a product, or all at a stated amount."""
    deciding: Deciding | None = None
    """Who decides on which day; None only for history."""
    only_request: bool = False

    def __post_init__(self) -> None:
        expect_id("cus", self.customer)
        expect_id("ref", self.refund)
        expect_text("note", self.ask.note, LONGEST_SEALED)
        if self.ask.units or self.ask.credit is not None:
            raise ValueError("an unverified refund claims units of skus")
        _expect_claims(self.ask.claims)

    def writes(self) -> tuple[str, ...]:
        return streams_of_grant(self.customer, self.customer, self.deciding)

    def reads(self) -> tuple[str, ...]:
        products = {claim.product for claim in self.ask.claims if claim.product is not None}
        days = () if self.deciding is None else self.deciding.reads()
        return (*sorted(products), *days)

    def facts_of(self) -> str | None:
        return self.customer


def _expect_claims(claims: tuple[ClaimedUnits, ...]) -> None:
    """Each at the list price of a product, or each at a stated amount. Raises: OutOfRange."""
    if not 1 <= len(claims) <= MOST_LINES:
        raise OutOfRange("claims", f"must be from 1 to {MOST_LINES}")
    for claim in claims:
        expect_quantity("quantity", claim.quantity)
        expect_text("sku", claim.sku)
        if claim.amount is not None:
            expect_amount("amount", claim.amount, least=1)
    stated = sum([claim.amount is not None for claim in claims])
    if stated not in (0, len(claims)):
        raise OutOfRange("claims", "must all state an amount, or none")
    if not stated and any(claim.product is None for claim in claims):
        raise OutOfRange("claims", "must each state an amount where no product is listed under its sku")


class PayOutCredit(Command, frozen=True, kw_only=True):
    """Give a customer money that we keep for them, or note that they ask. Raises: ValueError."""

    customer: str
    refund: str
    currency: str
    ask: RefundAsk
    """Its `credit` says how much."""
    deciding: Deciding | None = None
    only_request: bool = False

    def __post_init__(self) -> None:
        expect_id("cus", self.customer)
        expect_id("ref", self.refund)
        if self.ask.credit is None or self.ask.units or self.ask.claims:
            raise ValueError("a payout of credit names an amount, and no goods")
        expect_amount("credit", self.ask.credit, least=1)

    def writes(self) -> tuple[str, ...]:
        return (self.customer,)

    def facts_of(self) -> str | None:
        return self.customer


@dataclass(unsafe_hash=True)
class ListPriceInOtherCurrency(Refusal):
    """The product is listed in another currency than the refund."""

    rule = "R-G4"
    way_out = "Refund it in the currency it is listed in, or state the amount."

    sku: str
    listed_in: str


@dataclass(unsafe_hash=True)
class CreditExceedsSetAside(Refusal):
    """More would be paid out than we keep of the customer's own money: a gift is spent, not paid out, and so
    is credit whose money a bank took back, or that never came.
    """

    rule = "I15"
    way_out = "Pay out at most the amount shown."
    spoken = "We keep {most} of the customer's money, and {asked} would be paid out."
    where_none = WhereNone(
        "most",
        "We keep none of the customer's money in this currency that may leave as money.",
        "Pay nothing out. What credit they have may pay for an order.",
    )

    customer: str
    asked: Money
    most: Money


def grant_unverified_refund(command: GrantUnverifiedRefund, given: Given) -> Decision:
    """Grants a refund of what nobody can verify, within the limits of whoever acts, else escalates it.

    Checks, in this order: customer known; retry; currency known (I1); products known, listed in that
    currency (R-G4); not before the customer was registered, or the asking, nor asked before the first
    contact. Then limits (R-G11), which never refuse; a credit note of this year.
    """
    state = known_customer(given, command.customer)
    already = already_asked(state.refunds, state.refund_requests, command.refund, command.ask)
    if already is not None:
        return Decision(customer=command.customer, already=already)
    draft = unverified_draft(state, command.refund, command.currency, command.ask, given)
    if command.only_request:
        return requested(draft, command.ask, given)
    return decided(draft, command.ask, command.deciding, given)


def unverified_draft(state: Customer, refund: str, currency: str, ask: RefundAsk, given: Given) -> Draft:
    """What granting it would record. Raises: CurrencyUnknown, ProductUnknown, ListPriceInOtherCurrency,
    EffectiveBeforeCause, MomentTooLate.
    """
    if not is_currency(currency):
        raise CurrencyUnknown(currency)
    parts = tuple([_part(claim, currency, given) for claim in ask.claims])
    expect_cause(state.registered_at, given)
    asked_at = given.at if ask.asked_at is None else ask.asked_at
    expect_asked(ask, asked_at, given)
    amount = sum([part.goods for part in parts])
    granted = _of_customer(state, refund, currency, amount, ask, given)
    basis = "full_list_price" if ask.claims[0].amount is None else "stated"
    return Draft(
        stream=state.registered.customer,
        granted=msgspec.structs.replace(
            granted, basis=basis, credit_amount=amount, goods=amount, parts=parts
        ),
    )


def _part(claim: ClaimedUnits, currency: str, given: Given) -> RefundedPart:
    if claim.amount is not None or claim.product is None:
        return RefundedPart(
            sku=claim.sku,
            quantity=claim.quantity,
            goods=claim.amount or 0,
            tax=0,
            note_line=claim.note_line,
        )
    product = given.state(claim.product, Product)
    if product is None or product.listed.sku != claim.sku:
        raise ProductUnknown(claim.product)
    if product.listed.currency != currency:
        raise ListPriceInOtherCurrency(claim.sku, product.listed.currency)
    return RefundedPart(
        sku=claim.sku, quantity=claim.quantity, goods=product.list_price * claim.quantity, tax=0
    )


def pay_out_credit(command: PayOutCredit, given: Given) -> Decision:
    """Grants a customer the money we keep for them. No limit applies: it is theirs.

    Checks, in this order: customer known; retry; credit set aside, and money that backs it (I15, R-G8); not
    before the asking, nor asked before the first contact. Not before it was credit, which
    `domain.causal_order` asks.
    """
    state = known_customer(given, command.customer)
    already = already_asked(state.refunds, state.refund_requests, command.refund, command.ask)
    if already is not None:
        return Decision(customer=command.customer, already=already)
    draft = credit_draft(state, command.refund, command.currency, command.ask, given)
    if command.only_request:
        return requested(draft, command.ask, given)
    return decided(draft, command.ask, command.deciding, given)


def credit_draft(state: Customer, refund: str, currency: str, ask: RefundAsk, given: Given) -> Draft:
    """What paying it out would record.

    Raises: CreditExceedsSetAside, EffectiveBeforeCause, MomentTooLate.
    """
    assert ask.credit is not None
    asked = ask.credit
    may = may_be_asked_back(state, currency, given)
    most = sum(may.values())
    if asked > most:
        raise CreditExceedsSetAside(state.registered.customer, Money(asked, currency), Money(most, currency))
    asked_at = given.at if ask.asked_at is None else ask.asked_at
    expect_asked(ask, asked_at, given)
    granted = _of_customer(state, refund, currency, asked, ask, given)
    return Draft(
        stream=state.registered.customer,
        granted=msgspec.structs.replace(granted, basis="credit", credits=drawn(may, asked)),
    )


def _of_customer(
    state: Customer, refund: str, currency: str, amount: int, ask: RefundAsk, given: Given
) -> RefundGranted:
    """So much goes to the customer: of no order, it clears nothing and covers nothing."""
    return RefundGranted(
        refund=refund,
        customer=state.registered.customer,
        basis="stated",
        currency=currency,
        granted_on=day_of(given.at, given.book.zone),
        granted=amount,
        left=amount,
        credit_amount=0,
        goods=0,
        tax=0,
        shipping=0,
        shipping_tax=0,
        shipping_credit=0,
        returns_fee=False,
        parts=(),
        cleared=(),
        write_offs_cleared=(),
        ask=ask,
        deadlines=deadlines_of_due_back(given),
    )
