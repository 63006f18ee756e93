"""Every amount is said with its currency, whichever way it goes: no whole number alone is money."""

from typing import Any, cast

from fastapi import FastAPI

PLACES = """
    after as_of_position call corrected corrects dismissed edition freed guarantee_edition head in_force
    incomplete last_position late line note_line number numbers position resumes schema_version search
    supplier_edition version year
"""
"""What is named by a number: entries, lines, editions, bills."""
COUNTED = """
    asked_back attempts bills bills_now bills_then calls cancelled card_tries cards_tried cards_usable claims
    claims_refused claims_settled claims_waived contact_points contacts credits delivered did_not_come
    earlier_write_offs effort_attempts empty entries failed_payouts kept labels_sent lag_entries late_entries
    more not_cancelled of of_units on_hand orders orders_since parcels parked parts payment_methods
    quantity recoverable refundable refunded_before refunds reminders returned_empty returned_payouts
    returned_unused returned_used sent shipped signal_refunds signal_unverified signals size status to_ship
    tries units units_cancelled units_delivered units_left units_shipped unmatched_payouts unused
    unverified_refunds signal_just_under
"""
"""Things, units, bytes; and the status of an answer."""
TIMES = """
    backdating_days bill_due_days card_tries_days collection_call_months days days_overdue days_since_delivery
    days_since_order effort_again_days effort_days first_reminder_days guarantee_months lag_milliseconds
    minutes_from_contact next_call_months payment_first_days refund_payout_days release_days satisfaction_days
    second_reminder_days signal_days supplier_days thank_hours unshipped_days
"""
SHARES = "basis_points share signal_margin"
NO_MONEY = frozenset((PLACES + COUNTED + TIMES + SHARES).split())

WITH_THEIR_CURRENCY = {("Amount", "amount"), ("Money", "amount")}
UNITS = {
    ("GuaranteeItem", "open"),
    ("GuaranteeItem", "refunded"),
    ("OrderLineAnswer", "refunded"),
    ("OnHandItem", "used"),
    ("ReturnItem", "used"),
    ("ReturnItem", "left"),
}
"""Units under names that are amounts elsewhere."""
EITHER = {("FigureExplanationAnswer", "figure"), ("FigureDeltaAnswer", "delta")}
"""Any figure of any read model: an amount where its rows say a currency, else a number of something."""


def is_whole_number(shape: dict[str, Any]) -> bool:
    """Whether one may stand there, alone or among others; not where each has a currency as its key."""
    kinds = shape.get("type", ())
    parts: list[dict[str, Any]] = [*shape.get("anyOf", ()), *shape.get("oneOf", ())]
    if "items" in shape:
        parts.append(shape["items"])
    return "integer" in ([kinds] if isinstance(kinds, str) else kinds) or any(map(is_whole_number, parts))


def members(value: Any, owner: str) -> set[tuple[str, str]]:
    """Every member, wherever it stands, in which a whole number is said or taken."""
    if isinstance(value, list):
        return set[tuple[str, str]]().union(*[members(each, owner) for each in cast("list[Any]", value)])
    if not isinstance(value, dict):
        return set()
    parts = cast("dict[str, Any]", value)
    found = set[tuple[str, str]]().union(*[members(each, owner) for each in parts.values()])
    own = parts.get("properties")
    if isinstance(own, dict):
        named = cast("dict[str, dict[str, Any]]", own)
        found |= {(owner, name) for name, shape in named.items() if is_whole_number(shape)}
    return found


def test_no_whole_number_alone_is_an_amount(app: FastAPI) -> None:
    # Take an amount as its number alone → this fails. What counts something else is named above.
    document = app.openapi()
    said: set[tuple[str, str]] = members(document["paths"], "paths")
    for name, schema in document["components"]["schemas"].items():
        said |= members(schema, name)
    bare = {(owner, name) for owner, name in said if name not in NO_MONEY}
    assert bare == WITH_THEIR_CURRENCY | EITHER | UNITS


def test_what_is_named_as_no_money_is_still_there(app: FastAPI) -> None:
    document = app.openapi()
    said = set[tuple[str, str]]().union(
        *[members(schema, name) for name, schema in document["components"]["schemas"].items()]
    )
    assert {name for _, name in said} >= NO_MONEY
