"""Data quality, in words."""

from collections.abc import Mapping

from tasks.kpis.record import Text

TEXTS: Mapping[str, Text] = {
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
    "warning_drift": Text(
        en="What the sources delivered has changed suddenly: see “Sudden changes” under Data quality.",
        fr="Ce que livrent les sources a changé brusquement : voir « Changements soudains », sous Qualité des données.",
    ),
    # sudden changes
    "drift": Text(en="Sudden changes", fr="Changements soudains"),
    "drift_intro": Text(
        en="What each source delivered, against the median of the periods before (six at most).",
        fr="Ce que chaque source a livré, comparé à la médiane des périodes précédentes (six au plus).",
    ),
    "drift_none": Text(
        en="Nothing the sources delivered differs suddenly from the periods before: events, empty values, columns, "
        "event names.",
        fr="Rien de ce que les sources ont livré ne s’écarte brusquement des périodes précédentes : événements, "
        "valeurs vides, colonnes, noms d’événement.",
    ),
    "drift_accepted": Text(
        en="The changes that would have stopped publication were accepted (drift.accept).",
        fr="Les changements qui auraient arrêté la publication ont été acceptés (drift.accept).",
    ),
    "drift_rows": Text(
        en="{where}: {now} events, usually {usual}", fr="{where} : {now} événements, d’ordinaire {usual}"
    ),
    "drift_row": Text(en="{where}: 1 event, usually {usual}", fr="{where} : 1 événement, d’ordinaire {usual}"),
    "drift_silent": Text(en="{where}: no event, usually {usual}", fr="{where} : aucun événement, d’ordinaire {usual}"),
    "drift_nulls": Text(
        en="{where}: {column} is empty in {now} of the events, usually in {usual}",
        fr="{where} : {column} est vide dans {now} des événements, d’ordinaire dans {usual}",
    ),
    "drift_new_columns": Text(en="{where}: new columns: {names}", fr="{where} : nouvelles colonnes : {names}"),
    "drift_vanished_columns": Text(
        en="{where}: columns no longer there: {names}", fr="{where} : colonnes disparues : {names}"
    ),
    "drift_new_names": Text(
        en="{where}: new event names without a mapping: {names}",
        fr="{where} : nouveaux noms d’événement sans correspondance : {names}",
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
    "rule_kind_missing": Text(en="kind of event missing or unknown", fr="type d’événement absent ou inconnu"),
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
}
