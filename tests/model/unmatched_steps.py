"""Steps of what processors tell: money that came or was taken back, placed where it may be, else waiting."""

from collections.abc import Mapping

from domain.bills.bill_payments import ReceiveBillPayment
from domain.inbound.assigning import AssignMoney
from domain.inbound.notices import MovedMoney, ReceiveNotice
from domain.inbound.other_money import WaitForOtherMoney
from domain.inbound.returning import RecordFailedReturn, ReturnMoney
from domain.payments.money_facts import MoneyFact
from domain.payments.reversing import ReversePayment
from domain.refunds.paying_out import RecordPayout
from tests.domain import examples
from tests.domain.examples import id_of
from tests.model import holds, payouts, receiving, reversals, unmatched
from tests.model.choices import Take, amount_of, one_of, order_of
from tests.model.orders import Order
from tests.model.twins import Twins
from tests.model.unmatched import Return, Unmatched


def told_payment(twins: Twins, which: int, much: int) -> None:
    """A charge went through: as much as is needed, or more."""
    order = order_of(twins, which)
    if order is None:
        return
    payment = id_of("pay", twins.number)
    amount = amount_of(order.to_ship - order.deposit + order.open, much)
    fact = examples.capture(
        order=order.name,
        payment=payment,
        amount=amount,
        currency=order.currency,
        reference=f"ch_{twins.number}",
    )
    tell(twins, order, fact, came=True)


def told_reversal(twins: Twins, which: int, much: int) -> None:
    """A payment was taken back: what is left of it, or more."""
    order = order_of(twins, which)
    payment = order and one_of({name: name for name in order.payments}, which // 4)
    if order is None or payment is None:
        return
    tell(twins, order, _reversal(twins, order, payment, amount_of(order.payments[payment].standing, much)))


def assign(twins: Twins, which: int, much: int) -> None:
    """What waits was for an order: a payment of it or of a bill, or a payment of it taken back."""
    order = order_of(twins, which)
    name = one_of({name: name for name in twins.shop.unmatched}, which // 4)
    if order is None or name is None:
        return
    money = twins.shop.unmatched[name]
    amount = amount_of(money.left, much // 3)
    fact: MoneyFact
    bill = one_of(order.bills, which // 16)
    payment = one_of({payment: payment for payment in order.payments}, which // 16)
    refund = one_of({refund: refund for refund in order.refunds}, much)
    if not money.came:
        if payment is None:
            return
        fact = _reversal(twins, order, payment, amount)
        if refund is not None and much % 2:
            fact = RecordPayout(
                stream=order.name,
                refund=refund,
                payout=id_of("pot", 100_000 * twins.number),
                payment=payment,
                amount=amount,
                currency=order.currency,
                reference=f"re_{twins.number}",
            )
    elif bill is not None and much % 2:
        fact = ReceiveBillPayment(
            order=order.name,
            customer=order.customer,
            bill=bill.name,
            payment=id_of("pay", twins.number),
            credit=id_of("crd", twins.number),
            amount=amount,
            currency=order.currency,
            method="bank_transfer",
        )
    else:
        fact = examples.capture(
            order=order.name,
            payment=id_of("pay", twins.number),
            amount=amount,
            currency=order.currency,
            reference=f"ch_{twins.number}",
        )
    kept = unmatched.kept_for(twins.shop, money.order)
    command = AssignMoney(unmatched=name, customer=order.customer, fact=fact, kept=kept)
    happened = twins.ask(
        command,
        lambda: unmatched.assign(
            twins.shop,
            name,
            order.currency,
            amount,
            id_of("pay", twins.number),
            lambda: record(twins, order, fact),
        ),
    )
    if happened and money.came:
        named = {"order": money.order, "customer": twins.shop.orders[money.order].customer}
        follows = WaitForOtherMoney(**named, unmatched=name, kept=kept)
        twins.ask(follows, lambda: unmatched.assigned(twins.shop, name))


def give_back(twins: Twins, which: int, much: int) -> None:
    name = one_of({name: name for name in twins.shop.unmatched}, which // 4)
    if name is None:
        return
    money = twins.shop.unmatched[name]
    before = one_of({under: under for under in money.returns}, which // 16) if much % 2 else None
    under = before or f"back_{twins.number}"
    back = Return(id_of("stl", twins.number), amount_of(money.left, much // 2))
    command = ReturnMoney(
        unmatched=name,
        settlement=back.settlement,
        amount=back.amount,
        currency=money.currency,
        reference=under,
        order=money.order,
        customer=twins.shop.orders[money.order].customer,
        kept=unmatched.kept_for(twins.shop, money.order),
    )
    twins.ask(command, lambda: unmatched.give_back(twins.shop, name, back, under))


def came_again(twins: Twins, which: int, much: int) -> None:
    """What went back did not arrive, or was said by mistake."""
    gone = {name: it for name, it in twins.shop.unmatched.items() if it.came and it.returns}
    name = one_of({name: name for name in gone}, which // 4)
    if name is None:
        return
    under, back = list(gone[name].returns.items())[much % len(gone[name].returns)]
    command = RecordFailedReturn(unmatched=name, settlement=back.settlement)
    twins.ask(command, lambda: unmatched.came_again(twins.shop, name, under))


def tell(twins: Twins, order: Order, fact: MoneyFact, *, came: bool = False) -> None:
    """A processor tells it by itself."""
    name = id_of("unm", twins.number)
    command = ReceiveNotice(
        processor="acme",
        notice=f"evt_{twins.number}",
        kind="charge",
        happened_at=twins.story.at,
        body="sealed:",
        customer=order.customer,
        order=order.name,
        fact=fact,
        money=MovedMoney(
            unmatched=name,
            direction="receipt" if came else "payout",
            amount=fact.amount,
            currency=fact.currency,
            reference=f"{'ch' if came else 're'}_{twins.number}",
        ),
    )
    money = Unmatched(order.name, fact.currency, fact.amount, came)
    twins.ask(command, lambda: unmatched.told(twins.shop, name, money, lambda: record(twins, order, fact)))


def _reversal(twins: Twins, order: Order, payment: str, amount: int) -> ReversePayment:
    return ReversePayment(
        order=order.name,
        customer=order.customer,
        reversal=id_of("rev", twins.number),
        payment=payment,
        kind="chargeback",
        amount=amount,
        currency=order.currency,
        bill=id_of("bil", twins.number),
    )


def record(twins: Twins, order: Order, fact: MoneyFact) -> None:
    """What the shop makes of it."""
    match fact:
        case ReversePayment():
            reversals.reverse(twins.shop, order.name, fact.reversal, fact.payment, fact.amount, fact.bill)
            holds.cover_lost(twins.shop, order.name, charged_back=True)
        case RecordPayout():
            it = order.name, fact.refund, fact.payout, fact.payment, fact.amount
            payouts.told(twins.shop, *it)
        case ReceiveBillPayment():
            receiving.pay_bill(twins.shop, order.name, fact.bill, fact.payment, fact.amount)
        case _:
            receiving.capture(twins.shop, order.name, id_of("pay", twins.number), fact.amount)


UNMATCHED: Mapping[str, tuple[int, Take]] = {
    "told_payment": (1, told_payment),
    "told_reversal": (1, told_reversal),
    "assign": (1, assign),
    "give_back": (1, give_back),
    "came_again": (1, came_again),
}
"""How often each is tried, and how."""
