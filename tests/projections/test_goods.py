"""What we still answer for, what became of refunded goods, and what suppliers were asked for."""

from typing import Any

from domain.corrections.correcting import CorrectEntry
from domain.refunds.refund_events import ClaimedUnits, RefundGranted
from projections.bill_tasks import Task
from projections.folding import folding_of
from projections.goods_returns import GoodsReturns
from projections.guarantees import Guarantees
from projections.projection import AnyProjection
from projections.supplier_claims import SupplierClaims
from projections.tasks import Tasks
from tests.domain.correction_examples import correct, entry_of
from tests.domain.examples import (
    CUSTOMER,
    DELIVERY,
    ORDER,
    OTHER_DELIVERY,
    OTHER_REFUND,
    REFUND,
    SHIPMENT,
    captured,
    customer_registered,
    deliver,
    placed,
    shipped,
)
from tests.domain.refund_examples import deciding, grant, grant_unverified
from tests.domain.return_examples import (
    CLAIM,
    OTHER_ARRIVAL,
    OTHER_CLAIM,
    OTHER_RECOVERY,
    RETURN,
    ask_back,
    came,
    file_claim,
    goods,
    leave,
    refunded,
    refuse_claim,
    send_label,
    settle_claim,
    take_back,
    waive,
)
from tests.domain.specification import SUPERVISOR, Story, given, moment


def rows(story: Story, projection: AnyProjection) -> dict[Any, Any]:
    """The rows, by key."""
    folding = folding_of(projection)
    for entry in story.entries:
        if type(entry.event) in projection.handles:
            folding.feed(entry)
    assert not folding.parked
    width = len(projection.key)
    return {tuple(getattr(row, name) for name in projection.key[:width]): row for row in folding.rows()}


def guarantee(story: Story, delivery: str = DELIVERY) -> Any:
    return rows(story, Guarantees())[ORDER, 1, delivery]


def task(story: Story, kind: str) -> Task | None:
    found = [row for row in rows(story, Tasks()).values() if row.kind == kind]
    assert len(found) <= 1
    return found[0] if found else None


# Guarantees


def test_each_delivery_has_its_windows_and_what_was_refunded_of_it() -> None:
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(deliver((1, 1)))
    story.on("2010-08-20").do(deliver(delivery=OTHER_DELIVERY))
    first, second = guarantee(story), guarantee(story, OTHER_DELIVERY)
    assert (first.delivered, first.guarantee_until, first.supplier_until) == (1, "2011-02-10", "2010-09-09")
    assert (second.delivered, second.guarantee_until) == (1, "2011-02-20")
    assert (first.sku, first.ordered, first.price, first.currency) == ("DRESS-36", 2, 6800, "USD")
    story.on("2010-11-18").do(grant((1, 1), deciding=deciding(day="2010-11-18")))
    first, second = guarantee(story), guarantee(story, OTHER_DELIVERY)
    assert (first.refunded, first.refunded_amount, second.refunded) == (1, 3400, 0)


def test_refunds_are_counted_by_the_days_since_the_delivery() -> None:
    # Count the bounds to the older column → this fails.
    for day, column in (
        ("2010-09-09", "refunded_30"),
        ("2010-09-10", "refunded_90"),
        ("2010-11-08", "refunded_90"),
        ("2010-11-09", "refunded_180"),
        ("2011-02-06", "refunded_180"),
        ("2011-02-07", "refunded_365"),
        ("2011-08-10", "refunded_365"),
        ("2011-08-11", "refunded_later"),
    ):
        story = given(customer_registered(), placed(), captured(), shipped())
        story.do(deliver())
        story.on(day).do(grant((1, 1), deciding=deciding(day=day)))
        row = guarantee(story)
        ages = ("refunded_30", "refunded_90", "refunded_180", "refunded_365", "refunded_later")
        assert [getattr(row, name) for name in ages] == [int(name == column) for name in ages], day


def test_what_was_refunded_under_way_stands_with_the_line() -> None:
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 2)))
    assert guarantee(story, "").refunded == 2


def test_what_was_refunded_on_the_way_is_not_open_once_it_arrives() -> None:
    # Take only what was refunded of the delivery → one unit is asked back twice, and this fails.
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 1)))
    story.on("2010-08-11").do(deliver((1, 1)))
    assert guarantee(story).refunded_before == 0, "the other one is still under way"
    story.on("2010-08-12").do(deliver(delivery=OTHER_DELIVERY))
    first, second = guarantee(story), guarantee(story, OTHER_DELIVERY)
    assert (first.refunded_before, second.refunded_before) == (1, 0)
    story.do(grant((1, 1), refund=OTHER_REFUND, deciding=deciding(day="2010-08-12")))
    assert guarantee(story, OTHER_DELIVERY).refunded == 1
    story.by(SUPERVISOR).because("sealed:A slip")
    position = entry_of(story, RefundGranted, 2)
    story.do(CorrectEntry(stream=ORDER, customer=CUSTOMER, position=position, owed="bil_" + ORDER[4:]))
    position = entry_of(story, RefundGranted)
    story.do(CorrectEntry(stream=ORDER, customer=CUSTOMER, position=position, owed="bil_" + ORDER[4:]))
    assert [guarantee(story).refunded_before, guarantee(story, OTHER_DELIVERY).refunded] == [0, 0]


def test_while_it_is_under_way_a_shipment_has_a_row_that_says_no_more_than_that() -> None:
    story = given(customer_registered(), placed(), captured(), shipped())
    assert guarantee(story, SHIPMENT).under_way == 2
    story.do(deliver())
    assert (ORDER, 1, SHIPMENT) not in rows(story, Guarantees())


def test_a_refund_taken_back_counts_no_more() -> None:
    story = refunded()
    story.by(SUPERVISOR).because("sealed:A slip")
    position = entry_of(story, RefundGranted)
    story.do(CorrectEntry(stream=ORDER, customer=CUSTOMER, position=position, owed="bil_" + ORDER[4:]))
    row = guarantee(story)
    assert (row.refunded, row.refunded_30, row.refunded_amount) == (0, 0, 0)
    assert task(story, "supplier_claim") is None


# Goods


def test_a_return_is_followed_until_the_goods_are_counted() -> None:
    story = refunded()
    story.do(ask_back())
    row = rows(story, GoodsReturns())[ORDER, RETURN, "DRESS-36"]
    assert (row.decided, row.units, row.value, row.return_cost) == ("return", 2, 6800, 1150)
    story.do(send_label())
    story.do(take_back(came(1, "empty")))
    story.do(take_back(came(1, "used"), arrival=OTHER_ARRIVAL))
    row = rows(story, GoodsReturns())[ORDER, RETURN, "DRESS-36"]
    assert (row.labels, row.unused, row.used, row.empty, row.left) == (1, 0, 1, 1, 0)
    assert guarantee(story, "").returned == 2


def test_goods_that_stay_say_what_was_avoided() -> None:
    story = refunded()
    story.because("sealed:why").do(ask_back(wanted="keep"))
    row = rows(story, GoodsReturns())[ORDER, RETURN, "DRESS-36"]
    assert (row.decided, row.overridden, row.left, row.avoided) == ("keep", True, 2, 1150)


def test_goods_that_never_came_stay_after_all() -> None:
    story = refunded().because("sealed:why")
    story.do(ask_back())
    story.do(take_back(came(1)))
    story.do(leave())
    row = rows(story, GoodsReturns())[ORDER, RETURN, "DRESS-36"]
    assert (row.decided, row.unused, row.left) == ("return", 1, 1)


def test_what_belongs_to_a_whole_return_stands_once() -> None:
    # Put the cost on every row → the sum counts it twice, and this fails.
    story = refunded(observed_problem="wrong_item")
    story.do(ask_back(goods(sku="HAT", value=900), goods(sku="CAP", value=900)))
    found = rows(story, GoodsReturns()).values()
    assert sum(row.return_cost for row in found) == sum(row.avoided for row in found) == 1150


def test_other_goods_than_were_asked_back_are_counted_too() -> None:
    story = refunded(observed_problem="wrong_item")
    story.do(ask_back(goods(sku="HAT", value=2_500)))
    story.do(take_back(came(1, "unused", sku="CAP")))
    assert rows(story, GoodsReturns())[ORDER, RETURN, "CAP"].unused == 1


def test_goods_of_an_unverified_refund_stand_in_the_customers_stream() -> None:
    story = given(customer_registered())
    story.do(grant_unverified(ClaimedUnits(quantity=3, sku="BOTTLE", amount=6_000)))
    story.do(ask_back(stream=CUSTOMER))
    story.do(take_back(came(3, "empty", sku="BOTTLE"), stream=CUSTOMER))
    assert rows(story, GoodsReturns())[CUSTOMER, RETURN, "BOTTLE"].empty == 3


def test_what_went_to_a_supplier_is_not_on_hand() -> None:
    story = refunded()
    story.do(ask_back())
    story.do(take_back())
    story.do(file_claim(sends_goods=True))
    found = rows(story, GoodsReturns())
    assert found[ORDER, CLAIM, "DRESS-36"].sent == 2
    story = refunded()
    story.do(file_claim())
    assert rows(story, GoodsReturns()) == {}


# Claims


def test_a_claim_is_followed_to_its_answer() -> None:
    story = refunded()
    story.do(file_claim())
    row = rows(story, SupplierClaims())[ORDER, CLAIM]
    assert (row.status, row.claimed, row.recovered, row.units) == ("filed", 2_000, 0, 2)
    assert (row.until, row.filed_on, row.answered_at) == ("2010-09-09", "2010-08-10", None)
    story.on("2010-08-20").do(refuse_claim())
    assert rows(story, SupplierClaims())[ORDER, CLAIM].status == "refused"
    # Let the last part take the place of the others → 500 are recovered of 2,000 that came, and this fails.
    story.on("2010-08-25").do(settle_claim(amount=1_500))
    row = rows(story, SupplierClaims())[ORDER, CLAIM]
    assert (row.status, row.recovered, row.answered_at) == ("part_settled", 1_500, moment("2010-08-25"))
    story.on("2010-08-26").do(settle_claim(amount=500, recovery=OTHER_RECOVERY, reference="bank-2"))
    row = rows(story, SupplierClaims())[ORDER, CLAIM]
    assert (row.status, row.recovered, row.answered_at) == ("settled", 2_000, moment("2010-08-26"))
    assert row.reference == "bank-2"


def test_what_was_given_up_before_it_was_claimed_says_so() -> None:
    story = refunded().because("sealed:why")
    story.do(waive(refund=REFUND))
    row = rows(story, SupplierClaims())[ORDER, CLAIM]
    assert (row.status, row.filed_on, row.claimed, row.units) == ("waived", None, 0, 2)


# Tasks


def test_a_label_is_to_be_sent_until_it_is() -> None:
    for done in (send_label(), take_back(came(1)), leave()):
        story = refunded().because("sealed:why")
        story.do(ask_back())
        found = task(story, "return_label")
        assert found is not None
        assert (found.subject, found.missed_from) == (RETURN, moment("2010-08-11", "00:00"))
        story.do(done)
        assert task(story, "return_label") is None


def test_a_claim_is_to_be_filed_in_time_for_all_units() -> None:
    # End the task with the first claim → one unit is forgotten, and this fails.
    story = refunded()
    found = task(story, "supplier_claim")
    assert found is not None
    assert (found.subject, found.missed_from) == (REFUND, moment("2010-09-10", "00:00"))
    story.do(file_claim((1, 1)))
    assert task(story, "supplier_claim") is not None
    story.because("sealed:why").do(waive((1, 1), refund=REFUND, claim=OTHER_CLAIM))
    assert task(story, "supplier_claim") is None


def test_to_give_up_a_claim_of_some_units_leaves_the_others_to_be_claimed() -> None:
    # Take what gives up a claim as giving up everything → one unit is forgotten, and this fails.
    story = refunded().because("sealed:why")
    story.do(file_claim((1, 1)))
    story.do(waive())
    assert task(story, "supplier_claim") is not None
    story.do(file_claim((1, 1), claim=OTHER_CLAIM))
    assert task(story, "supplier_claim") is None


def test_a_claim_for_all_or_a_waiver_ends_it() -> None:
    for done in (file_claim(), waive(refund=REFUND)):
        story = refunded().because("sealed:why")
        story.do(done)
        assert task(story, "supplier_claim") is None


def claimed_and_refunded_anew(quantity: int) -> Story:
    """One of two dresses was refunded and claimed, that was taken back, and so many are refunded anew."""
    story = refunded(1).by(SUPERVISOR).because("sealed:why")
    story.do(file_claim())
    story.do(correct(story, RefundGranted))
    story.do(grant((1, quantity), refund=OTHER_REFUND, deciding=deciding(SUPERVISOR.person)))
    return story


def test_what_was_claimed_before_it_was_refunded_anew_is_no_task() -> None:
    # Look at windows alone → the task stays for ever, and this fails.
    assert task(claimed_and_refunded_anew(1), "supplier_claim") is None
    again = {"refund": OTHER_REFUND, "claim": OTHER_CLAIM}
    for done in (file_claim((1, 1), **again), waive((1, 1), **again)):
        story = claimed_and_refunded_anew(2)
        assert task(story, "supplier_claim") is not None
        story.do(done)
        assert task(story, "supplier_claim") is None


def test_the_task_of_a_refund_of_other_units_ends_though_one_that_was_claimed_is_taken_back() -> None:
    # Let the claim count for whichever refund stands → nothing ends the task, and this fails.
    again = {"refund": OTHER_REFUND, "claim": OTHER_CLAIM}
    for done in (file_claim(**again), waive(**again)):
        story = refunded(1).by(SUPERVISOR).because("sealed:why")
        story.do(file_claim())
        story.do(grant((1, 1), refund=OTHER_REFUND, deciding=deciding(SUPERVISOR.person)))
        story.do(correct(story, RefundGranted))
        found = task(story, "supplier_claim")
        assert found is not None
        assert found.subject == OTHER_REFUND
        story.do(done)
        assert task(story, "supplier_claim") is None


def test_the_claims_of_two_refunds_are_two_tasks() -> None:
    story = refunded(1)
    story.do(grant((1, 1), refund=OTHER_REFUND))
    subjects = [row.subject for row in rows(story, Tasks()).values() if row.kind == "supplier_claim"]
    assert sorted(subjects) == sorted([REFUND, OTHER_REFUND])
    story.do(file_claim())
    assert task(story, "supplier_claim") is not None
