"""Work done side by side, but in order within one customer."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")


async def in_lanes(
    items: Iterable[Item],
    lane_of: Callable[[Item], str],
    work: Callable[[Item], Awaitable[None]],
    width: int,
) -> None:
    """Does the work of every item, at most `width` at once; items of one lane one after the other.

    Items are taken only as there is room for them. The first failure ends everything and is raised alone.
    """
    room = asyncio.Semaphore(width)
    last: dict[str, asyncio.Task[None]] = {}

    async def after(before: asyncio.Task[None] | None, lane: str, item: Item) -> None:
        try:
            if before is not None:
                await before
            await work(item)
        finally:
            room.release()
            if last.get(lane) is asyncio.current_task():
                del last[lane]

    try:
        async with asyncio.TaskGroup() as group:
            for item in items:
                await room.acquire()
                lane = lane_of(item)
                last[lane] = group.create_task(after(last.get(lane), lane, item))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
