"""Why a revision was made, in both languages."""

from typing import Any

import pytest

from tasks.report import render
from tasks.report.causes import causes
from tasks.report.formats import Formats
from tests.report.companies import company

EN, FR = Formats("en"), Formats("fr")


def of_events(cause: str, last: str = "2025-03", **kinds: int) -> dict[str, Any]:
    return {"cause": cause, "name": "orders", "first": "2025-03", "last": last, "kinds": kinds}


@pytest.mark.parametrize(
    ("reason", "english", "french"),
    [
        (
            of_events("late_events", signup=2, purchase=1200),
            "1,202 late events (orders, March 2025): 1,200 purchases, 2 sign-ups",
            "1\u202f202 événements tardifs (orders, mars 2025)\u202f: 1\u202f200 achats, 2 inscriptions",
        ),
        (
            of_events("late_events", purchase=1),
            "1 late event (orders, March 2025): 1 purchase",
            "1 événement tardif (orders, mars 2025)\u202f: 1 achat",
        ),
        (
            of_events("events", "2025-05", purchase=-3, spend=1),
            "events (orders, March 2025 – May 2025): 3 purchases fewer, 1 marketing cost more",
            "événements (orders, mars 2025 – mai 2025)\u202f: 3 achats de moins, 1 dépense marketing de plus",
        ),
        (
            of_events("events_as_many"),
            "other events (orders, March 2025), as many of each kind as before",
            "événements modifiés (orders, mars 2025), en même nombre pour chaque type",
        ),
        (
            {"cause": "step", "name": "fold"},
            "a newer version of the software, which changes how customers are followed",
            "nouvelle version du logiciel, qui change le suivi des clients",
        ),
        (
            {"cause": "definition", "name": "churn_rate"},
            "definition of “Churn rate” changed",
            "définition de «\u202fTaux de désabonnement (attrition)\u202f» modifiée",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_reasons_in_words(reason: dict[str, Any], english: str, french: str) -> None:
    assert causes([reason], EN) == (english,)
    assert causes([reason], FR) == (french,)


def test_many_files_stand_in_one_line() -> None:
    reasons = [{"cause": "file_added", "name": f"app/{day:02d}.csv"} for day in range(1, 31)]
    [said] = causes(reasons, EN)
    assert said.startswith("30 files added: app/01.csv, app/02.csv")
    assert said.endswith("app/08.csv, and 22 more")
    assert causes(reasons[:2], FR) == ("2 fichiers ajoutés\u202f: app/01.csv, app/02.csv",)


def test_largest_changes_come_first_and_are_counted() -> None:
    figures = [
        {"kpi": "mau", "segment": "all", "level": "all", "old": 100.0, "new": 101.0},
        {"kpi": "signups", "segment": "all", "level": "all", "old": 10.0, "new": 20.0},
        {"kpi": "orders", "segment": "country", "level": "FR", "old": None, "new": 3.0},
        {"kpi": "mau", "segment": "country", "level": "FR", "old": None, "new": 0.0},
    ]
    said = page({"from_revision": 1, "because": [], "figures": figures})
    assert "Changed: 4, of which company-wide: 2. The largest changes first." in said
    assert [line.split(" |")[0] for line in said.split("|---|---:|---:|\n")[1].splitlines()[:4]] == [
        "| Sign-ups",
        "| Active customers (MAU)",
        "| Orders (country, FR)",
        "| Active customers (MAU) (country, FR)",
    ]


def test_revision_for_its_explanations_alone_says_so() -> None:
    changed: dict[str, Any] = {"from_revision": 1, "because": [], "figures": [], "tables": ["contributions"]}
    assert "No figure changed. What did: the explanation of what moved since the period before." in page(changed)
    del changed["tables"]
    assert "No figure changed.\n" in page(changed)


def page(changed: dict[str, Any]) -> str:
    return render(company(periods=2, revision=2, changed=changed), "en")["report.en.md"].decode()
