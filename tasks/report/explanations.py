"""Why shares moved, as written: a sentence and a small table for each dimension."""

from dataclasses import dataclass

from tasks.report.comparisons import Figure
from tasks.report.formats import NOTHING, Formats, clean, shorten
from tasks.report.moved import Effect, Explanation, explained, explanations
from tasks.report.report import Report
from tasks.report.segments import SMALLEST_GROUP

LONGEST_NAME = 28


@dataclass(frozen=True)
class EffectRow:
    level: str
    share: str
    value: str
    rate: str
    mix: str
    total: str
    folded: bool


@dataclass(frozen=True)
class Table:
    title: str
    sentence: str
    rows: tuple[EffectRow, ...]
    total: EffectRow


@dataclass(frozen=True)
class Moved:
    """One figure that moved: `headline` says from what to what."""

    headline: str
    tone: str
    change: str
    meaning: str
    tables: tuple[Table, ...]


def why_moved(report: Report) -> tuple[Moved, ...]:
    return tuple(_moved(figure, found, report.formats) for figure, found in explained(report.history))


def split(figure: Figure, report: Report) -> tuple[Table, ...]:
    """Why one share moved, however little."""
    return tuple(_table(one, report.formats) for one in explanations(figure, report.history))


def _moved(figure: Figure, found: list[Explanation], formats: Formats) -> Moved:
    tone = figure.previous.tone if figure.previous else "neutral"
    old = figure.previous.old if figure.previous else None
    first, last = formats.apart(old, figure.value, figure.unit)
    headline = formats.say("moved_headline", label=formats.text(figure.kpi.label), old=first, new=last)
    change = formats.points(found[0].change, 2)
    return Moved(headline, tone, change, formats.t[tone], tuple(_table(one, formats) for one in found))


def _table(one: Explanation, formats: Formats) -> Table:
    title = formats.say("moved_title", dimension=clean(one.dimension))
    rate, mix = (sum(getattr(effect, part) for effect in one.effects) for part in ("rate", "mix"))
    total = EffectRow(
        formats.t["moved_total"], NOTHING, NOTHING, *_points(rate, mix, rate + mix, formats), folded=False
    )
    rows = tuple(_row(effect, one, formats) for effect in one.effects)
    return Table(title, _sentence(one, rate, mix, formats), rows, total)


def _sentence(one: Explanation, rate: float, mix: float, formats: Formats) -> str:
    change, mixed = formats.points(one.change, 2), formats.points(mix, 2)
    if one.leading is None:
        return formats.say("moved_by_mix", change=change, mix=mixed, rate=formats.points(rate, 2))
    leading = one.leading
    return formats.say(
        "moved_by_rate",
        change=change,
        rate=formats.points(leading.rate, 2),
        level=formats.say("quoted", text=_name(leading, formats)),
        others=formats.points(rate - leading.rate, 2),
        mix=mixed,
    )


def _row(effect: Effect, one: Explanation, formats: Formats) -> EffectRow:
    few = formats.say("fewer_than", number=formats.number(SMALLEST_GROUP))
    match effect.kind:
        case "small":
            name = formats.say("moved_small", few=few)
        case "other":
            name = formats.t["moved_other"]
        case _:
            name = _name(effect, formats)
    told = effect.kind == "level"
    share = _from_to(effect.share_before, effect.share_now, "share", formats) if told else NOTHING
    value = _from_to(effect.value_before, effect.value_now, one.figure.unit, formats) if told else NOTHING
    return EffectRow(name, share, value, *_points(effect.rate, effect.mix, effect.total, formats), folded=not told)


def _name(effect: Effect, formats: Formats) -> str:
    return shorten(formats.known("level", effect.level), LONGEST_NAME)


def _from_to(old: float | None, new: float | None, unit: str, formats: Formats) -> str:
    return formats.say("from_to", old=formats.value(old, unit), new=formats.value(new, unit))


def _points(rate: float, mix: float, total: float, formats: Formats) -> tuple[str, str, str]:
    return formats.in_points(rate, 2), formats.in_points(mix, 2), formats.in_points(total, 2)
