"""The catalogue: every KPI, in the order it is shown."""

from tasks.kpis import acquisition, activation, engagement, recurring, retention, revenue, satisfaction
from tasks.kpis.record import Kpi

CATALOGUE: tuple[Kpi, ...] = (
    *acquisition.KPIS,
    *activation.KPIS,
    *engagement.KPIS,
    *retention.KPIS,
    *revenue.KPIS,
    *recurring.KPIS,
    *satisfaction.KPIS,
)
BY_NAME = {kpi.name: kpi for kpi in CATALOGUE}

FEATURE_ADOPTION = BY_NAME["feature_adoption_rate"]
"""The one KPI with a level per feature beside the whole."""

if len(BY_NAME) != len(CATALOGUE):
    raise ValueError("two KPIs have the same name")


def of_table(table: str) -> list[Kpi]:
    """The KPIs measured on one table."""
    return [kpi for kpi in CATALOGUE if kpi.table == table]


__all__ = ["BY_NAME", "CATALOGUE", "FEATURE_ADOPTION", "Kpi", "of_table"]
