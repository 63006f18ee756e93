"""What happens to declines: one row per order whose payment was declined, or did not last and held it up."""

from collections.abc import Iterable
from typing import Literal, assert_never

from domain.declines.decline_events import (
    CardOnFileSearchCompleted,
    ContactAttempted,
    OnFile,
    OrderNotDelivered,
    OrderPlacedOnHold,
    OrderReleased,
    PaymentDeclined,
    ShipmentReleasedWithoutPayment,
)
from domain.entry import Entry, Minor
from domain.moments import Moment
from domain.orders.order_events import DeadlineKind, OrderPlaced
from projections.customer_balance import MovesOrderMoney, price_not_covered_by
from projections.projection import Key, Place, Projection, Row, events_of, is_last

TellsOfDeclines = (
    PaymentDeclined
    | OrderPlacedOnHold
    | CardOnFileSearchCompleted
    | ContactAttempted
    | OrderReleased
    | ShipmentReleasedWithoutPayment
    | OrderNotDelivered
)
BearsOnDeclines = TellsOfDeclines | MovesOrderMoney

Result = Literal["paid", "cancelled", "reviewed", "released_by_rule", "released_by_owner", "not_delivered"]
DECIDE: DeadlineKind = "decide_release"


class DeclinedPayment(Row):
    """An order with a declined or lost payment; amounts in minor units of `currency`."""

    order: str
    customer: str = ""
    standing: str | None = None
    """New or existing; None where the order never waited, being covered or billed."""
    is_watched: bool = False
    currency: str = ""
    missing: Minor = 0
    """What the units still to ship lack, since it was placed on hold; 0 where it never was."""
    lacks: Minor = 0
    """The same, negative where money is due back: `missing` is what is left of it above 0."""
    attempts: int = 0
    """Payments declined."""
    declined_at: Moment | None = None
    """The last time; None where none was declined."""
    decline_code: str | None = None
    kind: str | None = None
    searched: bool = False
    cards_usable: int = 0
    """Cards on file that were to be tried when somebody looked last."""
    cards_tried: int = 0
    """How many of those were declined for this order since."""
    cards_left: str = ""
    """Those that were not, separated by spaces."""
    contacts: int = 0
    reached: bool = False
    channels_left: str = ""
    """What on file has not been tried: its channels, separated by spaces."""
    ways: str = ""
    """On file since it waits, tried or not, as `channel=contact point`, separated by spaces: after a decline
    all are to be tried once more.
    """
    tries: str = ""
    """Every attempt to reach them since it waits, as `moment=contact point`, separated by spaces."""
    tried_since: Moment = 0
    """When a bank declined first while it waits: from then on attempts count."""
    hold_since: Moment | None = None
    held_because: str | None = None
    """As `HoldBegunBy`; None where the order never waited."""
    decide_at: Moment | None = None
    """When it is released by itself, or is to be decided on."""
    result: str | None = None
    """As `Result`; None while it waits."""
    ended_at: Moment | None = None
    last_position: Place = 0


class DeclinedPayments(Projection[DeclinedPayment, BearsOnDeclines]):
    """What became of declined payments, what was tried, and how did it end?"""

    name = "declined_payments"
    version = 7
    row = DeclinedPayment
    handles = events_of(BearsOnDeclines)
    key = ("order",)
    group_key = key
    found_by = "stream"
    indexes = (("hold_since",), ("customer",))

    def group(self, it: BearsOnDeclines, entry: Entry) -> Key | None:
        # No order waits before it is placed; what the customer's own stream tells, the order's tells too.
        return None if isinstance(it, OrderPlaced) or entry.stream == it.customer else (entry.stream,)

    def fold(self, rows: dict[Key, DeclinedPayment], group: Key, it: BearsOnDeclines, entry: Entry) -> None:
        if isinstance(it, TellsOfDeclines):
            _change(rows.setdefault(group, DeclinedPayment(entry.stream)), it, entry)
        elif (row := rows.get(group)) is not None and row.hold_since is not None:
            _lack(row, row.lacks + price_not_covered_by(it))
            row.last_position = entry.position


def _change(row: DeclinedPayment, it: TellsOfDeclines, entry: Entry) -> None:
    row.customer, row.last_position = it.customer, entry.position
    match it:
        case PaymentDeclined():
            _decline(row, it, entry)
        case OrderPlacedOnHold():
            _hold(row, it, entry)
        case CardOnFileSearchCompleted():
            row.searched, row.cards_tried = True, 0
            usable = [card.payment_method for card in it.cards if card.verdict == "usable"]
            row.cards_usable, row.cards_left = len(usable), " ".join(usable)
        case ContactAttempted():
            _try(row, it, entry)
        case OrderReleased():
            _end(row, it.because, entry)
        case ShipmentReleasedWithoutPayment():
            _end(row, "released_by_rule" if it.by_rule else "released_by_owner", entry)
        case OrderNotDelivered():
            _end(row, "not_delivered", entry)
        case _:
            assert_never(it)


def _decline(row: DeclinedPayment, it: PaymentDeclined, entry: Entry) -> None:
    row.attempts += 0 if it.is_worse else 1
    row.currency = it.currency
    if is_last(row.declined_at, entry):
        row.declined_at, row.decline_code, row.kind = entry.effective_at, it.decline_code, it.kind
    if it.deadlines:  # the first while it waits for another reason: what was tried before counts no more
        row.decide_at, row.tried_since = _decide_at(it), entry.effective_at
        tried = _tried(row)
        row.contacts = len(tried)
        ways = [way.partition("=") for way in row.ways.split()]
        row.channels_left = _named([channel for channel, _, point in ways if point not in tried])
    left = [card for card in row.cards_left.split() if card != it.payment_method]
    row.cards_left, row.cards_tried = " ".join(left), row.cards_usable - len(left)


def _try(row: DeclinedPayment, it: ContactAttempted, entry: Entry) -> None:
    point = it.contact_point or ""
    row.tries = " ".join([*row.tries.split(), f"{entry.effective_at}={point}"])
    row.contacts = len(_tried(row))
    row.reached = row.reached or it.reached
    row.channels_left = _channels(it.untried)
    used = (OnFile(point, it.channel),) if point else ()
    row.ways = _named((*row.ways.split(), *_ways((*used, *it.untried))))


def _tried(row: DeclinedPayment) -> list[str]:
    """The contact point of each attempt that counts; empty where it was none on file. Source: I4"""
    tries = [each.partition("=") for each in row.tries.split()]
    return [point for at, _, point in tries if int(at) >= row.tried_since]


def _hold(row: DeclinedPayment, it: OrderPlacedOnHold, entry: Entry) -> None:
    """A hold begins anew, also where the order waited before and was paid; or goes on as it was."""
    _lack(row, it.missing)
    if it.resumes is not None:
        row.decide_at, row.result, row.ended_at = _decide_at(it), None, None
        return
    row.currency, row.held_because = it.currency, it.because
    row.standing, row.is_watched = it.standing, it.is_watched
    row.searched, row.cards_usable, row.cards_tried, row.cards_left = False, 0, 0, ""
    row.contacts, row.reached, row.tries, row.tried_since = 0, False, "", 0
    row.ways, row.channels_left = " ".join(_ways(it.on_file)), _channels(it.on_file)
    row.hold_since, row.result, row.ended_at = entry.effective_at, None, None
    row.decide_at = _decide_at(it)


def _lack(row: DeclinedPayment, lacks: int) -> None:
    row.lacks, row.missing = lacks, max(0, lacks)


def _end(row: DeclinedPayment, result: Result, entry: Entry) -> None:
    row.result, row.ended_at = result, entry.effective_at


def _decide_at(it: PaymentDeclined | OrderPlacedOnHold) -> Moment | None:
    return next((each.due for each in it.deadlines if each.kind == DECIDE), None)


def _channels(ways: tuple[OnFile, ...]) -> str:
    return _named([way.channel for way in ways])


def _ways(on_file: tuple[OnFile, ...]) -> list[str]:
    return [f"{way.channel}={way.contact_point}" for way in on_file]


def _named(channels: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(channels))


LISTED = """
SELECT "order", customer, standing, is_watched, currency, missing, attempts, declined_at, decline_code, kind,
       searched, cards_usable, cards_tried, contacts, reached, channels_left, hold_since,
       held_because, decide_at, NULL::text AS next_step, result, ended_at, last_position,
       hold_since IS NOT NULL AND result IS NULL AS waiting
FROM held"""
"""Declined payments, over the rows `held`. What is to be done next depends on more than the order, and on
today: the decisions say it to whoever asks.
"""
