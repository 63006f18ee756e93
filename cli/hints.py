"""Commands that a text names, as they are typed to act on the database and book that this one was told."""

import re
import shlex
from collections.abc import Mapping
from contextvars import ContextVar
from typing import TypeVar

import msgspec
import typer
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from typer.core import TyperGroup

_COMMAND = re.compile(r"\bmakegood((?: [a-z]+)+)")

Value = TypeVar("Value")


class _Told(msgspec.Struct, frozen=True):
    """The options that a command was given where to act, and the commands there are."""

    options: Mapping[str, str]
    commands: TyperGroup


_TOLD: ContextVar[_Told | None] = ContextVar("told", default=None)


def remembered(context: typer.Context, parameter: typer.CallbackParam, value: Value) -> Value:
    """The value of an option; one that was typed is remembered, since no other command would know it.

    What a variable says is known to the next command too.
    """
    source = context.get_parameter_source(parameter.name or "")
    root = context.find_root().command
    if source is not None and source.name == "COMMANDLINE" and isinstance(root, TyperGroup):
        said = {parameter.opts[0]: str(value)}
        before = _TOLD.get()
        _TOLD.set(_Told(said if before is None else {**before.options, **said}, root))
    return value


def forget() -> None:
    """A command begins: nothing was said to it yet."""
    _TOLD.set(None)


def here(text: str) -> str:
    """The text, its commands acting where this one did: pasted, they find what it is about."""
    told = _TOLD.get()
    return text if told is None else _COMMAND.sub(lambda found: _with_options(found, told), text)


def _with_options(found: re.Match[str], told: _Told) -> str:
    words = found[1].split()
    command, depth = told.commands, 0
    while isinstance(command, TyperGroup) and depth < len(words) and words[depth] in command.commands:
        command, depth = command.commands[words[depth]], depth + 1
    taken = {option for parameter in command.params for option in parameter.opts}
    options = [f"{name} {_typed(name, value)}" for name, value in told.options.items() if name in taken]
    return " ".join(["makegood", *words[:depth], *options, *words[depth:]])


def _typed(name: str, value: str) -> str:
    """The value as a shell takes it; of a connection string, without its password."""
    if name == "--dsn" and "password" in conninfo_to_dict(value):
        value = make_conninfo(value, password="…")
    return shlex.quote(value)
