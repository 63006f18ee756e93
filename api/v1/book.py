"""The book itself: where it is kept, in which zone its days are, and how far it reaches."""

from pydantic import Field
from starlette.responses import Response

from api.answers import Answer, Day
from api.call import Call
from api.permissions import Permission
from api.section import Section

book = Section("book", "The book an API key opens: the unit of order, of time zone and of policy.")


class CallerAnswer(Answer):
    """Whom the key speaks for."""

    person: str
    role: str
    on_behalf_of: str | None


class BookAnswer(Answer):
    """A book and who is asking."""

    name: str
    zone: str = Field(examples=["Europe/London"])
    country: str
    cut_over: Day | None
    demo: bool
    position: int
    caller: CallerAnswer


@book.question("/v1/book", Permission.READ, answers=BookAnswer)
async def show_book(call: Call) -> Response:
    """Show the book this key opens, and whom the key speaks for"""
    register = await call.book_register()
    actor = call.caller.actor
    return call.answer(
        {
            "name": call.book.name,
            "zone": register.zone,
            "country": register.country,
            "cut_over": register.cut_over,
            "demo": register.demo,
            "position": call.book.position,
            "caller": {"person": actor.person, "role": actor.role, "on_behalf_of": actor.on_behalf_of},
        }
    )
