"""`python -m tests.mutation [FILE…]`: exit code 1 where fewer than 90 % of the mutants are killed.

The exit code is 0 too where every mutant that lives is explained, as may be in a small file.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutation.reaching import ROOT
from tests.mutation.running import MutationRun, Result, say

LEAST = 90
"""Per cent of the mutants that the tests must kill."""
MODEL = "tests/model/test_side_by_side.py::test_"
TESTS = (
    "tests/domain",
    f"{MODEL}the_book_and_the_model_say_the_same",
    f"{MODEL}long_stories_say_the_same[0]",
)
"""One of the model's long stories: the others take as long again for a mutant that survives."""


def main() -> int:
    """Run, and print what survived."""
    asked = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    asked.add_argument(
        "files", nargs="*", type=Path, help="files or rooms of domain/; all of it if none is named"
    )
    asked.add_argument("--at-once", type=int, default=2, help="mutants run at a time")
    given = asked.parse_args()
    run = MutationRun(list(_files(given.files or [ROOT / "domain"])), given.at_once)
    pytest.main(["-q", "--tb=native", "-p", "no:cacheprovider", "-p", "no:xdist", *TESTS], plugins=[run])
    for path, result in run.results.items():
        if result.made:
            say(f"{path!s:40} {result}")
    whole = sum(run.results.values(), Result())
    say(f"{whole}: {100 * whole.killed / max(whole.made, 1):.1f} %")
    for row in sorted(run.stale()):
        say(f"explained, and yet it does not survive: {' '.join(row)}")
    enough = 100 * whole.killed >= LEAST * whole.made or not (whole.survivors or whole.endless)
    return 0 if whole.made and enough else 1


def _files(named: list[Path]) -> Iterator[Path]:
    for path in named:
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        yield from (file.resolve().relative_to(ROOT) for file in files if file.name != "__init__.py")


if __name__ == "__main__":
    sys.exit(main())
