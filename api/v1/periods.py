"""Months of the books: which are closed, and closing one."""

from starlette.responses import Response

from api.answers import Answer, Day, Receipt
from api.bodies import Writing
from api.call import Call, asked
from api.grammars import Month
from api.permissions import Permission
from api.section import Section
from domain.book.closing import ClosePeriod
from domain.book.register import STREAM, Closing

periods = Section("periods", "Months of the books. What comes late counts in the first month still open.")


class ClosePeriodBody(Writing):
    """The month to close, with all months before it."""

    month: Month


class PeriodAnswer(Answer):
    """A month that is closed, with all months before it."""

    month: str
    through: Day
    position: int


class PeriodsAnswer(Answer):
    """Every closing, in order."""

    closed: list[PeriodAnswer]


@periods.question("/v1/periods", Permission.READ, answers=PeriodsAnswer)
async def list_periods(call: Call) -> Response:
    """List the months that are closed

    With a month all months before it are closed. `/v1/trial-balance?month=` reads one.
    """
    register = await call.book_register()
    return call.answer({"closed": [_period(closing) for closing in register.closings]})


@periods.decision("/v1/periods", Permission.KEEP_BOOKS, answers=Receipt)
async def close_period(call: Call, body: ClosePeriodBody) -> Response:
    """Close a month of the books

    Nothing is refused because of it: what is recorded later about a closed month counts in the first month
    still open, and is listed as late.
    """
    command = asked(ClosePeriod, month=body.month)
    return await call.decide(command, body, subject=STREAM)


def _period(closing: Closing) -> dict[str, object]:
    return {"month": closing.it.month, "through": closing.it.through, "position": closing.position}
