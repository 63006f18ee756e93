"""Deliveries and the guarantee windows they begin, frozen per delivered quantity. Source: R-G1"""

from typing import Any

import msgspec
import pytest

from domain.book.default_edition import DEFAULT_EDITION
from domain.book.policy import PolicyAdopted
from domain.orders.delivering import (
    DeliverShipment,
    DeliveryExceedsShipment,
    NothingUnderWay,
    ShipmentUnknown,
)
from domain.orders.guarantees import guarantee_until, supplier_until
from domain.orders.order_events import GuaranteeGranted
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.examples import (
    DELIVERY,
    ONE_DRESS_WITH_FEE,
    ORDER,
    OTHER_DELIVERY,
    OTHER_SHIPMENT,
    PROMISED,
    SHIPMENT,
    captured,
    customer_registered,
    deliver,
    delivered,
    guaranteed,
    placed,
    shipped,
)
from tests.domain.specification import Story, given, moment


def under_way() -> Story:
    return given(customer_registered(), placed(), captured(), shipped())


def test_a_delivery_begins_both_windows() -> None:
    story = under_way()
    story.when(deliver()).then(delivered(), guaranteed())
    assert story.state(ORDER).lines[0].delivered == 2


def test_scenario_a_is_guaranteed_to_16_february_and_the_supplier_to_9_september() -> None:
    it = under_way().on("2010-08-16").when(deliver()).decides(GuaranteeGranted)
    assert (it.ordered_on, it.delivered_on) == ("2010-08-10", "2010-08-16")
    assert (it.guarantee_until, it.supplier_until) == ("2011-02-16", "2010-09-09")


@pytest.mark.parametrize(
    ("delivered_on", "until"),
    [
        ("2010-08-28", "2011-02-28"),
        ("2010-08-29", "2011-02-28"),
        ("2010-08-31", "2011-02-28"),
        ("2011-08-29", "2012-02-29"),
        ("2011-08-31", "2012-02-29"),
        ("2010-09-01", "2011-03-01"),
    ],
)
def test_month_ends_are_clamped(delivered_on: str, until: str) -> None:
    assert guarantee_until(PROMISED, "2010-08-10", delivered_on) == until


def test_the_suppliers_days_run_from_the_order() -> None:
    assert supplier_until(PROMISED, "2010-12-15", "2011-03-01") == "2011-01-14"


def test_a_day_is_a_day_in_the_books_zone() -> None:
    # 03:30 UTC on the 17th is the evening of the 16th in New York.
    it = under_way().on("2010-08-16", "23:30").when(deliver()).decides(GuaranteeGranted)
    assert it.delivered_on == "2010-08-16"


def test_units_arrive_in_parts_each_with_its_own_windows() -> None:
    story = under_way().on("2010-08-16")
    story.when(deliver((1, 1))).then(
        delivered((1, 1), delivered_on="2010-08-16"),
        guaranteed((1, 1), delivered_on="2010-08-16", guarantee_until="2011-02-16"),
    )
    rest = {"delivery": OTHER_DELIVERY, "delivered_on": "2010-08-20"}
    story.on("2010-08-20").when(deliver(delivery=OTHER_DELIVERY)).then(
        delivered((1, 1), **rest, all_under_way=True),
        guaranteed((1, 1), **rest, guarantee_until="2011-02-20"),
    )
    deliveries = story.state(ORDER).shipments[SHIPMENT].deliveries
    kept = [deliveries[delivery].granted for delivery in (DELIVERY, OTHER_DELIVERY)]
    assert [granted.guarantee_until for granted in kept] == ["2011-02-16", "2011-02-20"]


def test_no_more_arrives_than_was_shipped() -> None:
    story = under_way()
    story.when(deliver((1, 3))).refused(DeliveryExceedsShipment(ORDER, SHIPMENT, 1, 3, 2))
    story.when(deliver((2, 1))).refused(DeliveryExceedsShipment(ORDER, SHIPMENT, 2, 1, 0))
    story.do(deliver((1, 2)))
    again = deliver((1, 2), delivery=OTHER_DELIVERY)
    story.on("2010-08-11").when(again).refused(DeliveryExceedsShipment(ORDER, SHIPMENT, 1, 2, 0))


def test_what_has_all_arrived_does_not_arrive_on_another_day() -> None:
    # Answer "all of it" with what arrived before → this fails: the other day would be lost without a word.
    story = under_way()
    story.do(deliver())
    again = deliver(delivery=OTHER_DELIVERY)
    story.on("2010-08-12").when(again).refused(NothingUnderWay(ORDER, SHIPMENT))
    story.on("2010-08-12").when(deliver()).refused(AlreadyRecordedOtherwise(DELIVERY))


def test_two_parcels_of_one_unit_at_the_same_moment_are_two_deliveries() -> None:
    # Tell deliveries apart by their units and moment → this fails.
    story = under_way()
    story.do(deliver((1, 1)))
    assert len(story.when(deliver((1, 1))).nothing()) == 2
    story.when(deliver((1, 1), delivery=OTHER_DELIVERY)).decides(GuaranteeGranted)
    assert story.state(ORDER).lines[0].delivered == 2


@pytest.mark.parametrize(
    "other", [deliver((1, 2)), deliver(), deliver((1, 1), shipment=OTHER_SHIPMENT)], ids=lambda it: str(it)
)
def test_the_same_delivery_with_other_content_is_refused(other: DeliverShipment) -> None:
    story = under_way()
    story.do(deliver((1, 1)))
    story.when(other).refused(AlreadyRecordedOtherwise(DELIVERY))
    story.on("2010-08-11").when(deliver((1, 1))).refused(AlreadyRecordedOtherwise(DELIVERY))


def test_the_day_of_a_delivery_is_that_of_its_moment_however_late_it_is_entered() -> None:
    # Take the day from `given.now` → this fails.
    story = under_way().on("2010-08-16").with_now(moment("2010-09-20"))
    assert story.when(deliver()).decides(GuaranteeGranted).delivered_on == "2010-08-16"


def test_only_shipments_of_the_order_arrive() -> None:
    under_way().when(deliver(shipment=OTHER_SHIPMENT)).refused(ShipmentUnknown(ORDER, OTHER_SHIPMENT))


def test_windows_belong_to_their_shipment() -> None:
    story = given(customer_registered(), placed(), captured(), shipped((1, 1), **ONE_DRESS_WITH_FEE))
    story.record(
        shipped((1, 1), shipment=OTHER_SHIPMENT, goods=3400, shipping=0, charge=3400, carries_fee=False)
    )
    other = {"shipment": OTHER_SHIPMENT}
    arrived = delivered((1, 1), **other, all_under_way=True)
    story.when(deliver(**other)).then(arrived, guaranteed((1, 1), **other))
    assert story.state(ORDER).shipments[SHIPMENT].undelivered() == {1: 1}


# The better of the editions in force at placing and at delivery


def windows(promised: dict[str, Any], now: dict[str, Any]) -> tuple[str, str]:
    at_placing = msgspec.structs.replace(PROMISED, **promised)
    at_delivery = msgspec.structs.replace(DEFAULT_EDITION, **now)
    story = given(customer_registered(), placed(guarantee=at_placing), captured(), shipped())
    story.on("2010-08-12").record(PolicyAdopted(edition=at_delivery, effective_from=story.at))
    it = story.on("2010-08-16").when(deliver()).decides(GuaranteeGranted)
    return it.guarantee_until, it.supplier_until


@pytest.mark.parametrize(
    ("promised", "now", "expected"),
    [
        ({}, {}, ("2011-02-16", "2010-09-09")),
        ({"guarantee_months": 12}, {}, ("2011-08-16", "2010-09-09")),
        ({}, {"guarantee_months": 12}, ("2011-08-16", "2010-09-09")),
        ({}, {"guarantee_months": 3}, ("2011-02-16", "2010-09-09")),
        ({"supplier_days": 60}, {}, ("2011-02-16", "2010-10-09")),
        ({}, {"supplier_days": 14}, ("2011-02-16", "2010-09-09")),
        ({"guarantee_months": 12}, {"supplier_days": 60}, ("2011-08-16", "2010-10-09")),
        ({"supplier_starts": "delivery"}, {}, ("2011-02-16", "2010-09-15")),
        ({}, {"guarantee_starts": "order"}, ("2011-02-16", "2010-09-09")),
    ],
)
def test_each_window_is_the_better_of_promise_and_present(
    promised: dict[str, Any], now: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert windows(promised, now) == expected


def test_each_window_names_the_edition_that_won_it() -> None:
    better = msgspec.structs.replace(DEFAULT_EDITION, guarantee_months=12)
    story = (
        under_way()
        .on("2010-08-12")
        .record(PolicyAdopted(edition=better, effective_from=moment("2010-08-12")))
    )
    it = story.on("2010-08-16").when(deliver()).decides(GuaranteeGranted)
    assert (it.guarantee_edition, it.supplier_edition) == (2, 1)
