"""The top of the page: header, revision, the summary in words."""

from collections.abc import Mapping

from tasks.kpis.record import Text

TEXTS: Mapping[str, Text] = {
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
    "cause_figures_added": Text(en="figures that are new: {name}", fr="nouveaux indicateurs : {name}"),
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
}
