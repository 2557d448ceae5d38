"""Published snapshots → the report, in HTML, Markdown and JSON, in English and French. Pure: no I/O, no clock.

`figures` reads the snapshots and `comparisons` compares; `bridges`, `moved`, `segments` and `judged` work out what is
said beside the figures; `view` and the modules it imports put it into words; `charts` and the modules it imports draw;
`page` and `markdown` lay out; `sheets` and `grids` give what other places can show of it: pictures and tables;
`workbook` has the published tables in full, and `excel` makes a file of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from schemas.snapshots import Snapshot
from tasks.report import grids, workbook
from tasks.report.excel import excel
from tasks.report.figures import History
from tasks.report.formats import Formats
from tasks.report.markdown import changes, markdown
from tasks.report.page import page
from tasks.report.presentation import Presentation
from tasks.report.report import Report
from tasks.report.revisions import revised
from tasks.report.sheets import sheets
from tasks.report.summary import summary
from tasks.report.texts import Language
from tasks.report.view import view

VERSION = 5
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


def tables(snapshot: Snapshot, languages: Sequence[Language]) -> dict[str, bytes]:
    """The published tables of a snapshot as an Excel workbook, by file name: one for all languages."""
    formats = [Formats(language) for language in languages]
    published = datetime.fromisoformat(snapshot.manifest["published_at"])
    sheets = workbook.sheets(snapshot, formats)
    return {"report.xlsx": excel(workbook.cover(snapshot, formats), sheets, published)}


@dataclass(frozen=True)
class Extracts:
    """A report in parts, for a place that shows Markdown and tables: the report with its charts as images, the figures
    of the whole and of the segments, what its revision changed (empty for a first one).
    """

    title: str
    revision: str
    report: str
    figures: list[grids.Row]
    segments: list[grids.Row]
    changes: str


def extracts(
    snapshots: Sequence[Snapshot], language: Language, page: bytes, presentation: Presentation = _PLAIN
) -> Extracts:
    """The same report as `render` makes. `page`: its HTML, whose charts are used as they are drawn there."""
    report = Report(History(snapshots), presentation, Formats(language))
    seen, formats = view(report), report.formats
    in_full = replace(seen, revised=revised(report.history, formats, all_wholes=True))
    return Extracts(
        title=seen.title,
        revision=f"{formats.t['revision']} {formats.number(report.history.snapshot.revision)}",
        report=markdown(seen, sheets(page)).decode(),
        figures=grids.figures(report),
        segments=grids.segments(report),
        changes=changes(in_full),
    )


__all__ = ["VERSION", "Extracts", "Language", "Presentation", "extracts", "render", "summary", "tables"]
