"""What is decided about an order of twice as many lines takes about twice the work, not four times: each line
looks up what is its own, and walks over nothing of the others. Counted in operations, the same anywhere.
"""

import sys
from collections.abc import Callable, Mapping
from itertools import count
from types import FrameType
from typing import Any

from domain.command import Command
from domain.corrections.correcting import CorrectEntry
from domain.decisions import decide
from domain.entry import Event
from domain.orders.next_steps import asked, steps_of
from domain.orders.order_events import OrderShipped, Part
from domain.orders.pricing import AskedLine
from domain.refunds.refund_events import RefundGranted
from domain.returns.asking_back import AskGoodsBack
from domain.returns.held_goods import NamedGoods
from domain.returns.taking_back import CameBack, TakeGoodsBack
from domain.suppliers.claim_answers import WaiveSupplierClaim
from domain.suppliers.claiming import FileSupplierClaim
from tests.domain.examples import (
    CUSTOMER,
    NEW_BILL,
    ORDER,
    OTHER_DELIVERY,
    OTHER_REFUND,
    REFUND,
    cancel,
    customer_registered,
    deliver,
    id_of,
    place,
    ship,
)
from tests.domain.refund_examples import deciding, grant
from tests.domain.return_examples import ARRIVAL, CLAIM, OTHER_CLAIM, OTHER_RETURN, RETURN
from tests.domain.specification import OWNER, Story, given

LINES = 30
"""Of the shorter order; where each walked over all of another 30, it would be seen."""

Asking = Callable[[Story, int], Command]
"""A command about all lines of an order of so many."""


def _each(lines: int, quantity: int) -> list[tuple[int, int]]:
    return [(line, quantity) for line in range(1, lines + 1)]


def _parts(lines: int) -> tuple[Part, ...]:
    return tuple([Part(line, quantity) for line, quantity in _each(lines, 1)])


def _correction(story: Story, of: type[Event]) -> CorrectEntry:
    (position,) = [entry.position for entry in story.entries if isinstance(entry.event, of)]
    return CorrectEntry(stream=ORDER, customer=CUSTOMER, position=position, owed=id_of("bil", 9))


def _placing(_: Story, lines: int) -> Command:
    three = [
        AskedLine(sku=f"A{line}", description="", quantity=3, unit_price=100, tax=1) for line in range(lines)
    ]
    return place(lines=tuple(three), terms="bill_after")


STEPS: dict[str, Asking] = {
    "place": _placing,
    "ship": lambda _, lines: ship(*_each(lines, 2), bill=NEW_BILL),
    "deliver": lambda _, lines: deliver(*_each(lines, 1)),
    "refund": lambda _, lines: grant(
        *_each(lines, 3), observed_problem="damaged", deciding=deciding(OWNER.person)
    ),
    "deliver the rest": lambda *_: deliver(delivery=OTHER_DELIVERY),
    "ask some goods back": lambda _, lines: AskGoodsBack(
        stream=ORDER,
        refund=REFUND,
        goods_return=RETURN,
        goods=tuple([NamedGoods(line=line, quantity=1) for line, _ in _each(lines, 1)]),
        wanted="return",
    ),
    "ask all goods back": lambda *_: AskGoodsBack(
        stream=ORDER, refund=REFUND, goods_return=OTHER_RETURN, wanted="return"
    ),
    "take goods back": lambda _, lines: TakeGoodsBack(
        stream=ORDER,
        goods_return=RETURN,
        arrival=ARRIVAL,
        goods=tuple([CameBack(line=line, quantity=1, condition="used") for line, _ in _each(lines, 1)]),
    ),
    "claim from the supplier": lambda _, lines: FileSupplierClaim(
        order=ORDER, refund=REFUND, claim=CLAIM, parts=_parts(lines), amount=100, sends_goods=True
    ),
    "waive": lambda _, lines: WaiveSupplierClaim(
        order=ORDER, refund=REFUND, claim=OTHER_CLAIM, parts=_parts(lines)
    ),
    "correct the refund": lambda story, _: _correction(story, RefundGranted),
    "refund anew": lambda _, lines: grant(
        *_each(lines, 2), refund=OTHER_REFUND, deciding=deciding(OWNER.person)
    ),
    "cancel": lambda *_: cancel(refund=id_of("ref", 3)),
}
"""What happens to it, one after the other."""


def operations(do: Callable[[], object]) -> int:
    """How many the interpreter carries out; what one instruction copies as a whole counts once."""
    done = 0

    def carried_out(_: FrameType, event: str, __: Any) -> Any:
        nonlocal done
        done += event == "opcode"
        return carried_out

    def called(frame: FrameType, _: str, __: Any) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return carried_out

    before = sys.gettrace()
    sys.settrace(called)
    try:
        do()
    finally:
        sys.settrace(before)
    return done


def _work(lines: int, steps: Mapping[str, Asking]) -> tuple[Story, dict[str, int]]:
    """The operations of deciding each step and of folding what it decided."""
    story, work = given(customer_registered()), dict[str, int]()
    story.actor, story.reason = OWNER, "sealed:Because"
    for name, asking in steps.items():
        command = asking(story, lines)
        known = story.given(command)
        work[name] = operations(lambda: story.record_decision(decide(command, known)))  # noqa: B023
    return story, work


def _grown(short: Mapping[str, int], long: Mapping[str, int]) -> dict[str, float]:
    """By how much more than twice each step's work grew."""
    return {name: round(long[name] / work, 2) for name, work in short.items() if long[name] > 2.1 * work}


def test_each_decision_takes_twice_the_work_for_twice_the_lines() -> None:
    """Fails for the step concerned with the walk each of these had: of a refund over all deliveries for each
    line, of goods over all parts of their refund, of a claim over all units left.
    """
    _, short = _work(LINES, STEPS)
    _, long = _work(2 * LINES, STEPS)
    assert _grown(short, long) == {}


SHIPPED = {name: STEPS[name] for name in ("place", "ship")}


def test_so_does_the_correction_of_a_shipment() -> None:
    steps = {**SHIPPED, "correct the shipment": lambda story, _: _correction(story, OrderShipped)}
    _, short = _work(LINES, steps)
    _, long = _work(2 * LINES, steps)
    assert _grown(short, long) == {}


def _next_steps(lines: int) -> int:
    story, _ = _work(lines, SHIPPED)
    numbers = count(50)
    steps = steps_of(
        story.state(ORDER),
        story.state(CUSTOMER),
        OWNER.person,
        "2010-08-10",
        lambda prefix: id_of(prefix, next(numbers)),
    )
    known = [(step, story.given(step.command)) for step in steps]
    return operations(lambda: [asked(step, given) for step, given in known])


def test_so_do_its_next_steps() -> None:
    assert _grown({"next": _next_steps(LINES)}, {"next": _next_steps(2 * LINES)}) == {}
