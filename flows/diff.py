"""What differs between two revisions of a period. Reads the store only; no Prefect."""

from collections.abc import Sequence

from config.errors import PeriodError
from config.models import Config
from flows.explain import not_published
from tasks import publication
from tasks.clock import Period
from tasks.report.differences import Differences, differences
from tasks.storage import Storage


def diff(config: Config, period: str, old: int | None = None, new: int | None = None) -> tuple[int, int, Differences]:
    """The two revisions compared, and what differs. By default the last two, or `old` with the last.

    Raises:
        PeriodError: the period is not published, has one revision only, or not those asked for.
    """
    asked = Period.parse(period, config.periods.grain)
    storage = Storage(config.store_uri)
    if publication.manifest(storage, str(asked)) is None:
        raise not_published(storage, asked)
    there = publication.revisions(storage, str(asked))
    first, last = _two_of(asked, there, old, new)
    before, after = (publication.read_revision(storage, str(asked), one) for one in (first, last))
    between = [publication.read_manifest(storage, str(asked), one) for one in there if first < one <= last]
    return first, last, differences(before, after, between)


def _two_of(period: Period, there: Sequence[int], old: int | None, new: int | None) -> tuple[int, int]:
    listed = ", ".join(str(one) for one in there)
    for one in (old, new):
        if one is not None and one not in there:
            raise PeriodError(f"{period} has no revision {one}. There is: {listed}.")
    if len(there) == 1:
        raise PeriodError(f"{period} has one revision only ({listed}), so there is nothing to compare it with.")
    last = there[-1] if new is None else new
    earlier = [one for one in there if one < last]
    if old is None and not earlier:
        raise PeriodError(f"{period} has no revision before {last}. There is: {listed}.")
    first = earlier[-1] if old is None else old
    if first >= last:
        raise PeriodError(f"Revision {first} does not come before {last}. Give the earlier one with --from.")
    return first, last
