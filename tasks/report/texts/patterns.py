"""How dates, numbers and periods are put into a sentence."""

from collections.abc import Mapping

from tasks.kpis.record import Text

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
    "interval_signed": Text(en="{low} to {high}", fr="{low} à {high}"),
    "quoted": Text(en="“{text}”", fr="« {text} »"),
    "listed": Text(en=", ", fr=", "),
    "and": Text(en=" and ", fr=" et "),
    "more_items": Text(en="and {number} more", fr="et {number} de plus"),
}
