"""Servers of their own for tests that hurt them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from ledger.embedded import EmbeddedServer

HOUSE = Path(__file__).parents[2]

_VISIT = """
import sys
from pathlib import Path
from ledger.embedded import EmbeddedServer
with EmbeddedServer(Path(sys.argv[1])) as server:
    print(server.pid, flush=True)
    sys.stdin.read()
"""


class Visitor:
    """Another process that uses the server until it is told to leave."""

    def __init__(self, data: Path, **identity: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", _VISIT, str(data)],
            cwd=HOUSE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            **identity,
        )

    def server_pid(self) -> int:
        """Returns once the visitor is connected."""
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def leave(self) -> None:
        self.process.communicate()
        assert self.process.returncode == 0


@pytest.fixture
def visit() -> Iterator[Callable[..., Visitor]]:
    """Starts visitors; whoever is still there at the end of the test is told to leave."""
    with ExitStack() as stack:

        def start(data: Path, **identity: object) -> Visitor:
            visitor = Visitor(data, **identity)
            stack.callback(visitor.process.communicate)
            return visitor

        yield start


@pytest.fixture
def fresh(run_folder: Path) -> Path:
    """A folder that does not exist yet, where the server's account could enter it."""
    return run_folder / uuid4().hex


@pytest.fixture(scope="module")
def data(run_folder: Path) -> Path:
    """A data folder that the tests of one file share: the cluster is made once, each test starts it anew."""
    return run_folder / uuid4().hex


@pytest.fixture
def own(data: Path) -> Iterator[EmbeddedServer]:
    """A running server that the test may hurt."""
    with EmbeddedServer(data) as server:
        yield server
