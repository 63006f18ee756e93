"""Mutants are made of every decision in a function, and a function can be made to run one."""

import ast
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from domain.orders.account import OrderAccount, cash_of
from tests.mutation.explained import Explained
from tests.mutation.mutants import Mutant, changes, mutants
from tests.mutation.reaching import ROOT
from tests.mutation.swapping import code_of, function_in

ACCOUNT = Path("domain/orders/account.py")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a < b", "a <= b"),
        ("a == b", "a != b"),
        ("a in b", "a not in b"),
        ("a - b", "a + b"),
        ("a and b", "a or b"),
        ("not a", "a"),
        ("3", "4"),
        ("True", "False"),
        ("'x'", "'x?'"),
        ("b if a else c", "b if not a else c"),
        ("min(a, b)", "max(a, b)"),
    ],
)
def test_an_expression_is_changed(before: str, after: str) -> None:
    (changed,) = changes(ast.parse(before, mode="eval").body)
    assert ast.unparse(changed) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("check(a)", "pass"),
        ("raise a", "pass"),
        ("a += 1", "a -= 1"),
        ("if a:\n    b", "if not a:\n    b"),
    ],
)
def test_a_statement_is_changed(before: str, after: str) -> None:
    (changed,) = changes(ast.parse(before).body[0])
    assert ast.unparse(ast.fix_missing_locations(changed)) == after


def test_what_says_nothing_is_not_changed(tmp_path: Path) -> None:
    file = tmp_path / "quiet.py"
    file.write_text(
        'def f(x: "A | B" = 1) -> "C":\n    """Says."""\n    y: "D" = cast("E", x)\n    assert y\n'
    )
    assert list(mutants(file, str(file))) == []


def test_an_explanation_is_found_by_what_was_changed_where_and_told_once_it_no_longer_holds() -> None:
    rows = "| `domain/a.py` | `f` | `A \\| B` → `None` | so |\n| `domain/a.py` | `g` | `1` → `2` | so |\n"
    explained = Explained(rows)
    mutant = Mutant(Path("domain/a.py"), "f", range(1), "A | B", "None", compile("", "a.py", "exec"))
    assert mutant in explained
    assert replace(mutant, function="h") not in explained
    assert explained.gone == {("domain/a.py", "g", "`1` → `2`")}


def test_every_mutant_of_a_function_is_told_apart() -> None:
    told = [str(mutant) for mutant in mutants(ACCOUNT, "account.py") if mutant.function == "cash_of"]
    assert len(told) >= 8
    assert len(set(told)) == len(told)


def test_a_function_runs_the_changed_code() -> None:
    module = sys.modules["domain.orders.account"]
    function = function_in(module, "OrderAccount.balance")
    kept = function.__code__
    signs = [mutant for mutant in mutants(ACCOUNT, str(ROOT / ACCOUNT)) if "written_off" in mutant.before]
    try:
        function.__code__ = code_of(signs[0].code, "OrderAccount.balance")
        changed = OrderAccount(written_off=1).balance
    finally:
        function.__code__ = kept
    assert {changed, OrderAccount(written_off=1).balance} == {1, -1}
    assert function_in(module, "cash_of") is cash_of
