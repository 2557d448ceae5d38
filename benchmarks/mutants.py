"""Mutants: one small change each to a KPI's record or to a table's windows, as changes of syntax trees.

Here: which changes there are. Not here: running tests against them, which is `mutation`.
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
TABLES = ("activity", "base", "cohorts", "customers", "inputs", "levels", "measured", "rule", "subscriptions")
KPIS = ("derived", "facts", "measure", "months", "tables")
FAMILIES = ("acquisition", "activation", "engagement", "retention", "revenue", "recurring", "satisfaction")
MODULES = (*(f"tasks.kpis.{name}" for name in (*FAMILIES, *KPIS)), *(f"tasks.tables.{name}" for name in TABLES))

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
WORDS = {"closed": {"left": ("both", "none")}, "how": {"left": ("inner",), "full": ("left",), "semi": ("anti",)}}
TELLING = (ast.Call, ast.Compare, ast.BinOp, ast.UnaryOp, ast.IfExp, ast.Tuple)
"""Expressions long enough to recognise a change by."""
UNTOUCHED = {"maintain_order", "engine", "return_dtype", "strict", "coalesce", "suffix", "validate", "orient"}
"""Keywords without which a result is not another one, only slower or in another order."""


@dataclass(frozen=True)
class Mutant:
    """One change; `function` is the KPI in a record. `key` names it stably: module, function or KPI, what it was and what it becomes."""

    module: str
    function: str
    key: str
    tree: ast.Module
    put: Callable[[], None]
    """Changes `tree`. For a process of its own: nothing takes it back."""


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


def mutants(module: str) -> list[Mutant]:
    """All of a module, in the order of its text."""
    tree = ast.parse((ROOT / (module.replace(".", "/") + ".py")).read_text("utf-8"))
    found: list[Mutant] = []
    seen: Counter[str] = Counter()
    changes = _of_records(tree) if module.rpartition(".")[2] in FAMILIES else _of_functions(tree)
    for scope, place, old, new in changes:
        before, after = _told(place, old, new)
        key = f"{module.removeprefix('tasks.')} {scope}: {before} → {after}"
        seen[key] += 1
        number = f" #{seen[key]}" if seen[key] > 1 else ""
        found.append(Mutant(module, scope.rpartition('.')[2], key + number, tree, lambda place=place, new=new: place.put(new)))  # type: ignore[misc]
    return found


Change = tuple[str, Place, ast.AST, ast.AST]
"""Scope, place, the node there and the one that takes its place."""


def _told(place: Place, old: ast.AST, new: ast.AST) -> tuple[str, str]:
    """What is to be seen of a change, before and after; of a long expression the part around it."""
    if place.shown is old:
        before, after = ast.unparse(old), ast.unparse(new)
    else:
        before = ast.unparse(place.shown)
        place.put(new)
        after = ast.unparse(place.shown)
        place.put(old)
    same = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), 0)
    cut = max(0, same - 40)
    return tuple(("…" if cut else "") + text[cut : cut + 90] for text in (before, after))  # type: ignore[return-value]


def _of_functions(tree: ast.Module) -> Iterator[Change]:
    for statement in tree.body:
        match statement:
            case ast.FunctionDef():
                yield from _within(statement, statement.name)
            case ast.ClassDef():
                for method in statement.body:
                    if isinstance(method, ast.FunctionDef) and method.name != "depends_on":
                        yield from _within(method, f"{statement.name}.{method.name}")


def _within(node: ast.AST, scope: str, shown: ast.AST | None = None) -> Iterator[Change]:
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
            yield from _within(child, scope, seen if isinstance(child, ast.expr | ast.keyword) else None)


def _stands_beside(new: ast.AST, node: ast.AST) -> bool:
    """`a & b` → `a & a` is `a & b` → `a`, which there is already; `a > a` says nothing."""
    beside = [ast.dump(child) for child in ast.iter_child_nodes(node)] if isinstance(node, ast.BinOp | ast.Compare) else []
    return isinstance(new, ast.Name) and ast.dump(new) in beside


def _instead(node: ast.AST) -> Iterator[ast.AST]:
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
    if name in METHODS:
        yield ast.Call(ast.Attribute(value, METHODS[name], ast.Load()), list(args), keywords)
    if name in DROPPED:
        yield value
    if name in ALTERNATIVES and len(args) > 1:
        called = ast.Attribute(value, name, ast.Load())
        yield from (ast.Call(called, [*args[:left], *args[left + 1 :]], keywords) for left in range(len(args)))
        if name == "coalesce":
            yield ast.Call(called, [args[1], args[0], *args[2:]], keywords)
    if name == "when":
        yield ast.Call(ast.Attribute(value, name, ast.Load()), [_lit(value=True)], [])
    if name == "is_between" and not keywords:
        yield ast.Call(ast.Attribute(value, name, ast.Load()), list(args), [ast.keyword("closed", ast.Constant("none"))])


def _is_type_or_text(*sides: ast.expr) -> bool:
    """`Share | Ratio`, `{...} | {...}`, `"a" + b`: no arithmetic."""
    texts = (ast.JoinedStr, ast.Dict, ast.Set, ast.List, ast.Tuple)
    return any(
        isinstance(side, texts)
        or (isinstance(side, ast.Name) and side.id[0].isupper())
        or (isinstance(side, ast.Constant) and isinstance(side.value, str | None))
        or (isinstance(side, ast.Call) and isinstance(side.func, ast.Name) and side.func.id in {"with_dimensions", "vars"})
        for side in sides
    )


def _lit(*, value: object) -> ast.expr:
    return ast.parse(f"pl.lit({value!r})", mode="eval").body


# Records: what each measure is made of, and other columns of the same table.


PARTS = {
    "Share": ("of", "among"),
    "Ratio": ("numerator", "denominator"),
    "MeanOfMonths": ("numerator", "denominator"),
    "Total": ("of",),
    "Quantile": ("of", "q"),
    "Derived": ("numerator", "denominator"),
}


def _records(tree: ast.Module) -> Iterator[tuple[str, str, ast.keyword, ast.Call]]:
    """Name, table, and measure of each KPI, which is also made to say the names of its parts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Kpi":
            given = {keyword.arg: keyword for keyword in node.keywords}
            measure = given["measure"].value
            assert isinstance(measure, ast.Call)
            names = PARTS[_name(measure)]
            measure.keywords[:0] = [ast.keyword(name, arg) for name, arg in zip(names, measure.args, strict=False)]
            measure.args = []
            name, table = (ast.literal_eval(given[key].value) for key in ("name", "table"))
            yield name, table, given["measure"], measure


def _name(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Name)
    return call.func.id


def _columns() -> dict[tuple[str, bool], list[str]]:
    """Columns that figures read, by table and whether they are conditions of shares."""
    found: defaultdict[tuple[str, bool], set[str]] = defaultdict(set)
    for family in FAMILIES:
        for _, table, _, measure in _records(ast.parse((ROOT / f"tasks/kpis/{family}.py").read_text("utf-8"))):
            found[table, _name(measure) == "Share"] |= {_column(node) for node in ast.walk(measure)} - {""}
    return {key: sorted(names) for key, names in found.items()}


def _column(node: ast.AST) -> str:
    match node:
        case ast.Call(ast.Name("col"), [ast.Constant(str() as name)]):
            return name
    return ""


def _of_records(tree: ast.Module) -> Iterator[Change]:
    columns = _columns()
    for name, table, holder, measure in _records(tree):
        for new in _other_measures(measure):
            yield name, Place(holder, "value", None, measure), measure, new
        for node in ast.walk(measure):
            for field, value in ast.iter_fields(node):
                for index, child in enumerate(value) if isinstance(value, list) else ((None, value),):
                    column = _column(child) if isinstance(child, ast.AST) else ""
                    if column:
                        others = columns[table, _name(measure) == "Share"]
                        other = others[(others.index(column) + 1) % len(others)]
                        new = ast.parse(f"col({other!r})", mode="eval").body
                        if other != column:
                            yield name, Place(node, field, index, measure), child, new
        yield from _within(measure, name, measure)


def _other_measures(measure: ast.Call) -> Iterator[ast.Call]:
    """Parts swapped, flipped or dropped; other factors."""
    kind, given = _name(measure), {str(keyword.arg): keyword.value for keyword in measure.keywords}

    def changed(**parts: ast.expr) -> ast.Call:
        return ast.Call(measure.func, [], [ast.keyword(name, value) for name, value in (given | parts).items()])

    both = PARTS[kind] if kind not in {"Total", "Quantile"} else ()
    if both:
        yield changed(**{both[0]: given[both[1]], both[1]: given[both[0]]})
    for part in PARTS[kind]:
        old = given.get(part)
        match kind, part, old:
            case "Share", _, ast.expr():
                yield changed(**{part: _lit(value=True)})
                yield changed(**{part: ast.UnaryOp(ast.Invert(), old)})
            case "Derived", _, ast.Tuple(names):
                rests = [names[:left] + names[left + 1 :] for left in range(len(names))] if len(names) > 1 else []
                yield from (changed(**{part: ast.Tuple(rest, ast.Load())}) for rest in rests)
            case "Quantile", "q", _:
                value = ast.literal_eval(old) if old else 0.5
                yield from (changed(q=ast.Constant(round(value + by, 3))) for by in (-0.05, 0.05))
            case _, _, ast.expr():
                yield from (changed(**{part: _lit(value=value)}) for value in (0, 1))
    if kind == "Ratio":
        yield changed(times=ast.Constant("one" if "times" in given else "hundred"))
    if kind == "Total":
        yield changed(per=ast.Constant("period" if "per" in given else "day"))
    if kind == "Derived":
        yield changed(factor=ast.Constant("one" if "factor" in given else "gross_margin"))
