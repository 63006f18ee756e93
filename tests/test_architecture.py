"""The house stands as designed: imports run one way, and what is pure reads no clock and keeps no float.

domain ← projections ← ledger ← api, cli
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_IMPORT = {
    "domain": {"domain"},
    "projections": {"domain", "projections"},
    "ledger": {"domain", "projections", "ledger"},
    "api": {"domain", "projections", "ledger", "api"},
    "cli": {"domain", "projections", "ledger", "api", "cli"},
}
PURE = ("domain", "projections")
PURE_IMPORTS = {
    "domain",
    "projections",
    "msgspec",
    "iso4217",
    # Of the standard library: what computes, nothing that reaches out.
    "abc",
    "calendar",
    "collections",
    "dataclasses",
    "datetime",
    "functools",
    "hashlib",
    "itertools",
    "operator",
    "re",
    "struct",
    "string",
    "typing",
    "zoneinfo",
}
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter"}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "service", "services", "base", "models", "util"}


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every module a file imports, with the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: import by the full name, not relatively"
            yield node.lineno, node.module or ""


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_run_one_way(package: str) -> None:
    # `import ledger` in any domain file → this fails.
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {module}; {package} may import only"
        f" {', '.join(sorted(MAY_IMPORT[package]))}: move what is shared down, or pass it in as an argument"
        for path in sources(package)
        for line, module in imports(path)
        if module.partition(".")[0] in MAY_IMPORT.keys() - MAY_IMPORT[package]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", PURE)
def test_what_is_pure_reaches_for_nothing(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {module}: {package} does no I/O;"
        " do it in ledger/ and pass the answer in"
        for path in sources(package)
        for line, module in imports(path)
        if module.partition(".")[0] not in PURE_IMPORTS
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", PURE)
def test_what_is_pure_reads_no_clock(package: str) -> None:
    # `datetime.now(UTC)` in any decision → this fails.
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} reads a clock:"
        " moments arrive as arguments (`given.at`, `given.now`)"
        for path in sources(package)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS
    ]
    assert not wrong, "\n".join(wrong)


def test_money_knows_no_float() -> None:
    # `amount * 0.5`, `amount / 2`, `float(amount)` anywhere in domain/ → this fails.
    wrong: list[str] = []
    for path in sources("domain"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_float = (
                (isinstance(node, ast.Constant) and isinstance(node.value, float))
                or (isinstance(node, ast.Name) and node.id in {"float", "Decimal"})
                or (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div))
            )
            if is_float:
                line = getattr(node, "lineno", 0)
                wrong.append(
                    f"{path.relative_to(ROOT)}:{line} may make a float:"
                    " use whole minor units and `domain.money`"
                )
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_modules_are_named_after_their_subject(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: name it after what it is about"
        for path in sources(package)
        if path.stem in FORBIDDEN_NAMES or path.parent.name in FORBIDDEN_NAMES
    ]
    assert not wrong, "\n".join(wrong)
