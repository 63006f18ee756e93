"""Running: which tests call which function, and whether one of them fails when it is changed.

All tests are collected once. Each run happens in a fork of that process, so that no change outlives it.
"""

import os
import pickle
import signal
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time
from types import FrameType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.mutants import Mutant, mutants
from tests.mutation.swapping import code_of, function_in

ROOT = Path(__file__).parents[2]
AT_ONCE = 2
"""Forks at a time."""
LONGEST = 60
"""Seconds of processor time of a fork, however busy the machine is; a mutant that never ends is killed."""
ENDED = 0
FAILED = 1


@dataclass
class Result:
    """What became of a file's mutants."""

    killed: int = 0
    survivors: list[Mutant] = field(default_factory=list[Mutant])

    @property
    def made(self) -> int:
        return self.killed + len(self.survivors)


class MutationRun:
    """A pytest plugin that runs the collected tests against mutants instead of once."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = paths
        self.results: dict[Path, Result] = {path: Result() for path in paths}

    def pytest_configure(self) -> None:
        """Random tests look for a failure, the same way each time, and do not make it smaller."""
        from hypothesis import Phase, settings  # not before pytest has begun

        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutation", phases=phases, database=None, derandomize=True)
        settings.load_profile("mutation")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        callers = self._callers(session.items)
        for mutant, status in _forked(self._work(callers)):
            result = self.results[mutant.path]
            if status == ENDED:
                result.survivors.append(mutant)
                say(f"survived  {mutant}")
            else:
                result.killed += 1
        return True

    def _work(self, callers: "dict[str, list[pytest.Item]]") -> Iterator[tuple[Mutant, Callable[[], int]]]:
        for path in self.paths:
            module = sys.modules[".".join(path.with_suffix("").parts)]
            for mutant in mutants(path, str(ROOT / path)):
                try:
                    function = function_in(module, mutant.function)
                except LookupError:
                    continue
                code = code_of(mutant.code, mutant.function)
                items = callers.get(f"{path}:{mutant.function}", [])

                def run(function: Any = function, code: Any = code, items: Any = items) -> int:
                    function.__code__ = code
                    return FAILED if any(_fails(item) for item in items) else ENDED

                yield mutant, run

    def _callers(self, items: list[pytest.Item]) -> "dict[str, list[pytest.Item]]":
        """The tests that call a function, quickest first, as one run of them all shows."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            with os.fdopen(writing, "wb") as pipe:
                pickle.dump([_called(item) for item in items], pipe)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            seen = pickle.load(pipe)
        os.waitpid(child, 0)
        callers: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
        for number, (failed, seconds, called) in enumerate(seen):
            if failed:
                raise pytest.UsageError(f"{items[number].nodeid} fails without any change")
            for function in called:
                callers[function].append((seconds, number))
        return {
            function: [items[number] for _, number in sorted(tests)] for function, tests in callers.items()
        }


def say(line: str) -> None:
    """Tell a line at once, whatever pytest makes of the output."""
    assert sys.__stdout__ is not None
    sys.__stdout__.write(f"{line}\n")
    sys.__stdout__.flush()


def _called(item: pytest.Item) -> tuple[bool, float, set[str]]:
    """Whether a test fails, how long it takes, and the functions of the domain it calls."""
    codes = set[Any]()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            codes.add(frame.f_code)

    began = process_time()
    sys.setprofile(note)
    try:
        failed = _fails(item)
    finally:
        sys.setprofile(None)
    within = f"{ROOT}/domain/"
    called = {
        f"{Path(code.co_filename).relative_to(ROOT)}:{code.co_qualname.partition('.<locals>')[0]}"
        for code in codes
        if code.co_filename.startswith(within)
    }
    return failed, process_time() - began, called


def _fails(item: pytest.Item) -> bool:
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def _forked(
    work: Iterable[tuple[Mutant, Callable[[], int]]],
) -> Iterator[tuple[Mutant, int]]:
    """Each piece of work in a process of its own, some at a time; how it ended."""
    running: dict[int, Mutant] = {}
    for mutant, run in work:
        if len(running) == AT_ONCE:
            yield _ended(running)
        child = os.fork()
        if child == 0:
            _in_child(run)
        running[child] = mutant
    while running:
        yield _ended(running)


def _in_child(run: Callable[[], int]) -> None:
    status = FAILED
    try:
        signal.setitimer(signal.ITIMER_PROF, LONGEST)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        status = run()
    finally:
        os._exit(status)


def _ended(running: dict[int, Mutant]) -> tuple[Mutant, int]:
    child, status = os.wait()
    return running.pop(child), status
