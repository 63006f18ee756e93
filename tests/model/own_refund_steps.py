"""Steps of refunds that belong to no order: granted unverified, credit asked back, paid out, corrected."""

from collections.abc import Mapping

from domain.corrections.correcting import CorrectEntry
from domain.inbound.notices import MovedMoney, ReceiveNotice
from domain.orders.products import RepriceProduct
from domain.payments.payment_events import CreditSetAside
from domain.refunds.granting_unverified import GrantUnverifiedRefund, PayOutCredit
from domain.refunds.paying_out import RecordPayout
from domain.refunds.payout_failures import RecordReturnedPayout
from domain.refunds.refund_events import ClaimedUnits, RefundAsk, RefundGranted, RefundPaid
from domain.refunds.settlement import SettleRefund
from tests.domain.examples import id_of
from tests.domain.specification import SUPERVISOR, Story
from tests.model import limits, own_refunds, people
from tests.model.choices import Take, amount_of, one_of
from tests.model.limits import Request
from tests.model.refund_steps import named_where_it_must_be
from tests.model.twins import CURRENCIES, CUSTOMERS, PRODUCT, SKU, Twins


def unverified(twins: Twins, which: int, much: int) -> None:
    """R-G4: at the list price, or at what a person states."""
    customer, currency = CUSTOMERS[which % 3 == 2], CURRENCIES[which % 5 == 4]
    units = 1 + much % 3
    stated = (None, 500, 40_00, 75_01)[much // 3 % 4]
    name, actor = id_of("ref", twins.number), people.decider(which // 16)
    claim = ClaimedUnits(quantity=units, sku=SKU, product=PRODUCT if stated is None else None, amount=stated)
    only_request = much % 11 == 10
    command = GrantUnverifiedRefund(
        customer=customer,
        refund=name,
        currency=currency,
        ask=RefundAsk(claims=(claim,)),
        deciding=people.deciding(actor, twins.today.isoformat()),
        only_request=only_request,
    )
    shop, by = twins.shop, people.by(actor)
    request = Request(
        worth=lambda: own_refunds.worth_of(shop, currency, units, stated),
        grant=lambda: own_refunds.unverified(shop, name, customer, currency, units, stated),
        asked_by=by.person,
    )
    twins.streams[name] = customer, customer
    if only_request:
        twins.ask(command, lambda: limits.ask_for(shop, name, request), actor)
    else:
        twins.ask(command, lambda: limits.decide(shop, name, request, by), actor)


def reprice(twins: Twins, which: int, much: int) -> None:
    price = (20_00, 25_00, 40_00)[much % 3]
    if price == twins.shop.list_price:
        return
    command = RepriceProduct(product=PRODUCT, list_price=price, our_cost=10_00)

    def of_shop() -> None:
        twins.shop.list_price = price

    twins.ask(command, of_shop)


def ask_credit_back(twins: Twins, which: int, much: int) -> None:
    """I15"""
    kept = [key for key, credit in twins.shop.credits.items() if credit.set_aside or credit.granted]
    if not kept:
        return
    customer, currency = kept[which % len(kept)]
    credit = twins.shop.credit(customer, currency)
    amount = amount_of(credit.payable, much)
    name = id_of("ref", twins.number)
    actor = people.decider(which // 16)
    command = PayOutCredit(
        customer=customer,
        refund=name,
        currency=currency,
        ask=RefundAsk(credit=amount),
        deciding=people.deciding(actor, twins.today.isoformat()),
    )
    twins.streams[name] = customer, customer
    twins.ask(
        command,
        lambda: own_refunds.ask_credit_back(twins.shop, name, customer, currency, amount),
        actor,
    )


def pay_own(twins: Twins, which: int, much: int) -> None:
    """As credit, or by cheque where they want money; or a processor tells that some of it has left."""
    name = _one(twins, which)
    if name is None:
        return
    it = twins.shop.own_refunds[name]
    if much % 4 == 3 and it.left:
        _told(twins, name, amount_of(it.left, much // 4))
        return
    number = 100_000 * twins.number
    command = SettleRefund(
        stream=it.customer,
        customer=it.customer,
        refund=name,
        payouts=(id_of("pot", number),),
        credit=id_of("crd", number),
        method=None if much % 2 else "cheque",
    )
    before = len(twins.story.entries)

    def of_shop() -> None:
        events = [entry.event for entry in twins.story.entries[before:]]
        cash = sum(it.amount for it in events if isinstance(it, RefundPaid))
        credit = sum(it.amount for it in events if isinstance(it, CreditSetAside))
        own_refunds.pay_out(twins.shop, name, command.payouts[0], cash, credit)

    twins.ask(named_where_it_must_be(command), of_shop)


def _told(twins: Twins, name: str, much: int) -> None:
    """R-B9: whatever a bank asks. Which credit it asks about, and stays where other can have left, is for
    `tests/domain` to say.
    """
    it = twins.shop.own_refunds[name]
    if it.is_credit and own_refunds.disputed(twins.shop, it):
        return
    payout, amount, reference = id_of("pot", 100_000 * twins.number), min(it.left, much), f"re_{twins.number}"
    fact = RecordPayout(
        stream=it.customer,
        refund=name,
        payout=payout,
        processor="acme",
        amount=amount,
        currency=it.currency,
        reference=reference,
    )
    command = ReceiveNotice(
        processor="acme",
        notice=f"evt_{twins.number}",
        kind="refund",
        happened_at=twins.story.at,
        body="sealed:",
        customer=it.customer,
        order=None,
        fact=fact,
        money=MovedMoney(
            unmatched=id_of("unm", twins.number),
            direction="payout",
            amount=amount,
            currency=it.currency,
            reference=reference,
        ),
    )
    twins.ask(command, lambda: own_refunds.told(twins.shop, name, payout, amount))


def return_own(twins: Twins, which: int, much: int) -> None:
    name = _one(twins, which)
    paid = [
        it for entry in twins.story.entries if isinstance(it := entry.event, RefundPaid) and it.refund == name
    ]
    if name is None or not paid or paid[-1].payout in twins.returned:
        return
    payout = paid[-1]
    twins.returned.add(payout.payout)
    command = RecordReturnedPayout(
        stream=payout.customer, refund=name, payout=payout.payout, why="cheque undelivered"
    )
    twins.ask(command, lambda: own_refunds.return_payout(twins.shop, name, payout.payout, payout.amount))


def correct_own(twins: Twins, which: int, much: int) -> None:
    name = _one(twins, which)
    if name is None:
        return
    it = twins.shop.own_refunds[name]

    def meant(story: Story) -> CorrectEntry:
        position = next(
            entry.position
            for entry in story.entries
            if isinstance(entry.event, RefundGranted) and entry.event.refund == name
        )
        return CorrectEntry(stream=it.customer, customer=it.customer, position=position, owed=id_of("bil"))

    twins.ask(meant, lambda: it.corrected or own_refunds.correct(twins.shop, name), SUPERVISOR)


def _one(twins: Twins, which: int) -> str | None:
    return one_of({name: name for name in twins.shop.own_refunds}, which // 4)


OWN_REFUNDS: Mapping[str, tuple[int, Take]] = {
    "unverified": (2, unverified),
    "reprice": (1, reprice),
    "ask_credit_back": (2, ask_credit_back),
    "pay_own": (2, pay_own),
    "return_own": (1, return_own),
    "correct_own": (1, correct_own),
}
"""How often each is tried, and how."""
