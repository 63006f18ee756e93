"""Swapping: a function keeps its identity, wherever it was imported, and runs other code."""

import functools
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any


def code_of(code: CodeType, function: str, needs: tuple[str, ...] = ()) -> CodeType:
    """The code of a function, by its qualified name, within that of its module. Raises: LookupError.

    `needs` are the names from around it that the function holds, whether the changed code uses them or not.
    """
    for found in _nested(code):
        if found.co_qualname == function:
            return found if found.co_freevars else found.replace(co_freevars=needs)
    raise LookupError(function)


def function_in(module: ModuleType, function: str) -> FunctionType:
    """The function itself, whatever it is wrapped in; a cache it stands behind is emptied.

    Raises: LookupError where it is none we know how to reach.
    """
    found: Any = module
    for name in function.split("."):
        found = vars(found).get(name)
    match found:
        case property():
            found = found.fget
        case staticmethod() | classmethod() | functools.cached_property():
            found = getattr(found, "__func__", None) or getattr(found, "func", None)
        case _ if hasattr(found, "cache_clear"):
            found.cache_clear()
            found = found.__wrapped__
        case _:
            pass
    found = getattr(found, "__wrapped__", found)
    match found:
        case FunctionType():
            return found
        case _:
            raise LookupError(function)


def _nested(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _nested(constant)
