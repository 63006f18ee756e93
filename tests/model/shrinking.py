"""A failing sequence made as short as it fails with: steps are left out as long as it still fails alike."""

from collections.abc import Callable, Sequence
from typing import TypeVar

Step = TypeVar("Step")


def shortest(steps: Sequence[Step], fails: Callable[[list[Step]], bool]) -> list[Step]:
    """The steps of which none can be left out."""
    left, size = list(steps), len(steps) // 2
    while size:
        start = 0
        while start < len(left):
            fewer = left[:start] + left[start + size :]
            if fails(fewer):
                left = fewer
            else:
                start += size
        size //= 2
    return left
