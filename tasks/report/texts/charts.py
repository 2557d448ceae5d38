"""Titles, notes and descriptions of the charts."""

from collections.abc import Mapping

from tasks.kpis.record import Text

TEXTS: Mapping[str, Text] = {
    # charts
    "chart_acquisition": Text(en="Sign-ups and new customers", fr="Inscriptions et nouveaux clients"),
    "chart_active": Text(en="Active customers", fr="Clients actifs"),
    "chart_features": Text(en="Feature adoption", fr="Adoption des fonctionnalités"),
    "chart_features_note": Text(
        en="Share of active customers who used it; the line is the 95% interval",
        fr="Part des clients actifs l’ayant utilisée ; le trait est l’intervalle à 95 %",
    ),
    "chart_features_top": Text(
        en="Share of active customers who used it, the {number} most used; the line is the 95% interval",
        fr="Part des clients actifs l’ayant utilisée, les {number} premières ; le trait est l’intervalle à 95 %",
    ),
    "chart_cohorts": Text(
        en="Cohorts: active in that period (% of sign-ups)",
        fr="Cohortes : actifs dans la période (% des inscrits)",
    ),
    "chart_cohorts_since": Text(
        en="Cohorts: active then or later (% of sign-ups)",
        fr="Cohortes : actifs alors ou plus tard (% des inscrits)",
    ),
    "chart_cohorts_revenue": Text(
        en="Cohorts: revenue so far per customer ({currency})",
        fr="Cohortes : chiffre d’affaires cumulé par client ({currency})",
    ),
    "chart_cohorts_immature": Text(
        en="Dashed: may still rise, as customers may yet come back.",
        fr="En tirets : peut encore monter, car des clients peuvent revenir.",
    ),
    "chart_cohorts_note_month": Text(
        en="Rows: month of sign-up (customers). Columns: months since.",
        fr="Lignes : mois d’inscription (clients). Colonnes : mois écoulés.",
    ),
    "chart_cohorts_note_quarter": Text(
        en="Rows: quarter of sign-up (customers). Columns: quarters since.",
        fr="Lignes : trimestre d’inscription (clients). Colonnes : trimestres écoulés.",
    ),
    "chart_cohorts_note_year": Text(
        en="Rows: year of sign-up (customers). Columns: years since.",
        fr="Lignes : année d’inscription (clients). Colonnes : années écoulées.",
    ),
    "chart_customers_bridge": Text(en="Customers, from start to end", fr="Clients, du début à la fin de la période"),
    "chart_mrr_bridge": Text(en="MRR, from start to end", fr="MRR, du début à la fin de la période"),
    "step_start": Text(en="Start", fr="Début"),
    "step_new": Text(en="New", fr="Nouveau"),
    "step_new_customers": Text(en="New", fr="Nouveaux"),
    "step_reactivated": Text(en="Reactivated", fr="Reconquis"),
    "step_expansion": Text(en="Expansion", fr="Expansion"),
    "step_contraction": Text(en="Contraction", fr="Contraction"),
    "step_churned": Text(en="Churned", fr="Perdu"),
    "step_lost": Text(en="Lost", fr="Perdus"),
    "step_end": Text(en="End", fr="Fin"),
    "chart_band": Text(en="Shaded: 95% interval", fr="Zone claire : intervalle à 95 %"),
    "chart_not_from_zero": Text(en="The axis does not start at 0", fr="L’axe ne commence pas à 0"),
    "chart_notes": Text(en="{first}. {second}.", fr="{first}. {second}."),
    "chart_daily": Text(en="Mean day (DAU)", fr="Jour moyen (DAU)"),
    "chart_weekly": Text(en="7 days (WAU)", fr="7 jours (WAU)"),
    "chart_whole_month": Text(en="Month (MAU)", fr="Mois (MAU)"),
    "chart_whole_quarter": Text(en="Whole quarter", fr="Trimestre entier"),
    "chart_whole_year": Text(en="Whole year", fr="Année entière"),
    "chart_alt": Text(en="{title}, {first} to {last}: {values}.", fr="{title}, de {first} à {last} : {values}."),
    "chart_alt_now": Text(en="{title}: {values}.", fr="{title} : {values}."),
}
