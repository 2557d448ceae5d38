"""`lifecycle quarantine`: which rows were set aside, and putting them back through once what was wrong is mended.

A rule or mapping that changed has every file read anew by any run; what only this does is restate all periods that are
affected, read the quarantined rows of files that are gone, and say what became of the rows.
"""

from collections.abc import Sequence
from pathlib import Path

from rich.table import Column, Table
from rich.text import Text

from config.errors import UserError
from config.models import Config
from flows import plan
from flows.progress import console, output, stages
from tasks import intake, publication, quarantine
from tasks.clock import Period
from tasks.intake import FileEvents
from tasks.quarantine import Replayed
from tasks.storage import Storage

Counts = dict[tuple[str, str], int]


def show(chosen: Config, source: str | None) -> None:
    """How many rows of which source and period broke which rule, and where the first of them is."""
    plan.refuse_unknown_source(chosen, source)
    storage = Storage(chosen.store_uri)
    storage.require_usable()
    refused = intake.refused(storage, intake.look(storage, chosen))
    anew = {(one.source, one.file) for one in refused}
    accepted = [one for one in intake.as_accepted(storage, chosen) if (one.source, one.file) not in anew]
    read = [one for one in (*accepted, *refused) if source in {None, one.source}]
    found = quarantine.listed(storage, chosen, read)
    if not found:
        output.print("No row is quarantined.")
        return
    columns = ("Source", Column("Period", no_wrap=True), "Rule", Column("Rows", justify="right"), "First")
    table = Table(*columns, box=None, pad_edge=False)
    for one in found:
        cell = f": {one.found}" if one.found else ""
        first = f"{one.file}, row {one.row:,}{cell}"
        table.add_row(*(Text(cell) for cell in (one.source, one.period, one.rule, f"{one.rows:,}", first)))
    output.print(table)
    output.print("\nExpected is")
    for rule, expected in sorted({one.rule: one.expected for one in found}.items()):
        output.print(Text(f"  {rule}: {expected}"), soft_wrap=True)
    output.print(
        "\nA row that broke several rules stands under each. Once the file, the mapping or the limit is mended, "
        "`lifecycle quarantine replay` puts the rows back through.",
        soft_wrap=True,
    )


def replay(chosen: Config, config: Path) -> None:
    """Puts the rows back through the config, and restates the published periods they change.

    Raises:
        UserError: nothing is published yet, or what stops any run.
    """
    storage = Storage(chosen.store_uri)
    storage.require_usable()
    published = _published(storage, chosen)
    before = intake.as_accepted(storage, chosen)
    for one in quarantine.replay_gone(storage, intake.look(storage, chosen)):
        stages.note(_told(one))
    _restate(config, published)
    after = intake.as_accepted(storage, chosen)
    _show_places(quarantine.places(before), quarantine.places(after))
    _tell_unpublished(chosen, published, before, after)


def _published(storage: Storage, config: Config) -> list[Period]:
    """The published periods of the config's grain, in order."""
    manifests = [publication.manifest(storage, name) for name in publication.published_periods(storage)]
    grain = config.periods.grain
    found = sorted(Period.parse(one["period"], grain) for one in manifests if one and one["grain"] == grain)
    if not found:
        raise UserError(
            "Nothing is published, so there is nothing to restate. `lifecycle run` or `lifecycle backfill` reads all "
            "files by the config as it is now, rows that were quarantined included."
        )
    return found


def _told(one: Replayed) -> str:
    return (
        f"{one.file} of source {one.source!r} is gone. Of its {one.rows:,} quarantined rows, which were kept, "
        f"{one.rows - one.still:,} passed now; its {one.stay:,} accepted rows stay as they were mapped, and what was "
        "filtered or ignored is not kept."
    )


def _restate(config: Path, published: Sequence[Period]) -> None:
    console.print("Starting Prefect (a few seconds) ...", style="dim")
    from flows import server

    with server.available():
        from flows.backfill import backfill
        from flows.runs import said_of

        done = backfill(str(published[0]), str(published[-1]), "stale", str(config))
    for one in done:
        if one.is_new:
            console.print(said_of(one))


def _show_places(before: Counts, after: Counts) -> None:
    """A row per source and place where a number has changed, or rows are still quarantined."""
    columns = ("Source", "Rows", Column("Before", justify="right"), Column("After", justify="right"))
    table = Table(*columns, box=None, pad_edge=False)
    sources = {source for source, place in before.keys() | after.keys() if place.startswith("quarantined: ")}
    for source, place in sorted(key for key in before.keys() | after.keys() if key[0] in sources):
        counts = (before.get((source, place), 0), after.get((source, place), 0))
        if any(counts):
            table.add_row(*(Text(cell) for cell in (source, place, *(f"{number:,}" for number in counts))))
    if sources:
        output.print(table)
    changed = sum(number for (_, place), number in before.items() if place == "quarantined") - sum(
        number for (_, place), number in after.items() if place == "quarantined"
    )
    output.print(f"Rows that are no longer quarantined: {changed:,}." if changed else "As many rows are quarantined.")


def _tell_unpublished(
    config: Config, published: Sequence[Period], before: Sequence[FileEvents], after: Sequence[FileEvents]
) -> None:
    """Names the periods with events that came by this and are not published."""
    grain, known = config.periods.grain, {month for one in before for month in one.months}
    new = {month for one in after for month in one.months} - known
    periods = {Period.containing(Period.parse(month).first, grain) for month in new} - set(published)
    if periods:
        listed = ", ".join(str(period) for period in sorted(periods))
        stages.note(f"Periods with events that are not published yet: {listed}. `lifecycle run PERIOD` publishes one.")
