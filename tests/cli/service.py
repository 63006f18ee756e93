"""The service as a process of its own: started on a data folder, asked over HTTP, stopped by signals."""

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path

PATIENCE = 60.0


class Service:
    """A running service and what it said when it was ready."""

    def __init__(self, process: subprocess.Popen[str], banner: str) -> None:
        self.process = process
        self.banner = banner
        self.key = re.findall(r"mk_demo_\w+", banner)[0]
        self.url = re.findall(r"http://[\d.:]+", banner)[0]

    def get(self, path: str) -> tuple[int, bytes]:
        """Asks the API as the demo's owner."""
        try:
            with self.listening(path) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as problem:
            return problem.code, problem.read()

    def listening(self, path: str) -> HTTPResponse:
        """The answer to the demo's owner, to be read as it comes. Raises: HTTPError."""
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.key}"})
        return urllib.request.urlopen(request, timeout=PATIENCE)

    def stopped_by(self, number: int) -> int:
        """The exit code after a signal to the whole group, as Ctrl-C in a terminal sends it."""
        os.killpg(self.process.pid, number)
        return self.process.wait(PATIENCE)


@contextmanager
def serving(data: Path, before: str = "") -> Generator[Service]:
    """The service on that data folder, in a process group of its own; `before`: Python that runs first."""
    command = [sys.executable, "-c", f"{before}\nfrom cli.main import run; run()"]
    command += ["serve", "--demo", "--port", "0", "--data", str(data)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout
            said: list[str] = []
            while not said or "Ctrl-C" not in said[-1]:
                line = process.stdout.readline()
                assert line, f"ended before it was ready:\n{''.join(said)}"
                said.append(line)
            yield Service(process, "".join(said))
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
                try:
                    process.wait(PATIENCE)
                finally:
                    process.kill()  # or the end of `with` waits for it


def postmaster_of(data: Path) -> int:
    """The embedded server's process."""
    return int((data / "cluster" / "postmaster.pid").read_text().splitlines()[0])
