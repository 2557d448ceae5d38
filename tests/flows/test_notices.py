"""Messages about real runs: what is published on a tiny company arrives at real servers; nothing fails the run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.errors import ConfigError, InputError
from config.models import Config
from flows.monthly import monthly
from flows.notices import tell_failed, tell_published
from flows.progress import console
from tasks.publication import Published
from tests.flows.company import Company, Row
from tests.helpers import settings
from tests.receivers import Hook, Mailbox, hook, mailbox, unused_url

VARIABLE = "LIFECYCLE_NOTIFY_URLS"
JANUARY: list[Row] = [
    ("1", "ann-7", "joined", "2025-01-05 10:00:00", None, "FR"),
    ("2", "ann-7", "bought", "2025-01-06 10:00:00", "20.00", "FR"),
    ("3", "bob-8", "joined", "2025-01-07 10:00:00", None, "DE"),
]
FEBRUARY: list[Row] = [("4", "bob-8", "bought", "2025-02-07 10:00:00", "4.00", "DE")]
LATE: list[Row] = [("5", "cat-9", "bought", "2025-01-20 10:00:00", "40.00", "FR")]


@pytest.fixture
def webhook() -> Iterator[Hook]:
    with hook() as own:
        yield own


@pytest.fixture
def post() -> Iterator[Mailbox]:
    with mailbox() as own:
        yield own


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A config whose store is empty."""
    monkeypatch.setattr(console, "width", 10_000)
    return settings(store={"uri": str(tmp_path / "store")})


@pytest.mark.usefixtures("prefect_server")
def test_publication_and_restatement_arrive_by_webhook_and_mail(
    company: Company, webhook: Hook, post: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.write("2025-01.csv", JANUARY)
    company.write("2025-02.csv", FEBRUARY)
    monkeypatch.setenv(VARIABLE, f"{webhook.url()}\n{post.url()}")
    assert company.call("backfill", "2025-01", "2025-02").code == 0
    assert company.call("backfill", "2025-01", "2025-02").code == 0
    company.write("2025-01-late.csv", LATE)
    assert company.call("backfill", "2025-01", "2025-02").code == 0

    posted = [(sent["title"], sent["message"]) for _, sent in webhook.received]
    mailed = [(mail["Subject"], mail.get_content().replace("\r\n", "\n").strip()) for mail in post.received]
    assert posted == mailed
    [(_, first), (title, second)] = posted
    assert "2 periods are published (Jan\xa02025 – Feb\xa02025)." in first
    assert "• Revenue: €4.00 (−80.0% vs Jan\xa02025)" in first
    assert "2 périodes sont publiées (janv.\xa02025 – févr.\xa02025)." in first
    assert title.startswith("lifecycle: 2 periods restated (Jan\xa02025 – Feb\xa02025)")
    assert "January 2025 is restated (revision 2): " in second
    assert "file added: app/2025-01-late.csv" in second
    assert "Janvier 2025 est révisé (révision 2)" in second
    assert "• Revenue: €20.00 → €60.00" in second
    assert not [name for name in ("ann-7", "bob-8", "cat-9") if name in str([*posted, *mailed])]


def test_nothing_new_is_not_told(chosen: Config, webhook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, webhook.url())
    tell_published(chosen, [Published("2025-01", 3, is_new=False)])
    tell_published(chosen, [])
    assert webhook.received == []


def test_without_addresses_the_store_is_not_even_read(
    chosen: Config, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    tell_published(chosen, [Published("2025-01", 1, is_new=True)])
    assert capsys.readouterr().err == ""


def test_failure_is_told(chosen: Config, webhook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, webhook.url())
    tell_failed(chosen, "monthly 2025-06", InputError("source 'app', file a.csv: is empty.\n  - 'ann-7'"))
    [(_, sent)] = webhook.received
    assert sent["title"] == "lifecycle: monthly 2025-06 failed / échec de monthly 2025-06"
    assert sent["message"].startswith("source 'app', file a.csv: is empty.\n\n")
    assert sent["type"] == "failure"


@pytest.mark.usefixtures("prefect_server")
def test_failed_run_is_told_whatever_became_of_the_config(
    company: Company, webhook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, webhook.url())
    company.text("2025-01.csv", "id,user\n1,ann-7\n")
    assert company.call("run", "2025-01").code == 2
    with pytest.raises(ConfigError):
        monthly("2025-01", str(company.folder / "gone.toml"))
    told = [sent["message"].partition("\n")[0] for _, sent in webhook.received]
    assert told[0].startswith("source 'app', file '2025-01.csv': ")
    assert told[1].startswith("No config file at ")


def test_another_variable_can_hold_the_addresses(
    tmp_path: Path, webhook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_CHAT", webhook.url())
    monkeypatch.setenv(VARIABLE, "json://127.0.0.1:1/not-this-one")
    chosen = settings(store={"uri": str(tmp_path)}, notify={"urls_from": "OUR_CHAT"})
    tell_failed(chosen, "monthly 2025-06", InputError("no"))
    assert len(webhook.received) == 1


def test_what_cannot_be_delivered_is_a_note_without_the_secret(
    chosen: Config, webhook: Hook, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook.status = 500
    header = "?+Authorization=se3ret"
    monkeypatch.setenv(VARIABLE, f"se3ret {unused_url()}{header} {webhook.url(header)} slack://se3ret")
    tell_failed(chosen, "monthly 2025-06", InputError("no"))
    said = capsys.readouterr()
    assert "se3ret" not in said.out + said.err
    assert said.err.count("Note: ") == 4
    assert "Note: Address 1 in LIFECYCLE_NOTIFY_URLS is not an address that Apprise knows. The run" in said.err
    assert "Note: Address 3 in LIFECYCLE_NOTIFY_URLS (JSON) did not take the message. The run" in said.err


def test_store_that_cannot_be_read_is_a_note(
    chosen: Config, webhook: Hook, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, webhook.url())
    tell_published(chosen, [Published("2025-01", 1, is_new=True)])
    assert "Note: Nobody was told what came of the run (StoreError)." in capsys.readouterr().err
    assert webhook.received == []
