"""Steps of charges: a card on file is to be charged, and later the processor says what became of it."""

from collections.abc import Mapping

from domain.declines.payment_failures import RecordPaymentFailure
from domain.inbound.charges_let_through import RecordCharge
from domain.payments.abandoning import AbandonCharge
from domain.payments.attempting import AttemptPayment
from domain.payments.capturing import CapturePayment
from tests.domain.examples import CARD, CUSTOMER, id_of
from tests.model import charges, holds, unmatched
from tests.model.choices import Take, amount_of, order_of
from tests.model.twins import Twins


def attempt(twins: Twins, which: int, much: int) -> None:
    """With the card that its customer names; nobody here leaves theirs to us."""
    order = order_of(twins, which)
    if order is None or order.customer != CUSTOMER:
        return
    charge = id_of("pay", twins.number)
    amount = amount_of(holds.not_covered(order) + order.open, much)
    command = AttemptPayment(
        order=order.name,
        customer=order.customer,
        payment=charge,
        payment_method=CARD,
        amount=amount,
        currency=order.currency,
        named_by_customer=True,
        processor="acme",
        kept=unmatched.kept_for(twins.shop, order.name),
    )
    twins.ask(command, lambda: charges.attempt(twins.shop, order.name, charge, amount))


def let_through(twins: Twins, which: int, much: int) -> None:
    """All of it, or less."""
    order = order_of(twins, which)
    if order is None or order.under_way is None:
        return
    charge, asked = order.under_way
    amount = max(1, asked // 2) if much % 2 else asked
    money = id_of("unm", twins.number)
    capture = CapturePayment(
        order=order.name,
        payment=charge,
        amount=amount,
        currency=order.currency,
        processor="acme",
        reference=f"ch_{twins.number}",
        payment_method=CARD,
        customer=order.customer,
        named_by_customer=True,
    )
    command = RecordCharge(capture=capture, unmatched=money)
    twins.ask(command, lambda: charges.let_through(twins.shop, order.name, money, amount, twins.number))


def refuse(twins: Twins, which: int, much: int) -> None:
    """The bank declines it: mostly not for good."""
    order = order_of(twins, which)
    if order is None or order.under_way is None:
        return
    charge, asked = order.under_way
    code = {14: "account_closed", 15: "stolen_card"}.get(much % 16, "insufficient_funds")
    command = RecordPaymentFailure(
        order=order.name,
        customer=order.customer,
        payment=charge,
        amount=asked,
        currency=order.currency,
        processor="acme",
        reference=f"ch_{twins.number}",
        decline_code=code,
        payment_method=CARD,
    )
    for_good, fraud = code != "insufficient_funds", code == "stolen_card"
    twins.ask(command, lambda: charges.refused(twins.shop, order.name, for_good=for_good, fraud=fraud))


def abandon(twins: Twins, which: int, much: int) -> None:
    """The processor knows of no such charge."""
    order = order_of(twins, which)
    if order is None or order.under_way is None:
        return
    charge, _ = order.under_way
    command = AbandonCharge(
        order=order.name,
        customer=order.customer,
        payment=charge,
        told_by="processor",
        kept=unmatched.kept_for(twins.shop, order.name),
    )
    twins.ask(command, lambda: charges.abandoned(twins.shop, order.name))


CHARGES: Mapping[str, tuple[int, Take]] = {
    "attempt": (1, attempt),
    "let_through": (1, let_through),
    "refuse": (1, refuse),
    "abandon": (1, abandon),
}
"""How often each is tried, and how."""
