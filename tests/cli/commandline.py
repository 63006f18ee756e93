"""What a command, run in this process, came to."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple


class Ended(NamedTuple):
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    def json(self) -> list[Any]:
        """What it printed, line by line."""
        return [json.loads(line) for line in self.out.splitlines()]


Makegood = Callable[..., Ended]
