"""Where a command is decided: at once, on the loop; or, where that takes long, in a thread beside it.

A decision about an order of thousands of lines takes tenths of a second of the interpreter. In a thread it
shares that with the loop, which goes on answering others. Decisions are pure: nothing is shared but states
that never change.
"""

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from domain.command import Command
from domain.decision import Decision, Given
from domain.decisions import decide
from domain.orders.order import Placed
from ledger.connection import InTime
from ledger.record.folds import Folded

LONG = 1_000
"""The weight of an order from which on a decision about it may take longer than some ten milliseconds, which
is far more than to ask a thread; an order of a hundred lines that was shipped, delivered and refunded weighs
about half as much.
"""

_BESIDE = ThreadPoolExecutor(max_workers=1, thread_name_prefix="long decisions")
"""One for the process: several would only leave the loop less of the one interpreter."""


async def decided(command: Command, given: Given, states: Iterable[Folded], in_time: InTime) -> Decision:
    """What the command's decision is; what that takes beside the loop is no time that the database took.

    Raises: Refusal.
    """
    if not any(folded.weight >= LONG and isinstance(folded.state, Placed) for folded in states):
        return decide(command, given)
    with in_time.stopped():
        return await asyncio.get_running_loop().run_in_executor(_BESIDE, decide, command, given)
