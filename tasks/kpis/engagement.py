"""Engagement: how many customers are active, how often, and with what."""

from polars import col

from tasks.kpis.record import Kpi, MeanOfMonths, Share, Text, Total

KPIS = (
    Kpi(
        name="dau",
        table="customers",
        measure=Total(col("active_days"), per="day"),
        unit="customers",
        better="up",
        section="engagement",
        label=Text(en="Daily active customers (DAU)", fr="Clients actifs par jour (DAU)"),
        formula=Text(
            en="Customers active on a day, averaged over all days of the period; days without any count as 0.",
            fr="Clients actifs un jour donné, en moyenne sur tous les jours de la période ; un jour sans activité "
            "compte pour 0.",
        ),
        source=("Contentsquare",),
        needs=("activity",),
    ),
    Kpi(
        name="wau",
        table="customers",
        measure=Total(col("active_last_7_days")),
        unit="customers",
        better="up",
        section="engagement",
        label=Text(en="Weekly active customers (WAU)", fr="Clients actifs par semaine (WAU)"),
        formula=Text(
            en="Customers active on at least one of the last 7 days of the period.",
            fr="Clients actifs au moins un des 7 derniers jours de la période.",
        ),
        source=("Contentsquare",),
        needs=("activity",),
    ),
    Kpi(
        name="mau",
        table="customers",
        measure=Total(col("active")),
        unit="customers",
        better="up",
        section="engagement",
        label=Text(en="Active customers (MAU)", fr="Clients actifs (MAU)"),
        formula=Text(
            en="Customers with at least one activity in the period.",
            fr="Clients ayant au moins une activité dans la période.",
        ),
        source=("Contentsquare",),
        needs=("activity",),
        tags=("headline",),
    ),
    Kpi(
        name="stickiness",
        table="months",
        measure=MeanOfMonths(col("active_days"), col("possible_days")),
        unit="share",
        better="up",
        section="engagement",
        label=Text(en="Stickiness (DAU/MAU)", fr="Adhésion (DAU/MAU)"),
        formula=Text(
            en="DAU ÷ MAU of a month: the share of its days on which an active customer is active, on average. Of a "
            "quarter or a year: the mean of its months.",
            fr="DAU ÷ MAU d’un mois : part de ses jours où un client actif est actif, en moyenne. D’un trimestre ou "
            "d’une année : moyenne de ses mois.",
        ),
        source=("Contentsquare",),
        needs=("activity",),
        tags=("headline",),
        version=2,
    ),
    Kpi(
        name="feature_adoption_rate",
        table="customers",
        measure=Share(of=col("used_a_feature"), among=col("active")),
        unit="share",
        better="up",
        section="engagement",
        label=Text(en="Feature adoption", fr="Adoption des fonctionnalités"),
        formula=Text(
            en="Among the customers active in the period: those who used the feature in it; as a whole, any feature.",
            fr="Parmi les clients actifs dans la période : ceux qui ont utilisé la fonctionnalité ; au total, "
            "n’importe laquelle.",
        ),
        source=("Contentsquare",),
        needs=("activity", "use"),
    ),
)
