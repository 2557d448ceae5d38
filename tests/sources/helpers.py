"""Small sources on disk, ingested and read back."""

import json
from collections import Counter
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import polars as pl

from config.models import Source
from tasks.sources.ingest import Ingested, ingest, refuse_lacking
from tasks.sources.mapping import OUTCOMES, Mapping

COLUMNS = {"kind": "kind", "customer_id": "id", "occurred_at": "at"}


def source(**given: Any) -> Source:
    return Source.model_validate({"name": "app", "uri": "x", "columns": COLUMNS, **given})


def mapping(
    zone: str = "UTC", dimensions: tuple[str, ...] = (), excluded: tuple[str, ...] = (), **given: Any
) -> Mapping:
    return Mapping(source(**given), zone, dimensions, "EUR", (1, 5), excluded)


def write(folder: Path, rows: dict[str, Any] | pl.DataFrame, name: str = "raw.parquet") -> Path:
    path = folder / name
    (rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows, strict=False)).write_parquet(path)
    return path


def run(raw: Path, meaning: Mapping, label: str | None = None) -> Ingested:
    """What a source of this one file gives."""
    result = ingest(raw, label or raw.name, meaning, Path(mkdtemp(dir=raw.parent)))
    refuse_lacking(meaning.source, {label or raw.name: result.lacking})
    return result


def run_text(folder: Path, name: str, text: str | bytes, meaning: Mapping) -> Ingested:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return run(folder / name, meaning)


def accepted(result: Ingested) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(part.file, hive_partitioning=False) for part in result.parts])


def quarantined(result: Ingested) -> list[dict[str, Any]]:
    """Rows of all quarantine parts, the original decoded."""
    frames = [pl.read_parquet(part.file, hive_partitioning=False) for part in result.quarantined]
    return [{**row, "original": json.loads(row["original"])} for frame in frames for row in frame.to_dicts()]


def totals(result: Ingested) -> dict[str, int]:
    """Rows by outcome over all periods, zeros left out."""
    sums = {name: sum(result.counts[name].values()) for name in OUTCOMES}
    return {name: number for name, number in sums.items() if number}


def broken(result: Ingested) -> dict[str, int]:
    """Broken rules over all periods."""
    sums: Counter[str] = Counter()
    for found in result.counts["rules"].values():
        sums.update(found)
    return dict(sums)
