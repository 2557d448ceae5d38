"""What is published, and whether it still is what the sources, the config and the code give. Reads only; no Prefect."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.models import Config
from flows import plan
from flows.plan import Chain, Events
from tasks import intake, publication
from tasks.clock import Period
from tasks.publication import Reason
from tasks.storage import Storage


@dataclass(frozen=True)
class Standing:
    """One published period. `stale_because` is empty where the newest revision is what a run would publish."""

    period: str
    revision: int
    published_at: str
    quarantined: int
    stale_because: list[Reason]


def standings(config: Config) -> list[Standing]:
    """Every published period of the config's grain, in order of time."""
    storage = Storage(config.store_uri)
    storage.require_folder()
    published = _published(storage, config)
    if not published:
        return []
    looked = intake.look(storage, config)
    unread = sum(len(one.new) for one in looked)
    if unread:
        return [_standing(manifest, [{"cause": "unread", "name": str(unread)}]) for manifest in published.values()]
    events = plan.events_of(storage, looked, [])
    if not events.months:
        return [_standing(manifest, [{"cause": "no_events", "name": ""}]) for manifest in published.values()]
    chain = plan.done_chain(storage, config, events, plan.first_period(events, config), max(published))
    return [
        _standing(manifest, _stale_because(storage, config, events, chain, period))
        for period, manifest in published.items()
    ]


def _published(storage: Storage, config: Config) -> dict[Period, Mapping[str, Any]]:
    found = [publication.manifest(storage, period) for period in publication.published_periods(storage)]
    grain = config.periods.grain
    own = [manifest for manifest in found if manifest and manifest["grain"] == grain]
    return dict(sorted((Period.parse(manifest["period"], grain), manifest) for manifest in own))


def _standing(manifest: Mapping[str, Any], stale_because: list[Reason]) -> Standing:
    quarantined = sum(source["quarantined"] for source in manifest["quality"])
    return Standing(manifest["period"], manifest["revision"], manifest["published_at"], quarantined, stale_because)


def _stale_because(storage: Storage, config: Config, events: Events, chain: Chain, period: Period) -> list[Reason]:
    if plan.is_done(storage, config, events, chain, period):
        return []
    published = publication.manifest(storage, str(period)) or {}
    return publication.reasons(published, plan.sources_of_figures(config, events, period))
