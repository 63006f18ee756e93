"""The book and the model shop side by side: every command is asked of both, and their figures are compared.

    twins = Twins()
    twins.take(("capture", 0, 3))      # asks both; fails where they differ in verdict or figure
    twins.finish()                     # replays what was accepted, ticked otherwise: the same entries

The book is the project's own `decide` and `evolve`, its balances, statements and postings; the shop is
`tests.model.shop`, which knows none of it.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, time, timedelta
from functools import partial

import msgspec

from domain.bills.bill_events import BillBecameOverdue
from domain.bills.giving_up import MarkBillUncollectible
from domain.bills.promise_events import PromiseBroken
from domain.bills.writing_off import WriteOffBill
from domain.book.policy import PolicyAdopted
from domain.book.register import PersonRegistered
from domain.command import Command
from domain.customers.credit import Credit as Kept
from domain.customers.registering import Customer, StorePaymentMethod
from domain.decision import Actor
from domain.declines.card_search import CompleteCardSearch
from domain.entry import Entry, Event
from domain.inbound.other_money import WaitForOtherMoney
from domain.moments import EARLIEST, HOUR, MINUTE, Moment, day_of, moment_at
from domain.orders.account import cash_of
from domain.orders.order import Placed
from domain.orders.products import ListProduct, RepriceProduct
from domain.refunds.approving import ApproveRefund
from domain.refunds.owed import due_of_no_refund, owed
from domain.refunds.persons_day import PersonsDay, day_stream
from domain.refusal import Refusal
from domain.ticking import Tick
from projections.bill_tasks import Task
from projections.customer_balance import Balance, CustomerBalance
from projections.customer_statement import CustomerStatement
from projections.folding import folding_of
from projections.guarantees import Guarantee, Guarantees
from projections.journal import ALLOWANCE, CUSTOMER, UNAPPLIED, Journal
from projections.refund_audit import RefundAudit, RefundRow
from projections.tasks import Tasks
from tests.domain import examples
from tests.domain.examples import id_of
from tests.domain.specification import AGENT, ZONE, Story
from tests.model import holds, promises, unmatched
from tests.model.orders import Order, Refused
from tests.model.people import EDITION, PEOPLE
from tests.model.shop import Shop
from tests.model.ticks import Ticking

Meant = Callable[[Story], Command]
"""A command as it reads in a book: entries have other places in another one."""
Asked = tuple[Meant, Moment, Actor]
CUSTOMERS = (examples.CUSTOMER, examples.OTHER_CUSTOMER)
CURRENCIES = ("USD", "JPY")
PRODUCT, SKU = id_of("prd"), "SKU-0"
DAY = timedelta(days=1)


def opened() -> Story:
    """A book with its people, an edition with small limits, a product, and two customers."""
    persons = [PersonRegistered(person=who.person, name="sealed:", role=who.role) for who in PEOPLE]
    story = Story(*persons, PolicyAdopted(edition=EDITION, effective_from=EARLIEST))
    story.do(
        ListProduct(
            product=PRODUCT, sku=SKU, description="A sock", currency="USD", list_price=25_00, our_cost=10_00
        )
    )
    story.do(examples.register())
    story.do(examples.register(customer=examples.OTHER_CUSTOMER, name=None, contact_points=()))
    said = {"token": "tok_visa", "brand": "visa", "last4": "4242", "expiry": "2099-12"}
    story.do(
        StorePaymentMethod(
            customer=examples.CUSTOMER, payment_method=examples.CARD, reuse_consent=False, **said
        )
    )
    return story


class Books:
    """The books the entries make: postings, statements and balances, folded entry by entry."""

    def __init__(self) -> None:
        self.journal, self.statement = Journal(), CustomerStatement()
        self.balances, self.tasks = folding_of(CustomerBalance()), folding_of(Tasks())
        self.guarantees, self.refunds = folding_of(Guarantees()), folding_of(RefundAudit())
        self.accounts: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        """Of a customer: by account, customer, currency."""
        self.statements: defaultdict[tuple[str, str], int] = defaultdict(int)

    def feed(self, entry: Entry) -> None:
        """One more entry; whatever it posts sums to zero in its currency."""
        kind = type(entry.event)
        if kind in self.journal.handles:
            postings = list(self.journal.lines(entry.event, entry))  # pyright: ignore[reportArgumentType]
            assert sum(posting.amount for posting in postings) == 0, postings
            assert len({posting.currency for posting in postings}) <= 1
            for posting in postings:
                self.accounts[posting.account, posting.customer, posting.currency] += posting.amount
        if kind in self.statement.handles:
            for line in self.statement.lines(entry.event, entry):  # pyright: ignore[reportArgumentType]
                self.statements[line.customer, line.currency] += line.plus - line.minus
        for folding in (self.balances, self.tasks, self.guarantees, self.refunds):
            if kind in folding.projection.handles:
                folding.feed(entry)
                assert not folding.parked

    def to_pay_out(self, stream: str) -> set[str]:
        """The refunds of that stream which somebody is to pay out."""
        rows = self.tasks.rows_of((stream,)).values()
        tasks = [row for row in rows if isinstance(row, Task)]
        return {task.subject for task in tasks if task.kind == "refund_payout"}

    def refund_row(self, customer: str, refund: str) -> RefundRow:
        """What the audit says of a refund."""
        (row,) = self.refunds.rows_of((customer, refund)).values()
        assert isinstance(row, RefundRow)
        return row

    def open_of(self, order: str, line: int) -> list[int]:
        """Units of that line that arrived and may still be asked back, delivery by delivery."""
        rows = self.guarantees.rows_of((order,)).values()
        came = [row for row in rows if isinstance(row, Guarantee) and row.line == line and row.delivered]
        return [row.delivered - row.refunded - row.refunded_before for row in came]

    def rows(self, customer: str, currency: str) -> list[Balance]:
        """The parts of a customer's balance."""
        return [
            row
            for row in self.balances.rows()
            if isinstance(row, Balance) and (row.customer, row.currency) == (customer, currency)
        ]


class Twins:
    """One book and one shop to which the same things happen."""

    def __init__(self) -> None:
        self.story = opened()
        self.books = Books()
        self.shop = Shop(self.today)
        self.accepted: list[Asked] = []
        self.streams: dict[str, tuple[str, str]] = {}
        """In which stream a refund is, and whose it is."""
        self.returned: set[str] = set()
        """Payouts that came back to us."""
        self.left_out: set[str] = set()
        """Kinds of steps that are not likely."""
        self.number = 0
        """Of the step: new ids are made of it."""
        self.refused: defaultdict[str, int] = defaultdict(int)
        """How often each rule refused."""
        self._fed = 0
        self._feed()

    @property
    def today(self) -> date:
        return date.fromisoformat(day_of(self.story.at, ZONE))

    def wait(self, days: int) -> None:
        """Days pass."""
        self.story.at += days * 24 * HOUR
        self._pass(days)

    def _pass(self, days: int) -> None:
        for _ in range(days):
            self.shop.wait(1)
            promises.time_decides(self.shop)
            holds.time_decides(self.shop)

    def ask(
        self,
        command: Command | Meant,
        of_shop: Callable[[], object],
        actor: Actor = AGENT,
        reason: str | None = "sealed:For a reason",
    ) -> bool:
        """Ask both; they say the same. Whether it happened."""
        before = len(self.story.entries)
        self.story.at += MINUTE
        self.shop.now = self.story.at
        self.story.by(actor).because(reason)
        meant: Meant = (lambda _: command) if isinstance(command, Command) else command
        command = meant(self.story)
        try:
            self.story.do(command)
            verdict = None
        except Refusal as refusal:
            verdict = refusal
        try:
            of_shop()
            rules = frozenset[str]()
        except Refused as refused:
            rules = refused.rules
        if verdict is None:
            assert not rules, f"the book accepts what {sorted(rules)} forbid: {command}"
            if len(self.story.entries) > before:
                self.accepted.append((meant, self.story.at, actor))
            for order in self.shop.orders.values():
                holds.money_settles(order, self.number)
            holds.time_decides(self.shop)
        else:
            assert rules, f"the book refuses what the rules allow: {command}: {verdict.rule} {verdict}"
            assert verdict.rule in rules, f"refused by {verdict.rule}, and by {sorted(rules)}: {command}"
            assert len(self.story.entries) == before, "a refused command changed something"
            self.refused[verdict.rule] += 1
        self._feed()
        return verdict is None

    def again(self, which: int) -> None:
        """Something accepted before is sent again, long after: it decides nothing, and changes nothing."""
        if not self.accepted:
            return
        meant, at, actor = self.accepted[which % len(self.accepted)]
        command = meant(self.story)
        if self._may_be_meant_anew(command):
            return
        now, self.story.at, self.story.now = self.story.at, at, self.story.at
        try:
            before = len(self.story.entries)
            events = self.story.by(actor).do(command)
        except Refusal as refusal:
            raise AssertionError(f"refused the second time: {command}") from refusal
        else:
            assert events == ()
            assert len(self.story.entries) == before
        finally:
            self.story.at, self.story.now = now, None

    def _may_be_meant_anew(self, command: Command) -> bool:
        """Some have no id of their own: what a correction opened again since may be decided again."""
        match command:
            case RepriceProduct():
                return True
            case ApproveRefund():
                # It may only have passed the request on, and whoever asked may have taken it back since.
                state = self.story.state(command.stream)
                assert isinstance(state, Placed | Customer)
                return command.refund not in state.refunds
            case CompleteCardSearch():
                hold = self.shop.orders[command.order].hold
                return hold is not None and not hold.searched
            case WriteOffBill():
                bill = self.shop.orders[command.order].bills[command.bill]
                return bill.open > 0 or bill.written_off == 0  # paid after all
            case MarkBillUncollectible():
                bill = self.shop.orders[command.order].bills[command.bill]
                return bill.open > bill.given_up or bill.open == 0
            case WaitForOtherMoney():
                return True  # what it lacks now: a reaction asks once, under its cause's own name
            case _:
                return False

    def last(self, kind: type[Event]) -> Event:
        """The event of that kind recorded last."""
        return next(entry.event for entry in reversed(self.story.entries) if isinstance(entry.event, kind))

    def placed(self, order: str) -> Placed:
        state = self.story.state(order)
        assert isinstance(state, Placed)
        return state

    def _feed(self) -> None:
        for entry in self.story.entries[self._fed :]:
            self.books.feed(entry)
        self._fed = len(self.story.entries)

    # What must be equal

    def agree(self, *, everywhere: bool = False) -> None:
        """Both hold the same figures, and no figure is what it cannot be."""
        for order in self.shop.orders.values():
            self._agree_on(order)
        for customer in CUSTOMERS:
            for currency in CURRENCIES:
                self._agree_on_customer(customer, currency)
        self._agree_on_requests()
        for currency in CURRENCIES:
            unapplied = sum(
                amount
                for (account, _, other), amount in self.books.accounts.items()
                if (account, other) == (UNAPPLIED, currency)
            )
            assert -unapplied == unmatched.unapplied(self.shop, currency)
        allowance = sum(
            amount for (account, _, _), amount in self.books.accounts.items() if account == ALLOWANCE
        )
        assert -allowance == self.shop.given_up

    def _agree_on_requests(self) -> None:
        for name, request in self.shop.credit_requests.items():
            state = self.story.state(self.streams[name][0])
            assert isinstance(state, Customer)
            asked = state.credit_requests[name]
            assert asked.escalated is not None
            said = (asked.escalated.to_role, asked.escalated.amount, asked.withdrawn is not None)
            assert said == (request.waits_for, request.above, request.withdrawn)
        for name, request in self.shop.requests.items():
            state = self.story.state(self.streams[name][0])
            assert isinstance(state, Placed | Customer)
            known = state.refund_requests[name]
            waits_for = None if known.escalated is None else known.escalated.to_role
            assert (waits_for, known.withdrawn is not None) == (request.waits_for, request.withdrawn)
            assert request.above == (0 if known.escalated is None else known.escalated.amount)
        for (person, day, currency), used in self.shop.decided.items():
            theirs = self.story.state(day_stream(person, day.isoformat()))
            assert isinstance(theirs, PersonsDay)
            assert theirs.used[currency] == used

    def _agree_on(self, order: Order) -> None:
        state = self.placed(order.name)
        account = state.account
        for column in COLUMNS:
            assert getattr(account, column) == getattr(order, column), (column, order)
        assert account.balance == order.account
        held = state.purse()
        assert (held.deposit, held.due_back) == (order.deposit, order.due_back), order
        assert cash_of(account, held.due_back, state.gift) == order.cash, order
        assert state.gift == order.gift, order
        assert state.price_to_ship() == order.to_ship
        for line, units in zip(state.lines, order.lines, strict=True):
            states = [unit.state for unit in units]
            assert line.to_ship == states.count("to_ship")
            assert (line.cancelled, line.refunded) == (states.count("cancelled"), states.count("refunded"))
            windows = [window for window in order.windows if window.line == line.line.number]
            assert line.shipped == len(windows)
            assert line.delivered == sum(window.arrived is not None for window in windows)
            assert line.refunded + line.cancelled <= line.line.quantity
            open_units = self.books.open_of(order.name, line.line.number)
            assert sum(open_units) == sum(
                window.arrived is not None and not window.used for window in windows
            )
            assert min(open_units, default=0) >= 0
            assert line.line.total == sum(unit.price.total for unit in units)
            assert line.line.tax == sum(unit.price.tax for unit in units)
        assert list(state.bills) == list(order.bills)
        for name, row in order.bills.items():
            bill = state.bills[name]
            assert (bill.why, bill.amount, bill.due_on) == (row.why, row.amount, row.due.isoformat())
            assert (bill.paid, bill.cleared, bill.written_off) == (row.paid, row.cleared, row.written_off)
            assert (bill.open, bill.uncollectible) == (row.open, row.given_up), order
            assert min(bill.open, bill.paid, bill.cleared, bill.written_off, bill.uncollectible) >= 0
            assert bill.uncollectible <= bill.open
            assert bill.promises.keys() == row.promises.keys()
            for promise, it in row.promises.items():
                # That it is broken is recorded with the next command, or tick.
                told = (it.outcome, None) if it.outcome == "broken" else (it.outcome,)
                assert bill.promises[promise].outcome in told
        for name, refund in order.refunds.items():
            known = state.refunds[name]
            assert known.granted.credit_amount == refund.credit_amount, refund
            assert known.granted.granted == refund.granted, refund
            assert (known.paid, known.set_aside) == (refund.paid, refund.set_aside)
        assert state.refunds.keys() == order.refunds.keys()
        assert list(state.credit_here.values()) == [amount for _, amount in order.pile], "whose money it is"
        due = {name for name, refund in state.refunds.items() if owed(state, refund).total}
        assert due_of_no_refund(state) == order.due_of_no_refund == 0
        assert self.books.to_pay_out(order.name) == due, "a task for what is due back, and for nothing else"
        for name, refund in state.refunds.items():
            stage = "corrected" if refund.corrected else "granted" if name in due else "settled"
            assert self.books.refund_row(state.placed.customer, name).stage == stage, (
                "the audit says what is due"
            )
        self._agree_on_where_refunds_went(order, state)
        assert state.placed.standing == order.standing
        # That time let it go is recorded with the next command, or tick.
        assert (state.declines.not_delivered is not None) == order.closed
        by_time = order.hold is None and order.released and not order.released_by_owner
        assert by_time or (state.declines.hold is None) == (order.hold is None), order
        self._lawful(order)

    def _agree_on_where_refunds_went(self, order: Order, state: Placed) -> None:
        clears = order.clears()
        for name, refund in order.refunds.items():
            if refund.corrected:
                continue
            row = self.books.refund_row(order.customer, name)
            assert row.cleared == refund.beside + clears[name], "the audit says what cleared bills"
            assert (row.granted, row.paid, row.set_aside) == (refund.granted, refund.paid, refund.set_aside)
            due = owed(state, state.refunds[name]).total
            away = row.granted + refund.beside - row.cleared - row.paid - row.set_aside - due
            assert min(row.cleared, row.paid, row.set_aside, due, away) >= 0, (row, away)
            assert row.cleared <= refund.credit_amount, "a returned deposit clears nothing"

    def _lawful(self, order: Order) -> None:
        """What must hold of any order, whoever is right about the rest. §2, I13"""
        assert order.account <= order.open, "funds below zero"
        assert order.account >= -(order.deposit + order.due_back)
        assert order.credited <= order.charged
        # What went elsewhere than it came from is owed once a bank, or a correction, takes back that it came.
        assert order.refunded <= sum(it.amount for it in order.payments.values())
        taken_back = order.reversed or any(it.corrected for it in order.payments.values())
        assert order.refunded <= order.received - order.reversed or taken_back
        assert 0 <= order.cash <= order.due_back
        for column in COLUMNS:
            assert getattr(order, column) >= 0, column

    def _agree_on_customer(self, customer: str, currency: str) -> None:
        balance = self.shop.balance(customer, currency)
        rows = self.books.rows(customer, currency)
        orders = self.shop.orders_of(customer, currency)
        own = self.shop.own_refunds_of(customer, currency)
        credit = self.shop.credit(customer, currency)
        assert sum(row.balance for row in rows) == balance
        assert self.books.accounts[CUSTOMER, customer, currency] == balance
        assert self.books.statements[customer, currency] == balance
        assert sum(row.open_bills for row in rows) == sum(order.open for order in orders)
        assert sum(row.deposits_held for row in rows) == sum(order.deposit for order in orders)
        due = sum(order.due_back for order in orders) + sum(it.left for it in own)
        assert sum(row.refunds_due for row in rows) == due
        assert sum(row.credit_available for row in rows) == credit.available >= 0
        assert self.shop.cash_out(customer, currency) <= self.shop.cash_in(customer, currency)
        assert 0 <= credit.gifts <= credit.available
        assert sum(order.gift for order in orders) + credit.gifts == credit.granted, "a gift became money"
        assert sum(row.lifetime_value for row in rows) == self.shop.lifetime_value(customer, currency)
        state = self.story.state(customer)
        assert isinstance(state, Customer)
        kept = state.credit.get(currency, Kept())
        assert (kept.available, kept.gifts) == (credit.available, credit.gifts)
        assert list(kept.own.values()) == [amount for _, amount in credit.pile], "whose money it is"
        for name, it in self.shop.own_refunds.items():
            if (it.customer, it.currency) == (customer, currency):
                known = state.refunds[name]
                assert (known.granted.granted, known.granted.credit_amount) == (it.granted, it.credit_amount)
                assert (known.paid, known.set_aside, known.claim) == (it.paid, it.set_aside, it.left)
                assert it.paid + it.set_aside <= it.granted
                owed = [amount for _, amount in it.pile] if it.is_credit and not it.corrected else []
                assert list(known.credits.values()) == owed, "whose money it is"
                stage = "corrected" if known.corrected else "granted" if it.left else "settled"
                assert self.books.refund_row(customer, name).stage == stage

    # What must not matter

    def finish(self) -> None:
        """Every order looked at once at the end, or what rows nominate, once, every day or now and then: the
        same entries in every stream.
        """
        once = self._replayed(every=None, by_rows=False)
        for every in (None, 1, 2 + len(self.accepted) % 60):
            ticked = self._replayed(every, by_rows=True)
            assert ticked == once, f"it made a difference that the book ticked every {every} days"
        self._pass(400)
        overdue = {
            (bill.overdue_as or bill.name, _moment_of(bill.overdue_at))
            for order in self.shop.orders.values()
            for bill in order.bills.values()
            if bill.overdue_at is not None
        }
        assert overdue == {
            (event.bill, at)
            for told in once.values()
            for at, _, event in told
            if isinstance(event, BillBecameOverdue)
        }
        broken = {
            (promise, _moment_of(it.broken_at))
            for order in self.shop.orders.values()
            for bill in order.bills.values()
            for promise, it in bill.promises.items()
            if it.broken_at is not None
        }
        assert broken == {
            (event.promise, at)
            for told in once.values()
            for at, _, event in told
            if isinstance(event, PromiseBroken)
        }

    def _replayed(self, every: int | None, *, by_rows: bool) -> dict[str, list[tuple[Moment, str, Event]]]:
        story = opened()
        ticked, ticking = story.at, Ticking(story)
        tick = ticking.tick if by_rows else partial(self._tick_all, story)
        end = self.story.at + 400 * 24 * HOUR
        for meant, at, actor in [*self.accepted, (None, end, AGENT)]:
            while every is not None and ticked + every * 24 * HOUR <= min(at, self.story.at + 99 * 24 * HOUR):
                ticked += every * 24 * HOUR
                tick(ticked)
            story.at = at
            story.because("sealed:For a reason")
            if meant is None:
                tick(at)
            else:
                story.by(actor).do(meant(story))
        told: defaultdict[str, list[tuple[Moment, str, Event]]] = defaultdict(list)
        for entry in story.entries:
            told[entry.stream].append((entry.effective_at, entry.meta.origin, _without_places(entry.event)))
        return dict(told)

    def _tick_all(self, story: Story, at: Moment) -> None:
        story.at = at
        for order in self.shop.orders:
            if story.state(order) is not None:
                story.do(Tick(stream=order))


def _moment_of(begin: date | int) -> Moment:
    return begin if isinstance(begin, int) else moment_at(begin.isoformat(), time(0), ZONE)


def _without_places(event: Event) -> Event:
    """The event but for the places of other entries it names: they depend on what came between."""
    named = {name: 0 for name in ("call", "search", "corrects", "resumes") if getattr(event, name, None)}
    return msgspec.structs.replace(event, **named)


COLUMNS = (
    "charged",
    "received",
    "credit_used",
    "reversed",
    "credited",
    "refunded",
    "set_aside",
    "written_off",
)
