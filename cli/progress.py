"""A progress bar on stderr: how far, how fast, how long still; nothing where stderr is not a terminal."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

Advance = Callable[[int, int], None]
"""Called with (entries done, entries to do)."""


class Bar:
    """A bar with the rate of the entries and the time left."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def show(self, completed: int, total: int | None, entries: int) -> None:
        """How far it is (in whatever unit `total` has), and how many entries that was."""
        elapsed = self._progress.tasks[self._task].elapsed or 1
        rate = f"{entries / elapsed:,.0f} entries/s"
        self._progress.update(self._task, completed=completed, total=total, rate=rate)


@contextmanager
def bar(title: str, total: int | None = None) -> Generator[Bar]:
    """A bar, gone when the work is."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Bar(progress, progress.add_task(title, total=total, rate=""))


@contextmanager
def entries_bar(title: str) -> Generator[Advance]:
    """A bar over entries."""
    with bar(title) as shown:
        yield lambda done, of: shown.show(done, of, done)
