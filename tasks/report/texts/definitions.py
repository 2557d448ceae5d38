"""What the figures mean: definitions and the rules of the company."""

from collections.abc import Mapping

from tasks.kpis.record import Text

TEXTS: Mapping[str, Text] = {
    # definitions
    "definitions": Text(en="Definitions", fr="Définitions"),
    "sources": Text(en="Source: {names}. Version {number}.", fr="Source : {names}. Version {number}."),
    "rules_of_company": Text(en="What counts here", fr="Ce qui compte ici"),
    "rule_activity": Text(
        en="Active means at least one of: {names}.", fr="Est actif qui fait au moins une de ces actions : {names}."
    ),
    "rule_inactive": Text(
        en="A customer is lost after {duration} without activity.",
        fr="Un client est perdu après {duration} sans activité.",
    ),
    "rule_activation": Text(
        en="Activation counts within {duration} of sign-up.",
        fr="L’activation compte dans un délai de {duration} après l’inscription.",
    ),
    "rule_activated": Text(
        en="A customer is activated who, within {duration} of sign-up, reaches: {conditions}.",
        fr="Est activé tout client qui, dans un délai de {duration} après l’inscription, atteint : {conditions}.",
    ),
    "rule_first_event": Text(
        en="Sign-up means the customer’s first event.", fr="L’inscription est ici le premier événement du client."
    ),
    "condition_times": Text(en="{number} × {kind}", fr="{number} × {kind}"),
    "condition_days": Text(en="{condition} on {number} different days", fr="{condition} sur {number} jours différents"),
    "condition_where": Text(en="{condition} where {where}", fr="{condition} où {where}"),
    "combined_any": Text(en=", or ", fr=", ou "),
    "combined_all": Text(en=", and ", fr=", et "),
    "combined_sequence": Text(en=", then ", fr=", puis "),
    "rule_churn_activity": Text(en="Churn is judged on activity.", fr="L’attrition se juge sur l’activité."),
    "rule_churn_subscription": Text(en="Churn is judged on subscriptions.", fr="L’attrition se juge sur l’abonnement."),
    "kind_visit": Text(en="visit", fr="visite"),
    "kind_signup": Text(en="sign-up", fr="inscription"),
    "kind_use": Text(en="use", fr="utilisation"),
    "kind_purchase": Text(en="purchase", fr="achat"),
    "kind_return": Text(en="return", fr="retour"),
    "kind_subscribe": Text(en="subscription", fr="abonnement"),
    "kind_target": Text(en="campaign message", fr="message de campagne"),
    "kind_deactivate": Text(en="closed account", fr="fermeture de compte"),
    "kind_invoice": Text(en="invoice", fr="facture"),
    "kind_payment": Text(en="payment", fr="paiement"),
    "kind_nps": Text(en="NPS answer", fr="réponse NPS"),
    "kind_csat": Text(en="CSAT answer", fr="réponse CSAT"),
    "kind_feedback": Text(en="feedback", fr="retour d’expérience"),
    "kind_change": Text(en="plan change", fr="changement de formule"),
    "kind_cancel": Text(en="cancellation", fr="résiliation"),
    "kind_spend": Text(en="marketing cost", fr="dépense marketing"),
    "made_by": Text(
        en="Made by lifecycle {version} from published figures only. Figures digest {digest}.",
        fr="Produit par lifecycle {version}, à partir des seuls chiffres publiés. Empreinte des chiffres {digest}.",
    ),
}
