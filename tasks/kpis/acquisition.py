"""Acquisition: who came, who signed up, who became a customer."""

from polars import col

from tasks.kpis.record import Derived, Kpi, Ratio, Share, Text, Total

KPIS = (
    Kpi(
        name="visitors",
        table="visitors",
        measure=Total(col("visited")),
        unit="visitors",
        better="up",
        section="acquisition",
        label=Text(en="Visitors", fr="Visiteurs"),
        formula=Text(
            en="Customers and anonymous visitors with at least one visit in the period. An anonymous visitor linked "
            "to a customer before the period's end counts as that customer, once.",
            fr="Clients et visiteurs anonymes ayant au moins une visite dans la période. Un visiteur anonyme rattaché "
            "à un client avant la fin de la période compte comme ce client, une seule fois.",
        ),
        source=("custup", "mentorDay", "Contentsquare"),
        needs=("visit",),
        tags=("headline",),
        version=2,
    ),
    Kpi(
        name="signups",
        table="customers",
        measure=Total(col("signed_up")),
        unit="customers",
        better="up",
        section="acquisition",
        label=Text(en="Sign-ups", fr="Inscriptions"),
        formula=Text(
            en="Customers whose sign-up lies in the period: their first sign-up event or, where nothing records "
            "sign-ups, their first event.",
            fr="Clients dont l’inscription a lieu dans la période : leur premier événement d’inscription ou, si rien "
            "n’enregistre les inscriptions, leur premier événement.",
        ),
        source=("mentorDay", "Contentsquare", "custup"),
        needs=("sign_up",),
        needs_past="period",
    ),
    Kpi(
        name="new_customers",
        table="customers",
        measure=Total(col("became_customer")),
        unit="customers",
        better="up",
        section="acquisition",
        label=Text(en="New customers", fr="Nouveaux clients"),
        formula=Text(
            en="Customers whose first order or first subscription ever lies in the period.",
            fr="Clients dont la toute première commande ou le tout premier abonnement a lieu dans la période.",
        ),
        source=("churn-FAQ", "custup", "HTCinside"),
        needs=("customer",),
        needs_past="period",
        tags=("headline",),
    ),
    Kpi(
        name="visitor_to_signup_rate",
        table="visitors",
        measure=Share(of=col("signed_up"), among=col("visited")),
        unit="share",
        better="up",
        section="acquisition",
        label=Text(en="Visitor to sign-up conversion", fr="Conversion visiteur → inscription"),
        formula=Text(
            en="Among the visitors of the period: those who signed up in the period.",
            fr="Parmi les visiteurs de la période : ceux qui se sont inscrits dans la période.",
        ),
        source=("Contentsquare",),
        needs=("visit", "sign_up"),
        needs_past="period",
        version=2,
    ),
    Kpi(
        name="signup_to_subscription_rate",
        table="customers",
        measure=Share(of=col("subscribed_by_end"), among=col("signed_up")),
        unit="share",
        better="up",
        section="acquisition",
        label=Text(en="Sign-up to subscription conversion", fr="Conversion inscription → abonnement"),
        formula=Text(
            en="Among the customers who signed up in the period: those with a subscription before the period's end.",
            fr="Parmi les clients inscrits dans la période : ceux qui ont souscrit un abonnement avant la fin de la "
            "période.",
        ),
        source=("Contentsquare",),
        needs=("sign_up", "subscribe"),
        needs_past="period",
    ),
    Kpi(
        name="conversion_ratio",
        table="visitors",
        measure=Ratio(col("conversions"), col("visited")),
        unit="ratio",
        better="up",
        section="acquisition",
        label=Text(en="Conversion ratio", fr="Taux de conversion"),
        formula=Text(
            en="Conversions of customers in the period (orders and new subscriptions, unless the config names other "
            "kinds) ÷ visitors of the period. Can exceed 100 %: one visitor may convert several times.",
            fr="Conversions des clients dans la période (commandes et souscriptions, sauf si la configuration en nomme "
            "d’autres) ÷ visiteurs de la période. Peut dépasser 100 % : un visiteur peut convertir plusieurs fois.",
        ),
        source=("custup",),
        needs=("visit", "conversion"),
    ),
    Kpi(
        name="marketing_spend",
        table="spend",
        measure=Total(col("spend")),
        unit="currency",
        better="neither",
        section="acquisition",
        label=Text(en="Marketing spend", fr="Dépenses marketing"),
        formula=Text(
            en="Amount of the marketing costs dated in the period. By segment: as the costs themselves are labelled.",
            fr="Montant des coûts marketing datés de la période. Par segment : selon l’étiquette des coûts eux-mêmes.",
        ),
        source=("churn-FAQ",),
        needs=("spend",),
    ),
    Kpi(
        name="customer_acquisition_cost",
        table="derived",
        measure=Derived(("marketing_spend",), ("new_customers",)),
        unit="currency",
        better="down",
        section="acquisition",
        label=Text(en="Customer acquisition cost (CAC)", fr="Coût d’acquisition (CAC)"),
        formula=Text(
            en="Marketing spend of the period ÷ new customers of the period. No delay between the two is assumed.",
            fr="Dépenses marketing ÷ nouveaux clients de la période, sans décalage supposé entre les deux.",
        ),
        source=("churn-FAQ",),
        needs=("spend", "customer"),
        needs_past="period",
    ),
)
