"""`python -m tests.mutation [FILE…]`: exit code 1 where fewer than 90 % of the mutants are killed."""

import argparse
import sys
from pathlib import Path

import pytest

from tests.mutation.running import ROOT, MutationRun, say

LEAST = 90
"""Per cent of the mutants that the tests must kill."""
TESTS = (
    "tests/domain",
    "tests/model/test_side_by_side.py",
)


def main() -> int:
    """Run, and print what survived."""
    asked = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    asked.add_argument("files", nargs="*", type=Path, help="files of domain/; all of them if none is named")
    named = asked.parse_args().files or sorted((ROOT / "domain").rglob("*.py"))
    paths = [path.resolve().relative_to(ROOT) for path in named]
    run = MutationRun(paths)
    pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not long", *TESTS], plugins=[run])
    made = killed = 0
    for path, result in run.results.items():
        if result.made:
            say(f"{path!s:40} {result.killed:5} of {result.made:5} killed")
        made, killed = made + result.made, killed + result.killed
    say(f"{killed} of {made} mutants killed: {100 * killed / max(made, 1):.1f} %")
    return 0 if made and 100 * killed >= LEAST * made else 1


if __name__ == "__main__":
    sys.exit(main())
