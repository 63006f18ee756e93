"""Who may grant a refund alone, and what becomes of one above a limit: another person decides.

Source: R-G11, R-G12
"""

from typing import Any

import msgspec
import pytest

from domain.authority import RoleTooLow, has_rank
from domain.book.default_edition import DEFAULT_EDITION
from domain.book.policy import Limits, PolicyAdopted
from domain.causes import EffectiveBeforeCause
from domain.decision import Actor
from domain.moments import EARLIEST
from domain.orders.order_events import OrderLine, OrderUnitsCancelled
from domain.refunds.approving import RefundGrantedAlready, RefundNoLongerWanted
from domain.refunds.limits import ApproverIsRequester, Deciding
from domain.refunds.refund import RefundUnknown
from domain.refunds.refund_events import (
    ClaimedUnits,
    FraudSignalDismissed,
    FraudSignalRaised,
    RefundAllowanceUsed,
    RefundEscalated,
    RefundGranted,
    RefundRequested,
    RefundWithdrawn,
)
from domain.refunds.refund_signals import DismissFraudSignal, SignalAboutYou, SignalUnknown
from tests.domain.correction_examples import correct
from tests.domain.examples import (
    CUSTOMER,
    ORDER,
    OTHER_REFUND,
    REFUND,
    capture,
    customer_registered,
    id_of,
    placed,
    refund_granted,
    ship,
    shipped,
)
from tests.domain.refund_examples import (
    approve,
    deciding,
    grant,
    grant_unverified,
    pay_out_credit,
    used,
    used_today,
    withdraw,
)
from tests.domain.refunds.test_credit_that_no_money_backs import kept
from tests.domain.specification import AGENT, OPENED, OWNER, SUPERVISOR, Story, given, moment

COLLEAGUE = Actor(person="per_01h455vb4pex5vsknk084sn02t", role="agent")
OTHER = "per_01h455vb4pex5vsknk084sn02v"


def pillows(quantity: int, price: int = 100, **other: Any) -> Story:
    """So many pillows at a price in cents, paid and shipped."""
    line = OrderLine(1, "PILLOW", "", quantity, price, 0, 0)
    total = quantity * price
    story = given(customer_registered(), placed(lines=(line,), shipping=0, total=total, **other))
    story.do(capture(amount=total))
    story.do(ship((1, quantity)))
    return story


def test_up_to_the_limit_an_agent_decides_alone_and_above_it_a_supervisor() -> None:
    # Compare with < or <= the other way round → this fails.
    story = pillows(200)
    event = story.when(grant((1, 150), refund=OTHER_REFUND)).decides(RefundGranted)
    assert (event.decided_as, event.limit, event.decided_by) == ("agent", 15000, AGENT.person)
    other = pillows(200)
    asked = other.when(grant((1, 151)))
    escalated = asked.decides(RefundEscalated)
    assert (escalated.amount, escalated.limit, escalated.exceeded) == (15100, 15000, "per_refund")
    assert (escalated.from_role, escalated.to_role) == ("agent", "supervisor")
    assert other.account(ORDER).credited == 0
    assert other.state(ORDER).lines[0].refunded == 0
    other.by(SUPERVISOR)
    approved = other.when(approve(deciding=deciding(SUPERVISOR.person))).decides(RefundGranted)
    assert (approved.requested_by, approved.decided_by) == (AGENT.person, SUPERVISOR.person)
    assert (approved.decided_as, approved.limit, approved.number) == ("supervisor", 100000, 1)
    assert used_today(other, person=SUPERVISOR.person) == 15100
    assert other.state("day/" + AGENT.person + "/2010-08-10") is None


def test_above_a_supervisors_limit_the_owner_decides_who_has_none() -> None:
    story = pillows(2000)
    story.do(grant((1, 2000)))
    story.by(SUPERVISOR)
    again = story.when(approve(deciding=deciding(SUPERVISOR.person))).decides(RefundEscalated)
    assert (again.from_role, again.to_role, again.limit) == ("supervisor", "owner", 100000)
    story.by(OWNER)
    granted = story.when(approve(deciding=deciding(OWNER.person))).decides(RefundGranted)
    assert (granted.granted, granted.limit) == (200000, None)
    assert story.state(f"day/{OWNER.person}/2010-08-10") is None


def test_a_day_has_its_own_limit_to_the_last_cent() -> None:
    story = pillows(200).record(used(49900))
    assert story.when(grant((1, 1), refund=OTHER_REFUND)).decides(RefundGranted)
    escalated = story.when(grant((1, 1))).decides(RefundEscalated)
    assert (escalated.exceeded, escalated.limit, escalated.used) == ("per_day", 50000, 50000)


def test_the_day_is_that_of_deciding_not_of_taking_effect() -> None:
    # Name the day by `given.at` → this fails: dating back would give a fresh allowance.
    story = pillows(200).record(used(50000, day="2010-08-12"))
    story.with_now(NOW_12TH)
    escalated = story.when(grant((1, 1), deciding=deciding(day="2010-08-12"))).decides(RefundEscalated)
    assert escalated.exceeded == "per_day"


NOW_12TH = 1_281_628_800_000_000


def below(limits: Limits, **other: Any) -> Story:
    """Two pillows at a price in cents, under an edition with these limits for agents."""
    edition = msgspec.structs.replace(DEFAULT_EDITION, agent_limits=limits)
    return pillows(2, **other).record(PolicyAdopted(edition=edition, effective_from=EARLIEST))


def test_a_day_that_has_seen_nothing_has_used_nothing() -> None:
    limits = Limits(per_refund={"USD": 100}, per_gesture={}, per_day={"USD": 100})
    story = below(limits)
    assert story.when(grant((1, 1))).decides(RefundGranted).granted == 100
    second = story.when(grant((1, 1), refund=OTHER_REFUND)).decides(RefundEscalated)
    assert (second.exceeded, second.used) == ("per_day", 100)
    euros = below(limits).record(used(1, currency="EUR"))
    assert euros.when(grant((1, 1))).decides(RefundGranted).granted == 100


def test_what_is_above_a_limit_for_one_refund_says_nothing_of_the_day() -> None:
    escalated = pillows(200).when(grant((1, 151))).decides(RefundEscalated)
    assert (escalated.exceeded, escalated.used) == ("per_refund", 0)


def test_without_a_day_of_deciding_nothing_is_within_its_limit() -> None:
    escalated = pillows(200).when(grant((1, 1), deciding=None)).decides(RefundEscalated)
    assert (escalated.exceeded, escalated.limit, escalated.used) == ("per_day", 0, 0)


def test_who_decides_nothing_alone_leaves_it_to_the_owner() -> None:
    courier = Actor(person=id_of("per", 9), role="courier")
    escalated = pillows(2).by(courier).when(grant((1, 1), deciding=deciding(courier.person)))
    found = escalated.decides(RefundEscalated)
    assert (found.limit, found.to_role) == (0, "owner")
    assert not has_rank("agent", pillows(2).by(courier).given(approve()))


@pytest.mark.parametrize(
    ("price", "limit", "close"),
    [(14249, 15000, False), (14250, 15000, True), (1, 1, True), (0, 0, False)],
)
def test_five_per_cent_under_a_limit_is_just_under_it(price: int, limit: int, close: bool) -> None:
    limits = Limits(per_refund={"USD": limit}, per_gesture={}, per_day={"USD": limit})
    line = OrderLine(1, "PILLOW", "", 1, price, 0, 0)
    edition = msgspec.structs.replace(DEFAULT_EDITION, agent_limits=limits)
    story = given(
        PolicyAdopted(edition=edition, effective_from=EARLIEST),
        customer_registered(),
        placed(lines=(line,), shipping=0, total=price),
        shipped((1, 1), goods=price, shipping=0, charge=price),
    )
    assert story.when(grant((1, 1))).decides(RefundAllowanceUsed).just_under is close


def test_the_days_before_the_day_of_deciding_are_read_one_by_one() -> None:
    days = Deciding("per_1", "2010-08-10", "2010-08-07")
    assert days.writes() == ("day/per_1/2010-08-10",)
    assert days.reads() == ("day/per_1/2010-08-07", "day/per_1/2010-08-08", "day/per_1/2010-08-09")
    assert Deciding("per_1", "2010-08-10", "2010-08-10").reads() == ()


def prepaid(shipping: int, price: int = 100) -> Story:
    """Two pillows that have not shipped, paid with their shipping."""
    line = OrderLine(1, "PILLOW", "", 2, price, 0, 0)
    total = 2 * price + shipping
    story = given(customer_registered(), placed(lines=(line,), shipping=shipping, total=total))
    story.do(capture(amount=total))
    return story


def test_a_fee_that_is_never_charged_counts_against_a_limit_like_one_that_was() -> None:
    # Compare only what is credited → this fails: for a late order an agent pays any fee out.
    story = prepaid(shipping=15000)
    event = story.when(grant(observed_problem="late")).decides(RefundGranted)
    assert (event.granted, event.credit_amount, event.fee_dropped) == (15000, 0, 15000)
    assert event.against_limits == 15000
    assert used_today(story) == 15000
    other = prepaid(shipping=15001)
    escalated = other.when(grant(observed_problem="late")).decides(RefundEscalated)
    assert (escalated.amount, escalated.limit, escalated.exceeded) == (15001, 15000, "per_refund")


def test_a_fee_nobody_has_paid_yet_is_given_up_all_the_same() -> None:
    # Compare what becomes due back → this fails: it would be given up before the customer pays.
    line = OrderLine(1, "PILLOW", "", 2, 100, 0, 0)
    story = given(customer_registered(), placed(lines=(line,), shipping=15001, total=15201))
    escalated = story.when(grant(observed_problem="not_received")).decides(RefundEscalated)
    assert escalated.amount == 15001


def test_units_that_never_shipped_are_cancelled_without_a_limit_beside_what_has_one() -> None:
    # Compare the whole of what becomes due back → this fails: cancelling has no limit.
    story = prepaid(shipping=100, price=15000)
    event = story.when(grant((1, 1), observed_problem="late")).decides(RefundGranted)
    assert (event.granted, event.against_limits) == (15100, 100)
    story = prepaid(shipping=100, price=15000)
    story.do(ship((1, 1)))
    assert story.when(grant((1, 2))).decides(RefundEscalated).amount == 15100


def test_an_order_that_is_gone_before_anything_shipped_is_only_cancelled() -> None:
    story = prepaid(shipping=15001)
    event = story.when(grant((1, 2), observed_problem="late")).decides(RefundGranted)
    assert (event.granted, event.against_limits) == (15201, 0)


def test_a_currency_without_a_limit_goes_to_the_owner() -> None:
    line = OrderLine(1, "PILLOW", "", 1, 1, 0, 0)
    story = given(customer_registered(), placed(lines=(line,), shipping=0, total=1, currency="CHF"))
    story.do(capture(amount=1, currency="CHF"))
    story.do(ship((1, 1)))
    assert story.when(grant((1, 1))).decides(RefundEscalated).limit == 0
    story.by(SUPERVISOR).when(approve(deciding=deciding(SUPERVISOR.person))).decides(RefundEscalated)
    story.by(OWNER).when(approve(deciding=deciding(OWNER.person))).decides(RefundGranted)


def test_who_asked_does_not_approve_what_was_above_their_limit_whoever_holds_the_key() -> None:
    # Compare keys instead of persons → this fails.
    story = pillows(200)
    story.do(grant((1, 151)))
    story.when(approve()).refused(ApproverIsRequester(REFUND, "supervisor"))
    through_a_service = Actor(person=id_of("per", 7), role="supervisor", on_behalf_of=AGENT.person)
    story.by(through_a_service).when(approve()).refused(ApproverIsRequester(REFUND, "supervisor"))
    colleague = approve(deciding=deciding(COLLEAGUE.person))
    story.by(COLLEAGUE).when(colleague).refused(RoleTooLow("agent", "supervisor"))
    story.by(OWNER).when(approve(deciding=deciding(OWNER.person))).decides(RefundGranted)


def test_what_waits_for_a_supervisor_is_not_approved_by_a_colleague_whose_own_day_would_hold_it() -> None:
    # Ask only that it is another person → two agents lend each other their days, and this fails.
    story = pillows(200).record(used(50000))
    story.do(grant((1, 1)))
    story.by(COLLEAGUE).when(approve(deciding=deciding(COLLEAGUE.person))).refused(
        RoleTooLow("agent", "supervisor")
    )
    granted = story.by(SUPERVISOR).when(approve(deciding=deciding(SUPERVISOR.person))).decides(RefundGranted)
    assert (granted.decided_as, granted.requested_by) == ("supervisor", AGENT.person)


def test_what_waits_for_the_owner_is_approved_by_the_owner_alone() -> None:
    story = pillows(2000)
    story.do(grant((1, 2000)))
    by_supervisor, by_other = approve(deciding=deciding(SUPERVISOR.person)), approve(deciding=deciding(OTHER))
    sent_on = story.by(SUPERVISOR).when(by_supervisor).decides(RefundEscalated)
    assert (sent_on.to_role, sent_on.sent_on_by) == ("owner", SUPERVISOR.person)
    story.when(by_supervisor).nothing()  # sent on by this very person: a retry, and no news
    story.by(Actor(person=OTHER, role="supervisor")).when(by_other).refused(RoleTooLow("supervisor", "owner"))
    story.by(OWNER).when(approve(deciding=deciding(OWNER.person))).decides(RefundGranted)


def test_who_sent_a_request_on_and_was_promoted_since_may_decide_it() -> None:
    story = pillows(2000)
    story.do(grant((1, 2000)))
    mine = approve(deciding=deciding(SUPERVISOR.person))
    story.by(SUPERVISOR).do(mine)
    story.by(Actor(person=SUPERVISOR.person, role="owner")).when(mine).decides(RefundGranted)


def test_what_was_only_noted_down_and_is_above_a_limit_goes_up_once() -> None:
    # Forget who sent it on → the same command again is refused, and this fails.
    story = pillows(200)
    story.do(grant((1, 151), only_request=True))
    assert story.when(approve()).decides(RefundEscalated).sent_on_by == AGENT.person
    story.by(SUPERVISOR).when(approve(deciding=deciding(SUPERVISOR.person))).decides(RefundGranted)


def test_who_may_approve_it_is_named_however_far_it_went_up() -> None:
    # Say only that it is another person → this fails: nobody knows whom to ask.
    story = pillows(2000)
    story.do(grant((1, 2000)))
    story.by(SUPERVISOR).do(approve(deciding=deciding(SUPERVISOR.person)))
    story.by(AGENT).when(approve()).refused(ApproverIsRequester(REFUND, "owner"))
    assert "in the role owner or above" in str(ApproverIsRequester(REFUND, "owner"))


def test_what_was_only_noted_down_may_be_granted_by_the_same_person() -> None:
    story = pillows(200)
    story.do(grant((1, 1), only_request=True))
    granted = story.when(approve()).decides(RefundGranted)
    assert granted.requested_by == AGENT.person
    assert used_today(story) == 100


def test_units_that_have_not_shipped_are_only_asked_for_too_until_somebody_decides() -> None:
    story = Story(customer_registered(), placed())
    # Nothing was paid, so that nothing is due back of them: they were cancelled at once, undecided.
    story.when(grant((1, 1), only_request=True)).decides(RefundRequested)
    assert story.state(ORDER).units_to_ship == 2
    cancelled, ends = story.do(approve())
    assert (type(cancelled), type(ends)) == (OrderUnitsCancelled, RefundWithdrawn)
    story.when(approve()).nothing()
    assert story.state(ORDER).units_to_ship == 1


def test_a_refund_is_withdrawn_before_the_grant_only() -> None:
    story = pillows(200)
    story.do(grant((1, 1), only_request=True))
    story.when(withdraw()).then(RefundWithdrawn(refund=REFUND, customer=CUSTOMER, order=ORDER))
    story.when(approve()).refused(RefundNoLongerWanted(REFUND))
    story.do(grant((1, 1), refund=OTHER_REFUND))
    story.when(withdraw(refund=OTHER_REFUND)).refused(RefundGrantedAlready(OTHER_REFUND))
    approved = id_of("ref", 8)
    story.do(grant((1, 1), refund=approved, only_request=True))
    story.do(approve(refund=approved))
    story.when(withdraw(refund=approved)).refused(RefundGrantedAlready(approved))
    story.when(withdraw(refund=id_of("ref", 9))).refused(RefundUnknown(id_of("ref", 9)))
    story.when(approve(refund=id_of("ref", 9))).refused(RefundUnknown(id_of("ref", 9)))


@pytest.mark.parametrize("kind", ["per_refund", "per_day"])
@pytest.mark.parametrize("role", ["agent", "supervisor"])
def test_changing_a_limit_of_the_policy_changes_who_decides(role: str, kind: str) -> None:
    limits: Limits = getattr(DEFAULT_EDITION, f"{role}_limits")
    lower = msgspec.structs.replace(limits, **{kind: {"USD": 99}})
    edition = msgspec.structs.replace(DEFAULT_EDITION, **{f"{role}_limits": lower})
    story = pillows(2).record(PolicyAdopted(edition=edition, effective_from=EARLIEST))
    actor = AGENT if role == "agent" else SUPERVISOR
    escalated = story.by(actor).when(grant((1, 1), deciding=deciding(actor.person))).decides(RefundEscalated)
    assert (escalated.exceeded, escalated.limit) == (kind, 99)


# Signals inform


def signals(events: tuple[Any, ...]) -> list[tuple[str, int]]:
    """The kinds of the signals among those events, and how many refunds each rests on."""
    return [(it.kind, len(it.refunds)) for it in events if isinstance(it, FraudSignalRaised)]


def test_the_third_refund_in_thirty_days_is_told_and_granted_all_the_same() -> None:
    story = pillows(200)
    assert signals(story.do(grant((1, 1), refund=id_of("ref", 11)))) == []
    story.on("2010-09-08")
    assert (
        signals(story.do(grant((1, 1), refund=id_of("ref", 12), deciding=deciding(day="2010-09-08")))) == []
    )
    third = story.do(grant((1, 1), refund=id_of("ref", 13), deciding=deciding(day="2010-09-08")))
    assert signals(third) == [("refunds_in_short_time", 3)]
    assert isinstance(third[0], RefundGranted)
    fourth = story.do(grant((1, 1), refund=id_of("ref", 14), deciding=deciding(day="2010-09-08")))
    assert signals(fourth) == [], "the first is still to be looked at"


@pytest.mark.parametrize(
    ("basis", "counts"), [("price_paid", True), ("stated", True), ("undelivered", False), ("credit", False)]
)
def test_only_a_refund_of_goods_counts_towards_a_signal(basis: str, counts: bool) -> None:
    story = given(customer_registered(), placed(), refund_granted(basis=basis))
    facts = story.facts(CUSTOMER, story.at)
    assert [it.refund for it in facts.refunds] == [REFUND] * counts


def test_a_refund_taken_back_counts_towards_no_signal_from_its_correction_on() -> None:
    # Fold no correction → the third grant, the only refund there is, raises a signal, and this fails.
    story = pillows(200)
    for number in (11, 12):
        story.do(grant((1, 1), refund=id_of("ref", number)))
    granted_by = story.at
    story.by(SUPERVISOR).on("2010-08-11").because("sealed:the wrong customer")
    for nth in (1, 2):
        story.do(correct(story, RefundGranted, nth))
    on_this_day = deciding(SUPERVISOR.person, "2010-08-11")
    assert signals(story.do(grant((1, 1), refund=id_of("ref", 13), deciding=on_this_day))) == []
    assert [it.refund for it in story.facts(CUSTOMER, story.at).refunds] == [id_of("ref", 13)]
    before = story.facts(CUSTOMER, granted_by).refunds
    assert [it.refund for it in before] == [id_of("ref", 11), id_of("ref", 12)], "they stood until then"


def test_what_lies_longer_back_is_no_signal() -> None:
    story = pillows(200)
    story.do(grant((1, 1), refund=id_of("ref", 11)))
    story.on("2010-09-09")
    story.do(grant((1, 1), refund=id_of("ref", 12), deciding=deciding(day="2010-09-09")))
    assert signals(story.do(grant((1, 1), deciding=deciding(day="2010-09-09")))) == []


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (("2010-09-08", "2010-09-09"), []),  # thirty days from the 10th of August end on the 8th
        (("2010-08-25", "2010-09-08"), [("refunds_in_short_time", 3)]),
    ],
)
def test_entering_late_tells_as_much_as_entering_in_time(days: tuple[str, str], told: Any) -> None:
    # Count what was there as of the refund's own day → the second of them tells nothing, and this fails.
    story = pillows(200).with_now(moment("2010-09-20"))
    for number, day in enumerate(days):
        asked = grant((1, 1), refund=id_of("ref", 11 + number), deciding=deciding(day="2010-09-20"))
        assert signals(story.on(day).do(asked)) == []
    first = grant((1, 1), refund=id_of("ref", 13), deciding=deciding(day="2010-09-20"))
    assert signals(story.on("2010-08-10", "23:00").do(first)) == told


def test_the_fifth_refund_just_under_a_limit_by_one_person_is_told() -> None:
    # 142.50 is 5 % under 150.00.
    story = pillows(200, price=1425)
    for number in range(4):
        story.record(used(14300, day="2010-07-20", refund=id_of("ref", 20 + number), just_under=True))
    fifth = story.do(grant((1, 10), deciding=deciding()))
    assert signals(fifth) == [("just_under_limit", 5)]
    raised = next(it for it in fifth if isinstance(it, FraudSignalRaised))
    assert (raised.person, raised.days) == (AGENT.person, 30)
    below = pillows(200, price=1424)
    for number in range(4):
        below.record(used(14300, day="2010-07-20", refund=id_of("ref", 20 + number), just_under=True))
    assert signals(below.do(grant((1, 10)))) == []
    before = pillows(200, price=1425)
    for number in range(4):
        before.record(used(14300, day="2010-07-11", refund=id_of("ref", 20 + number), just_under=True))
    assert signals(before.do(grant((1, 10)))) == []


def test_signals_of_a_person_rest_on_as_many_days_as_the_edition_says() -> None:
    # Thirty days, today included: the first of them counts and the one before does not.
    for day, told in (("2010-07-12", [("just_under_limit", 5)]), ("2010-07-11", [])):
        story = pillows(200, price=1425)
        for number in range(4):
            story.record(used(14300, day=day, refund=id_of("ref", 20 + number), just_under=True))
        asked = grant((1, 10), deciding=Deciding(AGENT.person, "2010-08-10", "2010-07-01"))
        assert signals(story.do(asked)) == told


def test_a_signal_about_one_person_waits_for_none_about_another() -> None:
    # Compare what waits by its kind alone → nobody is told of the second person, and this fails.
    for waits, told in ((SUPERVISOR, [("just_under_limit", 5)]), (AGENT, [])):
        story = pillows(200, price=1425).record(about(waits))
        for number in range(4):
            story.record(used(14300, day="2010-07-20", refund=id_of("ref", 20 + number), just_under=True))
        assert signals(story.do(grant((1, 10), deciding=deciding()))) == told


def about(person: Actor) -> FraudSignalRaised:
    return FraudSignalRaised(
        customer=CUSTOMER,
        kind="just_under_limit",
        refund=REFUND,
        person=person.person,
        refunds=(REFUND,),
        days=30,
    )


def test_nobody_looks_at_a_signal_about_themselves() -> None:
    # Ask for the role alone → a supervisor waves their own grants through, and this fails.
    story = given(customer_registered(), about(SUPERVISOR))
    dismiss = DismissFraudSignal(customer=CUSTOMER, refund=REFUND, kind="just_under_limit")
    story.by(SUPERVISOR).when(dismiss).refused(SignalAboutYou(CUSTOMER, REFUND, "just_under_limit"))
    story.by(OWNER).when(dismiss).then(
        FraudSignalDismissed(customer=CUSTOMER, refund=REFUND, kind="just_under_limit", note=None)
    )


def test_what_goes_back_before_it_shipped_is_no_signal() -> None:
    before = [refund_granted(refund=id_of("ref", 7 + n), basis="stated", order=None) for n in range(2)]
    story = given(customer_registered(), *before, placed())
    story.do(capture())
    undelivered = story.do(grant((1, 1)))
    assert signals(undelivered) == []
    assert [it.basis for it in undelivered if isinstance(it, RefundGranted)] == ["undelivered"]


def test_no_signal_is_dismissed_before_it_was_raised() -> None:
    story = pillows(200).on("2010-08-12")
    for number in (11, 12, 13):
        story.do(grant((1, 1), refund=id_of("ref", number), deciding=deciding(day="2010-08-12")))
    raised_at = story.at
    early = story.by(SUPERVISOR).with_now(raised_at).on("2010-08-11")
    dismiss = DismissFraudSignal(customer=CUSTOMER, refund=id_of("ref", 13), kind="refunds_in_short_time")
    early.when(dismiss).refused(EffectiveBeforeCause(early.at, raised_at))


def test_a_signal_is_dismissed_by_a_supervisor_and_may_then_come_again() -> None:
    story = pillows(200)
    for number in (11, 12, 13):
        story.do(grant((1, 1), refund=id_of("ref", number)))
    kind = "refunds_in_short_time"
    dismiss = DismissFraudSignal(customer=CUSTOMER, refund=id_of("ref", 13), kind=kind, note="sealed:fine")
    story.when(dismiss).refused(RoleTooLow("agent", "supervisor"))
    story.when(DismissFraudSignal(customer=CUSTOMER, refund=REFUND, kind=kind)).refused(
        SignalUnknown(CUSTOMER, REFUND, kind)
    )
    story.by(SUPERVISOR).when(dismiss).then(
        FraudSignalDismissed(customer=CUSTOMER, refund=id_of("ref", 13), kind=kind, note="sealed:fine")
    )
    story.by(AGENT)
    assert signals(story.do(grant((1, 1), refund=id_of("ref", 14)))) == [(kind, 4)]


def test_history_has_no_number_and_counts_against_no_day_and_is_no_signal() -> None:
    line = OrderLine(1, "PILLOW", "", 9, 100, 0, 0)
    story = Story(opened=msgspec.structs.replace(OPENED, cut_over="2010-08-11")).by(OWNER).from_("import")
    story.record(customer_registered(), placed(lines=(line,), shipping=0, total=900))
    story.do(capture(amount=900))
    story.do(ship((1, 9)))
    for number in range(1, 5):
        decided = story.do(grant((1, 1), refund=id_of("ref", number), deciding=None))
        (event,) = decided
        assert isinstance(event, RefundGranted)
        assert (event.number, event.deadlines, event.decided_as) == (None, (), "owner")


def test_a_request_says_who_took_it_down() -> None:
    story = pillows(200)
    asked = story.when(grant((1, 151))).decides(RefundRequested)
    assert (asked.requested_by, asked.amount, asked.deadlines) == (AGENT.person, 15100, ())


def test_credit_that_goes_back_is_no_signal_beside_what_nobody_could_verify() -> None:
    story = kept()
    story.do(grant_unverified(ClaimedUnits(1, "X", amount=100), refund=OTHER_REFUND))
    events = story.do(pay_out_credit(7595, refund=id_of("ref", 3)))
    assert signals(events) == []


def test_a_deposit_that_goes_back_counts_against_no_limit() -> None:
    assert refund_granted().against_limits == 0


def test_the_most_that_lie_close_together_are_told_and_not_the_newest() -> None:
    story = pillows(200).with_now(moment("2010-09-30"))
    for number, day in ((11, "2010-08-20"), (12, "2010-08-21"), (13, "2010-09-25")):
        asked = grant((1, 1), refund=id_of("ref", number), deciding=deciding(day="2010-09-30"))
        assert signals(story.on(day).do(asked)) == []
    between = grant((1, 1), refund=id_of("ref", 14), deciding=deciding(day="2010-09-30"))
    assert signals(story.on("2010-08-30").do(between)) == [("refunds_in_short_time", 3)]
