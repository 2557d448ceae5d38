"""Messages about what came of a run. Names end in `_one` and `_many` where a number decides."""

from collections.abc import Mapping

from tasks.kpis.record import Text

TEXTS: Mapping[str, Text] = {
    # title
    "title_published_one": Text(en="{period} published", fr="{period} publié"),
    "title_published_many": Text(en="{number} periods published ({span})", fr="{number} périodes publiées ({span})"),
    "title_restated_one": Text(en="{period} restated", fr="{period} révisé"),
    "title_restated_many": Text(en="{number} periods restated ({span})", fr="{number} périodes révisées ({span})"),
    "title_alerts_one": Text(en="{number} alert", fr="{number} alerte"),
    "title_alerts_many": Text(en="{number} alerts", fr="{number} alertes"),
    "title_of": Text(en="{said} ({span})", fr="{said} ({span})"),
    "title_failed": Text(en="{run} failed", fr="échec de {run}"),
    # publication
    "span": Text(en="{first} – {last}", fr="{first} – {last}"),
    "published_one": Text(
        en="{period} is published (revision {revision}).", fr="{period} est publié (révision {revision})."
    ),
    "published_many": Text(
        en="{number} periods are published ({span}).", fr="{number} périodes sont publiées ({span})."
    ),
    "told_headline": Text(en="Headline figures, {period}:", fr="Indicateurs clés, {period} :"),
    "told_figure": Text(en="{label}: {value}", fr="{label} : {value}"),
    "told_change": Text(en=" ({change} {since})", fr=" ({change} {since})"),
    # restatement
    "restated_none": Text(
        en="{period} is restated (revision {revision}): no figure changed, but other tables did.",
        fr="{period} est révisé (révision {revision}) : aucun chiffre modifié, mais d’autres tableaux.",
    ),
    "restated_one": Text(
        en="{period} is restated (revision {revision}): {number} figure changed.",
        fr="{period} est révisé (révision {revision}) : {number} chiffre modifié.",
    ),
    "restated_many": Text(
        en="{period} is restated (revision {revision}): {number} figures changed.",
        fr="{period} est révisé (révision {revision}) : {number} chiffres modifiés.",
    ),
    "restated_why": Text(en="Why: {reasons}", fr="Pourquoi : {reasons}"),
    "told_apart": Text(en="; ", fr=" ; "),
    "restated_others": Text(en="Restated, too: {periods}", fr="Révisés aussi : {periods}"),
    # alerts
    "told_alert": Text(en="Alert ({period}). {label}: {said}", fr="Alerte ({period}). {label} : {said}"),
    "told_alert_before": Text(en=" · In alert before: {periods}", fr=" · En alerte auparavant : {periods}"),
    # data
    "told_drift": Text(
        en="Sudden changes in the data ({periods}): see Data quality in the report.",
        fr="Changements soudains dans les données ({periods}) : voir Qualité des données dans le rapport.",
    ),
    # failure
    "failed": Text(
        en="{run} failed. Nothing half-finished was published; running again is safe.",
        fr="{run} a échoué. Rien d’incomplet n’a été publié ; relancer est sans risque.",
    ),
    "failed_unexpectedly": Text(
        en="Unexpected error ({name}): see the run’s log.",
        fr="Erreur inattendue ({name}) : voir le journal de l’exécution.",
    ),
}
