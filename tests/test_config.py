"""The config: what is refused, with which words; overrides; names that would collide with our own columns."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import config
from config.errors import ConfigError
from config.models import Config, Segments
from schemas import events, snapshots, tables
from tasks.clock import Period
from tasks.kpis import parts
from tasks.tables import activity, base, customers
from tasks.tables.inputs import Choices, Inputs
from tests.helpers import canonical, settings

MINIMAL = """
[store]
uri = "store"
[periods]
timezone = "Europe/Paris"
[[sources]]
name = "shop-orders"
uri = "orders.csv"
[sources.columns]
kind = "'purchase'"
customer_id = "customer"
occurred_at = "at"
"""


def load(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> config.Config:
    file = tmp_path / "lifecycle.toml"
    file.write_text(text, encoding="utf-8")
    return config.load(file, environment or {})


def refusal(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, text, environment)
    return str(refused.value)


def test_minimal_config_has_the_documented_defaults(tmp_path: Path) -> None:
    found = load(tmp_path, MINIMAL)
    assert found.periods.grain == "month"
    assert found.activity.kinds == ("visit", "signup", "use", "purchase")
    assert found.activity.inactive_after == "1mo"
    assert found.churn.basis == "activity"
    assert found.segments.dimensions == ()
    assert found.segments.max_levels == 50
    assert found.validation.max_rejected == 0.01
    assert found.activation is None
    assert found.conversion.kinds == ("purchase", "subscribe")
    assert (found.loyalty.orders, found.clv.gross_margin, found.identity.lookback) == (2, 1.0, "90d")
    assert (found.surveys.nps_bands, found.surveys.csat_scale) == (((0, 6), (9, 10)), (1, 5))
    assert (found.report.languages, found.report.currency) == (("en", "fr"), "EUR")
    assert found.store_uri == str(tmp_path / "store")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[segmnts]", ["segmnts: unknown key", "Did you mean 'segments'"]),
        ("[activity]\nkind = ['visit']", ["activity.kind: unknown key", "Did you mean 'kinds'"]),
        ("[activity]\nkinds = ['visits']", ["'visits' is not one of", "Did you mean 'visit'"]),
        ("[activity]\ninactive_after = '30 days'", ["activity.inactive_after", "'30 days' is not a duration", "'1mo'"]),
        ("[activation]\nwithin = '14d'", ["activation", "exactly one of any, all, sequence"]),
        ("[activation]\nwithin = '14d'\nany = [{ kind = 'use', cout = 3 }]", ["any[0].cout", "Did you mean 'count'"]),
        ("[validation]\nmax_rejected = 2", ["validation.max_rejected", "less than or equal to 1"]),
        ("[report]\ncurrency = 'euro'", ["report.currency"]),
        ("[segments]\ndimensions = ['amount']", ["segments", "'amount' is a word lifecycle uses itself"]),
        ("[segments]\ndimensions = ['Country']", ["segments", "lower-case"]),
        ("[run]\nshards = 65", ["run.shards", "less than or equal to 64"]),
        ("[conversion]\nkinds = []", ["conversion: kinds is empty"]),
        ("[conversion]\nkinds = ['purchase', 'spend']", ["conversion: kinds holds 'spend'"]),
        ("[surveys]\nnps_bands = [[6, 0], [9, 10]]", ["surveys: nps_bands holds [6, 0]", "within 0 to 10"]),
        ("[surveys]\nnps_bands = [[0, 6], [9, 11]]", ["surveys: nps_bands holds [9, 11]", "within 0 to 10"]),
        ("[surveys]\nnps_bands = [[0, 7], [7, 10]]", ["end at 7", "begin at 7", "must not overlap"]),
        ("[surveys]\nnps_bands = [[9, 10], [0, 6]]", ["the detractors come first"]),
        ("[surveys]\ncsat_scale = [5, 1]", ["csat_scale is [5, 1]"]),
        ("[surveys]\ncsat_satisfied_from = 6", ["csat_satisfied_from is 6", "1 to 5"]),
        ("[surveys]\ncsat_scale = [1, 3]", ["csat_satisfied_from is 4", "1 to 3"]),
        ("[churn]\nbasis = 'subscription'", ["no source maps columns.amount", 'amount = "1"']),
        ("[notify]\non = ['failures']", ["notify.on[0]: 'failures' is not one of", "Did you mean 'failure'"]),
        ("[notify]\nurl_from = 'X'", ["notify.url_from: unknown key", "Did you mean 'urls_from'"]),
        ("base = 'x'", ["unknown key"]),
        ("store = [", ["not valid TOML"]),
    ],
)
def test_mistake_is_told_with_what_was_expected(tmp_path: Path, text: str, words: list[str]) -> None:
    before, _, after = (text, "", "") if text.startswith(("base", "store")) else ("", "", text)
    said = refusal(tmp_path, f"{before}\n{MINIMAL}\n{after}")
    assert [word for word in words if word not in said] == [], said


def test_unknown_canonical_column_names_its_source(tmp_path: Path) -> None:
    said = refusal(tmp_path, MINIMAL + "ammount = 'total'\n")
    assert "source 'shop-orders': columns.ammount is no canonical column. Did you mean 'amount'?" in said


def test_missing_file_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No config file at .*nowhere\.toml.*--config"):
        config.load(tmp_path / "nowhere.toml", {})


def test_environment_reaches_every_value(tmp_path: Path) -> None:
    environment = {
        "LIFECYCLE__STORE__URI": "/data/store",
        "LIFECYCLE__VALIDATION__MAX_REJECTED": "0.5",
        "LIFECYCLE__REPORT__LANGUAGES": '["fr"]',
        "LIFECYCLE__SOURCES__0__URI": "a.csv",
        "LIFECYCLE__SOURCES__SHOP_ORDERS__TIMEZONE": "Europe/London",
        "UNRELATED": "x",
    }
    found = load(tmp_path, MINIMAL, environment)
    assert (found.store_uri, found.validation.max_rejected, found.report.languages) == ("/data/store", 0.5, ("fr",))
    assert (found.sources[0].uri, found.sources[0].timezone) == ("a.csv", "Europe/London")


def test_override_of_an_unknown_source_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, MINIMAL, {"LIFECYCLE__SOURCES__SHOP_ORDER__URI": "a.csv"})
    assert "LIFECYCLE__SOURCES__SHOP_ORDER__URI" in said
    assert "shop_orders" in said


def test_config_cannot_be_changed(tmp_path: Path) -> None:
    found = load(tmp_path, MINIMAL)
    with pytest.raises(ValidationError, match="frozen"):
        found.store.uri = "elsewhere"  # type: ignore[misc]


def test_what_is_published_of_the_config_names_no_customer_and_no_place(tmp_path: Path) -> None:
    found = load(tmp_path, MINIMAL + "\n[exclude]\ncustomers = ['boss-1']\n").flat()
    assert "boss-1" not in str(found)
    assert not [key for key in found if key.startswith("store") or key.endswith(".uri")]


@pytest.mark.parametrize(
    "text",
    [
        "[conversion]\nkinds = ['purchase']",
        "[loyalty]\norders = 3",
        "[clv]\ngross_margin = 0.4",
        "[surveys]\ncsat_satisfied_from = 5",
        "[report]\ncurrency = 'GBP'",
    ],
)
def test_what_figures_depend_on_is_told_as_changed(tmp_path: Path, text: str) -> None:
    before, after = load(tmp_path, MINIMAL).flat(), load(tmp_path, MINIMAL + text).flat()
    key = f"{text[1 : text.index(']')]}.{text.split()[1]}"
    assert [name for name in after if before[name] != after[name]] == [key]


@pytest.mark.parametrize(
    "text", ["urls = ['slack://se3ret']", "url = 'slack://se3ret'", "urls_from = 'slack://se3ret'"]
)
def test_addresses_to_notify_are_refused_in_the_file_and_not_repeated(tmp_path: Path, text: str) -> None:
    said = refusal(tmp_path, f"{MINIMAL}\n[notify]\n{text}")
    assert "passwords" in said
    assert "LIFECYCLE_NOTIFY_URLS" in said
    assert "se3ret" not in said


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("gs://acme/store", ["gs://", "s3://bucket/prefix"]),
        ("s3:///store", ["names no bucket"]),
        ("s3://acme/../other", ["'..'"]),
        ("s3://AKIA1:s3cr3t@acme/store", ["credentials", "AWS_SECRET_ACCESS_KEY"]),
        ("s3://acme/*/store", ["pattern"]),
    ],
)
def test_address_that_is_none_is_refused_and_not_repeated(tmp_path: Path, uri: str, words: list[str]) -> None:
    said = refusal(tmp_path, MINIMAL, {"LIFECYCLE__STORE__URI": uri})
    assert all(word in said for word in ["store", *words]), said
    assert "s3cr3t" not in said
    if "*" not in uri:
        assert words[0] in refusal(tmp_path, MINIMAL, {"LIFECYCLE__SOURCES__0__URI": uri})


@pytest.mark.parametrize(
    ("uri", "name", "words"),
    [
        ("s3://acme/store", "AKIA/s3cr3t", ["Prefect block", "never go into this file"]),
        ("store", "acme-store", ["no s3:// address"]),
    ],
)
def test_credentials_are_the_name_of_a_block(tmp_path: Path, uri: str, name: str, words: list[str]) -> None:
    said = refusal(tmp_path, MINIMAL, {"LIFECYCLE__STORE__URI": uri, "LIFECYCLE__STORE__CREDENTIALS": name})
    assert all(word in said for word in words), said
    assert "s3cr3t" not in said


def test_no_figure_depends_on_where_files_and_store_lie(tmp_path: Path) -> None:
    places = {"LIFECYCLE__STORE__URI": "s3://acme/store é/", "LIFECYCLE__SOURCES__0__URI": "s3://acme/raw/**/*.csv"}
    blocks = {"LIFECYCLE__STORE__CREDENTIALS": "acme-store", "LIFECYCLE__SOURCES__0__CREDENTIALS": "acme-raw"}
    found = load(tmp_path, MINIMAL, {**places, **blocks})
    assert found.store_uri == "s3://acme/store é"
    assert found.flat() == load(tmp_path, MINIMAL).flat()


def test_no_figure_depends_on_who_is_told(tmp_path: Path) -> None:
    text = "[notify]\non = ['failure']\nurls_from = 'OUR_CHAT'\n"
    found = load(tmp_path, MINIMAL + text)
    assert (found.notify.on, found.notify.urls_from) == (("failure",), "OUR_CHAT")
    assert found.flat() == load(tmp_path, MINIMAL).flat()


def test_scales_and_bands_at_their_limits_are_fine(tmp_path: Path) -> None:
    surveys = "[surveys]\nnps_bands = [[0, 0], [1, 10]]\ncsat_scale = [0, 100]\ncsat_satisfied_from = 100"
    assert load(tmp_path, MINIMAL + surveys).surveys.nps_bands == ((0, 0), (1, 10))


def test_subscriptions_without_known_amounts_can_be_counted(tmp_path: Path) -> None:
    found = load(tmp_path, MINIMAL + "amount = '1'\n[churn]\nbasis = 'subscription'\n")
    assert found.churn.basis == "subscription"


def test_no_dimension_can_be_called_like_a_column_of_ours() -> None:
    stored = [value for name, value in vars(tables).items() if name.isupper() and isinstance(value, dict)]
    assert len(stored) == 13
    ours = {name for schema in (events.EVENT, events.DERIVED, *stored, snapshots.KPIS) for name in schema}
    config = settings()
    nobody = customers.nobody(customers.Choices.of(config))
    empty = canonical([], config).lazy()
    doing = activity.reduce_events(empty, activity.Choices.of(config))
    inputs, choices = Inputs(Period.parse("2025-01"), [doing], nobody, nobody), Choices.of(config)
    measured = [table(inputs, choices) for table in (*parts.TABLES.values(), base.movements, base.churn_counts)]
    for table in [*measured, base.standing(inputs, choices, "activity")]:
        ours |= set(table.collect_schema())
    published_only = {"numerator", "denominator", "value", "low", "high", "unit", "status"}
    free = {name for name in ours - published_only if is_free(name)}
    assert free == set()
    for name in ("active", "days_0", "orders_new", "start", "mrr_end", "plan_at_start"):
        assert not is_free(name)
    assert is_free("plan")


def is_free(name: str) -> bool:
    try:
        Segments(dimensions=(name,))
    except ValidationError:
        return False
    return True


def test_keys_on_how_files_are_written_count_only_where_they_are_given() -> None:
    source = {"name": "a", "uri": "x", "columns": {"kind": "k", "customer_id": "c", "occurred_at": "o"}}

    def flat(**given: Any) -> set[str]:
        sections = {"store": {"uri": "s"}, "periods": {"timezone": "UTC"}, "sources": [{**source, **given}]}
        return {key for key in Config.model_validate({"base": "/", **sections}).flat() if key.startswith("sources.a.")}

    plain = flat(optional=["x"])
    assert not {key for key in plain if re.search("csv|epoch|json|pairs|rows|sheet|optional", key)}
    assert flat(epoch="s", csv={"decimal": ","}) - plain >= {"sources.a.epoch", "sources.a.csv.decimal"}
