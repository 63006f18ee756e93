"""Refusals speak to the person at the counter: the cause, the rule, and the way out."""

import re
from pathlib import Path
from string import Formatter
from typing import Literal, get_origin, get_type_hints

import pytest

from domain import decisions, stored_types
from domain.authority import RoleTooLow
from domain.corrections.correcting import EntryNotCorrectable
from domain.corrections.undoing import INSTEAD
from domain.declines.not_delivering import EffortTooFew
from domain.money import Money
from domain.payments.capturing import CaptureExceedsPrice
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.examples import ORDER

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
    assert all(hints[name] in (int, Money) or get_origin(hints[name]) is Literal for name in said)
    assert not kind.spoken or re.fullmatch(r"[A-Z].*\.", kind.spoken)


def test_a_refusal_speaks_its_figures() -> None:
    refusal = CaptureExceedsPrice(ORDER, Money(7596, "USD"), Money(7595, "USD"))
    assert str(refusal) == "A payment of 75.96 USD is more than the 75.95 USD that this order still needs."


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
    assert str(refusal) == "This id is already recorded, with other content."
    assert AlreadyRecordedOtherwise.slug() == "already-recorded-otherwise"
    assert refusal.advice == AlreadyRecordedOtherwise.way_out
    assert refusal == AlreadyRecordedOtherwise(ORDER) != AlreadyRecordedOtherwise("other")
