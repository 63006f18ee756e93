"""Steps of payouts: what a processor sent back of a refund, tells of having sent, or could not send."""

from collections.abc import Mapping

from domain.inbound.payouts import RecordSentPayout
from domain.refunds.paying_out import RecordPayout
from domain.refunds.payout_failures import RecordFailedPayout
from tests.domain.examples import id_of
from tests.model import payouts, unmatched
from tests.model.choices import Take, amount_of, one_of, order_of
from tests.model.orders import Order
from tests.model.twins import Twins
from tests.model.unmatched import Unmatched
from tests.model.unmatched_steps import tell


def send_back(twins: Twins, which: int, much: int) -> None:
    """The processor was asked for it, and says what left."""
    order, paid = payout_of(twins, which, much)
    if order is None or paid is None:
        return
    name = id_of("unm", twins.number)
    command = RecordSentPayout(paid=paid, processor="acme", unmatched=name)
    money = Unmatched(order.name, order.currency, paid.amount, came=False)
    it = order.name, paid.refund, paid.payout, paid.payment, paid.amount
    twins.ask(command, lambda: unmatched.told(twins.shop, name, money, lambda: payouts.sent(twins.shop, *it)))


def told_payout(twins: Twins, which: int, much: int) -> None:
    """The processor tells by itself that it left."""
    order, paid = payout_of(twins, which, much)
    if order is not None and paid is not None:
        tell(twins, order, paid)


def fail_payout(twins: Twins, which: int, much: int) -> None:
    order, paid = payout_of(twins, which, much)
    if order is None or paid is None:
        return
    command = RecordFailedPayout(
        stream=order.name,
        customer=order.customer,
        refund=paid.refund,
        payout=paid.payout,
        method="original_method",
        payment=paid.payment,
        why="account closed",
    )
    twins.ask(command, lambda: payouts.failed(twins.shop, order.name, paid.refund, paid.payment))


def payout_of(twins: Twins, which: int, much: int) -> tuple[Order | None, RecordPayout | None]:
    """Something to be paid back of an order, against one of its payments: what may be, or a little else."""
    order = order_of(twins, which)
    refund = order and one_of({name: name for name in order.refunds}, much // 9)
    payment = order and one_of({name: name for name in order.payments}, which // 4)
    if order is None or refund is None or payment is None:
        return order, None
    due = payouts.due_as_money(order, order.refunds[refund])
    most = min(due, payouts.may_go_back(order.payments[payment]))
    return order, RecordPayout(
        stream=order.name,
        refund=refund,
        payout=id_of("pot", 100_000 * twins.number),
        payment=payment,
        amount=amount_of(most, much),
        currency=order.currency,
        reference=f"re_{twins.number}",
    )


PAYOUTS: Mapping[str, tuple[int, Take]] = {
    "send_back": (1, send_back),
    "told_payout": (1, told_payout),
    "fail_payout": (1, fail_payout),
}
"""How often each is tried, and how."""
