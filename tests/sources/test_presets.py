"""The presets, each on made-up files of the system's documented form: the events row by row, through the real ingest.

Below `presets/` lies a folder per form: the files as text, and `expected.toml`, worked out by hand. What systems deliver
packed (Parquet, zip, gzip) is packed here.
"""

import gzip
import json
import tomllib
import zipfile
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import config
from config import preset
from config.errors import ConfigError, InputError
from config.models import Source
from schemas.events import EVENT
from tasks.sources import files
from tasks.sources.ingest import Ingested, ingest
from tasks.sources.mapping import Mapping
from tasks.tables.duplicates import deduplicated
from tests.sources.helpers import accepted, broken, totals

FOLDER = Path(__file__).parent / "presets"
FORMS = sorted(path.name for path in FOLDER.iterdir())
TIMES = {"timestamp", "created_at", "_inserted_at", "received_at", "sent_at", "original_timestamp", "uuid_ts"}
ATOMIC_TIMES = {"etl_tstamp", "collector_tstamp", "dvce_created_tstamp", "derived_tstamp"}
ARCHIVES = {"2025-01-05.zip": "187520_2025-01-05_*", "2025-02-01.zip": "187520_2025-02-01_*"}


def expected(form: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / form / "expected.toml").read_text(encoding="utf-8"))


def delivered(form: str, target: Path) -> Path:
    """The files of a form as its system delivers them, in a folder below `target`."""
    folder = target / form
    folder.mkdir()
    for name in expected(form)["files"]:
        _pack(FOLDER / form / name, folder / Path(name).name)
    for extra in (FOLDER / form).glob("manifest.json"):
        (folder / extra.name).write_bytes(extra.read_bytes())
    return folder


def _pack(text: Path, packed: Path) -> None:
    if packed.suffix == ".zip":
        with zipfile.ZipFile(packed, "w") as archive:
            for hour in sorted(text.parent.glob(ARCHIVES[packed.name])):
                archive.writestr(f"187520/{hour.stem}.json.gz", gzip.compress(hour.read_bytes()))
    elif ".parquet" in packed.name:
        _typed(pl.read_ndjson(text.parent / f"{packed.name.split('.')[0]}.ndjson", infer_schema_length=None)).write_parquet(packed)
    else:
        packed.write_bytes(text.read_bytes())


def _typed(rows: pl.DataFrame) -> pl.DataFrame:
    """Instants as instants, as warehouses and PostHog have them; in Snowplow's atomic events they carry no zone."""
    atomic = rows.with_columns(pl.col(name).str.to_datetime() for name in ATOMIC_TIMES & set(rows.columns))
    names = [name for name in TIMES & set(rows.columns) if rows[name].dtype == pl.String]
    return atomic.with_columns(pl.col(name).str.to_datetime(time_zone="UTC") for name in names)


def meaning(source: dict[str, Any], uri: Path, currency: str = "EUR") -> Mapping:
    given = Source.model_validate(preset.filled({"name": "app", "uri": str(uri), **source}))
    return Mapping(given, "Europe/Paris", (), currency, (1, 5), ())


def read(mapping: Mapping, staging: Path) -> dict[str, Ingested]:
    """What each file of a source gives."""
    results = {}
    for number, file in enumerate(files.find(mapping.source, "")):
        below = staging / str(number)
        below.mkdir(parents=True)
        results[file.key] = ingest(files.local(mapping.source, file, below), file.key, mapping, below)
    return results


def told(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events without what is null, in order of time and id."""
    rows = [{name: value for name, value in event.items() if value is not None} for event in events]
    return sorted(rows, key=lambda row: (row["occurred_at"], row.get("event_id", "")))


def worked_out(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    exact = {name for name, kind in EVENT.items() if kind.is_decimal()}
    return told({name: Decimal(v) if name in exact else v for name, v in event.items()} for event in events)


@pytest.mark.parametrize("form", FORMS)
def test_events_are_those_worked_out_by_hand(form: str, tmp_path: Path) -> None:
    wanted = expected(form)
    uri = delivered(form, tmp_path) / wanted.get("pattern", "")
    mapping = meaning(wanted["source"], uri, wanted.get("currency", "EUR"))
    results = read(mapping, tmp_path / "staging")
    found = deduplicated(pl.concat([accepted(one) for one in results.values() if one.parts]).lazy())
    counts: dict[str, int] = {"duplicate": found.duplicates} if found.duplicates else {}
    rules: dict[str, int] = {}
    unmapped: dict[str, int] = {}
    for one in results.values():
        for into, seen in ((counts, {"read": one.counts["read"], **totals(one)}), (rules, broken(one)), (unmapped, one.counts["unmapped"])):
            for name, number in seen.items():
                into[name] = into.get(name, 0) + number
    assert told(found.events.select(*EVENT).collect().to_dicts()) == worked_out(wanted["events"])
    assert counts == wanted["counts"]
    assert (rules, unmapped) == (wanted.get("broken", {}), wanted.get("ignored", {}))
