"""Where everything is measured: an embedded server in a temporary folder, and processes beside it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ledger.embedded import EmbeddedServer

PATIENCE = 30
"""Seconds a process may take until it answers, and until it has ended."""
MAKEGOOD = (sys.executable, "-c", "from cli.main import run; run()")
"""The `makegood` command, also where it is not on the path."""


class DidNotStart(Exception):
    """A server to be measured does not answer."""


class Ground(msgspec.Struct, frozen=True):
    """A running server and its data folder."""

    server: EmbeddedServer
    data: Path

    def environment(self, **more: str) -> dict[str, str]:
        """Ours, with this data folder instead of anybody's own."""
        ours = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MAKEGOOD_", "POSTGRES_"))
        }
        return {**ours, "MAKEGOOD_DATA": str(self.data), **more}

    def makegood(self, *arguments: str) -> str:
        """Run one command to its end; what it printed. Raises: CalledProcessError."""
        return subprocess.run(
            [*MAKEGOOD, *arguments], env=self.environment(), check=True, stdout=subprocess.PIPE, text=True
        ).stdout


@contextmanager
def ground() -> Generator[Ground]:
    """A server of its own, gone afterwards. Raises: ServerTrouble."""
    with tempfile.TemporaryDirectory(prefix="makegood-bench-") as folder:
        data = Path(folder)
        data.chmod(0o711)  # started by root, the server's account must get through
        with EmbeddedServer(data) as server:
            yield Ground(server, data)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


@contextmanager
def serving(command: Sequence[str], port: int, environment: Mapping[str, str]) -> Generator[int]:
    """The command, once it accepts connections on the port; its process id. It is ended afterwards.

    Raises: DidNotStart.
    """
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise DidNotStart(" ".join(command))
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
