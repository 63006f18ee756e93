"""Whatever is recorded in whatever order, money that left counts once, and is no more than came or was given.

Two orders of one customer, each paid by card and by cheque, are refunded unit by unit. Persons settle by hand
under references of which there are few, processors send back and tell, what has no place waits and is
assigned, and some of it comes back. Claims are held as the record holds them. Source: I12, I13, R-G8, R-G9
"""

from collections import Counter
from typing import Any

import msgspec
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from domain.command import Command
from domain.inbound.assigning import AssignMoney
from domain.inbound.notices import MovedMoney, ReceiveNotice
from domain.inbound.payouts import RecordSentPayout
from domain.inbound.unmatched import UnmatchedMoney, kept_in, unmatched_stream
from domain.inbound.unmatched_events import UnmatchedPayout, UnmatchedPayoutAssigned
from domain.orders.order import Placed
from domain.payments.references import PAYOUT_REF, named_by
from domain.refunds.paying_out import RecordPayout
from domain.refunds.payout_failures import RecordFailedPayout, RecordReturnedPayout
from domain.refunds.payout_references import ReferencePaidOutOtherwise
from domain.refunds.refund_events import RefundPaid
from domain.refunds.settlement import SettleRefund
from domain.refusal import Refusal
from tests.domain.bill_examples import credit_given, use_credit
from tests.domain.examples import (
    CUSTOMER,
    ORDER,
    OTHER_ORDER,
    capture,
    customer_registered,
    id_of,
    place,
    ship,
)
from tests.domain.refund_examples import grant
from tests.domain.specification import NOON, OWNER, decided, given

ORDERS = (ORDER, OTHER_ORDER)
REFERENCES = ("re_1", "re_2", "re_3")
SETTLED, FAILED, SENT, TOLD, ASSIGNED, RETURNED = range(6)
STEP = st.tuples(st.integers(0, 5), *[st.integers(0, 11)] * 4)


class Books:
    """A story whose claims are held as the record holds them."""

    def __init__(self) -> None:
        self.story = given(customer_registered(), credit_given(1500)).by(OWNER)
        self.held: dict[tuple[str, str], str] = {}
        self.assigned: set[str] = set()
        """Payouts that some unmatched money became."""
        self.number = 100
        for index, order in enumerate(ORDERS):
            self.do(place(order=order))
            for way, amount in (("acme", 4000), ("cheque", 2895)):
                paid = {"payment": self.next_id("pay"), "reference": f"{way}{index}"}
                assert self.do(capture(order=order, processor=way, amount=amount, **paid))
            assert self.do(use_credit(700, order=order, use=self.next_id("use")))
            assert self.do(ship((1, 2), order=order, shipment=self.next_id("shp")))
            for _ in range(2):
                assert self.do(grant((1, 1), order=order, refund=self.next_id("ref")))

    def do(self, command: Command) -> bool:
        """Whether it is recorded now, or was before. What a processor says is so always, soon."""
        for _ in range(4):
            try:
                decision = decided(command, self.story.given(command))
            except Refusal:
                return False
            claims = [(claim.kind, claim.value) for claim in decision.claims]
            taken = [(kind, self.held[kind, value]) for kind, value in claims if (kind, value) in self.held]
            if not taken:
                first = decision.events[0][0] if decision.events else ""
                self.held.update({(it.kind, it.value): it.stream or first for it in decision.claims})
                self.story.record_decision(decision)
                return True
            again = _after_all(command, *taken[0])
            if again is None:
                return False
            command = again
        raise AssertionError(f"never recorded: {command}")

    def next_id(self, prefix: str) -> str:
        """An id nobody has."""
        self.number += 1
        return id_of(prefix, self.number)

    def waiting(self) -> list[UnmatchedMoney]:
        """Money that has no place yet."""
        kept = [it.unmatched for it in self.events(UnmatchedPayout)]
        states = [self.story.state(unmatched_stream(name)) for name in kept]
        return [state for state in states if state.left]

    def events(self, kind: type[Any]) -> list[Any]:
        """What was recorded of that kind."""
        return [entry.event for entry in self.story.entries if isinstance(entry.event, kind)]


def _after_all(command: Command, kind: str, holder: str) -> Command | None:
    """What the processor says, once it is known who holds the reference; nothing a person says."""
    kept = kept_in(holder)
    said = {"unmatched": kept} if kept else {"reference_used": True}
    if not kept and kind != PAYOUT_REF:
        return None
    match command:
        case RecordSentPayout():
            return msgspec.structs.replace(command, **said)
        case ReceiveNotice(money=MovedMoney() as money):
            return msgspec.structs.replace(command, money=msgspec.structs.replace(money, **said))
        case _:
            return None


def take(books: Books, step: tuple[int, ...]) -> None:
    """One more thing happens."""
    kind, which, what, amount, how = step
    order = ORDERS[which % 2]
    state = books.story.state(order)
    assert isinstance(state, Placed)
    refund = sorted(state.refunds)[which // 2 % 2]
    payment = sorted(state.payments)[what % len(state.payments)]
    reference = REFERENCES[what // 4]
    about: dict[str, Any] = {"stream": order, "customer": CUSTOMER, "refund": refund}
    if kind == SETTLED:
        method = (None, "cheque", "store_credit", "original_method")[how % 4]
        goes_back = method in (None, "original_method")
        books.do(
            SettleRefund(
                **about,
                payouts=tuple([books.next_id("pot") for _ in range(3)]),
                credit=books.next_id("crd"),
                method=method,
                payment=payment if goes_back and how % 3 == 0 else None,
                reference=None if amount == 0 else reference,
                processor="acme" if how % 2 else None,
            )
        )
    if kind == FAILED and amount % 3 == 0:
        books.do(RecordFailedPayout(**about, payout=books.next_id("pot"), method="original_method", why="no"))
    paid = RecordPayout(
        stream=order,
        refund=refund,
        payout=books.next_id("pot"),
        payment=payment,
        amount=(500, 1700, 3400, 4195)[amount % 4],
        currency="USD",
        reference=reference,
    )
    if kind == SENT:
        assert books.do(RecordSentPayout(paid=paid, processor="acme", unmatched=books.next_id("unm")))
    if kind == TOLD:
        assert books.do(_notice(books, paid))
    if kind == ASSIGNED and books.waiting():
        money = books.waiting()[how % len(books.waiting())]
        part = money.it.reference if not money.standing else f"{money.it.reference}/{books.number}"
        fact = msgspec.structs.replace(paid, amount=min(paid.amount, money.left), reference=part)
        books.do(AssignMoney(unmatched=money.it.unmatched, customer=CUSTOMER, fact=fact))
    if kind == RETURNED and (left := [*state.refunds[refund].payouts]):
        came_back = RecordReturnedPayout(stream=order, refund=refund, payout=left[how % len(left)], why="no")
        books.do(came_back)


def _notice(books: Books, paid: RecordPayout) -> ReceiveNotice:
    money = MovedMoney(
        unmatched=books.next_id("unm"),
        direction="payout",
        amount=paid.amount,
        currency="USD",
        reference=paid.reference,
    )
    return ReceiveNotice(
        processor="acme",
        notice=f"evt_{books.number}",
        kind="refund.created",
        happened_at=NOON,
        body="sealed:",
        customer=CUSTOMER,
        order=paid.order,
        fact=paid,
        money=money,
    )


def references_used(books: Books) -> Counter[tuple[str, str]]:
    """How often money is on record as having left under each reference, by the way it left.

    What is assigned is the money that waited; what came back may leave again; and what a processor tells of
    otherwise than somebody typed waits beside it, and says so.
    """
    used = Counter[tuple[str, str]]()
    assigned = {it.subject for it in books.events(UnmatchedPayoutAssigned)}
    for order in ORDERS:
        state = books.story.state(order)
        for refund in state.refunds.values():
            for name, payout in refund.payouts.items():
                it = payout.tried
                if not isinstance(it, RefundPaid) or it.reference is None or payout.returned is not None:
                    continue
                way = it.method if it.payment is None else named_by(state.payments[it.payment])[0]
                if name not in assigned:
                    used[way, it.reference] += 1
    for it in books.events(UnmatchedPayout):
        if it.why != ReferencePaidOutOtherwise.slug():
            used[it.processor, it.reference] += 1
    return used


def paid_out(books: Books, order: str) -> int:
    """What of an order's refunds is with the customer, as money."""
    state = books.story.state(order)
    payouts = [payout for refund in state.refunds.values() for payout in refund.payouts.values()]
    stands = [it.tried.amount for it in payouts if isinstance(it.tried, RefundPaid) and it.returned is None]
    return sum(stands)


@settings(max_examples=60, deadline=None)
@over(st.lists(STEP, min_size=4, max_size=24))
def test_money_that_left_counts_once_and_is_no_more_than_came(steps: list[tuple[int, ...]]) -> None:
    # Let payouts claim nothing, or what waits claim nothing → this fails. The check within an order alone
    # only names what the claims hold anyway.
    books = Books()
    for step in steps:
        take(books, step)
        used = references_used(books)
        assert [each for each, times in used.items() if times > 1] == []
        for order in ORDERS:
            account = books.story.account(order)
            assert paid_out(books, order) == account.refunded <= account.received
            assert account.refunded + account.set_aside <= account.received + account.credit_used
