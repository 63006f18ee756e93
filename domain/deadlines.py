"""Deadlines: what has to be done by when, frozen on the event that starts it, under the edition in force.

A day begins and ends by the clocks of the book's zone. What is to be done on a day is missed once that day is
over. History brought in from before the book went live starts nothing. Source: §3, R-P5, R-B1
"""

from collections.abc import Iterable
from datetime import time

from domain.book.register import Register
from domain.decision import Given
from domain.moments import HOUR, Day, Moment, day_of, moment_at, plus_days, plus_months
from domain.orders.order_events import Deadline, DeadlineKind, OrderPlaced, StandingKind

MIDNIGHT = time(0)


def is_history(given: Given) -> bool:
    """Whether this is an import of what happened before the book went live. Source: I6, §3"""
    return is_before_cut_over(given.book, given.origin, given.at)


def is_before_cut_over(book: Register, origin: str, at: Moment) -> bool:
    """Whether what came from there and took effect then is history, which starts nothing. Source: §3"""
    return origin == "import" and book.cut_over is not None and day_of(at, book.zone) < book.cut_over


def start_of(day: Day, zone: str) -> Moment:
    """The first moment of that day in that zone."""
    return moment_at(day, MIDNIGHT, zone)


def deadlines_of_order(given: Given, *, is_covered: bool, is_watched: bool) -> tuple[Deadline, ...]:
    """Of an order just placed: acknowledge it at once, thank within hours; on the day on which it should
    leave ship it, or ask for the payment that has to come first; and tell the owner at once where the
    customer is watched.

    Source: R-P5, R-B2, R-D1, §3
    """
    if is_history(given):
        return ()
    thanked_by = given.at + given.edition.thank_hours * HOUR
    contacts = (
        _in_the_day("acknowledgement", given.at, given),
        Deadline("thanks", thanked_by, thanked_by),
    )
    if is_watched:
        contacts = (*contacts, _in_the_day("watched_review", given.at, given))
    leaves = _shipping if is_covered else _asking_for_payment
    return (*contacts, leaves(day_of(given.at, given.book.zone), given))


def deadlines_of_shipping(placed: OrderPlaced, given: Given) -> tuple[Deadline, ...]:
    """Of an order that is covered from now on or waits no more, or whose goods did not leave or were not
    cancelled after all: ship it. Source: R-D3, §3
    """
    # Starts at placing: one from before the book went live has no deadlines.
    if is_history(given) or not placed.deadlines:
        return ()
    return (_shipping(placed.ordered_on, given),)


def deadlines_of_shipment(given: Given) -> tuple[Deadline, ...]:
    """Of a shipment that just left: tell the customer, the same day. Source: R-P5"""
    return () if is_history(given) else (_in_the_day("shipped", given.at, given),)


def deadlines_of_hold(standing: StandingKind, given: Given, *, by_itself: bool) -> tuple[Deadline, ...]:
    """Of an order just placed on hold: reach the customer today, and some days later decide.

    An existing customer's cards on file are searched today; their order is released by itself where it may
    be. Source: R-D2, R-D3, R-D6
    """
    if is_history(given):
        return ()
    search = (_in_the_day("search_cards", given.at, given),) if standing == "existing" else ()
    return (*search, *deadlines_of_decline(standing, given, by_itself=by_itself))


def deadlines_of_decline(standing: StandingKind, given: Given, *, by_itself: bool) -> tuple[Deadline, ...]:
    """Of a card just declined: reach the customer today, and some days later decide; an existing customer's
    order may release itself then.

    Source: R-D2, R-D3
    """
    if is_history(given):
        return ()
    is_existing = standing == "existing"
    decided_at = _days_later(given.edition.release_days if is_existing else given.edition.effort_days, given)
    release = (Deadline("release_unpaid", decided_at),) if is_existing and by_itself else ()
    reach = _in_the_day("reach_customer", given.at, given)
    return (reach, _in_the_day("decide_release", decided_at, given), *release)


def still_to_do(deadline: Deadline, given: Given) -> Deadline:
    """A deadline of something that goes on: what was due meanwhile is due now, and today."""
    if deadline.due >= given.at:
        return deadline
    if deadline.missed_from is None:
        return Deadline(deadline.kind, given.at)
    return _in_the_day(deadline.kind, given.at, given)


def deadlines_of_search(given: Given) -> tuple[Deadline, ...]:
    """Of cards on file that were found usable: charge the first today, and where it is declined the next.

    Source: R-D3
    """
    return () if is_history(given) else (_in_the_day("charge_card", given.at, given),)


def deadlines_of_effort(given: Given) -> tuple[Deadline, ...]:
    """Of an attempt that did not reach the customer: the next, some days later. Source: R-D2"""
    if is_history(given):
        return ()
    return (_in_the_day("reach_customer", _days_later(given.edition.effort_again_days, given), given),)


def deadlines_of_attempt(given: Given) -> tuple[Deadline, ...]:
    """Of a charge under way: find out today what became of it, should that not be known. Source: R-D4"""
    return () if is_history(given) else (_in_the_day("resolve_payment", given.at, given),)


def deadlines_of_card_used(given: Given) -> tuple[Deadline, ...]:
    """Of a card that we chose from what is on file: tell the customer which, the same day. Source: R-D4"""
    return () if is_history(given) else (_in_the_day("card_used", given.at, given),)


def deadlines_of_delivery(delivered_on: Day, given: Given) -> tuple[Deadline, ...]:
    """Of goods that just arrived: ask, some days later, whether the customer is satisfied. Source: R-P5"""
    if is_history(given):
        return ()
    return (_on_the_day("satisfaction", plus_days(delivered_on, given.edition.satisfaction_days), given),)


def deadlines_of_bill(issued_on: Day, due_on: Day, given: Given) -> tuple[Deadline, ...]:
    """Of a bill just issued: it becomes overdue when the day after `due_on` begins; two reminders after that;
    and some months after issue a friendly call. What is paid of it meanwhile changes none of them.

    Source: R-B1, R-B3, R-B7
    """
    if is_history(given):
        return ()
    edition = given.edition
    return (
        *deadlines_of_what_is_owed(due_on, given),
        _on_the_day("first_reminder", plus_days(due_on, edition.first_reminder_days), given),
        _on_the_day("second_reminder", plus_days(due_on, edition.second_reminder_days), given),
        _on_the_day("collection_call", plus_months(issued_on, edition.collection_call_months), given),
    )


def deadlines_of_what_is_owed(due_on: Day, given: Given) -> tuple[Deadline, ...]:
    """Of what a reversed payment left owed: overdue the day after, and nobody calls. Source: R-B9"""
    return _by_itself("bill_overdue", due_on, given)


def deadlines_of_call(
    of_bill: tuple[Deadline, ...], given: Given, *, has_good_reason: bool
) -> tuple[Deadline, ...]:
    """Of a collection call: the next one, never before the first that the deadlines of the bill plan; none
    where these plan none. And where there was a good reason, what the owner decides, at once.

    Source: R-B3, R-B4, R-B9
    """
    if is_history(given):
        return ()
    called_on = day_of(given.at, given.book.zone)
    next_try = _on_the_day("collection_call", plus_months(called_on, given.edition.next_call_months), given)
    planned = [max(each, next_try, key=_due) for each in of_bill if each.kind == "collection_call"]
    decision = _in_the_day("write_off_decision", given.at, given)
    return (*planned, *((decision,) if has_good_reason else ()))


def deadlines_of_promise(due_on: Day, given: Given) -> tuple[Deadline, ...]:
    """Of a promise: it is broken when the day after `due_on` begins. Source: R-P1"""
    return _by_itself("promise_broken", due_on, given)


def deadlines_of_payment_first(until: Day, given: Given) -> tuple[Deadline, ...]:
    """Of payment asked first: on the day `until` the owner is asked again. Source: R-B2"""
    return () if is_history(given) else (_on_the_day("watched_review", until, given),)


def deadlines_of_dispute(given: Given, disputed: Iterable[Moment]) -> tuple[Deadline, ...]:
    """Of disputes, opened then, about money that went back: contest them, once both is so. Source: R-B9"""
    opened = list(disputed)
    if not opened or is_history(given):
        return ()
    return (_in_the_day("contest_dispute", max(given.at, *opened), given),)


def deadlines_of_notice(given: Given) -> tuple[Deadline, ...]:
    """Of a notice that nothing follows from, since a rule refused it or nobody can count its money: compare
    it with the processor's record, at once. Source: H-notice, I1
    """
    return () if is_history(given) else (_in_the_day("notice", given.at, given),)


def deadlines_of_unmatched(given: Given) -> tuple[Deadline, ...]:
    """Of money without a place: say what it was for, at once. Source: I12"""
    return () if is_history(given) else (_in_the_day("unmatched", given.at, given),)


def _by_itself(kind: DeadlineKind, last_day: Day, given: Given) -> tuple[Deadline, ...]:
    if is_history(given):
        return ()
    return (Deadline(kind, start_of(plus_days(last_day, 1), given.book.zone)),)


def _on_the_day(kind: DeadlineKind, day: Day, given: Given) -> Deadline:
    """Due on that day, or at once where it has begun, and missed once the day is over."""
    return _in_the_day(kind, max(given.at, start_of(day, given.book.zone)), given)


def deadlines_of_decision(given: Given) -> tuple[Deadline, ...]:
    """Of a refund that waits for somebody to decide: today. Source: R-G3, R-G11"""
    return () if is_history(given) else (_in_the_day("refund_decision", given.at, given),)


def deadlines_of_credit_decision(given: Given) -> tuple[Deadline, ...]:
    """Of new credit above a limit: somebody decides it today. Source: R-G11"""
    return () if is_history(given) else (_in_the_day("credit_decision", given.at, given),)


def deadlines_of_due_back(given: Given) -> tuple[Deadline, ...]:
    """Of money due back to a customer, by a grant or again: pay it out, within days. Source: R-G9, §3"""
    if is_history(given):
        return ()
    paid_on = plus_days(day_of(given.at, given.book.zone), given.edition.refund_payout_days)
    due = max(given.at, start_of(paid_on, given.book.zone))
    return (Deadline("refund_payout", given.at, _in_the_day("refund_payout", due, given).missed_from),)


def deadlines_of_payout(given: Given) -> tuple[Deadline, ...]:
    """Of money that did not arrive: pay it out another way, today. Source: R-G8"""
    return () if is_history(given) else (_in_the_day("refund_payout", given.at, given),)


def deadlines_of_return(given: Given) -> tuple[Deadline, ...]:
    """Of goods asked back: send the label, today. Source: R-G7"""
    return () if is_history(given) else (_in_the_day("return_label", given.at, given),)


def deadlines_of_supplier_claim(last_day: Day | None, given: Given) -> tuple[Deadline, ...]:
    """Of refunded goods a supplier takes back until that day: claim them, or give it up. Source: R-G2"""
    if last_day is None or is_history(given):
        return ()
    missed_from = start_of(plus_days(last_day, 1), given.book.zone)
    return (Deadline("supplier_claim", given.at, missed_from),)


def deadlines_of_signal(given: Given) -> tuple[Deadline, ...]:
    """Of a signal: look at it today. Source: R-G12"""
    return () if is_history(given) else (_in_the_day("fraud_signal", given.at, given),)


def _shipping(ordered_on: Day, given: Given) -> Deadline:
    return _on_the_day("ship_order", plus_days(ordered_on, given.edition.unshipped_days), given)


def _asking_for_payment(ordered_on: Day, given: Given) -> Deadline:
    return _on_the_day("ask_for_payment", plus_days(ordered_on, given.edition.unshipped_days), given)


def _due(deadline: Deadline) -> Moment:
    return deadline.due


def _days_later(days: int, given: Given) -> Moment:
    """The first moment of the day so many days after this one, never before now."""
    later = plus_days(day_of(given.at, given.book.zone), days)
    return max(given.at, start_of(later, given.book.zone))


def _in_the_day(kind: DeadlineKind, due: Moment, given: Given) -> Deadline:
    """Due at that moment, and missed once the day it falls on is over."""
    zone = given.book.zone
    return Deadline(kind, due, start_of(plus_days(day_of(due, zone), 1), zone))
