"""One churn, many definitions: the same subscriptions counted as others publish them, as written."""

from dataclasses import dataclass

from tasks.report.formats import Formats
from tasks.report.report import Report

DEFINITIONS = {
    "lifecycle": "lifecycle",
    "chartmogul": "ChartMogul",
    "recurly": "Recurly",
    "profitwell": "ProfitWell",
    "baremetrics": "Baremetrics",
    "stripe": "Stripe",
}


@dataclass(frozen=True)
class ChurnRow:
    name: str
    value: str
    interval: str
    based_on: str
    difference: str


@dataclass(frozen=True)
class ChurnTable:
    rows: tuple[ChurnRow, ...]
    note: str


def churn_table(report: Report) -> ChurnTable | None:
    """Null where there is nothing to compare: no subscriptions, or none yet at the start."""
    known = {row["definition"]: row for row in report.history.snapshot.churn_definitions.iter_rows(named=True)}
    if known.get("lifecycle", {}).get("value") is None:
        return None
    rows = [_row(name, known[name], report.formats) for name in DEFINITIONS if name in known]
    on_activity = report.history.manifest.get("churn_basis") == "activity"
    return ChurnTable(tuple(rows), report.formats.t["churn_on_activity"] if on_activity else "")


def _row(name: str, row: dict[str, float | None], formats: Formats) -> ChurnRow:
    part, whole = formats.number(row["numerator"]), formats.number(row["denominator"])
    return ChurnRow(
        name=DEFINITIONS[name],
        value=formats.value(row["value"], "share"),
        interval=formats.interval(row["low"], row["high"], "share"),
        based_on=formats.say("part_of", part=part, whole=whole),
        difference=formats.t[f"churn_{name}"],
    )
