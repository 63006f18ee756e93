"""One task for every book there is, and for every new one: what a service does beside answering."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from ledger.book import Book
from ledger.composition import Ledger
from ledger.errors import LedgerError

LOOK_EVERY = 1.0
"""Seconds between two looks for new books."""

Told = Callable[[str, Exception], None]
"""Hears for which book something stands still, and why; an empty name: for new books."""


async def for_each_book(
    ledger: Ledger, work: Callable[[Book], Coroutine[Any, Any, None]], told: Told
) -> None:
    """Work on every book, each in a task of its own, until cancelled; one ended by a fault of ours is told
    and begun anew.
    """
    tasks: dict[str, asyncio.Task[None]] = {}
    try:
        while True:
            try:
                for name in await ledger.books():
                    if name not in tasks or _has_died(name, tasks[name], told):
                        tasks[name] = asyncio.create_task(work(await ledger.book(name)))
            except LedgerError as failure:
                told("", failure)
            await asyncio.sleep(LOOK_EVERY)
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


def _has_died(name: str, task: asyncio.Task[None], told: Told) -> bool:
    if not task.done():
        return False
    if isinstance(fault := task.exception(), Exception):
        told(name, fault)
    return True


class ToldOnce:
    """Tells what stands still in a book, and the same thing only once."""

    def __init__(self, told: Told, book: str) -> None:
        self._told, self._book, self._last = told, book, ""

    def failure(self, failure: Exception) -> None:
        if str(failure) != self._last:
            self._last = str(failure)
            self._told(self._book, failure)
