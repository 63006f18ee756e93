"""Conditions on columns, for any answer: `column operator value`, and one of several."""

from typing import Literal

import msgspec
from psycopg import sql

Operator = Literal["=", "<>", "<", "<=", ">", ">=", "^@", "in"]
"""`^@`: the text begins with the value; `in`: is one of the values of a list."""


class Where(msgspec.Struct, frozen=True):
    """What a column has to be."""

    column: str
    operator: Operator
    value: str | int | bool | list[str]

    def text(self) -> sql.Composable:
        """The condition as SQL with a placeholder."""
        form = sql.SQL("{} = ANY (%s)") if self.operator == "in" else sql.SQL(f"{{}} {self.operator} %s")
        return form.format(sql.Identifier(self.column))

    def values(self) -> tuple[object, ...]:
        """What stands for the placeholders."""
        return (self.value,)


class Either(msgspec.Struct, frozen=True):
    """At least one of several conditions."""

    of: tuple[Where, ...]

    def text(self) -> sql.Composable:
        """The condition as SQL with placeholders."""
        return sql.SQL("({})").format(sql.SQL(" OR ").join(each.text() for each in self.of))

    def values(self) -> tuple[object, ...]:
        """What stands for the placeholders, in their order."""
        return tuple(value for each in self.of for value in each.values())


Condition = Where | Either
