"""What everything on the page is made from: the figures, what the company adds to them, the reader's language."""

from dataclasses import dataclass

from tasks.clock import Grain
from tasks.report.figures import History
from tasks.report.formats import Formats
from tasks.report.presentation import Presentation


@dataclass(frozen=True)
class Report:
    history: History
    presentation: Presentation
    formats: Formats

    @property
    def grain(self) -> Grain:
        return self.history.grain
