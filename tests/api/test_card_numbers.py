"""A card number is recognised however it is written, and a number that is none is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.sealing.card_numbers import holds_card_number
from tests.api.house import House, order_body

VISA = "4111111111111111"


@pytest.mark.parametrize(
    "text",
    [
        VISA,
        "card 4111 1111 1111 1111 exp 12/27",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4111\u00a01111\u20111111\u20131111",
        "4111\u20101111\u20121111\u20151111",
        "4111\u22121111\uff0d1111\ufe631111",
        "4111*1111*1111*1111",
        "4111|1111|1111|1111",
        "4111x1111X1111\u00d71111",
        "4111 x 1111 x 1111 x 1111",
        "(4111)(1111)(1111)(1111)",
        "(4111) - (1111) - (1111) - (1111)",
        "4111'1111\"1111~1111",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "４１１１１１１１１１１１１１１１",
        "٤١١١١١١١١١١١١١١١",
        "4111\u200b1111\u200b1111\u200b1111",
        "order 12, card 4111111111111111",
        "5555 5555 5555 4444",
        "2223003122003222",
        "3782 822463 10005",
        "30569309025904",
        "6011111111111117",
        "3530111333300000",
        "6212345678901265",
        "4222222222222",
    ],
)
def test_a_card_number_is_found(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112",  # the check digit is wrong
        "411111111111",  # too short
        "1234567890123452",  # nobody issues these
        "0171 2345678 or 0172 3456789",
        "ISBN 978-3-16-148410-0",
        "invoice 2010-08-31 for 1299",
        "4111 boxes of 1111, 1111 of them blue, 1111 red",
        "12 x 6 x 4 cm, 24 x 18 x 11 cm",
        "+44 20 7946 0958 x 12",
        "4111xx1111yy1111zz1111",
        "x" * 1000,
        "",
    ],
)
def test_what_is_no_card_number_is_left_alone(text: str) -> None:
    assert not holds_card_number(text)


@given(st.text(max_size=50), st.sampled_from([" ", "-", ".", "", "*", "\u2011", ") ("]), st.text(max_size=50))
def test_no_text_around_it_hides_a_card_number(before: str, between: str, after: str) -> None:
    number = between.join(VISA[start : start + 4] for start in range(0, 16, 4))
    if before[-1:].isdigit() or after[:1].isdigit():
        return  # then it is another, longer number
    assert holds_card_number(f"{before}; {number} ;{after}")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/customers", {"name": VISA}),
        ("/v1/customers", {"contact_points": [{"kind": "mail", "value": f"Card {VISA}"}]}),
        ("/v1/customers", {"contact_points": [{"kind": "email", "value": f"{VISA}@example.com"}]}),
        ("/v1/customers", {"contact_points": [{"kind": "phone", "value": "3782 822463 10005"}]}),
        ("/v1/products", {"sku": "A", "description": VISA}),
        ("/v1/orders", order_body(customer={"name": VISA})),
        ("/v1/customers", {"external_ref": VISA}),
        ("/v1/orders", order_body(customer={"external_ref": VISA})),
    ],
)
async def test_a_card_number_is_refused_wherever_text_is_free(house: House, path: str, body: object) -> None:
    answer = await house.owner.post(path, body)
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/card-number-found"
    assert VISA not in answer.text


@pytest.mark.anyio
async def test_a_token_that_is_a_card_number_is_refused(house: House) -> None:
    customer = await house.customer()
    card = {"token": VISA, "brand": "visa", "last4": "1111", "expiry": "2031-01", "reuse_consent": True}
    answer = await house.owner.post(f"/v1/customers/{customer}/payment-methods", card)
    assert answer.json()["type"] == "/problems/card-number-found"


@pytest.mark.anyio
async def test_other_references_and_tracking_numbers_may_be_any_digits(house: House) -> None:
    order = await house.recorded("/v1/orders", order_body(external_ref=VISA, channel="numbers"))
    payment = {"amount": {"amount": 2000, "currency": "EUR"}, "processor": "stripe", "reference": VISA}
    await house.recorded(f"/v1/orders/{order['subject']}/payments", payment)
    shipment = {
        "parts": [{"line": 1, "quantity": 1}],
        "method": "dhl",
        "tracking": VISA,
        "description": "Soon.",
    }
    await house.recorded(f"/v1/orders/{order['subject']}/shipments", shipment)
