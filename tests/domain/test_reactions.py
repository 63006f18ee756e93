"""What follows an entry by rule: what it is called, after what nothing follows, and ids that never change.

Source: §3
"""

from typing import Any
from uuid import RFC_4122, UUID

import msgspec
import pytest

from domain.book.register import BookOpened, Register
from domain.entry import Entry
from domain.ids import parse_type_id
from domain.moments import instant_of
from domain.reactions import asked_by, derived_id, key_of
from domain.refunds.payout_follows_grant import PayOut, PayoutFollowsGrant
from domain.refunds.refund_events import RefundGranted
from tests.domain.examples import CUSTOMER, ORDER
from tests.domain.return_examples import refunded
from tests.domain.specification import NOON, ZONE, Story

RULE = PayoutFollowsGrant()


def granted() -> Entry:
    """The entry of a grant."""
    (found,) = (entry for entry in refunded().entries if isinstance(entry.event, RefundGranted))
    return found


def went_live(day: str) -> Register:
    state = Story(opened=BookOpened(zone=ZONE, country="US", cut_over=day)).state("book")
    assert isinstance(state, Register)
    return state


def imported(entry: Entry) -> Entry:
    return msgspec.structs.replace(entry, meta=msgspec.structs.replace(entry.meta, origin="import"))


def test_a_rule_says_in_a_sentence_what_follows_what() -> None:
    assert RULE.meaning == "What a refund makes due back is sent back against the card payments it came with."


class Twofold(PayoutFollowsGrant):
    """What follows is said first.

    What else there is to know is not.
    """


def test_what_is_said_beside_the_sentence_is_not_told() -> None:
    assert Twofold().meaning == "What follows is said first."


def test_what_follows_an_entry_is_asked_for() -> None:
    asked = PayOut(order=ORDER, customer=CUSTOMER)
    assert asked_by(RULE, granted(), went_live("2010-08-11")) == asked
    assert asked_by(RULE, imported(granted()), went_live("2010-08-10")) == asked


def test_nothing_follows_history() -> None:
    assert asked_by(RULE, imported(granted()), went_live("2010-08-11")) is None


def test_what_is_asked_for_has_a_key_by_its_rule_and_place() -> None:
    # Frozen: with another key, what was asked for before an upgrade would be asked for again.
    assert key_of("payout_follows_grant", 12) == "reaction/payout_follows_grant/12"


def test_a_derived_id_is_always_the_same_and_told_apart_by_names() -> None:
    # Frozen too: a payout derived anew after an upgrade must find the one made before it.
    entry = msgspec.structs.replace(granted(), stream=ORDER, version=7, recorded_at=NOON)
    assert derived_id("pot", entry) == "pot_0159ebnk00fxsbmhr111bza5t3"
    others = {derived_id("pot", entry, *names) for names in ((), ("a",), ("b",), ("a", "b"))}
    assert len(others) == 4


@pytest.mark.parametrize("change", [{"version": 8}, {"stream": CUSTOMER}, {"recorded_at": NOON + 1_000}])
def test_a_derived_id_is_that_of_one_entry(change: dict[str, Any]) -> None:
    entry = granted()
    assert derived_id("pot", msgspec.structs.replace(entry, **change)) != derived_id("pot", entry)


def test_a_derived_id_is_a_uuid_of_the_moment_its_entry_was_recorded() -> None:
    entry = granted()
    prefix, number = parse_type_id(derived_id("pot", entry))
    uuid = UUID(int=number)
    assert (prefix, uuid.version, uuid.variant) == ("pot", 7, RFC_4122)
    assert number >> 80 == int(instant_of(entry.recorded_at).timestamp() * 1_000)
