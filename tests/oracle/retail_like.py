"""A made-up file that looks like UCI Online Retail, so that tests of it also run where the real one is not at hand.

Here: the same columns and types, a year of invoices from one seed, and every trap of the real file: rows without
CustomerID, cancellations ("C…"), bad debt ("A…", negative price), prices of 0, exact duplicate rows, invoices with two
timestamps. Beyond it: one invoice over midnight of a month's end, one customer with two countries, and two invoices in
the hours that the change of clocks in London skips and repeats. Not here: believable figures.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

SCHEMA = {
    "InvoiceNo": pl.String(),
    "StockCode": pl.String(),
    "Description": pl.String(),
    "Quantity": pl.Int64(),
    "InvoiceDate": pl.Datetime("us"),
    "UnitPrice": pl.Float64(),
    "CustomerID": pl.Int64(),
    "Country": pl.String(),
}
wall = datetime.fromisoformat  # naive, as in the file
START, END = wall("2010-12-01T08:00"), wall("2011-12-09T13:00")
FIRST_CUSTOMER, FIRST_INVOICE = 12_346, 536_365
COUNTRIES = ("United Kingdom",) * 8 + ("France", "Germany", "EIRE")
STOCK = {f"{code}{'ABM'[code % 3]}": (code * 7 % 1300 + 19) / 100 for code in range(20000, 20060)} | {"PADS": 0.001}
SKIPPED_HOUR, REPEATED_HOUR = wall("2011-03-27T01:30"), wall("2011-10-30T01:30")
MONTHS_END = wall("2011-01-31T23:59")

Row = tuple[str, str, str, int, datetime, float, int | None, str]


def write(path: Path, seed: int = 1, customers: int = 300, invoices: int = 2_500) -> Path:
    """Write the Parquet file; the same arguments, the same rows."""
    rng = random.Random(seed)
    rows = [row for number in range(invoices) for row in _invoice(rng, FIRST_INVOICE + number, customers)]
    rows += _special_cases()
    rows += rng.sample(rows, len(rows) // 100)  # exact duplicates
    rng.shuffle(rows)
    pl.DataFrame(rows, SCHEMA, orient="row").write_parquet(path)
    return path


def _invoice(rng: random.Random, number: int, customers: int) -> Iterator[Row]:
    """The lines of one invoice, and sometimes of its cancellation some days later."""
    at = START + (END - START) * rng.random()
    at = at.replace(second=0, microsecond=0, hour=rng.randint(6, 20))
    # Squaring makes some customers come often and many once.
    customer = None if rng.random() < 0.2 else FIRST_CUSTOMER + int(customers * rng.random() ** 2)
    country = COUNTRIES[(customer or 0) % len(COUNTRIES)]
    two_timestamps = rng.random() < 0.02
    for line in range(rng.randint(1, 6)):
        stock_code = rng.choice(list(STOCK))
        quantity = rng.choice((1, 1, 2, 3, 6, 12, 48))
        price = 0.0 if rng.random() < 0.01 else STOCK[stock_code]
        line_at = at + timedelta(minutes=1) if two_timestamps and line else at
        yield f"{number}", stock_code, f"ITEM {stock_code}", quantity, line_at, price, customer, country
        if rng.random() < 0.03:
            back_at = min(at + timedelta(days=rng.randint(0, 40)), END)
            back = -rng.randint(1, quantity)
            yield f"C{number}", stock_code, f"ITEM {stock_code}", back, back_at, price, customer, country


def _special_cases() -> list[Row]:
    item = ("PADS", "PADS TO MATCH ALL CUSHIONS")
    midnight, moved = FIRST_CUSTOMER + 1, FIRST_CUSTOMER + 2
    next_month = MONTHS_END + timedelta(minutes=2)
    return [
        ("A563185", "B", "Adjust bad debt", 1, wall("2011-08-12T14:50"), 11062.06, None, "United Kingdom"),
        ("A563186", "B", "Adjust bad debt", 1, wall("2011-08-12T14:51"), -11062.06, None, "United Kingdom"),
        ("590001", *item, 10, MONTHS_END, 0.001, midnight, "France"),
        ("590001", *item, 20, next_month, 0.001, midnight, "France"),
        ("590002", *item, 30, wall("2011-05-05T12:00"), 0.001, moved, "Germany"),
        ("590003", *item, 40, wall("2011-06-06T12:00"), 0.001, moved, "EIRE"),
        ("590004", *item, 50, SKIPPED_HOUR, 0.001, moved, "EIRE"),
        ("590005", *item, 60, REPEATED_HOUR, 0.001, moved, "EIRE"),
    ]
