"""The presets, each on made-up files of the system's documented form: the events row by row, through the real ingest.

Below `presets/` lies a folder per form: the files as text, and `expected.toml`, worked out by hand. What is delivered
packed (Parquet, zip, gzip) is packed here.
"""

import gzip
import json
import re
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
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
from tasks.sources.formats import open_raw
from tasks.sources.ingest import Ingested, ingest
from tasks.sources.mapping import Mapping
from tasks.sources.recognition import names_in
from tasks.tables.duplicates import deduplicated
from tests.conftest import ROOT
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
    elif packed.suffix == ".gz":
        [calls] = text.parent.glob("*.ndjson")
        packed.write_bytes(gzip.compress(calls.read_bytes()))
    elif ".parquet" in packed.name:
        _typed(
            pl.read_ndjson(text.parent / f"{packed.name.split('.')[0]}.ndjson", infer_schema_length=None)
        ).write_parquet(packed)
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
        for into, seen in (
            (counts, {"read": one.counts["read"], **totals(one)}),
            (rules, broken(one)),
            (unmapped, one.counts["unmapped"]),
        ):
            for name, number in seen.items():
                into[name] = into.get(name, 0) + number
    assert told(found.events.select(*EVENT).collect().to_dicts()) == worked_out(wanted["events"])
    assert counts == wanted["counts"]
    assert (rules, unmapped) == (wanted.get("broken", {}), wanted.get("ignored", {}))


def test_ga4_reads_parquet_as_it_reads_json(tmp_path: Path) -> None:
    """BigQuery writes whole numbers as text in JSON, as numbers in Parquet."""
    wanted = expected("ga4")
    rows = pl.read_ndjson(FOLDER / "ga4" / wanted["files"][0], infer_schema_length=None)
    whole = ["event_timestamp", "event_bundle_sequence_id", "event_server_timestamp_offset"]
    value = pl.element().struct.with_fields(
        pl.element().struct.field("value").struct.with_fields(pl.field("int_value").cast(pl.Int64))
    )
    typed = rows.with_columns(pl.col(whole).cast(pl.Int64), pl.col("event_params").list.eval(value))
    (tmp_path / "table").mkdir()
    typed.write_parquet(tmp_path / "table" / "000000000000.parquet")
    [found] = read(meaning(wanted["source"], tmp_path / "table"), tmp_path / "staging").values()
    assert told(deduplicated(accepted(found).lazy()).events.select(*EVENT).collect().to_dicts()) == worked_out(
        wanted["events"]
    )


def test_posthog_reads_json_lines_as_it_reads_parquet(tmp_path: Path) -> None:
    """In JSON lines the properties are objects; a file of server events has no `$device_id` among them at all."""
    lines = (FOLDER / "posthog" / "first.ndjson").read_text(encoding="utf-8").splitlines()
    rows = [{**row, "properties": json.loads(row["properties"])} for row in map(json.loads, lines[:5])]
    (tmp_path / "exports").mkdir()
    for name, some in (("all.jsonl", rows), ("server.jsonl", rows[3:])):
        (tmp_path / "exports" / name).write_text("\n".join(map(json.dumps, some)), encoding="utf-8")
    results = read(meaning(expected("posthog")["source"], tmp_path / "exports"), tmp_path / "staging")
    wanted = worked_out(expected("posthog")["events"])[:4]
    assert told(accepted(results["all.jsonl"]).select(*EVENT).to_dicts()) == wanted
    assert told(accepted(results["server.jsonl"]).select(*EVENT).to_dicts()) == wanted[2:]


def test_an_api_page_and_its_lines_give_the_same_events(tmp_path: Path) -> None:
    rows = json.loads((FOLDER / "stripe-invoices" / "page.json").read_text(encoding="utf-8"))["data"]
    (tmp_path / "invoices").mkdir()
    (tmp_path / "invoices" / "all.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    [found] = read(meaning({"preset": "stripe-invoices"}, tmp_path / "invoices", "JPY"), tmp_path / "staging").values()
    assert told(accepted(found).select(*EVENT).to_dicts()) == worked_out(expected("stripe-invoices")["events"])


LINES = [
    form for form in FORMS if {*FOLDER.glob(f"{form}/*.ndjson")} and ".parquet" not in str(expected(form)["files"])
]


@pytest.mark.parametrize("form", LINES)
def test_a_file_that_lacks_what_its_lines_do_not_need_is_read_all_the_same(form: str, tmp_path: Path) -> None:
    """Each line as a file of its own, as an hour without orders or without anonymous visitors would be."""
    wanted = expected(form)
    lines = [line for one in sorted((FOLDER / form).glob("*.ndjson")) for line in one.read_text("utf-8").splitlines()]
    for number, line in enumerate(lines):
        (tmp_path / f"{number:02d}.ndjson").write_text(line, encoding="utf-8")
    whole, single = Counter[str](), Counter[str]()
    (tmp_path / "whole").mkdir()
    (tmp_path / "whole" / "all.ndjson").write_text("\n".join(lines), encoding="utf-8")
    for uri, counts in ((tmp_path / "*.ndjson", single), (tmp_path / "whole", whole)):
        for one in read(meaning(wanted["source"], uri), tmp_path / "staging" / uri.name).values():
            counts.update(totals(one))
            counts.update(map(repr, told(accepted(one).select(*EVENT).to_dicts()) if one.parts else []))
    assert single == whole
    assert single["accepted"] > 1


def test_mixpanel_ids_may_be_numbers(tmp_path: Path) -> None:
    rows = [
        {"event": "Signed Up", "properties": {"time": 1736071330, "distinct_id": 71, "$user_id": 71}},
        {"event": "Signed Up", "properties": {"time": 1736071331, "distinct_id": 72}},
    ]
    for name, some in (("all.jsonl", rows), ("one.jsonl", rows[1:])):
        (tmp_path / name).write_text("\n".join(map(json.dumps, some)), encoding="utf-8")
    results = read(meaning({"preset": "mixpanel", "kinds": {"signup": ["Signed Up"]}}, tmp_path), tmp_path / "staging")
    for name, ids in (("all.jsonl", ["71", "72"]), ("one.jsonl", ["72"])):
        assert accepted(results[name])["customer_id"].to_list() == ids


def test_mixpanel_projects_of_old_may_count_local_time(tmp_path: Path) -> None:
    """As the preset's comment says it."""
    row = {"event": "Signed Up", "properties": {"time": 1736071330, "distinct_id": "u-1"}}
    (tmp_path / "old.jsonl").write_text(json.dumps(row), encoding="utf-8")
    local = {"occurred_at": "CAST(properties.time * 1000000 AS TIMESTAMP)"}
    source = {
        "preset": "mixpanel",
        "kinds": {"signup": ["Signed Up"]},
        "columns": local,
        "timezone": "America/New_York",
    }
    [found] = read(meaning(source, tmp_path), tmp_path / "staging").values()
    assert accepted(found)["occurred_at"].to_list() == [datetime(2025, 1, 5, 15, 2, 10, tzinfo=UTC)]


def test_segment_takes_revenue_as_text_or_number(tmp_path: Path) -> None:
    lines = (FOLDER / "segment" / "calls.ndjson").read_text("utf-8").splitlines()
    order, refund = json.loads(lines[4]), json.loads(lines[9])
    order["properties"]["revenue"] = "39.90"
    (tmp_path / "calls.ndjson").write_text(f"{json.dumps(order)}\n{json.dumps(refund)}\n", encoding="utf-8")
    [found] = read(meaning(expected("segment")["source"], tmp_path), tmp_path / "staging").values()
    assert accepted(found)["amount"].to_list() == [Decimal("39.9"), Decimal("39.9")]


# ---- Telling forms apart


Seen = dict[str, list[tuple[frozenset[str], int | None]]]
"""By form: the columns of each file and, for delimited ones, their number."""


def files_of(name: str) -> str:
    """Presets for the same files, read for other things, are called after one of them: shopify, shopify-refunds."""
    return re.sub("-(refunds|ended|paid)$", "", name)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """What one sees of the files without a preset."""
    plain = {"columns": {"kind": "'use'", "customer_id": "x", "occurred_at": "x"}}
    found: Seen = {}
    for form in FORMS:
        folder = delivered(form, tmp_path_factory.mktemp("seen"))
        known = {**plain, "format": expected(form)["source"].get("format")}
        source = meaning(known, folder / expected(form).get("pattern", "")).source
        found[form] = []
        for file in files.find(source, ""):
            staging = tmp_path_factory.mktemp("staging")
            opened = open_raw(files.local(source, file, staging), file.key, source, staging)
            cells = len(opened.schema) if files.format_of(source, file.key) == "csv" else None
            found[form].append((names_in(opened.schema), cells))
    return found


@pytest.mark.parametrize("form", FORMS)
def test_the_columns_of_a_file_tell_which_presets_are_for_it(form: str, seen: Seen) -> None:
    own = files_of(expected(form)["source"]["preset"])
    for columns, cells in seen[form]:
        ranked = preset.ranked(columns, cells)
        assert ranked[0] == own
        assert {files_of(name) for name in ranked} == {own}


@pytest.mark.parametrize("name", preset.shipped())
def test_a_preset_fits_its_own_files_only(name: str, seen: Seen) -> None:
    fitting = {
        files_of(expected(form)["source"]["preset"])
        for form in FORMS
        for columns, cells in seen[form]
        if preset.shipped()[name].fits(columns, cells)
    }
    assert fitting == {files_of(name)}


@pytest.mark.parametrize(
    ("form", "wrong", "says"),
    [
        ("mixpanel", "amplitude", ["expects columns amplitude_id,", "found event, properties.", '"mixpanel" (Mix']),
        ("amplitude", "mixpanel", ["187520_2025-01-05_10#0.json.gz'", "and 19 more", 'looks like "amplitude"']),
        ("segment", "segment-warehouse", ['looks like "segment" (Segment: raw calls']),
        ("posthog", "ga4", ["file 'first.parquet.zst'", 'looks like "posthog"']),
        ("snowplow", "shopify", ["found 131 cells a line and no header", 'looks like "snowplow"']),
        ("shopify", "snowplow", ["131 cells a line without a header; found Name,", '"shopify-refunds"']),
        ("ga4", "snowplow", ['looks like "ga4"']),
        ("cloudevents", "stripe", ['looks like "cloudevents"']),
        ("stripe-subscriptions", "shopify-json-refunds", ['or "stripe-subscriptions-ended"']),
        ("shopify-json", "stripe", ['looks like "shopify-json"']),
    ],
)  # fmt: skip
def test_a_file_of_another_system_is_refused_with_a_hint(
    form: str, wrong: str, says: list[str], tmp_path: Path
) -> None:
    source = {"preset": wrong, "kinds": {"visit": ["x"]}, "format": expected(form)["source"].get("format")}
    uri = delivered(form, tmp_path) / expected(form).get("pattern", "")
    with pytest.raises(InputError) as error:
        read(meaning(source, uri), tmp_path / "staging")
    for part in ("source 'app', file", f'the preset "{wrong}"', *says, "Correct `preset`, or leave it out"):
        assert part in str(error.value)


def test_a_file_of_no_system_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("day,customer\n2025-01-05,u-1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"found day, customer\. No other preset fits\. Correct `uri`"):
        read(meaning({"preset": "shopify"}, tmp_path / "own.csv"), tmp_path / "staging")


# ---- What a preset is, and what becomes of it in a source


@pytest.mark.parametrize("name", preset.shipped())
def test_a_preset_is_a_source_but_for_its_name_and_files(name: str) -> None:
    shipped = preset.shipped()[name]
    assert not {"name", "uri", "preset", "on_missing"} & set(shipped.source)
    given = (
        {"preset": name}
        if {"kind"} & set(shipped.source["columns"]) or "kinds" in shipped.source
        else {"preset": name, "kinds": {"use": ["x"]}}
    )
    source = Source.model_validate(preset.filled({"name": "app", "uri": "x", **given}))
    assert set(source.columns) <= set(EVENT)
    assert {"name", "occurred_at", "event_id"} <= set(source.columns)
    assert all(url.startswith("https://") for url in shipped.documentation)


@pytest.mark.parametrize("name", preset.shipped())
def test_a_preset_has_a_made_up_file(name: str) -> None:
    assert name in {expected(form)["source"]["preset"] for form in FORMS}


def test_the_example_config_names_all_presets() -> None:
    words = set(re.findall(r"[a-z0-9-]+", (ROOT / "config" / "lifecycle.toml").read_text(encoding="utf-8")))
    assert set(preset.shipped()) <= words


CONFIG = """
[store]
uri = "store"
[periods]
timezone = "Europe/Paris"
[segments]
dimensions = ["plan"]
[[sources]]
name = "app"
uri = "x"
"""


def load(tmp_path: Path, source: str) -> Source:
    file = tmp_path / "lifecycle.toml"
    file.write_text(CONFIG + source, encoding="utf-8")
    return config.load(file, {}).sources[0]


def test_keys_of_the_source_come_before_those_of_its_preset(tmp_path: Path) -> None:
    source = load(
        tmp_path,
        """preset = "segment"
timezone = "Europe/Paris"
optional = ["context.traits.plan"]
[sources.columns]
amount = "properties.price"
plan = "context.traits.plan"
[sources.kinds]
visit = ["page"]
""",
    )
    given = preset.shipped()["segment"].source
    assert source.timezone == "Europe/Paris"
    assert source.optional == (*given["optional"], "context.traits.plan")
    own = {"amount": "properties.price", "plan": "context.traits.plan"}
    assert source.columns == {**given["columns"], **own}
    assert source.kinds == {"visit": ("page",)}


def test_an_event_name_the_source_gives_a_kind_has_no_other(tmp_path: Path) -> None:
    source = load(
        tmp_path,
        """preset = "stripe"
[sources.kinds]
use = ["customer.subscription.paused", "invoice.finalized"]
purchase = ["charge.succeeded"]
signup = ["checkout.session.completed"]
""",
    )
    assert source.kinds["change"] == ("customer.subscription.updated", "customer.subscription.resumed")
    assert source.kinds["signup"] == ("checkout.session.completed",)
    assert "invoice" not in source.kinds
    assert source.kinds["purchase"] == ("charge.succeeded",)


def test_what_a_preset_fills_in_is_a_mapping_like_any_other() -> None:
    filled = preset.filled({"name": "app", "uri": "x", "preset": "snowplow", "kinds": {"visit": ["page_view"]}})
    written_out = {key: value for key, value in filled.items() if key != "preset"}
    both = [Mapping(Source.model_validate(one), "UTC", (), "EUR", (1, 5), ()) for one in (filled, written_out)]
    assert both[0].depends_on() == both[1].depends_on()


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ('preset = "segmnt"', r"sources\[app\]\.preset: there is no preset 'segmnt'\. Did you mean 'segment'\?"),
        ('preset = "matomo"', r"there is no preset 'matomo'\. Known: amplitude, cloudevents, ga4, "),
        ("preset = 3", r"sources\[app\]\.preset: .*\(found 3\)"),
        ('preset = "segment"\ncolumns = 3', r"sources\[app\]\.columns: expected a table of keys"),
        (
            'preset = "segment"',
            r"which kind of event a row is\. The preset 'segment' leaves that to you, under \[sources\.kinds\]",
        ),
        ('preset = "segment"\nkind = "x"', r"sources\[app\]\.kind: unknown key\. Did you mean 'kinds'\?"),
    ],
)
def test_a_source_whose_preset_cannot_be_filled_in_is_refused(source: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=says):
        load(tmp_path, source)
