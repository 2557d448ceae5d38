"""Published snapshots → the report, in HTML, Markdown and JSON, in English and French. Pure: no I/O, no clock.

`figures` reads the snapshots and `comparisons` compares; `bridges`, `moved`, `segments` and `judged` work out what is
said beside the figures; `view` and the modules it imports put it into words; `charts` and the modules it imports draw;
`page` and `markdown` lay out.
"""

from collections.abc import Sequence

from schemas.snapshots import Snapshot
from tasks.report.figures import History
from tasks.report.formats import Formats
from tasks.report.markdown import markdown
from tasks.report.page import page
from tasks.report.presentation import Presentation
from tasks.report.report import Report
from tasks.report.summary import summary
from tasks.report.texts import Language
from tasks.report.view import view

VERSION = 4
"""Version of the rendering: raised when the same snapshots give other bytes."""

_PLAIN = Presentation()


def render(snapshots: Sequence[Snapshot], language: Language, presentation: Presentation = _PLAIN) -> dict[str, bytes]:
    """The report of the last snapshot, by file name.

    The ones before it, ascending, gaps allowed, give trends and comparisons: the period directly before it, and the
    one twelve months earlier. `presentation`: benchmarks, targets and notes from the config.
    """
    report = Report(History(snapshots), presentation, Formats(language))
    seen = view(report)
    return {
        f"report.{language}.html": page(seen, report),
        f"report.{language}.md": markdown(seen),
    }


__all__ = ["VERSION", "Language", "Presentation", "render", "summary"]
