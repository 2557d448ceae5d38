"""How a run of either flow ends: the state and the words that Prefect's pages show, and the error for a caller."""

import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from prefect import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

import config as configuration
from config.errors import DamagedError, LifecycleError, PeriodsError, UnforeseenError, told
from config.models import Config
from flows import artifacts, credentials, notices, runs
from flows.progress import logger, stages
from tasks.publication import Published

Work = Callable[[Config], list[Published]]


def concluded(file: str, work: Work, words: Callable[[Sequence[Published]], str] | None = None) -> list[Published]:
    """Does a run's work with the config of a file; what a flow returns as its last act.

    It is a state, for its words; Prefect hands on what it holds: who calls the flow gets the list, or the error.
    """
    return cast("list[Published]", _state(file, work, words or runs.said))


def _state(file: str, work: Work, words: Callable[[Sequence[Published]], str]) -> State[Any]:
    config = None
    try:
        config = configuration.load(file)
        credentials.provide(config)
        published = _worked(config, work)
    except Exception as error:  # noqa: BLE001  the state holds it
        notices.tell_failed(config, flow_run.name or "run", error)
        return _failed(error)
    return Completed(message=words(published), data=published)


def _worked(config: Config, work: Work) -> list[Published]:
    """Does the work; shows on Prefect's pages how far it is, and there and to whom it concerns what came of it."""
    try:
        with artifacts.progress(config) as listener, stages.shown(listener):
            published = _mending(config, work)
    except PeriodsError as error:
        _tell(config, error.published)
        raise
    _tell(config, published)
    return published


def _tell(config: Config, published: Sequence[Published]) -> None:
    artifacts.show(config, published)
    notices.tell_published(config, published)


def _mending(chosen: Config, work: Work) -> list[Published]:
    """Does all the work; from the start where a table of the store is damaged, as what is whole costs only a look.

    What was published before a new start is new to whoever reads what came of the run.

    Raises:
        DamagedError: one that cannot be built again, or is damaged again.
        PeriodsError: as `work` does.
    """
    mended: set[str] = set()
    new: dict[str, Published] = {}
    while True:
        try:
            return _with_earlier(new, work(chosen))
        except DamagedError as error:
            if not error.is_aside or error.file in mended:
                raise
            mended.add(error.file)
            new |= {one.period: one for one in error.published if one.is_new}
            stages.note(f"{error.file} was damaged and is built anew.")
        except PeriodsError as error:
            raise PeriodsError(_with_earlier(new, error.published), error.failed) from None


def _with_earlier(new: Mapping[str, Published], published: Sequence[Published]) -> list[Published]:
    return [one if one.is_new else new.get(one.period, one) for one in published]


def _failed(error: Exception) -> State[Any]:
    """One sentence for the reader; of what nobody foresaw, where it happened is in the run's log, for us. Its text is
    not: it may hold customers' data.
    """
    unforeseen = error.failed.values() if isinstance(error, PeriodsError) else [error]
    for one in unforeseen:
        origin = one.__cause__ if isinstance(one, UnforeseenError) else one
        if origin and not isinstance(origin, LifecycleError):
            where = "".join(traceback.format_tb(origin.__traceback__))
            logger.error("Unforeseen: %s\n%s", type(origin).__name__, where)
    return Failed(message=told(error), data=error)
