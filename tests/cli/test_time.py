"""`makegood tick` and `makegood clock`: a book's time, from the command line."""

import re

import pytest

from cli.failures import Misused
from cli.moments import moment_in, span_in
from domain.moments import HOUR, MINUTE
from tests.cli.commandline import Makegood


def test_a_tick_with_nothing_due_says_so_and_has_no_data(makegood: Makegood, book: str):
    # Leave out `tell` → this fails: nobody would know whether anything was done.
    ticked = makegood("tick", "--book", book, "--json")
    assert (ticked.code, ticked.out, ticked.err) == (0, "", "Nothing was due.\n")
    assert makegood("tick", "--book", book, "--now", "2020-01-01T00:00:00Z").code == 0


def test_a_tick_in_the_future_is_refused(makegood: Makegood, book: str):
    ahead = makegood("tick", "--book", book, "--now", "2999-01-01T00:00:00Z")
    assert ahead.code == 1
    assert "H-time" in ahead.err


def test_a_live_book_keeps_the_machines_clock(makegood: Makegood, book: str):
    (shown,) = makegood("clock", "show", "--book", book, "--json").json()
    assert shown["seconds_ahead"] == 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", shown["now"])
    moved = makegood("clock", "advance", "14d", "--book", book)
    assert moved.code == 2
    assert "live record" in moved.err


@pytest.mark.parametrize("text", ["2010-08-31", "2010-08-31T12:00:00", "soon", ""])
def test_a_moment_says_its_offset(text: str):
    with pytest.raises(Misused):
        moment_in(text)


def test_a_span_has_a_unit():
    assert [span_in(text) for text in ("30m", "6h", "14d", "2w")] == [
        30 * MINUTE,
        6 * HOUR,
        14 * 24 * HOUR,
        14 * 24 * HOUR,
    ]
    for text in ("0d", "14", "-1d", "1.5h", "d", ""):
        with pytest.raises(Misused):
            span_in(text)
