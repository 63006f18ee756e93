"""Running: what the tests that reach a line say when it is changed.

All tests are collected once. Each run happens in a fork of that process, so that no change outlives it.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType
from typing import TypeVar

import pytest

from tests.mutation.explained import Explained, Row
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.reaching import ROOT, Reach, Reaching, fails, forget_calculated
from tests.mutation.swapping import code_of, function_in

Step = TypeVar("Step")

AT_LEAST = 5.0
"""Seconds of processor time a fork has, however busy the machine is, beyond twice what its tests took."""
SURVIVED = 0
FAILED = 1
BROKEN = 2
"""The run itself went wrong, which says nothing of the tests."""


@dataclass
class Result:
    """What became of a file's mutants."""

    killed: int = 0
    endless: list[Mutant] = field(default_factory=list[Mutant])
    """Stopped when their time was over: found, as no test of ours goes on for ever, yet no test failed."""
    explained: list[Mutant] = field(default_factory=list[Mutant])
    """Survived, and nothing could be told from the original: `survivors.md` says why."""
    survivors: list[Mutant] = field(default_factory=list[Mutant])

    @property
    def made(self) -> int:
        return self.killed + len(self.endless) + len(self.explained) + len(self.survivors)

    def __add__(self, other: "Result") -> "Result":
        return Result(
            self.killed + other.killed,
            self.endless + other.endless,
            self.explained + other.explained,
            self.survivors + other.survivors,
        )

    def __str__(self) -> str:
        return (
            f"{self.killed:5} of {self.made:5} killed, {len(self.endless):3} endless, "
            f"{len(self.explained):3} explained, {len(self.survivors):3} survived"
        )


class MutationRun:
    """A pytest plugin that runs the collected tests against mutants instead of once."""

    def __init__(self, paths: Sequence[Path], at_once: int) -> None:
        self.results: dict[Path, Result] = {path: Result() for path in paths}
        self._explained = Explained()
        self._at_once = at_once

    def pytest_configure(self) -> None:
        """Random tests look for a failure, the same way each time, and do not make it smaller."""
        from hypothesis import Phase, settings  # not before pytest has begun

        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutation", phases=phases, database=None, derandomize=True, deadline=None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makemodule(self) -> None:
        """Before each file of tests is read, since its folder has settings of its own."""
        from hypothesis import settings

        settings.load_profile("mutation")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run every mutant against the tests that reach it."""
        from tests.model import test_side_by_side

        test_side_by_side.shortest = _as_long_as_it_is
        reaching = Reaching(session.items)
        for mutant, status in _forked(self._work(reaching), self._at_once):
            result = self.results[mutant.path]
            match os.waitstatus_to_exitcode(status):
                case code if code == FAILED:
                    result.killed += 1
                case code if code == -signal.SIGPROF:
                    result.endless.append(mutant)
                    say(f"endless   {mutant}")
                case code if code == SURVIVED and mutant in self._explained:
                    result.explained.append(mutant)
                case code if code == SURVIVED:
                    result.survivors.append(mutant)
                    say(f"survived  {mutant}")
                case code:
                    raise pytest.UsageError(f"{mutant}: the run broke ({code})")
        return True

    def stale(self) -> set[Row]:
        """Explanations of what did not survive, of the files that were run."""
        return {row for row in self._explained.gone if Path(row[0]) in self.results}

    def _work(self, reaching: Reaching) -> Iterator[tuple[Mutant, float, Callable[[], int]]]:
        for path in self.results:
            say(f"{path}")
            module = import_module(".".join(path.with_suffix("").parts))
            filename = str(ROOT / path)
            for mutant in mutants(path, filename):
                function = function_in(module, mutant.function)
                code = code_of(mutant.code, mutant.function, function.__code__.co_freevars)
                reaches = reaching.of(filename, mutant.lines)
                limit = AT_LEAST + 2 * sum(reach.seconds for reach in reaches)
                yield mutant, limit, lambda f=function, c=code, r=reaches: _verdict(f, c, r)


def say(line: str) -> None:
    """Tell a line at once, whatever pytest makes of the output."""
    assert sys.__stdout__ is not None
    sys.__stdout__.write(f"{line}\n")
    sys.__stdout__.flush()


def _as_long_as_it_is(steps: Sequence[Step], fails: Callable[[list[Step]], bool]) -> list[Step]:
    return list(steps)


def _verdict(function: FunctionType, code: CodeType, reaches: Sequence[Reach]) -> int:
    """Run the tests with the changed code, until one fails."""
    function.__code__ = code
    forget_calculated()
    return FAILED if any(fails(reach.item) for reach in reaches) else SURVIVED


def _forked(
    work: Iterable[tuple[Mutant, float, Callable[[], int]]], at_once: int
) -> Iterator[tuple[Mutant, int]]:
    """Each piece of work in a process of its own, some at a time; how it ended."""
    running: dict[int, Mutant] = {}
    for mutant, limit, run in work:
        if len(running) == at_once:
            yield _ended(running)
        child = os.fork()
        if child == 0:
            _in_child(run, limit)
        running[child] = mutant
    while running:
        yield _ended(running)


def _in_child(run: Callable[[], int], limit: float) -> None:
    status = BROKEN
    try:
        signal.setitimer(signal.ITIMER_PROF, limit)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        status = run()
    finally:
        os._exit(status)


def _ended(running: dict[int, Mutant]) -> tuple[Mutant, int]:
    child, status = os.wait()
    return running.pop(child), status
