"""Steps of declines: a payment fails, cards are searched, the customer is tried, the order let go or not."""

from collections.abc import Mapping

from domain.declines.card_search import CompleteCardSearch
from domain.declines.not_delivering import CloseAsNotDelivered
from domain.declines.payment_failures import RecordPaymentFailure
from domain.declines.reaching import RecordContactAttempt
from domain.declines.releasing import ReleaseOrder
from tests.domain.examples import CUSTOMER, EMAIL, id_of
from tests.domain.specification import AGENT, OWNER
from tests.model import holds, unmatched
from tests.model.choices import Take, order_of
from tests.model.orders import Order
from tests.model.twins import Twins

CODES = ("insufficient_funds", "account_closed", "generic_decline", "stolen_card")


def decline(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    if order is None:
        return
    code = CODES[much % 4]
    needed = holds.not_covered(order) + order.open
    amount = needed + 1 if much % 16 == 15 else max(1, needed)
    command = RecordPaymentFailure(
        order=order.name,
        customer=order.customer,
        payment=id_of("pay", twins.number),
        amount=amount,
        currency=order.currency,
        processor="acme",
        reference=f"ch_{twins.number}",
        decline_code=code,
    )
    twins.ask(command, lambda: holds.decline(twins.shop, order.name, amount, fraud=code == "stolen_card"))


def search(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    if order is None:
        return
    command = CompleteCardSearch(order=order.name, customer=order.customer)
    twins.ask(command, lambda: holds.search(twins.shop, order.name))


def contact(twins: Twins, which: int, much: int) -> None:
    """One try, or as many as it takes."""
    order = order_of(twins, which)
    if order is None:
        return
    for _ in range(5 if much % 3 == 0 else 1):
        _try(twins, order, reached=much % 8 == 7, on_file=much % 2 == 0 and order.customer == CUSTOMER)


def _try(twins: Twins, order: Order, *, reached: bool, on_file: bool) -> None:
    point = EMAIL.id if on_file else None
    command = RecordContactAttempt(
        order=order.name,
        customer=order.customer,
        channel="email" if on_file else "phone",
        contact_point=point,
        reached=reached,
        by=AGENT.person,
    )
    twins.ask(command, lambda: holds.contact(twins.shop, order.name, point, reached=reached))


def release(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    if order is None:
        return
    actor = AGENT if much % 4 == 0 else OWNER
    command = ReleaseOrder(order=order.name, customer=order.customer)
    twins.ask(command, lambda: holds.release(twins.shop, order.name, actor.role, reason=True), actor)


def close_undelivered(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    if order is None:
        return
    refund = id_of("ref", twins.number)
    command = CloseAsNotDelivered(
        order=order.name,
        customer=order.customer,
        refund=refund,
        decided_on=twins.today.isoformat(),
        kept=unmatched.kept_for(twins.shop, order.name),
    )
    on_file = {EMAIL.id} if order.customer == CUSTOMER else set[str]()
    twins.ask(command, lambda: holds.close_undelivered(twins.shop, order.name, refund, on_file, twins.number))


DECLINES: Mapping[str, tuple[int, Take]] = {
    "decline": (3, decline),
    "search": (2, search),
    "contact": (3, contact),
    "release": (1, release),
    "close_undelivered": (2, close_undelivered),
}
"""How often each is tried, and how."""
