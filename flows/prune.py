"""What of the store is needed: by the present chain, by what is published, by the files that were read. No Prefect."""

from collections.abc import Iterator

from config.errors import UserError
from config.models import Config
from flows import plan
from flows.plan import Chain, Events
from tasks import intake, pruning, publication
from tasks.clock import Period
from tasks.pruning import Needed, Waste
from tasks.storage import Storage
from tasks.store import activity_folder, customers_folder, ingested_folder, measures_folder, record_key


def unneeded(config: Config, keep: int, *, revisions: bool) -> Waste:
    """What may be removed, keeping what the newest `keep` revisions of every period were made from, and the last day's.

    Raises:
        UserError: files are to be read first, so what is needed is not known.
    """
    storage = Storage(config.store_uri)
    unfinished = pruning.unfinished_revisions(storage)  # first: it brings lost manifests back
    published = publication.published_periods(storage)
    own = [Period.parse(name, config.periods.grain) for name in published if _is_of_grain(storage, name, config)]
    if not own:
        raise UserError(f"Nothing is published for each {config.periods.grain} in {storage.uri}: nothing to prune by.")
    looked = intake.look(storage, config)
    if unread := sum(len(one.new) for one in looked):
        raise UserError(f"Files to read: {unread}. What is needed is known once they are read: `lifecycle run` first.")
    events = plan.events_of(storage, looked, [])
    found = pruning.waste(storage, _needed(storage, config, events, sorted(own), keep))
    old = pruning.old_revisions(storage, published, keep) if revisions else Waste(())
    everything = Waste((*old.entries, *unfinished.entries, *found.entries))
    return pruning.settled_for_a_day(storage, everything)


def remove(config: Config, found: Waste) -> None:
    pruning.remove(Storage(config.store_uri), found)


def _is_of_grain(storage: Storage, period: str, config: Config) -> bool:
    manifest = publication.manifest(storage, period)
    return manifest is not None and manifest["grain"] == config.periods.grain


def _needed(storage: Storage, config: Config, events: Events, own: list[Period], keep: int) -> Needed:
    records = pruning.ingested_records(storage)
    records |= {record_key(ingested_folder(one.source), one.built.digest) for one in events.originals + events.copies}
    chain = plan.done_chain(storage, config, events, plan.first_period(events, config), own[-1])
    records |= set(_of_chain(chain))
    settled = {f"{place}/period={month}" for month in chain.customers for place in ("activity", "customers")}
    measured = plan.measured_before([period for period in own if period >= chain.first], chain.first)
    for period in measured:
        look = plan.snapshot_parts if period in own else plan.measured_parts
        built = look(storage, config, events, chain, period)
        records |= {record_key(measures_folder(str(period)), one.digest) for one in built or ()}
        settled |= {measures_folder(str(period))} if built else set()
    for name in publication.published_periods(storage):
        for revision in publication.revisions(storage, name)[-keep:]:
            manifest = publication.read_manifest(storage, name, revision)
            if "made_from" not in manifest:  # published before it was noted, so what it was made from is not known
                settled -= _places(Period.parse(name, manifest["grain"]))
            records |= set(manifest.get("made_from", ()))
    return Needed(frozenset(records), frozenset(settled))


def _of_chain(chain: Chain) -> Iterator[str]:
    for folder, built in ((activity_folder, chain.activity), (customers_folder, chain.customers)):
        for month, sharded in built.items():
            yield from (record_key(folder(str(month), number), one.digest) for number, one in enumerate(sharded))


def _places(period: Period) -> set[str]:
    """Where the tables of a period lie, and the customers at its start."""
    months = period.months()
    return {
        f"measures/period={period}",
        *(f"activity/period={month}" for month in months),
        *(f"customers/period={month}" for month in (months[0].shift(-1), *months)),
    }
