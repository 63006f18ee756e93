"""Months of the books: which are closed, and closing one."""

from starlette.responses import Response

from api.answers import Answer, Day, Page, Receipt
from api.bodies import Writing
from api.call import Call, asked
from api.grammars import Month
from api.paging import Paged, page_of_entries
from api.permissions import Permission
from api.section import Section
from domain.book.closing import ClosePeriod
from domain.book.register import STREAM, PeriodClosed
from domain.entry import Entry

periods = Section("periods", "Months of the books. What comes late counts in the first month still open.")


class ClosePeriodBody(Writing):
    """The month to close, with all months before it."""

    month: Month


class ClosedMonthAnswer(Answer):
    """A month that is closed, with all months before it."""

    month: str
    through: Day
    position: int


@periods.question("/v1/periods", Permission.READ, answers=Page[ClosedMonthAnswer], flat=True)
async def list_periods(call: Call, query: Paged) -> Response:
    """List the months that are closed

    With a month all months before it are closed. `/v1/trial-balance?month=` reads one.
    """
    return await page_of_entries(
        call,
        query,
        _periods,
        types=frozenset({"period.closed"}),
        columns=tuple(ClosedMonthAnswer.model_fields),
    )


@periods.decision("/v1/periods", Permission.KEEP_BOOKS, answers=Receipt)
async def close_period(call: Call, body: ClosePeriodBody) -> Response:
    """Close a month of the books

    Nothing is refused because of it: what is recorded later about a closed month counts in the first month
    still open, and is listed as late.
    """
    command = asked(ClosePeriod, month=body.month)
    return await call.decide(command, body, subject=STREAM)


async def _periods(entries: list[Entry]) -> list[object]:
    return [
        {"month": it.month, "through": it.through, "position": entry.position}
        for entry in entries
        if isinstance(it := entry.event, PeriodClosed)
    ]
