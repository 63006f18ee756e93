"""Every decision, by the command that asks for it; and what all of them check about time first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from domain.bills.bill_payments import ReceiveBillPayment, receive_bill_payment
from domain.bills.collecting import RecordCollectionCall, record_collection_call
from domain.bills.giving_up import MarkBillUncollectible, mark_bill_uncollectible
from domain.bills.promising import PromiseToPay, promise_to_pay
from domain.bills.reminding import RecordReminder, record_reminder
from domain.bills.reviewing import ReviewWatchedOrder, review_watched_order
from domain.bills.writing_off import WriteOffBill, write_off_bill
from domain.book.adopting import adopt_policy
from domain.book.closing import ClosePeriod, close_period
from domain.book.opening import BookNotOpened, open_book, register_person
from domain.book.policy import AdoptPolicy
from domain.book.register import OpenBook, RegisterPerson
from domain.causal_order import in_causal_order
from domain.command import Command
from domain.corrections.correcting import CorrectEntry, correct_entry
from domain.customers.crediting import UseCredit, use_credit
from domain.customers.giving_credit import (
    ApproveStoreCredit,
    GrantStoreCredit,
    WithdrawStoreCredit,
    approve_store_credit,
    grant_store_credit,
    withdraw_store_credit,
)
from domain.customers.registering import (
    AddContactPoint,
    InvalidateContactPoint,
    RegisterCustomer,
    StorePaymentMethod,
    add_contact_point,
    invalidate_contact_point,
    register_customer,
    store_payment_method,
)
from domain.decision import Decision, Given
from domain.declines.card_search import CompleteCardSearch, complete_card_search
from domain.declines.not_delivering import CloseAsNotDelivered, close_as_not_delivered
from domain.declines.payment_failures import RecordPaymentFailure, record_payment_failure
from domain.declines.reaching import RecordContactAttempt, record_contact_attempt
from domain.declines.releasing import ReleaseOrder, release_order
from domain.in_turn import with_events_in_turn
from domain.inbound.assigning import AssignMoney, assign_money
from domain.inbound.charges_let_through import RecordCharge, record_charge
from domain.inbound.closing_notices import CloseNotice, close_notice
from domain.inbound.notice_events import TOLD
from domain.inbound.notices import ReceiveNotice, receive_notice
from domain.inbound.other_money import WaitForOtherMoney, wait_for_other_money
from domain.inbound.payouts import RecordSentPayout, record_sent_payout
from domain.inbound.returning import (
    RecordFailedReturn,
    ReturnMoney,
    record_failed_return,
    return_money,
)
from domain.moments import FIRST_EFFECTIVE, HOUR, Moment
from domain.orders.cancelling import CancelUnits, cancel_units
from domain.orders.carts import CheckOutCart, PrepareCart, check_out_cart, prepare_cart
from domain.orders.contacting import RecordContact, record_contact
from domain.orders.delivering import DeliverShipment, deliver_shipment
from domain.orders.placing import PlaceOrder, place_order
from domain.orders.products import ListProduct, RepriceProduct, list_product, reprice_product
from domain.orders.shipping import ShipOrder, ship_order
from domain.payments.abandoning import AbandonCharge, abandon_charge
from domain.payments.attempting import AttemptPayment, attempt_payment
from domain.payments.capturing import CapturePayment, capture_payment
from domain.payments.disputing import CloseDispute, OpenDispute, close_dispute, open_dispute
from domain.payments.reversing import ReinstatePayment, ReversePayment, reinstate_payment, reverse_payment
from domain.refunds.approving import ApproveRefund, WithdrawRefund, approve_refund, withdraw_refund
from domain.refunds.due_changes import with_due_changes
from domain.refunds.granting import GrantRefund, grant_refund
from domain.refunds.granting_unverified import (
    GrantUnverifiedRefund,
    PayOutCredit,
    grant_unverified_refund,
    pay_out_credit,
)
from domain.refunds.paying_out import RecordPayout, record_told_payout
from domain.refunds.payout_failures import (
    RecordFailedPayout,
    RecordReturnedPayout,
    record_failed_payout,
    record_returned_payout,
)
from domain.refunds.refund_signals import DismissFraudSignal, dismiss_fraud_signal
from domain.refunds.settlement import SettleRefund
from domain.refunds.settling import settle_refund
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise
from domain.returns.asking_back import AskGoodsBack, ask_goods_back
from domain.returns.taking_back import (
    LeaveGoods,
    SendReturnLabel,
    TakeGoodsBack,
    leave_goods,
    send_return_label,
    take_goods_back,
)
from domain.suppliers.claim_answers import (
    RefuseSupplierClaim,
    SettleSupplierClaim,
    WaiveSupplierClaim,
    refuse_supplier_claim,
    settle_supplier_claim,
    waive_supplier_claim,
)
from domain.suppliers.claiming import FileSupplierClaim, file_supplier_claim
from domain.ticking import TICK, Tick, due_in, tick, with_due

Decide = Callable[[Any, Given], Decision]
"""(command, given) → decision; each takes the command it stands beside in the table."""

DECISIONS: Mapping[type[Command], Decide] = {
    OpenBook: open_book,
    RegisterPerson: register_person,
    AdoptPolicy: adopt_policy,
    ListProduct: list_product,
    RepriceProduct: reprice_product,
    RegisterCustomer: register_customer,
    AddContactPoint: add_contact_point,
    InvalidateContactPoint: invalidate_contact_point,
    StorePaymentMethod: store_payment_method,
    PrepareCart: prepare_cart,
    CheckOutCart: check_out_cart,
    PlaceOrder: place_order,
    CapturePayment: capture_payment,
    ShipOrder: ship_order,
    DeliverShipment: deliver_shipment,
    CancelUnits: cancel_units,
    GrantRefund: grant_refund,
    GrantUnverifiedRefund: grant_unverified_refund,
    PayOutCredit: pay_out_credit,
    ApproveRefund: approve_refund,
    WithdrawRefund: withdraw_refund,
    SettleRefund: settle_refund,
    RecordPayout: record_told_payout,
    RecordFailedPayout: record_failed_payout,
    RecordReturnedPayout: record_returned_payout,
    DismissFraudSignal: dismiss_fraud_signal,
    AskGoodsBack: ask_goods_back,
    SendReturnLabel: send_return_label,
    TakeGoodsBack: take_goods_back,
    LeaveGoods: leave_goods,
    FileSupplierClaim: file_supplier_claim,
    WaiveSupplierClaim: waive_supplier_claim,
    SettleSupplierClaim: settle_supplier_claim,
    RefuseSupplierClaim: refuse_supplier_claim,
    RecordContact: record_contact,
    ReceiveBillPayment: receive_bill_payment,
    RecordReminder: record_reminder,
    RecordCollectionCall: record_collection_call,
    PromiseToPay: promise_to_pay,
    WriteOffBill: write_off_bill,
    MarkBillUncollectible: mark_bill_uncollectible,
    OpenDispute: open_dispute,
    CloseDispute: close_dispute,
    ReversePayment: reverse_payment,
    ReinstatePayment: reinstate_payment,
    UseCredit: use_credit,
    GrantStoreCredit: grant_store_credit,
    ApproveStoreCredit: approve_store_credit,
    WithdrawStoreCredit: withdraw_store_credit,
    ReviewWatchedOrder: review_watched_order,
    ClosePeriod: close_period,
    AttemptPayment: attempt_payment,
    AbandonCharge: abandon_charge,
    RecordPaymentFailure: record_payment_failure,
    CompleteCardSearch: complete_card_search,
    RecordContactAttempt: record_contact_attempt,
    ReleaseOrder: release_order,
    CloseAsNotDelivered: close_as_not_delivered,
    CorrectEntry: correct_entry,
    RecordCharge: record_charge,
    RecordSentPayout: record_sent_payout,
    AssignMoney: assign_money,
    ReturnMoney: return_money,
    RecordFailedReturn: record_failed_return,
    WaitForOtherMoney: wait_for_other_money,
    ReceiveNotice: receive_notice,
    CloseNotice: close_notice,
    Tick: tick,
}


@dataclass(unsafe_hash=True)
class EffectiveInFuture(Refusal):
    """What is recorded has happened; this would take effect later than now."""

    rule = "H-time"
    way_out = "Leave the moment out, or give the one at which it happened."
    spoken = "What is recorded has happened: `{field}` may be {now:moment} at the latest."

    effective_at: Moment
    now: Moment
    field: Literal["effective_at", "now"] = "effective_at"
    """What names the moment in the request."""


@dataclass(unsafe_hash=True)
class EffectiveTooEarly(Refusal):
    """What is recorded here happened in 1900 or later; this would take effect earlier."""

    rule = "H-time"
    way_out = "Give the moment at which it happened, with its full year."

    effective_at: Moment
    earliest: Moment


@dataclass(unsafe_hash=True)
class BackdatedTooFar(Refusal):
    """What happened this long ago is entered by the owner, or imported."""

    rule = "H-time"
    way_out = "Ask the owner to enter it, with the moment at which it happened."
    spoken = "What happened more than {days:day} ago is entered by the owner, or imported."

    effective_at: Moment
    days: int


def decide(command: Command, given: Given) -> Decision:
    """What that command records.

    Checks, before the decision's own: not before 1900; book open. A retry is found by the decision and comes
    before the next: not in the future; not too long ago; and only then whatever else the decision refuses.
    Last comes whether all that it takes was there at its moment (`domain.causal_order`).

    What time had decided by then in the streams it writes comes first, as if a tick had just been, so that it
    makes no difference how often the book ticks. What records nothing itself brings nothing of that along.
    Raises: Refusal. Source: §3
    """
    if given.at < FIRST_EFFECTIVE:
        raise EffectiveTooEarly(given.at, FIRST_EFFECTIVE)
    if given.book.opened is None and not isinstance(command, OpenBook):
        raise BookNotOpened
    untimely = _untimely(given)
    due = due_in(command.writes(), given)
    seen = with_due(given, due) if due else given
    try:
        decision = in_causal_order(DECISIONS[type(command)](command, seen), seen)
    except Refusal as refusal:
        if untimely is None or isinstance(refusal, AlreadyRecordedOtherwise):
            raise
        raise untimely from None
    if decision.already:
        return decision
    if untimely is not None:
        raise untimely
    then = seen if decision.at is None else msgspec.structs.replace(seen, at=decision.at)
    decision = with_events_in_turn(with_due_changes(decision, then), then)
    return msgspec.structs.replace(decision, due=due) if due else decision


def _untimely(given: Given) -> Refusal | None:
    if given.at > given.now:
        return EffectiveInFuture(given.at, given.now)
    if given.book.opened is not None and is_backdated_too_far(given):
        return BackdatedTooFar(given.at, given.edition.backdating_days)
    return None


def is_backdated_too_far(given: Given) -> bool:
    """Whether this happened too long ago for this person to enter it. Source: §3"""
    if given.actor.role == "owner" or given.origin in ("import", TOLD, TICK):
        return False
    return given.now - given.at > given.edition.backdating_days * 24 * HOUR
