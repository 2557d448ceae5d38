"""What names of columns and events tell."""

import pytest

from schemas.events import EVENT, KINDS
from tasks.inspection import needs, words
from tasks.inspection.words import country_of, kind_of, plain, rank
from tasks.kpis import CATALOGUE


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("InvoiceDate", "invoice date"),
        ("CustomerID", "customer id"),
        ("Numéro client", "numero client"),
        ("order-line_total", "order line total"),
        ("HTTPStatus", "http status"),
    ],
)
def test_plain_names(name: str, told: str) -> None:
    assert plain(name) == told


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("Signed Up", "signup"), ("account_created", "signup"), ("Inscription", "signup"),
        ("Création de compte", "signup"), ("Order Completed", "purchase"), ("purchase", "purchase"),
        ("Achat", "purchase"), ("Commande passée", "purchase"),
        ("Order Refunded", "return"), ("Remboursement", "return"), ("subscription_created", "subscribe"),
        ("subscription_cancelled", "cancel"), ("Résiliation d'abonnement", "cancel"), ("plan_changed", "change"),
        ("Account Deleted", "deactivate"), ("$pageview", "visit"), ("Page Viewed", "visit"), ("Logged In", "visit"),
        ("invoice.paid", "payment"), ("Report Created", "use"), ("fileUploaded", "use"), ("Product Added", "use"),
        ("Heartbeat", None), ("Order Shipped", None), ("Payment Failed", None), ("xk-17", None),
    ],
)  # fmt: skip
def test_kind_of_an_event(event: str, kind: str | None) -> None:
    assert kind_of(event) == kind


@pytest.mark.parametrize(
    ("role", "surer", "other"),
    [
        ("customer_id", "customer id", "email"),
        ("customer_id", "numero client", "nom client"),
        ("occurred_at", "event time", "created at"),
        ("occurred_at", "date facture", "date creation"),
        ("item", "stock code", "description"),
        ("amount", "montant ttc", "prix"),
    ],
)
def test_a_surer_name_comes_first(role: str, surer: str, other: str) -> None:
    first, second = rank(role, surer), rank(role, other)
    assert first is not None
    assert second is not None
    assert first < second


@pytest.mark.parametrize(
    ("role", "name"),
    [
        ("occurred_at", "updated at"),
        ("occurred_at", "birth date"),
        ("customer_id", "client ip"),
        ("amount", "tax amount"),
    ],
)
def test_a_name_that_only_sounds_like_it(role: str, name: str) -> None:
    assert rank(role, name) is None


def test_country_by_name_and_code() -> None:
    assert country_of("United Kingdom") == country_of("GB") == ("Europe/London", "GBP")
    assert country_of("Atlantis") is None


def test_tables_speak_of_what_there_is() -> None:
    assert {kind for kind, _ in words.KINDS if kind} | {kind for kind, _ in words.STEPS} <= set(KINDS)
    assert set(words.NAMES) <= {*EVENT, "unit_price"}
    assert {fact for kpi in CATALOGUE for fact in kpi.needs} <= set(needs.TOLD_BY)
