"""The architecture, held by tests: arrows point down only, and each thing is imported in its one place."""

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

ALLOWED = {
    "flows": {"flows", "tasks", "schemas", "config"},
    "tasks": {"tasks", "schemas", "config"},
    "schemas": {"schemas"},
    "config": {"config"},
}
MODULES = sorted(file for package in ALLOWED for file in (ROOT / package).rglob("*.py"))


def imported(file: Path) -> set[str]:
    """Dotted names a module imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module}
    return names


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_point_down(file: Path) -> None:
    package = file.relative_to(ROOT).parts[0]
    ours = {name.split(".")[0] for name in imported(file)} & set(ALLOWED)
    assert ours <= ALLOWED[package]


def test_prefect_is_imported_by_flows_and_steps_only() -> None:
    found = {
        str(file.relative_to(ROOT)) for file in MODULES if any(n.split(".")[0] == "prefect" for n in imported(file))
    }
    assert {file for file in found if not file.startswith("flows/")} == {"tasks/steps.py"}


def test_flows_hold_no_polars() -> None:
    assert not [file for file in (ROOT / "flows").glob("*.py") if "polars" in imported(file)]


def test_tables_and_kpis_are_pure() -> None:
    forbidden = {"os", "time", "pathlib", "tasks.storage", "tasks.store", "config.loading"}
    pure = [file for folder in ("tables", "kpis", "report") for file in (ROOT / "tasks" / folder).glob("*.py")]
    assert pure
    assert not [(file.name, names) for file in pure if (names := imported(file) & forbidden)]


def test_every_module_says_what_belongs_in_it() -> None:
    silent = [file for file in MODULES if file.read_text() and not ast.get_docstring(ast.parse(file.read_text()))]
    assert silent == []
