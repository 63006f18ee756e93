"""Orders that ask at the same time are looked up together, and each is compared with its own record."""

import asyncio
from collections.abc import Iterable

import pytest

from domain.decision import Actor
from ledger.errors import KeyReused
from ledger.importing.recorded import RecordedBefore
from ledger.record.repeats import Repeats
from ledger.record.submission import Outcome, Submission

pytestmark = pytest.mark.anyio

SYSTEM = Actor(person="system", role="service")
RECORDED = {"a": b"1", "b": b"2"}
"""Keys and the requests they were used for."""


class Record(Repeats):
    """A record that holds these keys, and counts how often it is asked."""

    def __init__(self) -> None:
        self.looks = 0

    async def among(self, submissions: Iterable[Submission]) -> dict[str, Outcome]:
        self.looks += 1
        await asyncio.sleep(0)
        asked = {it.key: it.request_hash for it in submissions}
        if any(asked.get(key, request) != request for key, request in RECORDED.items()):
            raise KeyReused
        return {key: Outcome(entries=(), replayed=True) for key in RECORDED.keys() & asked.keys()}


def use(key: str, request: bytes) -> list[Submission]:
    """A use of that key."""
    return [Submission(actor=SYSTEM, origin="import", key=key, request_hash=request)]


async def looked_up(record: Record, *uses: list[Submission]) -> list[object]:
    """What each of these uses finds, asking at the same time: its keys, or a failure."""
    before = RecordedBefore(record)
    found = await asyncio.gather(*(before.among(it) for it in uses), return_exceptions=True)
    return [
        type(it) if isinstance(it, BaseException) else use[0].key in it
        for use, it in zip(uses, found, strict=True)
    ]


async def test_all_that_ask_at_once_cost_one_look():
    record = Record()
    assert await looked_up(record, use("a", b"1"), use("b", b"2"), use("c", b"3")) == [True, True, False]
    assert record.looks == 1


async def test_a_key_used_for_something_else_fails_only_who_used_it_so():
    """Let the failure of one look reach all that asked → this fails."""
    found = await looked_up(Record(), use("a", b"1"), use("b", b"other"), use("c", b"3"))
    assert found == [True, KeyReused, False]


@pytest.mark.parametrize("requests", [(b"1", b"other"), (b"other", b"1")])
async def test_one_key_used_twice_at_once_is_compared_for_each_use(requests: tuple[bytes, bytes]):
    """Look up two uses of one key together → this fails."""
    found = await looked_up(Record(), *(use("a", request) for request in requests))
    assert found == [True if request == b"1" else KeyReused for request in requests]
