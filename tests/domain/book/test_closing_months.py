"""Months of the books are closed once they are over, by the owner. Source: §2 Money"""

import pytest

from domain.authority import RoleTooLow
from domain.book.closing import FIRST_MONTH, ClosePeriod, Month, MonthNotOver, calendar_of, month_of
from domain.book.register import PeriodClosed
from domain.moments import FIRST_EFFECTIVE
from tests.domain.specification import AGENT, OWNER, given, moment


def close(month: str = "2010-07") -> ClosePeriod:
    return ClosePeriod(month=month)


def test_a_month_is_closed_through_its_last_day() -> None:
    given().by(OWNER).when(close()).then(PeriodClosed(month="2010-07", through="2010-07-31"))
    february = given().by(OWNER).on("2012-03-01", "00:00").when(close("2012-02"))
    february.then(PeriodClosed(month="2012-02", through="2012-02-29"))


def test_not_before_it_is_over_in_the_books_zone() -> None:
    last = given().by(OWNER).on("2010-08-31", "23:59:59.999999")
    last.when(close("2010-08")).refused(MonthNotOver("2010-08"))
    given().by(OWNER).on("2010-09-01", "00:00").when(close("2010-08")).then(
        PeriodClosed(month="2010-08", through="2010-08-31")
    )


def test_with_a_month_all_before_it_are_closed() -> None:
    story = given().by(OWNER)
    story.do(close("2010-06"))
    story.when(close("2010-05")).nothing()
    story.when(close("2010-06")).nothing()
    story.when(close("2010-07")).then(PeriodClosed(month="2010-07", through="2010-07-31"))


def test_nobody_but_the_owner_closes_the_books() -> None:
    given().by(AGENT).when(close()).refused(RoleTooLow("agent", "owner"))


@pytest.mark.parametrize("month", ["", "2010", "2010-13", "2010-7", "1899-12", "3000-01", "2010-07-31"])
def test_a_month_is_named_as_one(month: str) -> None:
    with pytest.raises(ValueError, match="month"):
        close(month)


def test_late_entries_belong_to_the_first_month_that_was_open_when_they_came() -> None:
    # Look for the closing of any month before instead of the last one before → this fails for October.
    story = given().by(OWNER).on("2010-12-01")
    story.do(close("2010-07"))
    story.do(close("2010-09"))
    first, second = (entry.position for entry in story.entries[-2:])
    register = story.state("book")

    def bounds(month: str) -> tuple[int | None, int | None]:
        found = month_of(register, month)
        return found.late_after, found.closed

    assert bounds("2010-06") == (None, first)
    assert bounds("2010-07") == (None, first)
    assert bounds("2010-08") == (first, second)
    assert bounds("2010-09") == (None, second)
    assert bounds("2010-10") == (second, None)
    assert bounds("2010-11") == (None, None)
    assert month_of(register, "2010-08") == Month(
        moment("2010-08-01", "00:00"), moment("2010-09-01", "00:00"), second, first
    )


def test_the_calendar_counts_months_from_the_first_in_the_zone_of_the_book() -> None:
    # Count from 0 in `_number` → this fails: late entries would be told a month early.
    story = given().by(OWNER).on("2010-12-01")
    register = story.state("book")
    assert calendar_of(register).closings == calendar_of(register).first_open == []
    story.do(close("2010-07"))
    story.do(close("2010-09"))
    calendar = calendar_of(story.state("book"))
    assert list(calendar.closings) == [entry.position for entry in story.entries[-2:]]
    first_start = calendar.starts[0]
    assert first_start == moment(f"{FIRST_MONTH}-01", "00:00")
    assert first_start < FIRST_EFFECTIVE < calendar.starts[1]
    opened = [calendar.starts[number - 1] for number in calendar.first_open]
    assert opened == [moment("2010-08-01", "00:00"), moment("2010-10-01", "00:00")]
    assert calendar.starts[-1] == moment("2999-12-01", "00:00")
