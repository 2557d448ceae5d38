"""Verdicts, thresholds, targets and alerts; why figures moved; one churn by many definitions."""

from collections.abc import Mapping

from tasks.kpis.record import Text

TEXTS: Mapping[str, Text] = {
    # verdicts
    "verdict_ok": Text(en="healthy", fr="sain"),
    "verdict_watch": Text(en="to watch", fr="à surveiller"),
    "verdict_alert": Text(en="alert", fr="alerte"),
    "verdict_undecided": Text(en="undecided", fr="indécis"),
    "explain_verdict_ok": Text(
        en="the whole 95% interval is on the good side of the threshold.",
        fr="tout l’intervalle à 95 % est du bon côté du seuil.",
    ),
    "explain_verdict_watch": Text(
        en="no longer healthy with its whole 95% interval, and beyond no alert threshold.",
        fr="tout l’intervalle à 95 % a quitté la zone saine, sans dépasser de seuil d’alerte.",
    ),
    "explain_verdict_alert": Text(
        en="the whole 95% interval is beyond the alert threshold.",
        fr="tout l’intervalle à 95 % dépasse le seuil d’alerte.",
    ),
    "explain_verdict_undecided": Text(
        en="the 95% interval reaches across a threshold, so the figure may be on either side of it.",
        fr="l’intervalle à 95 % chevauche un seuil : le chiffre peut être d’un côté comme de l’autre.",
    ),
    "healthy_below": Text(en="healthy below {value}", fr="sain en dessous de {value}"),
    "healthy_above": Text(en="healthy above {value}", fr="sain au-dessus de {value}"),
    "alert_side_above": Text(en="alert above {value}", fr="alerte au-dessus de {value}"),
    "alert_side_below": Text(en="alert below {value}", fr="alerte en dessous de {value}"),
    "thresholds": Text(en="{parts}. Thresholds: {source}.", fr="{parts}. Seuils : {source}."),
    "thresholds_converted": Text(
        en="{parts}, converted from thresholds {basis}. Thresholds: {source}.",
        fr="{parts}, d’après des seuils {basis} convertis. Seuils : {source}.",
    ),
    "basis_month": Text(en="for a month", fr="pour un mois"),
    "basis_quarter": Text(en="for a quarter", fr="pour un trimestre"),
    "basis_year": Text(en="for a year", fr="pour un an"),
    "source_own": Text(en="your own", fr="les vôtres"),
    "target_is": Text(en="Target: {value}.", fr="Objectif : {value}."),
    "mark_target": Text(en="target {value}", fr="objectif {value}"),
    "mark_healthy": Text(en="healthy {value}", fr="sain {value}"),
    "mark_alert": Text(en="alert {value}", fr="alerte {value}"),
    # alerts
    "alerts": Text(en="Alerts", fr="Alertes"),
    "alert_above": Text(
        en="{value} ({interval}), above the alert threshold of {threshold}. Source: {source}",
        fr="{value} ({interval}), au-dessus du seuil d’alerte de {threshold}. Source : {source}",
    ),
    "alert_below": Text(
        en="{value} ({interval}), below the alert threshold of {threshold}. Source: {source}",
        fr="{value} ({interval}), en dessous du seuil d’alerte de {threshold}. Source : {source}",
    ),
    "no_alert": Text(
        en="No figure is beyond an alert threshold with its whole 95% interval.",
        fr="Aucun chiffre ne dépasse un seuil d’alerte avec tout son intervalle à 95 %.",
    ),
    # growth that is none
    "growth_flat": Text(en="flat", fr="stable"),
    "explain_growth_flat": Text(
        en="growth within ± 1 point counts as none.", fr="une croissance de ± 1 point au plus compte pour nulle."
    ),
    # notes of the company
    "events": Text(en="What happened", fr="Ce qui s’est passé"),
    # why it moved
    "moved": Text(en="Why it moved", fr="Pourquoi ces chiffres ont bougé"),
    "moved_intro": Text(
        en="The shares that moved most by more than chance explains {since}. Own rate: what the group’s own rate adds "
        "to the change. Mix: what its growing or shrinking part of the base adds. In points; together they are the "
        "change.",
        fr="Les parts qui ont le plus varié {since}, plus que le hasard ne l’explique. Taux propre : ce que le taux du "
        "groupe ajoute à l’écart. Composition : ce qu’ajoute son poids croissant ou décroissant dans la base. En "
        "points ; leur somme est l’écart.",
    ),
    "moved_headline": Text(en="{label}: {old} → {new}", fr="{label} : {old} → {new}"),
    "moved_title": Text(en="By {dimension}", fr="Par {dimension}"),
    "moved_by_rate": Text(
        en="Of the {change}, {rate} come from the own rate of {level}, {others} from those of the other groups, {mix} "
        "from the mix.",
        fr="Sur les {change}, {rate} viennent du taux propre de {level}, {others} de ceux des autres groupes et "
        "{mix} de la composition.",
    ),
    "moved_by_mix": Text(
        en="Of the {change}, {mix} come from the mix and {rate} from the groups’ own rates.",
        fr="Sur les {change}, {mix} viennent de la composition et {rate} des taux propres des groupes.",
    ),
    "moved_share": Text(en="Part of base", fr="Part de la base"),
    "moved_value": Text(en="Its rate", fr="Son taux"),
    "moved_rate": Text(en="Own rate", fr="Taux propre"),
    "moved_mix": Text(en="Mix", fr="Compo."),
    "moved_sum": Text(en="Both", fr="Total"),
    "moved_total": Text(en="All groups", fr="Ensemble"),
    "moved_other": Text(en="other groups", fr="autres groupes"),
    "moved_small": Text(en="groups {few} customers", fr="groupes {few} clients"),
    # churn as others publish it
    "churn": Text(en="One churn, many definitions", fr="Une attrition, plusieurs définitions"),
    "churn_intro": Text(
        en="The same subscriptions, counted as billing tools publish their churn.",
        fr="Les mêmes abonnements, comptés comme les outils de facturation publient leur attrition.",
    ),
    "churn_on_activity": Text(
        en="All of them from subscriptions; the churn rate above is judged on activity.",
        fr="Toutes sur les abonnements ; le taux d’attrition ci-dessus se juge sur l’activité.",
    ),
    "churn_definition": Text(en="Definition", fr="Définition"),
    "churn_difference": Text(en="What it counts", fr="Ce qu’elle compte"),
    "churn_lifecycle": Text(
        en="Ours: of those subscribed at the start, who no longer is at the end.",
        fr="La nôtre : parmi les abonnés du début, ceux qui ne le sont plus à la fin.",
    ),
    "churn_chartmogul": Text(en="The same as ours.", fr="La même que la nôtre."),
    "churn_recurly": Text(en="The same as ours.", fr="La même que la nôtre."),
    "churn_profitwell": Text(
        en="Also those of the start who left and came back before the end.",
        fr="Aussi ceux du début qui sont partis puis revenus avant la fin.",
    ),
    "churn_baremetrics": Text(
        en="Everybody who left at some time, also those who had only just joined; divided by the start alone.",
        fr="Tous ceux qui sont partis à un moment, même à peine arrivés ; divisés par les seuls abonnés du début.",
    ),
    "churn_stripe": Text(
        en="Each time somebody left; divided by the start and those who joined.",
        fr="Chaque départ, même répété ; divisé par les abonnés du début et les arrivées.",
    ),
}
