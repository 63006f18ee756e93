"""A progress bar on stderr: how far, how fast, how long still; nothing where stderr is not a terminal."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

Advance = Callable[[int, int], None]
"""Called with (entries done, entries to do)."""


@contextmanager
def entries_bar(title: str) -> Generator[Advance]:
    """A bar over entries, gone when the work is."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=None, rate="")

        def advance(done: int, of: int) -> None:
            elapsed = bar.tasks[task].elapsed or 1
            bar.update(task, completed=done, total=of, rate=f"{done / elapsed:,.0f} entries/s")

        yield advance
