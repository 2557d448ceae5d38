"""What is published, and whether it still is what the sources, the config and the code give. Reads only; no Prefect."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.models import Config
from flows import outlook, plan
from flows.outlook import State
from tasks import intake, publication
from tasks.clock import Period
from tasks.publication import Reason
from tasks.storage import Storage

NO_EVENTS: Reason = {"cause": "no_events", "name": ""}


@dataclass(frozen=True)
class Standing:
    """One published period. `drift`: how many sudden changes of its data are told. `because` is empty where the newest
    revision is what a run would publish.
    """

    period: str
    revision: int
    published_at: str
    quarantined: int
    drift: int
    state: State
    because: list[Reason]


def standings(config: Config) -> list[Standing]:
    """Every published period of the config's grain, in order of time."""
    storage = Storage(config.store_uri)
    storage.require_usable()
    published = _published(storage, config)
    if not published:
        return []
    looked = intake.look(storage, config)
    unread, events = outlook.to_read(looked), plan.events_of(storage, looked, [])
    if not unread and not events.months:
        return [_standing(manifest, "stale", [NO_EVENTS]) for manifest in published.values()]
    chain = outlook.followed(storage, config, events, list(published))
    found = []
    for period, manifest in published.items():
        state, because = outlook.standing(storage, config, events, chain, manifest, unread)
        if not unread and period < chain.first:
            because = [*because, NO_EVENTS]
        found.append(_standing(manifest, state, because))
    return found


def other_periods(config: Config) -> list[str]:
    """The published periods of other grains, by name: they are published under another config, and left alone."""
    storage = Storage(config.store_uri)
    own = {str(period) for period in _published(storage, config)}
    return [period for period in publication.published_periods(storage) if period not in own]


def _published(storage: Storage, config: Config) -> dict[Period, Mapping[str, Any]]:
    found = [publication.manifest(storage, period) for period in publication.published_periods(storage)]
    grain = config.periods.grain
    own = [manifest for manifest in found if manifest and manifest["grain"] == grain]
    return dict(sorted((Period.parse(manifest["period"], grain), manifest) for manifest in own))


def _standing(manifest: Mapping[str, Any], state: State, because: list[Reason]) -> Standing:
    quarantined = sum(source["quarantined"] for source in manifest["quality"])
    drift = len(manifest["drift"]["findings"]) if "drift" in manifest else 0
    return Standing(
        manifest["period"], manifest["revision"], manifest["published_at"], quarantined, drift, state, because
    )
