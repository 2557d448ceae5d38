"""Revenue: orders, their amounts, and what came back."""

from polars import col

from tasks.kpis.record import Derived, Kpi, Ratio, Text, Total

KPIS = (
    Kpi(
        name="orders",
        table="customers",
        measure=Total(col("orders")),
        unit="orders",
        better="up",
        section="revenue",
        label=Text(en="Orders", fr="Commandes"),
        formula=Text(
            en="Orders in the period: the purchases of one customer with one reference are one order; a purchase "
            "without reference is one.",
            fr="Commandes de la période : les achats d’un client sous une même référence forment une commande ; un "
            "achat sans référence en est une.",
        ),
        source=("lifecycle",),
        needs=("purchase",),
    ),
    Kpi(
        name="revenue",
        table="customers",
        measure=Total(col("revenue")),
        unit="currency",
        better="up",
        section="revenue",
        label=Text(en="Revenue", fr="Chiffre d’affaires"),
        formula=Text(
            en="Amount of the orders in the period, returns not deducted.",
            fr="Montant des commandes de la période, retours non déduits.",
        ),
        source=("lifecycle",),
        needs=("revenue",),
        tags=("headline",),
    ),
    Kpi(
        name="net_revenue",
        table="customers",
        measure=Total(col("revenue") - col("returned_amount")),
        unit="currency",
        better="up",
        section="revenue",
        label=Text(en="Net revenue", fr="Chiffre d’affaires net"),
        formula=Text(
            en="Amount of the orders in the period less the amount of the returns in the period.",
            fr="Montant des commandes de la période moins celui des retours de la période.",
        ),
        source=("lifecycle",),
        needs=("revenue",),
    ),
    Kpi(
        name="average_order_value",
        table="customers",
        measure=Ratio(col("revenue"), col("orders")),
        unit="currency",
        better="up",
        section="revenue",
        label=Text(en="Average order value", fr="Panier moyen"),
        formula=Text(
            en="Revenue ÷ orders of the period.",
            fr="Chiffre d’affaires ÷ nombre de commandes de la période.",
        ),
        source=("lifecycle",),
        needs=("revenue",),
    ),
    Kpi(
        name="revenue_per_customer",
        table="customers",
        measure=Ratio(col("revenue"), col("active")),
        unit="currency",
        better="up",
        section="revenue",
        label=Text(en="Revenue per active customer", fr="Chiffre d’affaires par client actif"),
        formula=Text(
            en="Revenue ÷ customers active in the period.",
            fr="Chiffre d’affaires ÷ clients actifs dans la période.",
        ),
        source=("lifecycle",),
        needs=("revenue", "activity"),
    ),
    Kpi(
        name="product_return_rate",
        table="customers",
        measure=Ratio(col("units_returned"), col("units_sold")),
        unit="ratio",
        better="down",
        section="revenue",
        label=Text(en="Product return rate", fr="Taux de retour des produits"),
        formula=Text(
            en="Units returned in the period ÷ units sold in the period; a line without quantity is one unit. Can "
            "exceed 100 %: returns may be of earlier sales.",
            fr="Unités retournées dans la période ÷ unités vendues dans la période ; une ligne sans quantité vaut une "
            "unité. Peut dépasser 100 % : on retourne aussi des ventes antérieures.",
        ),
        source=("HTCinside",),
        needs=("purchase", "return"),
    ),
    Kpi(
        name="existing_customer_revenue_growth",
        table="customers_at_start",
        measure=Ratio(col("revenue_growth"), col("revenue_before")),
        unit="growth",
        better="up",
        section="revenue",
        label=Text(en="Revenue growth of existing customers", fr="Croissance des revenus des clients existants"),
        formula=Text(
            en="Over the customers with revenue in the previous period: (their revenue in this one − their revenue "
            "then) ÷ their revenue then. Within ± 1 point it is flat.",
            fr="Pour les clients ayant généré du chiffre d’affaires dans la période précédente : (leur chiffre "
            "d’affaires dans celle-ci − celui d’alors) ÷ celui d’alors. Stable à ± 1 point.",
        ),
        source=("HTCinside",),
        needs=("revenue",),
        needs_past="period",
    ),
    Kpi(
        name="customer_lifetime_value",
        table="derived",
        measure=Derived(("revenue_per_customer",), ("churn_rate",), factor="gross_margin", smallest_base=30),
        unit="currency",
        better="up",
        section="revenue",
        label=Text(en="Customer lifetime value (CLV)", fr="Valeur vie client (CLV)"),
        formula=Text(
            en="Revenue per active customer × gross margin ÷ churn rate, as if both stayed as they are. Not given when "
            "churn is 0 or its base has fewer than 30 customers; the revenue observed so far is in the cohorts.",
            fr="Chiffre d’affaires par client actif × marge brute ÷ taux d’attrition, comme si les deux ne changeaient "
            "plus. Absent si l’attrition est nulle ou si sa base compte moins de 30 clients ; le chiffre d’affaires "
            "observé jusqu’ici est dans les cohortes.",
        ),
        source=("churn-FAQ", "HTCinside"),
        needs=("revenue", "activity", "base"),
        needs_past="period",
    ),
    Kpi(
        name="dso",
        table="receivables",
        measure=Ratio(col("receivable"), col("invoiced"), times="days"),
        unit="days",
        better="down",
        section="revenue",
        label=Text(en="Days sales outstanding (DSO)", fr="Délai moyen de recouvrement (DSO)"),
        formula=Text(
            en="Receivables at the period’s end (all invoices less all payments before it) ÷ invoiced in the period × "
            "days of the period.",
            fr="Créances à la fin de la période (toutes les factures moins tous les paiements antérieurs) ÷ montant "
            "facturé dans la période × jours de la période.",
        ),
        source=("HTCinside",),
        needs=("invoice",),
        needs_past="period",
    ),
)
