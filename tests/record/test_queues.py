"""In-process queues: one at a time per stream, in the order of asking; nobody waits crosswise."""

import asyncio

import pytest

from ledger.record.queues import Queues

pytestmark = pytest.mark.anyio


async def test_commands_on_one_stream_take_turns_in_the_order_in_which_they_came() -> None:
    queues, seen = Queues(), list[int]()

    async def command(number: int) -> None:
        async with queues.turn({"a"}):
            seen.append(number)
            await asyncio.sleep(0)
            seen.append(number)

    await asyncio.gather(*[command(number) for number in range(5)])
    assert seen == [number for number in range(5) for _ in range(2)]


async def test_two_commands_on_the_same_streams_named_crosswise_both_get_their_turn() -> None:
    queues, inside = Queues(), 0

    async def command(*names: str) -> None:
        nonlocal inside
        async with queues.turn(names):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            inside -= 1

    # Taken in the order given, these would wait for each other for ever.
    async with asyncio.timeout(5):
        await asyncio.gather(*[command("a", "b") if n % 2 else command("b", "a") for n in range(10)])


async def test_a_command_cancelled_while_it_waits_leaves_the_queue_and_what_it_held() -> None:
    queues = Queues()

    async def command() -> None:
        async with queues.turn({"a", "b"}):
            pass

    async with queues.turn({"b"}):
        waiting = asyncio.create_task(command())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        async with asyncio.timeout(5), queues.turn({"a"}):
            pass
    async with asyncio.timeout(5):
        await command()


async def test_a_command_cancelled_just_as_its_turn_comes_hands_it_on() -> None:
    """Note a turn only once it was waited for without an interruption → the queue stays held, this fails."""
    queues = Queues()

    async def command() -> None:
        async with queues.turn({"a"}):
            pass

    async with queues.turn({"a"}):
        waiting, behind = asyncio.create_task(command()), asyncio.create_task(command())
        await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    async with asyncio.timeout(5):
        await behind
    assert len(queues) == 0


async def test_a_queue_exists_only_while_somebody_stands_in_it() -> None:
    queues = Queues()
    async with queues.turn({"a", "b"}):
        assert len(queues) == 2
    assert len(queues) == 0
