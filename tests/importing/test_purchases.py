"""What a customer bought and did not give back, as a credit note finds it."""

from typing import cast

import pytest

from domain.corrections.correcting import CorrectEntry
from domain.entry import Entry
from domain.refunds.refund_events import RefundGranted
from domain.stored_types import TYPE_NAMES
from ledger.book import Book
from ledger.importing.purchases import Purchases
from tests.domain.examples import CUSTOMER, ORDER, captured, customer_registered, id_of, placed, shipped
from tests.domain.refund_examples import grant
from tests.domain.specification import SUPERVISOR, Story, given

pytestmark = pytest.mark.anyio


class Record:
    """The entries of a story, read in pages."""

    def __init__(self, story: Story) -> None:
        self.story = story

    async def page(self, after: int, most: int, *, types: frozenset[str], customer: str) -> list[Entry]:
        entries = [entry for entry in self.story.entries if entry.position > after]
        return [entry for entry in entries if TYPE_NAMES[type(entry.event)] in types][:most]


async def left(story: Story) -> list[int]:
    """Units of the customer's lines that were not given back."""
    shelf = await Purchases(cast(Book, Record(story))).of(CUSTOMER)
    return [bought.left for lines in shelf.values() for bought in lines]


def corrected(story: Story) -> Story:
    """The refund was a mistake."""
    position = next(entry.position for entry in story.entries if isinstance(entry.event, RefundGranted))
    story.by(SUPERVISOR).because("sealed:By mistake")
    story.do(CorrectEntry(stream=ORDER, customer=CUSTOMER, position=position, owed=id_of("bil", 9)))
    return story


async def test_units_of_a_refund_that_was_none_may_be_given_back_still() -> None:
    # Leave the correction out → the next credit note finds no purchase, and this fails.
    story = given(customer_registered(), placed(), captured(), shipped())
    assert await left(story) == [2]
    story.do(grant((1, 2)))
    assert await left(story) == [0]
    assert await left(corrected(story)) == [2]


async def test_units_cancelled_with_it_may_be_given_back_too() -> None:
    story = given(customer_registered(), placed(), captured())
    story.do(grant((1, 1)))
    assert await left(story) == [1]
    assert await left(corrected(story)) == [2]
