"""Starting: from `makegood serve --demo` to the first answer, on an empty folder and on the one it leaves."""

import os
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from benchmarks.ground import MAKEGOOD, PATIENCE, DidNotStart, free_port
from benchmarks.report import Section


def measure(rounds: int) -> Section:
    """Start so often after the first time, each time until a request is answered. Raises: DidNotStart."""
    with tempfile.TemporaryDirectory(prefix="makegood-bench-") as folder:
        data = Path(folder) / "data"
        Path(folder).chmod(0o711)  # started by root, the server's account must get through
        first = started(data)
        later = [started(data) for _ in range(rounds)]
    rows = (("first start", f"{first:.2f}"), *[("later start", f"{seconds:.2f}") for seconds in later])
    return Section(
        title="Start of `makegood serve --demo`",
        headings=("start", "seconds"),
        rows=rows,
        remark="The first start makes the database and the demo book. Nothing is left running in between.",
    )


def started(data: Path) -> float:
    """Seconds from the command to the first answer; the service is stopped again. Raises: DidNotStart."""
    port = free_port()
    command = [*MAKEGOOD, "serve", "--demo", "--port", str(port), "--data", str(data)]
    began = time.perf_counter()
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MAKEGOOD_")}
    process = subprocess.Popen(command, env=ours, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        while not _answers(port):
            if process.poll() is not None or time.perf_counter() - began > PATIENCE:
                raise DidNotStart(" ".join(command))
            time.sleep(0.01)
        return time.perf_counter() - began
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.wait(PATIENCE)


def _answers(port: int) -> bool:
    # The port is taken before the database is started: only an answer tells that everything is there.
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=0.2) as answer:
            return answer.status == 200
    except OSError:
        return False
