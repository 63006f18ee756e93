"""Steps of refunds: units asked back, what is due back paid out, and what came back of it."""

from collections import Counter
from collections.abc import Mapping

import msgspec

from domain.decisions import decide
from domain.payments.payment_events import CreditSetAside
from domain.refunds.granting import GrantRefund
from domain.refunds.payout_failures import RecordReturnedPayout
from domain.refunds.payout_references import ReferenceMissing
from domain.refunds.refund_events import AskedUnits, RefundAsk, RefundPaid
from domain.refunds.settlement import SettleRefund
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.examples import id_of
from tests.domain.specification import Story
from tests.model import limits, people, refunds
from tests.model.choices import Take, one_of, order_of
from tests.model.limits import Request
from tests.model.orders import Order
from tests.model.refunds import Wanted
from tests.model.twins import Meant, Twins


def refund(twins: Twins, which: int, much: int) -> None:
    """Granted at once, or escalated, or only asked for."""
    order = order_of(twins, which)
    if order is None:
        return
    name, parts = id_of("ref", twins.number), _asked_back(order, much)
    wanted = Wanted(order.name, parts, observed=which % 4 == 3)
    actor = people.decider(which // 16 + much)
    only_request = which % 8 == 2
    command = GrantRefund(
        order=order.name,
        customer=order.customer,
        refund=name,
        ask=RefundAsk(
            units=tuple(AskedUnits(line, quantity) for line, quantity in sorted(parts.items())),
            observed_problem="damaged" if wanted.observed else None,
        ),
        deciding=people.deciding(actor, twins.today.isoformat()),
        only_request=only_request,
    )
    shop, by = twins.shop, people.by(actor)
    request = Request(
        worth=lambda: refunds.worth_of(shop, wanted),
        grant=lambda: refunds.grant(shop, name, wanted),
        asked_by=by.person,
    )
    twins.streams[name] = order.name, order.customer
    if only_request:
        twins.ask(command, lambda: limits.ask_for(shop, name, request), actor)
    else:
        twins.ask(command, lambda: limits.decide(shop, name, request, by), actor)


def pay_out(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    name = order and one_of({name: name for name in order.refunds}, much)
    if order is None or name is None:
        return
    _settle(twins, order, name, 0)


def pay_all(twins: Twins, which: int, much: int) -> None:
    """Of an order from which nothing was taken back, nothing stays due."""
    order = order_of(twins, which)
    if order is None:
        return
    for number, name in enumerate(order.refunds):
        tries = iter(range(10))
        while _settle(twins, order, name, 10 * number + next(tries)):
            pass
    assert order.reversals or None in order.disputes.values() or order.due_back == 0, (
        "money is due back, and no refund pays it"
    )


def return_payout(twins: Twins, which: int, much: int) -> None:
    order = order_of(twins, which)
    paid = order and one_of(
        {
            it.payout: it
            for entry in twins.story.entries
            if isinstance(it := entry.event, RefundPaid) and it.order == order.name
        },
        much,
    )
    if order is None or paid is None or paid.payout in twins.returned:
        return
    twins.returned.add(paid.payout)
    command = RecordReturnedPayout(
        stream=order.name, refund=paid.refund, payout=paid.payout, why="cheque undelivered"
    )

    def of_shop() -> None:
        refund = order.refunds[paid.refund]
        came_back = paid.amount - refund.parts[paid.payout]  # each part comes back by itself
        it = order.name, paid.refund, paid.payout, paid.payment, came_back
        refunds.return_payout(twins.shop, *it)
        refund.by_hand.pop(paid.payout, None)

    twins.ask(command, of_shop)


def _settle(twins: Twins, order: Order, name: str, number: int) -> bool:
    """What left us is as the book says; whether it may is for the rules. Whether anything did."""
    count = len(order.payments) + 1
    command = SettleRefund(
        stream=order.name,
        customer=order.customer,
        refund=name,
        payouts=tuple(id_of("pot", 100_000 * twins.number + 100 * number + index) for index in range(count)),
        credit=id_of("crd", 100_000 * twins.number + number),
    )
    before = len(twins.story.entries)

    def of_shop() -> None:
        events = [entry.event for entry in twins.story.entries[before:] if entry.stream == order.name]
        against = Counter[str | None]()
        for it in events:
            if isinstance(it, RefundPaid):
                against[it.payment] += it.amount
        credit = sum(it.amount for it in events if isinstance(it, CreditSetAside))
        refunds.pay_out(twins.shop, order.name, name, against, credit)
        paid = [it for it in events if isinstance(it, RefundPaid)]
        order.refunds[name].bills_then.update({it.payout: len(order.bills) for it in paid})
        back = [it for it in paid if it.reference is None]
        named = {it.payout: (it.payment, it.amount) for it in back if it.payment is not None}
        order.refunds[name].by_hand.update(named)

    return twins.ask(named_where_it_must_be(command), of_shop)


def named_where_it_must_be(command: SettleRefund) -> Meant:
    """R-G8: who is told that money always leaves under a reference so names it."""

    def meant(story: Story) -> SettleRefund:
        try:
            decide(command, story.given(command))
        except (ReferenceMissing, AlreadyRecordedOtherwise):  # to be named, or so named before and sent again
            return msgspec.structs.replace(command, reference=command.payouts[0])
        except Refusal:
            pass  # for another reason, which the model knows
        return command

    return meant


def _asked_back(order: Order, much: int) -> dict[int, int]:
    """Units of some lines: all there are, all that shipped, one of a line, or one too many."""
    there = {
        number: len(order.units(number, "to_ship")) + len(order.units(number, "shipped"))
        for number in range(1, len(order.lines) + 1)
    }
    shipped = {number: len(order.units(number, "shipped")) for number in there}
    line = 1 + much % len(order.lines)
    if much % 5 == 4:
        return {line: there[line] + 1}
    wanted = {0: there, 1: shipped, 2: {line: 1}, 3: {line: max(1, shipped[line] - 1)}}[much % 5]
    return {line: units for line, units in wanted.items() if units} or {line: 1}


REFUNDS: Mapping[str, tuple[int, Take]] = {
    "refund": (4, refund),
    "pay_out": (3, pay_out),
    "pay_all": (1, pay_all),
    "return_payout": (1, return_payout),
}
"""How often each is tried, and how."""
