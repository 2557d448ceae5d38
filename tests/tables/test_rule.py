"""The activation rule by itself: its numbering and its state. What it means is in tests/kpis/test_activation.py."""

import polars as pl
import pytest
from pydantic import ValidationError

from config.models import Activation
from tasks.tables.rule import conditions, progress_columns

USE, VISIT, ORDER = ({"kind": kind} for kind in ("use", "visit", "purchase"))


def rule(**parts: object) -> Activation:
    return Activation.model_validate({"within": "14d", **parts})


def test_conditions_are_numbered_depth_first() -> None:
    nested = rule(sequence=[USE, {"any": [VISIT, ORDER]}, {"kind": "signup"}])
    assert [condition.kind for condition in conditions(nested)] == ["use", "visit", "purchase", "signup"]
    assert conditions(None) == []


def test_each_condition_has_its_own_progress() -> None:
    assert progress_columns(None) == {}
    assert progress_columns(rule(all=[USE, {"sequence": [VISIT, ORDER]}])) == {
        name: kind
        for number in range(3)
        for name, kind in (
            (f"count_{number}", pl.UInt32()),
            (f"days_{number}", pl.UInt32()),
            (f"met_at_{number}", pl.Datetime("us", "UTC")),
        )
    }


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"any": []},
        {"any": [USE], "all": [VISIT]},
        {"any": [{"any": []}]},
        {"any": [{"any": [{"all": [USE]}]}]},  # nested one level, not two
        {"any": [{**USE, "count": 0}]},
        {"any": [{**USE, "distinct_days": 0}]},
        {"any": [{"kind": "no kind"}]},
    ],
)
def test_a_rule_that_says_nothing_clear_is_an_error(parts: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        rule(**parts)
