"""What the book does by itself is shown, and what could not be done even more so."""

import pytest

from api.v1 import reactions
from domain.reactions import AnyReaction
from ledger.reacting.reactor import Reactor
from tests.api.house import House
from tests.reacting.test_reacting import Ship

pytestmark = pytest.mark.anyio


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> list[AnyReaction]:
    rules: list[AnyReaction] = [Ship()]
    monkeypatch.setattr(reactions, "REACTIONS", rules)
    return rules


async def test_what_was_refused_is_shown_until_it_is_done(
    fresh_house: House, rules: list[AnyReaction]
) -> None:
    house, book = fresh_house, fresh_house.book
    order = await house.order()
    (before,) = (await house.agent.get("/v1/reactions")).json()["items"]
    assert (before["position"], before["lag_entries"], before["failures"]) == (0, before["head"], [])
    await Reactor(book, rules, {}).catch_up()
    (after,) = (await house.agent.get("/v1/reactions")).json()["items"]
    (failure,) = after["failures"]
    assert (after["rule"], after["position"], after["lag_entries"]) == ("ship", after["head"], 0)
    assert (failure["stream"], failure["tries"], failure["again_at"]) == (order, 1, None)
    assert failure["cause"].startswith("Refused (I2)")


async def test_operators_see_lag_and_failures(fresh_house: House, rules: list[AnyReaction]) -> None:
    house, book = fresh_house, fresh_house.book
    await house.order()
    await Reactor(book, rules, {}).catch_up()
    book.reactions.rules = ("ship",)  # as while a service reacts
    try:
        exposed = (await house.agent.get("/metrics")).text
        ready = (await house.agent.get("/readyz")).json()
    finally:
        book.reactions.rules = ()
    assert 'makegood_reaction_lag_entries{rule="ship"} 0.0' in exposed
    assert 'makegood_reaction_failures{rule="ship"} 1.0' in exposed
    assert 'makegood_reactions_total{came="failed",rule="ship"} 1.0' in exposed
    assert ready["reactions_failed"] == 1
