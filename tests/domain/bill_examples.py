"""Examples about bills: two dresses on bill of 10 August 2010, 75.95 due by 9 September; and what is asked of
it.
"""

from typing import Any

from domain.bills.bill_events import (
    BillPaymentReceived,
    BillShare,
    BillWrittenOff,
    CollectionCallMade,
    ReminderSent,
    WriteOffReversed,
)
from domain.bills.bill_payments import ReceiveBillPayment
from domain.bills.collecting import RecordCollectionCall
from domain.bills.giving_up import MarkBillUncollectible
from domain.bills.promise_events import PromiseBroken, PromiseKept, PromiseMade
from domain.bills.promising import PromiseToPay
from domain.bills.reminding import RecordReminder
from domain.bills.reviewing import ReviewWatchedOrder
from domain.bills.writing_off import WriteOffBill
from domain.book.register import PersonRegistered
from domain.customers.crediting import UseCredit
from domain.customers.giving_credit import GrantStoreCredit
from domain.entry import Event
from domain.payments.disputing import CloseDispute, OpenDispute
from domain.payments.payment_events import CreditSetAside, PaymentReversed, StoreCreditGranted
from domain.payments.reversing import ReinstatePayment, ReversePayment
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    NEW_BILL,
    ORDER,
    OTHER_BILL,
    OTHER_ORDER,
    OTHER_SHIPMENT,
    PAYMENT,
    billed,
    capture,
    customer_registered,
    id_of,
    place,
    placed,
    ship,
    shipped,
)
from tests.domain.specification import AGENT, OWNER, Story, given

CREDIT, OTHER_CREDIT = id_of("crd"), id_of("crd", 2)
PROMISE, OTHER_PROMISE = id_of("prm"), id_of("prm", 2)
DISPUTE, REVERSAL, REINSTATEMENT, USE = id_of("dsp"), id_of("rev"), id_of("rev", 2), id_of("use")
ABOUT: dict[str, Any] = {"order": ORDER, "customer": CUSTOMER, "bill": BILL}
PERSONS = (
    PersonRegistered(person=AGENT.person, name="sealed:Ann", role="agent"),
    PersonRegistered(person=OWNER.person, name="sealed:Harriet", role="owner"),
)

EARLIER: dict[str, Any] = {"order": OTHER_ORDER, "shipment": OTHER_SHIPMENT}
OVERDUE: tuple[Event, ...] = (
    placed(order=OTHER_ORDER, terms="bill_after"),
    shipped(**EARLIER),
    billed(**EARLIER, bill=OTHER_BILL, due_on="2010-08-09"),
)
"""Two dresses that shipped on bill before: 75.95, overdue since 10 August."""


def billed_story(**asked: Any) -> Story:
    """Two dresses ordered on bill and shipped on 10 August: 75.95, to be paid by 9 September."""
    story = given(customer_registered(), *PERSONS)
    story.do(place(terms="bill_after", **asked))
    story.do(ship(bill=NEW_BILL))
    return story


def paid_story() -> Story:
    """Two dresses paid and shipped on 10 August."""
    story = given(customer_registered(), *PERSONS)
    for command in (place(), capture(), ship()):
        story.do(command)
    return story


def pay_bill(**other: Any) -> ReceiveBillPayment:
    """The bill is paid in full by bank transfer."""
    asked = {"payment": PAYMENT, "credit": CREDIT, "amount": 7595, "currency": "USD"}
    return ReceiveBillPayment(**{**ABOUT, **asked, "method": "bank_transfer", **other})


def bill_paid(amount: int = 7595, pays: int | None = None, **other: Any) -> BillPaymentReceived:
    """Money came for the bill, and so much of it paid it."""
    share = amount if pays is None else pays
    said = {
        "payment": PAYMENT,
        "currency": "USD",
        "amount": amount,
        "method": "bank_transfer",
        "reference": None,
        "bills": (BillShare(BILL, share),) if share else (),
        "set_aside": amount - share,
    }
    return BillPaymentReceived(**{**ABOUT, **said, **other})


def credit_kept(amount: int, **other: Any) -> CreditSetAside:
    """What exceeded the bill is the customer's credit."""
    said = {"order": ORDER, "customer": CUSTOMER, "credit": CREDIT, "currency": "USD", "amount": amount}
    return CreditSetAside(**{**said, "source": "bill_payment", "subject": PAYMENT, **other})


def remind(**other: Any) -> RecordReminder:
    """A reminder by email."""
    return RecordReminder(**{"order": ORDER, "bill": BILL, "channel": "email", **other})


def reminded(**other: Any) -> ReminderSent:
    """The customer was reminded by email."""
    return ReminderSent(**{**ABOUT, "channel": "email", "by": None, "note": None, **other})


def call(**other: Any) -> RecordCollectionCall:
    """The customer was phoned, and nobody answered."""
    asked = {"order": ORDER, "bill": BILL, "by": AGENT.person, "outcome": "not_reached"}
    return RecordCollectionCall(**{**asked, **other})


ILL: dict[str, Any] = {"outcome": "reached", "good_reason": "illness", "note": "sealed:In hospital"}
"""They were reached, and are ill."""


def called(**other: Any) -> CollectionCallMade:
    """Nobody answered the phone."""
    said = {
        "by": AGENT.person,
        "outcome": "not_reached",
        "good_reason": None,
        "will_pay": False,
        "note": None,
    }
    return CollectionCallMade(**{**ABOUT, **said, **other})


def promise(due_on: str = "2010-09-20", **other: Any) -> PromiseToPay:
    """They will pay by that day."""
    return PromiseToPay(**{"order": ORDER, "bill": BILL, "promise": PROMISE, "due_on": due_on, **other})


TOLD: dict[str, Any] = {"kind": "pay", "order": ORDER, "customer": CUSTOMER, "subject": BILL}


def promised(due_on: str = "2010-09-20", **other: Any) -> PromiseMade:
    """They said they would pay 75.95 by that day."""
    said = {"promise": PROMISE, "currency": "USD", "amount": 7595, "due_on": due_on, "replaces": None}
    return PromiseMade(**{**TOLD, **said, **other})


def promise_kept(**other: Any) -> PromiseKept:
    """They did."""
    return PromiseKept(**{**TOLD, "promise": PROMISE, "by": PAYMENT, **other})


def promise_broken(**other: Any) -> PromiseBroken:
    """They did not."""
    said = {"promise": PROMISE, "currency": "USD", "open": 7595, "due_on": "2010-09-20"}
    return PromiseBroken(**{**TOLD, **said, **other})


def write_off(**other: Any) -> WriteOffBill:
    """Write the bill off."""
    return WriteOffBill(**{"order": ORDER, "bill": BILL, **other})


def written_off(**other: Any) -> BillWrittenOff:
    """All of it is written off."""
    said = {"currency": "USD", "amount": 7595, "uncollectible": 0, "good_reason": "illness", "call": 0}
    return BillWrittenOff(**{**ABOUT, **said, **other})


def write_off_reversed(amount: int, **other: Any) -> WriteOffReversed:
    """So much of it counts as open again, for it is paid."""
    said = {"currency": "USD", "amount": amount, "because": "payment", "by": PAYMENT}
    return WriteOffReversed(**{**ABOUT, **said, **other})


def give_up(**other: Any) -> MarkBillUncollectible:
    """Mark the bill as uncollectible."""
    return MarkBillUncollectible(**{"order": ORDER, "bill": BILL, **other})


def dispute(**other: Any) -> OpenDispute:
    """The bank asks about the payment."""
    asked = {"order": ORDER, "dispute": DISPUTE, "payment": PAYMENT, "amount": 7595, "currency": "USD"}
    return OpenDispute(**{**asked, "why": "fraudulent", **other})


def close_dispute(outcome: Any = "lost", **other: Any) -> CloseDispute:
    """The bank has decided."""
    return CloseDispute(**{"order": ORDER, "dispute": DISPUTE, "outcome": outcome, **other})


def reverse(**other: Any) -> ReversePayment:
    """The payment is charged back."""
    asked = {"order": ORDER, "customer": CUSTOMER, "reversal": REVERSAL, "payment": PAYMENT}
    asked["kind"] = "chargeback"
    return ReversePayment(**{**asked, "amount": 7595, "currency": "USD", "bill": OTHER_BILL, **other})


def payment_reversed(amount: int = 7595, opened: int | None = None, **other: Any) -> PaymentReversed:
    """So much was taken back, and so much of it is owed now."""
    owed = amount if opened is None else opened
    said = {
        "order": ORDER,
        "customer": CUSTOMER,
        "reversal": REVERSAL,
        "payment": PAYMENT,
        "kind": "chargeback",
        "dispute": None,
        "reference": None,
        "currency": "USD",
        "amount": amount,
        "bill": OTHER_BILL if owed else None,
        "opened": owed,
        "due_on": "2010-08-10" if owed else None,
    }
    return PaymentReversed(**{**said, **other})


def reinstate(amount: int = 7595, **other: Any) -> ReinstatePayment:
    """What was taken back comes to us again."""
    name = other.get("reinstatement", REINSTATEMENT)
    asked = {"order": ORDER, "reversal": REVERSAL, "reinstatement": name, "reference": f"dp_{name}"}
    return ReinstatePayment(**{**asked, "amount": amount, "currency": "USD", **other})


def use_credit(amount: int, **other: Any) -> UseCredit:
    """Use so much of the customer's credit for the order."""
    asked = {"order": ORDER, "customer": CUSTOMER, "use": USE, "amount": amount, "currency": "USD"}
    return UseCredit(**{**asked, **other})


def give_credit(amount: int, **other: Any) -> GrantStoreCredit:
    """Give the customer so much credit out of goodwill."""
    asked = {"customer": CUSTOMER, "credit": OTHER_CREDIT, "kind": "goodwill", "amount": amount}
    return GrantStoreCredit(**{**asked, "currency": "USD", **other})


def credit_given(amount: int, **other: Any) -> StoreCreditGranted:
    """So much credit is given out of goodwill: by the agent, unless said."""
    said = {"customer": CUSTOMER, "credit": OTHER_CREDIT, "kind": "goodwill", "currency": "USD"}
    day = "2010-08-10"
    how = {"granted_on": day, "counts_on": day, "note": None, "decided_by": AGENT.person}
    how |= {"decided_as": "agent"}
    return StoreCreditGranted(**{**said, **how, "amount": amount, "limit": 5000, **other})


def review(decision: Any = "ship", **other: Any) -> ReviewWatchedOrder:
    """The owner decides on the order of a watched customer."""
    return ReviewWatchedOrder(**{"order": ORDER, "customer": CUSTOMER, "decision": decision, **other})
