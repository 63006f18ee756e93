"""Customers, their contact points and payment methods; products and their prices. Source: R-D2, R-D4, R-G4"""

from typing import Any

import pytest

from domain.causes import EffectiveBeforeCause
from domain.customers.registering import (
    AddContactPoint,
    CardOnFileOtherwise,
    ContactPoint,
    ContactPointAdded,
    ContactPointInvalidated,
    ContactPointUnknown,
    CustomerUnknown,
    InvalidateContactPoint,
    StorePaymentMethod,
)
from domain.decision import Claim
from domain.decisions import decide
from domain.orders.pricing import CurrencyUnknown
from domain.orders.products import (
    ListProduct,
    ProductListed,
    ProductRepriced,
    ProductUnknown,
    RepriceProduct,
)
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.examples import (
    CARD,
    CUSTOMER,
    EMAIL,
    ORDER,
    card_stored,
    customer_registered,
    id_of,
    register,
)
from tests.domain.specification import given

PHONE = ContactPoint(id_of("con", 2), "phone", "sealed:+1 555 0100")


def test_a_customer_is_registered_once() -> None:
    story = given()
    story.when(register()).then(customer_registered())
    story.when(register(name="sealed:Joan")).refused(AlreadyRecordedOtherwise(CUSTOMER))


def test_a_customers_reference_is_claimed_within_its_channel() -> None:
    command = register(channel="shop", external_ref="C-1")
    assert decide(command, given().given(command)).claims == (Claim("customer_ref", "shop/C-1"),)


def test_a_contact_point_is_added_once() -> None:
    story = given(customer_registered())
    story.when(AddContactPoint(customer=CUSTOMER, contact_point=PHONE)).then(
        ContactPointAdded(customer=CUSTOMER, contact_point=PHONE)
    )
    other = ContactPoint(PHONE.id, "fax", PHONE.value)
    story.when(AddContactPoint(customer=CUSTOMER, contact_point=other)).refused(
        AlreadyRecordedOtherwise(PHONE.id)
    )
    story.when(AddContactPoint(customer=CUSTOMER, contact_point=EMAIL)).nothing()


def test_a_contact_point_is_invalidated_once_and_stays_known() -> None:
    command = InvalidateContactPoint(customer=CUSTOMER, contact_point=EMAIL.id)
    story = given(customer_registered())
    story.when(command).then(ContactPointInvalidated(customer=CUSTOMER, contact_point=EMAIL.id))
    assert story.state(CUSTOMER).contact_points[EMAIL.id].contact_point == EMAIL
    unknown = InvalidateContactPoint(customer=CUSTOMER, contact_point=PHONE.id)
    story.when(unknown).refused(ContactPointUnknown(CUSTOMER, PHONE.id))


def store(**other: Any) -> StorePaymentMethod:
    asked = {
        "customer": CUSTOMER,
        "payment_method": CARD,
        "token": "tok_visa",
        "brand": "visa",
        "last4": "4242",
        "expiry": "2012-02",
        "reuse_consent": True,
    }
    return StorePaymentMethod(**{**asked, **other})


def test_a_card_is_put_on_file_once() -> None:
    story = given(customer_registered())
    story.when(store()).then(card_stored())
    story.when(store(reuse_consent=False)).refused(AlreadyRecordedOtherwise(CARD))


def test_the_same_card_is_not_put_on_file_under_a_second_id() -> None:
    # Look for the id alone → this fails: it would be tried twice, as if it were two cards.
    story = given(customer_registered(), card_stored())
    again = id_of("pm", 2)
    story.when(store(payment_method=again)).nothing()
    other = store(payment_method=again, expiry="2014-02")
    story.when(other).refused(CardOnFileOtherwise(CUSTOMER, CARD))
    story.when(store(payment_method=again, token="tok_amex")).then(
        card_stored(payment_method=again, token="tok_amex")
    )


def test_a_customer_has_nothing_before_they_are_known() -> None:
    story = given(customer_registered())
    registered_at = story.at
    story.with_now(registered_at).on("2010-08-09")
    point = ContactPoint(id_of("con", 9), "phone", "sealed:1")
    for command in (
        store(),
        AddContactPoint(customer=CUSTOMER, contact_point=point),
        InvalidateContactPoint(customer=CUSTOMER, contact_point=EMAIL.id),
    ):
        story.when(command).refused(EffectiveBeforeCause(story.at, registered_at))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("token", "4242424242424242"),
        ("token", "4242 4242 4242 4242"),
        ("token", "378282246310005"),
        ("brand", "4242424242424242"),
        ("token", ""),
        ("last4", "42424"),
        ("last4", "42٤2"),
        ("expiry", "2012-13"),
        ("expiry", "02/2012"),
        ("payment_method", ORDER),
    ],
)
def test_a_card_number_never_comes_in(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"token|brand|last4|expiry|payment method"):
        store(**{field: value})


@pytest.mark.parametrize(
    "command",
    [
        store(),
        AddContactPoint(customer=CUSTOMER, contact_point=PHONE),
        InvalidateContactPoint(customer=CUSTOMER, contact_point=EMAIL.id),
    ],
)
def test_only_registered_customers_have_them(command: Any) -> None:
    given().when(command).refused(CustomerUnknown(CUSTOMER))


def test_a_customers_contact_points_differ() -> None:
    with pytest.raises(ValueError, match="different ids"):
        register(contact_points=(EMAIL, EMAIL))
    pigeon: Any = "pigeon"
    with pytest.raises(ValueError, match="email, phone, mail, fax"):
        ContactPoint(EMAIL.id, pigeon, "sealed:x")


PRODUCT = id_of("prd")


def list_product(**other: Any) -> ListProduct:
    asked = {
        "product": PRODUCT,
        "sku": "DRESS-36",
        "description": "A dress",
        "currency": "USD",
        "list_price": 3400,
        "our_cost": 1500,
        "supplier": "acme",
        "makes_redundant": ("PROTECTOR",),
    }
    return ListProduct(**{**asked, **other})


LISTED = ProductListed(
    product=PRODUCT,
    sku="DRESS-36",
    description="A dress",
    currency="USD",
    list_price=3400,
    our_cost=1500,
    supplier="acme",
    makes_redundant=("PROTECTOR",),
)


def test_a_product_is_listed_once_and_its_sku_claimed() -> None:
    assert decide(list_product(), given().given(list_product())).claims == (Claim("sku", "DRESS-36"),)
    story = given()
    story.when(list_product()).then(LISTED)
    story.when(list_product(list_price=3500)).refused(AlreadyRecordedOtherwise(PRODUCT))


def test_a_product_is_priced_in_a_currency_of_iso_4217() -> None:
    given().when(list_product(currency="XAU")).refused(CurrencyUnknown("XAU"))


def test_a_product_is_repriced_and_the_same_prices_decide_nothing() -> None:
    story = given(LISTED)
    story.when(RepriceProduct(product=PRODUCT, list_price=3400, our_cost=1500)).nothing()
    story.when(RepriceProduct(product=PRODUCT, list_price=3600, our_cost=1500)).then(
        ProductRepriced(product=PRODUCT, sku="DRESS-36", currency="USD", list_price=3600, our_cost=1500)
    )
    assert story.state(PRODUCT).list_price == 3600


def test_only_listed_products_are_repriced() -> None:
    command = RepriceProduct(product=PRODUCT, list_price=1, our_cost=1)
    given().when(command).refused(ProductUnknown(PRODUCT))
    story = given(LISTED)
    listed_at = story.at
    story.with_now(listed_at).on("2010-08-09")
    story.when(command).refused(EffectiveBeforeCause(story.at, listed_at))


@pytest.mark.parametrize(
    ("field", "value"),
    [("sku", ""), ("description", ""), ("list_price", -1), ("our_cost", -1), ("makes_redundant", ("",))],
)
def test_a_product_out_of_range_cannot_be_listed(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field):
        list_product(**{field: value})
