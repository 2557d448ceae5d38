"""What benchmarks and targets say of the figures: verdicts, converted thresholds, alerts, in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from config.models import Benchmark
from tasks.clock import Grain
from tasks.kpis.verdicts import Verdict, threshold_for, verdict
from tasks.report.comparisons import Figure, comparable
from tasks.report.formats import NOTHING, Formats, clean
from tasks.report.presentation import Presentation
from tasks.report.texts import typeset

MOST_ALERTS = 5
FLAT = 0.01
"""Growth of existing customers' revenue within a point of nothing is no growth."""


@dataclass(frozen=True)
class Badge:
    """A word beside a figure. `tone` chooses its look, `explained` is said on demand."""

    text: str
    explained: str
    tone: str = "status"


@dataclass(frozen=True)
class Alert:
    """`number`: of the figure's definition."""

    label: str
    number: int
    said: str


@dataclass(frozen=True)
class Alerts:
    """The first few; `more`: how many others there are, in words. `calm`: that there is none, where some could be."""

    listed: tuple[Alert, ...]
    more: str
    calm: str


def judge(figure: Figure, presentation: Presentation, grain: Grain) -> Verdict | None:
    """Null where nothing is to judge by, there is no interval, or the start of the data distorts the figure."""
    benchmark = presentation.benchmarks.get(figure.kpi.name)
    if benchmark is None or not comparable(figure):
        return None
    return verdict(figure.low, figure.high, benchmark, grain)


def badges(figure: Figure, presentation: Presentation, grain: Grain, formats: Formats) -> tuple[Badge, ...]:
    """Its status, its verdict, and whether growth is none."""
    return tuple(_badges(figure, presentation, grain, formats))


def _badges(figure: Figure, presentation: Presentation, grain: Grain, formats: Formats) -> Iterator[Badge]:
    if said := formats.t.get(f"status_{figure.status}"):
        yield Badge(said, formats.t[f"explain_{figure.status}"])
    if is_flat(figure):
        yield Badge(formats.t["growth_flat"], formats.t["explain_growth_flat"])
    if found := judge(figure, presentation, grain):
        yield Badge(formats.t[f"verdict_{found}"], thresholds(figure, presentation, grain, formats), found)


def is_flat(figure: Figure) -> bool:
    return figure.unit == "growth" and figure.value is not None and abs(figure.value) <= FLAT


def limits(benchmark: Benchmark, grain: Grain) -> Mapping[str, float]:
    """Its thresholds, `healthy` and `alert`, for periods of this length; those it has."""
    given = {"healthy": benchmark.healthy, "alert": benchmark.alert}
    return {name: threshold_for(value, benchmark.basis, grain) for name, value in given.items() if value is not None}


def thresholds(figure: Figure, presentation: Presentation, grain: Grain, formats: Formats) -> str:
    """`Healthy below 5.0%, alert above 7.0% (Contentsquare).` and the target; empty where there is neither."""
    said = []
    if benchmark := presentation.benchmarks.get(figure.kpi.name):
        parts = [_side(name, value, benchmark, figure, formats) for name, value in limits(benchmark, grain).items()]
        converted = benchmark.basis not in {"any", grain}
        key = "thresholds_converted" if converted else "thresholds"
        basis = formats.t[f"basis_{benchmark.basis}"] if converted else ""
        joined = formats.t["listed"].join(parts)
        said.append(
            formats.say(key, parts=joined[:1].upper() + joined[1:], basis=basis, source=_source(benchmark, formats))
        )
    if (target := presentation.targets.get(figure.kpi.name)) is not None:
        said.append(formats.say("target_is", value=formats.value(target, figure.unit)))
    return " ".join(said)


def _side(name: str, value: float, benchmark: Benchmark, figure: Figure, formats: Formats) -> str:
    side = "alert_side" if name == "alert" else "healthy"
    below = (benchmark.better == "down") == (name == "healthy")
    return formats.say(f"{side}_{'below' if below else 'above'}", value=formats.value(value, figure.unit))


def _source(benchmark: Benchmark, formats: Formats) -> str:
    return (
        formats.t["source_own"]
        if benchmark.source == "your own"
        else typeset(clean(benchmark.source), formats.language)
    )


def alerts(
    figures: Mapping[str, Figure],
    presentation: Presentation,
    grain: Grain,
    numbers: Mapping[str, int],
    formats: Formats,
) -> Alerts:
    """A line for each figure that is beyond its alert threshold with its whole interval."""
    verdicts = {name: judge(figure, presentation, grain) for name, figure in figures.items()}
    found = [name for name, verdict in verdicts.items() if verdict == "alert"]
    listed = tuple(
        Alert(formats.text(figures[name].kpi.label), numbers[name], _alert(figures[name], presentation, grain, formats))
        for name in found[:MOST_ALERTS]
    )
    more = formats.say("more_items", number=formats.number(len(found) - MOST_ALERTS))
    could_be = any(verdicts.values())
    return Alerts(listed, more if len(found) > MOST_ALERTS else "", formats.t["no_alert"] if could_be else "")


def _alert(figure: Figure, presentation: Presentation, grain: Grain, formats: Formats) -> str:
    benchmark = presentation.benchmarks[figure.kpi.name]
    interval = formats.interval(figure.low, figure.high, figure.unit)
    return formats.say(
        "alert_above" if benchmark.better == "down" else "alert_below",
        value=formats.value(figure.value, figure.unit),
        interval="" if interval == NOTHING else interval,
        threshold=formats.value(limits(benchmark, grain)["alert"], figure.unit),
        source=_source(benchmark, formats),
    )
