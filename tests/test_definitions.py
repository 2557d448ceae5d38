"""The definitions of figures, guarded: a changed one without a raised `version` would be taken for the old one.

When a figure is meant to be defined otherwise, raise its version and write the file of digests anew:

    LIFECYCLE_GOLDEN=write .venv/bin/pytest tests/test_definitions.py

What the columns of the tables mean is guarded by tests/test_golden.py. Where only the words of a digest changed (say,
how Polars prints an expression), delete tests/definitions.json first.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.kpis import BY_NAME, CATALOGUE, Kpi
from tasks.kpis.record import Derived, Quantile, Ratio, Share, Text, Total

FILE = Path(__file__).with_name("definitions.json")
Digests = Mapping[str, Mapping[str, Any]]


def defined(kpi: Kpi) -> dict[str, Any]:
    """What a figure is, and not how it is shown: without label, section, sources and tags.

    Expressions are taken as Polars prints them, which is what a reader compares; their serialised form changes with
    every other version of Polars. Long lists are printed cut: such a constant is given a name in the table instead.
    """
    measure = {name: str(value) for name, value in vars(kpi.measure).items()}
    return {
        "table": kpi.table,
        "measure": {"type": type(kpi.measure).__name__, **measure},
        "unit": kpi.unit,
        "better": kpi.better,
        "needs": list(kpi.needs),
        "needs_past": kpi.needs_past,
        "formula": {"en": kpi.formula.en, "fr": kpi.formula.fr},
    }


def digests(kpis: Sequence[Kpi]) -> dict[str, dict[str, Any]]:
    texts = {kpi.name: json.dumps(defined(kpi), sort_keys=True, ensure_ascii=False) for kpi in kpis}
    return {
        kpi.name: {"version": kpi.version, "digest": hashlib.sha256(texts[kpi.name].encode()).hexdigest()[:16]}
        for kpi in sorted(kpis, key=lambda kpi: kpi.name)
    }


def not_raised(now: Digests, known: Digests) -> list[str]:
    """Figures defined otherwise under a version that stood for another definition already."""
    both = [(name, found, known[name]) for name, found in now.items() if name in known]
    return [
        f"{name} is defined otherwise, or its version went back: raise it above {before['version']}"
        for name, found, before in both
        if found["version"] < before["version"]
        or (found["digest"] != before["digest"] and found["version"] == before["version"])
    ]


def test_a_figure_is_what_its_version_says() -> None:
    now, known = digests(CATALOGUE), json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    assert not_raised(now, known) == []
    if os.environ.get("LIFECYCLE_GOLDEN") == "write":
        FILE.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
        known = now
    assert now == known, "definitions were added, changed or removed: write the file anew (see the top of this file)"


CHURN = BY_NAME["churn_rate"]


@pytest.mark.parametrize(
    "changed",
    [
        replace(CHURN, formula=Text(en=CHURN.formula.en + " Or so.", fr=CHURN.formula.fr)),
        replace(CHURN, formula=Text(en=CHURN.formula.en, fr=CHURN.formula.fr + " Environ.")),
        replace(CHURN, measure=Share(of=pl.col("kept"), among=pl.col("in_base"))),
        replace(CHURN, measure=Share(of=~pl.col("kept"), among=pl.col("in_base") & pl.col("kept"))),
        replace(CHURN, measure=Ratio(~pl.col("kept"), pl.col("in_base"))),
        replace(CHURN, table="customers"),
        replace(CHURN, unit="ratio"),
        replace(CHURN, better="up"),
        replace(CHURN, needs=("activity",)),
        replace(CHURN, needs_past="year"),
    ],
)
def test_a_changed_definition_needs_a_raised_version(changed: Kpi) -> None:
    known = digests([CHURN])
    told = f"churn_rate is defined otherwise, or its version went back: raise it above {CHURN.version}"
    assert not_raised(digests([changed]), known) == [told]
    assert not_raised(digests([replace(changed, version=CHURN.version + 1)]), known) == []
    assert digests([replace(changed, version=CHURN.version + 1)]) != known, "and the file written anew"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Quantile(pl.col("gap"), 0.5), Quantile(pl.col("gap"), 0.9)),
        (Total(pl.col("active_days")), Total(pl.col("active_days"), per="day")),
        (Ratio(pl.col("a"), pl.col("b")), Ratio(pl.col("a"), pl.col("b"), times="days")),
        (Ratio(pl.col("a"), pl.col("b")), Ratio(pl.col("b"), pl.col("a"))),
        (Derived(("mrr",), ("mau",)), Derived(("mrr",), ("mau",), factor="gross_margin")),
        (Derived(("mrr",), ("mau",)), Derived(("mrr",), ("mau",), smallest_base=30)),
        (Derived(("mrr", "mau"), ("dau",)), Derived(("mrr",), ("mau", "dau"))),
        (Total(pl.col("a") - pl.col("b") - pl.col("c")), Total(pl.col("a") - (pl.col("b") - pl.col("c")))),
    ],
)
def test_parameters_of_a_measure_are_part_of_its_definition(one: Any, other: Any) -> None:
    assert digests([replace(CHURN, measure=one)]) != digests([replace(CHURN, measure=other)])
    assert digests([replace(CHURN, measure=one)]) == digests([replace(CHURN, measure=one)])


def test_how_a_figure_is_shown_is_no_part_of_its_definition() -> None:
    shown = replace(CHURN, label=Text(en="Loss", fr="Perte"), section="revenue", tags=(), source=("lifecycle",))
    assert digests([shown]) == digests([CHURN])


def test_a_version_does_not_go_back() -> None:
    later = digests([replace(CHURN, version=CHURN.version + 1)])
    assert len(not_raised(digests([CHURN]), later)) == 1


def test_a_version_may_be_raised_where_a_table_is_made_otherwise() -> None:
    later = digests([replace(CHURN, version=CHURN.version + 1)])
    assert not_raised(later, digests([CHURN])) == []


def test_figures_that_come_and_go_need_no_version() -> None:
    one, other = digests([CHURN]), digests([BY_NAME["mau"]])
    assert not_raised(one, other) == []
    assert one != other


def test_expressions_are_printed_whole() -> None:
    """Polars cuts long constants; what is cut could change unseen."""
    assert [kpi.name for kpi in CATALOGUE if "…" in str(defined(kpi)["measure"])] == []
