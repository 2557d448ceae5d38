"""Retention: who of the base stayed, who left, who came back, who bought again."""

from polars import col

from tasks.kpis.record import Kpi, Quantile, Ratio, Share, Text, Total

KPIS = (
    Kpi(
        name="churn_rate",
        table="customers_at_start",
        measure=Share(of=~col("kept"), among=col("in_base")),
        unit="share",
        better="down",
        section="retention",
        label=Text(en="Churn rate", fr="Taux de désabonnement (attrition)"),
        formula=Text(
            en="Among the base at the start (alive, or subscribed where churn is judged on subscriptions): those who "
            "no longer are at the end.",
            fr="Parmi la base au début (clients actifs récemment, ou abonnés si l’attrition se juge sur l’abonnement) "
            ": ceux qui ne le sont plus à la fin.",
        ),
        source=("custup", "churn-FAQ", "Contentsquare", "HTCinside"),
        needs=("base",),
        needs_past=True,
        tags=("headline",),
    ),
    Kpi(
        name="retention_rate",
        table="customers_at_start",
        measure=Share(of=col("kept"), among=col("in_base")),
        unit="share",
        better="up",
        section="retention",
        label=Text(en="Retention rate", fr="Taux de rétention"),
        formula=Text(
            en="Among the base at the start: those who still are in it at the end. Always 1 − churn rate.",
            fr="Parmi la base au début : ceux qui en font encore partie à la fin. Toujours 1 − taux d’attrition.",
        ),
        source=("Contentsquare", "HTCinside"),
        needs=("base",),
        needs_past=True,
    ),
    Kpi(
        name="reactivated_customers",
        table="customers_at_start",
        measure=Total(col("came_back")),
        unit="customers",
        better="up",
        section="retention",
        label=Text(en="Reactivated customers", fr="Clients reconquis"),
        formula=Text(
            en="Customers who had been lost at the start (alive or subscribed once, not any more) and are back at the "
            "end.",
            fr="Clients perdus au début (actifs ou abonnés autrefois, plus alors) et de retour à la fin.",
        ),
        source=("churn-FAQ", "custup"),
        needs=("base",),
        needs_past=True,
    ),
    Kpi(
        name="repeat_purchase_rate",
        table="customers",
        measure=Share(of=col("ordered_repeatedly"), among=col("ordered")),
        unit="share",
        better="up",
        section="retention",
        label=Text(en="Repeat purchase rate", fr="Taux d’achat répété"),
        formula=Text(
            en="Among the customers with an order in the period: those with at least two orders before its end, ever.",
            fr="Parmi les clients ayant commandé dans la période : ceux ayant au moins deux commandes avant sa fin, "
            "depuis toujours.",
        ),
        source=("HTCinside",),
        needs=("purchase",),
        needs_past=True,
        tags=("headline",),
    ),
    Kpi(
        name="time_between_purchases_mean",
        table="customers",
        measure=Ratio(col("gap_time"), col("gaps")),
        unit="days",
        better="down",
        section="retention",
        label=Text(en="Time between purchases, mean", fr="Temps moyen entre les achats"),
        formula=Text(
            en="Mean elapsed days between consecutive orders of a customer, the later one in the period.",
            fr="Nombre moyen de jours écoulés entre deux commandes consécutives d’un client, la seconde dans la "
            "période.",
        ),
        source=("HTCinside",),
        needs=("purchase",),
        needs_past=True,
    ),
    Kpi(
        name="time_between_purchases_median",
        table="gaps",
        measure=Quantile(col("gap"), 0.5),
        unit="days",
        better="down",
        section="retention",
        label=Text(en="Time between purchases, median", fr="Temps médian entre les achats"),
        formula=Text(
            en="Half of the gaps between consecutive orders of a customer, the later one in the period, are at most "
            "this many days long.",
            fr="La moitié des intervalles entre deux commandes consécutives d’un client, la seconde dans la période, "
            "durent au plus ce nombre de jours.",
        ),
        source=("HTCinside",),
        needs=("purchase",),
        needs_past=True,
    ),
)
