"""The simulated company: the same seed gives the same bytes, and the files hold what the truth says they hold.

The files are read back with the standard library and plain Polars, row by row, never with the pipeline.
"""

import csv
import gzip
import hashlib
import json
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from tasks.demo import Truth, simulate
from tasks.demo.timeline import HOUR, instants, timeline, times_of_day

PARIS = ZoneInfo("Europe/Paris")
CONFIG = Path(__file__).parents[2] / "config" / "lifecycle.toml"
APP_KINDS = {
    "Account Created": "signup",
    "App Opened": "use",
    "Report Created": "use",
    "File Uploaded": "use",
    "Dashboard Shared": "use",
    "Account Deleted": "deactivate",
}
BILLING_KINDS = {
    "subscription_created": "subscribe",
    "plan_changed": "change",
    "subscription_cancelled": "cancel",
    "order_line": "purchase",
    "refund": "return",
}
NO_INSTANT = datetime(1, 1, 1, tzinfo=UTC)
PAYING = {"subscribe", "change", "cancel"}
ACTIVITY = {"visit", "signup", "use", "purchase"}


@dataclass(frozen=True)
class Row:
    """A row of any file, judged: a canonical event, or the reason why it is none."""

    source: str
    file: str
    outcome: str
    event_id: str
    kind: str = ""
    customer: int | None = None
    anonymous: str | None = None
    at: datetime = NO_INSTANT
    name: str = ""
    reference: str = ""
    amount: Decimal = Decimal(0)
    quantity: int = 0
    score: int | None = None
    plan: str = ""
    country: str = ""

    @property
    def month(self) -> str:
        return f"{self.at:%Y-%m}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("atelier")


@pytest.fixture(scope="module")
def truth(folder: Path) -> Truth:
    return simulate(folder, seed=7, customers=1_500, months=4)


@pytest.fixture(scope="module")
def rows(folder: Path, truth: Truth) -> list[Row]:
    """Every row of every file, duplicates marked: of equal ids in a month the first received counts."""
    judged = [
        row
        for source, read in READERS.items()
        for month, file in truth.files[source].items()
        for row in read(folder / file.path, month)
    ]
    seen: set[tuple[str, str, str]] = set()
    result = []
    for row in judged:
        key = (row.source, row.event_id, row.month)
        duplicate = row.outcome == "accepted" and key in seen
        result.append(Row(**{**row.__dict__, "outcome": "duplicate"}) if duplicate else row)
        if row.outcome == "accepted":
            seen.add(key)
    return result


def _app(path: Path, month: str) -> Iterator[Row]:
    for line in pl.read_parquet(path).to_dicts():
        kind = APP_KINDS.get(line["event"])
        broken = line["user_id"] is None or line["occurred_at"] is None
        outcome = "ignored" if kind is None else "quarantined" if broken else "accepted"
        if outcome != "accepted":
            yield Row("app", month, outcome, line["event_id"])
            continue
        at = line["occurred_at"].astimezone(PARIS)
        yield Row("app", month, outcome, line["event_id"], kind or "", line["user_id"], at=at, name=line["event"])


def _web(path: Path, month: str) -> Iterator[Row]:
    for line in map(json.loads, gzip.decompress(path.read_bytes()).splitlines()):
        customer, anonymous = line["visitor"]["id"], line["anonymous_id"]
        if line["path"] == "/health":
            yield Row("web", month, "filtered", line["message_id"])
        elif line["type"] != "page":
            yield Row("web", month, "ignored", line["message_id"])
        elif line["sent_at"] == "not a date" or (customer is None and anonymous is None):
            yield Row("web", month, "quarantined", line["message_id"])
        else:
            at = datetime.fromisoformat(line["sent_at"]).astimezone(PARIS)
            yield Row("web", month, "accepted", line["message_id"], "visit", customer, anonymous, at)


def _billing(path: Path, month: str) -> Iterator[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            kind = BILLING_KINDS.get(line["type"])
            amount = line["amount"].removesuffix(".").replace(".", "", 1)
            broken = (
                not line["customer"]
                or line["booked_at"] == "2024-13-45 99:00:00"
                or (line["amount"] != "" and not amount.isdigit())
                or line["currency"] != "EUR"
            )
            outcome = "ignored" if kind is None else "quarantined" if broken else "accepted"
            if outcome != "accepted":
                yield Row("billing", month, outcome, line["entry_id"])
                continue
            yield Row(
                source="billing",
                file=month,
                outcome=outcome,
                event_id=line["entry_id"],
                kind=kind or "",
                customer=int(line["customer"]),
                at=datetime.fromisoformat(line["booked_at"]).replace(tzinfo=PARIS),
                reference=line["reference"],
                amount=Decimal(line["amount"] or 0),
                quantity=int(line["quantity"] or 0),
            )


def _surveys(path: Path, month: str) -> Iterator[Row]:
    for line in _lines(path):
        outcome = "accepted" if line["answer "].isdigit() else "quarantined"
        yield Row(
            source="surveys",
            file=month,
            outcome=outcome,
            event_id=line["answer_id"],
            kind=line["question"],
            customer=int(line["customer"]),
            at=datetime.strptime(line["answered_on"], "%d/%m/%Y").replace(tzinfo=PARIS),
            score=None if outcome != "accepted" or line["answer "] == "11" else int(line["answer "]),
            plan=line["plan"],
        )


def _ledger(path: Path, month: str) -> Iterator[Row]:
    for line in _lines(path):
        yield Row(
            source="ledger",
            file=month,
            outcome="accepted",
            event_id=line["entry_id"],
            kind=line["type"],
            customer=int(line["customer"]),
            at=datetime.fromisoformat(line["booked_on"]).replace(tzinfo=PARIS),
            reference=line["invoice"],
            amount=Decimal(line["amount"]),
            plan=line["plan"],
        )


def _campaigns(path: Path, month: str) -> Iterator[Row]:
    for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        at = datetime.fromisoformat(line["sent_at"]).astimezone(PARIS)
        yield Row("campaigns", month, "accepted", line["id"], "target", line["user"], at=at, name=line["campaign"])


def _spend(path: Path, month: str) -> Iterator[Row]:
    for line in _lines(path):
        yield Row(
            source="spend",
            file=month,
            outcome="accepted",
            event_id="/".join((line["day"], line["channel"], line["country"])),
            kind="spend",
            at=datetime.fromisoformat(line["day"]).replace(tzinfo=PARIS),
            name=line["channel"],
            amount=Decimal(line["amount"]),
            country=line["country"],
        )


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


READERS = {
    "app": _app,
    "web": _web,
    "billing": _billing,
    "surveys": _surveys,
    "ledger": _ledger,
    "campaigns": _campaigns,
    "spend": _spend,
}


def _events(rows: list[Row], *kinds: str) -> list[Row]:
    return [row for row in rows if row.outcome == "accepted" and row.kind in kinds]


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_same_seed_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        simulate(tmp_path / name, seed=seed, customers=300, months=3)
    first, again, other = (_digests(tmp_path / name) for name in ("first", "again", "other"))
    assert len(first) == len(READERS) * 3 + 1
    assert first == again
    # So few customers have hardly any invoices, and ledgers without entries are equal.
    assert not [name for name in first if first[name] == other[name] and "ledger" not in name]


def test_one_month_with_hardly_anyone_works(tmp_path: Path) -> None:
    truth = simulate(tmp_path, customers=3, months=1)
    assert truth.months["2024-01"].signups == 3
    assert all(path.stat().st_size for path in tmp_path.rglob("*.*"))


def test_progress_is_told_and_truth_written(tmp_path: Path) -> None:
    told: list[str] = []
    truth = simulate(tmp_path, customers=50, months=2, on_progress=told.append)
    assert told
    assert json.loads((tmp_path / "truth.json").read_text(encoding="utf-8")) == json.loads(json.dumps(asdict(truth)))


def test_every_row_of_every_file_has_the_outcome_the_truth_counts(rows: list[Row], truth: Truth) -> None:
    found = Counter((row.source, row.file, row.outcome) for row in rows)
    for source, files in truth.files.items():
        for month, counts in files.items():
            parts = {
                outcome: getattr(counts, outcome)
                for outcome in ("accepted", "duplicate", "filtered", "ignored", "quarantined")
            }
            assert parts == {outcome: found[source, month, outcome] for outcome in parts}, (source, month)
            assert counts.read == sum(parts.values())
    assert truth.events == sum(row.outcome == "accepted" for row in rows)


def test_duplicates_are_counted_by_month_of_the_instant(rows: list[Row], truth: Truth) -> None:
    found = Counter((row.source, row.month) for row in rows if row.outcome == "duplicate")
    assert {
        (source, month): n for source, months in truth.duplicates.items() for month, n in months.items() if n
    } == found


def test_late_events_are_in_the_file_of_a_later_month(rows: list[Row], truth: Truth) -> None:
    late = Counter((row.source, row.file) for row in rows if row.outcome == "accepted" and row.file != row.month)
    assert late == {
        (source, month): n.late for source, files in truth.files.items() for month, n in files.items() if n.late
    }
    assert sum(late.values()) > 10
    assert all(row.file >= row.month for row in rows if row.outcome == "accepted")


def test_broken_rows_are_few_in_every_file(truth: Truth) -> None:
    for files in truth.files.values():
        assert all(counts.quarantined <= 0.005 * counts.read for counts in files.values())
        assert all(counts.late + counts.duplicate < 0.1 * counts.read for counts in files.values() if counts.read > 200)
    for source in ("app", "web"):
        assert all(counts.quarantined > 0 for counts in truth.files[source].values())


def test_signups_orders_and_subscriptions_are_in_the_files(rows: list[Row], truth: Truth) -> None:
    orders = {(row.month, row.reference) for row in _events(rows, "purchase")}
    by_kind = Counter((row.kind, row.month) for row in _events(rows, "signup", "subscribe", "cancel"))
    for name, month in truth.months.items():
        bought = [row for row in _events(rows, "purchase") if row.month == name]
        assert month.signups == by_kind["signup", name]
        assert month.new_subscriptions == by_kind["subscribe", name]
        assert month.cancelled_subscriptions == by_kind["cancel", name]
        assert month.orders == sum(order_month == name for order_month, _ in orders)
        assert Decimal(month.revenue) == sum(row.amount for row in bought)
        assert month.sold_units == sum(row.quantity for row in bought)
        assert month.returned_units == sum(row.quantity for row in _events(rows, "return") if row.month == name)


def test_activity_and_churn_are_in_the_files(rows: list[Row], truth: Truth) -> None:
    days = {(row.at.date(), row.customer) for row in _events(rows, *ACTIVITY) if row.customer is not None}
    before: set[int] = set()
    for name, month in truth.months.items():
        active = {customer for day, customer in days if f"{day:%Y-%m}" == name}
        assert month.mau == len(active)
        assert month.active_customer_days == sum(f"{day:%Y-%m}" == name for day, _ in days)
        assert (month.base_at_start, month.churned) == (len(before), len(before - active))
        before = active


def test_visitors_are_customers_once_linked(rows: list[Row], truth: Truth) -> None:
    visits = sorted(_events(rows, "visit"), key=lambda row: row.at)
    for name, month in truth.months.items():
        links: dict[str | None, int] = {}
        for row in visits:
            if row.customer is not None and row.month <= name:
                links.setdefault(row.anonymous, row.customer)
        seen = {row.customer or links.get(row.anonymous, row.anonymous) for row in visits if row.month == name}
        assert month.visitors == len(seen)


def test_activation_is_in_the_files(rows: list[Row], truth: Truth) -> None:
    signups = {row.customer: row.at.replace(tzinfo=None) for row in _events(rows, "signup")}
    reports: dict[int | None, list[datetime]] = {}
    for row in rows:
        if row.outcome == "accepted" and row.name == "Report Created":
            reports.setdefault(row.customer, []).append(row.at.replace(tzinfo=None))
    activated = {customer: sorted(at)[2] for customer, at in reports.items() if len(at) >= 3}
    for row in _events(rows, "purchase"):
        at = row.at.replace(tzinfo=None)
        activated[row.customer] = min(at, activated.get(row.customer, at))
    window = timedelta(days=14)
    done = {who: at for who, at in activated.items() if at < signups[who] + window}
    for name, month in truth.months.items():
        new = [who for who, at in signups.items() if f"{at:%Y-%m}" == name]
        closed = [who for who, at in signups.items() if f"{at + window:%Y-%m}" == name]
        assert month.activated_by_month_end == sum(who in done and f"{done[who]:%Y-%m}" == name for who in new)
        assert (month.window_closed, month.window_activated) == (len(closed), sum(who in done for who in closed))


def _last_scores(rows: list[Row], kind: str, month: str) -> dict[int | None, int]:
    """By customer."""
    scores = [(row.at, row.score, row.customer) for row in _events(rows, kind) if row.score is not None]
    return {customer: score for at, score, customer in sorted(scores) if f"{at:%Y-%m}" == month}


def test_last_answers_are_in_the_files(rows: list[Row], truth: Truth) -> None:
    for name, month in truth.months.items():
        nps, csat = (list(_last_scores(rows, kind, name).values()) for kind in ("nps", "csat"))
        assert month.nps_answers == len(nps) > 0
        assert month.nps_promoters == sum(score >= 9 for score in nps)
        assert month.nps_detractors == sum(score <= 6 for score in nps)
        assert (month.csat_answers, month.csat_satisfied) == (len(csat), sum(score >= 4 for score in csat))


def test_answers_have_what_makes_them_hard_to_count(rows: list[Row]) -> None:
    answers = _events(rows, "nps", "csat")
    per_month = Counter((row.customer, row.month) for row in answers if row.kind == "nps")
    clueless = Counter(row.kind for row in answers if row.score is None)
    assert max(per_month.values()) == 2
    assert set(clueless) == {"nps"}
    assert 0.01 < clueless["nps"] / per_month.total() < 0.10
    assert all(1 <= row.score <= 5 for row in answers if row.kind == "csat" and row.score is not None)


def test_invoices_and_payments_are_in_the_files(rows: list[Row], truth: Truth) -> None:
    entries = _events(rows, "invoice", "payment")
    for name, month in truth.months.items():
        invoiced = sum(row.amount for row in entries if row.kind == "invoice" and row.month == name)
        signed = (row.amount if row.kind == "invoice" else -row.amount for row in entries if row.month <= name)
        assert Decimal(month.invoiced) == invoiced
        assert Decimal(month.receivable_at_end) == sum(signed)


def test_an_invoice_goes_to_a_business_customer_and_is_paid_once_at_most(rows: list[Row]) -> None:
    invoices = {row.reference: row for row in _events(rows, "invoice")}
    payments = _events(rows, "payment")
    assert len(invoices) == len(_events(rows, "invoice"))
    assert {(row.plan, row.amount) for row in invoices.values()} == {("business", Decimal("129.00"))}
    assert max(Counter((row.customer, row.month) for row in invoices.values()).values()) == 1
    assert len({row.reference for row in payments}) == len(payments) > 5
    for row in payments:
        assert row.customer == invoices[row.reference].customer
        assert 10 <= (row.at.date() - invoices[row.reference].at.date()).days <= 50


def test_campaigns_are_in_the_files(rows: list[Row], truth: Truth) -> None:
    signups = {row.customer: row.at for row in _events(rows, "signup")}
    for name, month in truth.months.items():
        sent = [row for row in _events(rows, "target") if row.month == name]
        assert {row.name for row in sent} == {f"first-steps-{name}"}
        assert month.targeted == len({row.customer for row in sent}) > 0
        assert all(timedelta(0) < row.at - signups[row.customer] < timedelta(days=10, hours=2) for row in sent)


def test_most_of_those_addressed_have_not_activated_and_some_do_then(truth: Truth) -> None:
    months = list(truth.months.values())
    targeted, waiting, activated = (
        sum(getattr(month, name) for month in months)
        for name in ("targeted", "targeted_not_activated", "activated_after_target")
    )
    assert 0.6 < waiting / targeted < 1
    assert 0.05 < activated / waiting < 0.50


def test_spend_is_a_row_a_day_channel_and_country(rows: list[Row], truth: Truth) -> None:
    spent = _events(rows, "spend")
    for name, month in truth.months.items():
        assert Decimal(month.spend) == sum(row.amount for row in spent if row.month == name)
    keys = {(row.at.date(), row.name, row.country) for row in spent}
    days, channels, countries = (set(values) for values in zip(*keys, strict=True))
    assert len(spent) == len(keys) == len(days) * len(channels) * len(countries)
    assert len(days) == 31 + 29 + 31 + 30
    assert countries == {"FR", "DE", "ES", "GB", "BE", ""}


def test_who_deletes_the_account_is_gone_for_good(rows: list[Row], truth: Truth) -> None:
    deleted = {row.customer: row.at for row in _events(rows, "deactivate")}
    assert Counter(f"{at:%Y-%m}" for at in deleted.values()) == Counter(
        {name: month.deactivated for name, month in truth.months.items()}
    )
    assert len(deleted) == len(_events(rows, "deactivate")) > 0
    doing = _events(rows, *ACTIVITY, "subscribe", "change", "cancel", "nps", "csat", "target")
    assert not [row for row in doing if row.at >= deleted.get(row.customer, row.at + timedelta(1))]
    paying = {row.customer: row.kind for row in sorted(doing, key=lambda row: row.at) if row.kind in PAYING}
    assert not [customer for customer in deleted if paying.get(customer, "cancel") != "cancel"]


def test_nobody_does_anything_before_signing_up(rows: list[Row]) -> None:
    signups = {row.customer: row.at for row in _events(rows, "signup")}
    # Billing knows whole seconds only.
    early = [row for row in rows if row.customer is not None and row.at + timedelta(seconds=1) <= signups[row.customer]]
    assert not early


def test_figures_are_believable(truth: Truth) -> None:
    for month in list(truth.months.values())[1:]:
        assert 0.25 < month.activated_by_month_end / month.signups < 0.65
        assert 0.03 < month.churned / month.base_at_start < 0.20
        assert 0.06 < month.signups / month.visitors < 0.25
        assert 0.10 < month.active_customer_days / 30 / month.mau < 0.35
        assert month.orders > 0


def test_clock_changes_neither_skip_nor_repeat_a_wall_time() -> None:
    time_of_day = times_of_day(np.random.default_rng(0), 20_000)
    assert not ((time_of_day >= 1.25 * HOUR) & (time_of_day < 4 * HOUR)).any()
    # 31 March 2024 01:15 and 04:00 in Paris are 1 h 45 min apart.
    first, last = instants(np.array([90 * 24 * HOUR + HOUR * 5 // 4, 90 * 24 * HOUR + 4 * HOUR])).to_list()
    assert (first, last - first) == (datetime(2024, 3, 31, 0, 15, tzinfo=UTC), timedelta(hours=1, minutes=45))


def test_no_event_is_in_the_hour_the_clocks_change(rows: list[Row]) -> None:
    assert not [row for row in rows if row.outcome == "accepted" and row.at.hour == 2]


def test_timeline_knows_its_months() -> None:
    time = timeline(14)
    assert (time.names[0], time.names[-1], time.first_days[1], time.first_days[12]) == ("2024-01", "2025-02", 31, 366)


def test_example_config_maps_columns_that_the_files_have(folder: Path, truth: Truth) -> None:
    config = tomllib.loads(CONFIG.read_text(encoding="utf-8"))
    frames = {
        "app": pl.scan_parquet(folder / truth.files["app"]["2024-01"].path),
        "web": pl.scan_ndjson(folder / truth.files["web"]["2024-01"].path),
        "billing": pl.scan_csv(folder / truth.files["billing"]["2024-01"].path, infer_schema=False),
    }
    frames |= {
        "surveys": pl.scan_csv(folder / truth.files["surveys"]["2024-01"].path, infer_schema=False),
        "ledger": pl.scan_csv(folder / truth.files["ledger"]["2024-04"].path, infer_schema=False),
        "campaigns": pl.scan_ndjson(folder / truth.files["campaigns"]["2024-01"].path),
        "spend": pl.scan_csv(folder / truth.files["spend"]["2024-01"].path, infer_schema=False),
    }
    assert {source["name"] for source in config["sources"]} == set(frames)
    for source in config["sources"]:
        columns = [pl.sql_expr(text).alias(name) for name, text in source["columns"].items()]
        kept = frames[source["name"]].filter(pl.sql_expr(source.get("where", "true")))
        assert kept.select(columns).collect().height > 0
    assert {"store", "periods", "segments", "activation", "activity", "churn", "validation", "report"} <= set(config)
