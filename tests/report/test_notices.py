"""What is worth a message, and how it reads."""

import pytest

from config.errors import InputError, PeriodsError, StoreError
from config.models import NoticeKind
from schemas.snapshots import Snapshot
from tasks.report.notices import LONGEST_TITLE, Notice, failed, published
from tests.report.companies import COMPANIES, DRIFT, HOSTILE, PRESENTATION, company, hostile, saas

ALL: tuple[NoticeKind, ...] = ("failure", "publication", "restatement", "alert")
NARROW = "\u202f"


def told(*revisions: list[Snapshot], on: tuple[NoticeKind, ...] = ALL) -> Notice | None:
    return published(revisions, on, ("en", "fr"), PRESENTATION)


def body(*revisions: list[Snapshot], on: tuple[NoticeKind, ...] = ALL) -> str:
    notice = told(*revisions, on=on)
    assert notice is not None
    return notice.body


def test_publication_tells_period_revision_and_headline_figures_in_both_languages() -> None:
    notice = told(company()[-2:], on=("publication",))
    assert notice is not None
    assert notice.title == "lifecycle: January 2025 published / janvier 2025 publié"
    assert notice.tone == "success"
    english, french = notice.body.split("\n\n———\n\n")
    assert english.startswith(
        "January 2025 is published (revision 1).\nHeadline figures, Jan\xa02025:\n• Visitors: 53,574 ("
    )
    assert "• Churn rate: 5.4% (+0.4 pt vs Dec\xa02024)" in english
    assert french.startswith("Janvier 2025 est publié (révision 1).\n")
    assert f"• Chiffre d’affaires : 587{NARROW}005\xa0€ (+2,4{NARROW}% vs déc.\xa02024)" in french.replace(
        f"{NARROW}:", " :"
    )
    assert english.count("•") == french.count("•") == 8


def test_first_language_comes_first_and_alone_if_the_title_grows_long() -> None:
    snapshots = company()
    history = [snapshots[max(0, place - 1) : place + 1] for place in range(13)]
    notice = published([*history, saas()[-2:]], ALL, ("fr", "en"), PRESENTATION)
    assert notice is not None
    assert notice.title.startswith(
        "lifecycle: 13 périodes publiées (janv.\xa02024 – janv.\xa02025), janvier 2025 révisé, "
    )
    assert "restated" not in notice.title
    assert notice.body.index("Indicateurs clés") < notice.body.index("Headline figures")


def test_sudden_changes_in_the_data_are_pointed_at() -> None:
    said = body(saas(drift=DRIFT)[-2:], on=("restatement",))
    assert "Sudden changes in the data (Jan\xa02025): see Data quality in the report." in said
    assert "Changements soudains dans les données (janv.\xa02025)" in said
    assert "Sudden" not in body(company()[-2:], on=("publication",))


def test_backfill_is_one_message_with_the_figures_of_its_last_period() -> None:
    snapshots = company()
    said = body(*[snapshots[max(0, place - 1) : place + 1] for place in range(13)], on=("publication",))
    assert "13 periods are published (Jan\xa02024 – Jan\xa02025).\nHeadline figures, Jan\xa02025:" in said
    assert said.count("•") == 16


def test_restatement_tells_how_much_why_and_the_biggest_changes_first() -> None:
    said = body(saas()[-2:], on=("restatement",)).split("\n\n———\n\n")[0]
    assert said.split("\n") == [
        "January 2025 is restated (revision 2): 3 figures changed.",
        "Why: file added: app/app-2025-01-late.parquet; config key activation.within changed",
        "• Churn rate: 5.6% → 5.5%",  # by 1.6 %
        "• Revenue: €561,020 → €569,385",  # by 1.5 %
        "• Active customers (MAU): 12,011 → 12,123",  # by 0.9 %
    ]


def test_changes_of_segments_are_counted_but_not_shown() -> None:
    figures = [
        {"kpi": "nps", "segment": "all", "level": "all", "old": -2.0, "new": 0.5},
        {"kpi": "revenue", "segment": "all", "level": "all", "old": 100.0, "new": 101.0},
        {"kpi": "csat", "segment": "all", "level": "all", "old": None, "new": 0.5},
        {"kpi": "orders", "segment": "all", "level": "all", "old": 0.0, "new": 3.0},
        {"kpi": "mau", "segment": "country", "level": "France", "old": 1.0, "new": 2.0},
    ]
    changed = {"from_revision": 1, "because": [{"cause": "earlier", "name": ""}], "figures": figures}
    said = body(saas(changed=changed)[-2:], on=("restatement",)).split("\n\n———\n\n")[0]
    assert "5 figures changed" in said
    assert "France" not in said
    assert [line.split(":")[0] for line in said.split("\n")[2:]] == [
        "• Orders",  # from nothing
        "• Net promoter score (NPS)",  # by 2.5 points
        "• Revenue",  # by 1 %
    ]


def test_restatement_of_other_tables_alone_says_so() -> None:
    changed = {"from_revision": 1, "because": [{"cause": "step", "name": "cohorts"}], "figures": []}
    said = body(saas(changed=changed)[-2:], on=("restatement",))
    assert "January 2025 is restated (revision 2): no figure changed, but other tables did." in said


def test_alert_tells_value_and_threshold_and_the_periods_before() -> None:
    snapshots = company()
    history = [snapshots[max(0, place - 1) : place + 1] for place in range(13)]
    notice = told(*history, on=("alert",))
    assert notice is not None
    assert notice.tone == "warning"
    assert notice.title.startswith("lifecycle: 1 alert (")
    [english, _] = notice.body.split("\n\n———\n\n")
    assert english.startswith("Alert (Jan\xa02025). Churn rate: 5.4% (5.0–5.9%), above the alert threshold of 4.5%.")
    assert english.count("\n") == 0
    assert "In alert before: Dec\xa02024, Nov\xa02024" in english


@pytest.mark.parametrize("on", [(), ("failure",), ("failure", "restatement")])
def test_what_nobody_asked_for_is_not_told(on: tuple[NoticeKind, ...]) -> None:
    assert told(company()[-2:], on=on) is None


def test_failure_is_told_with_the_first_line_of_our_own_error() -> None:
    error = InputError("source 'app', file a.csv: has no header.\n  - row 3: 'ann-7'")
    notice = failed("monthly 2025-06", error, ALL, ("en", "fr"))
    assert notice is not None
    assert notice.title == "lifecycle: monthly 2025-06 failed / échec de monthly 2025-06"
    assert notice.body.startswith("source 'app', file a.csv: has no header.\n\nMonthly 2025-06 failed.")
    assert "a échoué" in notice.body
    assert "ann-7" not in notice.body


def test_of_an_unexpected_error_only_the_type_is_told() -> None:
    notice = failed("monthly 2025-06", ValueError("customer ann-7"), ALL, ("en", "fr"))
    assert notice is not None
    assert "Unexpected error (ValueError): see the run’s log." in notice.body
    assert "ann-7" not in notice.title + notice.body


def test_periods_that_failed_are_named_with_their_reasons() -> None:
    broken = {"2025-03": StoreError("The disk is full.\nAnd more."), "2025-05": ValueError("customer ann-7")}
    notice = failed("backfill 2025-01 to 2025-06", PeriodsError([1, 2, 3, 4], broken), ALL, ("fr",))
    assert notice is not None
    assert notice.body.split("\n\n")[0].split("\n") == [
        "4 of 6 periods are published. Failed:",
        "• 2025-03: The disk is full.",
        "• 2025-05: failed unexpectedly (ValueError). Running again is safe.",
    ]


def test_failure_is_not_told_to_who_does_not_ask() -> None:
    asked: tuple[NoticeKind, ...] = ("publication", "restatement", "alert")
    assert failed("monthly 2025-06", ValueError(), asked, ("en",)) is None


@pytest.mark.parametrize("name", COMPANIES)
def test_every_company_can_be_told_about_in_a_short_title(name: str) -> None:
    notice = told(COMPANIES[name]()[-2:])
    assert notice is not None
    assert len(notice.title) <= LONGEST_TITLE
    assert "\n" not in notice.title
    assert not {"{", "None", "nan"} & set(notice.body.split())


def test_names_from_outside_call_nobody_and_link_nowhere() -> None:
    names = ["<!channel>", "<@U024BE7LH>", "@everyone", "[win](https://evil.example)", "!here>", *HOSTILE]
    error = InputError(" ".join(names[:5]))
    reasons = [[{"cause": "file_added", "name": name} for name in names[place : place + 3]] for place in (0, 3, 6, 9)]
    notices = [failed("monthly 2025-06\n@all", error, ALL, ("en", "fr"))]
    for because in reasons:
        changed = {"from_revision": 1, "because": because, "figures": []}
        *_, before, last = hostile()
        last.manifest["changed"] = changed  # type: ignore[index]
        notices.append(told([before, last]))
    for notice in notices:
        assert notice is not None
        said = notice.title + notice.body
        assert not {"<", ">", "@"} & set(said)
        assert "](" not in said
        assert "\x00" not in said
        assert "\u202e" not in said
