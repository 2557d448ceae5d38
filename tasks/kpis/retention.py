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
        needs_past="period",
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
        needs_past="period",
    ),
    Kpi(
        name="intra_period_churn",
        table="customers",
        measure=Total(col("came_and_left")),
        unit="customers",
        better="down",
        section="retention",
        label=Text(en="Churn within the period", fr="Désabonnements dans la période"),
        formula=Text(
            en="Customers who joined the base (or came back to it) and left it inside the period: in it neither at the "
            "start nor at the end, so in no churn rate.",
            fr="Clients entrés dans la base (ou revenus) puis sortis pendant la période : absents de la base au début "
            "comme à la fin, donc d’aucun taux d’attrition.",
        ),
        source=("lifecycle",),
        needs=("base",),
        needs_past="period",
    ),
    Kpi(
        name="reactivation_rate",
        table="customers_at_start",
        measure=Share(of=col("came_back"), among=col("lost_before")),
        unit="share",
        better="up",
        section="retention",
        label=Text(en="Reactivation rate", fr="Taux de reconquête"),
        formula=Text(
            en="Among the customers who had been lost at the start (alive or subscribed once, not any more): those "
            "back at the end.",
            fr="Parmi les clients perdus au début (actifs ou abonnés autrefois, plus alors) : ceux de retour à la fin.",
        ),
        source=("churn-FAQ", "custup"),
        needs=("base",),
        needs_past="period",
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
        needs_past="period",
    ),
    Kpi(
        name="deactivation_rate",
        table="customers_at_start",
        measure=Share(of=col("deactivated"), among=~col("deactivated_before")),
        unit="share",
        better="down",
        section="retention",
        label=Text(en="Deactivation rate", fr="Taux de désactivation"),
        formula=Text(
            en="Among the customers known at the start who had never closed their account: those who close it in the "
            "period.",
            fr="Parmi les clients connus au début et n’ayant jamais fermé leur compte : ceux qui le ferment dans la "
            "période.",
        ),
        source=("custup",),
        needs=("deactivate",),
        needs_past="period",
    ),
    Kpi(
        name="retention_bucket",
        table="customers",
        measure=Ratio(col("ordered"), col("ordered_before")),
        unit="ratio",
        better="up",
        section="retention",
        label=Text(en="Retention bucket", fr="Volume du bac de fidélisation"),
        formula=Text(
            en="Customers with an order in the period ÷ customers with an order in the previous period. Above 100 % "
            "the bucket fills faster than it leaks.",
            fr="Clients ayant commandé dans la période ÷ clients ayant commandé dans la période précédente. Au-delà de "
            "100 %, le bac se remplit plus vite qu’il ne fuit.",
        ),
        source=("custup",),
        needs=("purchase",),
        needs_past="period",
    ),
    Kpi(
        name="loyal_customer_rate",
        table="customers",
        measure=Share(of=col("loyal"), among=col("ordered_in_a_year")),
        unit="share",
        better="up",
        section="retention",
        label=Text(en="Loyal customers", fr="Clients fidèles"),
        formula=Text(
            en="Among the customers with an order in the twelve months before the period’s end: those with at least "
            "two of them, or as many as the config asks for.",
            fr="Parmi les clients ayant commandé dans les douze mois précédant la fin de la période : ceux ayant passé "
            "au moins deux commandes, ou autant que la configuration le demande.",
        ),
        source=("HTCinside",),
        needs=("purchase",),
        needs_past="year",
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
        needs_past="period",
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
        needs_past="period",
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
        needs_past="period",
    ),
)
