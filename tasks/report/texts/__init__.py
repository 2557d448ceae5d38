"""Every sentence of the report, in every language. Formatting numbers and deciding what to say is elsewhere.

French is written here with ordinary spaces; `typeset` puts the narrow no-break ones where they belong.
"""

import re
from collections.abc import Mapping
from typing import Literal

from tasks.kpis.record import Text
from tasks.report.texts import (
    charts,
    definitions,
    figures,
    header,
    judged,
    notices,
    patterns,
    quality,
    revisions,
    workbook,
)

Language = Literal["en", "fr"]

TEXTS: Mapping[str, Text] = {
    **patterns.TEXTS,
    **header.TEXTS,
    **revisions.TEXTS,
    **figures.TEXTS,
    **judged.TEXTS,
    **charts.TEXTS,
    **quality.TEXTS,
    **definitions.TEXTS,
    **notices.TEXTS,
    **workbook.TEXTS,
}


def typeset(text: str, language: Language) -> str:
    """Narrow no-break spaces where French typography wants them; English stays as it is."""
    return _SPACING[language](text)


def _english(text: str) -> str:
    return re.sub(r"(?<=\d) %", "%", re.sub(r"(?<=\w)'(?=\w)", "\u2019", text))


def _french(text: str) -> str:
    return re.sub(r"(?<=[«<>≤≥]) | (?=[:;!?%»])", "\u202f", text)


_SPACING = {"en": _english, "fr": _french}


def words(language: Language) -> dict[str, str]:
    """All texts of one language, by name."""
    return {name: typeset(getattr(text, language), language) for name, text in TEXTS.items()}
