"""Revenue: orders, their amounts, and what came back."""

from polars import col

from tasks.kpis.record import Kpi, Ratio, Text, Total

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
        source=("HTCinside",),
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
        source=("HTCinside",),
        needs=("purchase",),
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
        source=("HTCinside",),
        needs=("purchase",),
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
        source=("HTCinside",),
        needs=("purchase",),
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
)
