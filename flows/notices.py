"""Tells people what came of a run: reads what was published, has it put into words, sends it.

Nothing here fails a run, or holds one up for long: what goes wrong is a note in the terminal.
"""

import os
from collections.abc import Callable, Sequence

from config.errors import PeriodError
from config.models import Config, Notify, Report
from flows.progress import stages
from schemas.snapshots import Snapshot
from tasks import publication
from tasks.clock import Period
from tasks.publication import Published
from tasks.report import notices
from tasks.report.notices import Notice
from tasks.steps import Reporting
from tasks.storage import Storage


def tell_published(config: Config, published: Sequence[Published]) -> None:
    """One message about all that is new; none where nothing is."""
    new = [one for one in published if one.is_new]
    if new:
        _tell(config.notify, lambda: _about(config, new))


def tell_failed(config: Config | None, run: str, error: Exception) -> None:
    """That a run, such as `monthly 2025-06`, failed and why. `config`: null where it could not be read.

    A period that somebody misspelt is no news to others.
    """
    if isinstance(error, PeriodError):
        return
    notify, languages = (config.notify, config.report.languages) if config else (Notify(), Report().languages)
    _tell(notify, lambda: notices.failed(run, error, notify.on, languages))


def _tell(notify: Notify, write: Callable[[], Notice | None]) -> None:
    variable = notify.urls_from
    urls = os.environ.get(variable, "").split()
    if not urls:
        return
    try:
        if notice := write():
            _send(notice, urls, variable)
    except Exception as error:  # noqa: BLE001  whatever it is, the run has come to its end already
        stages.note(f"Nobody was told what came of the run ({type(error).__name__}). The run itself is not affected.")


def _send(notice: Notice, urls: Sequence[str], variable: str) -> None:
    from tasks import delivery  # a second to import, and mostly nobody is to be told

    for one in delivery.deliver(notice, urls):
        service = f" ({one.service})" if one.service else ""
        stages.note(
            f"Address {one.number} in {variable}{service} {one.why}. The run itself is not affected. "
            "Try the address with `apprise -vv -b test ADDRESS`."
        )


def _about(config: Config, new: Sequence[Published]) -> Notice | None:
    reporting, storage = Reporting.of(config), Storage(config.store_uri)
    revisions = [_with_the_one_before(storage, config, one) for one in new]
    return notices.published(revisions, config.notify.on, reporting.languages, reporting.presentation)


def _with_the_one_before(storage: Storage, config: Config, one: Published) -> list[Snapshot]:
    before = publication.read_snapshot(storage, str(Period.parse(one.period, config.periods.grain).shift(-1)))
    return [*([before] if before else []), publication.read_revision(storage, one.period, one.revision)]
