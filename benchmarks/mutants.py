"""Mutants: one small change each to a KPI's record or to a table's windows, as changes of syntax trees.

Here: the changes of each module, and those that only records have. Not here: those of any expression (`changes`), and
running tests against them (`mutation`).
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from changes import Change, Place, lit, of_functions, within

ROOT = Path(__file__).parent.parent
TABLES = ("activity", "base", "cohorts", "customers", "inputs", "levels", "measured", "rule", "subscriptions")
KPIS = ("derived", "facts", "measure", "months", "tables")
FAMILIES = ("acquisition", "activation", "engagement", "retention", "revenue", "recurring", "satisfaction")
MODULES = (*(f"tasks.kpis.{name}" for name in (*FAMILIES, *KPIS)), *(f"tasks.tables.{name}" for name in TABLES))


@dataclass(frozen=True)
class Mutant:
    """One change. `key` names it stably: module, function (or KPI, in a record), what it was and what it becomes."""

    module: str
    function: str
    key: str
    tree: ast.Module
    place: "Place"
    new: ast.AST

    def source(self) -> str:
        """The module with the change. For a process of its own: nothing takes it back."""
        self.place.put(self.new)
        return ast.unparse(self.tree)


def mutants(module: str) -> list[Mutant]:
    """All of a module, in the order of its text."""
    tree = ast.parse((ROOT / (module.replace(".", "/") + ".py")).read_text("utf-8"))
    found: list[Mutant] = []
    seen: Counter[str] = Counter()
    changes = _of_records(tree) if module.rpartition(".")[2] in FAMILIES else of_functions(tree)
    for scope, place, old, new in changes:
        before, after = _told(place, old, new)
        key = f"{module.removeprefix('tasks.')} {scope}: {before} → {after}"
        seen[key] += 1
        key += f" #{seen[key]}" if seen[key] > 1 else ""
        found.append(Mutant(module, scope.rpartition(".")[2], key, tree, place, new))
    return found


def _told(place: Place, old: ast.AST, new: ast.AST) -> tuple[str, str]:
    """What is to be seen of a change, before and after; of a long expression the part around it."""
    before = ast.unparse(place.shown)
    place.put(new)
    after = ast.unparse(new if place.shown is old else place.shown)
    place.put(old)
    same = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), 0)
    cut = max(0, same - 40)
    dots = "…" if cut else ""
    return dots + before[cut : cut + 90], dots + after[cut : cut + 90]


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
        match node:
            case ast.Call(ast.Name("Kpi"), keywords=keywords):
                given = {keyword.arg: keyword for keyword in keywords}
                name, table = (ast.literal_eval(given[key].value) for key in ("name", "table"))
                match given["measure"].value:
                    case ast.Call() as measure:
                        parts = zip(PARTS[_name(measure)], measure.args, strict=False)
                        measure.keywords[:0] = [ast.keyword(part, arg) for part, arg in parts]
                        measure.args = []
                        yield name, table, given["measure"], measure


def _name(call: ast.Call) -> str:
    return ast.unparse(call.func)


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
                        if other != column:
                            swapped = ast.parse(f"col({other!r})", mode="eval").body
                            yield name, Place(node, field, index, measure), child, swapped
        yield from within(measure, name, measure)


def _other_measures(measure: ast.Call) -> Iterator[ast.Call]:  # noqa: C901, a case per kind of measure
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
                yield changed(**{part: lit(value=True)})
                yield changed(**{part: ast.UnaryOp(ast.Invert(), old)})
            case "Derived", _, ast.Tuple(names):
                rests = [names[:left] + names[left + 1 :] for left in range(len(names))] if len(names) > 1 else []
                yield from (changed(**{part: ast.Tuple(rest, ast.Load())}) for rest in rests)
            case "Quantile", "q", _:
                value = ast.literal_eval(old) if old else 0.5
                yield from (changed(q=ast.Constant(round(value + by, 3))) for by in (-0.05, 0.05))
            case _, _, ast.expr():
                yield from (changed(**{part: lit(value=value)}) for value in (0, 1))
    if kind == "Ratio":
        yield changed(times=ast.Constant("one" if "times" in given else "hundred"))
    if kind == "Total":
        yield changed(per=ast.Constant("period" if "per" in given else "day"))
    if kind == "Derived":
        yield changed(factor=ast.Constant("one" if "factor" in given else "gross_margin"))
