"""What a revision changed, and why."""

from collections.abc import Mapping

from tasks.kpis.record import Text

TEXTS: Mapping[str, Text] = {
    "revised": Text(en="This report replaces revision {number}", fr="Ce rapport remplace la révision {number}"),
    "revised_why": Text(en="Why", fr="Pourquoi"),
    "revised_figures": Text(en="Figures that changed", fr="Chiffres modifiés"),
    "revised_count": Text(
        en="Changed: {number}, of which company-wide: {wholes}. The largest changes first.",
        fr="Modifiés : {number}, dont chiffres d’ensemble : {wholes}. Les plus grands écarts d’abord.",
    ),
    "revised_none": Text(en="No figure changed.", fr="Aucun chiffre n’a changé."),
    "revised_tables": Text(
        en="No figure changed. What did: {names}.", fr="Aucun chiffre n’a changé. Ce qui a changé : {names}."
    ),
    # the published tables, where they changed though no figure did
    "content_kpis": Text(
        en="what figures are made of, or their intervals", fr="les termes de chiffres ou leurs intervalles"
    ),
    "content_cohorts": Text(en="the cohorts", fr="les cohortes"),
    "content_features": Text(en="the use of features", fr="l’utilisation des fonctionnalités"),
    "content_movements": Text(en="the movements of the base", fr="les mouvements de la base"),
    "content_contributions": Text(
        en="the explanation of what moved since the period before",
        fr="l’explication de ce qui a varié depuis la période précédente",
    ),
    "content_churn_definitions": Text(en="churn by other definitions", fr="l’attrition selon d’autres définitions"),
    # reasons: one, and several of a kind
    "cause_config": Text(en="config key {name} changed", fr="clé de configuration {name} modifiée"),
    "causes_config": Text(
        en="{number} config keys changed: {names}", fr="{number} clés de configuration modifiées : {names}"
    ),
    "cause_definition": Text(en="definition of “{name}” changed", fr="définition de « {name} » modifiée"),
    "causes_definition": Text(
        en="{number} definitions changed: {names}", fr="{number} définitions modifiées : {names}"
    ),
    "cause_earlier": Text(en="earlier periods changed", fr="des périodes antérieures ont changé"),
    "cause_figures_added": Text(en="figures that are new: {name}", fr="nouveaux indicateurs : {name}"),
    "cause_file_added": Text(en="file added: {name}", fr="fichier ajouté : {name}"),
    "causes_file_added": Text(en="{number} files added: {names}", fr="{number} fichiers ajoutés : {names}"),
    "cause_file_gone": Text(en="file gone: {name}", fr="fichier disparu : {name}"),
    "causes_file_gone": Text(en="{number} files gone: {names}", fr="{number} fichiers disparus : {names}"),
    "cause_file_replaced": Text(en="file replaced: {name}", fr="fichier remplacé : {name}"),
    "causes_file_replaced": Text(en="{number} files replaced: {names}", fr="{number} fichiers remplacés : {names}"),
    "cause_no_events": Text(en="no events are left", fr="il ne reste aucun événement"),
    "cause_step": Text(
        en="a newer version of the software, which changes {name}",
        fr="nouvelle version du logiciel, qui change {name}",
    ),
    "causes_step": Text(
        en="a newer version of the software, which changes {names}",
        fr="nouvelle version du logiciel, qui change {names}",
    ),
    "computes_ingest": Text(en="how files are read", fr="la lecture des fichiers"),
    "computes_reduce": Text(en="how a month’s events are summed up", fr="le résumé des événements d’un mois"),
    "computes_fold": Text(en="how customers are followed", fr="le suivi des clients"),
    "computes_measure": Text(en="how figures are computed", fr="le calcul des chiffres"),
    "computes_assemble": Text(en="how the tables are put together", fr="l’assemblage des tableaux"),
    "cause_unread": Text(en="files to read: {name}", fr="fichiers à lire : {name}"),
    # events that came or went
    "cause_late_event": Text(
        en="{number} late event ({where}): {kinds}", fr="{number} événement tardif ({where}) : {kinds}"
    ),
    "cause_late_events": Text(
        en="{number} late events ({where}): {kinds}", fr="{number} événements tardifs ({where}) : {kinds}"
    ),
    "cause_events": Text(en="events ({where}): {kinds}", fr="événements ({where}) : {kinds}"),
    "cause_events_as_many": Text(
        en="other events ({where}), as many of each kind as before",
        fr="événements modifiés ({where}), en même nombre pour chaque type",
    ),
    "cause_events_unknown": Text(
        en="other events ({where}), how many more or fewer is not known",
        fr="événements modifiés ({where}), en nombre inconnu",
    ),
    "more_of": Text(en="{counted} more", fr="{counted} de plus"),
    "fewer_of": Text(en="{counted} fewer", fr="{counted} de moins"),
    "number_of": Text(en="{number} {name}", fr="{number} {name}"),
    "kinds_visit": Text(en="visits", fr="visites"),
    "kinds_signup": Text(en="sign-ups", fr="inscriptions"),
    "kinds_target": Text(en="campaign messages", fr="messages de campagne"),
    "kinds_use": Text(en="uses", fr="utilisations"),
    "kinds_purchase": Text(en="purchases", fr="achats"),
    "kinds_return": Text(en="returns", fr="retours"),
    "kinds_subscribe": Text(en="subscriptions", fr="abonnements"),
    "kinds_change": Text(en="plan changes", fr="changements de formule"),
    "kinds_cancel": Text(en="cancellations", fr="résiliations"),
    "kinds_deactivate": Text(en="closed accounts", fr="fermetures de compte"),
    "kinds_invoice": Text(en="invoices", fr="factures"),
    "kinds_payment": Text(en="payments", fr="paiements"),
    "kinds_nps": Text(en="NPS answers", fr="réponses NPS"),
    "kinds_csat": Text(en="CSAT answers", fr="réponses CSAT"),
    "kinds_feedback": Text(en="pieces of feedback", fr="retours d’expérience"),
    "kinds_spend": Text(en="marketing costs", fr="dépenses marketing"),
    "before": Text(en="Before", fr="Avant"),
    "now": Text(en="Now", fr="Maintenant"),
}
