"""One embedded server for the run, one migrated database for each worker, a fresh book for each test."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from ledger.database import Database, prepared
from ledger.embedded import EmbeddedServer

RUN_FOLDER = "MAKEGOOD_TEST_RUN"
"""Environment variable by which the process that began the run tells its workers where the data lies."""


def pytest_configure(config: pytest.Config) -> None:
    # Not pytest's own temporary folder: started by root, the server's account could not enter it.
    if RUN_FOLDER not in os.environ:
        folder = tempfile.mkdtemp(prefix="makegood-tests-")
        Path(folder).chmod(0o711)
        os.environ[RUN_FOLDER] = folder
        config.add_cleanup(lambda: _forget(folder))
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A run begun in the background ignores it, and so would each command that a test interrupts.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in [name for name in os.environ if name.startswith("MAKEGOOD_") and name != RUN_FOLDER]:
        del os.environ[name]  # no test may reach the data of whoever runs the tests


def _forget(folder: str) -> None:
    del os.environ[RUN_FOLDER]
    if Path(folder, "data", "cluster").exists():
        with EmbeddedServer(Path(folder, "data")):
            pass  # the last to leave stops the server, also where a worker was killed and could not
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def run_folder() -> Path:
    """A folder of this run, that the server's account can enter."""
    return Path(os.environ[RUN_FOLDER])


@pytest.fixture(scope="session")
def server(run_folder: Path) -> Iterator[EmbeddedServer]:
    """The embedded server that all workers share; the last of them stops it."""
    with EmbeddedServer(run_folder / "data") as server:
        yield server


@pytest.fixture(scope="session")
def database(server: EmbeddedServer) -> Database:
    """A migrated database of this worker alone."""
    return prepared(server, f"makegood_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")


@pytest.fixture
def book_name() -> str:
    """The name of a book that no other test uses."""
    return f"book-{uuid4().hex}"
