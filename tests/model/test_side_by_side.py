"""The book and an independent model of its money say the same, whatever happens in whatever order.

The model (`tests.model.shop` and what stands beside it) is written from the rules alone. After every step
both give the same verdict
by the same rule and hold the same figures: every column of every account, every bill, deposit, due back and
cash, balances, statements and postings, which sum to zero. A refused command changes nothing, nor does one
sent again long after; and it does not matter how often the book ticks.

What fails is made as short as it can be. `SEED=… make test-long` begins the million steps elsewhere.
"""

import ast
import os
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model import (
    charges,
    corrections,
    debts,
    disputes,
    goods,
    holds,
    kept,
    limits,
    orders,
    own_refunds,
    payouts,
    prices,
    promises,
    receiving,
    refunds,
    reversals,
    reviews,
    shop,
    unmatched,
)
from tests.model.shrinking import shortest
from tests.model.steps import KINDS, LARGEST, Step, fails, outcome_of, random_steps, taken

LENGTH = 40
"""Steps of one run, after the first orders."""
STEP = st.tuples(st.sampled_from(KINDS), st.integers(0, LARGEST), st.integers(0, LARGEST))
TRIED = {"I1", "I2", "I7", "I10", "I12", "I13", "I14", "I15", "R-B7", "H-correct", "H-authority"}
"""Rules whose boundaries are tried from both sides."""


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, min_size=12, max_size=2 * LENGTH))
def test_the_book_and_the_model_say_the_same(steps: list[Step]) -> None:
    # `test_negative_controls` breaks rules one by one, and sees each found.
    taken([("place", 0, 0), ("place", 1, 1), *steps]).finish()


@pytest.mark.parametrize("seed", range(4))
def test_long_stories_say_the_same(seed: int) -> None:
    _agree(1_000_000 * seed, runs=80)


@pytest.mark.long
def test_a_million_steps_say_the_same() -> None:
    _agree(1_000_000_000 * int(os.environ.get("SEED", "77")), runs=1_000_000 // LENGTH)


MODEL = (
    charges,
    corrections,
    debts,
    disputes,
    goods,
    holds,
    kept,
    limits,
    orders,
    own_refunds,
    payouts,
    prices,
    promises,
    receiving,
    refunds,
    reversals,
    reviews,
    shop,
    unmatched,
)


@pytest.mark.parametrize("module", MODEL)
def test_the_model_knows_nothing_of_the_project(module: object) -> None:
    source = Path(str(getattr(module, "__file__", ""))).read_text("utf-8")
    imported = {
        f"{node.module}.{name.name}" if isinstance(node, ast.ImportFrom) else name.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    python = ("collections", "dataclasses", "datetime", "fractions", "itertools", "math", "typing")
    own = tuple(each.__name__ for each in MODEL)
    assert [name for name in imported if not name.startswith((*python, *own))] == []


def _agree(seed: int, runs: int) -> None:
    """So many runs of random steps, each of a seed of its own."""
    refused = Counter[str]()
    for run in range(seed, seed + runs):
        steps = random_steps(Random(run), LENGTH)
        outcome = outcome_of(steps)
        if isinstance(outcome, Exception):
            least = shortest(steps, fails)
            pytest.fail(f"seed {run}: {least}: {outcome_of(least)!r}")
        refused.update(outcome.refused)
    assert refused.keys() >= TRIED
