"""In-process queues: one command at a time for each stream it decides on."""

import asyncio
from collections import deque
from collections.abc import Iterable
from types import TracebackType

Queue = deque[asyncio.Future[None]]
"""Those who wait, behind the one whose turn it is."""


class Queues:
    """A queue per name, first come first served; a queue exists only while somebody stands in it."""

    def __init__(self) -> None:
        self._queues: dict[str, Queue] = {}

    def __len__(self) -> int:
        """How many queues there are just now."""
        return len(self._queues)

    def turn(self, names: Iterable[str]) -> "Turn":
        """For `async with`: a turn in all these queues, in sorted order, so that two never wait crosswise."""
        return Turn(self._queues, sorted(names))


class Turn:
    """A place in several queues."""

    def __init__(self, queues: dict[str, Queue], names: list[str]) -> None:
        self._queues = queues
        self._names = names
        self._held: list[str] = []

    async def __aenter__(self) -> None:
        try:
            for name in self._names:
                queue = self._queues.get(name)
                if queue is None:
                    self._queues[name] = deque()
                    self._held.append(name)
                else:
                    await self._wait(name, queue)
        except asyncio.CancelledError:
            self._leave()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    async def _wait(self, name: str, queue: Queue) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        finally:
            if not turn.cancelled():  # also where the turn came just before the cancellation
                self._held.append(name)

    def _leave(self) -> None:
        for name in self._held:
            queue = self._queues[name]
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(None)
                    break
            else:
                del self._queues[name]
        self._held = []
