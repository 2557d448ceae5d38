"""The parts that were measured side by side → the tables of a snapshot."""

from collections.abc import Mapping

import polars as pl

from schemas.snapshots import KPIS
from tasks.clock import Period
from tasks.kpis import CATALOGUE
from tasks.kpis.derived import derived
from tasks.kpis.measure import Context
from tasks.kpis.record import Share
from tasks.kpis.tables import contributions

STEP = 1
SHARES = tuple(kpi.name for kpi in CATALOGUE if isinstance(kpi.measure, Share))
Parts = Mapping[str, pl.DataFrame]


def snapshot(parts: Parts, before: Parts, period: Period, context: Context) -> dict[str, pl.DataFrame]:
    """All published tables by name. `before`: the parts of the previous period, empty where there is none."""
    measured = together(parts)
    kpis = pl.concat([measured, derived(measured, CATALOGUE, context)]).sort("kpi", "segment", "level")
    others = {name: table for name, table in parts.items() if not name.startswith("kpis_")}
    return {"kpis": kpis, **others, "contributions": contributions(kpis, together(before), SHARES, period)}


def together(parts: Parts) -> pl.DataFrame:
    """The figures of all tables."""
    return pl.concat(
        [pl.DataFrame(schema=dict(KPIS)), *(part for name, part in parts.items() if name.startswith("kpis_"))]
    )
