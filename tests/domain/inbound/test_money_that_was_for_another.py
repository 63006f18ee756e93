"""Money that came for an order, had no place there and turned out to be for something else: the order waits
where everybody can see it, whoever the money belongs to.

Source: I12, R-D2, R-B2
"""

from typing import Any

from msgspec.structs import replace

from domain.command import Command
from domain.decisions import decide
from domain.declines.decline_events import OrderPlacedOnHold, ShipmentReleasedWithoutPayment
from domain.entry import Event
from domain.inbound.hold_follows_assignment import HoldFollowsAssignment
from domain.inbound.other_money import WaitForOtherMoney
from domain.inbound.unmatched_events import CameFor, UnmatchedReceiptAssigned, UnmatchedReceiptReopened
from domain.payments.payment_events import PaymentCaptured
from domain.reactions import Errand, asked_by
from projections.tasks import Tasks
from projections.unmatched import Unmatched
from tests.domain.correction_examples import correct
from tests.domain.decline_examples import ann, customer, declined, held, release
from tests.domain.declines.test_losing_cover import lost, row_of, tasks_of
from tests.domain.examples import (
    CUSTOMER,
    ORDER,
    OTHER_BILL,
    OTHER_CUSTOMER,
    OTHER_ORDER,
    OTHER_SHIPMENT,
    billed,
    cancelled,
    capture,
    captured,
    customer_registered,
    id_of,
    placed,
    shipped,
)
from tests.domain.figures import rows_of
from tests.domain.notice_examples import MONEY, OTHER_MONEY, assign, unmatched
from tests.domain.specification import OWNER, SUPERVISOR, Story, given

THIRD: dict[str, Any] = {"order": id_of("ord", 3), "shipment": OTHER_SHIPMENT}
OVERDUE_HERE = (
    placed(order=THIRD["order"], terms="bill_after"),
    shipped(**THIRD),
    billed(**THIRD, bill=OTHER_BILL, due_on="2010-08-09"),
)
OTHERS: dict[str, Any] = {"order": OTHER_ORDER, "customer": OTHER_CUSTOMER}


def came_for_it(*events: Event, **money: Any) -> Story:
    """Money came for an order, and had no place; another customer has ordered as well."""
    other = customer_registered(customer=OTHER_CUSTOMER), placed(**OTHERS)
    story = given(ann(), customer(), *(events or (placed(),)), *other, unmatched(**money)).on("2010-08-11")
    return story.by(OWNER).because("sealed:It was for another")


def for_another(amount: int = 7595, number: int = 2, currency: str = "USD") -> Command:
    """The other order is what the money was for."""
    named = {"payment": id_of("pay", number), "reference": f"ch_{number}", "currency": currency}
    return assign(customer=OTHER_CUSTOMER, fact=capture(order=OTHER_ORDER, amount=amount, **named))


def assigned(story: Story, command: Command) -> tuple[Event, ...]:
    """Assign it, and let happen what follows by rule."""
    story.do(command)
    (entry,) = [each for each in story.entries if isinstance(each.event, UnmatchedReceiptAssigned)][-1:]
    follows = asked_by(HoldFollowsAssignment(), entry, story.state("book"))
    assert not isinstance(follows, Errand)
    return () if follows is None else story.do(follows)


def test_an_order_waits_where_the_money_that_came_for_it_was_for_another_customers() -> None:
    # Let nothing follow an assignment → its customer believes to have paid, and nobody asks them: this fails.
    story = came_for_it()
    (it,) = assigned(story, for_another())
    assert isinstance(it, OrderPlacedOnHold)
    assert it == replace(lost("assigned_elsewhere"), payment=None, deadlines=it.deadlines)
    assert story.state(OTHER_ORDER).declines.hold is None
    assert {"reach_customer", "decide_release"} <= tasks_of(story)
    row = row_of(story)
    assert (row.customer, row.missing, row.held_because) == (CUSTOMER, 7595, "assigned_elsewhere")
    story.when(release()).decides(ShipmentReleasedWithoutPayment)


def test_an_order_waits_where_its_money_was_for_another_of_the_same_customer() -> None:
    second = {"order": OTHER_ORDER}
    story = given(ann(), customer(), placed(), placed(**second), unmatched()).on("2010-08-11")
    fact = capture(order=OTHER_ORDER, payment=id_of("pay", 2), reference="ch_2")
    (it,) = assigned(story, assign(fact=fact))
    assert isinstance(it, OrderPlacedOnHold)
    assert (it.customer, it.because) == (CUSTOMER, "assigned_elsewhere")


def test_an_order_waits_for_the_rest_where_what_is_left_of_its_money_would_not_do() -> None:
    # Hold it at any assignment → the customer is asked for what is here already, and this fails.
    story = came_for_it(amount=7596)
    assert assigned(story, for_another(1)) == ()
    (it,) = assigned(story, for_another(1, number=3))
    assert isinstance(it, OrderPlacedOnHold)
    assert it.missing == 7595
    assert assigned(story, for_another(7000, number=4)) == (), "it waits already"


def test_what_was_assigned_to_it_counts_and_the_rest_is_asked_for() -> None:
    story = came_for_it()
    assert assigned(story, assign(fact=capture(amount=7594))) == ()
    (it,) = assigned(story, for_another(1))
    assert isinstance(it, OrderPlacedOnHold)
    assert it.missing == 1
    too_little = came_for_it(amount=7594)
    (it,) = assigned(too_little, assign(fact=capture(amount=7594)))
    assert isinstance(it, OrderPlacedOnHold)
    assert it.missing == 1
    enough = came_for_it(amount=7596)
    assert assigned(enough, assign()) == ()
    assert assigned(enough, for_another(1)) == ()


def test_nobody_is_asked_for_money_while_other_that_came_for_the_order_may_cover_it() -> None:
    # Name no other money with the reaction → the customer is asked, and charged, a second time: this fails.
    both = (MONEY, OTHER_MONEY)
    for second, is_held in ((7595, False), (7594, True)):
        story = came_for_it()
        story.record(unmatched(unmatched=OTHER_MONEY, reference="ch_5", amount=second))
        follows = assigned(story, replace(for_another(), kept=both))
        assert bool(follows) is is_held
        story.when(replace(for_another(), kept=(*both, id_of("unm", 3)))).nothing()


def test_money_of_another_currency_covers_nothing_however_much_of_it_is_left() -> None:
    # Compare amounts alone → the order waits unseen until all of it is assigned, and this fails.
    other = customer_registered(customer=OTHER_CUSTOMER), placed(**OTHERS, currency="EUR")
    money = unmatched(currency="EUR", amount=10_000)
    story = given(ann(), customer(), placed(), *other, money).on("2010-08-11")
    (it,) = assigned(story, for_another(1, currency="EUR"))
    assert isinstance(it, OrderPlacedOnHold)


def test_an_order_that_needs_no_money_or_waits_already_waits_for_none_that_was_for_another() -> None:
    for events in (
        (placed(), captured(reference="ch_3")),
        (placed(), cancelled((1, 2))),
        (placed(terms="bill_after"),),
        (placed(), declined(), held()),
    ):
        assert assigned(came_for_it(*events), for_another()) == ()


def test_money_that_named_no_order_leaves_none_to_wait() -> None:
    story = came_for_it(order=None, customer=None)
    assert assigned(story, for_another()) == ()
    (it,) = [each.event for each in story.entries if isinstance(each.event, UnmatchedReceiptAssigned)]
    assert it.came_for is None


def test_what_was_assigned_says_which_order_it_had_come_for() -> None:
    story = came_for_it()
    first = story.do(for_another())[0]
    assert isinstance(first, UnmatchedReceiptAssigned)
    assert first.came_for == CameFor(ORDER, CUSTOMER)
    story.when(for_another()).nothing()


def test_the_hold_says_whether_the_customer_owes_and_is_recorded_as_theirs() -> None:
    # Leave the customer's facts out → a rule lets the order go that is a person's to decide, this fails.
    story = came_for_it(*OVERDUE_HERE, placed())
    story.do(for_another())
    waits = WaitForOtherMoney(order=ORDER, customer=CUSTOMER, unmatched=MONEY)
    decision = decide(waits, story.given(waits))
    ((stream, held),) = decision.events
    assert (stream, decision.customer) == (ORDER, CUSTOMER)
    assert isinstance(held, OrderPlacedOnHold)
    assert held.is_watched


def waits_in(story: Story) -> list[tuple[str | None, str | None, int]]:
    """Whose each money without a place seems to be, the order, and what of it waits."""
    return [(row.customer, row.order, row.left) for row in rows_of(Unmatched(), story.entries)]


def test_what_waits_is_listed_with_the_order_that_it_named_until_all_of_it_has_a_place() -> None:
    # Write the other order at once → its list shows what waits for this one, whose own is empty; this fails.
    story = came_for_it()
    story.do(for_another(2000))
    assert waits_in(story) == [(CUSTOMER, ORDER, 5595)]
    story.do(for_another(5595, 3))
    assert waits_in(story) == [(OTHER_CUSTOMER, OTHER_ORDER, 0)]


def test_money_that_was_not_for_the_other_order_after_all_waits_for_the_one_that_it_named() -> None:
    # Say that it waits where it was last → that order is asked no more, this one nobody sees: this fails.
    story = came_for_it().by(SUPERVISOR)
    story.do(for_another())
    nth = len([it for it in story.entries if isinstance(it.event, PaymentCaptured)])
    named = {"stream": OTHER_ORDER, "customer": OTHER_CUSTOMER, "unmatched": MONEY}
    reopened = story.when(correct(story, PaymentCaptured, nth, **named)).decides(UnmatchedReceiptReopened)
    assert (reopened.order, reopened.came_for) == (OTHER_ORDER, CameFor(ORDER, CUSTOMER))
    assert waits_in(story) == [(CUSTOMER, ORDER, 7595)]
    (task,) = [row for row in rows_of(Tasks(), story.entries) if row.kind == "unmatched"]
    assert (task.customer, task.order, task.open) == (CUSTOMER, ORDER, 7595)
