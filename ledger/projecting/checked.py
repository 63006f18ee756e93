"""Rows that add up more than a column holds: looked for only once a write has found one.

No amount taken is beyond 2^53, so that hardly any book ever has one, and to look at every row takes a sixth
of a fold. A fold that looks parks the row at the entry that made it too large, and everything else goes on.
"""

import struct
from collections.abc import Callable
from typing import TypeVar

Done = TypeVar("Done")

BEYOND = (OverflowError, struct.error)
"""What a whole number raises that no column holds, by the way in which it is written."""


def unless_beyond(work: Callable[[bool], Done]) -> Done:
    """What `work` does, which folds and writes: unchecked; or checked, from the beginning, where needed."""
    try:
        return work(False)
    except BEYOND:
        return work(True)
