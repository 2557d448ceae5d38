"""Satisfaction: what customers answer when they are asked. Answers without a score ("don't know") do not count."""

from polars import col

from tasks.kpis.record import Kpi, Ratio, Share, Text

KPIS = (
    Kpi(
        name="nps",
        table="surveys",
        measure=Ratio(col("recommends"), col("nps_answered"), times="hundred"),
        unit="points",
        better="up",
        section="satisfaction",
        label=Text(en="Net promoter score (NPS)", fr="Score de recommandation net (NPS)"),
        formula=Text(
            en="Last answer of each customer in the period: % promoters (9–10) − % detractors (0–6), unless the config "
            "sets other bands. From −100 to 100.",
            fr="Dernière réponse de chaque client dans la période : % de promoteurs (9–10) − % de détracteurs (0–6), "
            "sauf autres bornes dans la configuration. De −100 à 100.",
        ),
        source=("churn-FAQ", "Contentsquare", "HTCinside"),
        needs=("nps",),
        tags=("headline",),
    ),
    Kpi(
        name="csat",
        table="surveys",
        measure=Share(of=col("satisfied"), among=col("csat_answered")),
        unit="share",
        better="up",
        section="satisfaction",
        label=Text(en="Customer satisfaction (CSAT)", fr="Indice de satisfaction (CSAT)"),
        formula=Text(
            en="Last answer of each customer in the period: the share with at least 4 of 5, unless the config sets "
            "another scale.",
            fr="Dernière réponse de chaque client dans la période : part d’au moins 4 sur 5, sauf autre échelle dans "
            "la configuration.",
        ),
        source=("churn-FAQ",),
        needs=("csat",),
    ),
)
