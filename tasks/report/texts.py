"""Every sentence of the report, in every language. Formatting numbers and deciding what to say is elsewhere.

French is written here with ordinary spaces; `typeset` puts the narrow no-break ones where they belong.
"""

import re
from collections.abc import Mapping
from typing import Literal

from tasks.kpis.record import Text

Language = Literal["en", "fr"]

TEXTS: Mapping[str, Text] = {
    # patterns of Babel, see https://unicode.org/reports/tr35/tr35-dates.html
    "locale": Text(en="en_GB", fr="fr"),
    "pattern_date": Text(en="d MMMM y", fr="d MMMM y"),
    "pattern_date_first": Text(en="d MMMM y", fr="d'er' MMMM y"),
    "pattern_time": Text(en="HH:mm", fr="H 'h' mm"),
    "pattern_month": Text(en="MMMM y", fr="MMMM y"),
    "pattern_month_short": Text(en="MMM y", fr="MMM y"),
    "pattern_quarter": Text(en="QQQQ 'of' y", fr="QQQQ y"),
    "pattern_quarter_short": Text(en="QQQ y", fr="QQQ y"),
    "pattern_percent": Text(en="{number}%", fr="{number} %"),
    "in_month": Text(en="in {name}", fr="en {name}"),
    "in_quarter": Text(en="in the {name}", fr="au {name}"),
    "in_year": Text(en="in {name}", fr="en {name}"),
    "than_month": Text(en="than in {name}", fr="qu’en {name}"),
    "than_quarter": Text(en="than in the {name}", fr="qu’au {name}"),
    "than_year": Text(en="than in {name}", fr="qu’en {name}"),
    "with_month": Text(en="Compared with {name}", fr="Par rapport à {name}"),
    "with_quarter": Text(en="Compared with the {name}", fr="Par rapport au {name}"),
    "with_year": Text(en="Compared with {name}", fr="Par rapport à {name}"),
    "since_month": Text(en="since {name}", fr="depuis {name}"),
    "since_quarter": Text(en="since the {name}", fr="depuis le {name}"),
    "since_year": Text(en="since {name}", fr="depuis {name}"),
    "for_month": Text(en="for {name}", fr="pour {name}"),
    "for_quarter": Text(en="for the {name}", fr="pour le {name}"),
    "for_year": Text(en="for {name}", fr="pour {name}"),
    "points": Text(en="{number} pt", fr="{number} pt"),
    "quoted": Text(en="“{text}”", fr="« {text} »"),
    "listed": Text(en=", ", fr=", "),
    "and": Text(en=" and ", fr=" et "),
    "more_items": Text(en="and {number} more", fr="et {number} de plus"),
    # header
    "report": Text(en="Customer lifecycle report", fr="Rapport sur le cycle de vie des clients"),
    "published": Text(en="Published", fr="Publié le"),
    "published_at": Text(en="{date}, {time}", fr="{date} à {time}"),
    "revision": Text(en="Revision", fr="Révision"),
    "timezone": Text(en="Time zone", fr="Fuseau horaire"),
    "currency": Text(en="Currency", fr="Devise"),
    "revised": Text(en="This report replaces revision {number}", fr="Ce rapport remplace la révision {number}"),
    "revised_why": Text(en="Why", fr="Pourquoi"),
    "revised_figures": Text(en="Figures that changed", fr="Chiffres modifiés"),
    "revised_none": Text(en="No whole-company figure changed.", fr="Aucun chiffre d’ensemble n’a changé."),
    "cause_config": Text(en="config key {name} changed", fr="clé de configuration {name} modifiée"),
    "cause_definition": Text(en="definition of {name} changed", fr="définition de {name} modifiée"),
    "cause_earlier": Text(en="earlier periods changed", fr="des périodes antérieures ont changé"),
    "cause_file_added": Text(en="file added: {name}", fr="fichier ajouté : {name}"),
    "cause_file_gone": Text(en="file gone: {name}", fr="fichier disparu : {name}"),
    "cause_file_replaced": Text(en="file replaced: {name}", fr="fichier remplacé : {name}"),
    "cause_no_events": Text(en="no events are left", fr="il ne reste aucun événement"),
    "cause_step": Text(en="computation of step {name} changed", fr="calcul de l’étape {name} modifié"),
    "cause_unread": Text(en="files to read: {name}", fr="fichiers à lire : {name}"),
    "before": Text(en="Before", fr="Avant"),
    "now": Text(en="Now", fr="Maintenant"),
    # summary
    "summary": Text(en="In brief", fr="En bref"),
    "first_period": Text(
        en="This is the first published period, so there is nothing to compare it with yet.",
        fr="C’est la première période publiée : il n’y a encore rien à quoi la comparer.",
    ),
    "no_previous": Text(
        en="Nothing is published for {name}, so changes cannot be shown.",
        fr="Rien n’est publié pour {name} : l’évolution ne peut être montrée.",
    ),
    "from_to": Text(en="{old} → {new}", fr="{old} → {new}"),
    "from_to_by": Text(en="{old} → {new}, or {change}", fr="{old} → {new}, soit {change}"),
    "moves": Text(
        en="{compared}, the headline figure that improved most is {better} ({better_change}); "
        "the one that worsened most is {worse} ({worse_change}).",
        fr="{compared}, l’indicateur clé qui s’améliore le plus est {better} ({better_change}) ; "
        "celui qui se dégrade le plus est {worse} ({worse_change}).",
    ),
    "moves_better": Text(
        en="{compared}, the headline figure that improved most is {better} ({better_change}); "
        "none worsened by more than chance explains.",
        fr="{compared}, l’indicateur clé qui s’améliore le plus est {better} ({better_change}) ; "
        "aucun ne se dégrade plus que le hasard ne l’explique.",
    ),
    "moves_worse": Text(
        en="{compared}, the headline figure that worsened most is {worse} ({worse_change}); "
        "none improved by more than chance explains.",
        fr="{compared}, l’indicateur clé qui se dégrade le plus est {worse} ({worse_change}) ; "
        "aucun ne s’améliore plus que le hasard ne l’explique.",
    ),
    "moves_none": Text(
        en="No headline figure moved by more than chance explains {since}.",
        fr="Aucun indicateur clé n’a varié plus que le hasard ne l’explique {since}.",
    ),
    "active_none": Text(en="{during}, no customer was active", fr="{during}, aucun client n’a été actif"),
    "active_one": Text(en="{during}, one customer was active", fr="{during}, un client a été actif"),
    "active_many": Text(en="{during}, {number} customers were active", fr="{during}, {number} clients ont été actifs"),
    "active_more": Text(en=", {change} more {than}", fr=", soit {change} de plus {than}"),
    "active_fewer": Text(en=", {change} fewer {than}", fr=", soit {change} de moins {than}"),
    "active_same": Text(en=", about as many as {during}", fr=", à peu près autant {than}"),
    "lost": Text(
        en="; {rate} of the customers there at the start were lost by the end",
        fr=" ; {rate} des clients présents au début étaient perdus à la fin",
    ),
    "lost_before": Text(en=" ({rate} {during})", fr=" ({rate} {during})"),
    "no_figures": Text(en="{during}, no figure could be measured", fr="{during}, aucun chiffre n’a pu être mesuré"),
    # tiles and tables
    "headline": Text(en="Headline figures", fr="Indicateurs clés"),
    "versus": Text(en="vs {name}", fr="vs {name}"),
    "interval_of_tile": Text(en="95% interval {interval}", fr="Intervalle à 95 % : {interval}"),
    "no_comparison": Text(en="no comparison yet", fr="pas encore de comparaison"),
    "better": Text(en="improvement", fr="amélioration"),
    "worse": Text(en="deterioration", fr="dégradation"),
    "flat": Text(en="no more than chance explains", fr="pas plus que le hasard n’explique"),
    "neutral": Text(en="not tested", fr="non testé"),
    "legend": Text(
        en="Coloured when the change is larger than chance explains (95%):",
        fr="En couleur quand l’écart dépasse ce que le hasard explique (à 95 %) :",
    ),
    "legend_untested": Text(
        en="Otherwise grey. Total amounts and samples under 30 are not tested and stay grey.",
        fr="Sinon en gris. Les montants totaux et les effectifs de moins de 30 ne sont pas testés et restent gris.",
    ),
    "kpi": Text(en="Figure", fr="Indicateur"),
    "value": Text(en="Value", fr="Valeur"),
    "interval": Text(en="95% interval", fr="Intervalle à 95 %"),
    "based_on": Text(en="Based on", fr="Base"),
    "part_of": Text(en="{part} of {whole}", fr="{part} sur {whole}"),
    "definition": Text(en="Definition {number}", fr="Définition {number}"),
    "back": Text(en="Back to the figure", fr="Retour au chiffre"),
    "not_shown": Text(en="Not shown, because {reason}: {names}.", fr="Non affiché, car {reason} : {names}."),
    "unchanged": Text(en="unchanged", fr="inchangé"),
    "segments": Text(en="By segment", fr="Par segment"),
    "by_dimension": Text(en="{label} by {dimension}", fr="{label} par {dimension}"),
    "level": Text(en="Group", fr="Groupe"),
    "customers": Text(en="Customers", fr="Clients"),
    "level_unknown": Text(en="unknown", fr="inconnu"),
    "level_other": Text(en="other", fr="autres"),
    "fewer_than": Text(en="< {number}", fr="< {number}"),
    "withheld": Text(en="withheld", fr="masqué"),
    "more_levels": Text(en="{number} smaller groups not shown", fr="{number} groupes plus petits non affichés"),
    "more_level": Text(en="One smaller group not shown", fr="Un groupe plus petit non affiché"),
    "section_acquisition": Text(en="Acquisition", fr="Acquisition"),
    "section_activation": Text(en="Activation", fr="Activation"),
    "section_engagement": Text(en="Engagement", fr="Engagement"),
    "section_retention": Text(en="Retention", fr="Rétention"),
    "section_revenue": Text(en="Revenue", fr="Chiffre d’affaires"),
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
    "chart_cohorts": Text(en="Cohorts: share still active (%)", fr="Cohortes : part encore active (%)"),
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
    "chart_band": Text(en="Shaded: 95% interval", fr="Zone claire : intervalle à 95 %"),
    "chart_not_from_zero": Text(en="The axis does not start at 0", fr="L’axe ne commence pas à 0"),
    "chart_notes": Text(en="{first}. {second}.", fr="{first}. {second}."),
    "chart_daily": Text(en="Mean day (DAU)", fr="Jour moyen (DAU)"),
    "chart_weekly": Text(en="7 days (WAU)", fr="7 jours (WAU)"),
    "chart_whole": Text(en="Period (MAU)", fr="Période (MAU)"),
    "chart_alt": Text(en="{title}, {first} to {last}: {values}.", fr="{title}, de {first} à {last} : {values}."),
    "chart_alt_now": Text(en="{title}: {values}.", fr="{title} : {values}."),
    # status
    "status_no_population": Text(en="nobody to measure", fr="aucun client concerné"),
    "status_immature": Text(en="still open", fr="pas encore clos"),
    "status_small_sample": Text(en="small sample", fr="petit échantillon"),
    "status_history_starts": Text(en="history starts", fr="début de l’historique"),
    "explain_no_population": Text(
        en="the figure has no value, because no customer is in its base.",
        fr="le chiffre n’a pas de valeur, car sa base ne compte aucun client.",
    ),
    "explain_immature": Text(
        en="the time that customers are given is not over, so the figure is not published yet.",
        fr="le délai laissé aux clients n’est pas écoulé : le chiffre n’est pas encore publié.",
    ),
    "explain_small_sample": Text(
        en="fewer than 30 observations; read the interval rather than the value.",
        fr="moins de 30 observations ; lire l’intervalle plutôt que la valeur.",
    ),
    "explain_history_starts": Text(
        en="the data begin here, so what happened before is missing from the figure; it is compared with nothing.",
        fr="les données commencent ici : ce qui précède manque au chiffre, qui n’est comparé à rien.",
    ),
    "notes": Text(en="Remarks on figures", fr="Remarques sur les chiffres"),
    # what a source would have to provide
    "lacks_activity": Text(en="activity", fr="d’activité"),
    "lacks_base": Text(en="what the base is judged by", fr="de quoi établir la base"),
    "lacks_customer": Text(en="orders or subscriptions", fr="de commandes ou d’abonnements"),
    "lacks_purchase": Text(en="purchases", fr="d’achats"),
    "lacks_return": Text(en="returns", fr="de retours"),
    "lacks_sign_up": Text(en="sign-ups", fr="d’inscriptions"),
    "lacks_subscribe": Text(en="subscriptions", fr="d’abonnements"),
    "lacks_use": Text(en="feature use", fr="d’utilisations de fonctionnalités"),
    "lacks_visit": Text(en="visits", fr="de visites"),
    "lacks_last": Text(en="{first} or {last}", fr="{first} ni {last}"),
    "no_source": Text(en="no source provides {facts}", fr="aucune source ne fournit {facts}"),
    "no_activation": Text(en="no activation could be determined", fr="aucune activation n’a pu être déterminée"),
    "no_input": Text(en="something they need is missing", fr="une donnée nécessaire manque"),
    # data quality
    "quality": Text(en="Data quality", fr="Qualité des données"),
    "quality_intro": Text(
        en="Every row read ends in exactly one place: read = accepted + duplicate + filtered + ignored + quarantined.",
        fr="Chaque ligne lue est comptée une fois et une seule : "
        "lues = acceptées + en double + filtrées + ignorées + en quarantaine.",
    ),
    "quality_adds_up": Text(en="The counts below add up.", fr="Le total est vérifié."),
    "quality_differs": Text(
        en="The counts of these sources do not add up: {names}.", fr="Le compte n’est pas juste pour : {names}."
    ),
    "quality_none": Text(en="No file was read for this period.", fr="Aucun fichier n’a été lu pour cette période."),
    "quality_filtered": Text(
        en="Filtered rows ({number}, {share} of the rows read) were left out by the source’s own filter (where) or as "
        "excluded accounts; no figure includes them.",
        fr="Les lignes filtrées ({number}, soit {share} des lignes lues) ont été écartées par le filtre de la source "
        "(where) ou comme comptes exclus ; aucun chiffre ne les comprend.",
    ),
    "quality_kept_files": Text(
        en="{number} files have disappeared from the sources; their events are kept.",
        fr="{number} fichiers ont disparu des sources ; leurs événements sont conservés.",
    ),
    "quality_kept_file": Text(
        en="One file has disappeared from the sources; its events are kept.",
        fr="Un fichier a disparu des sources ; ses événements sont conservés.",
    ),
    "warning": Text(en="Warning", fr="Attention"),
    "warning_silent": Text(
        en="No source delivered an event {period}: these figures say that nothing happened, or that files are missing.",
        fr="Aucune source n’a livré d’événement {period} : soit il ne s’est rien passé, soit des fichiers manquent, "
        "et ces chiffres ne disent pas lequel.",
    ),
    "warning_source": Text(
        en="Source {name} delivered nothing for this period.", fr="La source {name} n’a rien livré pour cette période."
    ),
    "warning_source_rows": Text(
        en="Source {name} delivered {number} rows for this period, but none was accepted.",
        fr="La source {name} a livré {number} lignes pour cette période, mais aucune n’a été acceptée.",
    ),
    "source": Text(en="Source", fr="Source"),
    "files": Text(en="Files", fr="Fichiers"),
    "read": Text(en="Read", fr="Lues"),
    "accepted": Text(en="Accepted", fr="Acceptées"),
    "duplicate": Text(en="Duplicate", fr="En double"),
    "filtered": Text(en="Filtered", fr="Filtrées"),
    "ignored": Text(en="Ignored", fr="Ignorées"),
    "quarantined": Text(en="Quarantined", fr="En quarantaine"),
    "total": Text(en="Total", fr="Total"),
    "why_quarantined": Text(en="{source}: rules broken", fr="{source} : règles enfreintes"),
    "why_ignored": Text(
        en="{source}: event names without a mapping", fr="{source} : noms d’événement sans correspondance"
    ),
    "several_rules": Text(
        en="A row that breaks several rules is counted under each.",
        fr="Une ligne qui enfreint plusieurs règles compte pour chacune.",
    ),
    "counted": Text(en="{name} ({number})", fr="{name} ({number})"),
    "rule_id_missing": Text(en="neither customer nor visitor id", fr="ni identifiant client ni identifiant visiteur"),
    "rule_kind_missing": Text(en="no kind of event", fr="type d’événement absent"),
    "rule_occurred_at_missing": Text(en="no date", fr="date absente"),
    "rule_occurred_at_unreadable": Text(en="unreadable date", fr="date illisible"),
    "rule_received_at_unreadable": Text(en="unreadable date of receipt", fr="date de réception illisible"),
    "rule_amount_unreadable": Text(en="unreadable amount", fr="montant illisible"),
    "rule_quantity_unreadable": Text(en="unreadable quantity", fr="quantité illisible"),
    "rule_score_unreadable": Text(en="unreadable score", fr="note illisible"),
    "rule_unreadable": Text(en="unreadable {column}", fr="{column} illisible"),
    "rule_amount_negative": Text(en="negative amount", fr="montant négatif"),
    "rule_quantity_negative": Text(en="negative quantity", fr="quantité négative"),
    "rule_score_outside_scale": Text(en="score outside its scale", fr="note hors de son échelle"),
    "rule_currency_other": Text(en="other currency", fr="autre devise"),
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
    "kind_change": Text(en="plan change", fr="changement de formule"),
    "kind_cancel": Text(en="cancellation", fr="résiliation"),
    "made_by": Text(
        en="Made by lifecycle {version} from published figures only. Figures digest {digest}.",
        fr="Produit par lifecycle {version}, à partir des seuls chiffres publiés. Empreinte des chiffres {digest}.",
    ),
}


def typeset(text: str, language: Language) -> str:
    """Narrow no-break spaces where French typography wants them; English stays as it is."""
    return _SPACING[language](text)


def _english(text: str) -> str:
    return re.sub(r"(?<=\d) %", "%", re.sub(r"(?<=\w)'(?=\w)", "\u2019", text))


def _french(text: str) -> str:
    return re.sub(r"(?<=«) | (?=[:;!?%»])", "\u202f", text)


_SPACING = {"en": _english, "fr": _french}


def words(language: Language) -> dict[str, str]:
    """All texts of one language, by name."""
    return {name: typeset(getattr(text, language), language) for name, text in TEXTS.items()}
