"""Small worlds: raw files of the demo company with the few rows that a test writes down.

Here: one function per kind of row, `raw` that writes the files, and `numbers` to look a figure up. Not here: tests.
"""

import csv
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

Rows = Sequence[Mapping[str, object]]
Numbers = tuple[float | None, float | None, float | None]
APP = {
    "event_id": pl.String(),
    "user_id": pl.Int64(),
    "event": pl.String(),
    "occurred_at": pl.Datetime("us", "UTC"),
    "received_at": pl.Datetime("us", "UTC"),
    "country": pl.String(),
    "plan": pl.String(),
    "device": pl.String(),
}
BILLING = (
    "entry_id", "customer", "type", "booked_at", "amount", "currency", "reference", "sku", "quantity", "country",
    "plan",
)  # fmt: skip
SURVEYS = ("answer_id", "customer", "answered_on", "question", "answer ", "country", "plan")
LEDGER = ("entry_id", "customer", "type", "booked_on", "amount", "currency", "invoice", "country", "plan")
SPEND = ("day", "channel", "country", "amount")
ADA, BOB, CYD, DAN = 1, 2, 3, 4
REPORT, SIGN_UP, OPENED, DELETED = "Report Created", "Account Created", "App Opened", "Account Deleted"


def app(user: int | None, event: str | None, at: str | None, **others: str | None) -> dict[str, object]:
    """`at` in UTC."""
    instant = datetime.fromisoformat(at).replace(tzinfo=UTC) if at else None
    received = others.pop("received_at", None)
    received_at = datetime.fromisoformat(received).replace(tzinfo=UTC) if received else None
    return {"user_id": user, "event": event, "occurred_at": instant, "received_at": received_at, **others}


def page(anonymous: str | None, user: int | None, at: str, path: str = "/", **others: str | None) -> dict[str, object]:
    visitor = {"id": user, "country": others.pop("country", None)}
    kind = others.pop("type", "page")
    return {"anonymous_id": anonymous, "visitor": visitor, "path": path, "type": kind, "sent_at": at, **others}


def entry(user: int | None, kind: str, at: str, **others: object) -> dict[str, object]:
    """`at` on the clock in Paris."""
    return {"customer": user, "type": kind, "booked_at": at, "currency": "EUR", **others}


def answer(user: int | None, question: str, on: str, score: str, **others: str | None) -> dict[str, object]:
    """`on`: the day first, "05/01/2024"."""
    return {"customer": user, "question": question, "answered_on": on, "answer ": score, **others}


def booking(user: int | None, kind: str, on: str, amount: str, **others: str | None) -> dict[str, object]:
    """`kind`: invoice or payment; `on`: 2024-01-05."""
    return {"customer": user, "type": kind, "booked_on": on, "amount": amount, "currency": "EUR", **others}


def campaign(user: int | None, at: str, **others: str | None) -> dict[str, object]:
    """`at`: ISO with its Z."""
    return {"id": None, "campaign": "first-steps", "user": user, "sent_at": at, **others}


def spend(day: str, amount: str, country: str | None = None) -> dict[str, object]:
    return {"day": day, "channel": "search", "country": country, "amount": amount}


def subscription(user: int, kind: str, at: str, amount: str | None = None, number: str = "S-1") -> dict[str, object]:
    """`kind`: created, changed or cancelled."""
    names = {"created": "subscription_created", "changed": "plan_changed", "cancelled": "subscription_cancelled"}
    return entry(user, names[kind], at, amount=amount, reference=number)


def raw(
    folder: Path,
    app_rows: Rows = (),
    web_rows: Rows = (),
    billing_rows: Rows = (),
    *,
    surveys: Rows = (),
    ledger: Rows = (),
    campaigns: Rows = (),
    spending: Rows = (),
) -> Path:
    """The systems' files as the demo writes them."""
    for system in ("app", "web", "billing", "surveys", "ledger", "campaigns", "spend"):
        (folder / system).mkdir(parents=True)
    complete = [{name: row.get(name) for name in APP} for row in app_rows]
    pl.DataFrame(complete, APP, orient="row").write_parquet(folder / "app/app-2024-01.parquet")
    pages = _lines({"message_id": None, "received_at": None, **row} for row in web_rows)
    (folder / "web/web-2024-01.ndjson.gz").write_bytes(gzip.compress(pages.encode()))
    (folder / "campaigns/campaigns-2024-01.ndjson").write_text(_lines(campaigns), encoding="utf-8")
    _write_csv(folder / "billing/billing-2024-01.csv", BILLING, billing_rows)
    _write_csv(folder / "surveys/surveys-2024-01.csv", SURVEYS, surveys)
    _write_csv(folder / "ledger/ledger-2024-01.csv", LEDGER, ledger)
    _write_csv(folder / "spend/spend-2024-01.csv", SPEND, spending)
    return folder


def _lines(rows: Iterable[Mapping[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def _write_csv(path: Path, columns: Sequence[str], rows: Rows) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def numbers(figures: pl.DataFrame, kpi: str, period: str, segment: str = "all", level: str = "all") -> Numbers:
    row = figures.filter(kpi=kpi, period=period, segment=segment, level=level)
    assert len(row) == 1, f"{len(row)} rows of {kpi}"
    found = row.select("numerator", "denominator", "value").row(0)
    return found[0], found[1], found[2]
