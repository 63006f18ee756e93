"""What was changed in the domain since the last tag is tested to the last comparison."""

import subprocess
import sys

import pytest

from tests.mutation.changed import changed_files, says
from tests.mutation.reaching import ROOT


@pytest.mark.long
def test_of_what_was_changed_nine_mutants_of_ten_are_killed_or_all_others_explained() -> None:
    files = [str(file.relative_to(ROOT)) for file in changed_files()]
    if not files:
        pytest.skip("the domain is as it was")
    asked = [sys.executable, "-m", "tests.mutation", *files]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_file_that_learned_where_another_moved_says_the_same() -> None:
    before = "from domain.orders import pricing\n\nLEAST = 1  # unit\n"
    assert says(before) == says("from domain.money import split\n\n\nLEAST = 1\n")
    assert says(before) != says("from domain.orders import pricing\n\nLEAST = 2\n")
