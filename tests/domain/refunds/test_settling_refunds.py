"""Paying refunds out: anew at every payout, the way the money came, and what happens when it does not arrive.

Source: R-B9, R-G4, R-G8, R-G9, I13, I15
"""

import pytest

from domain.bills.bill_events import BillShare
from domain.command import OutOfRange
from domain.declines.decline_events import OrderReleased
from domain.inbound.waiting import RefundMayHaveLeft
from domain.orders.order_events import OrderLine
from domain.orders.products import ProductListed, ProductUnknown
from domain.payments.payment_events import (
    CreditSetAside,
    DisputeClosed,
    DisputeOpened,
    PaymentReinstated,
    PaymentReversed,
)
from domain.refunds.due_now import NothingDueBack, NothingLeftOfRefund, PayoutDuringDispute
from domain.refunds.going_back import PaidOutByProcessor
from domain.refunds.granted_refund import RefundNotGranted
from domain.refunds.granting_unverified import CreditExceedsSetAside, ListPriceInOtherCurrency
from domain.refunds.payout_events import PayoutAsked
from domain.refunds.payout_failures import PayoutUnknown
from domain.refunds.payout_references import ALWAYS_NAMED, ReferenceMissing
from domain.refunds.refund import RefundUnknown
from domain.refunds.refund_events import (
    ClaimedUnits,
    FraudSignalRaised,
    RefundEscalated,
    RefundGranted,
    RefundPaid,
    RefundPaymentFailed,
    RefundReturned,
)
from domain.refunds.ways import EarlierWayOpen, PayoutWayClosed
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.bill_examples import billed_story, credit_given, pay_bill, reverse, use_credit
from tests.domain.examples import (
    BILL,
    CARD,
    CUSTOMER,
    ORDER,
    OTHER_PAYMENT,
    OTHER_REFUND,
    PAYMENT,
    REFUND,
    billed,
    cancel,
    capture,
    captured,
    card_stored,
    customer_registered,
    deliver,
    id_of,
    placed,
    ship,
    shipped,
    usd,
)
from tests.domain.notice_examples import MONEY, give_back, left
from tests.domain.refund_examples import (
    CREDIT,
    PAYOUTS,
    claim,
    come_back,
    credit_of,
    deciding,
    fail,
    grant,
    grant_unverified,
    pay_out_credit,
    settle,
)
from tests.domain.specification import OWNER, Story, given


def refunded(*units: tuple[int, int]) -> Story:
    """Two dresses of 75.95, paid and shipped, of which these units were refunded; both unless said."""
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant(*units or ((1, 2),)))
    return story


def paid(**other: object) -> RefundPaid:
    """All 75.95 went back against the payment."""
    said: dict[str, object] = {
        "refund": REFUND,
        "customer": CUSTOMER,
        "order": ORDER,
        "payout": PAYOUTS[0],
        "currency": "USD",
        "amount": 7595,
        "method": "original_method",
        "payment": PAYMENT,
        "payment_method": None,
        "reference": None,
    }
    return RefundPaid(**{**said, **other})  # pyright: ignore[reportArgumentType]


def test_money_goes_back_the_way_it_came_and_the_account_is_even() -> None:
    story = refunded()
    story.when(settle()).then(paid())
    assert story.account(ORDER).balance == 0
    story.when(settle(reference="re_9")).refused(AlreadyRecordedOtherwise(PAYOUTS[0]))
    story.when(settle(payouts=(id_of("pot", 3),), credit=id_of("crd", 3))).refused(NothingDueBack(REFUND))


def test_nothing_leaves_before_the_grant() -> None:
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 1), only_request=True))
    story.when(settle()).refused(RefundNotGranted(REFUND))
    story.when(settle(refund=OTHER_REFUND)).refused(RefundUnknown(OTHER_REFUND))


def asked(amount: int = 7595, **other: object) -> PayoutAsked:
    """The processor is to send so much of the refund back."""
    said: dict[str, object] = {
        "refund": REFUND,
        "customer": CUSTOMER,
        "order": ORDER,
        "payout": PAYOUTS[0],
        "processor": "acme",
        "currency": "USD",
        "amount": amount,
    }
    return PayoutAsked(**{**said, **other})  # pyright: ignore[reportArgumentType]


def test_what_a_connected_processor_sends_back_is_asked_for_and_not_said_to_have_left() -> None:
    # Record it as paid → "paid" is on record, and the processor was never asked.
    story = refunded()
    story.when(settle(processor="acme")).then(asked())
    story.when(settle(processor="acme")).nothing()
    story.when(settle(processor="acme", reference="re_9")).refused(AlreadyRecordedOtherwise(PAYOUTS[0]))
    story.when(settle(processor="acme", method="cheque")).refused(AlreadyRecordedOtherwise(PAYOUTS[0]))
    again = settle(processor="acme", method="original_method", payouts=(id_of("pot", 3),))
    story.when(again).then(asked(payout=id_of("pot", 3)))
    assert story.account(ORDER).balance == -7595
    story = refunded()
    story.when(settle(processor="another")).then(paid())
    elsewhere = refunded()
    elsewhere.when(settle(processor="acme", reference="re_9")).then(paid(reference="re_9"))
    failed = refunded()
    failed.do(fail())
    assert failed.when(settle(processor="acme", method="cheque")).decides(RefundPaid).method == "cheque"


def test_two_payments_get_back_what_each_brought() -> None:
    story = given(customer_registered(), placed(), captured(amount=5000))
    story.do(capture(payment=OTHER_PAYMENT, reference="ch_2", amount=2595))
    story.record(shipped())
    story.do(grant((1, 2)))
    story.when(settle()).then(
        paid(amount=5000, left=2595), paid(payout=PAYOUTS[1], payment=OTHER_PAYMENT, amount=2595)
    )
    assert story.account(ORDER).balance == 0


def by_transfer_and_card(way: str = "bank_transfer") -> Story:
    """20.00 came by bank transfer, or that way, then 55.95 by a card; all of it is refunded."""
    story = billed_story()
    story.do(pay_bill(amount=2000, method=way))
    story.do(capture(payment=OTHER_PAYMENT, reference="ch_2", amount=5595))
    story.do(grant((1, 2)))
    return story


def shares(story: Story, **said: object) -> list[tuple[str | None, int, str | None]]:
    """What leaves: against which payment, how much, under which reference."""
    paid = [it for it in story.do(settle(**said)) if isinstance(it, RefundPaid)]
    return [(it.payment, it.amount, it.reference) for it in paid]


def test_by_hand_goes_back_only_what_the_processor_does_not_send() -> None:
    # Refuse all of it, or pay all of it → the cash never goes back, or the card is paid twice.
    assert shares(by_transfer_and_card("cash"), processor="acme") == [(PAYMENT, 2000, None)]
    assert len(shares(by_transfer_and_card("cash"))) == 2
    story = by_transfer_and_card("cash")
    story.do(settle(processor="acme"))
    rest = settle(processor="acme", payouts=(id_of("pot", 3),), credit=id_of("crd", 3))
    story.when(rest).then(asked(5595, payout=id_of("pot", 3)))


@pytest.mark.parametrize("way", sorted(ALWAYS_NAMED))
def test_what_always_bears_a_number_leaves_under_it(way: str) -> None:
    # Take it without → money is gone that nobody finds at the bank, and no processor tells of, this fails.
    story = by_transfer_and_card(way)
    missing = ReferenceMissing(REFUND)
    story.when(settle()).refused(missing)
    story.when(settle(payment=PAYMENT, processor="acme")).refused(missing)
    story.when(settle(amount=2000)).refused(missing)
    card = paid(payout=PAYOUTS[0], amount=5595, payment=OTHER_PAYMENT, left=2000)
    assert story.when(settle(payment=OTHER_PAYMENT)).decides(RefundPaid) == card
    by_hand = settle(reference="77", payouts=(PAYOUTS[1],))
    story.when(by_hand).then(paid(payout=PAYOUTS[1], amount=2000, reference="77"))


def test_without_a_reference_the_processor_is_asked_for_its_own_first() -> None:
    # Say that the transfer lacks its reference → nobody can ask the processor again, and this fails.
    story = by_transfer_and_card()
    story.when(settle(processor="acme")).then(asked(5595))
    said = settle(processor="acme", amount=2000, payouts=(id_of("pot", 3),))
    story.when(said).refused(ReferenceMissing(REFUND))
    story = by_transfer_and_card()
    story.do(settle(processor="acme", payment=OTHER_PAYMENT, reference="re_9"))
    rest = settle(processor="acme", payouts=(id_of("pot", 3),), credit=id_of("crd", 3))
    story.when(rest).refused(ReferenceMissing(REFUND))


def test_a_cheque_leaves_under_its_number() -> None:
    story = refunded()
    story.do(fail())
    story.when(settle(method="cheque", reference=None)).refused(ReferenceMissing(REFUND))
    by_cheque = story.when(settle(method="cheque", reference="815")).decides(RefundPaid)
    assert (by_cheque.method, by_cheque.reference) == ("cheque", "815")


def test_who_says_that_the_bank_sent_what_the_card_has_to_names_its_reference() -> None:
    # Ask the processor → it is sent a second time, and this fails.
    story = given(customer_registered(), placed(), captured(amount=5595))
    transfer = {"payment": OTHER_PAYMENT, "processor": "bank_transfer", "reference": "SEPA-1"}
    story.do(capture(amount=2000, **transfer))
    story.record(shipped())
    story.do(grant((1, 1)))
    story.when(settle(processor="acme", payment=OTHER_PAYMENT)).refused(PaidOutByProcessor(REFUND, "acme"))
    by_hand = settle(processor="acme", payment=OTHER_PAYMENT, reference="SEPA-2")
    story.when(by_hand).then(paid(amount=2000, payment=OTHER_PAYMENT, reference="SEPA-2", left=1400))


def test_a_payment_is_named_of_what_goes_back_to_it_and_a_card_of_what_goes_to_another() -> None:
    # Let the payment decide → a cheque is on record as sent back to the card, and this fails.
    for way in ({"method": "cheque"}, {"method": "other_card"}, {"payment_method": CARD}):
        with pytest.raises(OutOfRange, match="payment"):
            settle(payment=PAYMENT, **way)
    for method in ("cheque", "store_credit", "original_method"):
        with pytest.raises(OutOfRange, match="payment_method"):
            settle(payment_method=CARD, method=method)
    with pytest.raises(OutOfRange, match="payment"):
        fail(method="cheque", payment=PAYMENT)
    story = refunded()
    story.record(card_stored())
    other = EarlierWayOpen(REFUND, "other_card", "original_method")
    story.when(settle(payment_method=CARD)).refused(other)
    story.do(fail())
    story.when(fail(payment=OTHER_PAYMENT)).refused(AlreadyRecordedOtherwise(id_of("pot", 8)))


def test_a_reference_is_that_of_one_payout_against_one_payment() -> None:
    # Write it on every payout → the card's money is said to have left with the transfer, and this fails.
    sepa = (PAYMENT, 2000, "SEPA-77")
    assert shares(by_transfer_and_card(), processor="acme", reference="SEPA-77") == [sepa]
    assert shares(by_transfer_and_card(), reference="SEPA-77") == [sepa]
    card = (OTHER_PAYMENT, 5595, "re_9")
    assert shares(by_transfer_and_card(), processor="acme", reference="re_9", payment=OTHER_PAYMENT) == [card]
    named = by_transfer_and_card().when(settle(processor="acme", payment=OTHER_PAYMENT))
    named.then(asked(5595))
    unknown = by_transfer_and_card().when(settle(payment=id_of("pay", 9)))
    unknown.refused(PayoutWayClosed(REFUND, "original_method", "original_method"))


def test_a_payout_is_never_more_than_is_due_back_when_it_is_made() -> None:
    # Freeze what is due back at the grant → this fails: the bank took the money meanwhile.
    story = refunded()
    story.record(reversed_payment())
    story.when(settle()).refused(NothingDueBack(REFUND))
    story.record(reinstated())
    story.when(settle()).then(paid())


def reversed_payment(amount: int = 7595, **other: object) -> PaymentReversed:
    """The bank takes the payment back."""
    said: dict[str, object] = {
        "order": ORDER,
        "customer": CUSTOMER,
        "reversal": id_of("rev"),
        "payment": PAYMENT,
        "kind": "chargeback",
        "dispute": None,
        "reference": None,
        "currency": "USD",
        "amount": amount,
        "bill": None,
        "opened": 0,
        "due_on": None,
    }
    return PaymentReversed(**{**said, **other})  # pyright: ignore[reportArgumentType]


def reinstated(amount: int = 7595, bills: tuple[BillShare, ...] = ()) -> PaymentReinstated:
    """The bank gives it back."""
    return PaymentReinstated(
        order=ORDER,
        customer=CUSTOMER,
        reversal=id_of("rev"),
        reinstatement=id_of("rev", 2),
        payment=PAYMENT,
        currency="USD",
        amount=amount,
        reference="dp_1",
        bills=bills,
    )


def test_what_cleared_a_chargeback_and_came_in_again_is_due_back() -> None:
    # Leave the surplus out of `owed` → this fails: the money could never leave.
    story = given(customer_registered(), placed(), captured(), shipped())
    story.record(reversed_payment(bill=BILL, opened=7595, due_on="2010-08-10"))
    story.do(grant((1, 2)))
    assert story.state(ORDER).open_bills() == 0
    story.when(settle()).refused(NothingDueBack(REFUND))
    story.record(reinstated())
    story.when(settle()).then(paid())


def test_while_a_bank_asks_the_refund_is_granted_and_its_payout_waits() -> None:
    story = given(customer_registered(), placed(), captured(), shipped())
    opened = DisputeOpened(
        order=ORDER,
        customer=CUSTOMER,
        dispute=id_of("dsp"),
        payment=PAYMENT,
        currency="USD",
        amount=7595,
        why="fraudulent",
        reference=None,
    )
    story.record(opened)
    assert story.when(grant((1, 2))).decides(RefundGranted)
    story.when(settle()).refused(PayoutDuringDispute(REFUND))
    story.record(DisputeClosed(order=ORDER, customer=CUSTOMER, dispute=id_of("dsp"), outcome="won"))
    story.when(settle()).then(paid())


def test_what_came_as_credit_goes_back_as_credit() -> None:
    # Pay all of it as cash → this fails.
    story = given(customer_registered(), placed(), captured(amount=5000))
    gift = credit_given(2595, credit=id_of("crd", 7))
    story.record(gift)
    story.do(use_credit(2595))
    story.record(shipped())
    story.do(grant((1, 2)))
    kept = CreditSetAside(
        customer=CUSTOMER,
        order=ORDER,
        credit=CREDIT,
        currency="USD",
        amount=2595,
        source="refund",
        subject=REFUND,
        gift=2595,
    )
    decided = story.do(settle())
    assert decided == (paid(amount=5000, left=2595), kept, kept)
    assert credit_of(story) == 2595
    assert story.account(ORDER).balance == 0


# The chain of ways


def test_after_two_years_to_a_closed_card_then_by_cheque_which_comes_back_and_goes_again() -> None:
    story = given(customer_registered(), card_stored(), placed())
    story.record(captured(payment_method=CARD), shipped())
    story.do(deliver())
    story.on("2012-08-10")
    story.do(grant((1, 2), deciding=deciding(day="2012-08-10")))
    story.when(settle(method="cheque")).refused(EarlierWayOpen(REFUND, "cheque", "original_method"))
    failed = story.when(fail()).decides(RefundPaymentFailed)
    assert (failed.payment, failed.payment_method, failed.amount) == (PAYMENT, CARD, 7595)
    assert story.account(ORDER).balance == -7595, "nothing left us, and it stays owed"
    story.when(settle(method="original_method")).refused(
        PayoutWayClosed(REFUND, "original_method", "store_credit")
    )
    story.when(settle(method="other_card")).refused(PayoutWayClosed(REFUND, "other_card", "store_credit"))
    story.do(settle(method="cheque", reference="0815"))
    assert story.account(ORDER).balance == 0
    story.when(come_back()).decides(RefundReturned)
    assert story.account(ORDER).balance == -7595, "it is owed again"
    story.when(come_back(why="otherwise")).refused(AlreadyRecordedOtherwise(PAYOUTS[0]))
    story.when(come_back(payout=id_of("pot", 8))).refused(PayoutUnknown(REFUND, id_of("pot", 8)))
    again = story.do(settle(method="cheque", payouts=(id_of("pot", 4),), credit=id_of("crd", 4)))
    assert [it.amount for it in again if isinstance(it, RefundPaid)] == [7595]
    assert story.account(ORDER).balance == 0


def test_another_card_of_the_customer_comes_before_credit_and_cheque() -> None:
    story = refunded()
    story.record(card_stored())
    story.when(settle(method="other_card")).refused(EarlierWayOpen(REFUND, "other_card", "original_method"))
    story.do(fail())
    story.when(settle(method="store_credit")).refused(EarlierWayOpen(REFUND, "store_credit", "other_card"))
    story.when(settle()).then(paid(method="other_card", payment=None, payment_method=CARD))


def test_an_expired_card_is_no_way() -> None:
    story = refunded()
    story.record(card_stored(expiry="2010-07"))
    story.do(fail())
    story.do(settle())
    assert credit_of(story) == 7595, "no way for money is left, short of a cheque"
    assert story.account(ORDER).balance == 0


# Purchases nobody can verify, and credit as money

PILLOW = ProductListed(
    product=id_of("prd"),
    sku="PILLOW",
    description="A pillow",
    currency="USD",
    list_price=2000,
    our_cost=900,
    supplier=None,
    makes_redundant=(),
)


def test_what_nobody_can_verify_is_refunded_at_the_full_list_price_and_the_second_time_somebody_is_told() -> (
    None
):
    # Leave `unverified_again` out → this fails.
    story = given(customer_registered(), PILLOW)
    claimed = ClaimedUnits(2, "PILLOW", id_of("prd"))
    first = story.when(grant_unverified(claimed)).decides(RefundGranted)
    assert (first.basis, first.granted, first.credit_amount, first.order) == (
        "full_list_price",
        4000,
        4000,
        None,
    )
    second = story.do(grant_unverified(claimed, refund=OTHER_REFUND))
    assert isinstance(second[0], RefundGranted)
    assert [it.kind for it in second if isinstance(it, FraudSignalRaised)] == ["unverified_again"]
    story.record(card_stored())
    settled = story.do(settle(stream=CUSTOMER, reference="out"))
    assert [(it.method, it.amount) for it in settled if isinstance(it, RefundPaid)] == [("other_card", 4000)]
    story.when(settle(stream=CUSTOMER, payouts=(id_of("pot", 9),), credit=id_of("crd", 9))).refused(
        NothingLeftOfRefund(REFUND)
    )


def test_what_we_never_carried_is_stated_by_a_person() -> None:
    story = given(customer_registered(), PILLOW)
    stated = ClaimedUnits(1, "SWING", amount=9900)
    event = story.when(grant_unverified(stated)).decides(RefundGranted)
    assert (event.basis, event.granted, event.parts[0].sku) == ("stated", 9900, "SWING")
    above = story.when(grant_unverified(ClaimedUnits(1, "SWING", amount=15001), refund=OTHER_REFUND))
    assert above.decides(RefundEscalated).amount == 15001


def test_a_list_price_is_one_of_ours_in_that_currency() -> None:
    story = given(customer_registered(), PILLOW)
    story.when(grant_unverified(ClaimedUnits(1, "OTHER", id_of("prd")))).refused(ProductUnknown(id_of("prd")))
    story.when(grant_unverified(ClaimedUnits(1, "PILLOW", id_of("prd")), currency="EUR")).refused(
        ListPriceInOtherCurrency("PILLOW", "USD")
    )
    with pytest.raises(ValueError, match="claims"):
        grant_unverified(ClaimedUnits(1, "SWING"))
    with pytest.raises(ValueError, match="claims"):
        grant_unverified(ClaimedUnits(1, "SWING", amount=1), ClaimedUnits(1, "PILLOW", id_of("prd")))
    assert claim(ClaimedUnits(1, "SWING", amount=1)).claims


def test_money_set_aside_is_paid_out_on_request_and_a_gift_is_not() -> None:
    # Let a gift be paid out, or the same money twice → this fails.
    story = refunded()
    story.do(fail())
    story.do(settle())
    gift = credit_given(1000, credit=id_of("crd", 7))
    story.record(gift)
    assert credit_of(story) == 8595
    story.when(pay_out_credit(7596, refund=OTHER_REFUND)).refused(CreditExceedsSetAside)
    event = story.when(pay_out_credit(7595, refund=OTHER_REFUND)).decides(RefundGranted)
    assert (event.basis, event.credit_amount, event.number, event.decided_as) == ("credit", 0, None, None)
    assert credit_of(story) == 1000
    settled = story.do(
        settle(
            stream=CUSTOMER,
            refund=OTHER_REFUND,
            payouts=(id_of("pot", 5),),
            credit=id_of("crd", 5),
            reference="815",
        )
    )
    assert [(it.method, it.amount) for it in settled if isinstance(it, RefundPaid)] == [("cheque", 7595)]


# A cancelled deposit; three bottles


def test_a_cancelled_deposit_is_paid_back() -> None:
    story = given(customer_registered(), placed(), captured())
    story.do(cancel())
    story.when(settle()).then(paid())
    assert story.account(ORDER).balance == 0


def test_three_bottles_at_17_and_131_and_182_days() -> None:
    bottles = OrderLine(1, "BOTTLE", "", 3, 1499, 0, 0)
    story = given(customer_registered(), placed(lines=(bottles,), shipping=0, total=4497))
    story.do(capture(amount=4497))
    story.do(ship((1, 3)))
    story.do(deliver())
    labels: list[tuple[object, ...]] = []
    for number, day in enumerate(
        (
            "2010-08-27",
            "2010-12-19",
            "2011-02-08",
        ),
        start=1,
    ):
        story.on(day)
        refund = id_of("ref", number)
        event = story.do(grant((1, 1), refund=refund, deciding=deciding(day=day)))[0]
        assert isinstance(event, RefundGranted)
        labels.append((event.parts[0].label, event.parts[0].days_since_delivery))
        story.do(settle(refund=refund, payouts=(id_of("pot", number),), credit=id_of("crd", number)))
    assert labels == [("supplier", 17), ("guarantee", 131), ("guarantee", 182)]
    assert (story.account(ORDER).refunded, story.account(ORDER).balance) == (4497, 0)


def test_a_bill_paid_after_the_refund_was_granted_is_owed_in_full() -> None:
    story = given(customer_registered(), placed(terms="bill_after"), shipped(), billed()).by(OWNER)
    story.do(grant((1, 2), deciding=deciding(OWNER.person)))
    story.when(settle()).refused(NothingDueBack(REFUND))


def test_money_that_came_back_covers_what_waits_before_it_is_due_back() -> None:
    story = given(customer_registered(), placed(), captured())
    story.do(cancel((1, 1)))
    story.do(settle())
    story.do(reverse(amount=3400))
    assert story.state(ORDER).declines.hold is not None
    # It is of a refund, and yet the order's: with it all that is still to ship is covered.
    returned, released = story.do(come_back())
    assert isinstance(returned, RefundReturned)
    assert released == OrderReleased(order=ORDER, customer=CUSTOMER, because="paid", by=returned.payout)
    assert story.state(ORDER).purse().due_back == 0


def test_nothing_is_paid_out_while_what_left_for_the_order_may_be_it() -> None:
    # Ask what the order knows alone → what was paid back at the processor leaves once more, and this fails.
    story = given(customer_registered(), placed(), captured()).record(left(amount=3400))
    story.do(cancel())
    asked = settle(payouts_waiting=(MONEY,))
    story.when(asked).refused(RefundMayHaveLeft(REFUND, usd(7595), usd(3400)))
    story.do(give_back(amount=3400))
    story.when(asked).decides(RefundPaid)


def test_what_left_besides_what_waits_is_said_by_its_reference() -> None:
    story = given(customer_registered(), placed(), captured()).record(left(amount=3400))
    story.do(cancel())
    story.when(settle(payouts_waiting=(MONEY,), reference="re_2")).decides(RefundPaid)
