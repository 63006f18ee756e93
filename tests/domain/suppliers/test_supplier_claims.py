"""Who made the goods bears their refund inside the supplier's window; afterwards we do. Source: R-G2"""

import pytest

from domain.authority import ReasonMissing
from domain.causes import EffectiveBeforeCause
from domain.corrections.correcting import EntryNotCorrectable
from domain.money import Money
from domain.orders.order_events import Deadline, OrderLine
from domain.refunds.refund import RefundUnknown
from domain.refunds.refund_events import AskedUnits, RefundAsk, RefundGranted
from domain.retry import AlreadyRecordedOtherwise
from domain.suppliers.claim_answers import (
    ClaimInOtherCurrency,
    SettlementExceedsClaim,
    SupplierClaimAnswered,
    SupplierReferenceUsed,
)
from domain.suppliers.claiming import ClaimAmountUnknown, FileSupplierClaim, GoodsNotOnHand
from domain.suppliers.recoverable import NothingToClaim, SupplierWindowOver, UnitsDealtWith, WrongItemIsOurs
from domain.suppliers.supplier_claim import SupplierClaimUnknown
from domain.suppliers.supplier_events import (
    ClaimedFromSupplier,
    SupplierClaimFiled,
    SupplierClaimRefused,
    SupplierClaimSettled,
    SupplierClaimWaived,
)
from tests.domain.examples import (
    CUSTOMER,
    DELIVERY,
    ONE_DRESS_WITH_FEE,
    ORDER,
    OTHER_DELIVERY,
    OTHER_REFUND,
    OTHER_SHIPMENT,
    REFUND,
    SHIPMENT,
    captured,
    customer_registered,
    delivered,
    guaranteed,
    id_of,
    placed,
    shipped,
)
from tests.domain.refund_examples import deciding, grant
from tests.domain.return_examples import (
    CLAIM,
    DRESS,
    OTHER_CLAIM,
    OTHER_RECOVERY,
    RECOVERY,
    SHIRT,
    ask_back,
    came,
    delivered_order,
    file_claim,
    listed,
    refunded,
    refuse_claim,
    settle_claim,
    take_back,
    waive,
)
from tests.domain.specification import NOON, Story, given, moment


def both(quantity: int = 2, until: str = "2010-09-09") -> ClaimedFromSupplier:
    return ClaimedFromSupplier(
        line=1, sku="DRESS-36", quantity=quantity, shipment=SHIPMENT, delivery=DELIVERY, until=until
    )


def filed(**other: object) -> SupplierClaimFiled:
    said = {
        "claim": CLAIM,
        "refund": REFUND,
        "order": ORDER,
        "customer": CUSTOMER,
        "supplier": None,
        "currency": "USD",
        "amount": 2_000,
        "filed_on": "2010-08-10",
        "units": (both(),),
        "all_recoverable": True,
        "units_left": 0,
        "sends_goods": False,
    }
    return SupplierClaimFiled(**{**said, **other})  # pyright: ignore[reportArgumentType]


def claimed() -> Story:
    story = refunded()
    story.do(file_claim())
    return story


NEXT_PART = {"recovery": OTHER_RECOVERY, "reference": "bank-2"}


def standing(story: Story) -> tuple[str, int, int]:
    """How the claim stands, what was paid for it and what is left."""
    claim = story.state(ORDER).supplier_claims[CLAIM]
    return claim.status, claim.recovered, claim.left


# Filing


def test_refunded_units_are_claimed_from_their_supplier() -> None:
    refunded().when(file_claim()).then(filed())


@pytest.mark.parametrize("day", ["2010-08-10", "2010-09-09"])
def test_the_last_day_of_the_window_is_inclusive(day: str) -> None:
    refunded().on(day).when(file_claim()).decides(SupplierClaimFiled)


def test_a_day_later_the_cost_is_ours() -> None:
    # Compare with the day of the refund → the claim is filed months later, and this fails.
    story = refunded().on("2010-09-10")
    story.when(file_claim()).refused(SupplierWindowOver(REFUND, 1, 2, 0))
    story.when(file_claim((1, 1))).refused(SupplierWindowOver(REFUND, 1, 1, 0))


def test_units_that_were_claimed_are_so_whatever_their_window() -> None:
    # Ask for the window first → the supplier's last day is blamed, and this fails.
    story = refunded()
    story.do(file_claim((1, 1)))
    late = story.on("2010-09-10")
    late.when(file_claim((1, 2), claim=OTHER_CLAIM)).refused(UnitsDealtWith(REFUND, 1, 2, 1))
    late.when(file_claim((1, 1), claim=OTHER_CLAIM)).refused(SupplierWindowOver(REFUND, 1, 1, 0))
    late.because("sealed:why").do(waive((1, 1), refund=REFUND, claim=OTHER_CLAIM))
    third = {"claim": "clm_01h455vb4pex5vsknk084sn02q"}
    late.when(file_claim((1, 1), **third)).refused(UnitsDealtWith(REFUND, 1, 1, 0))
    late.when(waive((1, 1), refund=REFUND, **third)).refused(UnitsDealtWith(REFUND, 1, 1, 0))
    late.when(file_claim(**third)).refused(NothingToClaim(REFUND))


def test_a_wrong_item_is_our_own_doing() -> None:
    # Leave the problem out of the question → the supplier is asked for what we sent by mistake.
    story = refunded(observed_problem="wrong_item")
    story.when(file_claim()).refused(WrongItemIsOurs(REFUND))
    story.because("sealed:why").when(waive(refund=REFUND)).refused(WrongItemIsOurs(REFUND))
    refunded(observed_problem="damaged").when(file_claim()).decides(SupplierClaimFiled)


def test_units_are_claimed_once() -> None:
    story = refunded()
    story.do(file_claim((1, 1)))
    story.when(file_claim((1, 2), claim=OTHER_CLAIM)).refused(UnitsDealtWith(REFUND, 1, 2, 1))
    story.do(file_claim(claim=OTHER_CLAIM))
    third = file_claim(claim="clm_01h455vb4pex5vsknk084sn02q")
    story.when(third).refused(NothingToClaim(REFUND))


def test_units_whose_window_ends_first_are_claimed_first() -> None:
    other = {"shipment": OTHER_SHIPMENT, "delivery": OTHER_DELIVERY}
    rest = {"shipment": OTHER_SHIPMENT, "goods": 3400, "shipping": 0, "charge": 3400, "carries_fee": False}
    story = given(
        customer_registered(),
        placed(),
        captured(),
        shipped((1, 1), **ONE_DRESS_WITH_FEE),
        shipped((1, 1), **rest),
        delivered((1, 1)),
        guaranteed((1, 1), supplier_until="2010-09-20"),
        delivered((1, 1), **other),
        guaranteed((1, 1), **other),
    )
    story.do(grant((1, 2)))
    (first,) = story.when(file_claim((1, 1))).decides(SupplierClaimFiled).units
    assert (first.delivery, first.until) == (OTHER_DELIVERY, "2010-09-09")
    late = story.on("2010-09-15").when(file_claim(claim=OTHER_CLAIM)).decides(SupplierClaimFiled)
    assert [unit.until for unit in late.units] == ["2010-09-20"]


def test_what_was_refunded_before_it_arrived_has_the_window_of_its_order() -> None:
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 2)))
    (unit,) = story.on("2010-09-09").when(file_claim((1, 1))).decides(SupplierClaimFiled).units
    assert (unit.delivery, unit.until) == (None, "2010-09-09")
    late = story.on("2010-09-10").when(file_claim((1, 1), claim=OTHER_CLAIM))
    late.refused(SupplierWindowOver(REFUND, 1, 1, 0))


def test_three_bottles_each_refunded_in_full_are_recovered_as_far_as_the_window_goes() -> None:
    """Refunded after 17, 131 and 182 days; only the first with the supplier's money."""
    line = OrderLine(1, "BOTTLE", "A bottle", 3, 2_000, 0, 0)
    story = given(
        customer_registered(),
        placed(lines=(line,), shipping=0, total=6_000),
        captured(amount=6_000),
        shipped((1, 3), goods=6_000, shipping=0, charge=6_000),
        delivered((1, 3)),
        guaranteed((1, 3)),
    )
    labels: list[tuple[str | None, int]] = []
    for day, number in (("2010-08-27", 1), ("2010-12-19", 2), ("2011-02-08", 3)):
        refund = id_of("ref", number)
        story.on(day)
        for event in story.do(grant((1, 1), refund=refund, deciding=deciding(day=day))):
            if isinstance(event, RefundGranted):
                labels += [(part.label, event.granted) for part in event.parts]
        if number == 1:
            story.when(file_claim(refund=refund)).decides(SupplierClaimFiled)
        else:
            story.when(file_claim(refund=refund, claim=OTHER_CLAIM)).refused(
                SupplierWindowOver(refund, 1, 1, 0)
            )
    assert labels == [("supplier", 2_000), ("guarantee", 2_000), ("guarantee", 2_000)]


def test_units_that_a_credit_note_names_on_two_lines_are_claimed_once() -> None:
    # Take off each line what was claimed of either → a dress is never claimed, and this fails.
    story = delivered_order()
    story.do(grant(ask=RefundAsk(units=(AskedUnits(1, 1, note_line=1), AskedUnits(1, 1, note_line=2)))))
    for claim in (CLAIM, OTHER_CLAIM):
        assert story.when(file_claim((1, 1), claim=claim)).decides(SupplierClaimFiled).units == (both(1),)
    story.when(file_claim(claim=id_of("clm", 3))).refused(NothingToClaim(REFUND))


# What is asked for


def test_the_amount_is_what_the_goods_cost_us_and_the_supplier_who_sells_them() -> None:
    story = refunded().record(listed(DRESS, "DRESS-36", our_cost=1_250), listed(SHIRT, "SHIRT"))
    it = story.when(file_claim(amount=None, products=(DRESS, SHIRT))).decides(SupplierClaimFiled)
    assert (it.amount, it.supplier) == (2_500, "Spinners Ltd")
    named = file_claim(amount=None, products=(DRESS,), supplier="Weavers Ltd", claim=OTHER_CLAIM)
    refunded().record(listed(DRESS, "DRESS-36")).when(named).decides(SupplierClaimFiled)


def test_a_cost_nobody_knows_is_said() -> None:
    story = refunded().record(listed(DRESS, "DRESS-36", currency="EUR"))
    story.when(file_claim(amount=None)).refused(ClaimAmountUnknown("DRESS-36"))
    story.when(file_claim(amount=None, products=(DRESS,))).refused(ClaimAmountUnknown("DRESS-36"))


def test_only_goods_on_hand_are_sent_to_the_supplier() -> None:
    story = refunded()
    story.do(ask_back())
    sent = file_claim(sends_goods=True)
    story.when(sent).refused(GoodsNotOnHand(REFUND, 1, 2, 0))
    story.do(take_back(came(1, "empty")))
    story.when(sent).refused(GoodsNotOnHand(REFUND, 1, 2, 1))
    story.do(file_claim((1, 1), sends_goods=True))
    again = file_claim((1, 1), sends_goods=True, claim=OTHER_CLAIM)
    story.when(again).refused(GoodsNotOnHand(REFUND, 1, 1, 0))
    story.when(file_claim((1, 1), claim=OTHER_CLAIM)).decides(SupplierClaimFiled)


# What comes of it


def test_a_supplier_pays() -> None:
    claimed().when(settle_claim()).then(
        SupplierClaimSettled(
            recovery=RECOVERY,
            claim=CLAIM,
            refund=REFUND,
            order=ORDER,
            customer=CUSTOMER,
            currency="USD",
            amount=2_000,
            reference="bank-1",
            in_full=True,
        )
    )


def test_a_supplier_pays_in_parts_each_recorded_once() -> None:
    # Let the first part be the claim's answer → the second payment has no place, and this fails.
    story = claimed()
    first = story.when(settle_claim(amount=1_500)).decides(SupplierClaimSettled)
    assert (first.in_full, standing(story)) == (False, ("part_settled", 1_500, 500))
    second = story.when(settle_claim(amount=500, **NEXT_PART)).decides(SupplierClaimSettled)
    assert (second.in_full, standing(story)) == (True, ("settled", 2_000, 0))
    story.when(settle_claim(amount=1_500)).nothing()


@pytest.mark.parametrize(
    ("first", "last", "in_full"), [(1_500, 499, False), (1_500, 500, True), (1_999, 1, True)]
)
def test_the_part_that_fills_the_claim_settles_it(first: int, last: int, in_full: bool) -> None:
    story = claimed()
    story.do(settle_claim(amount=first))
    assert story.when(settle_claim(amount=last, **NEXT_PART)).decides(SupplierClaimSettled).in_full == in_full


def test_the_same_part_with_other_content_is_refused() -> None:
    story = claimed()
    story.do(settle_claim(amount=1_500))
    for other in ({"amount": 1_499}, {"amount": 1_500, "reference": "bank-2"}):
        story.when(settle_claim(**other)).refused(AlreadyRecordedOtherwise(RECOVERY))
    other_claim = file_claim((1, 1), claim=OTHER_CLAIM)
    story = refunded()
    story.do(file_claim((1, 1)))
    story.do(other_claim)
    story.do(settle_claim(amount=1))
    story.when(settle_claim(amount=1, claim=OTHER_CLAIM)).refused(AlreadyRecordedOtherwise(RECOVERY))
    same_transfer = settle_claim(amount=1, claim=OTHER_CLAIM, recovery=OTHER_RECOVERY)
    story.when(same_transfer).decides(SupplierClaimSettled)  # one transfer may pay for several claims


def test_the_same_reference_is_the_same_money() -> None:
    # Go by the id alone → a transfer entered twice is recovered twice, and this fails.
    story = claimed()
    story.do(settle_claim(amount=1_500))
    story.when(settle_claim(amount=1_500, recovery=OTHER_RECOVERY)).nothing()
    twice = SupplierReferenceUsed(RECOVERY, Money(1_500, "USD"), Money(500, "USD"))
    story.when(settle_claim(amount=500, recovery=OTHER_RECOVERY)).refused(twice)
    assert standing(story) == ("part_settled", 1_500, 500)
    for number in (2, 3):  # what has no reference is told apart by its id
        it = settle_claim(amount=100, recovery=id_of("rcv", number), reference=None)
        story.when(it).decides(SupplierClaimSettled)
    assert standing(story) == ("part_settled", 1_700, 300)


def test_a_supplier_pays_in_the_currency_of_the_claim() -> None:
    claimed().when(settle_claim(currency="EUR")).refused(ClaimInOtherCurrency(CLAIM, "USD"))


def test_more_than_was_claimed_is_recorded_with_a_reason() -> None:
    # Ask for no reason → a slip of the pen becomes money recovered, and this fails.
    story = claimed()
    more = SettlementExceedsClaim(CLAIM, Money(2_001, "USD"), Money(2_000, "USD"))
    story.when(settle_claim(amount=2_001)).refused(more)
    story.do(settle_claim(amount=1_500))
    story.when(settle_claim(amount=501, **NEXT_PART)).refused(
        SettlementExceedsClaim(CLAIM, Money(501, "USD"), Money(500, "USD"))
    )
    story.because("sealed:They paid the postage too")
    assert story.when(settle_claim(amount=501, **NEXT_PART)).decides(SupplierClaimSettled).in_full
    assert standing(story) == ("settled", 2_001, 0)
    late = settle_claim(amount=1, recovery=id_of("rcv", 3), reference="bank-3")
    story.because(None).when(late).refused(SettlementExceedsClaim(CLAIM, Money(1, "USD"), Money(0, "USD")))
    assert not story.because("sealed:why").when(late).decides(SupplierClaimSettled).in_full, "it was before"


def test_what_a_supplier_paid_is_not_corrected_but_added_to() -> None:
    # Say what is said of contacts and cards → it would be recorded anew, and counted twice.
    advice = EntryNotCorrectable(9, "supplier_claim.settled").advice
    assert "another part" in advice
    assert "more takes a reason" in EntryNotCorrectable(9, "supplier_claim.filed").advice


def test_what_is_left_of_a_claim_may_be_refused_or_given_up() -> None:
    for answer, status in ((refuse_claim(), "refused"), (waive(), "waived")):
        story = claimed().because("sealed:why")
        story.do(settle_claim(amount=1_500))
        story.do(answer)
        assert standing(story) == (status, 1_500, 500)
        story.do(settle_claim(amount=100, **NEXT_PART))
        assert standing(story) == ("part_settled", 1_600, 400)


def test_a_supplier_refuses_and_may_pay_after_all() -> None:
    story = claimed()
    refused = SupplierClaimRefused(claim=CLAIM, refund=REFUND, order=ORDER, customer=CUSTOMER, note=None)
    story.when(refuse_claim()).then(refused)
    story.when(refuse_claim(note="sealed:No")).refused(SupplierClaimAnswered(CLAIM, "refused"))
    assert story.state(ORDER).supplier_claims[CLAIM].status == "refused"
    story.when(settle_claim()).decides(SupplierClaimSettled)
    assert story.state(ORDER).supplier_claims[CLAIM].status == "settled"


def test_a_claim_is_given_up_with_a_reason() -> None:
    # Leave `expect_reason` out → nobody learns why money was left lying, and this fails.
    story = claimed()
    story.when(waive()).refused(ReasonMissing)
    story.because("sealed:Too small").when(waive()).then(
        SupplierClaimWaived(
            claim=CLAIM,
            refund=REFUND,
            order=ORDER,
            customer=CUSTOMER,
            units=(),
            all_recoverable=True,
            units_left=0,
        )
    )
    assert story.state(ORDER).supplier_claims[CLAIM].status == "waived"


def test_what_was_never_claimed_is_given_up_at_any_time() -> None:
    story = refunded().on("2011-08-10").because("sealed:Nobody filed it")
    it = story.when(waive((1, 1), refund=REFUND)).decides(SupplierClaimWaived)
    assert (it.units, it.all_recoverable) == ((both(1),), False)
    rest = story.when(waive(refund=REFUND, claim=OTHER_CLAIM)).decides(SupplierClaimWaived)
    assert rest.units == (both(1),)
    assert standing(story) == ("waived", 0, 0)


def test_what_was_given_up_is_not_claimed() -> None:
    story = refunded().because("sealed:why")
    story.do(waive((1, 1), refund=REFUND))
    story.when(file_claim((1, 2), claim=OTHER_CLAIM)).refused(UnitsDealtWith(REFUND, 1, 2, 1))


@pytest.mark.parametrize("answer", [settle_claim(), refuse_claim(), waive()], ids=["paid", "no", "waived"])
def test_an_answered_claim_is_neither_refused_nor_given_up(answer: object) -> None:
    story = claimed().because("sealed:why")
    story.do(answer)  # pyright: ignore[reportArgumentType]
    status = story.state(ORDER).supplier_claims[CLAIM].status
    for other in (refuse_claim(), waive()):
        if other != answer:
            story.when(other).refused(SupplierClaimAnswered(CLAIM, status))


# Retry, time, existence


@pytest.mark.parametrize(
    "other",
    [
        file_claim((1, 2)),
        file_claim(amount=1),
        file_claim(supplier="Weavers"),
        file_claim(sends_goods=True),
        file_claim(refund=OTHER_REFUND),
    ],
    ids=["named", "amount", "supplier", "sent", "refund"],
)
def test_the_same_claim_with_other_content_is_refused(other: FileSupplierClaim) -> None:
    story = delivered_order()
    story.do(grant((1, 1)))
    story.do(grant((1, 1), refund=OTHER_REFUND))
    story.do(file_claim())
    story.when(other).refused(AlreadyRecordedOtherwise(CLAIM))


def test_a_retry_of_a_waiver_says_the_same() -> None:
    story = refunded().because("sealed:why")
    story.do(waive((1, 1), refund=REFUND))
    story.when(waive((1, 1), refund=REFUND)).nothing()
    for other in (waive((1, 2), refund=REFUND), waive(refund=REFUND), waive((1, 1), refund=OTHER_REFUND)):
        story.when(other).refused(AlreadyRecordedOtherwise(CLAIM))


def test_a_claim_hangs_on_a_refund_and_its_answers_on_a_claim() -> None:
    delivered_order().when(file_claim()).refused(RefundUnknown(REFUND))
    story = refunded().because("sealed:why")
    for answer in (settle_claim(), refuse_claim(), waive()):
        story.when(answer).refused(SupplierClaimUnknown(CLAIM))
    story.do(waive(refund=REFUND))
    for answer in (settle_claim(), refuse_claim()):
        story.when(answer).refused(SupplierClaimUnknown(CLAIM))  # nothing was ever asked for


def test_nothing_is_claimed_before_the_grant_or_answered_before_it_was_asked() -> None:
    early = moment("2010-08-10", "11:59")
    story = refunded().because("sealed:why").with_now(NOON).on("2010-08-10", "11:59")
    for command in (file_claim(), waive(refund=REFUND)):
        story.when(command).refused(EffectiveBeforeCause(early, NOON))
    asked = claimed().because("sealed:why").with_now(NOON).on("2010-08-10", "11:59")
    for command in (settle_claim(), refuse_claim(), waive()):
        asked.when(command).refused(EffectiveBeforeCause(early, NOON))


# The task


def test_a_refund_inside_the_window_says_until_when_to_claim() -> None:
    granted = delivered_order().when(grant((1, 2))).decides(RefundGranted)
    assert Deadline("supplier_claim", NOON, moment("2010-09-10", "00:00")) in granted.deadlines


@pytest.mark.parametrize(
    ("day", "problem", "is_asked"),
    [
        ("2010-09-09", None, True),
        ("2010-09-10", None, False),
        ("2010-08-20", "wrong_item", False),
        ("2010-08-20", "damaged", True),
    ],
)
def test_nobody_is_asked_for_what_no_supplier_bears(day: str, problem: str | None, is_asked: bool) -> None:
    story = delivered_order().on(day)
    granted = story.when(grant((1, 2), observed_problem=problem)).decides(RefundGranted)
    assert ("supplier_claim" in [deadline.kind for deadline in granted.deadlines]) == is_asked


def test_what_is_refunded_under_way_is_claimed_in_the_window_of_its_order() -> None:
    # Ask only for what arrived → nobody claims what the refund shows as recoverable, and this fails.
    story = given(customer_registered(), placed(), captured(), shipped())
    granted = story.when(grant((1, 1), observed_problem="late")).decides(RefundGranted)
    assert Deadline("supplier_claim", NOON, moment("2010-09-10", "00:00")) in granted.deadlines
    too_late = story.on("2010-09-10").when(grant((1, 1), refund=OTHER_REFUND)).decides(RefundGranted)
    assert "supplier_claim" not in [deadline.kind for deadline in too_late.deadlines]


def test_nothing_of_it_touches_the_refund() -> None:
    story = refunded()
    before = story.state(ORDER)
    story.do(file_claim())
    story.do(settle_claim())
    after = story.state(ORDER)
    assert (after.account, after.refunds, after.purse()) == (before.account, before.refunds, before.purse())
