"""The catalogue of figures in words: what each is, of whom, how sure, what it is judged by, who says so.

Made from the records alone; `lifecycle kpis` prints it, `docs/kpis.*.md` are its Markdown. A snapshot is not needed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from config.models import Benchmark
from tasks.clock import MONTHS, Grain
from tasks.kpis.record import Derived, Kpi, MeanOfMonths, Measure, Quantile, Ratio, Share, Text, Total
from tasks.kpis.verdicts import threshold_for
from tasks.report.formats import Formats, in_percent
from tasks.report.texts import Language, typeset

TITLES: Mapping[str, Text] = {
    "title": Text(en="What each figure means", fr="Ce que signifie chaque indicateur"),
    "intro": Text(
        en="Made from the records in tasks/kpis by `lifecycle kpis --markdown`; a test holds the two together. "
        "P = [s, e) is the period in the business time zone. Intervals are 95 %.",
        fr="Produit à partir des fiches de tasks/kpis par `lifecycle kpis --markdown --language fr` ; un test tient "
        "les deux ensemble. P = [s, e) est la période dans le fuseau de l’entreprise. Intervalles à 95 %.",
    ),
    "told": Text(en="{name}: {value}", fr="{name} : {value}"),
    "formula": Text(en="Formula", fr="Formule"),
    "unit": Text(en="Unit", fr="Unité"),
    "population": Text(en="Population", fr="Population"),
    "interval": Text(en="Interval", fr="Intervalle"),
    "thresholds": Text(en="Thresholds", fr="Seuils"),
    "source": Text(en="Source", fr="Source"),
    "version": Text(en="Version", fr="Version"),
}
UNITS: Mapping[str, Text] = {
    "share": Text(en="share, 0 to 1", fr="part, de 0 à 1"),
    "ratio": Text(en="ratio, can exceed 1", fr="ratio, peut dépasser 1"),
    "growth": Text(en="relative change, can be negative", fr="variation relative, peut être négative"),
    "number": Text(en="a plain number", fr="un nombre"),
    "days": Text(en="days of 86,400 s", fr="jours de 86 400 s"),
    "points": Text(en="points, −100 to 100", fr="points, de −100 à 100"),
    "currency": Text(en="the report’s currency", fr="devise du rapport"),
    "customers": Text(en="customers", fr="clients"),
    "orders": Text(en="orders", fr="commandes"),
    "visitors": Text(en="visitors", fr="visiteurs"),
}
BETTER: Mapping[str, Text] = {
    "up": Text(en="more is better", fr="plus, c’est mieux"),
    "down": Text(en="less is better", fr="moins, c’est mieux"),
    "neither": Text(en="neither more nor less is better", fr="ni plus ni moins n’est mieux"),
}
POPULATIONS: Mapping[str, Text] = {
    "customers": Text(en="customers seen before e", fr="clients vus avant e"),
    "customers_at_start": Text(en="customers seen before s", fr="clients vus avant s"),
    "gaps": Text(
        en="pairs of consecutive orders of a customer, the later one in P",
        fr="paires de commandes consécutives d’un client, la seconde dans P",
    ),
    "months": Text(en="customers active in a month of P", fr="clients actifs dans un mois de P"),
    "receivables": Text(
        en="customers who owe something at e or were invoiced in P",
        fr="clients débiteurs à e ou facturés dans P",
    ),
    "spend": Text(en="marketing costs dated in P", fr="coûts marketing datés de P"),
    "surveys": Text(
        en="last answers with a score in P, one a customer and survey",
        fr="dernières réponses notées dans P, une par client et enquête",
    ),
    "visitors": Text(
        en="visitors of P, customers and strangers, each once",
        fr="visiteurs de P, clients et inconnus, une fois chacun",
    ),
    "derived": Text(en="those of the figures it is made of", fr="celles des indicateurs dont il est fait"),
}
OF_THEM: Text = Text(en="{population}; of them: {columns}", fr="{population} ; parmi eux : {columns}")
INTERVALS: Mapping[type[Measure], Text] = {
    Share: Text(en="Wilson’s score interval", fr="intervalle de score de Wilson"),
    Ratio: Text(en="delta method, Student’s t over customers", fr="méthode delta, t de Student sur les clients"),
    MeanOfMonths: Text(
        en="delta method, Student’s t, the months of a customer taken together",
        fr="méthode delta, t de Student, les mois d’un client pris ensemble",
    ),
    Quantile: Text(
        en="order statistics, the values of a customer taken together",
        fr="statistiques d’ordre, les valeurs d’un client prises ensemble",
    ),
    Total: Text(en="none: it is a count, not an estimate", fr="aucun : c’est un compte, pas une estimation"),
    Derived: Text(
        en="from those of its parts (MOVER-R); none where a part has none",
        fr="d’après ceux de ses termes (MOVER-R) ; aucun si un terme n’en a pas",
    ),
}
THRESHOLD: Mapping[str, Text] = {
    "healthy": Text(en="healthy {sign} {values}", fr="sain {sign} {values}"),
    "alert": Text(en="alert {sign} {values}", fr="alerte {sign} {values}"),
    "month": Text(en="{value} a month", fr="{value} par mois"),
    "quarter": Text(en="{value} a quarter", fr="{value} par trimestre"),
    "year": Text(en="{value} a year", fr="{value} par an"),
    "none": Text(en="none", fr="aucun"),
}
SIGNS = {("healthy", "up"): "≥", ("healthy", "down"): "<", ("alert", "up"): "<", ("alert", "down"): ">"}
LABELLED = ("unit", "population", "interval", "thresholds", "source", "version")
"""What is said of each figure beside its formula, in this order."""


@dataclass(frozen=True)
class Entry:
    """One figure in one language. `facts`: what is said of it, by the names of LABELLED."""

    section: str
    name: str
    label: str
    formula: str
    facts: Mapping[str, str]


def entries(
    kpis: Sequence[Kpi], benchmarks: Mapping[str, Benchmark], language: Language, currency: str | None = None
) -> list[Entry]:
    """In the order of the catalogue. `currency`: named where it is known."""
    return [_entry(kpi, benchmarks.get(kpi.name), Formats(language), currency) for kpi in kpis]


def title(name: str, language: Language) -> str:
    return _said(TITLES[name], language)


def told(name: str, value: str, language: Language) -> str:
    """`Unit: days`, as the language writes it."""
    return title("told", language).format(name=title(name, language), value=value)


def markdown(kpis: Sequence[Kpi], benchmarks: Mapping[str, Benchmark], language: Language) -> str:
    """The whole catalogue as one page."""
    lines = [f"# {title('title', language)}", "", title("intro", language), ""]
    section = ""
    for entry in entries(kpis, benchmarks, language):
        if entry.section != section:
            section = entry.section
            lines += [f"## {section}", ""]
        lines += [f"### {entry.label}", "", f"`{entry.name}`", "", told("formula", entry.formula, language), ""]
        lines += [f"- {told(name, entry.facts[name], language)}" for name in LABELLED]
        lines += [""]
    return "\n".join(lines)


def _entry(kpi: Kpi, benchmark: Benchmark | None, formats: Formats, currency: str | None) -> Entry:
    language = formats.language
    unit = currency if kpi.unit == "currency" and currency else _said(UNITS[kpi.unit], language)
    return Entry(
        section=formats.t[f"section_{kpi.section}"],
        name=kpi.name,
        label=formats.text(kpi.label),
        formula=formats.text(kpi.formula),
        facts={
            "unit": f"{unit} ({_said(BETTER[kpi.better], language)})",
            "population": _population(kpi, language),
            "interval": _said(INTERVALS[type(kpi.measure)], language),
            "thresholds": _thresholds(kpi, benchmark, formats),
            "source": ", ".join(kpi.source),
            "version": str(kpi.version),
        },
    )


def _population(kpi: Kpi, language: Language) -> str:
    table = _said(POPULATIONS[kpi.table], language)
    match kpi.measure:
        case Share(among=among):
            columns = _columns(among)
        case Ratio(denominator=denominator) | MeanOfMonths(denominator=denominator):
            columns = _columns(denominator)
        case Quantile(of):
            columns = _columns(of)
        case Derived():
            columns = ", ".join(f"`{name}`" for name in kpi.measure.parts)
        case _:
            return table
    return _said(OF_THEM, language).format(population=table, columns=columns)


def _columns(expression: pl.Expr) -> str:
    return ", ".join(f"`{name}`" for name in dict.fromkeys(expression.meta.root_names()))


def _thresholds(kpi: Kpi, benchmark: Benchmark | None, formats: Formats) -> str:
    if benchmark is None:
        return _said(THRESHOLD["none"], formats.language)
    return "; ".join([*_judged(kpi, benchmark, formats), benchmark.source])


def _judged(kpi: Kpi, benchmark: Benchmark, formats: Formats) -> Iterator[str]:
    for name, value in (("healthy", benchmark.healthy), ("alert", benchmark.alert)):
        if value is not None:
            values = ", ".join(_by_grain(value, benchmark, kpi, formats))
            sign = SIGNS[name, benchmark.better]
            yield _said(THRESHOLD[name], formats.language).format(sign=sign, values=values)


def _by_grain(value: float, benchmark: Benchmark, kpi: Kpi, formats: Formats) -> Iterator[str]:
    grains: tuple[Grain, ...] = tuple(MONTHS)
    written = {grain: _written(threshold_for(value, benchmark.basis, grain), kpi, formats) for grain in grains}
    if len(set(written.values())) == 1:
        yield written["month"]
        return
    for grain, one in written.items():
        yield _said(THRESHOLD[grain], formats.language).format(value=one)


def _written(value: float, kpi: Kpi, formats: Formats) -> str:
    return formats.percent(value) if in_percent(kpi.unit) else formats.number(value)


def _said(text: Text, language: Language) -> str:
    return typeset(getattr(text, language), language)
