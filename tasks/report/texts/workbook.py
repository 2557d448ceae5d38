"""The workbook: what its sheets and columns are."""

from collections.abc import Mapping

from tasks.kpis.record import Text

TEXTS: Mapping[str, Text] = {
    "workbook_fact": Text(en="{name}: {value}", fr="{name} : {value}"),
    "workbook_sheets": Text(en="The sheets", fr="Les feuilles"),
    "workbook_columns": Text(
        en="Each column has its heading in words and, below it, its name in the Parquet file of the sheet’s name.",
        fr="Chaque colonne porte un intitulé et, dessous, son nom dans le fichier Parquet du même nom que la feuille.",
    ),
    "workbook_small": Text(
        en="The tables are whole: unlike the report, they also tell groups of fewer than {number} customers apart. "
        "Pass the file on with that in mind.",
        fr="Les tableaux sont complets : contrairement au rapport, ils détaillent aussi les groupes de moins de "
        "{number} clients. À garder à l’esprit avant de transmettre le fichier.",
    ),
    "workbook_empty": Text(
        en="An empty cell means that there is no value; the status says why.",
        fr="Une cellule vide signifie qu’il n’y a pas de valeur ; le statut dit pourquoi.",
    ),
    "explain_missing_input": Text(
        en="the figure has no value, because no source provides what it needs.",
        fr="le chiffre n’a pas de valeur, car aucune source ne fournit ce qu’il lui faut.",
    ),
    # sheets
    "sheet_kpis": Text(
        en="Every figure with both its parts and its 95% interval: the whole company first, then every group.",
        fr="Chaque indicateur avec ses deux termes et son intervalle à 95 % : l’ensemble d’abord, puis chaque groupe.",
    ),
    "sheet_movements": Text(
        en="How the base got from the start of the period to its end: customers and recurring revenue.",
        fr="Comment la base est passée du début à la fin de la période : clients et revenus récurrents.",
    ),
    "sheet_cohorts": Text(
        en="Customers by period of sign-up and periods since: who was active, activated, and the revenue so far.",
        fr="Les clients par période d’inscription et périodes écoulées : actifs, activés, chiffre d’affaires cumulé.",
    ),
    "sheet_contributions": Text(
        en="Why shares moved since the period before: what each group adds, in points. "
        "The groups of a dimension sum to the change.",
        fr="Pourquoi des parts ont varié depuis la période précédente : l’apport de chaque groupe, en points. "
        "La somme des groupes d’une dimension est la variation.",
    ),
    "sheet_churn_definitions": Text(
        en="Churn of subscriptions by the definitions of others, beside ours; empty without subscriptions.",
        fr="L’attrition des abonnements selon d’autres définitions, à côté de la nôtre ; vide sans abonnements.",
    ),
    "sheet_features": Text(
        en="Active customers by feature used.", fr="Les clients actifs par fonctionnalité utilisée."
    ),
    "sheet_changes": Text(
        en="Every figure that this revision changed; empty for a first one.",
        fr="Chaque chiffre que cette révision a modifié ; vide pour une première.",
    ),
    "sheet_quality": Text(
        en="Where every row read went: read = accepted + duplicate + filtered + ignored + quarantined.",
        fr="Ce qu’est devenue chaque ligne lue : lues = acceptées + en double + filtrées + ignorées + en quarantaine.",
    ),
    "sheet_rejected": Text(
        en="Why rows were quarantined or ignored. A row that breaks several rules is counted under each.",
        fr="Pourquoi des lignes ont été mises en quarantaine ou ignorées. "
        "Une ligne qui enfreint plusieurs règles compte pour chacune.",
    ),
    # columns that have no words in the report
    "column_period": Text(en="Period", fr="Période"),
    "column_kpi": Text(en="Figure, its name", fr="Nom de l’indicateur"),
    "column_segment": Text(en="Dimension", fr="Dimension"),
    "column_low": Text(en="95% interval, from", fr="Intervalle à 95 %, de"),
    "column_high": Text(en="95% interval, to", fr="Intervalle à 95 %, à"),
    "column_unit": Text(en="Unit", fr="Unité"),
    "column_movement": Text(en="Movement, its name", fr="Nom du mouvement"),
    "column_mrr": Text(en="MRR", fr="MRR"),
    "column_cohort": Text(en="Signed up in", fr="Inscrits en"),
    "column_age": Text(en="Periods since", fr="Périodes écoulées"),
    "column_size": Text(en="Sign-ups", fr="Inscrits"),
    "column_active": Text(en="Active then", fr="Actifs alors"),
    "column_retained": Text(en="Active then, share", fr="Part d’actifs alors"),
    "column_active_since": Text(en="Active then or later", fr="Actifs alors ou plus tard"),
    "column_retained_since": Text(en="Active then or later, share", fr="Part d’actifs alors ou plus tard"),
    "column_activated": Text(en="Activated by then", fr="Activés jusque-là"),
    "column_revenue": Text(en="Revenue by then", fr="Chiffre d’affaires jusque-là"),
    "column_share_before": Text(en="Group’s weight before", fr="Poids du groupe avant"),
    "column_share_now": Text(en="Group’s weight now", fr="Poids du groupe maintenant"),
    "column_value_before": Text(en="Value before", fr="Valeur avant"),
    "column_value_now": Text(en="Value now", fr="Valeur maintenant"),
    "column_mix": Text(en="Added by its weight, points", fr="Apport de son poids, points"),
    "column_rate": Text(en="Added by its own rate, points", fr="Apport de son propre taux, points"),
    "column_definition": Text(en="Definition by", fr="Définition de"),
    "column_item": Text(en="Feature", fr="Fonctionnalité"),
    "column_active_customers": Text(en="Active customers", fr="Clients actifs"),
    "column_adoption": Text(en="Adoption", fr="Adoption"),
    "column_old": Text(en="Before", fr="Avant"),
    "column_new": Text(en="Now", fr="Maintenant"),
    "column_rule": Text(en="Quarantined: rule", fr="En quarantaine : règle"),
    "column_event_name": Text(en="Ignored: event name", fr="Ignorées : nom d’événement"),
    "column_rows": Text(en="Rows", fr="Lignes"),
    # headings of the columns in words
    "label_kpi": Text(en="Figure", fr="Indicateur"),
    "label_movement": Text(en="Movement", fr="Mouvement"),
    "label_definition": Text(en="What it counts", fr="Ce qu’elle compte"),
    "label_rule": Text(en="Quarantined because", fr="En quarantaine car"),
    # movements
    "movement_start": Text(en="At the start", fr="Au début"),
    "movement_new": Text(en="New", fr="Nouveaux"),
    "movement_kept": Text(en="Kept", fr="Conservés"),
    "movement_expanded": Text(en="Kept, paying more", fr="Conservés, payant plus"),
    "movement_contracted": Text(en="Kept, paying less", fr="Conservés, payant moins"),
    "movement_reactivated": Text(en="Reactivated", fr="Reconquis"),
    "movement_lost": Text(en="Lost", fr="Perdus"),
    "movement_end": Text(en="At the end", fr="À la fin"),
}
