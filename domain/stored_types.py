"""The one table of stored types: the permanent name of every event, its schema version, and how older
versions are read.

A name is `<aggregate>.<rest>` and is never changed or reused; `tests/domain/test_stored_types.py` freezes
the table. An upcaster turns the stored data of version n into that of version n + 1, dict → dict; the codec
applies them in turn.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from domain.bills.bill_events import (
    BillBecameOverdue,
    BillIssued,
    BillMarkedUncollectible,
    BillPaymentReceived,
    BillWrittenOff,
    CollectionCallMade,
    ReminderSent,
    WriteOffReversed,
)
from domain.bills.promise_events import PromiseBroken, PromiseKept, PromiseMade
from domain.bills.watch_events import WatchedOrderReviewed
from domain.book.policy import PolicyAdopted, evolve_policy
from domain.book.register import BookOpened, PeriodClosed, PersonRegistered, evolve_register
from domain.corrections.correction_events import (
    BillCorrected,
    PaymentCorrected,
    RefundCorrected,
    ShipmentCorrected,
)
from domain.customers.evolve_customer import evolve_customer
from domain.customers.registering import (
    ContactPointAdded,
    ContactPointInvalidated,
    CustomerRegistered,
    PaymentMethodStored,
)
from domain.declines.decline_events import (
    CardOnFileSearchCompleted,
    ChargeAbandoned,
    ChargeRecordedBefore,
    ChargeUnmatched,
    ContactAttempted,
    OrderNotDelivered,
    OrderPlacedOnHold,
    OrderReleased,
    PaymentAttempted,
    PaymentDeclined,
    PaymentMethodFailed,
    ShipmentReleasedWithoutPayment,
)
from domain.entry import Entry, Event
from domain.inbound.notice_events import NoticeClosed, NoticeReceived
from domain.inbound.notices import evolve_notice
from domain.inbound.unmatched import evolve_unmatched
from domain.inbound.unmatched_events import (
    UnmatchedPayout,
    UnmatchedPayoutAssigned,
    UnmatchedPayoutReturned,
    UnmatchedReceipt,
    UnmatchedReceiptAssigned,
    UnmatchedReceiptCameAgain,
    UnmatchedReceiptReopened,
    UnmatchedReceiptReturned,
)
from domain.numbers import NumberTaken, evolve_numbers
from domain.orders.evolve_order import evolve_order
from domain.orders.order_events import (
    CartPrepared,
    CustomerContactMade,
    GuaranteeGranted,
    OrderPlaced,
    OrderShipped,
    OrderUnitsCancelled,
    ShipmentDelivered,
)
from domain.orders.products import ProductListed, ProductRepriced, evolve_product
from domain.payments.payment_events import (
    CreditSetAside,
    CreditUsed,
    DisputeClosed,
    DisputeOpened,
    PaymentCaptured,
    PaymentReinstated,
    PaymentReversed,
    StoreCreditEscalated,
    StoreCreditGranted,
    StoreCreditRequested,
    StoreCreditWithdrawn,
)
from domain.refunds.payout_events import PayoutAsked, PayoutNamed
from domain.refunds.persons_day import evolve_day
from domain.refunds.refund_events import (
    FraudSignalDismissed,
    FraudSignalRaised,
    PayoutUnmatched,
    RefundAllowanceUsed,
    RefundDueChanged,
    RefundEscalated,
    RefundGranted,
    RefundPaid,
    RefundPaymentFailed,
    RefundRequested,
    RefundReturned,
    RefundWithdrawn,
)
from domain.returns.return_events import (
    GoodsLeftWithCustomer,
    GoodsReturned,
    GoodsReturnRequested,
    ReturnLabelSent,
)
from domain.suppliers.supplier_events import (
    SupplierClaimFiled,
    SupplierClaimRefused,
    SupplierClaimSettled,
    SupplierClaimWaived,
)

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


class StoredType(msgspec.Struct, frozen=True):
    """How one stored type is written now and how its older versions are read."""

    event: type[Event]
    schema_version: int = 1
    upcasters: Mapping[int, Upcaster] = {}
    """By the version they read; each gives the next version's data."""


STORED_TYPES: Final[Mapping[str, StoredType]] = {
    "book.opened": StoredType(BookOpened),
    "person.registered": StoredType(PersonRegistered),
    "policy.adopted": StoredType(PolicyAdopted),
    "number.taken": StoredType(NumberTaken),
    "product.listed": StoredType(ProductListed),
    "product.repriced": StoredType(ProductRepriced),
    "customer.registered": StoredType(CustomerRegistered),
    "contact_point.added": StoredType(ContactPointAdded),
    "contact_point.invalidated": StoredType(ContactPointInvalidated),
    "payment_method.stored": StoredType(PaymentMethodStored),
    "cart.prepared": StoredType(CartPrepared),
    "order.placed": StoredType(OrderPlaced),
    "payment.captured": StoredType(PaymentCaptured),
    "order.shipped": StoredType(OrderShipped),
    "bill.issued": StoredType(BillIssued),
    "shipment.delivered": StoredType(ShipmentDelivered),
    "guarantee.granted": StoredType(GuaranteeGranted),
    "order.units_cancelled": StoredType(OrderUnitsCancelled),
    "refund.granted": StoredType(RefundGranted),
    "bill.became_overdue": StoredType(BillBecameOverdue),
    "bill.payment_received": StoredType(BillPaymentReceived),
    "bill.written_off": StoredType(BillWrittenOff),
    "write_off.reversed": StoredType(WriteOffReversed),
    "bill.marked_uncollectible": StoredType(BillMarkedUncollectible),
    "reminder.sent": StoredType(ReminderSent),
    "collection_call.made": StoredType(CollectionCallMade),
    "promise.made": StoredType(PromiseMade),
    "promise.kept": StoredType(PromiseKept),
    "promise.broken": StoredType(PromiseBroken),
    "watched_order.reviewed": StoredType(WatchedOrderReviewed),
    "dispute.opened": StoredType(DisputeOpened),
    "dispute.closed": StoredType(DisputeClosed),
    "payment.reversed": StoredType(PaymentReversed),
    "payment.reinstated": StoredType(PaymentReinstated),
    "store_credit.requested": StoredType(StoreCreditRequested),
    "store_credit.escalated": StoredType(StoreCreditEscalated),
    "store_credit.withdrawn": StoredType(StoreCreditWithdrawn),
    "store_credit.granted": StoredType(StoreCreditGranted),
    "credit.set_aside": StoredType(CreditSetAside),
    "credit.used": StoredType(CreditUsed),
    "refund.paid": StoredType(RefundPaid),
    "refund.returned": StoredType(RefundReturned),
    "refund.requested": StoredType(RefundRequested),
    "refund.escalated": StoredType(RefundEscalated),
    "refund.withdrawn": StoredType(RefundWithdrawn),
    "refund.payment_failed": StoredType(RefundPaymentFailed),
    "refund.due_changed": StoredType(RefundDueChanged),
    "refund.payout_unmatched": StoredType(PayoutUnmatched),
    "refund.payout_asked": StoredType(PayoutAsked),
    "refund.payout_named": StoredType(PayoutNamed),
    "refund_allowance.used": StoredType(RefundAllowanceUsed),
    "fraud_signal.raised": StoredType(FraudSignalRaised),
    "fraud_signal.dismissed": StoredType(FraudSignalDismissed),
    "payment.corrected": StoredType(PaymentCorrected),
    "shipment.corrected": StoredType(ShipmentCorrected),
    "bill.corrected": StoredType(BillCorrected),
    "refund.corrected": StoredType(RefundCorrected),
    "unmatched_receipt.recorded": StoredType(UnmatchedReceipt),
    "unmatched_receipt.assigned": StoredType(UnmatchedReceiptAssigned),
    "unmatched_receipt.reopened": StoredType(UnmatchedReceiptReopened),
    "unmatched_receipt.returned": StoredType(UnmatchedReceiptReturned),
    "unmatched_receipt.came_again": StoredType(UnmatchedReceiptCameAgain),
    "unmatched_payout.recorded": StoredType(UnmatchedPayout),
    "unmatched_payout.assigned": StoredType(UnmatchedPayoutAssigned),
    "unmatched_payout.returned": StoredType(UnmatchedPayoutReturned),
    "notice.received": StoredType(NoticeReceived),
    "notice.closed": StoredType(NoticeClosed),
    "customer_contact.made": StoredType(CustomerContactMade),
    "period.closed": StoredType(PeriodClosed),
    "payment.attempted": StoredType(PaymentAttempted),
    "payment.declined": StoredType(PaymentDeclined),
    "payment_method.failed": StoredType(PaymentMethodFailed),
    "payment.unmatched": StoredType(ChargeUnmatched),
    "payment.recorded_before": StoredType(ChargeRecordedBefore),
    "payment.abandoned": StoredType(ChargeAbandoned),
    "order.placed_on_hold": StoredType(OrderPlacedOnHold),
    "card_search.completed": StoredType(CardOnFileSearchCompleted),
    "contact.attempted": StoredType(ContactAttempted),
    "order.released": StoredType(OrderReleased),
    "order.released_without_payment": StoredType(ShipmentReleasedWithoutPayment),
    "order.not_delivered": StoredType(OrderNotDelivered),
    "goods_return.requested": StoredType(GoodsReturnRequested),
    "return_label.sent": StoredType(ReturnLabelSent),
    "goods.returned": StoredType(GoodsReturned),
    "goods.left_with_customer": StoredType(GoodsLeftWithCustomer),
    "supplier_claim.filed": StoredType(SupplierClaimFiled),
    "supplier_claim.settled": StoredType(SupplierClaimSettled),
    "supplier_claim.refused": StoredType(SupplierClaimRefused),
    "supplier_claim.waived": StoredType(SupplierClaimWaived),
}

TYPE_NAMES: Final[Mapping[type[Event], str]] = {stored.event: name for name, stored in STORED_TYPES.items()}
"""The stored name of each event class."""

Evolve = Callable[[Any, Entry], Any]
"""(state or None, entry) → state; the state's class depends on the kind of stream."""

STATES: Final[Mapping[str, Evolve]] = {
    "book": evolve_register,
    "policy": evolve_policy,
    "number": evolve_numbers,
    "prd": evolve_product,
    "cus": evolve_customer,
    "day": evolve_day,
    "ord": evolve_order,
    "unmatched": evolve_unmatched,
    "inbound": evolve_notice,
}
"""How each kind of stream folds; a kind is the stream's name up to the first `_` or `/`."""


def evolve_of(stream: str) -> Evolve:
    """How that stream folds. Raises: LookupError if no such kind of stream exists."""
    kind = stream.partition("/")[0].partition("_")[0]
    try:
        return STATES[kind]
    except KeyError:
        raise LookupError(f"{stream} is not a stream of this house") from None
