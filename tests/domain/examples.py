"""Examples tests share: scenario A's two dresses, and an event and a command of each kind about them."""

from typing import Any

from domain.bills.bill_events import BillIssued
from domain.bills.billing import NewBill
from domain.book.default_edition import DEFAULT_EDITION
from domain.book.policy import AdoptedEdition, Policy
from domain.customers.registering import (
    ContactPoint,
    CustomerRegistered,
    PaymentMethodStored,
    RegisterCustomer,
)
from domain.ids import type_id
from domain.moments import EARLIEST
from domain.money import Money
from domain.numbers import NumberTaken
from domain.orders.cancelling import CancelUnits
from domain.orders.carts import CheckOutCart, PrepareCart
from domain.orders.delivering import DeliverShipment
from domain.orders.guarantees import terms_in_force
from domain.orders.order_events import (
    CartPrepared,
    GuaranteeGranted,
    OrderLine,
    OrderPlaced,
    OrderShipped,
    OrderUnitsCancelled,
    Part,
    ShipmentDelivered,
)
from domain.orders.placing import PlaceOrder
from domain.orders.pricing import AskedLine
from domain.orders.shipping import ShipOrder
from domain.payments.capturing import CapturePayment
from domain.payments.payment_events import PaymentCaptured
from domain.refunds.refund_events import RefundGranted


def id_of(prefix: str, number: int = 1) -> str:
    """A readable id: the same number gives the same id."""
    return type_id(prefix, number)


ORDER, OTHER_ORDER = id_of("ord"), id_of("ord", 2)
CUSTOMER, OTHER_CUSTOMER = id_of("cus"), id_of("cus", 2)
SHIPMENT, OTHER_SHIPMENT = id_of("shp"), id_of("shp", 2)
DELIVERY, OTHER_DELIVERY = id_of("dlv"), id_of("dlv", 2)
PAYMENT, OTHER_PAYMENT = id_of("pay"), id_of("pay", 2)
BILL, OTHER_BILL = id_of("bil"), id_of("bil", 2)
REFUND, OTHER_REFUND = id_of("ref"), id_of("ref", 2)
CARD = id_of("pm")
EMAIL = ContactPoint(id_of("con"), "email", "sealed:jane@example.org")

TWO_DRESSES = AskedLine(sku="DRESS-36", description="A dress", quantity=2, unit_price=3400)
DRESSES = OrderLine(1, "DRESS-36", "A dress", 2, 3400, 0, 0)
"""Two at 34.00; with the shipping of 7.95 the order costs 75.95."""


def usd(minor: int) -> Money:
    """So many US cents."""
    return Money(minor, "USD")


def register(**other: Any) -> RegisterCustomer:
    """Register the customer."""
    asked = {"customer": CUSTOMER, "name": "sealed:Jane", "channel": "api", "contact_points": (EMAIL,)}
    return RegisterCustomer(**{**asked, **other})


def customer_registered(**other: Any) -> CustomerRegistered:
    """The customer is registered."""
    said = {
        "customer": CUSTOMER,
        "name": "sealed:Jane",
        "channel": "api",
        "external_ref": None,
        "contact_points": (EMAIL,),
    }
    return CustomerRegistered(**{**said, **other})


def card_stored(**other: Any) -> PaymentMethodStored:
    """The customer has a card on file."""
    said = {
        "customer": CUSTOMER,
        "payment_method": CARD,
        "token": "tok_visa",
        "brand": "visa",
        "last4": "4242",
        "expiry": "2012-02",
        "reuse_consent": True,
    }
    return PaymentMethodStored(**{**said, **other})


PROMISED = terms_in_force(Policy(editions=(AdoptedEdition(1, DEFAULT_EDITION, EARLIEST, 2, None),)), EARLIEST)
"""Both windows as the default edition sets them."""
GOODS: dict[str, Any] = {"order": ORDER, "channel": "api", "currency": "USD"}


def place(**other: Any) -> PlaceOrder:
    """Place the order of two dresses."""
    return PlaceOrder(**{**GOODS, "customer": CUSTOMER, "lines": (TWO_DRESSES,), "shipping": 795, **other})


def prepare(**other: Any) -> PrepareCart:
    """Prepare a cart of two dresses."""
    return PrepareCart(**{**GOODS, "customer": CUSTOMER, "lines": (TWO_DRESSES,), "shipping": 795, **other})


def check_out(**other: Any) -> CheckOutCart:
    """Check the cart out."""
    return CheckOutCart(**{"order": ORDER, "customer": CUSTOMER, **other})


PRICED: dict[str, Any] = {
    **GOODS,
    "customer": CUSTOMER,
    "external_ref": None,
    "lines": (DRESSES,),
    "shipping": 795,
    "shipping_tax": 0,
    "shipping_credit": 0,
    "total": 7595,
}


def prepared(**other: Any) -> CartPrepared:
    """A cart of two dresses is prepared."""
    return CartPrepared(**{**PRICED, **other})


def placed(**other: Any) -> OrderPlaced:
    """Two dresses are ordered on 10 August 2010 by a new customer."""
    said = {
        "terms": "card",
        "ordered_on": "2010-08-10",
        "standing": "new",
        "standing_rests_on": None,
        "guarantee": PROMISED,
    }
    return OrderPlaced(**{**PRICED, **said, **other})


def capture(**other: Any) -> CapturePayment:
    """Capture the price of the order."""
    asked = {
        "order": ORDER,
        "payment": PAYMENT,
        "amount": 7595,
        "currency": "USD",
        "processor": "acme",
        "reference": "ch_1",
    }
    return CapturePayment(**{**asked, **other})


def captured(**other: Any) -> PaymentCaptured:
    """The price of the order is captured."""
    said = {
        "order": ORDER,
        "customer": CUSTOMER,
        "payment": PAYMENT,
        "currency": "USD",
        "amount": 7595,
        "payment_method": None,
        "processor": "acme",
        "reference": "ch_1",
        "bills": (),
    }
    return PaymentCaptured(**{**said, **other})


def ship(*parts: tuple[int, int], **other: Any) -> ShipOrder:
    """Ship units, by (line, quantity): both dresses unless said."""
    asked = {
        "order": ORDER,
        "shipment": SHIPMENT,
        "parts": tuple(Part(*part) for part in parts or ((1, 2),)),
        "method": "parcel",
        "tracking": "1Z999AA10123456784",
        "description": "sealed:A parcel, in about three days",
    }
    return ShipOrder(**{**asked, **other})


def shipped(*parts: tuple[int, int], **other: Any) -> OrderShipped:
    """Both dresses shipped, charged with the fee."""
    said = {
        "order": ORDER,
        "customer": CUSTOMER,
        "shipment": SHIPMENT,
        "parts": tuple(Part(*part) for part in parts or ((1, 2),)),
        "method": "parcel",
        "tracking": "1Z999AA10123456784",
        "description": "sealed:A parcel, in about three days",
        "currency": "USD",
        "goods": 6800,
        "tax": 0,
        "shipping": 795,
        "shipping_tax": 0,
        "shipping_credit": 0,
        "charge": 7595,
        "carries_fee": True,
    }
    return OrderShipped(**{**said, **other})


ONE_DRESS_WITH_FEE: dict[str, Any] = {"goods": 3400, "charge": 4195}
"""What shipping the first of two dresses charges."""

NEW_BILL = NewBill(BILL, 2010)


def billed(**other: Any) -> BillIssued:
    """The shipment is billed on the day it was ordered."""
    said = {
        "order": ORDER,
        "customer": CUSTOMER,
        "bill": BILL,
        "year": 2010,
        "number": 1,
        "shipment": SHIPMENT,
        "currency": "USD",
        "amount": 7595,
        "issued_on": "2010-08-10",
        "due_on": "2010-09-09",
    }
    return BillIssued(**{**said, **other})


def number_taken(**other: Any) -> NumberTaken:
    """The bill took the first number of 2010."""
    return NumberTaken(**{"series": "bill", "year": 2010, "number": 1, "subject": BILL, **other})


def deliver(*parts: tuple[int, int], **other: Any) -> DeliverShipment:
    """The shipment arrives; all of it unless parts are named."""
    asked = {
        "order": ORDER,
        "delivery": DELIVERY,
        "shipment": SHIPMENT,
        "parts": tuple(Part(*part) for part in parts),
    }
    return DeliverShipment(**{**asked, **other})


def delivered(*parts: tuple[int, int], **other: Any) -> ShipmentDelivered:
    """Both dresses arrived on the day they were ordered."""
    said = {
        "order": ORDER,
        "customer": CUSTOMER,
        "delivery": DELIVERY,
        "shipment": SHIPMENT,
        "delivered_on": "2010-08-10",
        "parts": tuple(Part(*part) for part in parts or ((1, 2),)),
        "all_under_way": not parts,
    }
    return ShipmentDelivered(**{**said, **other})


def guaranteed(*parts: tuple[int, int], **other: Any) -> GuaranteeGranted:
    """Both windows of both dresses."""
    said = {
        "order": ORDER,
        "customer": CUSTOMER,
        "delivery": DELIVERY,
        "shipment": SHIPMENT,
        "ordered_on": "2010-08-10",
        "delivered_on": "2010-08-10",
        "guarantee_until": "2011-02-10",
        "guarantee_edition": 1,
        "supplier_until": "2010-09-09",
        "supplier_edition": 1,
        "parts": tuple(Part(*part) for part in parts or ((1, 2),)),
    }
    return GuaranteeGranted(**{**said, **other})


def cancel(*parts: tuple[int, int], **other: Any) -> CancelUnits:
    """Cancel units; all that is unshipped unless parts are named."""
    asked = {
        "order": ORDER,
        "refund": REFUND,
        "parts": tuple(Part(*part) for part in parts),
        "decided_on": "2010-08-10",
    }
    return CancelUnits(**{**asked, **other})


def cancelled(*parts: tuple[int, int], **other: Any) -> OrderUnitsCancelled:
    """Units are cancelled, by (line, quantity)."""
    said = {
        "order": ORDER,
        "customer": CUSTOMER,
        "refund": REFUND,
        "parts": tuple(Part(*part) for part in parts),
        "all_unshipped": False,
        "currency": "USD",
        "goods": 3400 * sum(quantity for _, quantity in parts),
        "tax": 0,
        "fee_dropped": 0,
    }
    return OrderUnitsCancelled(**{**said, **other})


def credit_note_taken(**other: Any) -> NumberTaken:
    """The refund's credit note took the first number of 2010."""
    said = {"series": "credit_note", "year": 2010, "number": 1, "subject": REFUND}
    return NumberTaken(**{**said, **other})


def refund_granted(**other: Any) -> RefundGranted:
    """A deposit goes back."""
    said = {
        "refund": REFUND,
        "customer": CUSTOMER,
        "order": ORDER,
        "basis": "undelivered",
        "currency": "USD",
        "granted_on": "2010-08-10",
        "granted": 7595,
        "left": other.get("granted", 7595),
        "credit_amount": 0,
        "goods": 0,
        "tax": 0,
        "shipping": 0,
        "shipping_tax": 0,
        "shipping_credit": 0,
        "returns_fee": False,
        "parts": (),
        "cleared": (),
        "write_offs_cleared": (),
    }
    return RefundGranted(**{**said, **other})
