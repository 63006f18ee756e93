"""Every command is documented."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from cli.commands import app

ROOT = Path(__file__).parents[2]


def commands(group: object, path: str) -> Iterator[str]:
    """Every command below a group, as a person types it."""
    inner: dict[str, object] | None = getattr(group, "commands", None)
    if inner is None:
        yield path
        return
    for name, command in inner.items():
        yield from commands(command, f"{path} {name}")


EVERY = sorted(commands(get_command(app), "makegood"))


def test_there_are_commands():
    assert "makegood import orders" in EVERY


@pytest.mark.parametrize("command", EVERY)
def test_the_readme_mentions(command: str):
    """Add a command without a word in README.md → this fails."""
    assert f"`{command}" in (ROOT / "README.md").read_text("utf-8")
