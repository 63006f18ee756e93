"""One page per problem: what it means and what to do. `type` of every problem leads here.

Made from the classes themselves: the docstring is the cause, `way_out` what to do instead. Nothing is written
twice.
"""

from collections.abc import Iterator
from html import escape
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from api.problem_replies import problem_reply
from api.problems import PAGES, NotFound, Problem
from api.replies import HTML, Reply
from domain import decisions as decisions  # so that every refusal is known
from domain.refusal import Refusal
from ledger import errors as errors  # so that the record's own refusal is known

Kind = TypeVar("Kind")


class ProblemPage(msgspec.Struct, frozen=True):
    """What a page says."""

    slug: str
    title: str
    status: int
    way_out: str
    rule: str | None


def problem_pages() -> dict[str, ProblemPage]:
    """Every problem and every refusal this service can answer with, by slug."""
    pages = [
        ProblemPage(kind.slug(), kind.title(), kind.status, kind.way_out, None) for kind in _kinds_of(Problem)
    ]
    pages += [
        ProblemPage(kind.slug(), " ".join((kind.__doc__ or "").split()), 409, kind.way_out, kind.rule)
        for kind in _kinds_of(Refusal)
    ]
    return {page.slug: page for page in sorted(pages, key=lambda page: page.slug)}


def _kinds_of(kind: type[Kind]) -> Iterator[type[Kind]]:
    for narrower in kind.__subclasses__():
        yield narrower
        yield from _kinds_of(narrower)


async def problem_index(_: Request) -> Response:
    """Every problem, with the sentence that names its cause."""
    rows = "".join(
        f'<li><a href="{PAGES}{page.slug}">{page.slug}</a> ({page.status}): {escape(page.title)}</li>'
        for page in problem_pages().values()
    )
    return _html("Problems", f"<h1>Problems</h1><ul>{rows}</ul>")


async def problem_page(request: Request) -> Response:
    """Cause and way out of one problem."""
    page = problem_pages().get(request.path_params["slug"])
    if page is None:
        return problem_reply(NotFound())
    rule = (
        ""
        if page.rule is None
        else f"<p>It upholds rule <strong>{escape(page.rule)}</strong> of the house.</p>"
    )
    return _html(
        page.slug,
        f"<h1>{page.slug}</h1><p>{escape(page.title)}</p>"
        f"<h2>What to do</h2><p>{escape(page.way_out)}</p>{rule}"
        f'<p>HTTP status {page.status}. <a href="{PAGES}">All problems</a></p>',
    )


def _html(title: str, body: str) -> Reply:
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
        f"<body>{body}</body></html>"
    )
    return Reply(200, text.encode(), media_type=HTML)
