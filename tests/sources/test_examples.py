"""The example configs, each on a made-up file of its shape: the events row by row, through the real ingest."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

import config
from config.models import Config
from tasks.intake import mapping_of
from tasks.sources.ingest import Ingested
from tests.conftest import ROOT
from tests.sources.helpers import accepted, broken, run, run_text, totals

Rows = list[tuple[Any, ...]]


def example(name: str) -> Config:
    return config.load(ROOT / "config" / "examples" / f"{name}.toml", {})


def read(settings: Config, source: str, folder: Path, text: str) -> Ingested:
    """One source of the config over a file of this text."""
    [position] = [place for place, one in enumerate(settings.sources) if one.name == source]
    return run_text(folder, Path(settings.sources[position].uri).name, text, mapping_of(settings, position))


def events(result: Ingested, settings: Config, columns: Iterable[str]) -> Rows:
    """Kind, customer and local day of each event, then further columns; in the order of the file within a month."""
    zone = ZoneInfo(settings.periods.timezone)
    table = accepted(result)
    assert {(at.astimezone(zone).hour, at.astimezone(zone).minute) for at in table["occurred_at"]} == {(0, 0)}
    days = [at.astimezone(zone).date() for at in table["occurred_at"]]
    return [
        (kind, customer, day, *rest)
        for (kind, customer, *rest), day in zip(
            table.select("kind", "customer_id", *columns).iter_rows(), days, strict=True
        )
    ]


SIGN_UPS = """customer_id,signup_date,activation_date,subscription_date,cancelled_date,plan,monthly_price,country
007,2024-01-03,2024-01-05,2024-01-17,,basic,29.00,FR
8,2024-01-04,2024-02-20,2024-01-04,2030-12-31,pro,99.50,DE
9,2024-01-05,  ,,2024-01-19,,,
10,2024-02-30,soon,2024-02-03,2024-02-01,basic,n/a,FR
"""


def test_sign_ups(tmp_path: Path) -> None:
    settings = example("sign-ups")
    signups = read(settings, "signups", tmp_path, SIGN_UPS)
    assert events(signups, settings, ["country"]) == [
        ("signup", "007", date(2024, 1, 3), "FR"),
        ("signup", "8", date(2024, 1, 4), "DE"),
        ("signup", "9", date(2024, 1, 5), None),
    ]
    assert broken(signups) == {"occurred_at_unreadable": 1}
    activations = read(settings, "activations", tmp_path, SIGN_UPS)
    assert events(activations, settings, ["item"]) == [
        ("use", "007", date(2024, 1, 5), "activated"),
        ("use", "8", date(2024, 2, 20), "activated"),
    ]
    assert totals(activations) == {"accepted": 2, "filtered": 1, "quarantined": 1}
    subscriptions = read(settings, "subscriptions", tmp_path, SIGN_UPS)
    assert events(subscriptions, settings, ["reference", "amount", "plan"]) == [
        ("subscribe", "007", date(2024, 1, 17), "007 2024-01-17", Decimal("29.00"), "basic"),
        ("subscribe", "8", date(2024, 1, 4), "8 2024-01-04", Decimal("99.50"), "pro"),
    ]
    assert (totals(subscriptions)["filtered"], broken(subscriptions)) == (1, {"amount_unreadable": 1})
    cancellations = read(settings, "cancellations", tmp_path, SIGN_UPS)
    assert events(cancellations, settings, ["reference"]) == [
        ("cancel", "10", date(2024, 2, 1), "10 2024-02-03"),
        ("cancel", "8", date(2030, 12, 31), "8 2024-01-04"),
    ]
    assert totals(cancellations) == {"accepted": 2, "filtered": 2}


@pytest.mark.parametrize("ending", ["parquet", "ndjson"])
def test_sign_ups_whose_columns_are_typed(tmp_path: Path, ending: str) -> None:
    settings = example("sign-ups")
    table = pl.DataFrame(
        {
            "customer_id": [7, 8],
            "signup_date": [date(2024, 1, 3), date(2024, 1, 4)],
            "activation_date": [date(2024, 1, 5), None],
            "subscription_date": [date(2024, 1, 17), None],
            "cancelled_date": pl.Series([None, None], dtype=pl.Date),
            "plan": ["basic", None],
            "monthly_price": [29, None],
            "country": ["FR", "DE"],
        }
    )
    raw = tmp_path / f"sign_ups.{ending}"
    getattr(table, f"write_{ending}")(raw)
    signups, activations, subscriptions, cancellations = [run(raw, mapping_of(settings, place)) for place in range(4)]
    assert totals(signups) == {"accepted": 2}
    assert events(activations, settings, []) == [("use", "7", date(2024, 1, 5))]
    assert events(subscriptions, settings, ["reference", "amount"]) == [
        ("subscribe", "7", date(2024, 1, 17), "7 2024-01-17", Decimal(29))
    ]
    assert totals(cancellations) == {"filtered": 2}


LEDGER = """subscription_id,account_id,start_date,end_date,plan,billing,price,is_trial
S-1,A-7,2024-01-15,2024-06-30,pro,yearly,"$1,200.00",False
S-2,A-8,2024-02-01,,basic,monthly,$49.00,False
S-3,A-8,2024-02-01,2024-02-14,basic,monthly,$0.00,True
S-4,A-7,2024-08-01,2031-07-31,pro,yearly,$100,False
S-5,A-9,2024-08-01,,pro,quarterly,$99.99,false
S-6,A-9,2024-08-01,never,pro,monthly,call us,No
S-7,A-10,2024-09-01,2024-08-31,pro,monthly,$9,No
S-8,A-11,2024-09-01,2024-09-01,pro,monthly,$9,No
"""


def test_subscription_ledger(tmp_path: Path) -> None:
    settings = example("subscription-ledger")
    starts = read(settings, "starts", tmp_path, LEDGER)
    assert events(starts, settings, ["reference", "amount", "plan"]) == [
        ("subscribe", "A-7", date(2024, 1, 15), "S-1", Decimal(100), "pro"),
        ("subscribe", "A-8", date(2024, 2, 1), "S-2", Decimal(49), "basic"),
        ("subscribe", "A-7", date(2024, 8, 1), "S-4", Decimal("8.3333"), "pro"),
        ("subscribe", "A-9", date(2024, 8, 1), "S-5", Decimal("33.33"), "pro"),
        ("subscribe", "A-11", date(2024, 9, 1), "S-8", Decimal(9), "pro"),
    ]
    assert (totals(starts)["filtered"], broken(starts)) == (2, {"amount_unreadable": 1, "where_unreadable": 1})
    ends = read(settings, "ends", tmp_path, LEDGER)
    assert events(ends, settings, ["reference", "amount"]) == [
        ("cancel", "A-7", date(2024, 7, 1), "S-1", None),
        ("cancel", "A-11", date(2024, 9, 2), "S-8", None),
        ("cancel", "A-7", date(2031, 8, 1), "S-4", None),
    ]
    assert (totals(ends)["filtered"], broken(ends)) == (4, {"occurred_at_unreadable": 1, "where_unreadable": 1})


def test_subscription_ledger_whose_dates_are_typed(tmp_path: Path) -> None:
    settings = example("subscription-ledger")
    table = pl.read_csv(LEDGER.encode(), try_parse_dates=True, schema_overrides={"end_date": pl.String})
    raw = tmp_path / "subscriptions.parquet"
    table.with_columns(pl.col("end_date").str.to_date(strict=False)).write_parquet(raw)
    starts, ends = (run(raw, mapping_of(settings, place)) for place in range(2))
    assert accepted(starts)["reference"].to_list() == ["S-1", "S-2", "S-4", "S-5", "S-8"]
    assert accepted(ends)["reference"].to_list() == ["S-1", "S-8", "S-4"]
    assert (totals(starts)["filtered"], totals(ends)["filtered"]) == (2, 5)


SURVEYS = """respondent;answered_on;question;answer\N{NO-BREAK SPACE}
C1;05/01/2024;recommend;9
C2;6/1/2024;recommend;11
C3;13/01/2024;recommend;
C4;01/13/2024;recommend;3
C1;31/01/2024;satisfaction;5
C2;31/01/2024;satisfaction;6
"""
RECEIVABLES = """ customer ;invoice_no;invoice_date;settled_date;invoice_amount
C1;F-001;2/1/2024;15/2/2024;1.234,50 €
C2;F-002;31/01/2024;;80,00 €
C2;F-003;01/02/2024;soon;12
"""


def test_surveys(tmp_path: Path) -> None:
    settings = example("surveys-and-invoices")
    answers = read(settings, "surveys", tmp_path, SURVEYS)
    assert events(answers, settings, ["score"]) == [
        ("nps", "C1", date(2024, 1, 5), Decimal(9)),
        ("csat", "C1", date(2024, 1, 31), Decimal(5)),
    ]
    assert totals(answers) == {"accepted": 2, "filtered": 2, "quarantined": 2}
    assert broken(answers) == {"occurred_at_unreadable": 1, "score_outside_scale": 1}


def test_invoices_and_payments(tmp_path: Path) -> None:
    settings = example("surveys-and-invoices")
    invoices = read(settings, "invoices", tmp_path, RECEIVABLES)
    assert events(invoices, settings, ["reference", "amount"]) == [
        ("invoice", "C1", date(2024, 1, 2), "F-001", Decimal("1234.50")),
        ("invoice", "C2", date(2024, 1, 31), "F-002", Decimal(80)),
        ("invoice", "C2", date(2024, 2, 1), "F-003", Decimal(12)),
    ]
    payments = read(settings, "payments", tmp_path, RECEIVABLES)
    assert events(payments, settings, ["reference", "amount"]) == [
        ("payment", "C1", date(2024, 2, 15), "F-001", Decimal("1234.50")),
    ]
    assert (totals(payments)["filtered"], broken(payments)) == (1, {"occurred_at_unreadable": 1})
