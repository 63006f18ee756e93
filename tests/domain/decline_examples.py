"""Examples of declines: scenario A's two dresses, the card declined, and what is done about it."""

from typing import Any

from domain.book.register import PersonRegistered
from domain.customers.registering import ContactPoint, PaymentMethodStored
from domain.declines.card_search import CompleteCardSearch
from domain.declines.decline_events import (
    CardOnFileSearchCompleted,
    ContactAttempted,
    HoldBegunBy,
    OnFile,
    OrderPlacedOnHold,
    PaymentAttempted,
    PaymentDeclined,
    PaymentMethodFailed,
)
from domain.declines.not_delivering import CloseAsNotDelivered
from domain.declines.payment_failures import RecordPaymentFailure
from domain.declines.reaching import RecordContactAttempt
from domain.declines.releasing import ReleaseOrder
from domain.payments.attempting import AttemptPayment
from tests.domain.examples import (
    CARD,
    CUSTOMER,
    EMAIL,
    ORDER,
    PAYMENT,
    REFUND,
    card_stored,
    customer_registered,
    id_of,
)

FAILED = id_of("pay", 50)
"""The attempt that was declined."""
ANN = id_of("per", 7)
PHONE = ContactPoint(id_of("con", 2), "phone", "sealed:+1 212 555 0100")
BY_EMAIL, BY_PHONE = OnFile(EMAIL.id, "email"), OnFile(PHONE.id, "phone")
OLD_CARD, OLDER_CARD = id_of("pm", 2), id_of("pm", 3)


def ann() -> PersonRegistered:
    return PersonRegistered(person=ANN, name="sealed:Ann", role="agent")


def customer(**other: Any) -> Any:
    """The customer, with an email address and a telephone."""
    return customer_registered(**{"contact_points": (EMAIL, PHONE), **other})


def old_card(**other: Any) -> PaymentMethodStored:
    """Another card on file."""
    return card_stored(**{"payment_method": OLD_CARD, "token": "tok_old", "last4": "1881", **other})


def fail(**other: Any) -> RecordPaymentFailure:
    """Record that the payment for the order was declined: not enough money."""
    asked = {
        "order": ORDER,
        "customer": CUSTOMER,
        "payment": FAILED,
        "amount": 7595,
        "currency": "USD",
        "processor": "acme",
        "reference": "ch_50",
        "decline_code": "insufficient_funds",
    }
    return RecordPaymentFailure(**{**asked, **other})


TRIED: dict[str, Any] = {
    "order": ORDER,
    "customer": CUSTOMER,
    "payment": FAILED,
    "currency": "USD",
    "amount": 7595,
    "payment_method": None,
    "processor": "acme",
}


def attempted(**other: Any) -> PaymentAttempted:
    return PaymentAttempted(**{**TRIED, "named_by_customer": True, **other})


def declined(**other: Any) -> PaymentDeclined:
    said = {"reference": "ch_50", "decline_code": "insufficient_funds", "advice": None, "kind": "soft"}
    return PaymentDeclined(**{**TRIED, **said, **other})


def card_failed(**other: Any) -> PaymentMethodFailed:
    said = {
        "customer": CUSTOMER,
        "payment_method": CARD,
        "order": ORDER,
        "payment": FAILED,
        "decline_code": "insufficient_funds",
        "advice": None,
        "kind": "soft",
    }
    return PaymentMethodFailed(**{**said, **other})


def held(**other: Any) -> OrderPlacedOnHold:
    said = {
        "order": ORDER,
        "customer": CUSTOMER,
        "because": "declined",
        "payment": FAILED,
        "currency": "USD",
        "missing": 7595,
        "standing": "new",
        "is_watched": False,
        "kind": "soft",
        "held_on": "2010-08-10",
        "on_file": (BY_EMAIL, BY_PHONE),
    }
    return OrderPlacedOnHold(**{**said, **other})


def held_again(because: HoldBegunBy, **other: Any) -> OrderPlacedOnHold:
    """The order lost the payment that covered it; the customer has an email address alone."""
    return held(**{"because": because, "payment": PAYMENT, "kind": None, "on_file": (BY_EMAIL,), **other})


def charge(**other: Any) -> AttemptPayment:
    """Charge the card on file."""
    asked = {
        "order": ORDER,
        "customer": CUSTOMER,
        "payment": id_of("pay", 51),
        "payment_method": CARD,
        "processor": "acme",
    }
    return AttemptPayment(**{**asked, **other})


def search(**other: Any) -> CompleteCardSearch:
    return CompleteCardSearch(**{"order": ORDER, "customer": CUSTOMER, **other})


def searched(**other: Any) -> CardOnFileSearchCompleted:
    """Somebody looked, and found no card."""
    return CardOnFileSearchCompleted(**{"order": ORDER, "customer": CUSTOMER, "cards": (), **other})


def reach(**other: Any) -> RecordContactAttempt:
    """Ann tried the customer by email."""
    asked = {
        "order": ORDER,
        "customer": CUSTOMER,
        "channel": "email",
        "contact_point": EMAIL.id,
        "reached": False,
        "by": ANN,
    }
    return RecordContactAttempt(**{**asked, **other})


def phone(**other: Any) -> RecordContactAttempt:
    """Ann tried the customer by telephone."""
    return reach(**{"channel": "phone", "contact_point": PHONE.id, **other})


def tried(**other: Any) -> ContactAttempted:
    said = {
        "order": ORDER,
        "customer": CUSTOMER,
        "channel": "email",
        "contact_point": EMAIL.id,
        "reached": False,
        "by": ANN,
        "note": None,
        "untried": (BY_PHONE,),
    }
    return ContactAttempted(**{**said, **other})


def release(**other: Any) -> ReleaseOrder:
    return ReleaseOrder(**{"order": ORDER, "customer": CUSTOMER, **other})


def give_up(**other: Any) -> CloseAsNotDelivered:
    return CloseAsNotDelivered(**{"order": ORDER, "customer": CUSTOMER, "refund": REFUND, **other})
