"""Values inside columns: nested objects, JSON in text, lists, lists of keys and values; and rows made of lists."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import InputError
from tasks.sources.json_text import Decoded, is_key, only_decoded
from tasks.sources.paths import Path as Inner
from tasks.sources.paths import named
from tests.sources.helpers import COLUMNS, accepted, broken, mapping, quarantined, run, run_text, totals, write

VISIT = {"kind": "visit", "id": "ann", "at": "2025-01-05"}
DATA = {
    "user": {"id": 7, "plan": {"name": "pro", "since 20": "x"}},
    "$set": {"a.b": "dotted"},
    "items": [{"price": {"cents": 1999}, "tags": ["new"]}, {"price": {"cents": 5}}],
    "price": 19.90,
    "rate": "0.10",
    "ok": True,
    "none": None,
}


def read(tmp_path: Path, sql: str, column: str = "item", text: str | None = None, **given_: Any) -> list[Any]:
    """What an expression yields over one object, or the rules that broke."""
    line = text if text is not None else json.dumps({**VISIT, **DATA, "json": json.dumps(DATA)})
    result = run_text(tmp_path, "a.ndjson", line, mapping(columns={**COLUMNS, column: sql}, **given_))
    return accepted(result)[column].to_list() if result.parts else list(broken(result))


@pytest.mark.parametrize("prefix", ["", "json."])
@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("user.id", "7"),
        ('"user".id', "7"),
        ("user.plan.name", "pro"),
        ("user.plan.`since 20`", "x"),
        ('user.plan."since 20"', "x"),
        ('$set."a.b"', "dotted"),
        ("items[1].price.cents", "1999"),
        ("items[2].price.cents", "5"),
        ("items[9].price.cents", None),
        ("items[1].tags[1]", "new"),
        ("items[2].tags[1]", None),
    ],
)
def test_a_path_leads_into_objects_and_lists_typed_or_in_json_text(
    tmp_path: Path, prefix: str, sql: str, value: str | None
) -> None:
    assert read(tmp_path, prefix + sql, json_columns=["json"]) == [value]
    longer = f"coalesce({prefix}{sql}, 'a.b[1]') || '.c'"
    assert read(tmp_path, longer, json_columns=["json"]) == [f"{value or 'a.b[1]'}.c"]


@pytest.mark.parametrize("prefix", ["", "json."])
@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("{}items[1].price.cents / 100", "19.99"),
        ("{0}items[1].price.cents * {0}items[2].price.cents / 100", "99.95"),
        ("CAST({}price AS DECIMAL(18, 4)) * 3", "59.70"),
        ("{}rate", "0.1"),
        ("{}price + {0}rate", "20.00"),
        ("CASE WHEN {}ok = true THEN {0}price END", "19.90"),
    ],
)
def test_numbers_inside_can_be_computed_with(tmp_path: Path, prefix: str, sql: str, value: str) -> None:
    sql = sql.replace("{0}", prefix).replace("{}", prefix)
    assert read(tmp_path, sql, "amount", json_columns=["json"]) == [Decimal(value)]


def test_json_that_is_none_sets_its_row_aside_and_absent_keys_are_null(tmp_path: Path) -> None:
    texts = ['{"n": 1}', "{}", "", "null", '{"n": null}', "{broken", '{"n": "x"}', "[1]"]
    rows = {"kind": ["visit"] * 8, "id": list("abcdefgh"), "at": ["2025-01-05"] * 8, "props": texts}
    result = run(write(tmp_path, rows), mapping(columns={**COLUMNS, "amount": "props.n"}, json_columns=["props"]))
    assert accepted(result)["amount"].to_list() == [Decimal(1), None, None, None, None, None]
    assert [(row["row"], row["original"]["props"]) for row in quarantined(result)] == [
        (6, "{broken"),
        (7, '{"n": "x"}'),
    ]


def test_json_columns_that_are_objects_already_are_read_as_they_are(tmp_path: Path) -> None:
    assert read(tmp_path, "user.plan.name", json_columns=["user"]) == ["pro"]


@pytest.mark.parametrize("number", ["0.1", "19.99", "1234567.89", "99999999999.9999", "12345678901234", "-0.0"])
def test_amounts_in_json_text_are_exact(tmp_path: Path, number: str) -> None:
    rows = {"kind": ["change"], "id": ["a"], "at": ["2025-01-05"], "p": [f'{{"a": {number}}}']}
    result = run(write(tmp_path, rows), mapping(columns={**COLUMNS, "amount": "p.a"}, json_columns=["p"]))
    assert accepted(result)["amount"].to_list() == [Decimal(number)]


GA4 = [
    {"key": "page", "value": {"string_value": "Home", "int_value": None, "double_value": None}},
    {"key": "session", "value": {"string_value": None, "int_value": 123, "double_value": None}},
    {"key": "value", "value": {"string_value": None, "int_value": None, "double_value": 19.99}},
    {"key": "page", "value": {"string_value": "second", "int_value": None, "double_value": None}},
]


@pytest.mark.parametrize("ending", ["ndjson", "parquet"])
def test_a_list_of_keys_and_values_is_read_by_key(tmp_path: Path, ending: str) -> None:
    rows = pl.DataFrame([{**VISIT, "params": params} for params in (GA4, [], None)], infer_schema_length=None)
    getattr(rows, f"write_{ending}")(tmp_path / f"a.{ending}")
    columns = {**COLUMNS, "item": "params.page", "amount": "params.value * 2", "reference": "params.session",
               "name": "params.session.int_value", "received_at": "params.absent"}  # fmt: skip
    events = accepted(run(tmp_path / f"a.{ending}", mapping(columns=columns, pairs=["params"])))
    assert events.select("item", "amount", "reference", "name", "received_at").rows() == [
        ("Home", Decimal("39.98"), "123", "123", None), (None,) * 5, (None,) * 5,
    ]  # fmt: skip


def test_keys_may_have_plain_values(tmp_path: Path) -> None:
    text = json.dumps({**VISIT, "attributes": [{"key": "plan", "value": "pro"}]})
    assert read(tmp_path, "attributes.plan", text=text, pairs=["attributes"]) == ["pro"]


def test_each_element_of_a_list_becomes_a_row_that_keeps_its_number(tmp_path: Path) -> None:
    lists: Any = ([{"sku": "x", "n": 1}, {"sku": "y", "n": -1}], [], None, [{"sku": "z", "n": -2}])
    lines = [{"kind": "purchase", "id": "a", "at": "2025-01-05", "lines": one} for one in lists]
    columns = {**COLUMNS, "item": "lines.sku", "quantity": "lines.n"}
    text = "broken\n" + "\n".join(json.dumps(line) for line in lines)
    result = run_text(tmp_path, "a.ndjson", text, mapping(columns=columns, rows="lines"))
    assert accepted(result).select("item", "quantity").rows() == [("x", Decimal(1)), (None, None), (None, None)]
    assert (result.counts["read"], totals(result)) == (6, {"accepted": 3, "quarantined": 3})
    assert [(row["row"], row["rules"]) for row in quarantined(result)] == [
        (1, ["broken_line"]), (2, ["quantity_negative"]), (5, ["quantity_negative"]),
    ]  # fmt: skip
    assert quarantined(result)[1]["original"]["lines"] == {"sku": "y", "n": -1}


@pytest.mark.parametrize(
    ("sql", "given_", "says"),
    [
        ("json.price", {}, ["'json' is text", 'json_columns = ["json"]']),
        ("items.price", {}, ["'items' is a list", "items[1].price", "rows ="]),
        ("items[0].price", {}, ["'items' is a list", "counted from 1"]),
        ("items[1].tags.x", {}, ["'items[1].tags' is a list"]),
        ("user.id.x", {}, ["'user.id' is Int64 there, which has no 'x'"]),
        ("user[1]", {}, ["'user' is Struct", "has no 1"]),
        ("params.page", {}, ["list of keys and values", 'pairs = ["params"]']),
        ("user.id", {"pairs": ["user"]}, ["pairs names 'user', which is Struct", "Expected a list"]),
        (
            "json.items[0].price",
            {"json_columns": ["json"]},
            ["columns.item reads 'json.items[0].price'", "counted from 1"],
        ),
        ("user.nme", {}, ["the field 'user.nme'", "Found: user (Struct"]),
        ("usr.name", {}, ["the column 'usr.name'", "Columns found: kind"]),
        ("user.id", {"rows": "user"}, ["rows = 'user' is Struct", "Expected a list"]),
        ("user.id", {"rows": "lines"}, ["rows = 'lines' is no column", "items"]),
    ],
)
def test_a_path_that_leads_nowhere_says_why(tmp_path: Path, sql: str, given_: dict[str, Any], says: list[str]) -> None:
    text = json.dumps({**VISIT, **DATA, "json": "{}", "params": GA4})
    with pytest.raises(InputError) as error:
        read(tmp_path, sql, text=text, **given_)
    for part in ("source 'app', file 'a.ndjson'", *says):
        assert part in str(error.value)


def test_a_header_with_a_dot_is_a_column(tmp_path: Path) -> None:
    text = "kind,id,at,properties.plan\nvisit,ann,2025-01-05,pro\n"
    for sql in ("properties.plan", '"properties.plan"', "upper(properties.plan)"):
        events = accepted(run_text(tmp_path, "a.csv", text, mapping(columns={**COLUMNS, "item": sql})))
        assert events["item"].str.to_lowercase().to_list() == ["pro"]


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("a + 1.5", "a + 1.5"),
        ("'a.b[1]' || c", "'a.b[1]' || c"),
        ('"a.b" = 1', '"a.b" = 1'),
        ("x.y", '"x.y"'),
        ("f(x.y,z[2].w)", 'f("x.y","z[2].w")'),
        ('x.`a "b`', '"x.a ""b"'),
    ],
)
def test_paths_are_told_from_all_else(sql: str, text: str) -> None:
    assert named(sql)[0] == text


@given(st.text(), st.lists(st.one_of(st.text(min_size=1), st.integers(0, 99)), min_size=1))
def test_any_key_can_be_written(root: str, steps: list[str | int]) -> None:
    def quoted(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    sql = quoted(root) + "".join(f"[{step}]" if isinstance(step, int) else f".{quoted(step)}" for step in steps)
    _, paths = named(sql)
    assert list(paths.values()) == [Inner(root, tuple(steps))]


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.integers(-(10**14), 10**14).map(lambda cents: cents / 100)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(TEXT.filter(is_key), JSON)
def test_any_value_under_any_key_of_json_text_is_its_text(key: str, value: Any) -> None:
    texts = pl.LazyFrame({"text": [json.dumps({key: [0, value]}), "{", None, " ", "null", "{}"]})
    found = only_decoded(texts, (Decoded("text", {"x": (key, 2)}),)).collect()
    told, *others = found["x"].to_list()
    assert value == (told if value is None or isinstance(value, str) else json.loads(told))
    assert others == [None] * 5
    assert found["broken:text"].to_list() == [False, True, False, False, False, False]
