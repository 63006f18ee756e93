"""Steps of bills and credit: paid, called about, written off, given up, taken back, brought again."""

from collections.abc import Mapping
from datetime import timedelta

from domain.bills.bill_payments import ReceiveBillPayment
from domain.bills.collecting import RecordCollectionCall
from domain.bills.giving_up import MarkBillUncollectible
from domain.bills.promising import PromiseToPay
from domain.bills.writing_off import WriteOffBill
from domain.customers.crediting import UseCredit
from domain.customers.giving_credit import GrantStoreCredit
from domain.payments.disputing import CloseDispute, OpenDispute
from domain.payments.reversing import ReinstatePayment, ReversePayment
from tests.domain.examples import id_of
from tests.domain.specification import AGENT, OWNER
from tests.model import debts, disputes, holds, limits, people, promises, receiving, reversals
from tests.model.choices import Take, amount_of, one_of, order_of
from tests.model.limits import Request
from tests.model.twins import CURRENCIES, CUSTOMERS, Twins

GOOD_REASONS = ("illness", "job_loss", "bereavement", "never_received", "disputed", "other")


def pay_bill(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    bill = order and one_of(order.bills, which // 4 + much)
    if order is None or bill is None:
        return
    payment = id_of("pay", twins.number)
    amount = amount_of(bill.open + bill.written_off, much)
    command = ReceiveBillPayment(
        order=order.name,
        customer=order.customer,
        bill=bill.name,
        payment=payment,
        credit=id_of("crd", twins.number),
        amount=amount,
        currency=order.currency,
        method="bank_transfer",
    )
    twins.ask(command, lambda: receiving.pay_bill(twins.shop, order.name, bill.name, payment, amount))


def call(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    bill = order and one_of(order.bills, which // 4)
    if order is None or bill is None:
        return
    reached, reason = much % 4 > 0, GOOD_REASONS[much % 6] if much % 4 > 1 else None
    command = RecordCollectionCall(
        order=order.name,
        bill=bill.name,
        by=AGENT.person,
        outcome="reached" if reached else "not_reached",
        good_reason=reason,
        note=f"sealed:{twins.number}",
    )
    twins.ask(command, lambda: debts.call(twins.shop, order.name, bill.name, excused=reason is not None))


def write_off(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    bill = order and one_of(order.bills, which // 4)
    if order is None or bill is None:
        return
    actor = OWNER if much % 4 else AGENT
    command = WriteOffBill(order=order.name, bill=bill.name)
    twins.ask(command, lambda: debts.write_off(twins.shop, order.name, bill.name, actor.role), actor)


def give_up(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    bill = order and one_of(order.bills, which // 4)
    if order is None or bill is None:
        return
    actor = OWNER if much % 4 else AGENT
    command = MarkBillUncollectible(order=order.name, bill=bill.name)
    twins.ask(command, lambda: debts.mark_uncollectible(twins.shop, order.name, bill.name, actor.role), actor)


def reverse(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    name = order and one_of({name: name for name in order.payments}, which // 4)
    if order is None or name is None:
        return
    payment = order.payments[name]
    amount = amount_of(payment.standing, much)
    reversal, row = id_of("rev", twins.number), id_of("bil", twins.number)
    bounced = which % 8 == 7
    command = ReversePayment(
        order=order.name,
        customer=order.customer,
        reversal=reversal,
        payment=name,
        kind="bounced" if bounced else "chargeback",
        amount=amount,
        currency=order.currency,
        bill=row,
    )

    def taken_back() -> None:
        reversals.reverse(twins.shop, order.name, reversal, name, amount, row)
        holds.cover_lost(twins.shop, order.name, charged_back=not bounced)

    twins.ask(command, taken_back)


def reinstate(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    name = order and one_of({name: name for name in order.reversals}, which // 4)
    if order is None or name is None:
        return
    _, taken, again, _ = order.reversals[name]
    amount, again_as = amount_of(taken - again, much), id_of("rev", twins.number)
    command = ReinstatePayment(
        order=order.name,
        reversal=name,
        reinstatement=again_as,
        amount=amount,
        currency=order.currency,
        reference=f"dp_{twins.number}",
    )
    refund = id_of("ref", twins.number)

    def came_again() -> None:
        if reversals.reinstate(twins.shop, order.name, name, again_as, amount, refund):
            twins.streams[refund] = order.name, order.customer

    twins.ask(command, came_again)


def use_credit(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    if order is None:
        return
    available = twins.shop.credit(order.customer, order.currency).available
    needed = order.to_ship - order.deposit + order.open
    amount = amount_of(max(available, needed) if much > 12 else min(available, needed), much)
    use = id_of("use", twins.number)
    command = UseCredit(
        order=order.name,
        customer=order.customer,
        use=use,
        amount=amount,
        currency=order.currency,
    )
    twins.ask(command, lambda: receiving.use_credit(twins.shop, order.name, use, amount))


def grant_credit(twins: Twins, which: int, much: int) -> None:
    customer, currency = CUSTOMERS[which % 3 == 2], CURRENCIES[which % 5 == 4]
    amount = (29_99, 30_00, 30_01, 60_00, 60_01, 1)[much % 6]
    actor = people.decider(which // 16)
    name = id_of("crd", twins.number)
    command = GrantStoreCredit(
        customer=customer,
        credit=name,
        kind="goodwill" if much % 2 else "adjustment",
        amount=amount,
        currency=currency,
    )

    shop, by = twins.shop, people.by(actor)
    request = Request(
        worth=lambda: limits.gesture(shop, customer, currency, amount),
        grant=lambda: receiving.grant_credit(shop, customer, currency, amount),
        asked_by=by.person,
    )
    twins.streams[name] = customer, customer
    twins.ask(command, lambda: limits.decide(shop, name, request, by, shop.credit_requests), actor)


def promise(twins: Twins, which: int, much: int) -> None:
    """Until yesterday, today, or a day on which they may be overdue."""
    order = order_of(twins, which)
    bill = order and one_of(order.bills, which // 4)
    if order is None or bill is None:
        return
    name, due = id_of("prm", twins.number), twins.today + timedelta(days=(3, 0, -1, 1, 30)[much % 5])
    command = PromiseToPay(order=order.name, bill=bill.name, promise=name, due_on=due.isoformat())
    twins.ask(command, lambda: promises.promise(twins.shop, order.name, bill.name, name, due))


def dispute(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    name = order and one_of({name: name for name in order.payments}, which // 4)
    if order is None or name is None:
        return
    new = id_of("dsp", twins.number)
    amount = amount_of(order.payments[name].amount, much)
    command = OpenDispute(
        order=order.name, dispute=new, payment=name, amount=amount, currency=order.currency, why="fraudulent"
    )
    twins.ask(command, lambda: disputes.open_dispute(twins.shop, order.name, new, name, amount))


def close_dispute(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    name = order and one_of({name: name for name in order.disputes}, which // 4)
    if order is None or name is None:
        return
    outcome = "won" if much % 2 else "lost"
    command = CloseDispute(order=order.name, dispute=name, outcome=outcome)
    twins.ask(command, lambda: disputes.close_dispute(twins.shop, order.name, name, outcome))


BILLS: Mapping[str, tuple[int, Take]] = {
    "pay_bill": (3, pay_bill),
    "call": (3, call),
    "write_off": (3, write_off),
    "give_up": (1, give_up),
    "reverse": (3, reverse),
    "reinstate": (2, reinstate),
    "use_credit": (3, use_credit),
    "grant_credit": (1, grant_credit),
    "promise": (1, promise),
    "dispute": (1, dispute),
    "close_dispute": (2, close_dispute),
}
"""How often each is tried, and how."""
