"""Mutants: small changes to the code of one function, each of which some test should notice."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
CALCULATED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
}
SIGN = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Mod: "%"}
SHOWN = 90
"""Characters of code that a report shows."""
MISTAKES = {"LookupError", "TypeError", "ValueError"}
CALLED = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    """One change to one function, named as a code object names itself."""

    path: Path
    function: str
    lines: range
    """Of the statement it is in, or of its head where it has a body: a test that runs none cannot notice."""
    before: str
    after: str
    code: CodeType
    """Of the whole module, with the change."""

    def __str__(self) -> str:
        return f"{self.path}:{self.lines.start} {self.function}: {self.change}"

    @property
    def change(self) -> str:
        """What was changed, on one line."""
        return f"`{self.before}` → `{self.after}`"


def mutants(path: Path, filename: str) -> Iterator[Mutant]:
    """Every mutant of a file, in the order of its lines; `filename` is how its code objects name it."""
    tree = ast.parse(path.read_text("utf-8"))
    for function, node in _functions(tree, ""):
        for target, lines in _statements(node):
            for changed in changes(target):
                yield Mutant(
                    path,
                    function,
                    lines,
                    _told(target),
                    _told(changed),
                    compile(ast.fix_missing_locations(_with(tree, target, changed)), filename, "exec"),
                )


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """What a node may be changed to."""
    match node:
        case ast.Compare(left, [op], right) if type(op) in COMPARED:
            yield ast.Compare(left, [COMPARED[type(op)]()], right)
        case ast.BinOp(left, op, right) if type(op) in CALCULATED:
            yield ast.BinOp(left, CALCULATED[type(op)](), right)
        case ast.AugAssign(target, op, value) if type(op) in CALCULATED:
            yield ast.AugAssign(target, CALCULATED[type(op)](), value)
        case ast.BoolOp(ast.And(), values):
            yield ast.BoolOp(ast.Or(), values)
        case ast.BoolOp(ast.Or(), values):
            yield ast.BoolOp(ast.And(), values)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() as value):
            yield ast.Constant(value + 1)
        case ast.Constant(str() as value):
            yield ast.Constant(f"{value}?")
        case ast.If(test, body, orelse) if not isinstance(test, ast.UnaryOp):
            yield ast.If(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.IfExp(test, body, orelse) if not isinstance(test, ast.UnaryOp):
            yield ast.IfExp(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.match_case(pattern, ast.expr() as guard, body):
            yield ast.match_case(pattern, ast.UnaryOp(ast.Not(), guard), body)
        case ast.Call(ast.Name(name), args, keywords) if name in CALLED:
            yield ast.Call(ast.Name(CALLED[name], ast.Load()), args, keywords)
        case ast.keyword(str() as name, value) if not isinstance(value, ast.Constant):
            yield ast.keyword(name, ast.Constant(None))
        case ast.Return(ast.expr() as value) if not isinstance(value, ast.Constant):
            yield ast.Return(ast.Constant(None))
        case ast.Expr(ast.Call()) | ast.Raise() | ast.Continue():
            yield ast.Pass()
        case _:
            return


def _functions(node: ast.AST, within: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Functions and methods, by qualified name; those inside a function belong to it."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef(name):
                yield within + name, child
            case ast.ClassDef(name):
                yield from _functions(child, f"{within}{name}.")
            case _:
                pass


def _statements(function: ast.FunctionDef) -> Iterator[tuple[ast.AST, range]]:
    """Every node of the function's body, and its lines; no docstring, annotation or assertion."""
    for statement in function.body:
        yield from _within(statement, range(0))


def _within(node: ast.AST, lines: range) -> Iterator[tuple[ast.AST, range]]:
    match node:
        case ast.Assert() | ast.JoinedStr() | ast.Expr(ast.Constant()):
            return
        case ast.keyword("strict"):
            return  # of `zip`: says that lengths are equal, and never makes them so
        case ast.Call(ast.Name("cast"), [_, value]):
            yield from _within(value, lines)  # the kind is an annotation
            return
        case ast.Raise(ast.Call(ast.Name(error))) if error in MISTAKES:
            yield node, _lines(node)  # what it says is for who wrote the call, and decides nothing
            return
        case ast.Raise(ast.Call(ast.Name("OutOfRange"), [field, *_])):
            yield node, _lines(node)
            yield from _within(field, _lines(node))  # what it must be is prose
            return
        case ast.AnnAssign(_, _, value):
            if value is not None:
                yield from _within(value, _lines(node))
            return
        case ast.FunctionDef(_, _, body):
            for statement in body:
                yield from _within(statement, lines)
            return
        case ast.stmt() | ast.match_case():
            lines = _lines(node)
            yield node, lines
        case _:
            yield node, lines
    for child in ast.iter_child_nodes(node):
        yield from _within(child, lines)


def _lines(node: ast.stmt | ast.match_case) -> range:
    """Where a statement is, or the head of one that has a body."""
    first = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
    match node:
        case ast.Match(_, [case, *_]):
            last = case.pattern.lineno - 1
        case ast.match_case() | ast.If() | ast.For() | ast.While() | ast.With() | ast.Try():
            last = node.body[0].lineno - 1
        case _:
            last = node.end_lineno or first
    return range(first, max(first, last) + 1)


def _with(tree: ast.Module, target: ast.AST, changed: ast.AST) -> ast.Module:
    """A copy of the module in which one node is another."""

    class Exchange(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            if getattr(node, "is_target", False):
                return changed if not hasattr(node, "lineno") else ast.copy_location(changed, node)
            return self.generic_visit(node)

    target.is_target = True  # pyright: ignore[reportAttributeAccessIssue]
    try:
        return Exchange().visit(copy.deepcopy(tree))
    finally:
        del target.is_target  # pyright: ignore[reportAttributeAccessIssue]


def _told(node: ast.AST) -> str:
    """A node on one line."""
    match node:
        case ast.keyword(name, value):
            text = f"{name}={ast.unparse(value)}"
        case ast.match_case(pattern, guard):
            text = f"case {ast.unparse(pattern)} if {ast.unparse(guard) if guard else ''}"
        case ast.If(test):
            text = f"if {ast.unparse(test)}"
        case ast.BinOp(_, op, right) if len(ast.unparse(node)) > SHOWN:
            text = f"… {SIGN[type(op)]} {ast.unparse(right)}"
        case _:
            text = ast.unparse(node)
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
