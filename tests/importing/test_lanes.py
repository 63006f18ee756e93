"""Side by side over lanes, in order within one."""

import asyncio
from collections.abc import Iterator

import pytest

from ledger.importing.lanes import in_lanes

pytestmark = pytest.mark.anyio


async def test_items_of_one_lane_are_done_in_order_while_others_go_on():
    """Drop the wait for the lane's last item → this fails."""
    done: list[str] = []
    b_done = asyncio.Event()

    async def work(item: str) -> None:
        if item == "a1":
            await b_done.wait()
        done.append(item)
        if item == "b2":
            b_done.set()

    await in_lanes(["a1", "a2", "b1", "b2", "a3"], lambda item: item[0], work, width=5)
    assert done == ["b1", "b2", "a1", "a2", "a3"]


async def test_no_more_than_width_are_taken():
    taken = running = 0
    most: list[int] = []

    def items() -> Iterator[int]:
        nonlocal taken
        while taken < 20:
            taken += 1
            yield taken

    async def work(item: int) -> None:
        nonlocal running
        running += 1
        most.append(running)
        await asyncio.sleep(0)
        running -= 1
        assert taken - item <= 4

    await in_lanes(items(), str, work, width=3)
    assert max(most) == 3
    assert len(most) == 20


async def test_the_first_failure_ends_everything_and_is_raised_alone():
    done: list[int] = []

    async def work(item: int) -> None:
        if item == 2:
            raise LookupError("two")
        await asyncio.sleep(0 if item < 2 else 60)
        done.append(item)

    with pytest.raises(LookupError, match="two"):
        await in_lanes(range(9), str, work, width=4)
    assert done == [0, 1]
