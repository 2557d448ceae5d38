"""The oracle's reading of the demo's raw files: instants, days, and where each row ends."""

from datetime import date, datetime
from pathlib import Path

from . import demo, kernel
from .worlds import ADA, BOB, OPENED, answer, app, booking, campaign, entry, numbers, page, raw, spend

wall = datetime.fromisoformat


def test_day_and_month_are_those_of_paris(tmp_path: Path) -> None:
    rows = [app(ADA, OPENED, "2024-01-31T22:59:59"), app(ADA, OPENED, "2024-01-31T23:00")]
    figures = demo.figures(raw(tmp_path, rows), "2024-01", "2024-02")
    assert numbers(figures, "mau", "2024-01") == numbers(figures, "mau", "2024-02") == (1, None, 1)
    assert numbers(figures, "wau", "2024-01") == (1, None, 1)
    assert numbers(figures, "wau", "2024-02") == (0, None, 0)
    assert numbers(figures, "dau", "2024-02") == (1, 29, 1 / 29)
    assert numbers(figures, "stickiness", "2024-02") == (1, 29, 1 / 29)


def test_billing_times_that_clocks_skip_or_repeat(tmp_path: Path) -> None:
    entries = [
        entry(ADA, "order_line", "2024-03-31 02:30:00"),  # skipped: 03:30, 01:30 UTC
        entry(BOB, "order_line", "2024-10-27 02:30:00"),  # repeated: the first, 00:30 UTC
    ]
    with demo.events(raw(tmp_path, (), (), entries)) as con:
        found = con.execute("SELECT customer_id, occurred_at FROM event ORDER BY ALL").fetchall()
    assert found == [("1", wall("2024-03-31T01:30")), ("2", wall("2024-10-27T00:30"))]


def test_every_row_ends_in_one_place(tmp_path: Path) -> None:
    rows = [
        app(ADA, OPENED, "2024-01-10T10:00", event_id="a1", received_at="2024-01-12T00:00", plan="late copy"),
        app(ADA, OPENED, "2024-01-10T10:00", event_id="a1", received_at="2024-01-11T00:00", plan="first copy"),
        app(ADA, OPENED, "2024-01-10T10:00", event_id="a1"),
        app(ADA, OPENED, "2024-02-10T10:00", event_id="a1"),  # another month: not recognised
        app(ADA, OPENED, "2024-01-10T10:00"),
        app(ADA, OPENED, "2024-01-10T10:00"),  # no event_id: no duplicate
        app(None, "Heartbeat", None),
        app(None, OPENED, "2024-01-10T10:00"),
        app(ADA, OPENED, None),
    ]
    pages = [
        page("x", None, "2024-01-10T10:00:00.000Z", "/health", type="identify_probe"),
        page("x", None, "not a date", type="identify_probe"),
        page("x", None, "not a date"),
        page(" ", None, "2024-01-10T10:00:00.000Z"),
        page("x", None, "2024-01-10T10:00:00.000Z"),
    ]
    entries = [
        entry(ADA, "invoice_sent", "2024-01-10 10:00:00", amount="abc"),
        entry(ADA, "order_line", "2024-01-10 10:00:00", amount="abc"),
        entry(ADA, "order_line", "2024-13-45 99:00:00", amount="1.00"),
        entry(ADA, "order_line", "2024-01-10 10:00:00", amount="-1.00"),
        entry(ADA, "order_line", "2024-01-10 10:00:00", quantity=-1),
        entry(ADA, "order_line", "2024-01-10 10:00:00", amount="1.00") | {"currency": "USD"},
        entry(ADA, "order_line", "2024-01-10 10:00:00", amount="1.00"),
    ]
    answers = [
        answer(ADA, "nps", "05/01/2024", "9", answer_id="s1"),
        answer(ADA, "nps", "05/01/2024", "9", answer_id="s1"),
        answer(ADA, "nps", "05/01/2024", "11"),  # "don't know" is accepted, without a score
        answer(ADA, "csat", "05/01/2024", "11"),
        answer(ADA, "csat", "05/01/2024", "0"),
        answer(ADA, "csat", "01/31/2024", "5"),
        answer(ADA, "nps", "05/01/2024", "n/a"),
        answer(ADA, "ces", "05/01/2024", "5"),  # no kind of ours
    ]
    bookings = [
        booking(ADA, "invoice", "2024-01-05", "1.00"),
        booking(ADA, "payment", "2024-01-05", "-1.00"),
        booking(None, "invoice", "2024-01-05", "1.00"),
    ]
    targets = [campaign(ADA, "2024-01-05T10:00:00Z"), campaign(None, "2024-01-05T10:00:00Z")]
    costs = [spend("2024-01-05", "1.00"), spend("2024-01-05", "1.00"), spend("2024-01-05", "much")]
    world = raw(tmp_path, rows, pages, entries, surveys=answers, ledger=bookings, campaigns=targets, spending=costs)
    with demo.events(world) as con:
        accounting = demo.rows(con)
        assert numbers(kernel.figures(con, "2024-01", "2024-01"), "mau", "2024-01", "plan", "first copy")[2] == 1
    assert accounting.columns == ["source", "read", "accepted", "duplicate", "filtered", "ignored", "quarantined"]
    assert accounting.rows() == [
        ("app", 9, 4, 2, 0, 1, 2),
        ("billing", 7, 1, 0, 0, 1, 5),
        ("campaigns", 2, 1, 0, 0, 0, 1),
        ("ledger", 3, 1, 0, 0, 0, 2),
        ("spend", 3, 2, 0, 0, 0, 1),
        ("surveys", 8, 2, 1, 0, 0, 5),
        ("web", 5, 1, 0, 1, 1, 2),
    ]


def test_days_without_a_time_begin_in_paris(tmp_path: Path) -> None:
    world = raw(
        tmp_path,
        surveys=[answer(ADA, "nps", "01/07/2024", "9")],
        ledger=[booking(ADA, "invoice", "2024-01-05", "1.00")],
        spending=[spend("2024-03-31", "1.00")],
    )
    with demo.events(world) as con:
        found = con.execute("SELECT kind, occurred_at, month FROM event ORDER BY ALL").fetchall()
    assert found == [
        ("invoice", wall("2024-01-04T23:00"), date(2024, 1, 1)),
        ("nps", wall("2024-06-30T22:00"), date(2024, 7, 1)),
        ("spend", wall("2024-03-30T23:00"), date(2024, 3, 1)),
    ]
