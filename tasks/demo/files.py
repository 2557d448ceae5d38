"""How the product's three systems write down what happened, mess included, and the only writing of files in the demo.

Here: the columns, texts and file formats of the app's tracker, the web site's tracker and the billing system, and the
surplus rows each of them produces. Not here: the departments' files (`office`), what happened (`simulation`) and how
much goes wrong (`mess`).
"""

import gzip
import io
from pathlib import Path

import numpy as np
import polars as pl

from tasks.demo.mess import Flaw, delivered, in_order
from tasks.demo.office import CAMPAIGNS, LEDGER, SPEND, SURVEYS
from tasks.demo.shop import SUBSCRIPTION_EVENTS
from tasks.demo.simulation import Company
from tasks.demo.system import FIRST_USER_ID, System, Text, as_csv, countries, ids, money, named, plans
from tasks.demo.timeline import ZONE, Ints, durations, instants
from tasks.demo.traffic import ACCOUNT_DELETED, APP_EVENTS, NOBODY, PATHS

DEVICES = ("ios", "android", "desktop", "desktop")
UNKNOWN_SHARE = 0.02
"""Share of the app's rows in which the tracker missed the country, and of those in which it missed the plan."""
LOCAL_OFFSET_SHARE = 0.35
"""Share of browsers' instants written with the local offset instead of Z."""
WEB_INSTANT = "%Y-%m-%dT%H:%M:%S%.3f"

APP_COLUMNS = ("event_id", "user_id", "event", "occurred_at", "received_at", "country", "plan", "device")
WEB_TEXTS = ("message_id", "type", "anonymous_id", "path", "sent_at")
WEB_COLUMNS = (*WEB_TEXTS, "visitor_id", "visitor_country", "received_at")
BILLING_BOOKING = ("entry_id", "customer", "type", "booked_at", "amount", "currency")
BILLING_COLUMNS = (*BILLING_BOOKING, "reference", "sku", "quantity", "country", "plan")


def rows_of(rng: np.random.Generator, system: System, company: Company) -> pl.DataFrame:
    """All rows a system writes, with the columns `mess` adds."""
    good = system.good_rows(rng, company)
    if system.key is None:
        return in_order(company.time, good)
    return delivered(rng, company.time, good, system.key, system.flaws)


def write_files(folder: Path, system: System, company: Company, rows: pl.DataFrame) -> None:
    """One file per month; none where it would be empty, without even a header, as if it were cut in transfer."""
    for month, path in enumerate(system.paths(company)):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if content := system.encode(rows.filter(pl.col("file") == month).select(system.columns)):
            target.write_bytes(content)


def _app_rows(rng: np.random.Generator, company: Company) -> pl.DataFrame:
    used = named(APP_EVENTS, company.app["name"].to_numpy())
    deleted = pl.repeat(ACCOUNT_DELETED, len(company.deletions), dtype=Text, eager=True)
    # The deletions come last, so that what is drawn for the other events stays the same.
    tables = ((company.app, used), (company.deletions, deleted))
    rows = pl.concat([_tracked(rng, company, table, event) for table, event in tables])
    return rows.with_columns(event_id=ids("a", len(rows)))


def _tracked(rng: np.random.Generator, company: Company, table: pl.DataFrame, event: pl.Series) -> pl.DataFrame:
    """Events as the app's tracker reports them, without the id."""
    customer, wall = (table[name].to_numpy() for name in ("customer", "wall"))
    occurred_at = instants(wall)
    return pl.DataFrame(
        {
            "user_id": customer + FIRST_USER_ID,
            "event": event,
            "occurred_at": occurred_at,
            "received_at": occurred_at + _delays(rng, len(wall)),
            "country": _sometimes_unknown(rng, countries(company, customer)),
            "plan": _sometimes_unknown(rng, plans(company, customer, wall)),
            "device": named(DEVICES, customer % len(DEVICES)),
            "wall": wall,
        }
    )


def _web_rows(rng: np.random.Generator, company: Company) -> pl.DataFrame:
    anonymous, customer, wall = (company.web[name].to_numpy() for name in ("anonymous", "customer", "wall"))
    sent_at = instants(wall)
    local = pl.Series(rng.random(len(wall)) < LOCAL_OFFSET_SHARE)
    with_offset = sent_at.dt.convert_time_zone(ZONE).dt.strftime(f"{WEB_INSTANT}%:z")
    known = pl.Series(customer != NOBODY)
    return pl.DataFrame(
        {
            "message_id": ids("w", len(wall)),
            "type": pl.repeat("page", len(wall), dtype=Text, eager=True),
            "anonymous_id": _anonymous_ids(anonymous),
            "visitor_id": pl.Series(customer + FIRST_USER_ID).zip_with(known, pl.Series([None], dtype=pl.Int64)),
            "visitor_country": countries(company, anonymous),
            "path": named(PATHS, company.web["path"].to_numpy()),
            "sent_at": with_offset.zip_with(local, sent_at.dt.strftime(f"{WEB_INSTANT}Z")),
            "received_at": sent_at + _delays(rng, len(wall)),
            "wall": wall,
        }
    )


def _billing_rows(_: np.random.Generator, company: Company) -> pl.DataFrame:
    entries = pl.concat(
        [_subscription_entries(company), _shop_entries(company, "orders"), _shop_entries(company, "refunds")]
    ).sort("wall", "customer", "reference", "sku", "quantity", "amount")
    customer, wall = entries["customer"].to_numpy(), entries["wall"].to_numpy()
    booked_at = instants(wall).dt.convert_time_zone(ZONE).dt.strftime("%Y-%m-%d %H:%M:%S")
    return entries.with_columns(
        entry_id=ids("b", len(wall)),
        customer=pl.col("customer") + FIRST_USER_ID,
        booked_at=booked_at,
        currency=pl.lit("EUR"),
        country=countries(company, customer),
        plan=plans(company, customer, wall),
    ).select(*BILLING_COLUMNS, "wall")


def _subscription_entries(company: Company) -> pl.DataFrame:
    user = pl.col("customer") + FIRST_USER_ID
    return company.subscriptions.select(
        "customer",
        "wall",
        type=named(SUBSCRIPTION_EVENTS, company.subscriptions["name"].to_numpy()),
        amount=money(pl.col("cents")),
        reference=pl.format("S-{}-{}", user, "ordinal"),
        sku=pl.lit(None, Text),
        quantity=pl.lit(None, pl.Int64),
    )


def _shop_entries(company: Company, table: str) -> pl.DataFrame:
    lines, kind = {"orders": (company.orders, "order_line"), "refunds": (company.refunds, "refund")}[table]
    return lines.select(
        "customer",
        "wall",
        type=pl.lit(kind),
        amount=money(pl.col("cents")),
        reference=pl.format("O-{}", (pl.col("order") + 1).cast(Text).str.zfill(7)),
        sku=pl.format("ATL-{}", (pl.col("sku") + 101).cast(Text)),
        quantity="quantity",
    )


def _parquet(rows: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    rows.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def _ndjson_gz(rows: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    visitor = pl.struct(id="visitor_id", country="visitor_country").alias("visitor")
    received_at = pl.col("received_at").dt.strftime(f"{WEB_INSTANT}Z")
    rows.select("message_id", "type", "anonymous_id", visitor, "path", "sent_at", received_at).write_ndjson(buffer)
    return gzip.compress(buffer.getvalue(), compresslevel=4, mtime=0)  # a time in the header would differ in each run


def _anonymous_ids(numbers: Ints) -> pl.Series:
    """Sixteen hexadecimal digits that look drawn; an odd factor keeps different numbers different (modulo 2⁶⁴)."""
    scrambled = np.arange(int(numbers.max(initial=0)) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return pl.Series([f"{number:016x}" for number in scrambled.tolist()], dtype=Text).gather(numbers)


def _sometimes_unknown(rng: np.random.Generator, values: pl.Series) -> pl.Series:
    seen = pl.Series(rng.random(len(values)) >= UNKNOWN_SHARE)
    return values.zip_with(seen, pl.Series([None], dtype=Text))


def _delays(rng: np.random.Generator, size: int) -> pl.Series:
    """Some seconds between an event and its arrival."""
    return durations((200 + rng.exponential(4_000, size)).astype(np.int64))


NOTHING = pl.lit(None)

APP = System(
    name="app",
    key="event_id",
    file_name="raw/app/app-{}.parquet",
    columns=APP_COLUMNS,
    good_rows=_app_rows,
    flaws=(
        Flaw("ignored", "Settings Viewed", {"event": pl.lit("Settings Viewed")}, share=0.020),
        Flaw("ignored", "Heartbeat", {"event": pl.lit("Heartbeat")}, share=0.030),
        Flaw("quarantined", "customer missing", {"user_id": NOTHING}),
        Flaw("quarantined", "instant missing", {"occurred_at": NOTHING}),
    ),
    encode=_parquet,
)
WEB = System(
    name="web",
    key="message_id",
    file_name="raw/web/web-{}.ndjson.gz",
    columns=WEB_COLUMNS,
    good_rows=_web_rows,
    flaws=(
        Flaw("filtered", "health check", {"path": pl.lit("/health")}, share=0.010),
        Flaw("ignored", "identify_probe", {"type": pl.lit("identify_probe")}, share=0.015),
        Flaw("quarantined", "instant not a date", {"sent_at": pl.lit("not a date")}),
        Flaw("quarantined", "nobody named", {"anonymous_id": NOTHING, "visitor_id": NOTHING}),
    ),
    encode=_ndjson_gz,
)
BILLING = System(
    name="billing",
    key="entry_id",
    file_name="raw/billing/billing-{}.csv",
    columns=BILLING_COLUMNS,
    good_rows=_billing_rows,
    flaws=(
        Flaw("ignored", "invoice_sent", {"type": pl.lit("invoice_sent")}, share=0.080),
        Flaw("quarantined", "amount not a number", {"amount": pl.lit("abc")}),
        Flaw("quarantined", "instant not a date", {"booked_at": pl.lit("2024-13-45 99:00:00")}),
        Flaw("quarantined", "customer missing", {"customer": NOTHING}),
        Flaw("quarantined", "amount negative", {"amount": pl.lit("-12.50")}),
        Flaw("quarantined", "currency not the report's", {"amount": pl.lit("49.00"), "currency": pl.lit("USD")}),
    ),
    encode=as_csv,
)
SYSTEMS: tuple[System, ...] = (APP, WEB, BILLING, SURVEYS, LEDGER, CAMPAIGNS, SPEND)
"""Each draws from a stream of its own, by position: new ones come last."""
