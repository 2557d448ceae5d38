"""What figures are held against: benchmarks shipped and one's own, targets and notes. Verdicts: tests/kpis."""

import re
import tomllib
from pathlib import Path

import pytest

import config
from config.errors import ConfigError
from config.models import Benchmark, Note
from flows import plan
from tasks.kpis import BY_NAME
from tests.conftest import ROOT
from tests.test_config import MINIMAL, load, refusal

CONTENTSQUARE = Benchmark(healthy=0.25, better="up", basis="any", source="Contentsquare (≥ 25 %)")


def test_shipped_thresholds_are_those_of_the_articles(tmp_path: Path) -> None:
    found = load(tmp_path, MINIMAL).benchmarks
    assert found["stickiness"] == CONTENTSQUARE
    churn = found["churn_rate"]
    assert (churn.healthy, churn.alert, churn.better, churn.basis) == (0.05, 0.07, "down", "month")
    assert "Contentsquare" in churn.source
    assert "HTCinside" in churn.source


def test_shipped_thresholds_are_of_figures_that_exist_and_agree_on_what_is_better(tmp_path: Path) -> None:
    for name, benchmark in load(tmp_path, MINIMAL).benchmarks.items():
        assert benchmark.better == BY_NAME[name].better
        assert benchmark.source != "your own"


def test_own_keys_lie_over_the_shipped_ones(tmp_path: Path) -> None:
    found = load(tmp_path, MINIMAL + "\n[benchmarks.churn_rate]\nalert = 0.08\n").benchmarks
    shipped = load(tmp_path, MINIMAL).benchmarks
    assert found["churn_rate"] == shipped["churn_rate"].model_copy(update={"alert": 0.08})
    assert found["stickiness"] == shipped["stickiness"]


def test_benchmark_of_ones_own_has_defaults(tmp_path: Path) -> None:
    found = load(tmp_path, MINIMAL + "\n[benchmarks.average_order_value]\nhealthy = 60\nbetter = 'up'\n").benchmarks
    assert list(found) == ["stickiness", "churn_rate", "average_order_value"]
    own = found["average_order_value"]
    assert (own.healthy, own.alert, own.better, own.basis, own.source) == (60, None, "up", "any", "your own")


def test_targets_and_notes_are_read(tmp_path: Path) -> None:
    text = """
    [targets]
    churn_rate = 0.04
    nps = -10
    [[notes]]
    period = "2024-09"
    text = "  New price list "
    [[notes]]
    period = "2024-Q4"
    text = "Nouveau site"
    [[notes]]
    period = "2025"
    text = "é"
    """
    found = load(tmp_path, MINIMAL + text)
    assert found.targets == {"churn_rate": 0.04, "nps": -10}
    assert found.notes == (
        Note(period="2024-09", text="New price list"),
        Note(period="2024-Q4", text="Nouveau site"),
        Note(period="2025", text="é"),
    )


def test_without_them_there_are_none(tmp_path: Path) -> None:
    found = load(tmp_path, MINIMAL)
    assert (found.targets, found.notes) == ({}, ())


def test_environment_reaches_them(tmp_path: Path) -> None:
    environment = {
        "LIFECYCLE__TARGETS__CHURN_RATE": "0.04",
        "LIFECYCLE__BENCHMARKS__CHURN_RATE__ALERT": "0.09",
        "LIFECYCLE__NOTES__0__TEXT": "Changed",
    }
    found = load(tmp_path, MINIMAL + "[[notes]]\nperiod = '2025'\ntext = 'As it was'\n", environment)
    assert (found.targets, found.notes[0].text) == ({"churn_rate": 0.04}, "Changed")
    assert (found.benchmarks["churn_rate"].healthy, found.benchmarks["churn_rate"].alert) == (0.05, 0.09)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[benchmarks.orders]\nhealthy = 9", ["benchmarks.orders.better: required"]),
        ("[benchmarks.orders]\nalert = 9", ["Shipped are churn_rate, stickiness", "`lifecycle kpis`"]),
        ("[benchmarks.churn_rte]\nalert = 0.08", ["no thresholds for 'churn_rte'. Did you mean 'churn_rate'"]),
        ("[benchmarks.orders]\nbetter = 'up'", ["benchmarks.orders: neither healthy nor alert"]),
        ("[benchmarks.orders]\nbetter = 'more'\nalert = 1", ["benchmarks.orders.better: 'more' is not one of"]),
        ("[benchmarks.churn_rate]\nhelthy = 0.04", ["churn_rate.helthy: unknown key", "Did you mean 'healthy'"]),
        ("[benchmarks.churn_rate]\nbasis = 'week'", ["benchmarks.churn_rate.basis: 'week' is not one of", "'month'"]),
        ("[benchmarks.churn_rate]\nalert = 0.04", ["healthy = 0.05 lies above alert = 0.04", '"down"', "left out"]),
        ("[benchmarks.churn_rate]\nbetter = 'up'", ["healthy = 0.05 lies below alert = 0.07", '"up"']),
        ("[benchmarks.churn_rate]\nalert = 8", ["alert = 8 is not between 0 and 1", "5 % is 0.05", '"any"']),
        ("[benchmarks.churn_rate]\nalert = nan", ["benchmarks.churn_rate.alert", "finite"]),
        ("[benchmarks.churn_rate]\nalert = '8 %'", ["benchmarks.churn_rate.alert", "number"]),
        ("[benchmarks.churn_rate]\nsource = ''", ["benchmarks.churn_rate.source"]),
        ("[benchmarks]\nchurn_rate = 0.05", ["benchmarks.churn_rate", "expected a table of keys"]),
        ("[[benchmarks]]\nhealthy = 0.05", ["benchmarks: expected a table of keys"]),
        ("[targets]\nchurn_rate = inf", ["targets.churn_rate", "finite"]),
        ("[targets.churn_rate]\nvalue = 0.05", ["targets.churn_rate", "number"]),
        ("[[notes]]\nperiod = '2025-13'\ntext = 'x'", ["notes[0].period", "'2025-13' is not a period", "'2025-Q1'"]),
        ("[[notes]]\nperiod = '2025-Q5'\ntext = 'x'", ["'2025-Q5' is not a period"]),
        ("[[notes]]\nperiod = '2025-01-05'\ntext = 'x'", ["'2025-01-05' is not a period"]),
        ("[[notes]]\nperiod = 2025\ntext = 'x'", ["notes[0].period: expected text, in quotes (found 2025)"]),
        ("[[notes]]\nperiod = '2025'\ntext = ' '", ["notes[0].text", "at least 1"]),
        (f"[[notes]]\nperiod = '2025'\ntext = '{'x' * 201}'", ["notes[0].text", "at most 200"]),
        ("[[notes]]\nperiod = '2025'", ["notes[0].text: required"]),
        ("[[notes]]\nperiod = '2025'\ntext = 'x'\nkpi = 'nps'", ["notes[0].kpi: unknown key", "Known: period, text"]),
    ],
)
def test_mistake_is_told_with_what_was_expected(tmp_path: Path, text: str, words: list[str]) -> None:
    said = refusal(tmp_path, f"{MINIMAL}\n{text}")
    assert [word for word in words if word not in said] == [], said


def test_equal_thresholds_are_no_contradiction() -> None:
    for better in ("up", "down"):
        assert Benchmark.model_validate({"healthy": 0.1, "alert": 0.1, "better": better, "basis": "month"})


def test_no_figure_depends_on_them(tmp_path: Path) -> None:
    text = "[benchmarks.churn_rate]\nalert = 0.08\n[targets]\nmau = 9\n[[notes]]\nperiod = '2025'\ntext = 'x'\n"
    assert load(tmp_path, MINIMAL + text).flat() == load(tmp_path, MINIMAL).flat()


def test_benchmarks_and_targets_are_of_known_kpis(tmp_path: Path) -> None:
    plan.refuse_unknown_kpis(load(tmp_path, MINIMAL + "[targets]\nmau = 9\n"))
    with pytest.raises(
        ConfigError, match=r"targets\.churn_rat: there is no KPI 'churn_rat'\. Did you mean 'churn_rate'"
    ):
        plan.refuse_unknown_kpis(load(tmp_path, MINIMAL + "[targets]\nchurn_rat = 0.04\n"))
    with pytest.raises(ConfigError, match=r"benchmarks\.activation_rat: .*Did you mean 'activation_rate'"):
        plan.refuse_unknown_kpis(load(tmp_path, MINIMAL + "[benchmarks.activation_rat]\nalert = 0.1\nbetter = 'up'\n"))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[targets]\nchurn_rate = 4", r"targets\.churn_rate = 4"),
        ("[targets]\nchurn_rate = -0.1", r"targets\.churn_rate = -0\.1"),
        ("[benchmarks.stickiness]\nhealthy = 25", r"benchmarks\.stickiness\.healthy = 25"),
        ("[benchmarks.activation_rate]\nalert = 20\nbetter = 'up'", r"benchmarks\.activation_rate\.alert = 20"),
    ],
)
def test_shares_are_not_written_in_per_cent(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(ConfigError, match=key + r" is not between 0 and 1: .*5 % is written 0\.05"):
        plan.refuse_unknown_kpis(load(tmp_path, f"{MINIMAL}\n{text}"))


def test_other_figures_may_lie_outside_0_and_1(tmp_path: Path) -> None:
    text = "[targets]\nmau = 900\nnps = -10\nnet_revenue_retention = 1.1\nchurn_rate = 0\nactivation_rate = 1\n"
    plan.refuse_unknown_kpis(load(tmp_path, MINIMAL + text))


def test_thresholds_for_what_is_kept_are_not_converted_as_if_it_were_lost(tmp_path: Path) -> None:
    # 95 % kept a month is 54 % a year, not 1 - 0.05^12: the formula is that of what is lost.
    kept = MINIMAL + "[benchmarks.retention_rate]\nhealthy = 0.95\nbetter = 'up'\nbasis = 'month'\n"
    plan.refuse_unknown_kpis(load(tmp_path, kept))
    yearly = {"LIFECYCLE__PERIODS__GRAIN": "year"}
    with pytest.raises(ConfigError, match=r"benchmarks\.retention_rate: .*from a month to a year.*churn_rate"):
        plan.refuse_unknown_kpis(load(tmp_path, kept, yearly))
    plan.refuse_unknown_kpis(load(tmp_path, kept.replace("'month'", "'any'"), yearly))


def uncommented(title: str) -> str:
    """The examples of one part of lifecycle.toml, as they are once their leading '# ' is taken off."""
    text = (ROOT / "config/lifecycle.toml").read_text(encoding="utf-8")
    [part] = re.findall(rf"^# ---- {title}.*?\n(.*?)(?=^# ----|\Z)", text, re.MULTILINE | re.DOTALL)
    return "\n".join(re.findall(r"^# (\[.*|[a-z_]+ = .*)$", part, re.MULTILINE))


def test_finer_points_of_the_example_are_the_defaults(tmp_path: Path) -> None:
    example = uncommented("Finer points, all with their defaults")
    assert set(tomllib.loads(example)) >= {"conversion", "loyalty", "clv", "surveys", "identity", "schedule", "run"}
    assert load(tmp_path, MINIMAL + example) == load(tmp_path, MINIMAL)


def test_examples_of_what_figures_are_held_against_are_valid_and_complete(tmp_path: Path) -> None:
    found = load(tmp_path, MINIMAL + uncommented("What the figures are held against"))
    plan.refuse_unknown_kpis(found)
    assert (found.benchmarks["churn_rate"].healthy, found.benchmarks["churn_rate"].alert) == (0.05, 0.08)
    assert found.targets == {"churn_rate": 0.04}
    assert [note.period for note in found.notes] == ["2024-09"]
    explained = set(re.findall(r"^([a-z_]+) =", uncommented("What the figures are held against"), re.MULTILINE))
    assert explained >= {*Benchmark.model_fields, *Note.model_fields}


def test_shipped_file_needs_no_file_of_the_user(tmp_path: Path) -> None:
    assert config.load(ROOT / "config/lifecycle.toml", {}).benchmarks == load(tmp_path, MINIMAL).benchmarks
