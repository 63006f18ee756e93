"""What may be done next for an order, by whom, and why not the rest: each decision is asked itself.

A step stands for a command as somebody would send it; whether it may be taken, and if not why, is what its
decision says to it. No rule is written here a second time. What money that waits was for, a person alone
knows: of what came for the order it is asked whether it may be a payment of it, as far as that needs any.
Source: R-D2, R-D3, R-D7, I12
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, Protocol

import msgspec

from domain.authority import ReasonMissing, RoleTooLow
from domain.bills.bill_payments import ReceiveBillPayment
from domain.bills.billing import NewBill, may_issue_bill
from domain.bills.collecting import RecordCollectionCall
from domain.bills.giving_up import MarkBillUncollectible
from domain.bills.promising import PromiseToPay
from domain.bills.reminding import RecordReminder
from domain.bills.reviewing import ReviewWatchedOrder
from domain.bills.writing_off import WriteOffBill
from domain.book.register import Role
from domain.command import Command
from domain.customers.credit import Credit
from domain.customers.crediting import UseCredit
from domain.customers.registering import Customer
from domain.decision import Given
from domain.decisions import decide
from domain.declines.card_search import CompleteCardSearch
from domain.declines.decline_events import ChargeToldBy
from domain.declines.not_delivering import CloseAsNotDelivered
from domain.declines.reaching import RecordContactAttempt
from domain.declines.releasing import ReleaseOrder
from domain.inbound.assigning import AssignMoney
from domain.inbound.unmatched import UnmatchedMoney
from domain.moments import Day
from domain.orders.cancelling import CancelUnits, may_credit_fee
from domain.orders.order import Placed, still_to_pay
from domain.orders.order_events import Part
from domain.orders.shipping import PERSONAL_DELIVERY, ShipOrder
from domain.payments.abandoning import AbandonCharge
from domain.payments.attempting import AttemptPayment, open_attempt
from domain.payments.capturing import CapturePayment
from domain.payments.disputing import CloseDispute
from domain.refusal import Refusal

StepName = Literal[
    "resolve_payment",
    "assign_money",
    "search_cards",
    "charge_card",
    "reach_customer",
    "use_credit",
    "record_payment",
    "ship",
    "review_order",
    "release_unpaid",
    "close_as_not_delivered",
    "cancel",
    "record_bill_payment",
    "remind",
    "promise_to_pay",
    "call_customer",
    "write_off_bill",
    "mark_uncollectible",
    "close_dispute",
]


NONE_CAME: Final[Mapping[str, UnmatchedMoney]] = {}


class Step(msgspec.Struct, frozen=True):
    """Something that might be done for an order, as the command that would do it."""

    name: StepName
    rule: str
    """The rule by which it is done."""
    command: Command
    subject: str | None = None
    """The charge it would resolve, the money that waits, the card it would charge, the contact point it would
    use, the bill or dispute it is about.
    """


class NextStep(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision said to a step."""

    name: StepName
    rule: str
    subject: str | None
    by: Role | None
    """The lowest role that may take it now; None: nobody may."""
    is_done: bool
    """Whether it would record nothing new."""
    needs_reason: bool
    refusal: Refusal | None
    """Why it may not be taken now."""


class Minted(Protocol):
    """A fresh id of that kind; nothing is recorded under it."""

    def __call__(self, prefix: str) -> str: ...


def steps_of(
    state: Placed,
    customer: Customer,
    by: str,
    today: Day,
    mint: Minted,
    kept: Mapping[str, UnmatchedMoney] = NONE_CAME,
    connected: str | None = None,
    payouts: tuple[str, ...] = (),
) -> tuple[Step, ...]:
    """Every step there is for an order, in the order in which the house takes them.

    `by` names the person who would speak to the customer; a bill, a credit note or a promise would be one of
    `today`; `kept` is the money that came for the order without a place, settled or not, and `payouts` names
    what left for it so; `connected` is the processor that can be asked what became of a charge.
    A customer is reached about a hold; one that is over is no reason to.
    """
    named: dict[str, Any] = {"order": state.placed.order, "customer": state.placed.customer}
    noted_on = today if may_credit_fee(state) else None
    names = tuple(kept)
    return (
        *_under_way(state, connected),
        *_waiting(state, mint, kept),
        Step("search_cards", "R-D3", CompleteCardSearch(**named)),
        *_charges(state, customer, mint, names),
        *_reaches(state, customer, by),
        *_credit(state, customer, mint),
        Step("record_payment", "I12", _payment(state, mint)),
        Step("ship", "I2", _shipment(state, int(today[:4]), mint, payouts)),
        *_review(state),
        Step("release_unpaid", "I3", ReleaseOrder(**named)),
        Step(
            "close_as_not_delivered",
            "I4",
            CloseAsNotDelivered(**named, refund=mint("ref"), decided_on=noted_on, kept=names),
        ),
        Step(
            "cancel",
            "I14",
            CancelUnits(order=state.placed.order, refund=mint("ref"), decided_on=noted_on),
        ),
        *_about_bills(state, by, today, mint),
        *[
            Step(
                "close_dispute",
                "R-B9",
                CloseDispute(order=state.placed.order, dispute=name, outcome="won"),
                name,
            )
            for name, dispute in state.disputes.items()
            if dispute.closed is None
        ],
    )


def _under_way(state: Placed, connected: str | None) -> Iterable[Step]:
    """What became of a charge under way: its processor is asked, or a person looks there."""
    attempt = open_attempt(state)
    if attempt is not None:
        it = attempt.attempted
        told_by: ChargeToldBy = "processor" if it.processor == connected else "person"
        asks = AbandonCharge(order=it.order, customer=it.customer, payment=it.payment, told_by=told_by)
        yield Step("resolve_payment", "R-D4", asks, it.payment)


def _waiting(state: Placed, mint: Minted, kept: Mapping[str, UnmatchedMoney]) -> Iterable[Step]:
    """What waits of the money that came for the order was a payment of it, as far as it takes one."""
    for name, money in kept.items():
        if money.left:
            amount = min(money.left, max(1, still_to_pay(state)))
            fact = CapturePayment(
                order=state.placed.order,
                payment=mint("pay"),
                amount=amount,
                currency=money.it.currency,
                processor=money.it.processor,
                reference=money.next_reference,
            )
            said = AssignMoney(unmatched=name, customer=state.placed.customer, fact=fact, kept=tuple(kept))
            yield Step("assign_money", "I12", said, name)


def _charges(state: Placed, customer: Customer, mint: Minted, kept: tuple[str, ...]) -> Iterable[Step]:
    """Each card on file is charged."""
    for card in customer.payment_methods:
        charge = AttemptPayment(
            order=state.placed.order,
            customer=state.placed.customer,
            payment=mint("pay"),
            payment_method=card,
            processor="next_steps",
            kept=kept,
        )
        yield Step("charge_card", "R-D4", charge, card)


def _reaches(state: Placed, customer: Customer, by: str) -> Iterable[Step]:
    """The customer is reached by each way on file, unless the hold is over."""
    if state.declines.holds and state.declines.holds[-1].ended is not None:
        return
    for known in customer.contact_points.values():
        if known.invalidated is None:
            way = known.contact_point
            reach = RecordContactAttempt(
                order=state.placed.order,
                customer=state.placed.customer,
                channel=way.kind,
                contact_point=way.id,
                reached=False,
                by=by,
            )
            yield Step("reach_customer", "R-D2", reach, way.id)


def _credit(state: Placed, customer: Customer, mint: Minted) -> Iterable[Step]:
    """The customer's credit pays, as far as it reaches, for what the order takes."""
    currency = state.placed.currency
    amount = min(customer.credit.get(currency, Credit()).available, still_to_pay(state))
    if amount > 0:
        use = UseCredit(
            order=state.placed.order,
            customer=state.placed.customer,
            use=mint("use"),
            amount=amount,
            currency=currency,
        )
        yield Step("use_credit", "I15", use)


def _review(state: Placed) -> Iterable[Step]:
    """The owner lets it ship, while they have not: where payment is asked first, the other way on."""
    placed = state.placed
    if placed.watched_for and (state.asks_payment_first or not state.reviews):
        review = ReviewWatchedOrder(order=placed.order, customer=placed.customer, decision="ship")
        yield Step("review_order", "R-B2", review)


def _about_bills(state: Placed, by: str, today: Day, mint: Minted) -> Iterable[Step]:
    """What may be done about everything that is owed for the order, with a number or without one."""
    order, customer = state.placed.order, state.placed.customer
    for name, bill in state.bills.items():
        if bill.open:
            named = mint("pay")
            payment = ReceiveBillPayment(
                order=order,
                customer=customer,
                bill=name,
                payment=named,
                credit=mint("crd"),
                amount=bill.open,
                currency=bill.currency,
                method="next_steps",
                reference=named,
            )
            call = RecordCollectionCall(order=order, bill=name, by=by, outcome="not_reached")
            reminder = RecordReminder(order=order, bill=name, channel="email")
            promise = PromiseToPay(order=order, bill=name, promise=mint("prm"), due_on=today)
            yield Step("record_bill_payment", "I9", payment, name)
            yield Step("remind", "R-B3", reminder, name)
            yield Step("promise_to_pay", "R-B7", promise, name)
            yield Step("call_customer", "R-B3", call, name)
            yield Step("write_off_bill", "R-B4", WriteOffBill(order=order, bill=name), name)
            yield Step("mark_uncollectible", "R-B5", MarkBillUncollectible(order=order, bill=name), name)


def asked(step: Step, given: Given) -> NextStep:
    """What the step's decision says, to the lowest role it listens to; `given` is for its command."""
    role: Role = "agent"
    needs_reason = False
    given = msgspec.structs.replace(given, reason=None)
    while True:
        given = msgspec.structs.replace(given, actor=msgspec.structs.replace(given.actor, role=role))
        try:
            decision = decide(step.command, given)
        except RoleTooLow as too_low:
            role = too_low.least
        except ReasonMissing:
            needs_reason = True
            given = msgspec.structs.replace(given, reason="said")
        except Refusal as refusal:
            return _answer(step, None, refusal=refusal)
        else:
            by = role if decision.events else None
            return _answer(step, by, needs_reason=needs_reason, is_done=by is None)


def next_steps(answers: Iterable[NextStep]) -> tuple[NextStep, ...]:
    """What may be done first, then what may not, otherwise in the order of the house."""
    return tuple(sorted(answers, key=lambda answer: answer.by is None))


def _answer(
    step: Step,
    by: Role | None,
    *,
    needs_reason: bool = False,
    is_done: bool = False,
    refusal: Refusal | None = None,
) -> NextStep:
    return NextStep(
        name=step.name,
        rule=step.rule,
        subject=step.subject,
        by=by,
        is_done=is_done,
        needs_reason=needs_reason,
        refusal=refusal,
    )


def _payment(state: Placed, mint: Minted) -> CapturePayment:
    payment = mint("pay")
    return CapturePayment(
        order=state.placed.order,
        payment=payment,
        amount=max(1, still_to_pay(state)),
        currency=state.placed.currency,
        processor="next_steps",
        reference=payment,
    )


def _shipment(state: Placed, year: int, mint: Minted, payouts: tuple[str, ...]) -> ShipOrder:
    """All that is left; of a line of which nothing is, one unit, so that the decision says why not."""
    left = [Part(line.line.number, line.to_ship) for line in state.lines if line.to_ship]
    return ShipOrder(
        order=state.placed.order,
        shipment=mint("shp"),
        parts=tuple(left) or (Part(1, 1),),
        method=PERSONAL_DELIVERY,
        description="said",
        bill=NewBill(mint("bil"), year) if may_issue_bill(state) else None,
        payouts=payouts,
    )
