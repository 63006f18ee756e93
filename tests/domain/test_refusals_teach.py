"""Refusals speak to the person at the counter: the cause, the rule, and the way out."""

import re
from dataclasses import fields
from pathlib import Path
from string import Formatter
from typing import Literal, get_origin, get_type_hints

import pytest

from domain import decisions, stored_types
from domain.authority import RoleTooLow
from domain.causes import EffectiveBeforeCause
from domain.corrections.correcting import EntryNotCorrectable
from domain.corrections.undoing import INSTEAD
from domain.declines.not_delivering import EffortTooFew
from domain.moments import Moment
from domain.money import Money
from domain.payments.capturing import CaptureExceedsPrice
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.examples import ORDER, usd
from tests.domain.specification import moment

assert decisions
assert stored_types

REFUSALS = [kind for kind in Refusal.__subclasses__() if kind.__module__.startswith("domain.")]
HOUSE_RULES = (Path(__file__).parents[2] / "docs" / "house-rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
def test_a_refusal_says_why_and_what_to_do(kind: type[Refusal]) -> None:
    assert re.fullmatch(r"[A-Z].*\.", " ".join((kind.__doc__ or "").split()))
    assert re.fullmatch(r"[A-Z].*\.", kind.way_out)
    assert "error" not in kind.way_out.lower()


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
def test_a_refusal_upholds_a_rule_of_the_house(kind: type[Refusal]) -> None:
    assert f"| {kind.rule} " in HOUSE_RULES, f"docs/house-rules.md has no row for {kind.rule}"


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
def test_what_a_refusal_speaks_are_its_figures_never_what_the_caller_sent(kind: type[Refusal]) -> None:
    hints = get_type_hints(kind, include_extras=True)
    said = [name for _, name, _, _ in Formatter().parse(kind.spoken) if name]
    assert all(hints[name] in (int, Money, Moment) or get_origin(hints[name]) is Literal for name in said)
    moments = [how for _, name, how, _ in Formatter().parse(kind.spoken) if name and hints[name] == Moment]
    assert set(moments) <= {"moment"}
    assert not kind.spoken or re.fullmatch(r"[A-Z].*\.", kind.spoken)


def test_a_refusal_speaks_its_figures() -> None:
    refusal = CaptureExceedsPrice(ORDER, Money(7596, "USD"), Money(7595, "USD"))
    assert str(refusal) == "A payment of 75.96 USD is more than the 75.95 USD that this order still needs."


def test_what_comes_too_early_is_told_from_when_on_whatever_it_is() -> None:
    # Say in its stead that goods ship after they are ordered → a gesture is told of goods, and this fails.
    refusal = EffectiveBeforeCause(moment("2010-08-11"), moment("2010-08-12"))
    there = "2010-08-12T16:00:00Z"
    assert str(refusal) == f"What this builds on is there from {there} on: before, it cannot take effect."


ALWAYS_SOME = {"UnmatchedExceeded", "DisputeExceedsPayment"}
"""Refusals of too much where something always is: of money all settled another is said; a payment is of at
least one minor unit.
"""


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
def test_a_refusal_of_too_much_says_what_is_the_case_where_there_is_nothing(kind: type[Refusal]) -> None:
    # Leave `where_none` out of CaptureExceedsPrice → this fails.
    if kind.where_none is None:
        assert "Exceed" not in kind.__name__ or kind.__name__ in ALWAYS_SOME
        return
    hints = get_type_hints(kind, include_extras=True)
    of = kind.where_none.of
    some = {field.name: _some(hints[field.name]) for field in fields(kind)}
    assert hints[of] in (int, Money)
    refusal = kind(**{**some, of: usd(0) if hints[of] is Money else 0})
    assert re.fullmatch(r"[A-Z].*\.", refusal.cause)
    assert not re.search(r"\b0\b|0\.00", refusal.cause), "says how much there is not"
    assert re.fullmatch(r"[A-Z].*\.", refusal.advice)
    assert "at most" not in refusal.advice
    assert refusal.cause != kind(**some).cause


def _some(hint: object) -> object:
    return 7 if hint is int else usd(700) if hint is Money else "said"


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
def test_what_a_refusal_speaks_of_nothing_are_its_figures_too(kind: type[Refusal]) -> None:
    hints = get_type_hints(kind, include_extras=True)
    cause = "" if kind.where_none is None else kind.where_none.cause
    said = [name for _, name, _, _ in Formatter().parse(cause) if name]
    assert all(hints[name] in (int, Money) for name in said)


def test_where_nothing_is_left_a_refusal_says_so() -> None:
    refusal = CaptureExceedsPrice(ORDER, usd(1), usd(0))
    assert refusal.cause == (
        "Nothing is left to pay for this order: all that is still to ship is covered, and no bill of it is"
        " open."
    )
    assert refusal.advice.startswith("Give it back at the processor")
    at_the_boundary = CaptureExceedsPrice(ORDER, usd(2), usd(1))
    assert (
        at_the_boundary.cause
        == "A payment of 0.02 USD is more than the 0.01 USD that this order still needs."
    )
    assert at_the_boundary.advice == CaptureExceedsPrice.way_out


def test_a_refusal_counts_one_as_one() -> None:
    # Add an s to every count → "tried 1 times", and this fails.
    assert str(EffortTooFew(ORDER, 1, 5)).startswith("The customer was tried 1 time; it takes 5")
    assert str(EffortTooFew(ORDER, 0, 5)).startswith("The customer was tried 0 times; it takes 5")


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
def test_what_a_refusal_counts_is_said_in_the_singular_and_the_plural(kind: type[Refusal]) -> None:
    assert not re.search(r"\} (refunded )?(units|times|days|hours|months)\b", kind.spoken)


def test_a_refusal_for_want_of_a_role_names_the_role() -> None:
    assert str(RoleTooLow("agent", "owner")) == "This takes at least the role owner."


def test_how_an_entry_is_undone_is_said_by_a_type_that_exists_and_in_a_sentence() -> None:
    # Misspell a stored type in INSTEAD → this fails.
    assert stored_types.STORED_TYPES.keys() >= INSTEAD.keys()
    assert all(re.fullmatch(r"[A-Z].*\.", said) for said in INSTEAD.values())
    assert EntryNotCorrectable(1, "refund.paid").advice == INSTEAD["refund.paid"]
    assert EntryNotCorrectable(1, "customer_contact.made").advice == EntryNotCorrectable.way_out


def test_the_names_of_refusals_differ() -> None:
    assert len({kind.slug() for kind in REFUSALS}) == len(REFUSALS)


def test_a_refusal_reads_as_its_cause_and_advises_its_way_out() -> None:
    refusal = AlreadyRecordedOtherwise(ORDER)
    assert str(refusal) == "This is already recorded, with other content."
    assert AlreadyRecordedOtherwise.slug() == "already-recorded-otherwise"
    assert refusal.advice == AlreadyRecordedOtherwise.way_out
    assert refusal == AlreadyRecordedOtherwise(ORDER) != AlreadyRecordedOtherwise("other")
