"""What is told of declined payments, of the hold, and of what ended it."""

from typing import Final

from domain.declines.decline_events import (
    CardOnFileSearchCompleted,
    ChargeAbandoned,
    ChargeRecordedBefore,
    ChargeUnmatched,
    ContactAttempted,
    OrderNotDelivered,
    OrderPlacedOnHold,
    OrderReleased,
    PaymentAttempted,
    PaymentDeclined,
    ShipmentReleasedWithoutPayment,
)
from domain.entry import Entry
from projections.timeline.milestone import Milestone, Told, milestone, told_of_money, told_plainly


def _declined(entry: Entry, it: PaymentDeclined) -> Milestone:
    money = {"currency": it.currency, "amount": it.amount}
    return milestone(entry, "payment_declined", reference=it.payment, **money, code=it.decline_code)


def _charge_unmatched(entry: Entry, it: ChargeUnmatched) -> Milestone:
    money = {"currency": it.currency, "amount": it.amount}
    return milestone(entry, "charge_unmatched", reference=it.unmatched, **money)


def _held(entry: Entry, it: OrderPlacedOnHold) -> Milestone:
    money = {"currency": it.currency, "amount": it.missing}
    return milestone(entry, "placed_on_hold", reference=it.payment, **money, because=it.because)


def _tried_to_reach(entry: Entry, it: ContactAttempted) -> Milestone:
    how = {"channel": it.channel, "by": it.by, "reached": it.reached}
    return milestone(entry, "contact_attempted", reference=it.contact_point, **how)


TOLD_OF_DECLINES: Final[Told] = {
    PaymentAttempted: told_of_money("payment_attempted", "payment"),
    PaymentDeclined: _declined,
    ChargeUnmatched: _charge_unmatched,
    ChargeRecordedBefore: told_of_money("charge_recorded_before", "recorded_as"),
    ChargeAbandoned: told_of_money("charge_abandoned", "payment"),
    OrderPlacedOnHold: _held,
    CardOnFileSearchCompleted: told_plainly("cards_searched"),
    ContactAttempted: _tried_to_reach,
    OrderReleased: told_plainly("released"),
    ShipmentReleasedWithoutPayment: told_plainly("released_without_payment"),
    OrderNotDelivered: told_plainly("not_delivered"),
}
