"""Short messages about what came of a run: what is worth telling, in plain text, in all languages of the reports.

Figures of the whole company alone, so nothing here is about a customer. Reading the store and sending are elsewhere.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Literal

from config.errors import LifecycleError, PeriodsError, told
from config.models import NoticeKind
from schemas.snapshots import Snapshot
from tasks.kpis import BY_NAME
from tasks.report.causes import causes
from tasks.report.comparisons import Figure
from tasks.report.figures import History
from tasks.report.formats import SIGNED, Formats, capital, clean, shorten
from tasks.report.judged import alerts, judge
from tasks.report.presentation import Presentation
from tasks.report.quality import is_sudden
from tasks.report.revisions import changed_figure
from tasks.report.rows import Writer
from tasks.report.texts import Language

LONGEST_TITLE = 100
LONGEST_SENTENCE = 300
MOST_RESTATED = MOST_LISTED = MOST_CHANGES = 3
MOST_ALERTS = 5
BETWEEN_LANGUAGES = "\n\n———\n\n"
_HARMLESS = str.maketrans({"<": "‹", ">": "›", "@": "＠"})
"""Names of files may hold `<!channel>` or `@everyone`, with which chats call everybody; escaping differs by service."""


@dataclass(frozen=True)
class Notice:
    """Plain text. `title` is one line of at most 100 characters."""

    title: str
    body: str
    tone: Literal["success", "warning", "failure"]


@dataclass(frozen=True)
class News:
    """What is told, ascending by period. Empty: it did not happen, or nobody wants to know."""

    new: Sequence[History]
    restated: Sequence[History]
    alerting: Sequence[tuple[History, Figure]]
    presentation: Presentation

    def __bool__(self) -> bool:
        return bool(self.new or self.restated or self.alerting)


def published(
    revisions: Sequence[Sequence[Snapshot]],
    on: Collection[NoticeKind],
    languages: Sequence[Language],
    presentation: Presentation,
) -> Notice | None:
    """One message about all that a run published; null where nothing of it is to be told.

    `revisions`: each new revision, with the period before it in front where that is published.
    """
    news = _news([History(snapshots) for snapshots in revisions], on, presentation)
    if not news:
        return None
    spoken = [Formats(language) for language in dict.fromkeys(languages)]
    titles = [", ".join(_title(news, formats)) for formats in spoken]
    bodies = ["\n".join(_body(news, formats)) for formats in spoken]
    return _notice(titles, BETWEEN_LANGUAGES.join(bodies), "warning" if news.alerting else "success")


def failed(run: str, error: BaseException, on: Collection[NoticeKind], languages: Sequence[Language]) -> Notice | None:
    """That a run failed, and why; null where nobody wants to know. `run`: what was run, such as `monthly 2025-06`.

    Of an error that is not ours only the type is told: its text may quote data.
    """
    if "failure" not in on:
        return None
    spoken = [Formats(language) for language in dict.fromkeys(languages)]
    titles = [formats.say("title_failed", run=clean(run)) for formats in spoken]
    bodies = ["\n".join(_failure(run, error, formats)) for formats in spoken]
    why = "\n".join(_why(error))
    return _notice(titles, f"{why}\n\n{BETWEEN_LANGUAGES.join(bodies)}".lstrip(), "failure")


def _news(histories: Sequence[History], on: Collection[NoticeKind], presentation: Presentation) -> News:
    ordered = sorted(histories, key=lambda history: history.period)
    restated = [history for history in ordered if history.manifest.get("changed")]
    alerting = [
        (history, figure)
        for history in ordered
        for figure in history.figures.values()
        if judge(figure, presentation, history.grain) == "alert"
    ]
    return News(
        new=[history for history in ordered if history not in restated] if "publication" in on else (),
        restated=restated if "restatement" in on else (),
        alerting=alerting if "alert" in on else (),
        presentation=presentation,
    )


def _notice(titles: Sequence[str], body: str, tone: Literal["success", "warning", "failure"]) -> Notice:
    """The title in all languages if that is short enough, else in the first."""
    whole = f"lifecycle: {' / '.join(titles)}"
    title = whole if len(whole) <= LONGEST_TITLE else shorten(f"lifecycle: {titles[0]}", LONGEST_TITLE)
    return Notice(_harmless(title), _harmless(body), tone)


def _harmless(text: str) -> str:
    """Neither a mention nor a link of Markdown, whatever the service takes for one."""
    return text.translate(_HARMLESS).replace("](", "] (")


def _title(news: News, formats: Formats) -> Iterator[str]:
    if news.new:
        yield _counted("title_published_one", "title_published_many", news.new, formats)
    if news.restated:
        yield _counted("title_restated_one", "title_restated_many", news.restated, formats)
    if news.alerting:
        number = len({figure.kpi.name for _, figure in news.alerting})
        said = formats.say("title_alerts_one" if number == 1 else "title_alerts_many", number=formats.number(number))
        span = _span([history for history, _ in news.alerting], formats)
        yield said if news.new or news.restated else formats.say("title_of", said=said, span=span)


def _counted(one: str, many: str, histories: Sequence[History], formats: Formats) -> str:
    """The only period by its name, or how many there are, from the first to the last."""
    if len(histories) == 1:
        return formats.say(one, period=formats.period(histories[0].period))
    return formats.say(many, number=formats.number(len(histories)), span=_span(histories, formats))


def _span(histories: Sequence[History], formats: Formats) -> str:
    first, last = (formats.short(histories[place].period) for place in (0, -1))
    return first if first == last else formats.say("span", first=first, last=last)


def _body(news: News, formats: Formats) -> Iterator[str]:
    """Lines; alerts first, they are why one looks."""
    yield from _alerts(news, formats)
    if changed := [history for history in (*news.new, *news.restated) if is_sudden(history.manifest)]:
        periods = _first([formats.short(history.period) for history in changed], "listed", formats)
        yield formats.say("told_drift", periods=periods)
    if news.new:
        yield _publication(news.new, formats)
        yield from _headline(news.new[-1], news.presentation, formats)
    newest_first = news.restated[::-1]
    for history in newest_first[:MOST_RESTATED]:
        yield from _restatement(history, formats)
    if others := newest_first[MOST_RESTATED:]:
        periods = _first([formats.short(one.period) for one in others], "listed", formats)
        yield formats.say("restated_others", periods=periods)


def _alerts(news: News, formats: Formats) -> Iterator[str]:
    """A line for each figure: its newest alert, and the periods before."""
    found: dict[str, list[tuple[History, Figure]]] = {}
    for history, figure in reversed(news.alerting):
        found.setdefault(figure.kpi.name, []).append((history, figure))
    for (history, figure), *before in list(found.values())[:MOST_ALERTS]:
        [alert] = alerts(
            {figure.kpi.name: figure}, news.presentation, history.grain, {figure.kpi.name: 0}, formats
        ).listed
        period = formats.short(history.period)
        said = formats.say("told_alert", period=period, label=alert.label, said=alert.said)
        periods = _first([formats.short(earlier.period) for earlier, _ in before], "listed", formats)
        yield said + (formats.say("told_alert_before", periods=periods) if before else "")
    if (more := len(found) - MOST_ALERTS) > 0:
        yield capital(formats.say("more_items", number=formats.number(more)))


def _publication(new: Sequence[History], formats: Formats) -> str:
    if len(new) > 1:
        return formats.say("published_many", number=formats.number(len(new)), span=_span(new, formats))
    period, revision = capital(formats.period(new[0].period)), formats.number(new[0].snapshot.revision)
    return formats.say("published_one", period=period, revision=revision)


def _headline(history: History, presentation: Presentation, formats: Formats) -> Iterator[str]:
    """Its tiles: value, and change since the period before."""
    if history.headline:
        yield formats.say("told_headline", period=formats.short(history.period))
    numbers = {figure.kpi.name: number for number, figure in enumerate(history.headline, start=1)}
    writer = Writer(history, presentation, formats, ("previous",), numbers)
    for figure in history.headline:
        row = writer.row(figure, tile=True)
        [move] = row.changes
        change = formats.say("told_change", change=move.text, since=move.since) if move.since else ""
        yield "• " + formats.say("told_figure", label=row.label, value=row.value) + change


def _restatement(history: History, formats: Formats) -> Iterator[str]:
    """How many figures changed, why, and those of the whole that changed most."""
    changed = history.manifest["changed"]
    figures, reasons = changed["figures"], causes(changed["because"], formats)
    yield formats.say(
        {0: "restated_none", 1: "restated_one"}.get(len(figures), "restated_many"),
        period=capital(formats.period(history.period)),
        revision=formats.number(history.snapshot.revision),
        number=formats.number(len(figures)),
    )
    yield formats.say("restated_why", reasons=_first(reasons, "told_apart", formats))
    wholes = [figure for figure in figures if figure.get("segment", "all") == "all"]
    for figure in sorted(wholes, key=_size, reverse=True)[:MOST_CHANGES]:
        shown = changed_figure(figure, history, formats)
        yield "• " + formats.say("moved_headline", label=shown.label, old=shown.old, new=shown.new)


def _size(changed: Mapping[str, Any]) -> float:
    """Relative to what it was; what may be below zero counts by its points. Least where there was or is none."""
    if changed["old"] is None or changed["new"] is None:
        return -1.0
    old, new, kpi = float(changed["old"]), float(changed["new"]), BY_NAME.get(changed["kpi"])
    if kpi is not None and kpi.unit in SIGNED:
        return abs(new - old) / (100 if kpi.unit == "points" else 1)
    return abs(new - old) / abs(old) if old else inf


def _first(names: Sequence[str], between: str, formats: Formats) -> str:
    """The first few, and how many more there are."""
    more = len(names) - MOST_LISTED
    rest = [formats.say("more_items", number=formats.number(more))] if more > 0 else []
    return formats.t[between].join([*names[:MOST_LISTED], *rest])


def _failure(run: str, error: BaseException, formats: Formats) -> Iterator[str]:
    yield capital(formats.say("failed", run=clean(run)))
    if not isinstance(error, LifecycleError):
        yield formats.say("failed_unexpectedly", name=type(error).__name__)


def _why(error: BaseException) -> Iterator[str]:
    """In English, as in the terminal, but only the first line of each error; nothing of one that is not ours."""
    if isinstance(error, LifecycleError):
        yield _first_line(error)
    if isinstance(error, PeriodsError):
        for period, one in list(error.failed.items())[:MOST_LISTED]:
            yield f"• {period}: {_first_line(one)}"


def _first_line(error: BaseException) -> str:
    return shorten(next(iter(told(error).splitlines()), ""), LONGEST_SENTENCE)
