"""What no history could make right is an invalid request, and the error names the field to look at."""

from typing import Any

import pytest

from domain.book.closing import ClosePeriod
from domain.book.default_edition import DEFAULT_EDITION
from domain.book.policy import AdoptPolicy
from domain.book.register import RegisterPerson
from domain.command import LARGEST_AMOUNT, LONGEST_NAME, LONGEST_SEALED, LONGEST_TEXT, MOST_UNITS, OutOfRange
from domain.customers.crediting import UseCredit
from domain.customers.giving_credit import ApproveStoreCredit, GrantStoreCredit, WithdrawStoreCredit
from domain.customers.registering import ContactPoint, StorePaymentMethod
from domain.moments import EARLIEST, LATEST
from domain.orders.contacting import RecordContact
from domain.orders.order_events import Part
from domain.orders.pricing import AskedLine
from domain.orders.products import MOST_REDUNDANT, ListProduct, RepriceProduct
from domain.payments.attempting import AttemptPayment
from tests.domain.bill_examples import (
    close_dispute,
    dispute,
    give_credit,
    pay_bill,
    reinstate,
    reverse,
    use_credit,
    write_off,
)
from tests.domain.decline_examples import charge
from tests.domain.examples import (
    CARD,
    CUSTOMER,
    EMAIL,
    ORDER,
    OTHER_CUSTOMER,
    cancel,
    capture,
    check_out,
    deliver,
    id_of,
    place,
    prepare,
    register,
    ship,
)
from tests.domain.ranges import TOO_LONG, Built, expect_named, expect_other_kind, expect_taken

LINE: dict[str, Any] = {"sku": "A", "description": "", "quantity": 1, "unit_price": 1}


def line(**other: Any) -> AskedLine:
    return AskedLine(**{**LINE, **other})


def contact(**other: Any) -> RecordContact:
    return RecordContact(
        **{"order": ORDER, "kind": "thanks", "channel": "email", "by": id_of("per"), **other}
    )


def product(**other: Any) -> ListProduct:
    listed = {"product": id_of("prd"), "sku": "A", "description": "A", "currency": "USD"}
    return ListProduct(**{**listed, "list_price": 1, "our_cost": 1, **other})


def reprice(**other: Any) -> RepriceProduct:
    return RepriceProduct(**{"product": id_of("prd"), "list_price": 1, "our_cost": 1, **other})


def charge_some(**other: Any) -> AttemptPayment:
    return charge(**{"amount": 1, "currency": "USD", **other})


def adopt(**other: Any) -> AdoptPolicy:
    return AdoptPolicy(edition=DEFAULT_EDITION, **other)


def close(*, month: str) -> ClosePeriod:
    return ClosePeriod(month=month)


def person(**other: Any) -> RegisterPerson:
    return RegisterPerson(**{"person": id_of("per"), "name": "sealed:Ann", "role": "agent", **other})


def contact_point(**other: Any) -> ContactPoint:
    return ContactPoint(**{"id": EMAIL.id, "kind": "email", "value": "sealed:x", **other})


def card(**other: Any) -> StorePaymentMethod:
    asked = {"customer": CUSTOMER, "payment_method": CARD, "token": "tok_visa", "brand": "visa"}
    return StorePaymentMethod(
        **{**asked, "last4": "4242", "expiry": "2012-02", "reuse_consent": True, **other}
    )


def use_some_credit(**other: Any) -> UseCredit:
    return use_credit(**{"amount": 1, **other})


def give_some_credit(**other: Any) -> GrantStoreCredit:
    return give_credit(**{"amount": 1, **other})


def approve_credit(**other: Any) -> ApproveStoreCredit:
    return ApproveStoreCredit(customer=CUSTOMER, **other)


def withdraw_credit(**other: Any) -> WithdrawStoreCredit:
    return WithdrawStoreCredit(customer=CUSTOMER, **other)


@pytest.mark.parametrize(
    ("build", "field", "value"),
    [
        (line, "sku", ""),
        (line, "sku", TOO_LONG),
        (line, "description", "x" * (LONGEST_TEXT + 1)),
        (line, "quantity", 0),
        (line, "quantity", MOST_UNITS + 1),
        (line, "unit_price", -1),
        (line, "discount", -1),
        (line, "tax", LARGEST_AMOUNT + 1),
        (place, "channel", "web/shop"),
        (place, "external_ref", ""),
        (place, "lines", ()),
        (place, "order_discount", -1),
        (place, "order_tax", -1),
        (place, "shipping", -1),
        (place, "shipping_tax", -1),
        (place, "shipping_credit", -1),
        (place, "terms", "barter"),
        (capture, "amount", 0),
        (capture, "processor", "a/b"),
        (capture, "reference", ""),
        (ship, "method", ""),
        (ship, "tracking", TOO_LONG),
        (ship, "description", "x" * (LONGEST_SEALED + 1)),
        (ship, "parts", (Part(1, 1), Part(1, 1))),
        (ship, "parts", tuple(Part(number, 1) for number in range(1, 5_002))),
        (deliver, "parts", (Part(1, 0),)),
        (cancel, "parts", (Part(1, 1), Part(1, 1))),
        (prepare, "channel", "web/shop"),
        (prepare, "shipping", -1),
        (check_out, "terms", "barter"),
        (check_out, "register", register(customer=OTHER_CUSTOMER)),
        (place, "register", register(customer=OTHER_CUSTOMER)),
        (contact, "kind", "marketing"),
        (contact, "channel", "pigeon"),
        (contact, "note", ""),
        (contact, "note", "x" * (LONGEST_SEALED + 1)),
        (product, "sku", ""),
        (product, "description", ""),
        (product, "list_price", -1),
        (product, "our_cost", -1),
        (product, "supplier", ""),
        (product, "makes_redundant", ("",)),
        (product, "makes_redundant", ("A",) * (MOST_REDUNDANT + 1)),
        (reprice, "list_price", -1),
        (reprice, "our_cost", -1),
        (charge_some, "amount", 0),
        (charge, "processor", "a/b"),
        (dispute, "amount", 0),
        (dispute, "why", ""),
        (dispute, "reference", ""),
        (close_dispute, "outcome", "drawn"),
        (adopt, "effective_from", EARLIEST - 1),
        (adopt, "effective_from", LATEST + 1),
        (close, "month", "2010-13"),
        (person, "name", ""),
        (person, "name", "x" * (LONGEST_SEALED + 1)),
        (contact_point, "value", ""),
        (contact_point, "value", "x" * (LONGEST_SEALED + 1)),
        (card, "token", TOO_LONG),
        (card, "token", "4242 4242 4242 4242"),
        (card, "brand", ""),
        (card, "last4", "424"),
        (card, "last4", "42421"),
        (card, "last4", "४२४२"),
        (card, "last4", "424x"),
        (card, "expiry", "2012-13"),
        (register, "name", ""),
        (register, "contact_points", tuple(contact_point(id=id_of("con", n)) for n in range(51))),
        (register, "channel", "a b"),
        (register, "external_ref", ""),
        (pay_bill, "amount", 0),
        (pay_bill, "method", ""),
        (pay_bill, "reference", ""),
        (reverse, "amount", 0),
        (reverse, "kind", "lost"),
        (reverse, "reference", ""),
        (reinstate, "reference", ""),
        (reinstate, "amount", 0),
        (use_some_credit, "amount", 0),
        (give_some_credit, "amount", 0),
        (give_some_credit, "kind", "gift"),
        (give_some_credit, "note", "x" * (LONGEST_SEALED + 1)),
    ],
)
def test_what_is_out_of_range_is_named(build: Built, field: str, value: object) -> None:
    expect_named(build, field, value, "quantity" if value == (Part(1, 0),) else field)


@pytest.mark.parametrize(
    ("build", "field", "value"),
    [
        (line, "sku", "x" * LONGEST_NAME),
        (line, "description", "x" * LONGEST_TEXT),
        (line, "quantity", MOST_UNITS),
        (line, "unit_price", 0),
        (line, "tax", LARGEST_AMOUNT),
        (place, "external_ref", "x" * LONGEST_NAME),
        (register, "contact_points", tuple(contact_point(id=id_of("con", n)) for n in range(50))),
        (product, "list_price", 0),
        (product, "makes_redundant", ("A",) * MOST_REDUNDANT),
        (charge_some, "amount", 1),
        (dispute, "amount", 1),
        (adopt, "effective_from", EARLIEST),
        (adopt, "effective_from", LATEST),
        (close, "month", "1900-01"),
        (close, "month", "2999-12"),
        (capture, "amount", 1),
        (capture, "amount", LARGEST_AMOUNT),
        (ship, "description", "x" * LONGEST_SEALED),
        (ship, "parts", tuple(Part(number, 1) for number in range(1, 5_001))),
    ],
)
def test_what_is_just_in_range_is_taken(build: Built, field: str, value: object) -> None:
    expect_taken(build, field, value)


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (place, "order"),
        (place, "customer"),
        (capture, "payment"),
        (ship, "shipment"),
        (deliver, "delivery"),
        (cancel, "refund"),
        (register, "customer"),
        (prepare, "customer"),
        (check_out, "customer"),
        (contact, "order"),
        (contact, "by"),
        (contact, "shipment"),
        (charge, "customer"),
        (charge, "payment"),
        (charge, "payment_method"),
        (dispute, "dispute"),
        (dispute, "payment"),
        (close_dispute, "dispute"),
        (contact_point, "id"),
        (person, "person"),
        (card, "payment_method"),
        (pay_bill, "customer"),
        (pay_bill, "bill"),
        (pay_bill, "payment"),
        (write_off, "bill"),
        (reverse, "customer"),
        (reverse, "reversal"),
        (reverse, "payment"),
        (reverse, "bill"),
        (reverse, "dispute"),
        (reinstate, "reversal"),
        (reinstate, "reinstatement"),
        (use_some_credit, "customer"),
        (use_some_credit, "use"),
        (give_some_credit, "credit"),
        (approve_credit, "credit"),
        (withdraw_credit, "credit"),
    ],
)
def test_an_id_of_another_kind_is_none(build: Built, field: str) -> None:
    expect_other_kind(build, field)


def test_a_product_is_one() -> None:
    with pytest.raises(ValueError, match="expected the id of a product"):
        product(product=id_of("ord"))


@pytest.mark.parametrize("named", [{"amount": 1}, {"currency": "USD"}])
def test_an_amount_to_charge_is_named_with_its_currency(named: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="together"):
        charge(**named)


def test_everything_together_stays_exact_in_any_reader() -> None:
    """Each part of an order's price counts towards the most an order may come to."""
    most = LARGEST_AMOUNT - 3
    parts = {"order_tax": 1, "shipping": 1, "shipping_tax": 1}
    place(lines=(line(unit_price=most - 1, tax=1),), **parts)
    for part in parts:
        with pytest.raises(OutOfRange, match="lines must come to at most"):
            place(lines=(line(unit_price=most - 1, tax=1),), **parts | {part: 2})
    with pytest.raises(OutOfRange, match="lines must come to at most"):
        place(lines=(line(unit_price=most - 1, tax=2),), **parts)
