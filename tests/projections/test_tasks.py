"""Tasks and nominations: what is to be done or will come by itself, from when on, and until when."""

from typing import Any

from domain.bills.bill_events import BillIssued
from domain.bills.billing import NewBill
from domain.book.register import BookOpened, PersonRegistered
from domain.orders.contacting import RecordContact
from domain.payments.payment_events import PaymentCaptured
from domain.refunds.refund_events import RefundPaid
from domain.ticking import Tick
from projections.bill_tasks import Task
from projections.deadlines import Deadlines
from projections.folding import folding_of
from projections.notice_tasks import NOTICE
from projections.projection import AnyProjection
from projections.refund_tasks import KINDS
from projections.tasks import Tasks
from projections.unmatched_tasks import UNMATCHED
from projections.unpaid_bills import DebtRow, UnpaidBills
from tests.domain.bill_examples import (
    DISPUTE,
    ILL,
    PERSONS,
    billed_story,
    call,
    close_dispute,
    dispute,
    paid_story,
    pay_bill,
    promise,
    reinstate,
    remind,
    reverse,
    review,
    write_off,
)
from tests.domain.correction_examples import correct
from tests.domain.decline_examples import charge, fail
from tests.domain.examples import (
    BILL,
    NEW_BILL,
    ONE_DRESS_WITH_FEE,
    ORDER,
    OTHER_BILL,
    OTHER_PAYMENT,
    OTHER_REFUND,
    OTHER_SHIPMENT,
    REFUND,
    SHIPMENT,
    cancel,
    capture,
    captured,
    card_stored,
    customer_registered,
    deliver,
    id_of,
    place,
    placed,
    ship,
    shipped,
)
from tests.domain.notice_examples import MONEY, assign, notice, told, unmatched
from tests.domain.refund_examples import approve, come_back, grant, paid_back, settle
from tests.domain.specification import OWNER, SUPERVISOR, ZONE, Story, given, moment

ANN = id_of("per", 7)


def ordered(**other: Any) -> Story:
    story = given(customer_registered(), PersonRegistered(person=ANN, name="sealed:Ann", role="agent"))
    story.do(place(**other))
    return story


def contacted(story: Story, kind: Any, shipment: str | None = None) -> None:
    story.do(RecordContact(order=ORDER, kind=kind, channel="email", by=ANN, shipment=shipment))


def rows(story: Story, projection: AnyProjection) -> list[Any]:
    folding = folding_of(projection)
    for entry in story.entries:
        if type(entry.event) in projection.handles:
            folding.feed(entry)
    assert not folding.parked
    return list(folding.rows())


def tasks(story: Story, day: str, clock: str = "12:00") -> list[tuple[str, str]]:
    """What is to be done at that moment."""
    now = moment(day, clock)
    return [(row.kind, row.subject) for row in rows(story, Tasks()) if row.due is not None and row.due <= now]


def test_scenario_a_leaves_no_task_behind() -> None:
    story = ordered()
    assert tasks(story, "2010-08-10") == [("acknowledgement", ORDER)]
    story.do(capture())
    contacted(story, "acknowledgement")
    contacted(story, "thanks")
    assert tasks(story, "2010-08-11", "23:59:59.999999") == []
    assert tasks(story, "2010-08-12", "00:00") == [("ship_order", ORDER)]
    story.on("2010-08-12").do(ship())
    assert tasks(story, "2010-08-12") == [("shipped", SHIPMENT)]
    contacted(story, "shipped")
    story.on("2010-08-16").do(deliver())
    assert tasks(story, "2010-08-22", "23:59:59.999999") == []
    assert tasks(story, "2010-08-23", "00:00") == [("satisfaction", SHIPMENT)]
    contacted(story.on("2010-08-23"), "satisfaction")
    assert rows(story, Tasks()) == []


def test_an_order_nobody_paid_for_need_not_ship() -> None:
    story = ordered()
    assert ("ship_order", ORDER) not in tasks(story, "2011-08-10")
    story.do(capture())
    assert ("ship_order", ORDER) in tasks(story, "2011-08-10")


def test_an_order_to_be_paid_first_is_asked_about_from_the_day_on_which_it_should_leave() -> None:
    # Start nothing with an order that nothing covers → it waits for ever, and nobody is asked: this fails.
    asked = ("ask_for_payment", ORDER)
    story = ordered()
    assert asked not in tasks(story, "2010-08-11", "23:59:59.999999")
    assert asked in tasks(story, "2010-08-12", "00:00")
    story.do(capture(amount=7594))
    assert asked in tasks(story, "2010-08-12")
    story.do(capture(amount=1, payment=id_of("pay", 2), reference="ch_2"))
    assert asked not in tasks(story, "2011-08-10")
    for command in (cancel(), fail()):
        story = ordered()
        story.do(command)
        assert asked not in tasks(story, "2011-08-10")
    assert asked not in tasks(ordered(terms="bill_after"), "2011-08-10")


def test_an_order_of_which_what_was_not_paid_is_cancelled_is_asked_about_no_more() -> None:
    story = ordered()
    for command in (capture(amount=4195), cancel((1, 1))):
        story.do(command)
    assert [kind for kind, _ in tasks(story, "2010-08-12") if kind in ("ask_for_payment", "ship_order")] == [
        "ship_order"
    ]


def test_nobody_asks_for_the_payment_of_what_was_imported_from_before_the_book_went_live() -> None:
    story = Story(opened=BookOpened(zone=ZONE, country="US", cut_over="2010-08-11"))
    story.record(customer_registered()).from_("import").do(place())
    assert tasks(story, "2011-08-10") == []


def test_a_part_shipment_leaves_the_rest_to_ship() -> None:
    story = ordered(terms="bill_after")
    story.do(ship((1, 1), bill=NEW_BILL))
    assert ("ship_order", ORDER) in tasks(story, "2010-08-12")
    story.do(cancel())
    assert ("ship_order", ORDER) not in tasks(story, "2010-08-12")


def test_a_cancelled_order_asks_for_nothing() -> None:
    story = ordered()
    story.do(cancel((1, 1)))
    assert tasks(story, "2010-08-12")
    story.do(cancel(refund=id_of("ref", 7)))
    assert rows(story, Tasks()) == []


def test_a_charge_whose_outcome_nobody_knows_is_found_out_about_though_its_order_is_cancelled() -> None:
    # Delete every task of a cancelled order → this and the next two fail.
    story = given(customer_registered(), card_stored())
    for command in (place(), charge(), cancel()):
        story.do(command)
    assert tasks(story, "2010-08-10") == [("resolve_payment", id_of("pay", 51))]


def test_a_dispute_is_contested_though_the_rest_of_its_order_is_cancelled() -> None:
    story = ordered()
    for command in (capture(), cancel((1, 1)), settle(), dispute(), cancel(refund=OTHER_REFUND)):
        story.do(command)
    assert ("contest_dispute", DISPUTE) in tasks(story, "2010-08-10")


def test_what_a_chargeback_left_owed_is_called_about_though_the_rest_of_its_order_is_cancelled() -> None:
    story = given(customer_registered(), *PERSONS)
    for command in (place(), capture(), cancel((1, 1)), settle(), reverse()):
        story.do(command)
    story.do(cancel(refund=OTHER_REFUND))
    story.do(call(bill=OTHER_BILL))
    story.do(promise("2010-08-20", bill=OTHER_BILL))
    assert [row.kind for row in rows(story, Tasks()) if row.open == 3400] == ["collection_call"]


def test_a_contact_about_one_shipment_leaves_those_about_others() -> None:
    story = ordered()
    for command in (capture(), ship((1, 1)), ship((1, 1), shipment=OTHER_SHIPMENT)):
        story.do(command)
    contacted(story, "shipped", SHIPMENT)
    told = [task for task in tasks(story, "2010-08-10") if task[0] == "shipped"]
    assert told == [("shipped", OTHER_SHIPMENT)]
    contacted(story, "shipped")
    assert not [task for task in tasks(story, "2010-08-10") if task[0] == "shipped"]


def test_history_asks_for_nothing() -> None:
    story = Story(customer_registered(), opened=BookOpened(zone=ZONE, country="US", cut_over="2010-08-11"))
    story.from_("import")
    for command in (place(terms="bill_after"), ship((1, 1), bill=NEW_BILL), deliver(), cancel()):
        story.do(command)
    assert [row for row in rows(story, Tasks()) if row.due is not None] == []
    assert rows(story, Deadlines()) == []


def test_a_bill_is_nominated_until_it_is_settled_or_was_decided() -> None:
    story = ordered(terms="bill_after")
    story.do(ship(bill=NEW_BILL))
    overdue_at = moment("2010-09-10", "00:00")
    (row,) = rows(story, Deadlines())
    assert (row.stream, row.kind, row.subject, row.due, row.open) == (
        ORDER,
        "bill_overdue",
        BILL,
        overdue_at,
        7595,
    )
    story.do(capture(amount=7594))
    assert [row.open for row in rows(story, Deadlines())] == [1]
    story.on("2010-10-01").with_now(story.at).from_("tick").do(Tick(stream=ORDER))
    assert rows(story, Deadlines()) == []


def test_a_bill_paid_in_time_is_nominated_no_more() -> None:
    story = ordered(terms="bill_after")
    story.do(ship(bill=NEW_BILL))
    story.do(capture())
    assert rows(story, Deadlines()) == []


# Bills, disputes, and orders of customers who owe


def owed(story: Story, day: str, clock: str = "12:00") -> list[str]:
    """What there is to do about the bill at that moment; a promise pauses the call."""
    now = moment(day, clock)
    found = [
        row
        for row in rows(story, Tasks())
        if row.subject == BILL and row.open and row.due is not None
        if max(row.due, row.paused_until or row.due) <= now
    ]
    return [row.kind for row in sorted(found, key=lambda row: row.due)]


def test_a_bill_is_to_be_reminded_of_twice_and_then_called_about() -> None:
    story = billed_story()
    assert owed(story, "2010-09-15", "23:59:59.999999") == []
    assert owed(story, "2010-09-16", "00:00") == ["first_reminder"]
    story.on("2010-09-17").do(remind())
    assert owed(story, "2010-10-08") == []
    assert owed(story, "2010-10-09") == ["second_reminder"]
    assert owed(story, "2010-11-10") == ["second_reminder", "collection_call"]
    story.on("2010-11-10").do(call())
    assert owed(story, "2010-12-09") == ["second_reminder"]
    assert owed(story, "2010-12-10") == ["second_reminder", "collection_call"]


def test_a_promise_pauses_the_call_until_its_day_is_over() -> None:
    # Let the call come when it was due → this fails.
    story = billed_story().on("2010-11-01")
    story.do(remind())
    story.do(promise("2010-11-20"))
    assert owed(story, "2010-11-20", "23:59:59.999999") == []
    assert owed(story, "2010-11-21", "00:00") == ["collection_call"]
    story.do(promise("2010-11-12", promise=id_of("prm", 9)))
    assert owed(story, "2010-11-13", "00:00") == ["collection_call"]


def test_a_good_reason_is_the_owners_to_decide_on() -> None:
    story = billed_story().on("2010-11-10")
    story.do(remind())
    story.do(call(**ILL))
    assert owed(story, "2010-11-10") == ["write_off_decision"]
    (row,) = [row for row in rows(story, Tasks()) if row.kind == "write_off_decision"]
    assert row.assignee == "owner"
    story.by(OWNER).do(write_off())
    assert owed(story, "2020-01-01") == []


def debt(story: Story) -> DebtRow:
    (row,) = [row for row in rows(story, UnpaidBills()) if row.bill == BILL]
    return row


def test_who_phones_in_vain_takes_nothing_from_the_owner() -> None:
    # Let every call say what the owner decides → nobody is asked, and this fails.
    story = billed_story().on("2010-11-12")
    for command in (remind(), call(**ILL)):
        story.do(command)
    story.on("2010-11-13").do(call())
    assert owed(story, "2010-11-13") == ["write_off_decision"]
    row = debt(story)
    assert (row.decide_at, row.last_result) == (moment("2010-11-12"), "not_reached")
    story.on("2010-11-14").do(call(outcome="reached", will_pay=True))
    assert owed(story, "2010-11-14") == []
    assert debt(story).decide_at is None


def test_a_call_of_before_that_is_entered_late_turns_nothing_back() -> None:
    # Let the call recorded last count → both fail.
    story = billed_story().on("2010-11-20")
    for command in (remind(), call(**ILL)):
        story.do(command)
    story.with_now(moment("2010-11-21")).on("2010-11-12")
    for late in (call(), call(outcome="reached", will_pay=True)):
        story.do(late)
        assert owed(story, "2010-12-19") == ["write_off_decision"]
        assert owed(story, "2010-12-20") == ["write_off_decision", "collection_call"]
        row = debt(story)
        assert (row.last_result, row.last_call_at) == ("illness", moment("2010-11-20"))
        assert row.call_at == moment("2010-12-20", "00:00")
    assert debt(story).calls == 3


def test_a_bill_is_closed_when_the_last_of_it_came_whatever_was_entered_last() -> None:
    # Let the entry that leaves nothing open say when → this fails.
    story = billed_story().on("2010-09-20")
    story.do(pay_bill(amount=7000))
    story.with_now(moment("2010-09-21")).on("2010-09-17")
    story.do(pay_bill(payment=id_of("pay", 9), amount=595))
    assert (debt(story).closed_as, debt(story).closed_at) == ("paid", moment("2010-09-20"))


def test_nothing_is_asked_for_once_a_bill_is_settled_and_a_part_changes_nothing() -> None:
    story = billed_story().on("2010-09-17")
    story.do(pay_bill(amount=7594))
    assert owed(story, "2010-11-10") == ["first_reminder", "second_reminder", "collection_call"]
    story.do(pay_bill(payment=id_of("pay", 9), amount=1))
    assert owed(story, "2020-01-01") == []


def collected_until_december() -> Story:
    """The bill is overdue; they were reminded, called, are ill, and promised to pay by the year's end."""
    story = billed_story().on("2010-09-17")
    story.do(remind())
    story.on("2010-11-10").do(call(**ILL))
    story.on("2010-12-12").do(promise("2010-12-31"))
    return story.on("2010-12-20").by(SUPERVISOR).because("sealed:Wrong address")


def test_what_is_to_be_done_about_a_bill_is_to_be_done_about_the_one_that_takes_its_place() -> None:
    # Begin it anew with the new bill → this fails.
    story = collected_until_december()
    before = [*rows(story, Tasks()), *rows(story, Deadlines())]
    debt = next(row for row in rows(story, UnpaidBills()) if row.bill == BILL)
    story.do(correct(story, BillIssued, bill=NewBill(OTHER_BILL, 2010)))
    after = [*rows(story, Tasks()), *rows(story, Deadlines())]
    assert [shown(row) for row in before if row.subject == BILL] == [
        shown(row) for row in after if row.subject == OTHER_BILL
    ]
    assert not [row for row in after if row.subject == BILL]
    new = next(row for row in rows(story, UnpaidBills()) if row.bill == OTHER_BILL)
    assert (new.number, new.closed_as) == (2, None)
    same = ("issued_on", "issued_at", "due_on", "open", "reminders", "calls", "last_result", "call_at")
    for name in (*same, "second_reminder_at", "decide_at", "promised_until", "last_call_at", "reached_at"):
        assert getattr(new, name) == getattr(debt, name), name


def shown(row: Any) -> tuple[Any, ...]:
    """A task or a nomination, whatever bill it is about."""
    return (row.kind, row.due, row.open, getattr(row, "paused_until", None), getattr(row, "assignee", None))


def test_the_order_of_a_watched_customer_is_for_the_owner_until_it_was_reviewed() -> None:
    story = billed_story().on("2010-09-20")
    second = {"order": id_of("ord", 2)}
    story.do(place(**second, terms="bill_after"))

    def review_due(day: str) -> list[str | None]:
        found = [row for row in rows(story, Tasks()) if row.kind == "watched_review"]
        return [row.assignee for row in found if row.due is not None and row.due <= moment(day)]

    assert review_due("2010-09-20") == ["owner"]
    story.by(OWNER).because("sealed:Why").do(review("payment_first", **second))
    assert (review_due("2010-09-26"), review_due("2010-09-27")) == ([], ["owner"])
    story.do(review(**second))
    assert review_due("2020-01-01") == []


def test_a_chargeback_is_not_called_about_unasked() -> None:
    story = paid_story()
    story.do(reverse())
    assert [task for task in tasks(story, "2020-01-01") if task[1] == id_of("bil", 2)] == []


def test_a_refund_is_decided_then_paid_and_again_where_the_money_did_not_arrive() -> None:
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 1), only_request=True))
    assert refund_tasks(story) == [("refund_decision", REFUND)]
    story.do(approve())
    assert refund_tasks(story) == [("refund_payout", REFUND)]
    story.do(settle())
    assert refund_tasks(story) == []
    story.do(come_back())
    assert refund_tasks(story) == [("refund_payout", REFUND)]


def test_a_refund_paid_in_part_is_still_to_be_paid_until_nothing_is_due_back() -> None:
    # End the task at the first payout → this fails.
    story = given(customer_registered(), placed(), captured(), shipped())
    for command in (grant((1, 2)), paid_back(1000)):
        story.do(command)
    assert refund_tasks(story) == [("refund_payout", REFUND)]
    story.do(paid_back(6594, 2))
    assert refund_tasks(story) == [("refund_payout", REFUND)]
    story.do(paid_back(1, 3))
    assert refund_tasks(story) == []


def test_a_payout_told_of_after_a_later_dispute_is_contested_once_that_was_opened() -> None:
    # Take the dispute that a payout names for granted → as of the 16th the tasks cannot be shown; date the
    # task from the payout → it was missed before the bank asked. Either fails.
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 2)))
    story.on("2010-08-20").do(dispute())
    story.with_now(moment("2010-08-25")).on("2010-08-15").do(paid_back(1000))
    then = Story.after([it for it in story.entries if it.effective_at <= moment("2010-08-16")])
    assert ("contest_dispute", DISPUTE) not in tasks(then, "2010-08-16")
    assert ("contest_dispute", DISPUTE) in tasks(story, "2010-08-20")
    (asked,) = [it.event.deadlines for it in story.entries if isinstance(it.event, RefundPaid)]
    assert [it.due for it in asked] == [moment("2010-08-20")]


def test_money_that_goes_back_while_the_bank_asks_is_what_the_dispute_is_contested_with() -> None:
    # Ask for it at the opening alone → this fails.
    story = given(customer_registered(), placed(), captured(), shipped())
    for command in (grant((1, 2)), dispute()):
        story.do(command)
    assert ("contest_dispute", DISPUTE) not in tasks(story, "2010-08-10")
    story.on("2010-08-11").do(paid_back(1000))
    story.on("2010-08-12").do(paid_back(1000, 2))
    assert ("contest_dispute", DISPUTE) in tasks(
        story, "2010-08-11"
    )  # a second payout puts it off for nobody
    story.do(close_dispute("won"))
    assert ("contest_dispute", DISPUTE) not in tasks(story, "2020-01-01")


def payouts(story: Story) -> list[tuple[str, Any, Any]]:
    """What is to be paid out now, from when on, and from when on it is missed."""
    return [
        (row.subject, row.due, row.missed_from)
        for row in rows(story, Tasks())
        if row.kind == "refund_payout" and row.waits_since is None
    ]


def test_a_payout_waits_for_the_end_of_a_dispute_and_no_day_of_it_counts() -> None:
    # Leave the wait out, at the opening or for a refund granted since → both fail.
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 1)))
    assert payouts(story) == [(REFUND, moment("2010-08-10", "12:00"), moment("2010-08-13", "00:00"))]
    story.on("2010-08-11").do(dispute())
    assert payouts(story) == []
    story.do(grant((1, 1), refund=OTHER_REFUND))
    assert payouts(story) == [], "granted meanwhile, it waits too"
    story.on("2010-08-21").do(close_dispute("won"))
    closed = moment("2010-08-21", "12:00")
    assert payouts(story) == [
        (REFUND, closed, moment("2010-08-23", "00:00")),
        (OTHER_REFUND, closed, moment("2010-08-24", "00:00")),
    ]


def test_a_payout_waits_until_the_last_dispute_of_its_order_is_closed() -> None:
    # Let the first that closes end it → this fails.
    story = given(customer_registered(), placed(), captured(), shipped())
    other = id_of("dsp", 9)
    for command in (grant((1, 2)), dispute(), dispute(dispute=other), close_dispute("won")):
        story.do(command)
    assert payouts(story) == []
    story.do(close_dispute("won", dispute=other))
    assert [subject for subject, _, _ in payouts(story)] == [REFUND]


def test_a_refund_is_to_be_paid_while_something_of_it_is_due_back() -> None:
    # A chargeback leaves nothing to pay; what comes again is due again. Leave `dues_changed` out → both fail.
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 2)))
    story.do(reverse())
    assert refund_tasks(story) == []
    story.do(reinstate())
    assert refund_tasks(story) == [("refund_payout", REFUND)]
    story.do(settle())
    assert refund_tasks(story) == []


def test_what_settled_a_chargeback_is_due_back_once_the_bank_gives_it_back() -> None:
    story = given(customer_registered(), placed(), captured(), shipped())
    for command in (reverse(), grant((1, 2))):
        story.do(command)
    assert refund_tasks(story) == []
    story.do(reinstate(595))
    assert refund_tasks(story) == [("refund_payout", REFUND)]
    story.do(settle())
    assert refund_tasks(story) == []


def test_what_is_due_back_once_is_to_be_paid_once() -> None:
    # A payment that bounced in part leaves enough for one of two refunds.
    story = given(customer_registered(), placed(), captured(), shipped())
    for command in (grant((1, 1)), grant((1, 1), refund=OTHER_REFUND), reverse(amount=4195)):
        story.do(command)
    assert refund_tasks(story) == [("refund_payout", REFUND), ("refund_payout", OTHER_REFUND)]
    story.do(settle())
    assert refund_tasks(story) == []


def test_a_payout_that_comes_back_and_covers_what_is_to_ship_is_not_to_be_paid_again() -> None:
    story = given(customer_registered(), placed(), captured(), shipped((1, 1), **ONE_DRESS_WITH_FEE))
    for command in (grant((1, 1)), settle(), reverse(amount=3400), come_back()):
        story.do(command)
    assert refund_tasks(story) == []


def test_a_refund_that_only_settles_what_is_owed_is_not_to_be_paid_though_another_is() -> None:
    # Look at what is due back of the order, not of the refund → this fails.
    story = given(
        customer_registered(), placed(), captured(amount=4195), shipped((1, 1), **ONE_DRESS_WITH_FEE)
    )
    story.do(reverse(amount=4195))
    story.do(capture(payment=OTHER_PAYMENT, reference="ch_2", amount=3400))
    for command in (cancel((1, 1)), grant((1, 1), refund=OTHER_REFUND)):
        story.do(command)
    assert refund_tasks(story) == [("refund_payout", REFUND)]


def refund_tasks(story: Story) -> list[tuple[object, object]]:
    """What there is to do about refunds."""
    folding = folding_of(Tasks())
    for entry in story.entries:
        if type(entry.event) in Tasks.handles:
            folding.feed(entry)
    assert not folding.parked
    rows = [row for row in folding.rows() if isinstance(row, Task) and row.kind in KINDS]
    return [(row.kind, row.subject) for row in rows]


def test_money_of_history_that_waits_again_is_no_task_once_all_of_it_is_settled() -> None:
    # Ask only whether nothing is left of the task → 35.95 less than nothing wait for ever, this fails.
    story = given(customer_registered(), placed()).by(SUPERVISOR).because("sealed:typed wrongly")
    story.record(unmatched(deadlines=()))
    story.do(assign(fact=capture(amount=4000)))
    story.do(correct(story, PaymentCaptured, unmatched=MONEY))
    (task,) = [row for row in rows(story, Tasks()) if row.kind == "unmatched"]
    assert task.open == 4000
    story.do(assign(fact=capture(amount=7595, payment=id_of("pay", 9), corrected_in=ORDER)))
    assert [row for row in rows(story, Tasks()) if row.kind == "unmatched"] == []


def test_money_and_notices_are_tasks_of_the_order_that_they_name() -> None:
    unplaced = told()
    unplaced.do(notice(fact=None, why="unknown"))
    assert at_orders(unplaced) == [(f"unmatched/{MONEY}", UNMATCHED, ORDER)]
    looked_at = told()
    looked_at.do(notice(fact=None, money=None, why="unknown"))
    assert at_orders(looked_at) == [("inbound/acme/evt_1", NOTICE, ORDER)]


def test_money_that_names_no_order_is_a_task_of_none() -> None:
    story = told()
    story.do(notice(fact=None, order=None, customer=None))
    assert at_orders(story) == [(f"unmatched/{MONEY}", UNMATCHED, None)]


def at_orders(story: Story) -> list[tuple[str, str, str | None]]:
    """Each task with its stream and order."""
    return [(row.stream, row.kind, row.order) for row in rows(story, Tasks())]
