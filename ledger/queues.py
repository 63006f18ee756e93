"""In-process queues: one command at a time for each stream it decides on."""

import asyncio
from collections.abc import Iterable
from types import TracebackType
from weakref import WeakValueDictionary


class Queues:
    """A queue per name, first come first served; a queue exists only while somebody stands in it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def __len__(self) -> int:
        """How many queues there are just now."""
        return len(self._locks)

    def turn(self, names: Iterable[str]) -> "Turn":
        """For `async with`: a turn in all these queues, in sorted order, so that two never wait crosswise."""
        locks: list[asyncio.Lock] = []
        for name in sorted(names):
            lock = self._locks.get(name)
            if lock is None:
                lock = self._locks[name] = asyncio.Lock()
            locks.append(lock)
        return Turn(locks)


class Turn:
    """A place in several queues."""

    def __init__(self, locks: list[asyncio.Lock]) -> None:
        self._locks = locks
        self._held = 0

    async def __aenter__(self) -> None:
        try:
            for lock in self._locks:
                await lock.acquire()
                self._held += 1
        except asyncio.CancelledError:
            self._leave()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        for lock in self._locks[: self._held]:
            lock.release()
        self._locks = []
