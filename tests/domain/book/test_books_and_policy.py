"""Opening a book, its persons and policy editions, and what every decision checks about time.

Source: §2 Streams, §3
"""

from typing import Any

import msgspec
import pytest

from domain.bills.bill_events import BillIssued
from domain.bills.collecting import RecordCollectionCall
from domain.book.adopting import EditionBeforeAdoption
from domain.book.default_edition import DEFAULT_ADOPTED, DEFAULT_EDITION
from domain.book.opening import BookNotOpened, BookOpenedOtherwise
from domain.book.policy import (
    MOST_SIGNAL_DAYS,
    AdoptPolicy,
    Edition,
    Limits,
    PolicyAdopted,
    evolve_policy,
)
from domain.book.register import BookOpened, OpenBook, PersonRegistered, RegisterPerson
from domain.command import Command
from domain.decision import Actor, Decision
from domain.decisions import DECISIONS, BackdatedTooFar, EffectiveInFuture, EffectiveTooEarly, decide
from domain.entry import Event, Meta
from domain.moments import EARLIEST, FIRST_EFFECTIVE, MINUTE
from domain.orders.order_events import Deadline, GuaranteeGranted, OrderPlaced, OverdueBill
from domain.refunds.refund_events import ClaimedUnits, RefundedPart
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.bill_examples import OVERDUE, review
from tests.domain.decline_examples import (
    PHONE,
    ann,
    attempted,
    card_failed,
    charge,
    declined,
    fail,
    give_up,
    held,
    reach,
    tried,
)
from tests.domain.examples import (
    BILL,
    DELIVERY,
    NEW_BILL,
    ORDER,
    OTHER_BILL,
    OTHER_ORDER,
    SHIPMENT,
    billed,
    capture,
    captured,
    card_stored,
    customer_registered,
    deliver,
    delivered,
    guaranteed,
    id_of,
    place,
    placed,
    refund_granted,
    register,
    ship,
    shipped,
)
from tests.domain.refund_examples import deciding, grant, grant_unverified, used
from tests.domain.return_examples import ask_back
from tests.domain.specification import AGENT, NOON, OPENED, OWNER, SUPERVISOR, ZONE, Story, given, moment

PERSON = id_of("per")
DAY = 24 * 60 * MINUTE


def unopened() -> Story:
    return Story(opened=None)


def test_a_book_opens_with_the_default_edition() -> None:
    unopened().when(OpenBook(zone=ZONE, country="US")).then(OPENED, DEFAULT_ADOPTED)


def test_a_book_opens_once() -> None:
    given().when(OpenBook(zone=ZONE, country="US")).nothing()
    other = OpenBook(zone=ZONE, country="US", demo=True)
    given().when(other).refused(BookOpenedOtherwise(ZONE, "US"))


def test_a_book_keeps_the_day_it_went_live() -> None:
    command = OpenBook(zone=ZONE, country="US", cut_over="2010-08-11")
    story = unopened()
    story.when(command).then(msgspec.structs.replace(OPENED, cut_over="2010-08-11"), DEFAULT_ADOPTED)
    story.when(OpenBook(zone=ZONE, country="US", cut_over="2010-08-12")).refused(
        BookOpenedOtherwise(ZONE, "US")
    )


def test_nothing_is_recorded_in_a_book_not_yet_opened() -> None:
    unopened().when(register()).refused(BookNotOpened())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("zone", "Mars/Olympus"),
        ("zone", "../etc/passwd"),
        ("country", "usa"),
        ("cut_over", "20110101"),
        ("cut_over", "soon"),
    ],
)
def test_a_book_has_a_zone_and_a_country(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"{field}|Invalid isoformat"):
        OpenBook(**{"zone": ZONE, "country": "US", field: value})


def test_a_person_is_registered_once() -> None:
    command = RegisterPerson(person=PERSON, name="sealed:Ann", role="agent")
    story = given()
    story.when(command).then(PersonRegistered(person=PERSON, name="sealed:Ann", role="agent"))
    other = RegisterPerson(person=PERSON, name="sealed:Ann", role="owner")
    story.when(other).refused(AlreadyRecordedOtherwise(PERSON))


def test_a_role_is_one_of_five() -> None:
    role: Any = "boss"
    with pytest.raises(ValueError, match="agent, supervisor, owner, auditor, service"):
        RegisterPerson(person=PERSON, name="sealed:Ann", role=role)


# Policy

LONGER = msgspec.structs.replace(DEFAULT_EDITION, guarantee_months=12)


def adopt(edition: Edition = LONGER, effective_from: int = NOON) -> AdoptPolicy:
    return AdoptPolicy(edition=edition, effective_from=effective_from)


def test_an_edition_is_adopted_from_now_on_at_the_earliest() -> None:
    given().when(adopt()).then(PolicyAdopted(edition=LONGER, effective_from=NOON))
    given().when(adopt(effective_from=NOON - 1)).refused(EditionBeforeAdoption(NOON - 1, NOON))


def test_an_edition_is_never_in_force_before_it_is_recorded_whatever_moment_the_owner_names() -> None:
    # Compare effective_from with `given.at` → this fails: the past would be decided under another policy.
    story = given().by(OWNER).with_now(NOON + 30 * DAY)
    story.when(adopt(effective_from=NOON)).refused(EditionBeforeAdoption(NOON, NOON + 30 * DAY))
    story.when(adopt(effective_from=NOON + 30 * DAY)).then(
        PolicyAdopted(edition=LONGER, effective_from=NOON + 30 * DAY)
    )


def test_an_edition_adopted_from_no_moment_on_holds_from_the_books_now() -> None:
    at_once = AdoptPolicy(edition=LONGER)
    story = given().by(OWNER).with_now(NOON + DAY)
    story.when(at_once).then(PolicyAdopted(edition=LONGER, effective_from=NOON + DAY))


def test_the_edition_in_force_is_not_adopted_again() -> None:
    # Compare with the now of the command instead → this fails: the same file twice makes two editions.
    story = given().by(OWNER).with_now(NOON)
    story.do(AdoptPolicy(edition=LONGER))
    story.with_now(NOON + DAY)
    story.when(AdoptPolicy(edition=LONGER)).nothing()
    story.do(adopt(DEFAULT_EDITION, effective_from=NOON + 3 * DAY))
    story.when(AdoptPolicy(edition=DEFAULT_EDITION)).then(
        PolicyAdopted(edition=DEFAULT_EDITION, effective_from=NOON + DAY)
    )


def test_why_an_edition_was_adopted_stands_with_its_entry() -> None:
    story = given(PolicyAdopted(edition=LONGER, effective_from=NOON))
    entry = msgspec.structs.replace(
        story.entries[-1], meta=Meta(person="per_1", role="owner", origin="api", reason="sealed:Meeting")
    )
    assert evolve_policy(None, entry).editions[-1].reason == "sealed:Meeting"


def test_of_the_editions_in_force_the_last_adopted_counts() -> None:
    story = given()
    story.do(adopt(LONGER, effective_from=NOON + 10 * DAY))
    story.do(adopt(DEFAULT_EDITION, effective_from=NOON + 5 * DAY))
    policy = story.state("policy")
    assert policy.version_in_force(NOON) == 1
    assert policy.version_in_force(NOON + 5 * DAY - 1) == 1
    assert policy.version_in_force(NOON + 5 * DAY) == 3
    assert policy.version_in_force(NOON + 10 * DAY) == 3


def test_an_edition_adopted_again_after_another_is_a_new_adoption() -> None:
    story = given()
    story.do(adopt(LONGER))
    story.when(adopt(LONGER)).nothing()
    story.do(adopt(DEFAULT_EDITION))
    story.when(adopt(LONGER)).then(PolicyAdopted(edition=LONGER, effective_from=NOON))


def test_the_default_edition_holds_since_the_first_day() -> None:
    policy = given().state("policy")
    assert policy.in_force(EARLIEST) == DEFAULT_EDITION
    assert policy.version_in_force(EARLIEST - 1) is None
    with pytest.raises(LookupError, match="never opened"):
        policy.in_force(EARLIEST - 1)


NOTHING = Limits(per_refund={}, per_gesture={}, per_day={})
RANGES = {
    "guarantee_months": (0, 1_200),
    "collection_call_months": (0, 1_200),
    "next_call_months": (0, 1_200),
    "thank_hours": (0, 8_760),
    "signal_unverified": (1, 1_000),
    "signal_refunds": (1, 1_000),
    "signal_just_under": (1, 1_000),
    "signal_days": (1, MOST_SIGNAL_DAYS),
    "signal_margin": (0, 10_000),
}
"""What an edition may say; days may be 0 to 36,500."""
NUMBERS = [field.name for field in msgspec.structs.fields(Edition) if field.type is int]
AMOUNTS = ("keep_under", "return_shipping", "restocking")


@pytest.mark.parametrize("field", NUMBERS)
def test_an_edition_out_of_range_does_not_exist(field: str) -> None:
    least, most = RANGES.get(field, (0, 36_500))
    for value in (least, most):
        assert getattr(msgspec.structs.replace(DEFAULT_EDITION, **{field: value}), field) == value
    for value in (least - 1, most + 1):
        with pytest.raises(ValueError, match=f"{field} must be"):
            msgspec.structs.replace(DEFAULT_EDITION, **{field: value})


@pytest.mark.parametrize("amounts", [{}, {"USD": 0}, {"USD": 2**53, "EUR": 1}])
def test_amounts_of_an_edition_are_minor_units_by_currency(amounts: dict[str, int]) -> None:
    for field in AMOUNTS:
        msgspec.structs.replace(DEFAULT_EDITION, **{field: amounts})
    for kind in Limits.__struct_fields__:
        msgspec.structs.replace(NOTHING, **{kind: amounts})


@pytest.mark.parametrize("amounts", [{"USD": -1}, {"USD": 2**53 + 1}, {"EUR": 1, "XAU": 1}, {"usd": 1}])
def test_other_amounts_than_those_do_not_exist(amounts: dict[str, int]) -> None:
    for field in AMOUNTS:
        with pytest.raises(ValueError, match=f"{field} must be minor units"):
            msgspec.structs.replace(DEFAULT_EDITION, **{field: amounts})
    for kind in Limits.__struct_fields__:
        with pytest.raises(ValueError, match=f"{kind} must be minor units"):
            msgspec.structs.replace(NOTHING, **{kind: amounts})


# Every value of an edition changes a decision


def _outcome(
    *events: Event, command: Any, day: str, edition: Edition, by: Actor = AGENT
) -> Decision | Refusal:
    story = given(customer_registered(), *events).by(by).because("sealed:It is time")
    story.record(PolicyAdopted(edition=edition, effective_from=EARLIEST))
    story.on(day).with_now(moment("2010-08-20"))
    try:
        return decide(command, story.given(command))
    except Refusal as refusal:
        return refusal


SHIP_ON_BILL = {"command": ship(shipment=id_of("shp", 9), bill=NEW_BILL), "day": "2010-08-16"}

UNPAID = (placed(terms="bill_after"),)
_DECLINED = (ann(), placed(), attempted(), declined(), held())
TWO_REFUNDS = (
    refund_granted(refund=id_of("ref", 7), basis="stated", order=None),
    refund_granted(refund=id_of("ref", 8), basis="stated", order=None),
)
UNDER = tuple(used(14_300, day="2010-08-15", refund=id_of("ref", 10 + n), just_under=True) for n in range(4))
JUST_UNDER = grant_unverified(ClaimedUnits(1, "SWING", amount=14_250), deciding=deciding(day="2010-08-20"))
REFUND_ONE = {"command": grant((1, 1), deciding=deciding(day="2010-08-20")), "day": "2010-08-16"}
REFUND_UNVERIFIED = {"command": JUST_UNDER, "day": "2010-08-16"}
ONE_REFUNDED = (
    *(placed(), captured(), shipped(), delivered(), guaranteed()),
    refund_granted(
        basis="price_paid",
        parts=(RefundedPart(line=1, quantity=1, shipment=SHIPMENT, delivery=DELIVERY, goods=3_400, tax=0),),
    ),
)
ASK_BACK = {"command": ask_back(), "day": "2010-08-16"}
BEFORE: dict[str, tuple[Event, ...]] = {
    "signal_unverified": TWO_REFUNDS[:1],
    "signal_refunds": TWO_REFUNDS,
    "signal_days": TWO_REFUNDS,
    "signal_just_under": UNDER,
    "signal_margin": UNDER,
    "keep_under": ONE_REFUNDED,
    "return_shipping": ONE_REFUNDED,
    "restocking": ONE_REFUNDED,
    "bill_due_days": UNPAID,
    "first_reminder_days": UNPAID,
    "second_reminder_days": UNPAID,
    "collection_call_months": UNPAID,
    "next_call_months": (
        PersonRegistered(person=PERSON, name="sealed:Ann", role="agent"),
        *UNPAID,
        shipped(),
        billed(deadlines=(Deadline("collection_call", NOON, NOON),)),
    ),
    "payment_first_days": (
        *OVERDUE,
        placed(watched_for=(OverdueBill(OTHER_BILL, OTHER_ORDER, "USD", 7595),)),
    ),
    "release_days": (placed(standing="existing", standing_rests_on=id_of("ord", 2)),),
    "effort_days": (placed(),),
    "effort_attempts": (*_DECLINED, tried(), tried(), tried(), tried(contact_point=PHONE.id)),
    "effort_again_days": _DECLINED,
    "card_tries": (placed(), card_stored(), card_failed()),
    "card_tries_days": (placed(), card_stored(), card_failed(), card_failed(), card_failed()),
}
"""What was recorded before the decision that a value changes, where it is not an order paid and shipped."""

DECIDED_BY: dict[str, tuple[Any, dict[str, Any]]] = {
    "guarantee_months": (7, {"command": deliver(), "day": "2010-08-16"}),
    "guarantee_starts": ("order", {"command": place(order=id_of("ord", 9)), "day": "2010-08-16"}),
    "supplier_days": (31, {"command": deliver(), "day": "2010-08-16"}),
    "supplier_starts": ("delivery", {"command": deliver(), "day": "2010-08-16"}),
    "bill_due_days": (14, SHIP_ON_BILL),
    "first_reminder_days": (8, SHIP_ON_BILL),
    "second_reminder_days": (31, SHIP_ON_BILL),
    "collection_call_months": (4, SHIP_ON_BILL),
    "next_call_months": (
        2,
        {
            "command": RecordCollectionCall(order=ORDER, bill=BILL, by=PERSON, outcome="not_reached"),
            "day": "2010-08-16",
        },
    ),
    "payment_first_days": (
        6,
        {
            "command": review("payment_first", days=7),
            "day": "2010-08-16",
            "by": OWNER,
        },
    ),
    "agent_limits": (NOTHING, REFUND_ONE),
    "supervisor_limits": (NOTHING, {**REFUND_ONE, "by": SUPERVISOR}),
    "refund_payout_days": (3, REFUND_ONE),
    "signal_unverified": (3, REFUND_UNVERIFIED),
    "signal_refunds": (4, REFUND_UNVERIFIED),
    "signal_days": (5, REFUND_UNVERIFIED),
    "signal_just_under": (6, REFUND_UNVERIFIED),
    "signal_margin": (499, REFUND_UNVERIFIED),
    "thank_hours": (48, {"command": place(order=id_of("ord", 9)), "day": "2010-08-16"}),
    "unshipped_days": (
        3,
        {"command": place(order=id_of("ord", 9), terms="bill_after"), "day": "2010-08-16"},
    ),
    "satisfaction_days": (14, {"command": deliver(), "day": "2010-08-16"}),
    "release_days": (5, {"command": fail(), "day": "2010-08-16"}),
    "effort_attempts": (4, {"command": give_up(), "day": "2010-08-16"}),
    "effort_days": (15, {"command": fail(), "day": "2010-08-16"}),
    "effort_again_days": (2, {"command": reach(), "day": "2010-08-16"}),
    "card_tries": (1, {"command": charge(), "day": "2010-08-16"}),
    "card_tries_days": (8, {"command": charge(), "day": "2010-08-17"}),
    "keep_under": ({"USD": 3_401}, ASK_BACK),
    "return_shipping": ({"USD": 3_050}, ASK_BACK),
    "restocking": ({"USD": 2_600}, ASK_BACK),
    "backdating_days": (3, {"command": deliver(), "day": "2010-08-16"}),
}


@pytest.mark.parametrize("value", Edition.__struct_fields__)
def test_changing_any_value_of_an_edition_changes_a_decision(value: str) -> None:
    # A value added to Edition without a decision that uses it fails here.
    other, asked = DECIDED_BY[value]
    events = BEFORE.get(value, (placed(), captured(), shipped()))
    edition = msgspec.structs.replace(DEFAULT_EDITION, **{value: other})
    as_is = _outcome(*events, **asked, edition=DEFAULT_EDITION)
    assert _outcome(*events, **asked, edition=edition) != as_is


def test_a_bill_and_a_window_follow_the_edition_adopted() -> None:
    edition = msgspec.structs.replace(DEFAULT_EDITION, bill_due_days=14, guarantee_months=12)
    story = given(PolicyAdopted(edition=edition, effective_from=EARLIEST), customer_registered())
    story.record(placed(terms="bill_after"))
    assert story.when(ship(bill=NEW_BILL)).decides(BillIssued).due_on == "2010-08-24"
    assert story.when(deliver()).decides(GuaranteeGranted).guarantee_until == "2011-08-10"


# Time


def test_nothing_takes_effect_in_the_future() -> None:
    story = given(customer_registered())
    story.with_now(NOON).on("2010-08-10", "12:00").when(place()).then(placed())
    late = given(customer_registered()).with_now(NOON - 1)
    refusal = EffectiveInFuture(NOON, NOON - 1)
    late.when(place()).refused(refusal)
    assert refusal.cause == (
        "What is recorded has happened: `effective_at` may be 2010-08-10T15:59:59.999999Z at the latest."
    )


def test_what_is_older_than_ninety_days_is_entered_by_the_owner_or_imported() -> None:
    old = given(customer_registered()).with_now(NOON + 90 * DAY)
    old.when(place()).then(placed())
    too_old = NOON + 90 * DAY + 1
    given(customer_registered()).with_now(too_old).when(place()).refused(BackdatedTooFar(NOON, 90))
    given(customer_registered()).with_now(too_old).by(OWNER).when(place()).then(placed())
    given(customer_registered()).with_now(too_old).from_("import").when(place()).then(placed())


def test_a_supervisor_enters_nothing_older_than_ninety_days_either() -> None:
    supervisor = Actor(person="per_01h455vb4pex5vsknk084sn02s", role="supervisor")
    old = given(customer_registered()).with_now(NOON + 90 * DAY + 1).by(supervisor)
    old.when(place()).refused(BackdatedTooFar(NOON, 90))


def test_a_retry_is_found_however_long_ago_it_happened() -> None:
    # Ask `is_backdated_too_far` before the decision → this fails.
    story = given(customer_registered(), placed()).with_now(NOON + 200 * DAY)
    story.when(place()).nothing()
    story.when(place(shipping=0)).refused(AlreadyRecordedOtherwise(ORDER))
    story.when(capture(amount=7596)).refused(BackdatedTooFar(NOON, 90))


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati"])
def test_nothing_takes_effect_before_1900(zone: str) -> None:
    # Leave the bound out → this fails: no date in New York names the first moment there is.
    for at in (EARLIEST, FIRST_EFFECTIVE - 1):
        early = Story(opened=BookOpened(zone=zone, country="US"))
        early.record(customer_registered()).by(OWNER).with_now(NOON)
        early.at = at
        early.when(place()).refused(EffectiveTooEarly(at, FIRST_EFFECTIVE))
    early.at = FIRST_EFFECTIVE
    early.when(place()).decides(OrderPlaced)


def test_every_command_has_its_decision() -> None:
    def leaves(kind: type[Command]) -> set[type[Command]]:
        below = {leaf for child in kind.__subclasses__() for leaf in leaves(child)}
        return below or {kind}

    domain_commands = {kind for kind in leaves(Command) if kind.__module__.startswith("domain.")}
    assert set(DECISIONS) == domain_commands


def test_every_command_names_its_streams() -> None:
    assert capture().writes() == (ORDER,)
    assert place(register=register()).writes() == (ORDER, register().customer)
    assert ship(bill=NEW_BILL).writes() == (ORDER, "number/bill/2010")
