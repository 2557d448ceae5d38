"""Small changes to expressions, as other nodes in a syntax tree: windows shifted, conditions flipped or dropped."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.GtE: ast.Gt,
    ast.Gt: ast.GtE,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}


def _both_ways(*pairs: tuple[str, str]) -> dict[str, str]:
    return dict(pairs) | {other: one for one, other in pairs}


METHODS = _both_ways(
    ("min", "max"),
    ("first", "last"),
    ("any", "all"),
    ("is_null", "is_not_null"),
    ("min_horizontal", "max_horizontal"),
    ("head", "tail"),
)
DROPPED = {"filter", "unique", "reverse", "drop_nulls", "forward_fill", "over", "abs"}
ALTERNATIVES = {"min_horizontal", "max_horizontal", "coalesce"}
"""Functions of several columns, of which each can be missing, or come first."""
EDGES = _both_ways(("at_start", "at_end"), ("first", "end"))
NAMES = _both_ways(("start", "end"), ("then", "now"), ("in_base", "still"), ("above", "below"), ("before", "after"))
WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "closed": {"left": ("both", "none")},
    "how": {"left": ("inner",), "full": ("left",), "semi": ("anti",)},
}
TELLING = (ast.Call, ast.Compare, ast.BinOp, ast.UnaryOp, ast.IfExp, ast.Tuple)
"""Expressions long enough to recognise a change by."""
UNTOUCHED = {"maintain_order", "engine", "return_dtype", "strict", "coalesce", "suffix", "validate", "orient"}
"""Keywords without which a result is not another one, only slower or in another order."""


@dataclass(frozen=True)
class Place:
    """Where a node hangs, so that another can take its place, and the expression that shows the change best."""

    parent: ast.AST
    field: str
    index: int | None
    shown: ast.AST

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


Change = tuple[str, Place, ast.AST, ast.AST]
"""Scope, place, the node there and the one that takes its place."""


def of_functions(tree: ast.Module) -> Iterator[Change]:
    for statement in tree.body:
        match statement:
            case ast.FunctionDef():
                yield from within(statement, statement.name)
            case ast.ClassDef():
                for method in statement.body:
                    if isinstance(method, ast.FunctionDef) and method.name != "depends_on":
                        yield from within(method, f"{statement.name}.{method.name}")


def within(node: ast.AST, scope: str, shown: ast.AST | None = None) -> Iterator[Change]:
    """Every change below a node; annotations, messages and names of things are left alone."""
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "decorator_list", "args" if isinstance(node, ast.FunctionDef) else ""}:
            continue
        for index, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if not isinstance(child, ast.AST) or isinstance(child, ast.JoinedStr | ast.Raise | ast.Assert):
                continue
            if isinstance(child, ast.keyword) and child.arg in UNTOUCHED:
                continue
            seen = child if isinstance(child, TELLING) or shown is None else shown
            is_called = isinstance(node, ast.Call) and field == "func"
            for new in () if is_called else _instead(child):
                if not _stands_beside(new, node):
                    yield scope, Place(node, field, index, seen), child, new
            yield from within(child, scope, seen if isinstance(child, ast.expr | ast.keyword) else None)


def _stands_beside(new: ast.AST, node: ast.AST) -> bool:
    """`a & b` → `a & a` is `a & b` → `a`, which there is already; `a > a` says nothing."""
    if not isinstance(new, ast.Name) or not isinstance(node, ast.BinOp | ast.Compare):
        return False
    return ast.dump(new) in [ast.dump(child) for child in ast.iter_child_nodes(node)]


def _instead(node: ast.AST) -> Iterator[ast.AST]:  # noqa: C901, a case per kind of node
    """What can stand in a node's place."""
    match node:
        case ast.Compare(left, [op], [right]) if type(op) in COMPARISONS:
            yield ast.Compare(left, [COMPARISONS[type(op)]()], [right])
        case ast.BinOp(left, op, right) if type(op) in OPERATORS and not _is_type_or_text(left, right):
            yield ast.BinOp(left, OPERATORS[type(op)](), right)
            if isinstance(op, ast.BitAnd):
                yield from (left, right)
        case ast.UnaryOp(ast.Invert() | ast.Not(), operand):
            yield operand
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() as value):
            yield from (ast.Constant(other) for other in ((value - 1, value + 1) if value else (1,)))
        case ast.keyword(arg, ast.Constant(str() as value)):
            yield from (ast.keyword(arg, ast.Constant(other)) for other in WORDS.get(arg or "", {}).get(value, ()))
        case ast.Call(ast.Attribute(value, name), args, keywords):
            yield from _instead_of_call(value, name, args, keywords)
        case ast.Attribute(value, name, ast.Load()) if name in EDGES:
            yield ast.Attribute(value, EDGES[name], ast.Load())
        case ast.Name(name, ast.Load()) if name in NAMES:
            yield ast.Name(NAMES[name], ast.Load())
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)
        case _:
            pass


def _instead_of_call(
    value: ast.expr, name: str, args: Sequence[ast.expr], keywords: list[ast.keyword]
) -> Iterator[ast.AST]:
    called = ast.Attribute(value, name, ast.Load())
    if name in METHODS:
        yield ast.Call(ast.Attribute(value, METHODS[name], ast.Load()), list(args), keywords)
    if name in DROPPED:
        yield value
    if name in ALTERNATIVES and len(args) > 1:
        yield from (ast.Call(called, [*args[:left], *args[left + 1 :]], keywords) for left in range(len(args)))
        if name == "coalesce":
            yield ast.Call(called, [args[1], args[0], *args[2:]], keywords)
    if name == "when":
        yield ast.Call(called, [lit(value=True)], [])
    if name == "is_between" and not keywords:
        yield ast.Call(called, list(args), [ast.keyword("closed", ast.Constant("none"))])


def _is_type_or_text(*sides: ast.expr) -> bool:
    """`Share | Ratio`, `{...} | {...}`, `"a" + b`: no arithmetic."""
    texts = (ast.JoinedStr, ast.Dict, ast.Set, ast.List, ast.Tuple)
    return any(
        isinstance(side, texts)
        or (isinstance(side, ast.Name) and side.id[0].isupper())
        or (isinstance(side, ast.Constant) and isinstance(side.value, str | None))
        or (isinstance(side, ast.Call) and ast.unparse(side.func) in {"with_dimensions", "vars"})
        for side in sides
    )


def lit(*, value: object) -> ast.expr:
    return ast.parse(f"pl.lit({value!r})", mode="eval").body
