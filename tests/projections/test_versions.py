"""A projection whose rows change has another version: nothing else tells a book that they have to be built
anew.
"""

import msgspec
import pytest

from domain.stored_types import STORED_TYPES
from ledger.errors import Undecodable
from tests.projections.golden_rows import AGAIN, Goldens, now, types_told, unnoticed, written


@pytest.fixture(scope="module")
def today() -> Goldens:
    """What the projections make of the fixed histories."""
    try:
        return now()
    except Undecodable as changed:
        pytest.fail(f"a stored type changed ({changed}); say: {AGAIN} --history")


def test_what_changes_a_row_raises_the_version(today: Goldens) -> None:
    # Add a column, change a fold, handle one more event → this names the projection.
    left = unnoticed(written(), today)
    assert not left, f"{'; '.join(left)}; then say: {AGAIN}"
    assert written() == today, f"versions were raised; write their rows down: {AGAIN}"


def test_a_changed_fold_is_noticed_and_a_raised_version_is_not(today: Goldens) -> None:
    other = msgspec.json.decode(msgspec.json.encode(today), type=Goldens)
    tasks, orders = other.projections["tasks"], other.projections["orders"]
    tasks.rows, orders.handles = "another digest", orders.handles[1:]
    del other.projections["journal"]
    named = unnoticed(other, today)
    assert [line.split(":")[0] for line in named] == [
        "raise the version of orders",
        "raise the version of tasks",
        "raise GENERATION in projections/catalogue.py",
    ]
    for it in (tasks, orders):
        it.version -= 1
    other.generation -= 1
    assert unnoticed(other, today) == []


def test_every_stored_type_is_in_the_histories() -> None:
    assert types_told() == set(STORED_TYPES), f"say: {AGAIN} --history"
