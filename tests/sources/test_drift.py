"""Files of one source whose columns differ: what one lacks is null, what all lack an error, types that fit are fine."""

import json
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from config.errors import InputError
from config.models import Config
from tasks import accounting, intake
from tasks.intake import FileEvents
from tasks.storage import Storage

COLUMNS = {"kind": "kind", "customer_id": "id", "occurred_at": "at"}
ROW = {"kind": "visit", "id": "ann", "at": "2025-01-05"}


def config(folder: Path, **source: Any) -> Config:
    given = {"name": "app", "uri": "raw", "columns": COLUMNS, **source}
    store = {"uri": "store"}
    return Config.model_validate(
        {"base": str(folder), "store": store, "periods": {"timezone": "UTC"}, "sources": [given]}
    )


def ndjson(folder: Path, name: str, **more: Any) -> None:
    file = folder / "raw" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({**ROW, **more}) + "\n")


def parquet(folder: Path, name: str, **more: Any) -> None:
    (folder / "raw").mkdir(exist_ok=True)
    pl.DataFrame({**ROW, **more}).write_parquet(folder / "raw" / name)


def read(folder: Path, chosen: Config) -> list[FileEvents]:
    """A run up to where the files are accepted."""
    storage = Storage(chosen.store_uri)
    (folder / "store").mkdir(exist_ok=True)
    looked = intake.look(storage, chosen)
    known = [file for one in looked for file in one.known]
    new = [intake.read_file(storage, one.mapping, file) for one in looked for file in one.new]
    accounting.refuse_lacking_columns(chosen, [*known, *new])
    intake.remember(storage, chosen, looked, new)
    return [*known, *new]


def values(folder: Path, read_files: list[FileEvents], column: str) -> list[Any]:
    tables = [table for one in read_files for table in one.built.tables.values()]
    keys = sorted(folder / "store" / table.key for table in tables if table.key.startswith("events"))
    return [value for key in keys for value in pl.read_parquet(key, hive_partitioning=False)[column]]


def test_a_column_that_older_files_lack_is_null_there(tmp_path: Path) -> None:
    ndjson(tmp_path, "1.ndjson")
    ndjson(tmp_path, "2.ndjson", plan="pro", user={"name": "x"})
    ndjson(tmp_path, "3.ndjson", user={"country": "FR"})
    chosen = config(tmp_path, columns={**COLUMNS, "item": "plan", "name": "coalesce(user.name, user.country)"})
    events = read(tmp_path, chosen)
    assert sorted(values(tmp_path, events, "item"), key=str) == [None, None, "pro"]
    assert sorted(values(tmp_path, events, "name"), key=str) == ["FR", None, "x"]
    assert all(
        "lacking" not in one.built.facts for one in events if one.file == "2.ndjson" and "country" not in str(one)
    )


def test_what_known_files_have_new_ones_may_lack(tmp_path: Path) -> None:
    chosen = config(tmp_path, columns={**COLUMNS, "item": "upper(plan)"})
    ndjson(tmp_path, "1.ndjson", plan="pro")
    read(tmp_path, chosen)
    ndjson(tmp_path, "2.ndjson", other=1)
    assert [one.file for one in read(tmp_path, chosen)] == ["1.ndjson", "2.ndjson"]


def test_what_no_file_has_is_a_mistake_unless_it_is_optional(tmp_path: Path) -> None:
    ndjson(tmp_path, "1.ndjson", plan="pro")
    ndjson(tmp_path, "2.ndjson", plan="free")
    columns = {**COLUMNS, "item": "paln"}
    with pytest.raises(InputError) as error:
        read(tmp_path, config(tmp_path, columns=columns))
    for part in ("source 'app', file '1.ndjson'", "columns.item", "'paln'", "Did you mean 'plan'?", "other of its 2"):
        assert part in str(error.value)
    assert values(tmp_path, read(tmp_path, config(tmp_path, columns=columns, optional=["paln"])), "item") == [None] * 2


@pytest.mark.parametrize(
    ("source", "lacks"),
    [
        ({"columns": {**COLUMNS, "occurred_at": "when"}}, "when"),
        ({"columns": {**COLUMNS, "kind": "upper(what)"}}, "what"),
        ({"columns": {**COLUMNS, "customer_id": "who", "anonymous_id": "who"}}, "who"),
        ({"where": "status <> 'test'"}, "status"),
    ],
)
def test_a_file_that_lacks_what_all_depends_on_is_refused_alone(
    tmp_path: Path, source: dict[str, Any], lacks: str
) -> None:
    ndjson(tmp_path, "1.ndjson", **{lacks: "visit"})
    ndjson(tmp_path, "2.ndjson")
    with pytest.raises(InputError, match=rf"file '2\.ndjson': .*'{lacks}', which the file lacks"):
        read(tmp_path, config(tmp_path, **source))


def test_one_of_two_people_may_be_unknown_to_a_file(tmp_path: Path) -> None:
    ndjson(tmp_path, "1.ndjson", anon="x")
    ndjson(tmp_path, "2.ndjson")
    chosen = config(tmp_path, columns={**COLUMNS, "anonymous_id": "anon"})
    assert sorted(values(tmp_path, read(tmp_path, chosen), "anonymous_id"), key=str) == [None, "x"]


@pytest.mark.parametrize("sql", ["CAST(x AS DATE)", "CASE WHEN x > DATE '2024-01-01' THEN 1 END", "abs(x)", "x || 'a'"])
def test_what_a_file_lacks_fits_any_expression(tmp_path: Path, sql: str) -> None:
    ndjson(tmp_path, "1.ndjson")
    chosen = config(tmp_path, columns={**COLUMNS, "item": sql}, optional=["x"])
    assert values(tmp_path, read(tmp_path, chosen), "item") == [None]


@pytest.mark.parametrize("value", [7, 7.0, "7"])
def test_types_that_differ_are_fine_where_the_values_fit(tmp_path: Path, value: Any) -> None:
    parquet(tmp_path, "1.parquet", x=7)
    parquet(tmp_path, "2.parquet", x=value, y=1)
    chosen = config(tmp_path, columns={**COLUMNS, "amount": "x", "item": "x"})
    assert {str(amount) for amount in values(tmp_path, read(tmp_path, chosen), "amount")} == {"7.0000"}


def test_types_that_do_not_fit_name_both_files_whichever_is_older(tmp_path: Path) -> None:
    parquet(tmp_path, "1.parquet")
    parquet(tmp_path, "2.parquet", at=1736071200, other=True)
    parquet(tmp_path, "3.parquet", at=True)
    with pytest.raises(InputError) as error:
        read(tmp_path, config(tmp_path))
    for part in ("file '2.parquet': columns.occurred_at = 'at' yields Int64", 'epoch = "s"',
                 "In '1.parquet', which fits, at is String, here Int64."):  # fmt: skip
        assert part in str(error.value)


def test_equal_files_in_folders_that_say_columns_are_two_files(tmp_path: Path) -> None:
    for day in ("2025-01-05", "2025-01-06"):
        ndjson(tmp_path, f"day={day}/part-0.ndjson")
    folders = config(tmp_path, columns={**COLUMNS, "occurred_at": "day"})
    assert sorted(at.day for at in values(tmp_path, read(tmp_path, folders), "occurred_at")) == [5, 6]
    assert len({one.content for one in read(tmp_path, config(tmp_path))}) == 1


def test_a_known_archive_is_not_unpacked_again(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    with zipfile.ZipFile(tmp_path / "raw" / "a.zip", "w") as out:
        for name in ("1.ndjson", "b/2.ndjson"):
            out.writestr(name, json.dumps({**ROW, "id": name}))
    chosen = config(tmp_path)
    assert sorted(values(tmp_path, read(tmp_path, chosen), "customer_id")) == ["1.ndjson", "b/2.ndjson"]
    [looked] = intake.look(Storage(chosen.store_uri), chosen)
    assert ([one.file for one in looked.known], looked.new) == (["a.zip/1.ndjson", "a.zip/b/2.ndjson"], [])


def test_a_refusal_shows_no_cell_of_json_text(tmp_path: Path) -> None:
    ndjson(tmp_path, "1.ndjson", price="free", props='{"amount": "a lot", "email": "ann@example.org"}')
    for sql, source in (("price", {}), ("props.amount", {"json_columns": ["props"]})):
        chosen = config(tmp_path, columns={**COLUMNS, "amount": sql}, **source)
        with pytest.raises(InputError) as error:
            accounting.refuse_too_many_rejected(Storage(chosen.store_uri), chosen, read(tmp_path, chosen))
        assert "amount_unreadable: 1, first in row 1" in str(error.value)
        assert ("'free'" in str(error.value)) == (not source)
        assert "ann" not in str(error.value)
