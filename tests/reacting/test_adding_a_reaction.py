"""The worked example of `docs/adding-a-reaction.md` is taken from that page and reacts."""

import re
from pathlib import Path

import pytest

from domain.reactions import REACTION, AnyReaction, key_of
from ledger.book import Book
from ledger.reacting.reactor import Reactor
from tests.reacting.conftest import contacts, ordered

pytestmark = pytest.mark.anyio

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-reaction.md"


async def test_the_worked_example_reacts(book: Book) -> None:
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    module: dict[str, object] = {"__name__": "order_is_acknowledged"}
    exec(compile(code, PAGE, "exec"), module)
    kind = module["OrderIsAcknowledged"]
    assert isinstance(kind, type)
    reaction: AnyReaction = kind()
    order = await ordered(book)
    await Reactor(book, [reaction], {}).catch_up()
    (contact,) = await contacts(book, order)
    (placed, _) = await book.entries(order)
    assert contact.meta.origin == REACTION
    assert contact.meta.causation == str(placed.position)
    assert contact.meta.key == key_of("order_is_acknowledged", placed.position)
    assert reaction.meaning == "Whoever orders is told by email that we have the order."
