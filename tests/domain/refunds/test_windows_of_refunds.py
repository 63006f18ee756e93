"""Which delivery's units a refund takes, and the age that only labels them. Source: R-G1, R-G3"""

import pytest

from domain.orders.order_events import OrderLine
from domain.refunds.refund_events import AskedUnits, RefundAsk, RefundGranted
from domain.refunds.refund_windows import arrived_since
from tests.domain.examples import (
    DELIVERY,
    ORDER,
    OTHER_DELIVERY,
    OTHER_REFUND,
    OTHER_SHIPMENT,
    REFUND,
    SHIPMENT,
    capture,
    captured,
    customer_registered,
    deliver,
    delivered,
    guaranteed,
    id_of,
    placed,
    ship,
    shipped,
)
from tests.domain.refund_examples import deciding, grant, shipped_order
from tests.domain.specification import OWNER, Story, given, moment


# Windows and age
@pytest.mark.parametrize(
    ("day", "label"),
    [
        ("2010-09-09", "supplier"),
        ("2010-09-10", "guarantee"),
        ("2011-02-10", "guarantee"),
        ("2011-02-11", "beyond_guarantee"),
        ("2012-08-10", "beyond_guarantee"),
    ],
)
def test_age_labels_the_row_and_never_lowers_the_money(day: str, label: str) -> None:
    # Take the label at another day than that of the request → this fails.
    story = shipped_order()
    story.on(day)
    event = story.when(grant((1, 1), deciding=deciding(day=day))).decides(RefundGranted)
    assert (event.parts[0].label, event.credit_amount) == (label, 3400)


def test_the_label_is_taken_at_the_request_not_at_the_grant() -> None:
    story = shipped_order()
    story.on("2010-09-20")
    asked = grant((1, 1), asked_at=moment("2010-09-08"), deciding=deciding(day="2010-09-20"))
    event = story.when(asked).decides(RefundGranted)
    assert [(each.label, each.days_since_delivery) for each in event.parts] == [("supplier", 29)]


@pytest.mark.parametrize(
    ("asked_on", "label", "days"),
    [("2010-08-10", "supplier", 0), ("2010-08-09", "guarantee", None), ("2010-07-31", "supplier", None)],
)
def test_what_was_asked_for_before_the_delivery_and_granted_after_it_is_undelivered(
    asked_on: str, label: str, days: int | None
) -> None:
    # Count the days whichever came first → this fails.
    story = (
        given().on("2010-06-01").record(customer_registered(), placed(ordered_on="2010-07-01"), captured())
    )
    story.record(shipped()).on("2010-08-10").record(delivered(), guaranteed())
    asked = grant((1, 1), asked_at=moment(asked_on), deciding=deciding(day="2010-08-10"))
    (part,) = story.when(asked).decides(RefundGranted).parts
    assert (part.label, part.days_since_delivery, part.delivery) == (label, days, DELIVERY)


def test_two_deliveries_have_two_windows_and_the_earliest_ending_goes_first() -> None:
    # Sort the windows by their beginning or not at all → this fails.
    story = given(customer_registered(), placed(), captured())
    story.do(ship((1, 2)))
    story.on("2010-09-20").do(deliver((1, 1), delivery=OTHER_DELIVERY))
    story.on("2010-09-01").by(OWNER).with_now(moment("2011-03-10")).do(deliver((1, 1)))
    story.on("2011-03-10")
    early = story.do(grant((1, 1), refund=OTHER_REFUND, deciding=deciding(OWNER.person, "2011-03-10")))[0]
    late = story.do(grant((1, 1), deciding=deciding(OWNER.person, "2011-03-10")))[0]
    assert isinstance(early, RefundGranted)
    assert isinstance(late, RefundGranted)
    assert [(it.parts[0].delivery, it.parts[0].label) for it in (early, late)] == [
        (DELIVERY, "beyond_guarantee"),
        (OTHER_DELIVERY, "guarantee"),
    ]


@pytest.mark.parametrize(("day", "label"), [("2010-09-09", "supplier"), ("2011-09-10", "guarantee")])
def test_what_is_under_way_is_never_beyond_the_guarantee(day: str, label: str) -> None:
    story = given(customer_registered(), placed(), captured(), shipped()).on(day)
    event = story.when(grant((1, 1), deciding=deciding(day=day))).decides(RefundGranted)
    (only,) = event.parts
    assert (only.label, only.delivery, only.shipment) == (label, None, SHIPMENT)


THREE = OrderLine(1, "A", "", 3, 1000, 0, 0)


def three_shipped() -> Story:
    """Three units on their way in one parcel, paid."""
    ordered = placed(lines=(THREE,), shipping=0, total=3000)
    sent = shipped((1, 3), goods=3000, shipping=0, charge=3000)
    return given(customer_registered(), ordered, captured(amount=3000), sent)


def places(event: RefundGranted) -> list[tuple[str | None, int]]:
    return [(part.delivery, part.quantity) for part in event.parts]


def test_units_named_in_two_parts_come_out_of_one_window_after_the_other() -> None:
    story = three_shipped()
    story.do(deliver((1, 2)))
    story.do(deliver((1, 1), delivery=OTHER_DELIVERY))
    both = story.when(grant((1, 1), (1, 1))).decides(RefundGranted)
    assert places(both) == [(DELIVERY, 1), (DELIVERY, 1)]
    rest = story.when(grant((1, 1), refund=OTHER_REFUND)).decides(RefundGranted)
    assert places(rest) == [(OTHER_DELIVERY, 1)]


def test_a_window_from_which_units_were_taken_has_so_many_less_for_the_next_part() -> None:
    # Put back as many as were taken → all come out of the first window, and this fails.
    story = three_shipped()
    story.do(deliver((1, 2)))
    story.do(deliver((1, 1), delivery=OTHER_DELIVERY))
    all_three = story.when(grant((1, 1), (1, 2))).decides(RefundGranted)
    assert places(all_three) == [(DELIVERY, 1), (DELIVERY, 1), (OTHER_DELIVERY, 1)]


def test_a_unit_refunded_on_its_way_is_not_refunded_again_while_it_is() -> None:
    story = given(customer_registered(), placed())
    for command in (capture(), ship((1, 1)), ship((1, 1), shipment=OTHER_SHIPMENT)):
        story.do(command)
    first = story.when(grant((1, 1))).decides(RefundGranted)
    second = story.when(grant((1, 1), refund=OTHER_REFUND)).decides(RefundGranted)
    assert [it.parts[0].shipment for it in (first, second)] == [SHIPMENT, OTHER_SHIPMENT]


def test_what_was_refunded_on_the_way_takes_no_window_while_as_many_are_under_way() -> None:
    story = three_shipped()
    story.do(grant((1, 1)))
    story.do(deliver((1, 1)))
    second = story.when(grant((1, 1), refund=OTHER_REFUND)).decides(RefundGranted)
    assert places(second) == [(DELIVERY, 1)]


def test_what_was_refunded_on_the_way_takes_one_window_once_all_arrived() -> None:
    story = three_shipped()
    story.do(grant((1, 1)))
    story.do(deliver((1, 1)))
    story.do(deliver((1, 1), delivery=OTHER_DELIVERY))
    story.do(deliver((1, 1), delivery=id_of("dlv", 3)))
    rest = story.when(grant((1, 2), refund=OTHER_REFUND)).decides(RefundGranted)
    assert places(rest) == [(OTHER_DELIVERY, 1), (id_of("dlv", 3), 1)]


def test_what_is_under_way_is_as_old_as_its_order() -> None:
    story = three_shipped().on("2010-08-15")
    event = story.when(grant((1, 1), deciding=deciding(day="2010-08-15"))).decides(RefundGranted)
    assert [(it.days_since_order, it.days_since_delivery) for it in event.parts] == [(5, None)]


def test_a_unit_refunded_on_its_way_is_not_refunded_again_once_it_arrived() -> None:
    """Count its window when it arrives → the other shipment's unit is never named. Found by the model."""
    story = given(customer_registered(), placed())
    for command in (capture(), ship((1, 1)), ship((1, 1), shipment=OTHER_SHIPMENT)):
        story.do(command)
    first = story.when(grant((1, 1))).decides(RefundGranted)
    story.do(deliver())
    second = story.when(grant((1, 1), refund=OTHER_REFUND)).decides(RefundGranted)
    assert [(part.shipment, part.delivery) for part in first.parts] == [(SHIPMENT, None)]
    assert [(part.shipment, part.delivery) for part in second.parts] == [(OTHER_SHIPMENT, None)]


def test_units_of_two_windows_named_in_two_parts_come_out_of_each() -> None:
    # Give back what the first part took → both come out of one window, and this fails.
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(deliver((1, 1)))
    story.on("2010-08-11").do(deliver((1, 1), delivery=OTHER_DELIVERY))
    ask = RefundAsk(units=(AskedUnits(1, 1, note_line=1), AskedUnits(1, 1, note_line=2)))
    granted = story.when(grant(ask=ask)).decides(RefundGranted)
    assert [part.delivery for part in granted.parts] == [DELIVERY, OTHER_DELIVERY]


def test_what_was_refunded_on_the_way_has_not_arrived_for_another_that_was_refunded_once_it_had() -> None:
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 1)))
    story.do(deliver((1, 1)))
    story.do(grant((1, 1), refund=OTHER_REFUND))
    state = story.state(ORDER)
    assert not arrived_since(state, state.refunds[REFUND])
    story.do(deliver((1, 1), delivery=OTHER_DELIVERY))
    state = story.state(ORDER)
    assert sum(arrived_since(state, state.refunds[REFUND]).values()) == 1
