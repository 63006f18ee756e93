"""Following in a process of its own: folding would hold up every request of a service that shares its
interpreter.

    service    FollowerApart.step()  →  (what, conninfo, book, holder)
    child      Follower.step()       →  (book, Step or the failure)

Nothing else changes: when to step, for whom, and what is told of it stays with the service (`follow`). One
child serves all books. It ends when the pipe does, so that it never outlives its service, however that ends;
where it ends first, the next step begins another. A step may take as long as it likes, but a child that does
not even say that it lives is frozen, and is killed: nobody else would follow, and Ctrl-C would wait for it.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from threading import Lock, Thread
from typing import Literal, NamedTuple

import psycopg

from ledger.collector import collect_rarely
from ledger.connection import LOST
from ledger.errors import LedgerError
from ledger.projecting.follow import Follower, Step
from projections.catalogue import PROJECTIONS

LAST_WORDS = 10.0
"""Seconds a child may take to end its steps before it is killed."""
ASK_AFTER = 10.0
"""Seconds a step may take before the child is asked whether it lives; after twice as many without a word it
is killed."""

CARRIED = (psycopg.Error, LedgerError)
"""Failures that reach the service as they are; any other is a fault of ours."""


class Ended(psycopg.OperationalError):
    """The child is gone. It counts as a lost connection: the service waits a moment, then steps again."""


class Asked(NamedTuple):
    """What the child is to do for one book."""

    what: Literal["step", "close", "say something"]
    conninfo: str = ""
    book: str = ""
    holder: str = ""


Told = tuple[str, Step | BaseException]
"""The book, and how its step went. No book: the child lives."""


class Apart:
    """The child that follows for this process; it begins with the first step asked for."""

    def __init__(self, begun_again: Callable[[], None] = lambda: None) -> None:
        self.ask_after = ASK_AFTER
        """Seconds: see there."""
        self._begun_again = begun_again
        """Hears that a child had ended, and another one does its work."""
        self._is_closed = False
        self._heard_at = 0.0
        self._lock = Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._pipe: Connection[Asked | None, Told] | None = None
        self._waiting: dict[str, Future[Step]] = {}

    @property
    def process(self) -> int | None:
        """The id of the child, if one was begun."""
        return None if self._child is None else self._child.pid

    def follower(self, conninfo: str, book: str, holder: str) -> "FollowerApart":
        """What follows one book there."""
        return FollowerApart(self, conninfo, book, holder)

    def ask(self, asked: Asked) -> Step:
        """Have the child do it. Blocks. Raises: what the step raises, Ended."""
        answer: Future[Step] = Future()
        with self._lock:
            if self._is_closed:
                raise Ended("nothing is followed any more")
            pipe = self._pipe or self._begun()
            self._waiting[asked.book] = answer
            with suppress(OSError):  # it has just ended, which the listener tells
                pipe.send(asked)
        while not wait([answer], self.ask_after).done:
            self._expect_alive()
        return answer.result()

    def _expect_alive(self) -> None:
        """Kill a child that has been silent for too long, and have any other say something."""
        with self._lock:
            if self._child is None or self._pipe is None:
                return  # it has ended, which the listener tells
            if time.monotonic() - self._heard_at > 2 * self.ask_after:
                self._child.kill()
            else:
                with suppress(OSError):
                    self._pipe.send(Asked("say something"))

    def close(self) -> None:
        """End the child and wait for it; whatever is asked from now on has ended."""
        with self._lock:
            self._is_closed = True
            child, self._child = self._child, None
            pipe, self._pipe = self._pipe, None
        if child is None:
            return
        with suppress(OSError, subprocess.TimeoutExpired):
            if pipe is not None:
                pipe.send(None)  # closed alone, it would stay open for the thread that listens
            child.wait(LAST_WORDS)
        child.kill()
        child.wait()

    def _begun(self) -> "Connection[Asked | None, Told]":
        if self._child is not None:
            self._child.wait()
            self._begun_again()
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", __name__, str(theirs.fileno())]
            self._child = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is the service's to hear
            )
        self._heard_at = time.monotonic()
        pipe = self._pipe = Connection(ours.detach())
        Thread(target=self._listen, args=(pipe,), name="told by the follower", daemon=True).start()
        return pipe

    def _listen(self, pipe: "Connection[Asked | None, Told]") -> None:
        with suppress(EOFError, OSError):
            while True:
                book, told = pipe.recv()
                self._heard_at = time.monotonic()
                answer = self._waiting.pop(book, None)
                if answer is None:
                    continue
                if isinstance(told, Step):
                    answer.set_result(told)
                else:
                    answer.set_exception(told)
        with self._lock:
            if self._pipe is pipe:
                self._pipe = None
            waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            answer.set_exception(Ended("the process that keeps the read models has ended"))


class FollowerApart:
    """Follows one book in the child. Use it from one thread at a time."""

    def __init__(self, apart: Apart, conninfo: str, book: str, holder: str) -> None:
        self._apart = apart
        self._step = Asked("step", conninfo, book, holder)

    def step(self) -> Step:
        """As `Follower.step`. Raises: what that raises, Ended."""
        return self._apart.ask(self._step)

    def close(self) -> None:
        """Give the lease back and disconnect."""
        with suppress(*LOST):
            self._apart.ask(self._step._replace(what="close"))


def child(pipe: "Connection[Told, Asked | None]") -> None:
    """Do what comes through the pipe until it ends: one thing at a time for each book."""
    followers: dict[str, Follower] = {}
    telling = Lock()

    def tell(book: str, done: Future[Step]) -> None:
        failure = done.exception()
        if failure is not None and not isinstance(failure, CARRIED):
            failure = RuntimeError(f"{type(failure).__name__}: {failure}")
        with telling, suppress(OSError):  # nobody listens any more
            pipe.send((book, done.result() if failure is None else failure))

    with ThreadPoolExecutor() as pool, suppress(EOFError):
        while (asked := pipe.recv()) is not None:
            if asked.what == "say something":
                with telling, suppress(OSError):
                    pipe.send(("", Step(0, 0)))
                continue
            pool.submit(_do, followers, asked).add_done_callback(partial(tell, asked.book))
    for follower in followers.values():
        follower.close()


def _do(followers: dict[str, Follower], asked: Asked) -> Step:
    follower = followers.get(asked.book)
    if follower is None:
        follower = Follower(asked.conninfo, asked.book, PROJECTIONS, asked.holder)
        followers[asked.book] = follower
    if asked.what == "step":
        return follower.step()
    followers.pop(asked.book).close()
    return Step(0, 0)


if __name__ == "__main__":
    collect_rarely()  # entries and rows are no cycles: looking for some took a third of its time
    child(Connection(int(sys.argv[1])))
    os._exit(0)  # all is closed; tearing the interpreter down would only keep the service waiting
