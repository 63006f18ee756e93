"""New credit is given within the limit for gestures; above it the next role decides, and nothing is refused.

Source: R-G11, R-S8
"""

from typing import Any

import msgspec
import pytest

from domain.authority import RoleTooLow
from domain.book.default_edition import DEFAULT_EDITION
from domain.book.policy import Limits, PolicyAdopted
from domain.causes import EffectiveBeforeCause
from domain.customers.giving_credit import (
    ApproveStoreCredit,
    StoreCreditGiven,
    StoreCreditNoLongerWanted,
    StoreCreditUnknown,
    WithdrawStoreCredit,
)
from domain.customers.registering import CustomerUnknown
from domain.decision import Actor
from domain.moments import EARLIEST
from domain.payments.payment_events import (
    CreditNoteLine,
    StoreCreditEscalated,
    StoreCreditGranted,
    StoreCreditRequested,
    StoreCreditWithdrawn,
)
from domain.refunds.limits import ApproverIsRequester
from domain.retry import AlreadyRecordedOtherwise
from projections.bill_tasks import Task
from projections.folding import folding_of
from projections.store_credits import StoreCreditRow, StoreCredits
from projections.tasks import Tasks
from tests.domain.bill_examples import OTHER_CREDIT, credit_given, credit_kept, give_credit
from tests.domain.examples import CUSTOMER, ORDER, customer_registered, id_of, placed, register
from tests.domain.specification import AGENT, OWNER, SUPERVISOR, Story, given

NINTH = id_of("crd", 9)


def approve(credit: str = OTHER_CREDIT) -> ApproveStoreCredit:
    return ApproveStoreCredit(customer=CUSTOMER, credit=credit)


def withdraw(credit: str = OTHER_CREDIT) -> WithdrawStoreCredit:
    return WithdrawStoreCredit(customer=CUSTOMER, credit=credit)


def available(story: Story) -> int:
    credit = story.state(CUSTOMER).credit.get("USD")
    return 0 if credit is None else credit.available


def rows(story: Story, projection: Any) -> list[Any]:
    folding = folding_of(projection)
    for entry in story.entries:
        if type(entry.event) in projection.handles:
            folding.feed(entry)
    assert not folding.parked
    return list(folding.rows())


def escalated(amount: int = 5_001) -> Story:
    """An agent would give more than a gesture of 50.00."""
    story = given(customer_registered())
    story.do(give_credit(amount))
    return story


def test_credit_within_the_limit_is_given_at_once() -> None:
    story = given(customer_registered())
    story.when(give_credit(5_000)).then(credit_given(5_000))
    assert available(story) == 5_000


def test_above_the_limit_it_goes_to_the_next_role_and_nothing_is_given_yet() -> None:
    # Give it all the same → this fails.
    story = given(customer_registered())
    told = story.when(give_credit(5_001)).decides(StoreCreditEscalated)
    assert (told.amount, told.limit, told.from_role, told.to_role) == (5_001, 5_000, "agent", "supervisor")
    assert [deadline.kind for deadline in told.deadlines] == ["credit_decision"]
    assert available(story) == 0
    asked = story.entries[-2].event
    assert isinstance(asked, StoreCreditRequested)
    assert (asked.amount, asked.requested_by) == (5_001, AGENT.person)


def test_a_supervisors_limit_sends_it_to_the_owner_who_has_none() -> None:
    story = given(customer_registered()).by(SUPERVISOR)
    story.when(give_credit(25_000, credit=NINTH)).decides(StoreCreditGranted)
    assert story.when(give_credit(25_001)).decides(StoreCreditEscalated).to_role == "owner"
    event = story.by(OWNER).when(approve()).decides(StoreCreditGranted)
    assert (event.decided_as, event.limit, event.requested_by) == ("owner", None, SUPERVISOR.person)
    assert available(story) == 50_001


def test_another_person_approves_whoever_s_key_is_used() -> None:
    # Compare keys instead of persons → this fails.
    story = escalated()
    for requester in (AGENT, Actor(person="per_service", role="supervisor", on_behalf_of=AGENT.person)):
        story.by(requester).when(approve()).refused(ApproverIsRequester(OTHER_CREDIT, "supervisor"))
    event = story.by(SUPERVISOR).when(approve()).decides(StoreCreditGranted)
    assert (event.amount, event.decided_by, event.requested_by) == (5_001, SUPERVISOR.person, AGENT.person)
    assert event.limit == 25_000
    story.by(OWNER).when(approve()).nothing()
    assert available(story) == 5_001


def test_above_the_approvers_limit_it_goes_on_to_the_owner() -> None:
    # Ask only that it is another person → a colleague approves what waits for the owner, and this fails.
    story = escalated(25_001)
    other_supervisor = Actor(person=id_of("per", 78), role="supervisor")
    story.by(COLLEAGUE).when(approve()).refused(RoleTooLow("agent", "supervisor"))
    sent_on = story.by(SUPERVISOR).when(approve()).decides(StoreCreditEscalated)
    assert (sent_on.to_role, sent_on.sent_on_by) == ("owner", SUPERVISOR.person)
    story.by(SUPERVISOR).when(approve()).nothing()
    story.by(COLLEAGUE).when(approve()).refused(RoleTooLow("agent", "owner"))
    story.by(other_supervisor).when(approve()).refused(RoleTooLow("supervisor", "owner"))
    story.by(OWNER).when(approve()).decides(StoreCreditGranted)


def test_what_waits_for_a_supervisor_waits_for_one_whatever_another_edition_lets_agents_do() -> None:
    story = escalated()
    limits = Limits(per_refund={}, per_gesture={"USD": 10_000}, per_day={})
    edition = msgspec.structs.replace(DEFAULT_EDITION, agent_limits=limits)
    story.record(PolicyAdopted(edition=edition, effective_from=EARLIEST))
    story.by(COLLEAGUE).when(approve()).refused(RoleTooLow("agent", "supervisor"))
    story.by(SUPERVISOR).when(approve()).decides(StoreCreditGranted)


def test_the_limit_is_per_case_and_gestures_of_one_case_add_up() -> None:
    # Leave the sum out → two halves pass where the whole does not, and this fails.
    story = given(customer_registered())
    story.do(give_credit(3_000, case="cas_1"))
    told = story.when(give_credit(2_001, credit=NINTH, case="cas_1")).decides(StoreCreditEscalated)
    assert told.amount == 5_001
    story.when(give_credit(2_000, credit=id_of("crd", 10), case="cas_1")).decides(StoreCreditGranted)
    story.when(give_credit(5_000, credit=id_of("crd", 11), case="cas_2")).decides(StoreCreditGranted)
    story.when(give_credit(5_000, credit=id_of("crd", 12))).decides(StoreCreditGranted)


COLLEAGUE = Actor(person=id_of("per", 77), role="agent")


@pytest.mark.parametrize(("second", "is_given"), [(2_000, True), (2_001, False)])
def test_without_a_case_what_a_customer_gets_on_one_day_adds_up(second: int, is_given: bool) -> None:
    # Count only what was given in a case → 50.00 again and again without limit, and this fails.
    story = given(customer_registered())
    story.do(give_credit(3_000))
    asked = story.by(COLLEAGUE).when(give_credit(second, credit=NINTH))  # whoever gives it
    told = asked.decides(StoreCreditGranted if is_given else StoreCreditEscalated)
    assert told.amount == (2_000 if is_given else 5_001)


def test_what_was_approved_or_given_by_a_supervisor_counts_that_day_too() -> None:
    story = escalated()
    story.by(SUPERVISOR).do(approve())
    story.by(AGENT).when(give_credit(1, credit=NINTH)).decides(StoreCreditEscalated)
    rest = give_credit(19_999, credit=id_of("crd", 10))
    story.by(SUPERVISOR).when(rest).decides(StoreCreditGranted)
    story.when(give_credit(1, credit=id_of("crd", 11))).decides(StoreCreditEscalated)


def test_what_was_only_asked_for_counts_nowhere() -> None:
    story = escalated()
    story.when(give_credit(5_000, credit=NINTH)).decides(StoreCreditGranted)


def test_another_day_customer_or_currency_is_another_gesture() -> None:
    limits = Limits(per_refund={}, per_gesture={"USD": 5_000, "EUR": 5_000}, per_day={})
    edition = msgspec.structs.replace(DEFAULT_EDITION, agent_limits=limits)
    other = id_of("cus", 8)
    story = given(
        customer_registered(),
        customer_registered(customer=other),
        PolicyAdopted(edition=edition, effective_from=EARLIEST),
    )
    story.on("2010-08-10", "23:59").do(give_credit(5_000))
    in_euros = give_credit(5_000, credit=NINTH, currency="EUR")
    story.when(in_euros).decides(StoreCreditGranted)
    story.when(give_credit(5_000, credit=id_of("crd", 10), customer=other)).decides(StoreCreditGranted)
    story.when(give_credit(1, credit=id_of("crd", 11))).decides(StoreCreditEscalated)
    story.on("2010-08-11", "00:00")
    story.when(give_credit(5_000, credit=id_of("crd", 12))).decides(StoreCreditGranted)


def test_the_day_is_that_of_deciding_not_of_taking_effect() -> None:
    # Name the day by `given.at` → dating back gives a fresh limit, and this fails.
    story = given(customer_registered()).on("2010-08-12")
    story.do(give_credit(5_000))
    story.with_now(story.at).on("2010-08-11")
    story.when(give_credit(1, credit=NINTH)).decides(StoreCreditEscalated)


def test_what_an_import_tells_of_counts_on_no_day() -> None:
    story = given(customer_registered()).by(OWNER).from_("import")
    assert story.when(give_credit(90_000)).decides(StoreCreditGranted).counts_on is None
    at_the_limit = give_credit(5_000, credit=id_of("crd", 8))
    assert story.by(AGENT).when(at_the_limit).decides(StoreCreditGranted).counts_on is None
    story.by(AGENT).from_("api").when(give_credit(5_000, credit=NINTH)).decides(StoreCreditGranted)


def test_who_decides_nothing_alone_sends_it_to_the_owner() -> None:
    story = given(customer_registered()).by(Actor(person=id_of("per", 9), role="courier"))
    told = story.when(give_credit(1)).decides(StoreCreditEscalated)
    assert (told.limit, told.to_role) == (0, "owner")


def test_credit_is_given_with_its_note_and_case() -> None:
    story = given(customer_registered())
    asked = give_credit(1, note="sealed:sorry", case="case-1")
    story.when(asked).then(credit_given(1, note="sealed:sorry", case="case-1", counts_on=None))
    line = CreditNoteLine(reference="CN-7", line=2, sku="DRESS-36")
    told = give_credit(1, credit=NINTH, said_by=line)
    assert story.when(told).decides(StoreCreditGranted).said_by == line


def test_a_currency_without_a_limit_goes_up() -> None:
    story = given(customer_registered())
    told = story.when(give_credit(1, currency="CHF")).decides(StoreCreditEscalated)
    assert told.limit == 0


def test_what_waits_is_withdrawn_and_then_not_given() -> None:
    story = escalated()
    story.when(withdraw()).decides(StoreCreditWithdrawn)
    story.when(withdraw()).nothing()
    story.by(SUPERVISOR).when(approve()).refused(StoreCreditNoLongerWanted(OTHER_CREDIT))
    assert available(story) == 0


def test_what_was_given_is_not_withdrawn() -> None:
    story = given(customer_registered())
    story.do(give_credit(1))
    story.when(withdraw()).refused(StoreCreditGiven(OTHER_CREDIT))
    story.when(approve()).nothing()


def test_what_nobody_asked_for_is_neither_approved_nor_withdrawn() -> None:
    for command in (approve, withdraw):
        story = given(customer_registered())
        story.when(command()).refused(StoreCreditUnknown(OTHER_CREDIT))
        given().when(command()).refused(CustomerUnknown(CUSTOMER))


def test_credit_needs_a_customer_and_is_given_or_asked_for_once() -> None:
    given().when(give_credit(1)).refused(CustomerUnknown(CUSTOMER))
    for amount in (500, 5_001):
        story = given(customer_registered())
        story.do(give_credit(amount))
        story.when(give_credit(amount)).nothing()
        story.when(give_credit(amount + 1)).refused(AlreadyRecordedOtherwise(OTHER_CREDIT))
        story.when(give_credit(amount, kind="adjustment")).refused(AlreadyRecordedOtherwise(OTHER_CREDIT))


def test_nothing_is_given_under_the_name_of_credit_that_is_their_own_money() -> None:
    story = given(customer_registered(), placed(), credit_kept(500, credit=OTHER_CREDIT))
    story.when(give_credit(500)).refused(AlreadyRecordedOtherwise(OTHER_CREDIT))


def test_it_is_not_given_before_the_customer_was_known_nor_approved_before_it_was_asked_for() -> None:
    story = given()
    story.do(register())
    registered = story.at
    story.with_now(registered).on("2010-08-09")
    story.when(give_credit(1)).refused(EffectiveBeforeCause(story.at, registered))
    for command in (approve, withdraw):
        story = escalated()
        asked = story.at
        story.with_now(asked).on("2010-08-09").by(SUPERVISOR)
        story.when(command()).refused(EffectiveBeforeCause(story.at, asked))


def test_it_is_a_task_of_the_role_it_waits_for_until_it_is_decided() -> None:
    story = escalated(25_001)
    (task,) = rows(story, Tasks())
    assert isinstance(task, Task)
    assert (task.kind, task.subject, task.assignee) == ("credit_decision", OTHER_CREDIT, "supervisor")
    story.by(SUPERVISOR).do(approve())
    (task,) = rows(story, Tasks())
    assert task.assignee == "owner"
    story.by(OWNER).do(approve())
    assert rows(story, Tasks()) == []
    story = escalated()
    story.do(withdraw())
    assert rows(story, Tasks()) == []


def test_the_list_of_credit_says_who_asked_who_gave_it_and_under_what() -> None:
    story = escalated()
    (row,) = rows(story, StoreCredits())
    assert isinstance(row, StoreCreditRow)
    assert (row.stage, row.asked, row.granted, row.escalated_to) == ("escalated", 5_001, 0, "supervisor")
    story.by(SUPERVISOR).do(approve())
    (row,) = rows(story, StoreCredits())
    assert (row.stage, row.granted, row.requested_by) == ("granted", 5_001, AGENT.person)
    assert (row.decided_by, row.decided_as, row.limit) == (SUPERVISOR.person, "supervisor", 25_000)
    story = escalated()
    story.do(withdraw())
    (row,) = rows(story, StoreCredits())
    assert (row.stage, row.granted) == ("withdrawn", 0)


@pytest.mark.parametrize(("field", "value"), [("amount", 0), ("kind", "bribe"), ("credit", ORDER)])
def test_credit_out_of_range_cannot_be_asked(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=rf"{field}|expected the id"):
        give_credit(**{"amount": 1, field: value})
