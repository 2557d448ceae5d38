"""Bad input: every mistake gets one clear message with exit code 2, and nothing is published."""

import polars as pl
import pytest

import config
from config.errors import ConfigError
from tests.flows.company import Company, Row

pytestmark = pytest.mark.usefixtures("prefect_server")

JANUARY: list[Row] = [
    ("1", "ann", "joined", "2025-01-05 10:00:00", None, "FR"),
    ("2", "ann", "bought", "2025-01-06 10:00:00", "20.00", "FR"),
    ("3", "bob", "joined", "2025-01-07 10:00:00", None, "DE"),
]


def test_config_without_required_keys_lists_them(company: Company) -> None:
    company.config = {}
    company.call("run", "2025-01").is_refusal("store: required", "periods: required", "sources: required")


def test_missing_file_is_named_with_its_place(company: Company) -> None:
    company.source["uri"] = "raw/events.csv"
    company.write("event.csv", JANUARY)
    company.call("run", "2025-01").is_refusal("'app'", "raw/events.csv", "event.csv")


def test_empty_glob_is_named(company: Company) -> None:
    company.call("run", "2025-01").is_refusal("'app'", "no file matches '*.csv'", "/raw")


def test_empty_file_is_named(company: Company) -> None:
    company.text("january.csv", "")
    company.call("run", "2025-01").is_refusal("'app'", "january.csv", "empty")
    assert not company.published()


def test_truncated_parquet_is_named(company: Company) -> None:
    company.source["uri"] = "raw/*.parquet"
    whole = company.write("january.csv", JANUARY)
    file = whole.with_suffix(".parquet")
    pl.read_csv(whole).write_parquet(file)
    file.write_bytes(file.read_bytes()[:-20])
    company.call("run", "2025-01").is_refusal("'app'", "january.parquet", "Parquet")
    assert not company.published()


def test_ragged_row_is_quarantined_and_refused_when_too_many(company: Company) -> None:
    rows = "id,user,event,at,amount,country\n1,ann,joined,2025-01-05 10:00:00,,FR\n2,ann,bought,2025-01-06 10:00:00\n"
    company.text("january.csv", rows)
    company.call("run", "2025-01").is_refusal("january.csv", "ragged_row: 1", "1 of 2 rows", "max_rejected")
    assert not company.published()
    kept = pl.read_parquet(company.store / "quarantine/**/*.parquet")
    assert kept["row"].to_list() == [2]


def test_ragged_row_is_counted_where_it_is_tolerated(company: Company) -> None:
    company.config["validation"] = {"max_rejected": 0.5}
    company.text(
        "january.csv",
        "id,user,event,at,amount,country\n1,ann,joined,2025-01-05 10:00:00,,FR\n2,ann,bought,2025-01-06 10:00:00\n",
    )
    assert company.call("run", "2025-01").code == 0
    assert company.figures("2025-01")["signups"] == 1.0
    assert '"ragged_row": 1' in (company.store / "latest/period=2025-01/manifest.json").read_text()


def test_missing_column_is_named_with_what_there_is(company: Company) -> None:
    company.text("january.csv", "id,event,at,amount,country\n1,joined,2025-01-05 10:00:00,,FR\n")
    company.call("run", "2025-01").is_refusal("'app'", "january.csv", "customer_id", "'user'")


def test_misspelt_column_gets_a_proposal(company: Company) -> None:
    company.source["columns"]["amount"] = "amuont"
    company.write("january.csv", JANUARY)
    company.call("run", "2025-01").is_refusal("amuont", "Did you mean 'amount'")


def test_expression_that_is_no_sql_is_shown(company: Company) -> None:
    company.source["columns"]["amount"] = "amount +* 2"
    company.write("january.csv", JANUARY)
    company.call("run", "2025-01").is_refusal("amount +* 2", "'app'")


def test_text_where_a_number_should_be_is_quarantined(company: Company) -> None:
    company.write("january.csv", [*JANUARY, ("4", "bob", "bought", "2025-01-08 10:00:00", "twenty", "DE")])
    company.call("run", "2025-01").is_refusal("amount_unreadable: 1", "1 of 4 rows")
    company.config["validation"] = {"max_rejected": 0.3}
    assert company.call("run", "2025-01").code == 0
    assert company.figures("2025-01")["orders"] == 1.0


def test_unknown_time_zone_gets_a_proposal(company: Company) -> None:
    company.config["periods"]["timezone"] = "Europe/Pari"
    company.call("run", "2025-01").is_refusal("periods.timezone", "Europe/Pari", "Did you mean 'Europe/Paris'")


def test_period_in_the_future_is_refused_with_the_last_possible(company: Company) -> None:
    company.write("january.csv", JANUARY)
    company.call("run", "2999-01").is_refusal("2999-01", "not over yet", "last complete period is")
    company.call("backfill", "2025-01", "2999-01").is_refusal("2999-01", "not over yet")


def test_period_before_the_data_is_refused_with_the_first(company: Company) -> None:
    company.write("january.csv", JANUARY)
    company.call("run", "2024-12").is_refusal("2024-12", "before the data", "2025-01")
    assert not company.published()


def test_misspelt_period_shows_the_form(company: Company) -> None:
    company.write("january.csv", JANUARY)
    company.call("run", "2025-13").is_refusal("2025-13", "'2025-01'")
    company.call("backfill", "2025-02", "2025-01").is_refusal("comes after")


def test_misspelt_config_key_gets_a_proposal(company: Company) -> None:
    company.config["segmnets"] = company.config.pop("segments")
    company.call("run", "2025-01").is_refusal("segmnets", "Did you mean 'segments'")


def test_customer_id_all_null_is_refused(company: Company) -> None:
    company.write("january.csv", [(one[0], None, *one[2:]) for one in JANUARY])
    company.call("run", "2025-01").is_refusal("id_missing: 3", "3 of 3 rows")
    assert not company.published()


def test_two_currencies_are_refused(company: Company) -> None:
    company.source["columns"]["currency"] = "country"
    company.config["report"] = {"currency": "USD"}
    company.write(
        "january.csv", [(*one[:5], currency) for one, currency in zip(JANUARY, ("USD", "EUR", "USD"), strict=True)]
    )
    company.call("run", "2025-01").is_refusal("currency_other: 1", "1 of 3 rows")


def test_source_without_usable_event_is_refused(company: Company) -> None:
    company.source["where"] = "country = 'XX'"
    company.write("january.csv", JANUARY)
    company.call("run", "2025-01").is_refusal("app", "usable event")


def test_names_with_html_are_inert(company: Company) -> None:
    hostile = "<script>alert(1)</script>"
    company.source["columns"]["item"] = "country"
    company.write(
        "january.csv",
        [*((*one[:5], hostile) for one in JANUARY), ("9", "ann", "opened", "2025-01-09 10:00:00", None, hostile)],
    )
    assert company.call("run", "2025-01").code == 0
    for language in ("en", "fr"):
        page = (company.store / f"latest/period=2025-01/report.{language}.html").read_text()
        assert "<script" not in page
        assert "&lt;script&gt;" in page


def test_misspelt_option_is_told(company: Company) -> None:
    company.call("run", "2025-01", "--forse").is_refusal("--forse")


def test_store_that_cannot_be_a_folder_is_told(company: Company) -> None:
    company.write("january.csv", JANUARY)
    (company.folder / "taken").write_text("")
    for place in ("taken", "taken/store"):
        company.config["store"] = {"uri": place}
        company.call("run", "2025-01").is_refusal("store.uri", "taken")
        company.call("status").is_refusal("store.uri", "taken")


def test_parquet_that_says_it_is_csv_is_told(company: Company) -> None:
    whole = company.write("january.csv", JANUARY)
    frame = pl.read_csv(whole)
    frame.write_parquet(whole)
    said = company.call("run", "2025-01")
    said.is_refusal("january.csv", "is Parquet, not csv")


def test_latin_1_with_a_ragged_row_shows_no_traceback(company: Company) -> None:
    text = "id,user,event,at,amount,country\n1,ann,joined,2025-01-05 10:00:00,,FR\n2,é,x\n"
    (company.folder / "raw").mkdir()
    (company.folder / "raw/january.csv").write_bytes(text.encode("latin-1"))
    company.call("run", "2025-01").is_refusal("january.csv", "not UTF-8 (line 3)")


def test_source_without_instant_or_customer_is_refused_before_reading(company: Company) -> None:
    company.write("january.csv", JANUARY)
    del company.source["columns"]["occurred_at"]
    company.call("run", "2025-01").is_refusal("columns.occurred_at is missing")
    company.source["columns"] |= {"occurred_at": "at"}
    del company.source["columns"]["customer_id"]
    company.call("run", "2025-01").is_refusal("customer_id", "anonymous_id")


def test_rejected_rows_are_told_with_what_was_expected_and_where(company: Company) -> None:
    company.write("january.csv", [*JANUARY, ("4", "bob", "bought", "2025-01-08 10:00:00", "12,50", "DE")])
    said = company.call("run", "2025-01")
    said.is_refusal(
        "amount_unreadable: 1, first in row 4 ('12,50'); expected a value that reads as a number", "/quarantine"
    )


def test_config_that_is_a_folder_is_told(company: Company) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        config.load(company.folder)


def test_benchmark_or_target_of_no_kpi_is_refused_before_reading(company: Company) -> None:
    company.config["targets"] = {"chrun_rate": 0.04}
    company.call("run", "2025-01").is_refusal("targets.chrun_rate", "Did you mean 'churn_rate'")
    company.config["targets"] = {}
    company.config["benchmarks"] = {"dau_": {"better": "up", "healthy": 10}}
    company.call("backfill", "2025-01", "2025-01").is_refusal("benchmarks.dau_", "Did you mean 'dau'")


def test_subscriptions_without_amounts_are_refused_and_the_way_out_works(company: Company) -> None:
    rows: list[Row] = [
        ("1", "ann", "started", "2025-01-05 10:00:00", None, "FR"),
        ("2", "bob", "started", "2025-01-05 11:00:00", None, "FR"),
        ("3", "bob", "ended", "2025-02-05 10:00:00", None, "FR"),
    ]
    company.write("events.csv", rows)
    company.config["churn"] = {"basis": "subscription"}
    company.source["kinds"] = {"subscribe": ["started"], "cancel": ["ended"]}
    del company.source["columns"]["amount"]
    company.call("run", "2025-02").is_refusal('amount = "1"')
    company.source["columns"]["amount"] = "1"
    assert company.call("run", "2025-02").code == 0
    assert company.figures("2025-02")["churn_rate"] == 0.5


def test_dimension_that_no_source_maps_is_refused_before_reading(company: Company) -> None:
    company.write("january.csv", JANUARY)
    company.config["segments"] = {"dimensions": ["country", "plan"]}
    company.call("run", "2025-01").is_refusal("dimension 'plan' is mapped by no source", "Add columns.plan = ")
    assert not company.published()


def test_unknown_kind_is_told_with_the_word_found_and_the_words_there_are(company: Company) -> None:
    del company.source["kinds"]
    company.source["columns"] = {"kind": "event", "customer_id": "user", "occurred_at": "at", "country": "country"}
    company.write("january.csv", [("1", "ann", "NPS", "2025-01-05", None, "FR"), ("2", "ann", "", "5/1", None, "FR")])
    said = company.call("run", "2025-01")
    said.is_refusal("kind_missing: 2, first in row 1 ('NPS'); expected a kind", "unknown word", "csat, feedback")
    said.is_refusal("occurred_at_unreadable: 1, first in row 2 ('5/1')")
    company.source["columns"]["kind"] = "CASE WHEN event = 'x' THEN 'use' END"
    company.call("run", "2025-01").is_refusal("first in row 1 ('NPS')")


def test_the_value_found_is_never_a_customers(company: Company) -> None:
    company.write("january.csv", [("1", "ann@home", "joined", "2025-01-05", None, "FR")])
    company.source["columns"] |= {"amount": "user", "occurred_at": '"user" || at'}
    said = company.call("run", "2025-01")
    said.is_refusal("amount_unreadable: 1, first in row 1; expected", "occurred_at_unreadable: 1, first in row 1; exp")
    assert "ann" not in said.err
    company.source["columns"] |= {"customer_id": 'lower("user")', "amount": "replace(\"user\", 'x', '')"}
    assert "ann" not in company.call("run", "2025-01").err


def test_silent_month_is_told_with_the_last_month_before_it_not_with_one_ahead(company: Company) -> None:
    company.write("january.csv", [*JANUARY, ("9", "ann", "opened", "2030-01-05 10:00:00", None, "FR")])
    said = company.call("backfill", "2025-01", "2025-02")
    assert "No source has an event in 2025-02; the last is of 2025-01. Are files missing?" in said.err
