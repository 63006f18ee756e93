"""`makegood reactions`: how far they have come, what could not be done, and having it tried again."""

import os

import pytest

from cli import reactions
from cli.options import settings, with_ledger
from domain.reactions import AnyReaction
from ledger.composition import Ledger
from ledger.reacting.reactor import Reactor
from tests.cli.commandline import Makegood
from tests.reacting.conftest import Acknowledge, ordered
from tests.reacting.test_reacting import Ship

RULES: list[AnyReaction] = [Ship(), Acknowledge()]


@pytest.fixture
def unpaid(makegood: Makegood, book: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A book with an order that a rule would ship and is not paid."""
    monkeypatch.setattr(reactions, "REACTIONS", RULES)

    async def placed(ledger: Ledger) -> None:
        await ordered(await ledger.book(book))

    with_ledger(settings(None, os.environ["MAKEGOOD_DSN"]), placed)
    return book


def react(book: str) -> None:
    async def reacted(ledger: Ledger) -> None:
        reactor = Reactor(await ledger.book(book), RULES, {})
        await reactor.catch_up()
        await reactor.release()

    with_ledger(settings(None, os.environ["MAKEGOOD_DSN"]), reacted)


def test_status_says_what_follows_what_and_how_far_it_has_come(makegood: Makegood, unpaid: str):
    before, _ = makegood("reactions", "status", "--book", unpaid, "--json").json()
    assert (before["position"], before["lag_entries"], before["failures"]) == (0, before["head"], 0)
    react(unpaid)
    ship, acknowledge = makegood("reactions", "status", "--book", unpaid, "--json").json()
    assert (ship["reaction"], ship["lag_entries"], ship["failures"]) == ("ship", 0, 1)
    assert acknowledge["meaning"] == "Whoever orders is told that we have the order."


def test_what_failed_is_told_and_tried_again_when_asked_for(makegood: Makegood, unpaid: str):
    nothing = makegood("reactions", "failed", "--book", unpaid, "--json")
    assert (nothing.json(), nothing.err) == ([], "Everything that follows by rule was done.\n")
    react(unpaid)
    (failed,) = makegood("reactions", "failed", "--book", unpaid, "--json").json()
    assert (failed["reaction"], failed["tries"], failed["again_at"]) == ("ship", 1, None)
    assert failed["cause"].startswith("Refused (I2)")
    for nothing in (("acknowledge",), ("ship", "--after", failed["after"] + 1)):
        retried = makegood("reactions", "retry", *nothing, "--book", unpaid, "--json")
        assert (retried.json(), retried.err) == ([], "There is nothing of that kind to try again.\n")
    retried = makegood("reactions", "retry", "ship", "--after", failed["after"], "--book", unpaid, "--json")
    (again,) = retried.json()
    assert again["again_at"] is not None
    assert retried.err == "1 thing is tried again by the running service or worker.\n"
    react(unpaid)
    (tried,) = makegood("reactions", "failed", "--book", unpaid, "--json").json()
    assert (tried["tries"], tried["again_at"]) == (2, None)
