"""Histories to project: random but lawful, made by the domain's own decisions; and books that hold them."""

from collections.abc import Iterable, Sequence
from random import Random
from typing import Literal, get_args

import psycopg

from domain.bills.billing import NewBill, may_be_billed
from domain.command import Command
from domain.corrections.correcting import CorrectEntry, unmatched_before
from domain.customers.giving_credit import ApproveStoreCredit, WithdrawStoreCredit
from domain.entry import Entry
from domain.inbound.assigning import AssignMoney
from domain.inbound.notices import MovedMoney, ReceiveNotice
from domain.inbound.returning import RecordFailedReturn, ReturnMoney
from domain.inbound.unmatched_events import UnmatchedReceipt, UnmatchedReceiptReturned
from domain.moments import day_of
from domain.orders.order import Placed
from domain.orders.order_events import OrderPlaced
from domain.orders.pricing import AskedLine
from domain.refunds.granting import GrantRefund
from domain.refunds.settlement import SettleRefund
from domain.refusal import Refusal
from ledger.record import codec
from ledger.record.chain import ORIGIN, StoredRow, canonical, link
from tests.domain import bill_examples, decline_examples, examples, return_examples
from tests.domain.examples import CUSTOMER, id_of
from tests.domain.refund_examples import ask, deciding
from tests.domain.specification import NOON, OWNER, SUPERVISOR, ZONE, Story, moment

Kind = Literal[
    *("place", "capture", "ship", "deliver", "cancel", "cart", "correct", "pay", "promise", "reverse"),
    *("decline", "refund", "settle", "notice", "assign", "goods"),
]
KINDS: tuple[Kind, ...] = get_args(Kind)
SHIRTS = AskedLine(sku="SHIRT", description="A shirt", quantity=9, unit_price=1_733, tax=1_111)
SOCKS = AskedLine(sku="SOCKS", description="A pair", quantity=7, unit_price=450, discount=100)

APRIL = moment("2010-04-01")
"""What is told of before has long been delivered when the steps begin."""

Step = tuple[Kind, int, int]
"""What is tried, on which order, with how many units or how much of the price."""


def history(steps: Sequence[Step], told: Sequence[Entry] = ()) -> Story:
    """The book in which these steps were tried one after the other; what is refused leaves nothing.

    `told`: what the book held before. Then every other step is about one of its orders, for its customers.
    """
    story = (Story.after(told) if told else Story()).record(decline_examples.ann())
    story.by(SUPERVISOR).because("sealed:as it was")
    before = [entry.event for entry in told if entry.effective_at < APRIL]
    known = [event for event in before if isinstance(event, OrderPlaced)]
    debtors = [placed.customer for placed in known[:2]] or [examples.CUSTOMER, examples.OTHER_CUSTOMER]
    story.do(examples.register())
    story.do(examples.register(customer=examples.OTHER_CUSTOMER, name=None, contact_points=()))
    _give_credit(story)
    # Both owe something since spring, so that what they order in August is watched.
    story.on("2010-05-01")
    for number, customer in enumerate(debtors, 1):
        order = id_of("ord", 10 + number)
        goods = {"order": order, "customer": customer, "lines": (SHIRTS, SOCKS)}
        story.do(examples.place(**goods, terms="bill_after"))
        bill = NewBill(id_of("bil", 100_000 + number), 2010)
        shipment = id_of("shp", 100_000 + number)
        story.do(examples.ship((1, 9), (2, 7), order=order, shipment=shipment, bill=bill))
    for number in (99_001, 99_002):
        story.do(_notice(id_of("ord", number), number, "USD", number))
    _take_goods_back(story)
    for number, (kind, order, amount) in enumerate(steps, 1):
        story.on(f"2010-08-{10 + number * 18 // (len(steps) + 1)}")
        story.by(SUPERVISOR)
        it, customer = id_of("ord", 100 + order), CUSTOMER if order % 3 else examples.OTHER_CUSTOMER
        if known:
            placed = known[order % len(known)]
            it, customer = placed.order if number % 2 and kind != "place" else it, placed.customer
        try:
            story.do(_command(story, kind, it, customer, order, amount, number))
        except Refusal:
            continue
    return story


def _take_goods_back(story: Story) -> None:
    """Refunded goods come back in May, one return after the other, and their supplier pays for some."""
    order = id_of("ord", 13)
    named = {"order": order, "payment": id_of("pay", 100_003), "reference": "ch_may", "currency": "USD"}
    story.do(examples.place(order=order, lines=(SHIRTS,), shipping=0))
    story.do(examples.capture(**named, amount=9 * 1_733 + 1_111))
    story.do(examples.ship((1, 9), order=order, shipment=id_of("shp", 100_003)))
    story.do(examples.deliver(order=order, shipment=id_of("shp", 100_003), delivery=id_of("dlv", 100_003)))
    today = deciding(SUPERVISOR.person, "2010-05-01")
    for number in (1, 2):
        refund, back = id_of("ref", 100_000 + number), id_of("ret", 100_000 + number)
        story.do(return_examples.grant((1, 3), order=order, refund=refund, deciding=today))
        story.do(return_examples.ask_back(stream=order, refund=refund, goods_return=back))
    story.do(return_examples.send_label(stream=order, goods_return=back))
    came = return_examples.came(2, "empty")
    story.do(return_examples.take_back(came, stream=order, goods_return=back, arrival=id_of("arr", 100_001)))
    claim = {"order": order, "claim": id_of("clm", 100_001)}
    story.do(return_examples.file_claim((1, 2), **claim, refund=id_of("ref", 100_002), sends_goods=True))
    story.do(return_examples.settle_claim(**claim, currency="USD"))


def _give_credit(story: Story) -> None:
    """Credit is given at once, and above a supervisor's limit by the owner; some is not given after all."""
    given, above, withdrawn = (id_of("crd", 100_000 + number) for number in (11, 12, 13))
    story.do(bill_examples.give_credit(900, credit=given, currency="EUR"))
    for credit in (above, withdrawn):
        story.do(bill_examples.give_credit(25_001, credit=credit, currency="EUR", kind="adjustment"))
    story.do(WithdrawStoreCredit(customer=CUSTOMER, credit=withdrawn))
    story.by(OWNER).do(ApproveStoreCredit(customer=CUSTOMER, credit=above))
    story.by(SUPERVISOR)


def random_steps(seed: int, count: int, orders: int = 40) -> list[Step]:
    """The same steps for the same seed; orders are placed before much else happens to them."""
    chance = Random(seed)
    placed: list[Step] = [("place", order, 1 + order % 4) for order in range(orders)]
    tried: list[Step] = [
        (
            chance.choices(KINDS, (1, 6, 6, 3, 1, 1, 1, 2, 1, 1, 4, 5, 2, 1, 1, 3))[0],
            chance.randrange(orders),
            chance.randint(1, 3),
        )
        for _ in range(count)
    ]
    return placed + tried


def _command(
    story: Story, kind: Kind, it: str, customer: str, order: int, amount: int, number: int
) -> Command:
    state = story.state(it)
    currency = state.placed.currency if isinstance(state, Placed) else "USD" if order % 2 else "JPY"
    on_bill = order % 4 > 1
    match kind:
        case "place" | "cart":
            goods = {
                "order": it,
                "customer": customer,
                "currency": currency,
                "lines": (SHIRTS, SOCKS),
                "shipping_credit": 95 * (order % 2),
            }
            if kind == "cart":
                return examples.prepare(**goods)
            return examples.place(**goods, terms="bill_after" if on_bill else "card")
        case "capture":
            payment, reference = id_of("pay", number), f"ch_{number}"
            paid = {
                "payment": payment,
                "reference": reference,
                "currency": currency,
                "amount": amount * 1_900,
            }
            return examples.capture(order=it, **paid)
        case "ship":
            is_billed = isinstance(state, Placed) and may_be_billed(state)
            bill = NewBill(id_of("bil", number), 2010) if is_billed else None
            return examples.ship((amount % 2 + 1, amount), order=it, shipment=id_of("shp", number), bill=bill)
        case "deliver":
            shipment = _last(state.shipments if isinstance(state, Placed) else {}, "shp", number)
            return examples.deliver(order=it, delivery=id_of("dlv", number), shipment=shipment)
        case "pay":
            bill = _last(state.bills if isinstance(state, Placed) else {}, "bil", number)
            paid = {"payment": id_of("pay", number), "credit": id_of("crd", number), "bill": bill}
            money = {"amount": amount * 900, "currency": currency}
            return bill_examples.pay_bill(order=it, customer=customer, **paid, **money)
        case "promise":
            bill = _last(state.bills if isinstance(state, Placed) else {}, "bil", number)
            due_on = f"2010-08-{20 + amount}"
            return bill_examples.promise(due_on, order=it, bill=bill, promise=id_of("prm", number))
        case "reverse":
            payment = _last(state.payments if isinstance(state, Placed) else {}, "pay", number)
            taken = {"reversal": id_of("rev", number), "payment": payment, "bill": id_of("bil", number)}
            return bill_examples.reverse(order=it, **taken, amount=amount * 500, currency=currency)
        case "goods":
            return _about_goods(state, it, amount, number)
        case "decline":
            return _about_a_decline(story, it, amount, number)
        case "cancel":
            everything = amount == 3
            return examples.cancel(*() if everything else [(1, 1)], order=it, refund=id_of("ref", number))
        case "refund" | "settle":
            return _refund(story, it, kind, amount, number)
        case "correct":
            return _correction(story, it, amount, number)
        case "notice":
            return _notice(it, amount * 1_900, currency, number)
        case "assign":
            return _assignment(story, it, amount, number)


def _refund(story: Story, order: str, kind: str, amount: int, number: int) -> Command:
    """A unit is refunded, or what is due back of the order's last refund is paid."""
    state = story.state(order)
    customer = state.placed.customer if isinstance(state, Placed) else examples.CUSTOMER
    day = day_of(story.at, ZONE)
    refund, who = id_of("ref", number), deciding(SUPERVISOR.person, day)
    if kind == "refund":
        asked = ask((amount % 2 + 1, 1), first_contact_at=story.at)
        return GrantRefund(order=order, customer=customer, refund=refund, ask=asked, deciding=who)
    known = list(state.refunds) if isinstance(state, Placed) else []
    payouts, credit = (id_of("pot", number),), id_of("crd", number)
    last = known[-1] if known else refund
    return SettleRefund(stream=order, customer=customer, refund=last, payouts=payouts, credit=credit)


def _about_goods(state: object, order: str, amount: int, number: int) -> Command:
    """What was refunded last is asked back, comes back or stays, and its supplier is asked for it."""
    known = state if isinstance(state, Placed) else None
    refund = _last(known.refunds if known else {}, "ref", number)
    back = {"stream": order, "goods_return": _last(known.returns if known else {}, "ret", number)}
    claim = {"order": order, "claim": _last(known.supplier_claims if known else {}, "clm", number)}
    match number % 7:
        case 0 | 1:
            every = (
                return_examples.goods(amount)
                if amount < 3
                else return_examples.goods(sku="HAT", value=900, quantity=2)
            )
            return return_examples.ask_back(
                every, stream=order, refund=refund, goods_return=id_of("ret", number)
            )
        case 2:
            goods = (return_examples.came(1, "used", line=amount % 2 + 1),)
            return return_examples.take_back(*goods, **back, arrival=id_of("arr", number))
        case 3:
            return return_examples.send_label(**back) if amount < 3 else return_examples.leave(**back)
        case 4 | 5:
            named = {"order": order, "refund": refund, "claim": id_of("clm", number)}
            return return_examples.file_claim(**named, amount=amount * 100)
        case _:
            currency = known.placed.currency if known else "USD"
            if amount == 1:
                part = {"recovery": id_of("rcv", number), "reference": f"bank-{number}"}
                return return_examples.settle_claim(**claim, **part, amount=150, currency=currency)
            return return_examples.refuse_claim(**claim) if amount == 2 else return_examples.waive(**claim)


def _correction(story: Story, order: str, amount: int, number: int) -> Command:
    """One of the last entries of the order is taken back, whatever it says."""
    last = [entry for entry in story.entries if entry.stream == order][-amount:]
    entry = last[0] if last else story.entries[-1]
    return CorrectEntry(
        stream=order,
        customer=entry.customer or examples.CUSTOMER,
        position=entry.position,
        owed=id_of("bil", 1_000 + number),
        unmatched=unmatched_before(entry.event),
        bill=NewBill(id_of("bil", number), 2010),
    )


def _notice(order: str, amount: int, currency: str, number: int) -> Command:
    """A processor tells of money for the order, whether it needs any or not."""
    named = {"reference": f"ch_{number}", "currency": currency, "amount": amount}
    fact = examples.capture(order=order, payment=id_of("pay", number), **named)
    money = MovedMoney(unmatched=id_of("unm", number), direction="receipt", **named)
    said = {"processor": "acme", "kind": "charge.succeeded", "body": "sealed:{}", "happened_at": NOON}
    return ReceiveNotice(notice=f"evt_{number}", order=order, fact=fact, money=money, **said)


def _assignment(story: Story, order: str, amount: int, number: int) -> Command:
    """Of the last money without a place, some is for the order, or goes back."""
    known = [entry.event for entry in story.entries if isinstance(entry.event, UnmatchedReceipt)]
    money = known[-1] if known else None
    named = {"currency": money.currency if money else "USD", "amount": amount * 950}
    unmatched = money.unmatched if money else id_of("unm", number)
    went_back = [entry.event for entry in story.entries if isinstance(entry.event, UnmatchedReceiptReturned)]
    if amount == 2 and went_back:
        it = went_back[-1]
        return RecordFailedReturn(unmatched=it.unmatched, settlement=it.settlement)
    if amount == 1:
        came_for = story.state(money.order) if money and money.order else None
        if isinstance(came_for, Placed):
            named |= {"order": came_for.placed.order, "customer": came_for.placed.customer}
        return ReturnMoney(
            unmatched=unmatched, settlement=id_of("stl", number), reference=f"back_{number}", **named
        )
    fact = examples.capture(order=order, payment=id_of("pay", number), reference=f"ch_{number}", **named)
    state = story.state(order)
    customer = state.placed.customer if isinstance(state, Placed) else examples.CUSTOMER
    return AssignMoney(unmatched=unmatched, customer=customer, fact=fact)


def _last(known: Iterable[str], prefix: str, number: int) -> str:
    """The last of these ids, or one that nothing has."""
    *_, last = (id_of(prefix, number), *known)
    return last


def _about_a_decline(story: Story, order: str, what: int, number: int) -> Command:
    """The payment fails; then the cards are searched, the customer is tried, or the owner lets go."""
    state = story.state(order)
    hold = state.declines.hold if isinstance(state, Placed) else None
    named = {"order": order, "customer": state.placed.customer if isinstance(state, Placed) else CUSTOMER}
    if hold is None:
        currency = state.placed.currency if isinstance(state, Placed) else "USD"
        failed = {"payment": id_of("pay", number), "reference": f"ch_{number}", "currency": currency}
        return decline_examples.fail(**named, **failed)
    if what == 1 and number % 2:
        return decline_examples.search(**named)
    if what == 1:
        by = decline_examples.ANN
        return decline_examples.reach(**named, contact_point=None, channel="personal", by=by)
    story.by(OWNER)
    return decline_examples.release(**named)


def orders_of(story: Story) -> list[str]:
    """Every order placed in the story."""
    return [entry.event.order for entry in story.entries if isinstance(entry.event, OrderPlaced)]


class StoredBook:
    """A book in the database that is written entry by entry, as `ledger.record.writer` would leave it."""

    def __init__(self, conninfo: str, name: str) -> None:
        """A new book, or one that is there."""
        self.conninfo, self.name = conninfo, name
        with psycopg.connect(conninfo) as connection:
            connection.execute(
                "INSERT INTO heads (book, position, hash, recorded_at) VALUES (%s, 0, %s, 0)"
                " ON CONFLICT DO NOTHING",
                (name, ORIGIN),
            )
            found = connection.execute("SELECT position, hash FROM heads WHERE book = %s", (name,)).fetchone()
        assert found is not None
        self.position, self._hash = found

    def store(self, entries: Sequence[Entry]) -> None:
        """Append entries in one transaction."""
        with psycopg.connect(self.conninfo) as connection:
            connection.execute("SELECT FROM heads WHERE book = %s FOR UPDATE", (self.name,))
            rows = [self._row(entry) for entry in entries]
            connection.cursor().executemany(
                "INSERT INTO entries (book, position, stream, version, type, schema_version, customer,"
                " effective_at, recorded_at, meta, data, hash)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [(self.name, *row) for row in rows],
            )
            connection.execute(
                "UPDATE heads SET position = %s, hash = %s WHERE book = %s",
                (self.position, self._hash, self.name),
            )

    def _row(self, entry: Entry) -> StoredRow:
        self.position += 1
        assert entry.position == self.position
        name, schema_version, data = codec.encode(entry.event)
        row = StoredRow(
            entry.position,
            entry.stream,
            entry.version,
            name,
            schema_version,
            entry.customer,
            entry.effective_at,
            entry.recorded_at,
            codec.encode_meta(entry.meta),
            data,
            b"",
        )
        self._hash = link(self._hash, canonical(row))
        return row._replace(hash=self._hash)
