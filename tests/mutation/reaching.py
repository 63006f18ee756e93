"""Reaching: the lines of the domain that each test runs, and how long it takes."""

import gc
import os
import pickle
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from types import FrameType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).parents[2]
DOMAIN = f"{ROOT}/domain/"
Line = tuple[str, int]
"""A file of the domain, as its code objects name it, and a number."""


@dataclass(frozen=True)
class Reach:
    """What one test runs."""

    item: pytest.Item
    seconds: float
    """Of the processor, while its lines were noted."""
    lines: frozenset[Line]


class Reaching:
    """Which tests run a line, quickest first, as one run of them all shows."""

    def __init__(self, items: Sequence[pytest.Item]) -> None:
        self._reaches: defaultdict[Line, list[Reach]] = defaultdict(list)
        for reach in sorted(_seen(items), key=lambda reach: reach.seconds):
            for line in reach.lines:
                self._reaches[line].append(reach)

    def of(self, filename: str, lines: range) -> list[Reach]:
        """Those that run any of the lines."""
        found = {id(reach): reach for line in lines for reach in self._reaches.get((filename, line), ())}
        return sorted(found.values(), key=lambda reach: reach.seconds)


def fails(item: pytest.Item) -> bool:
    """Run a test."""
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def forget_calculated() -> None:
    """Empty every cache of the domain, so that a function runs whenever it is called."""
    for cached in _caches():
        cached.cache_clear()


def _caches() -> list[Any]:
    return [
        value
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] == "domain"
        for value in vars(module).values()
        if hasattr(value, "cache_clear")
    ]


def _seen(items: Sequence[pytest.Item]) -> Iterator[Reach]:
    """Each test run once, in a fork, so that nothing of it stays.

    Raises: pytest.UsageError where one fails.
    """
    gc.freeze()  # what is there already is not looked through again, nor copied
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            for item in items:
                pickle.dump(_noted(item), pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        for item in items:
            failed, seconds, lines = pickle.load(pipe)
            if failed:
                raise pytest.UsageError(f"{item.nodeid} fails without any change")
            yield Reach(item, seconds, lines)
    os.waitpid(child, 0)


def _noted(item: pytest.Item) -> tuple[bool, float, frozenset[Line]]:
    """Whether a test fails, how long it takes, and the lines it runs."""
    lines = set[Line]()

    def within(frame: FrameType, event: str, _: object) -> Any:
        if event == "line":
            lines.add((frame.f_code.co_filename, frame.f_lineno))
        return within

    def called(frame: FrameType, _event: str, _: object) -> Any:
        return within if frame.f_code.co_filename.startswith(DOMAIN) else None

    forget_calculated()
    began = process_time()
    sys.settrace(called)
    try:
        failed = fails(item)
    finally:
        sys.settrace(None)
    return failed, process_time() - began, frozenset(lines)
