"""The top of the page: header, the summary in words."""

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
    "lost_customers": Text(
        en="{during}, the company lost {number} of the {whole} customers there at the start, or {rate}",
        fr="{during}, l’entreprise a perdu {number} des {whole} clients présents au début, soit {rate}",
    ),
    "lost_subscribers": Text(
        en="{during}, the company lost {number} of the {whole} subscribers at the start, or {rate}",
        fr="{during}, l’entreprise a perdu {number} des {whole} abonnés du début, soit {rate}",
    ),
    "one_figure": Text(en="{during}, {label} was {value}", fr="{during}, l’indicateur {label} était de {value}"),
    "one_answers": Text(en=" ({number})", fr=" ({number})"),
    "no_figures": Text(en="{during}, no figure could be measured", fr="{during}, aucun chiffre n’a pu être mesuré"),
}
