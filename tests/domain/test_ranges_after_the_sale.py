"""Bills, declines, refunds, returned goods, suppliers and notices: what no history could make right is an
invalid request that names the field to look at.
"""

from typing import Any

import pytest

from domain.bills.billing import NewBill
from domain.command import LARGEST_NOTICE, LONGEST_SEALED, MOST_LINES, OutOfRange
from domain.corrections.correcting import CorrectEntry
from domain.inbound.assigning import AssignMoney
from domain.inbound.closing_notices import CloseNotice
from domain.inbound.other_money import WaitForOtherMoney
from domain.inbound.returning import RecordFailedReturn, ReturnMoney
from domain.moments import LAST_DAY
from domain.orders.order_events import Part
from domain.refunds.granting import GrantRefund
from domain.refunds.granting_unverified import GrantUnverifiedRefund, PayOutCredit
from domain.refunds.refund_events import AskedUnits, ClaimedUnits, RefundAsk
from domain.refunds.refund_signals import DismissFraudSignal
from domain.returns.asking_back import MOST_PARCELS
from domain.returns.held_goods import NamedGoods
from domain.returns.taking_back import CameBack
from tests.domain.bill_examples import call, pay_bill, promise, remind, review, write_off
from tests.domain.bill_examples import give_up as mark_uncollectible
from tests.domain.correction_examples import OWED
from tests.domain.decline_examples import fail, give_up, reach, release, search
from tests.domain.examples import BILL, CUSTOMER, ORDER, REFUND, capture, id_of
from tests.domain.notice_examples import MONEY, money, notice
from tests.domain.payments.test_abandoning_charges import abandon
from tests.domain.ranges import (
    TOO_LONG,
    TOO_LONG_SEALED,
    Built,
    Row,
    expect_named,
    expect_other_kind,
    expect_taken,
)
from tests.domain.refund_examples import approve, come_back, grant, pay_out_credit, settle, withdraw
from tests.domain.refund_examples import fail as fail_payout
from tests.domain.refunds.test_paying_out import record
from tests.domain.return_examples import (
    ask_back,
    file_claim,
    goods,
    leave,
    refuse_claim,
    send_label,
    settle_claim,
    take_back,
    waive,
)

SHIRT = ClaimedUnits(1, "SHIRT")


def bill(**other: Any) -> NewBill:
    return NewBill(**{"id": BILL, "year": 2010, **other})


def grant_with(**asked: Any) -> GrantRefund:
    return grant(ask=RefundAsk(**asked))


def claim(**other: Any) -> GrantUnverifiedRefund:
    said = {"customer": CUSTOMER, "refund": REFUND, "currency": "USD", "ask": RefundAsk(claims=(SHIRT,))}
    return GrantUnverifiedRefund(**{**said, **other})


def claim_with(**asked: Any) -> GrantUnverifiedRefund:
    return claim(ask=RefundAsk(**{"claims": (SHIRT,), **asked}))


def credit(**other: Any) -> PayOutCredit:
    return pay_out_credit(1, **other)


def credit_of(**asked: Any) -> PayOutCredit:
    return pay_out_credit(1, ask=RefundAsk(**asked))


def named(**other: Any) -> NamedGoods:
    return NamedGoods(**{"sku": "SHIRT", "quantity": 1, **other})


def came(**other: Any) -> CameBack:
    return CameBack(**{"sku": "SHIRT", "quantity": 1, "condition": "unused", **other})


def dismiss(**other: Any) -> DismissFraudSignal:
    said = {"customer": CUSTOMER, "refund": REFUND, "kind": "refunds_in_short_time"}
    return DismissFraudSignal(**{**said, **other})


def assign(**other: Any) -> AssignMoney:
    return AssignMoney(**{"unmatched": MONEY, "customer": CUSTOMER, "fact": capture(), **other})


def give_back(**other: Any) -> ReturnMoney:
    said = {"unmatched": MONEY, "settlement": id_of("stl"), "amount": 1, "currency": "USD"}
    return ReturnMoney(**{**said, **other})


def come_to_nothing(**other: Any) -> RecordFailedReturn:
    return RecordFailedReturn(**{"unmatched": MONEY, "settlement": id_of("stl"), **other})


def give_back_to(**other: Any) -> ReturnMoney:
    return give_back(order=ORDER, **other)


def wait(**other: Any) -> WaitForOtherMoney:
    return WaitForOtherMoney(**{"order": ORDER, "customer": CUSTOMER, "unmatched": MONEY, **other})


def close_notice(**other: Any) -> CloseNotice:
    return CloseNotice(**{"processor": "acme", "notice": "evt_1", **other})


def correct(**other: Any) -> CorrectEntry:
    return CorrectEntry(**{"stream": ORDER, "customer": CUSTOMER, "position": 1, "owed": OWED, **other})


TWICE = (Part(1, 1), Part(1, 1))
OUTSIDE: list[Row] = [
    (call, "outcome", "maybe"),
    (call, "note", ""),
    (call, "note", TOO_LONG_SEALED),
    (remind, "channel", "pigeon"),
    (remind, "note", ""),
    (remind, "note", TOO_LONG_SEALED),
    (promise, "due_on", "20100920"),
    (promise, "due_on", "3000-01-01"),
    (review, "decision", "wait"),
    (fail, "amount", 0),
    (fail, "processor", "a/b"),
    (fail, "reference", ""),
    (fail, "decline_code", "No Money"),
    (fail, "advice", "try_harder"),
    (reach, "channel", "pigeon"),
    (reach, "note", ""),
    (reach, "note", TOO_LONG_SEALED),
    (grant_with, "note", TOO_LONG_SEALED),
    (grant_with, "units", tuple(AskedUnits(n, 1) for n in range(1, MOST_LINES + 2))),
    (claim_with, "note", TOO_LONG_SEALED),
    (credit_of, "credit", 0),
    (record, "amount", 0),
    (record, "reference", ""),
    (fail_payout, "why", ""),
    (come_back, "why", TOO_LONG),
    (dismiss, "note", TOO_LONG_SEALED),
    (settle, "payouts", ()),
    (settle, "payouts", (id_of("pot"), id_of("pot"))),
    (settle, "reference", ""),
    (ask_back, "parcels", 0),
    (ask_back, "parcels", MOST_PARCELS + 1),
    (ask_back, "goods", (goods(1), goods(1))),
    (ask_back, "goods", (named(), named(quantity=2))),
    (named, "value", -1),
    (named, "sku", ""),
    (named, "quantity", 0),
    (send_label, "method", ""),
    (send_label, "tracking", TOO_LONG),
    (came, "sku", ""),
    (came, "quantity", 0),
    (take_back, "goods", ()),
    (take_back, "goods", (came(), came(quantity=2))),
    (settle_claim, "amount", 0),
    (settle_claim, "reference", ""),
    (refuse_claim, "note", ""),
    (refuse_claim, "note", TOO_LONG_SEALED),
    (waive, "parts", TWICE),
    (file_claim, "parts", TWICE),
    (file_claim, "amount", 0),
    (file_claim, "supplier", ""),
    (give_back, "amount", 0),
    (give_back, "reference", ""),
    (money, "amount", 0),
    (money, "reference", ""),
    (notice, "processor", "a/b"),
    (notice, "notice", "a/b"),
    (close_notice, "processor", "a/b"),
    (close_notice, "notice", "a/b"),
    (close_notice, "note", ""),
    (notice, "kind", ""),
    (notice, "body", ""),
    (notice, "body", "x" * (LARGEST_NOTICE + 1)),
]
INSIDE: list[Row] = [
    (bill, "year", 1),
    (bill, "year", 9999),
    (promise, "due_on", LAST_DAY),
    (fail, "amount", 1),
    (fail, "decline_code", "generic_decline"),
    (record, "amount", 1),
    (ask_back, "parcels", 1),
    (ask_back, "parcels", MOST_PARCELS),
    (named, "value", 0),
    (settle_claim, "amount", 1),
    (file_claim, "amount", 1),
    (give_back, "amount", 1),
    (money, "amount", 1),
    (refuse_claim, "note", "x" * LONGEST_SEALED),
    (notice, "body", "x" * LARGEST_NOTICE),
    (correct, "position", 1),
    # Goods are told apart by line or sku, and by the condition they came in.
    (ask_back, "goods", (named(sku="A"), named(sku="B"))),
    (take_back, "goods", (came(), came(condition="used"))),
]
IDS: list[tuple[Built, str]] = [
    (bill, "id"),
    (call, "bill"),
    (call, "by"),
    (remind, "bill"),
    (remind, "by"),
    (promise, "bill"),
    (promise, "promise"),
    (mark_uncollectible, "bill"),
    (write_off, "bill"),
    (pay_bill, "credit"),
    (search, "customer"),
    (give_up, "customer"),
    (give_up, "refund"),
    (fail, "customer"),
    (fail, "payment"),
    (fail, "payment_method"),
    (reach, "customer"),
    (reach, "by"),
    (reach, "contact_point"),
    (release, "customer"),
    (approve, "refund"),
    (withdraw, "refund"),
    (grant, "order"),
    (grant, "refund"),
    (claim, "customer"),
    (claim, "refund"),
    (credit, "customer"),
    (credit, "refund"),
    (record, "refund"),
    (record, "payout"),
    (record, "payment"),
    (fail_payout, "refund"),
    (fail_payout, "payout"),
    (come_back, "refund"),
    (come_back, "payout"),
    (dismiss, "refund"),
    (settle, "refund"),
    (settle, "credit"),
    (ask_back, "refund"),
    (ask_back, "goods_return"),
    (send_label, "goods_return"),
    (take_back, "goods_return"),
    (take_back, "arrival"),
    (leave, "goods_return"),
    (settle_claim, "claim"),
    (refuse_claim, "claim"),
    (waive, "claim"),
    (waive, "refund"),
    (file_claim, "refund"),
    (file_claim, "claim"),
    (assign, "customer"),
    (give_back, "settlement"),
    (come_to_nothing, "settlement"),
    (abandon, "customer"),
    (abandon, "payment"),
    (money, "unmatched"),
    (give_back_to, "customer"),
    (wait, "customer"),
    (settle_claim, "recovery"),
    (review, "customer"),
    (correct, "owed"),
    (correct, "customer"),
]


@pytest.mark.parametrize(("build", "field", "value"), OUTSIDE)
def test_what_is_out_of_range_is_named(build: Built, field: str, value: object) -> None:
    expect_named(build, field, value)


@pytest.mark.parametrize(("build", "field", "value"), INSIDE)
def test_what_is_just_in_range_is_taken(build: Built, field: str, value: object) -> None:
    expect_taken(build, field, value)


@pytest.mark.parametrize(("build", "field"), IDS)
def test_an_id_of_another_kind_is_none(build: Built, field: str) -> None:
    expect_other_kind(build, field)


@pytest.mark.parametrize("year", [0, 10_000])
def test_a_bill_is_of_a_year_of_four_digits(year: int) -> None:
    with pytest.raises(ValueError, match="year must be"):
        bill(year=year)


def test_a_reason_has_its_words_and_nobody_who_was_not_reached_said_any() -> None:
    asked: list[tuple[dict[str, Any], str]] = [
        ({"outcome": "reached", "good_reason": "whim", "note": "x"}, "good_reason"),
        ({"outcome": "reached", "good_reason": "illness"}, "note"),
        ({"outcome": "not_reached", "good_reason": "illness", "note": "x"}, "outcome"),
        ({"outcome": "not_reached", "will_pay": True}, "outcome"),
    ]
    for said, field in asked:
        with pytest.raises(OutOfRange) as caught:
            call(**said)
        assert caught.value.field == field


@pytest.mark.parametrize(("decision", "days"), [("payment_first", 0), ("ship", 1)])
def test_days_are_said_where_payment_is_asked_first(decision: str, days: int) -> None:
    with pytest.raises(OutOfRange) as caught:
        review(decision, days=days)
    assert caught.value.field == "days"
    assert review("payment_first", days=1).days == 1


def test_a_refund_asks_for_one_thing() -> None:
    unit = AskedUnits(1, 1)
    for asked in ({"claims": (SHIRT,)}, {"credit": 1}):
        with pytest.raises(ValueError, match="names units of its lines"):
            grant_with(units=(unit,), **asked)
    for asked in ({"units": (unit,)}, {"credit": 1}):
        with pytest.raises(ValueError, match="claims units of skus"):
            claim_with(**asked)
    for asked in ({}, {"credit": 1, "units": (unit,)}, {"credit": 1, "claims": (SHIRT,)}):
        with pytest.raises(ValueError, match="names an amount, and no goods"):
            credit_of(**asked)
    with pytest.raises(OutOfRange):
        grant_with(units=(AskedUnits(1, 0),))
    assert len(grant_with(units=tuple(AskedUnits(n, 1) for n in range(1, MOST_LINES + 1))).ask.units) == 5_000


def test_goods_are_named_by_a_line_or_by_a_sku_and_a_line_has_its_price() -> None:
    for build in (named, came):
        for said in ({"line": 1}, {"sku": None}):
            with pytest.raises(OutOfRange) as caught:
                build(**said)
            assert caught.value.field == "goods"
    for said in ({"value": 1}, {"product": id_of("prd")}):
        with pytest.raises(OutOfRange) as caught:
            named(line=1, sku=None, **said)
        assert caught.value.field == "goods"
    with pytest.raises(ValueError, match="expected the id of a product"):
        named(product=ORDER)


def test_what_is_named_in_another_order_is_the_same() -> None:
    first, second, third = named(sku=None, line=2), named(sku="A"), named(sku="B")
    assert ask_back(third, first, second) == ask_back(second, third, first) == ask_back(first, third, second)
    lines = (came(line=2, sku=None), came(sku=None, line=1), came(), came(condition="empty"))
    assert take_back(*lines) == take_back(*reversed(lines))
    parts = ((2, 1), (1, 1))
    assert waive(*parts) == waive(*reversed(parts))
    assert file_claim(*parts) == file_claim(*reversed(parts))
    units = (AskedUnits(2, 1), AskedUnits(1, 1))
    assert grant_with(units=units) == grant_with(units=units[::-1])


def test_the_first_entry_is_at_one() -> None:
    with pytest.raises(ValueError, match="from 1"):
        correct(position=0)


def test_money_without_a_place_is_named_as_such() -> None:
    with pytest.raises(ValueError, match="unmatched money"):
        assign(unmatched=ORDER).writes()
