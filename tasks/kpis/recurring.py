"""Recurring revenue: the monthly amounts of subscriptions, how they grew and shrank, and what is lost of them."""

from polars import col

from tasks.kpis.record import Derived, Kpi, Ratio, Text, Total

KPIS = (
    Kpi(
        name="revenue_churn_amount",
        table="customers_at_start",
        measure=Total(col("base_revenue_lost")),
        unit="currency",
        better="down",
        section="revenue",
        label=Text(en="Revenue churn", fr="Roulement des revenus"),
        formula=Text(
            en="Recurring revenue of the base at the start that is lost in the period. Churn judged on subscriptions: "
            "monthly amounts of those who left, and what the others pay less. On activity: revenue in the previous "
            "period of those who left.",
            fr="Revenus récurrents de la base au début perdus dans la période. Attrition jugée sur l’abonnement : "
            "montants mensuels des clients partis, et baisses de ceux qui restent. Sur l’activité : chiffre "
            "d’affaires, dans la période précédente, des clients partis.",
        ),
        source=("HTCinside",),
        needs=("base", "base_revenue"),
        needs_past="period",
    ),
    Kpi(
        name="revenue_churn_rate",
        table="customers_at_start",
        measure=Ratio(col("base_revenue_lost"), col("base_revenue")),
        unit="share",
        better="down",
        section="revenue",
        label=Text(en="Revenue churn rate", fr="Taux de roulement des revenus"),
        formula=Text(
            en="Revenue churn ÷ recurring revenue of the base at the start (on activity: its revenue in the previous "
            "period).",
            fr="Roulement des revenus ÷ revenus récurrents de la base au début (sur l’activité : son chiffre "
            "d’affaires dans la période précédente).",
        ),
        source=("HTCinside",),
        needs=("base", "base_revenue"),
        needs_past="period",
    ),
    Kpi(
        name="mrr",
        table="customers",
        measure=Total(col("mrr")),
        unit="currency",
        better="up",
        section="revenue",
        label=Text(en="Monthly recurring revenue (MRR)", fr="Revenu récurrent mensuel (MRR)"),
        formula=Text(
            en="Sum over all subscriptions of the monthly amount in force at the period’s end; a yearly plan counts "
            "with a twelfth. A cancellation dated later is none yet.",
            fr="Somme, pour tous les abonnements, du montant mensuel en vigueur à la fin de la période ; une formule "
            "annuelle compte pour un douzième. Une résiliation datée de plus tard n’en est pas encore une.",
        ),
        source=("lifecycle",),
        needs=("recurring",),
        tags=("headline",),
    ),
    Kpi(
        name="mrr_at_start",
        table="customers_at_start",
        measure=Total(col("mrr_at_start")),
        unit="currency",
        better="up",
        section="revenue",
        label=Text(en="MRR at the start", fr="MRR au début"),
        formula=Text(
            en="The monthly recurring revenue when the period began. Start + new + reactivated + expansion − "
            "contraction − churn = MRR at the end, to the cent.",
            fr="Revenu récurrent mensuel au début de la période. Début + nouveau + reconquis + expansion − contraction "
            "− attrition = MRR à la fin, au centime près.",
        ),
        source=("lifecycle",),
        needs=("recurring",),
        needs_past="period",
    ),
    Kpi(
        name="mrr_new",
        table="customers",
        measure=Total(col("mrr_new")),
        unit="currency",
        better="up",
        section="revenue",
        label=Text(en="New MRR", fr="Nouveau MRR"),
        formula=Text(
            en="MRR at the end of the customers who had never been subscribed before the period.",
            fr="MRR à la fin des clients qui n’avaient jamais été abonnés avant la période.",
        ),
        source=("lifecycle",),
        needs=("recurring",),
        needs_past="period",
    ),
    Kpi(
        name="mrr_reactivation",
        table="customers_at_start",
        measure=Total(col("mrr_reactivation")),
        unit="currency",
        better="up",
        section="revenue",
        label=Text(en="Reactivated MRR", fr="MRR reconquis"),
        formula=Text(
            en="MRR at the end of the customers who had been subscribed once, were not at the start, and are again.",
            fr="MRR à la fin des clients abonnés autrefois, qui ne l’étaient plus au début et le sont de nouveau.",
        ),
        source=("lifecycle",),
        needs=("recurring",),
        needs_past="period",
    ),
    Kpi(
        name="mrr_expansion",
        table="customers_at_start",
        measure=Total(col("mrr_expansion")),
        unit="currency",
        better="up",
        section="revenue",
        label=Text(en="Expansion MRR", fr="MRR d’expansion"),
        formula=Text(
            en="What customers subscribed at both edges pay more at the end than at the start.",
            fr="Ce que les clients abonnés au début et à la fin paient de plus à la fin.",
        ),
        source=("lifecycle",),
        needs=("recurring",),
        needs_past="period",
    ),
    Kpi(
        name="mrr_contraction",
        table="customers_at_start",
        measure=Total(col("mrr_contraction")),
        unit="currency",
        better="down",
        section="revenue",
        label=Text(en="Contraction MRR", fr="MRR de contraction"),
        formula=Text(
            en="What customers subscribed at both edges pay less at the end than at the start. Down to nothing is "
            "churn, not contraction.",
            fr="Ce que les clients abonnés au début et à la fin paient de moins à la fin. Tomber à zéro est une "
            "attrition, pas une contraction.",
        ),
        source=("lifecycle",),
        needs=("recurring",),
        needs_past="period",
    ),
    Kpi(
        name="mrr_churn",
        table="customers_at_start",
        measure=Total(col("mrr_churn")),
        unit="currency",
        better="down",
        section="revenue",
        label=Text(en="Churned MRR", fr="MRR perdu"),
        formula=Text(
            en="MRR at the start of the customers who are no longer subscribed at the end.",
            fr="MRR au début des clients qui ne sont plus abonnés à la fin.",
        ),
        source=("lifecycle",),
        needs=("recurring",),
        needs_past="period",
    ),
    Kpi(
        name="gross_revenue_retention",
        table="customers_at_start",
        measure=Ratio(col("mrr_at_start") - col("mrr_contraction") - col("mrr_churn"), col("mrr_at_start")),
        unit="share",
        better="up",
        section="revenue",
        label=Text(en="Gross revenue retention", fr="Rétention brute des revenus"),
        formula=Text(
            en="(MRR at the start − contraction − churn) ÷ MRR at the start.",
            fr="(MRR au début − contraction − attrition) ÷ MRR au début.",
        ),
        source=("lifecycle",),
        needs=("recurring",),
        needs_past="period",
    ),
    Kpi(
        name="net_revenue_retention",
        table="customers_at_start",
        measure=Ratio(
            col("mrr_at_start") + col("mrr_expansion") - col("mrr_contraction") - col("mrr_churn"), col("mrr_at_start")
        ),
        unit="ratio",
        better="up",
        section="revenue",
        label=Text(en="Net revenue retention", fr="Rétention nette des revenus"),
        formula=Text(
            en="(MRR at the start + expansion − contraction − churn) ÷ MRR at the start. New and reactivated MRR stay "
            "outside; can exceed 100 %.",
            fr="(MRR au début + expansion − contraction − attrition) ÷ MRR au début. Ni le nouveau MRR ni le MRR "
            "reconquis n’y entrent ; peut dépasser 100 %.",
        ),
        source=("lifecycle",),
        needs=("recurring",),
        needs_past="period",
    ),
    Kpi(
        name="quick_ratio",
        table="derived",
        measure=Derived(("mrr_new", "mrr_reactivation", "mrr_expansion"), ("mrr_contraction", "mrr_churn")),
        unit="number",
        better="up",
        section="revenue",
        label=Text(en="Quick ratio", fr="Ratio de croissance (quick ratio)"),
        formula=Text(
            en="(New + reactivated + expansion MRR) ÷ (contraction + churned MRR): what comes in for each unit that is "
            "lost.",
            fr="(MRR nouveau + reconquis + expansion) ÷ (MRR de contraction + perdu) : ce qui rentre pour chaque unité "
            "perdue.",
        ),
        source=("lifecycle",),
        needs=("recurring",),
        needs_past="period",
    ),
)
