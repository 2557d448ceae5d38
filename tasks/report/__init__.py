"""Published snapshots → the report, in HTML, Markdown and JSON, in English and French. Pure: no I/O, no clock.

`figures` compares, `significance` tests, `story` and `view` put into words, `charts` and `svg` draw, `page` and
`markdown` lay out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.snapshots import Snapshot
from tasks.report.figures import History
from tasks.report.formats import Formats
from tasks.report.markdown import markdown
from tasks.report.page import page
from tasks.report.summary import summary
from tasks.report.texts import Language
from tasks.report.view import view


@dataclass(frozen=True)
class Presentation:
    benchmarks: Mapping[str, Any] = field(default_factory=dict)
    targets: Mapping[str, float] = field(default_factory=dict)
    notes: Sequence[Any] = ()


VERSION = 2
"""Version of the rendering: raised when the same snapshots give other bytes."""


def render(snapshots: Sequence[Snapshot], language: Language, presentation: Presentation) -> dict[str, bytes]:
    """The report of the last snapshot, by file name.

    The ones before it, ascending, gaps allowed, give trends and comparisons: the period directly before it, and the
    one twelve months earlier.
    """
    history, formats = History(snapshots), Formats(language)
    seen = view(history, formats)
    return {
        f"report.{language}.html": page(seen, history, formats),
        f"report.{language}.md": markdown(seen),
    }


__all__ = ["VERSION", "Language", "render", "summary"]
