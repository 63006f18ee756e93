"""Charges of unknown outcome, asked about again: a card pays only what is wanted still, and what was never
asked for may be given up.

Source: R-D4, R-D6
"""

from typing import Any

import pytest

from ledger.errors import OutOfReach
from ledger.processors.gateway import Charge, Charged, ChargeDeclined
from ledger.processors.trial_cards import TrialCards
from tests.api.house import House, eur
from tests.api.test_declines import customer_with, failed, kinds, placed, steps

pytestmark = pytest.mark.anyio


class DeadLine(TrialCards):
    """The first asking never reaches the processor; the second does, and its card pays."""

    def __init__(self) -> None:
        self.line_is_dead = True
        self.charged: dict[str, Charged | ChargeDeclined] = {}

    async def charge(self, charge: Charge) -> Charged | ChargeDeclined:
        if self.line_is_dead:
            raise OutOfReach("the line was dead")
        return self.charged.setdefault(charge.payment, Charged(reference=f"ch_{charge.payment}"))

    async def became_of_charge(self, charge: Charge) -> Charged | ChargeDeclined | None:
        if self.line_is_dead:
            raise OutOfReach("the line was dead")
        return self.charged.get(charge.payment)


@pytest.fixture
def dead_line(kept: House) -> DeadLine:
    """The processor of a house of its own."""
    kept.book.gateway = gateway = DeadLine()
    return gateway


async def attempted(house: House, *tokens: str) -> tuple[str, str, str]:
    """An order of 20.00 whose charge never reached the processor: it, its payment, and the card."""
    customer, (card, *_) = await customer_with(house, *(tokens or ("tok_visa",)))
    order = await placed(house, customer, 1)
    asked = await house.agent.post(f"/v1/orders/{order}/charges", {"payment_method": card}, key=f"ch-{order}")
    assert asked.status_code == 503
    tasks = (await house.agent.get(f"/v1/tasks?order={order}&min_position={await house.head()}")).json()
    (task,) = [task for task in tasks["items"] if task["kind"] == "resolve_payment"]
    return order, task["subject"], card


async def tasks_of(house: House, order: str) -> set[str]:
    tasks = (await house.agent.get(f"/v1/tasks?order={order}&min_position={await house.head()}")).json()
    return {task["kind"] for task in tasks["items"]}


async def customer_of(house: House, order: str) -> str:
    return (await house.agent.get(f"/v1/orders/{order}")).json()["customer"]


async def happened(house: House, order: str, how: str, card: str) -> None:
    """What makes the charge unwanted, or forbids the card."""
    by_transfer: dict[str, Any] = {"processor": "bank_transfer", "reference": "RF1"}
    match how:
        case "paid":
            await house.recorded(f"/v1/orders/{order}/payments", by_transfer | {"amount": eur(2000)})
        case "paid in part":
            await house.recorded(f"/v1/orders/{order}/payments", by_transfer | {"amount": eur(1)})
        case "cancelled":
            await house.recorded(f"/v1/orders/{order}/cancellation", {})
        case "paid too much":
            await house.unmatched(2001, order=order)
        case _:
            other = await placed(house, await customer_of(house, order), 1)
            await failed(house, other, 1, decline_code="stolen_card", payment_method=card)


@pytest.mark.parametrize("how", ["paid", "paid in part", "paid too much", "cancelled", "stolen"])
async def test_a_charge_that_never_reached_its_processor_is_not_made_once_it_is_not_wanted(
    kept: House, dead_line: DeadLine, how: str
) -> None:
    # Charge whatever the order needs by now → who has paid by transfer pays again by card, and this fails.
    order, payment, card = await attempted(kept)
    await happened(kept, order, how, card)
    dead_line.line_is_dead = False
    path = f"/v1/orders/{order}/charges"
    ended = await kept.recorded(path, {"payment": payment})
    assert (kinds(ended), dead_line.charged) == (["payment.abandoned"], {})
    assert "resolve_payment" not in await tasks_of(kept, order)
    assert await kept.recorded(path, {"payment": payment}) == ended
    repeated = await kept.agent.post(path, {"payment_method": card}, key=f"ch-{order}")
    assert kinds(repeated.json()) == ["payment.attempted", "payment.abandoned"]
    assert dead_line.charged == {}, "the same request as at first charges nothing either"


@pytest.mark.parametrize("how", ["paid", "cancelled", "stolen"])
async def test_what_the_card_has_paid_is_recorded_though_it_is_not_wanted_any_more(
    kept: House, dead_line: DeadLine, how: str
) -> None:
    order, payment, card = await attempted(kept)
    await happened(kept, order, how, card)
    dead_line.line_is_dead = False
    dead_line.charged[payment] = Charged(reference="ch_lost")
    told = await kept.recorded(f"/v1/orders/{order}/charges", {"payment": payment})
    kept_apart = ["unmatched_receipt.recorded", "payment.unmatched"]
    assert kinds(told) == (["payment.captured"] if how == "stolen" else kept_apart)


async def test_what_is_wanted_still_is_charged_when_it_is_asked_for_again(
    kept: House, dead_line: DeadLine
) -> None:
    order, payment, _ = await attempted(kept)
    dead_line.line_is_dead = False
    told = await kept.recorded(f"/v1/orders/{order}/charges", {"payment": payment})
    assert (kinds(told), set(dead_line.charged)) == (["payment.captured"], {payment})


# Given up


async def test_a_charge_that_is_given_up_is_asked_about_and_over_where_it_was_never_made(
    kept: House, dead_line: DeadLine
) -> None:
    # Ask for the charge → the card pays what was given up, and this fails.
    order, payment, _ = await attempted(kept)
    step = (await steps(kept, order))["resolve_payment"]
    assert (step["subject"], step["by"], step["needs_reason"]) == (payment, "agent", False)
    path = f"/v1/orders/{order}/charges/{payment}/abandonment"
    silent = await kept.agent.post(path, {"reason": "They would rather send a cheque."})
    assert (silent.status_code, silent.json()["type"]) == (503, "/problems/processor-silent")
    dead_line.line_is_dead = False
    dry = await kept.agent.post(f"{path}?dry_run=true", {})
    assert dry.status_code == 422
    ended = await kept.recorded(path, {"reason": "They would rather send a cheque."})
    assert (kinds(ended), dead_line.charged) == (["payment.abandoned"], {})
    assert ended["entries"][0]["data"]["told_by"] == "processor"
    told = (await kept.agent.get(f"/v1/orders/{order}/events")).json()["items"][-1]
    assert told["meta"]["reason"] == "They would rather send a cheque."
    assert await kept.recorded(path, {}) == ended
    assert "resolve_payment" not in await tasks_of(kept, order)


async def test_what_was_made_all_the_same_is_recorded_whenever_it_is_told(
    kept: House, dead_line: DeadLine
) -> None:
    # Record both under one key → what was charged after all is never recorded, and this fails.
    order, payment, _ = await attempted(kept)
    dead_line.line_is_dead = False
    path = f"/v1/orders/{order}/charges"
    await kept.recorded(f"{path}/{payment}/abandonment", {})
    dead_line.charged[payment] = Charged(reference="ch_late")
    for place, body in ((path, {"payment": payment}), (f"{path}/{payment}/abandonment", {})):
        assert kinds(await kept.recorded(place, body)) == ["payment.captured"]


async def test_a_charge_by_a_processor_that_is_gone_is_given_up_by_a_supervisor_with_a_reason(
    kept: House, dead_line: DeadLine
) -> None:
    order, payment, _ = await attempted(kept)
    kept.book.gateway = None
    # Take every processor for the one connected → an agent would seem to do it, and this fails.
    step = (await steps(kept, order))["resolve_payment"]
    assert (step["by"], step["needs_reason"], step["rule"]) == ("supervisor", True, "R-D4")
    path = f"/v1/orders/{order}/charges/{payment}/abandonment"
    why = {"reason": "Their own list has none of that day."}
    by_agent = await kept.agent.post(path, why)
    assert (by_agent.status_code, by_agent.json()["type"]) == (409, "/problems/role-too-low")
    unsaid = await kept.callers["supervisor"].post(path, {})
    assert unsaid.json()["type"] == "/problems/reason-missing"
    ended = await kept.callers["supervisor"].post(path, why)
    assert kinds(ended.json()) == ["payment.abandoned"]
    unknown = f"/v1/orders/{order}/charges/pay_01h455vb4pex5vsknk084sn02q/abandonment"
    assert (await kept.agent.post(unknown, why)).status_code == 404


async def test_what_a_charge_came_to_is_not_given_up(kept: House, dead_line: DeadLine) -> None:
    order, payment, _ = await attempted(kept)
    dead_line.line_is_dead = False
    charged = await kept.recorded(f"/v1/orders/{order}/charges", {"payment": payment})
    path = f"/v1/orders/{order}/charges/{payment}/abandonment"
    assert await kept.recorded(path, {}) == charged
    kept.book.gateway = None
    why = {"reason": "Their own list has none of that day."}
    known = await kept.callers["supervisor"].post(path, why)
    assert known.json()["type"] == "/problems/charge-has-outcome"
