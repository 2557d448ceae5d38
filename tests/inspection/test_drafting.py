"""From files to a config: the text, and that it says what a person would have written."""

import os
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import config
from config.errors import InputError
from tasks.inspection import written
from tasks.inspection.drafting import Draft, drafted
from tasks.inspection.looks import grouped
from tasks.inspection.proposals import NothingToProposeError
from tasks.intake import mapping_of
from tests.conftest import ROOT
from tests.oracle import retail_like
from tests.sources.helpers import accepted, run
from tests.sources.test_presets import FORMS, delivered, expected

ROWS = 100_000


def draft(folder: Path, *names: str, chosen: str = "auto", zone: str | None = None) -> Draft:
    """What is proposed for files of a folder, with the config beside them."""
    staging = folder / "staging"
    staging.mkdir(exist_ok=True)
    groups, unread = grouped([str(folder / name) for name in names], folder, ROWS, 50, staging)
    return drafted(groups, unread, chosen, folder, "./store", zone, ROWS, staging)


def loaded(proposed: Draft, folder: Path) -> config.Config:
    """The config as it is read back from its text."""
    file = folder / "lifecycle.toml"
    file.write_text(written.text(proposed), encoding="utf-8")
    return config.load(file, {})


def sources(proposed: Draft) -> list[dict[str, Any]]:
    return [one.document for one in proposed.proposals]


def needs_no_edit(file: Path, folder: Path) -> None:
    """The events are those of the config that a person wrote for these files; so is all else but what counts as active,
    which no file tells.
    """
    groups, unread = grouped([str(file)], folder, ROWS, 50, folder)
    found = loaded(drafted(groups, unread, "auto", folder, "./store", None, ROWS, folder), folder)
    by_hand = config.load(ROOT / "config/examples/online-retail.toml", {})
    (folder / "raw").mkdir()
    copied = folder / "raw" / file.name
    copied.write_bytes(file.read_bytes())
    ours, theirs = (accepted(run(copied, mapping_of(one, 0))) for one in (found, by_hand))
    assert ours.equals(theirs)
    assert (found.periods, found.segments, found.activation) == (by_hand.periods, by_hand.segments, by_hand.activation)
    assert found.report.currency == by_hand.report.currency
    assert (found.activity.kinds, by_hand.activity.kinds) == (("purchase",), ("purchase", "return"))


def test_invoices_of_a_shop_need_no_edit(tmp_path: Path) -> None:
    needs_no_edit(retail_like.write(tmp_path / "online_retail.parquet"), tmp_path)


@pytest.mark.skipif("LIFECYCLE_ONLINE_RETAIL" not in os.environ, reason="the real file is not shipped with the project")
def test_the_real_invoices_need_no_edit(tmp_path: Path) -> None:
    needs_no_edit(Path(os.environ["LIFECYCLE_ONLINE_RETAIL"]), tmp_path)


GOLDEN = """\
[periods]
# decides the day and the month of an event; 75% of the rows that tell a country are of France
timezone = "Europe/Paris"
# history_complete = true if your first customer came in 2024-01, where the rows looked at begin

[[sources]]
name = "ventes"
uri = "ventes.csv"                     # all rows were looked at
where = "client IS NOT NULL"           # 5.0% of the rows name no customer; they are counted as filtered
timezone = "Europe/Paris"              # of its times, which carry no zone: correct it if they are of another
[sources.csv]
encoding = "cp1252"
decimal = ","
[sources.columns]
kind        = "CASE WHEN montant < 0 THEN 'return' ELSE 'purchase' END" # 10% of the rows have a negative montant
customer_id = "client"                 # 8 different ones in the rows looked at
occurred_at = \'\'\'strptime("date", '%d/%m/%Y')\'\'\'
amount      = "abs(montant)"
country     = "pays"

[segments]
dimensions = ["country"]               # columns mapped above, to split every figure by

[activation] # what "activated" means here
since = "first_event"                  # what starts the clock; nothing records sign-ups
within = "90d"                         # how long a customer has
any = [{ kind = "purchase", count = 2 }]   # 88% of the customers looked at ever did
# Others, which may tell better who has got what they came for:
#   { kind = "purchase", count = 3 }   25% of the customers looked at ever did

[activity]
kinds = ["purchase"]                   # what counts as being active; of the kinds found here
# add "return" if sending something back counts as being active, too
inactive_after = "1mo"                 # a customer without activity for this long is lost
"""


def ventes(folder: Path) -> Path:
    """Twenty sales of a French shop, as Excel there saves them."""
    rows = [
        f"{'' if day == 1 else day * 7 % 8};{day:02}/0{1 + day % 2}/2024;{'-' if day % 10 == 3 else ''}1.0{day:02},50;"
        f"{'Algérie' if day % 4 == 0 else 'France'}"
        for day in range(1, 21)
    ]
    file = folder / "ventes.csv"
    file.write_text("\r\n".join(["client;date;montant;pays", *rows]) + "\r\n", encoding="latin-1", newline="")
    return file


def test_a_french_file_as_excel_saves_it(tmp_path: Path) -> None:
    ventes(tmp_path)
    proposed = draft(tmp_path, "ventes.csv")
    text = written.text(proposed)
    assert text[text.index("[periods]") : text.index("[churn]")].strip() == GOLDEN.strip()
    [source] = loaded(proposed, tmp_path).sources
    events = accepted(run(tmp_path / "ventes.csv", mapping_of(loaded(proposed, tmp_path), 0)))
    assert (events.height, source.decimal) == (19, ",")
    assert min(events["amount"].to_list()) == Decimal("1002.5")


@pytest.mark.parametrize("form", FORMS)
def test_a_preset_is_recognised_and_its_config_is_accepted(form: str, tmp_path: Path) -> None:
    folder, wanted = delivered(form, tmp_path), expected(form)
    proposed = draft(tmp_path, str(folder / wanted.get("pattern", "")))
    assert wanted["source"]["preset"] in {source.get("preset") for source in sources(proposed)}
    read = loaded(proposed, tmp_path)
    assert read.model_dump(exclude={"sources"}) == proposed.config(tmp_path).model_dump(exclude={"sources"})
    assert proposed.kinds
    if kinds := wanted["source"].get("kinds"):
        guessed = {name: kind for one in sources(proposed) for kind, names in one["kinds"].items() for name in names}
        by_hand = {name: kind for kind, names in kinds.items() for name in names}
        assert sum(guessed.get(name) == kind for name, kind in by_hand.items()) >= len(by_hand) - 1


def test_a_date_for_each_step_is_a_source_for_each_step(tmp_path: Path) -> None:
    (tmp_path / "sign_ups.csv").write_text(
        "customer_id,signup_date,activation_date,subscription_date,cancelled_date,plan,monthly_price\n"
        "1001,2024-01-03,2024-01-05,2024-01-17,,basic,29.00\n"
        "1002,2024-01-04,2024-02-20,2024-01-04,2030-12-31,pro,99.50\n"
        "1003,2024-01-05,,,,pro,29\n",
        encoding="utf-8",
    )
    found = loaded(draft(tmp_path, "sign_ups.csv"), tmp_path)
    assert [(one.columns["kind"], one.columns["occurred_at"]) for one in found.sources] == [
        ("'signup'", "signup_date"),
        ("'use'", "activation_date"),
        ("'subscribe'", "subscription_date"),
        ("'cancel'", "cancelled_date"),
    ]
    starts, ends = found.sources[2:]
    assert (starts.columns["amount"], starts.where) == ("monthly_price", "subscription_date IS NOT NULL")
    assert starts.columns["reference"] == ends.columns["reference"]


def test_files_of_one_form_are_one_source(tmp_path: Path) -> None:
    """A later file has a column more; files of another form lie beside them."""
    for month in (1, 2):
        rows = {
            "user_id": ["a", "b"],
            "event": ["opened", "signed up"],
            "at": ["2024-01-01", "2024-01-02"],
            "n": [1, 2],
        }
        pl.DataFrame({**rows, **({"extra": [1, 2]} if month == 2 else {})}).write_csv(
            tmp_path / f"app-2024-0{month}.csv"
        )
    pl.DataFrame({"day": ["2024-01-01"], "cost": [5]}).write_csv(tmp_path / "spend.csv")
    found = sources(draft(tmp_path, "*.csv"))
    assert [(one["name"], one["uri"]) for one in found] == [("app", "app-*.csv"), ("spend", "spend.csv")]
    assert found[0]["kinds"] == {"signup": ["signed up"], "use": ["opened"]}
    assert found[1]["columns"]["kind"] == "'spend'"


def test_a_file_that_cannot_be_read_is_left_out_and_named(tmp_path: Path) -> None:
    ventes(tmp_path)
    (tmp_path / "empty.csv").write_bytes(b"")
    found = draft(tmp_path, "*.csv")
    assert [one["name"] for one in sources(found)] == ["ventes"]
    assert "empty.csv': is empty" in written.text(found)


def test_what_folders_say_are_columns(tmp_path: Path) -> None:
    for day in ("2024-01-01", "2024-01-02"):
        (tmp_path / f"log/event_date={day}").mkdir(parents=True)
        rows = {"user_id": [1, 2], "event_name": ["login", "purchase"]}
        pl.DataFrame(rows).write_parquet(tmp_path / f"log/event_date={day}/part-0.parquet")
    [found] = sources(draft(tmp_path, "log"))
    assert (found["uri"], found["columns"]["occurred_at"]) == ("log", "event_date")
    assert found["kinds"] == {"visit": ["login"], "purchase": ["purchase"]}


def test_prices_with_signs_are_multiplied_as_numbers(tmp_path: Path) -> None:
    rows = {
        "Customer Email": ["a@b.c", "d@e.f"] * 3,
        "Order Date": ["1/31/2024"] * 6,
        "Qty": ["2"] * 6,
        "Unit Price": ["$1,200.50"] * 6,
        "Status": ["paid"] * 5 + ["cancelled"],
    }
    pl.DataFrame(rows).write_csv(tmp_path / "orders.csv")
    found = draft(tmp_path, "orders.csv")
    events = accepted(run(tmp_path / "orders.csv", mapping_of(loaded(found, tmp_path), 0)))
    assert set(events["amount"]) == {Decimal(2401)}
    assert found.currency.value == "USD"
    assert "Status NOT IN ('cancelled')" in written.text(found)


def test_a_code_among_scores_is_no_score(tmp_path: Path) -> None:
    rows = {"customer": ["a", "b", "c"] * 3, "date": ["2024-01-01"] * 9, "score": ["9", "10", "11"] * 3}
    pl.DataFrame(rows).write_csv(tmp_path / "answers.csv")
    found = draft(tmp_path, "answers.csv")
    assert sources(found)[0]["columns"]["score"] == "NULLIF(score, 11)"
    assert (found.kinds, found.rejected) == ({"nps": 9}, 0.0)


def test_other_currencies_than_the_most_frequent_are_left_out(tmp_path: Path) -> None:
    rows = {
        "user": ["a", "b"] * 10,
        "date": ["2024-01-01"] * 20,
        "total": [1] * 20,
        "currency": ["usd"] * 15 + ["eur"] * 5,
    }
    pl.DataFrame(rows).write_csv(tmp_path / "orders.csv")
    found = draft(tmp_path, "orders.csv")
    assert found.currency.value == "USD"
    assert sources(found)[0]["where"] == "coalesce(upper(currency), 'USD') = 'USD'"
    assert (found.kinds, found.rejected) == ({"purchase": 15}, 0.0)


def test_time_zone_of_the_country_else_of_the_machine_else_utc(tmp_path: Path) -> None:
    ventes(tmp_path)
    pl.DataFrame({"user": ["a", "b"], "date": ["2024-01-01"] * 2}).write_csv(tmp_path / "plain.csv")
    assert draft(tmp_path, "ventes.csv", zone="Asia/Tokyo").zone.value == "Europe/Paris"
    assert draft(tmp_path, "plain.csv", zone="Asia/Tokyo").zone.value == "Asia/Tokyo"
    assert draft(tmp_path, "plain.csv").zone.value == "UTC"


def test_a_bound_that_the_files_keep(tmp_path: Path) -> None:
    """A tenth of the amounts is no number: the config says so, and the run would not stop."""
    rows = {"user": ["a", "b"] * 20, "date": ["2024-01-01"] * 40, "total": [*["5"] * 38, "x", "y"]}
    pl.DataFrame(rows).write_csv(tmp_path / "orders.csv")
    found = draft(tmp_path, "orders.csv")
    assert found.rejected == 0.05
    assert 0.05 < loaded(found, tmp_path).validation.max_rejected < 0.1
    assert "amount_unreadable 2" in written.text(found)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({"user": ["a", "b"], "size": ["L", "M"]}, "no column tells when"),
        ({"date": ["2024-01-01"], "page": ["/"]}, "no column tells whose"),
        ({"00011": ["00012"], "19970101": ["19970111"], "2": ["3"]}, "its first line is data"),
    ],
)
def test_files_without_when_or_who_are_refused(tmp_path: Path, rows: dict[str, list[str]], words: str) -> None:
    pl.DataFrame(rows).write_csv(tmp_path / "raw.csv")
    with pytest.raises(NothingToProposeError, match=words):
        draft(tmp_path, "raw.csv")


def test_a_preset_for_other_files_is_refused(tmp_path: Path) -> None:
    ventes(tmp_path)
    with pytest.raises(InputError, match="expects columns"):
        draft(tmp_path, "ventes.csv", chosen="stripe")


@pytest.mark.parametrize(
    "value", ["plain", 'a "b"', "it's", "'a' \"b\"", "C:\\x", "line\nend", "\x7f", "é", "\"'", "'''\""]
)
def test_text_survives_toml(value: str) -> None:
    assert tomllib.loads(f"x = {written.toml(value)}")["x"] == value


def test_names_from_files_cannot_end_a_comment(tmp_path: Path) -> None:
    name = "ping\"\n[store]\nuri = '/'  # \x00 \u2028"
    rows = {"user": ["a", "b"], "event": [name, "opened 'x'"], "date": ["2024-01-01"] * 2}
    pl.DataFrame(rows).write_parquet(tmp_path / "raw.parquet")
    proposed = draft(tmp_path, "raw.parquet")
    assert loaded(proposed, tmp_path).store.uri == "./store"
    assert "ping" in written.text(proposed)
