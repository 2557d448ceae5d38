"""Acquisition: who came, who signed up, who became a customer."""

from polars import col

from tasks.kpis.record import Kpi, Share, Text, Total

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
        needs_past=True,
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
        needs_past=True,
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
        needs_past=True,
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
        needs_past=True,
    ),
)
