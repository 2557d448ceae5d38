"""What a run shows on Prefect's pages beside its logs. The only module that makes artifacts.

Keys name what they show and end with a mark of the store: several may share one server. What is shown is published
already, so nothing here may fail a run; outside a run, or for a server nobody can look at, nothing is shown. Reports
are in their own languages, tables in the first of them; what is about the run is in English, as Prefect's pages are.
"""

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from typing import cast
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.context import FlowRunContext
from prefect.runtime import flow_run

from config.models import Config
from flows import outlook, runs, server
from flows.outlook import Plan
from flows.pipeline import STAGES
from flows.progress import Listener, Reached, stages
from tasks import report
from tasks.clock import Period
from tasks.publication import Published
from tasks.report import Extracts
from tasks.report.markdown import cell
from tasks.steps import Reporting, shown_snapshots
from tasks.storage import Storage
from tasks.store import latest_folder

SECONDS_BETWEEN_UPDATES = 1.0


def show(config: Config, published: Sequence[Published]) -> None:
    """Of periods just published or found up to date, all in a table, and of the last one its report in each language,
    its figures, and what its revision changed; with the path of the page, as a browser opens no file from here.
    """
    _quietly(lambda: _show(config, published))


def show_plan(config: Config, found: Plan) -> None:
    """What a backfill would do, period by period."""
    _quietly(lambda: _show_plan(config, found))


@contextmanager
def progress(config: Config) -> Iterator[Listener | None]:
    """Who is to listen to the stages of a run: draws a bar on its page, if it takes longer than a moment."""
    if not _is_seen():
        yield None
        return
    bar = _Bar(_key(config, f"progress-{flow_run.name}"))
    try:
        yield bar.listen
    except BaseException:
        bar.end(f"Stopped. {bar.said}", bar.percent)
        raise
    bar.end("Done", 100.0)


class _Bar:
    """One artifact, made once there is something to wait for, and left alone after it could not be drawn."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.artifact: UUID | None = None
        self.percent, self.said = 0.0, ""
        self.due = time.monotonic() + SECONDS_BETWEEN_UPDATES

    def listen(self, reached: Reached) -> None:
        if time.monotonic() < self.due:
            return
        number = STAGES.index(reached.stage)
        self.percent = 100 * (number + reached.done / reached.total) / len(STAGES)
        left = f", about {_duration(reached.left)} left" if reached.left else ""
        self.said = f"{reached.stage}: {reached.done} of {reached.total}{left} (stage {number + 1} of {len(STAGES)})"
        self._draw(self.said, self.percent)

    def end(self, said: str, percent: float) -> None:
        if self.artifact:
            self._draw(said, percent)

    def _draw(self, said: str, percent: float) -> None:
        drawn = _quietly(lambda: self._drawn(said, percent))
        self.due = time.monotonic() + SECONDS_BETWEEN_UPDATES if drawn else inf

    def _drawn(self, said: str, percent: float) -> None:
        if self.artifact is None:
            # The cast: the same function serves coroutines, which ours are not.
            self.artifact = cast("UUID", create_progress_artifact(percent, self.key, said))
        else:
            update_progress_artifact(self.artifact, percent, said)


def _is_seen() -> bool:
    return FlowRunContext.get() is not None and server.has_pages()


def _quietly(work: Callable[[], None]) -> bool:
    """Whether it was done."""
    if not _is_seen():
        return False
    try:
        work()
    except Exception as error:  # noqa: BLE001  the run has done what it is for
        stages.note(f"Prefect's pages do not show everything of this run ({type(error).__name__}).")
        return False
    return True


def _show(config: Config, published: Sequence[Published]) -> None:
    if len(published) > 1:
        _show_periods(config, published)
    if published:
        _show_period(config, published[-1].period)


def _show_period(config: Config, name: str) -> None:
    storage, reporting, folder = Storage(config.store_uri), Reporting.of(config), latest_folder(name)
    snapshots = shown_snapshots(storage, Period.parse(name, config.periods.grain))
    for language in reporting.languages:
        page = f"{folder}/report.{language}.html"
        found = report.extracts(snapshots, language, storage.read(page), reporting.presentation)
        create_markdown_artifact(
            found.report, _key(config, f"report-{name}-{language}"), _described(found, f"{config.store_uri}/{page}")
        )
        if language == reporting.languages[0]:
            _show_figures(config, name, found)


def _show_figures(config: Config, name: str, found: Extracts) -> None:
    file = f"{config.store_uri}/{latest_folder(name)}/kpis.parquet"
    create_table_artifact(found.figures, _key(config, f"kpis-{name}"), _described(found, file))
    if found.segments:
        create_table_artifact(found.segments, _key(config, f"segments-{name}"), _described(found, file))
    if found.changes:
        said = _described(found, f"lifecycle diff {name}")
        create_markdown_artifact(found.changes, _key(config, f"changes-{name}"), said)


def _show_periods(config: Config, published: Sequence[Published]) -> None:
    rows = [{"Period": one.period, "Revision": str(one.revision), "State": _state(one)} for one in published]
    span = f"{published[0].period} to {published[-1].period}"
    new = sum(one.is_new for one in published)
    said = f"{span}: {len(published)} periods, {new} with a new revision\n\n`{config.store_uri}/latest`"
    create_table_artifact(rows, _key(config, f"periods-{span}"), said)


def _state(one: Published) -> str:
    if not one.is_new:
        return "up to date"
    return "published" if one.revision == 1 else f"restated, {runs.changed_by(one)}"


def _show_plan(config: Config, found: Plan) -> None:
    rows = [
        {
            "Period": row["Period"],
            "State": row["State"],
            "Why": cell(row["Why"]),
            "Rows": row["Rows"],
            "Files": cell(row["Files"]),  # the widest last
        }
        for row in outlook.rows(found)
    ]
    create_table_artifact(rows, _key(config, str(flow_run.name)), outlook.conclusion(found))


def _described(found: Extracts, place: str) -> str:
    """The first paragraph stands on the card. `place`: to be copied."""
    return f"{found.title} · {found.revision}\n\n`{place}`"


def _key(config: Config, name: str) -> str:
    """Lower case, digits and dashes, as Prefect asks."""
    mark = hashlib.sha256(config.store_uri.encode()).hexdigest()[:6]
    return f"{re.sub('[^a-z0-9]+', '-', name.lower())}-{mark}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
