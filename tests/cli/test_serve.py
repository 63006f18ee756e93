"""`makegood serve --demo`, as a visitor meets it: a process, its banner, Ctrl-C."""

import csv
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.cli.service import PATIENCE, Service, postmaster_of, serving

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(scope="module")
def data(run_folder: Path) -> Path:
    """A data folder that the server's account can enter, gone with the run."""
    return run_folder / f"serve-{os.getpid()}"


def test_the_banner_holds_what_a_visitor_needs_and_ctrl_c_stops_everything(data: Path):
    with serving(data) as service:
        curl = re.search(r"curl .*\\\n.*", service.banner)
        assert curl
        words = shlex.split(curl[0].replace("\\\n", ""))
        assert words[1:3] == ["-H", f"Authorization: Bearer {service.key}"]
        status, order = service.get(words[3].removeprefix(service.url))
        assert (status, b"DRESS-ROSE-40" in order) == (200, True)
        assert service.get("/docs")[0] == 200
        assert (data / "demo-api-key").stat().st_mode & 0o777 == 0o600
        postmaster = postmaster_of(data)
        assert service.stopped_by(signal.SIGINT) == 0
    assert not Path(f"/proc/{postmaster}").exists() or not Path("/proc").exists()
    assert not (data / "cluster" / "postmaster.pid").exists()


def test_what_the_readme_writes_is_read_again_as_it_says(data: Path):
    """Rename a column or a header, or answer another status → README.md shows what no longer is."""
    write, headers, read, (heading, line) = _told(_block_with("min_position="))
    with serving(data) as service:
        status, answered, _ = _curled(service, write)
        position = answered["ledger-position"]
        assert headers[0].split()[1] == str(status)
        assert {each.partition(":")[0] for each in headers[1:]} <= {name.lower() for name in answered}
        status, _, body = _curled(
            service, [re.sub(r"(min_position=)\d+", rf"\g<1>{position}", word) for word in read]
        )
        assert status == 200
        columns, row = csv.reader(body.decode().splitlines())
        assert columns == heading.split(",")
        assert len(row) == len(line.split(","))
        said = dict(zip(columns, row, strict=True))
        assert (said["name"], said["last_position"]) == ("Ann Example", position)
        assert f"/v1/customers/{said['id']}" == answered["location"]


def _block_with(sign: str) -> str:
    """The one block of commands in README.md that has this."""
    blocks = [it.partition("```")[0] for it in README.read_text("utf-8").split("```console\n")[1:]]
    (block,) = [it for it in blocks if sign in it]
    return block


@pytest.mark.skipif(
    not all(map(shutil.which, ("sh", "curl", "openssl"))), reason="it is typed into a shell, with both"
)
def test_the_notice_of_the_readme_is_signed_as_it_says(data: Path):
    """Sign the body without the time, or read another column of `endpoints add` → this fails."""
    *lines, told = _block_with("Stripe-Signature").splitlines()
    with serving(data) as service:
        typed = "\n".join(line.removeprefix("$ ") for line in lines)
        makegood = str(Path(sys.executable).with_name("makegood"))
        typed = typed.replace(".venv/bin/makegood", makegood).replace("http://127.0.0.1:8000", service.url)
        folder = {**os.environ, "MAKEGOOD_DATA": str(data)}
        answer = subprocess.run(["sh", "-c", typed], env=folder, capture_output=True, text=True, check=True)
        assert re.sub(r"\d+", "…", answer.stdout) == re.sub(r"\d+", "…", told)
        position = json.loads(answer.stdout)["position"]
        waiting = json.loads(service.get(f"/v1/unmatched?min_position={position}")[1])["items"]
        assert [(row["reference"], row["amount"]["amount"]) for row in waiting] == [("ch_1", 1250)]


def _told(block: str) -> tuple[list[str], list[str], list[str], list[str]]:
    """Two commands, as the words of a shell, each with the lines it is said to print."""
    _, first, second = block.replace("\\\n", "").split("$ ")
    told: list[list[str]] = []
    for part in (first, second):
        command, *lines = part.splitlines()
        told += [shlex.split(command), [line for line in lines if line and line != "…"]]
    write, headers, read, rows = told
    return write, headers, read, rows


def _curled(service: Service, words: list[str]) -> tuple[int, dict[str, str], bytes]:
    """What a curl command of README.md is answered by that service: status, headers, body."""
    given = [words[at + 1].replace("$KEY", service.key) for at, word in enumerate(words) if word == "-H"]
    sent = [words[at + 1].encode() for at, word in enumerate(words) if word == "-d"]
    request = urllib.request.Request(
        service.url + words[-1].removeprefix("http://127.0.0.1:8000"),
        data=sent[0] if sent else None,
        headers=dict(header.split(": ", 1) for header in given),
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return answer.status, dict(answer.headers), answer.read()


def test_ctrl_c_ends_open_streams_itself_and_quietly(data: Path):
    """Leave the stopping event unset in `_Service.shutdown` → it waits for the streams to end, this fails."""
    for_ever = "import cli.serve; cli.serve.LAST_WORDS = 3600"
    with serving(data, before=for_ever) as service:
        with service.listening("/v1/events/stream") as stream:
            assert stream.readline().startswith(b"id: ")
            assert service.stopped_by(signal.SIGINT) == 0
            assert stream.read().endswith(b"\n\n")
        assert service.process.stdout
        assert service.process.stdout.read() == ""


def test_the_second_start_tells_nothing_twice_and_sigterm_stops_it_too(data: Path):
    def told(service: Service) -> list[dict[str, Any]]:
        return json.loads(service.get("/v1/events?limit=200")[1])["items"]

    with serving(data) as first:
        before = told(first)
        assert first.stopped_by(signal.SIGTERM) == 0
    with serving(data) as second:
        assert second.key == first.key
        after = told(second)
    assert after[: len(before)] == before
    # What a book does by itself may still follow its stories.
    assert "order.placed" not in [entry["type"] for entry in after[len(before) :]]


def test_a_dead_embedded_server_is_started_again(data: Path):
    with serving(data) as service:
        os.kill(postmaster_of(data), signal.SIGKILL)
        until = time.monotonic() + PATIENCE
        path = re.findall(r"/v1/orders/\w+", service.banner)[0]
        while service.get(path)[0] != 200:
            assert time.monotonic() < until
        assert service.get("/readyz")[0] == 200


def _folding_child_of(service: Service) -> int | None:
    """The process that keeps the read models for it."""
    for about in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            parent = int((about / "stat").read_text().rpartition(")")[2].split()[1])
            # Until exec it has the command line of its parent, which waits for that: frozen there, both are.
            begun = b"\0-m\0ledger.projecting.apart\0" in (about / "cmdline").read_bytes()
            if parent == service.process.pid and begun:
                return int(about.name)
    return None


def _once_it_folds(service: Service, *, apart_from: int | None = None) -> int:
    until = time.monotonic() + PATIENCE
    while (child := _folding_child_of(service)) in (None, apart_from):
        assert time.monotonic() < until
    assert child is not None
    return child


linux = pytest.mark.skipif(not Path("/proc").exists(), reason="only /proc tells whose child a process is")


@linux
def test_the_process_that_folds_is_begun_again_when_it_was_killed(data: Path):
    with serving(data) as service:
        killed = _once_it_folds(service)
        os.kill(killed, signal.SIGKILL)
        _once_it_folds(service, apart_from=killed)
        assert service.get("/readyz")[0] == 200
        assert service.stopped_by(signal.SIGINT) == 0
        assert service.process.stdout
        told = "The process that keeps the read models had ended; another one does now.\n"
        assert service.process.stdout.read() == told


@linux
def test_ctrl_c_ends_everything_while_the_process_that_folds_is_frozen(data: Path):
    """Wait for its last step before it is ended → this goes on for ever."""
    impatient = (
        "import cli.serve, ledger.projecting.apart as apart; cli.serve.LAST_WORDS = apart.LAST_WORDS = 1"
    )
    with serving(data, before=impatient) as service:
        frozen = _once_it_folds(service)
        os.kill(frozen, signal.SIGSTOP)
        assert service.stopped_by(signal.SIGINT) == 0
    assert not Path(f"/proc/{frozen}").exists()


def test_a_taken_port_is_held_elsewhere(data: Path):
    with serving(data) as service:
        port = service.url.rpartition(":")[2]
        command = [sys.executable, "-c", "from cli.main import run; run()", "serve", "--port", port]
        twice = subprocess.run([*command, "--data", str(data)], capture_output=True, text=True, check=False)
        assert twice.returncode == 5
        assert "Choose another: --port N" in twice.stderr
