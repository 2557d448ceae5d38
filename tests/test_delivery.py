"""Sending: what arrives at real servers, and that no service can hold a run up or call everybody."""

import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from apprise import Apprise
from apprise.plugins.slack import NotifySlack

from tasks.delivery import deliver
from tasks.report.notices import Notice
from tests.conftest import ROOT
from tests.receivers import Hook, Mailbox, hook, mailbox, unused_url

NOTICE = Notice("lifecycle: June 2025 published", "• Customers: 12\n• a_b_c *d* & e", "success")
SLACK = "slack://T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"


@pytest.fixture
def webhook() -> Iterator[Hook]:
    with hook() as own:
        yield own


@pytest.fixture
def post() -> Iterator[Mailbox]:
    with mailbox() as own:
        yield own


def test_webhook_gets_title_text_and_tone(webhook: Hook) -> None:
    assert deliver(NOTICE, [webhook.url()]) == []
    [(path, sent)] = webhook.received
    assert path == "/hook"
    assert (sent["title"], sent["message"], sent["type"]) == (NOTICE.title, NOTICE.body, "success")


def test_mail_is_plain_text(post: Mailbox) -> None:
    assert deliver(NOTICE, [post.url("growth@example.com,finance@example.com")]) == []
    assert [one["To"] for one in post.received] == ["growth@example.com", "finance@example.com"]
    for mail in post.received:
        assert mail["Subject"] == NOTICE.title
        assert mail.get_content_type() == "text/plain"
        assert mail.get_content().replace("\r\n", "\n").strip() == NOTICE.body


def test_slack_gets_no_picture_from_elsewhere(webhook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NotifySlack, "webhook_url", f"http://127.0.0.1:{webhook.port}/services")
    assert deliver(NOTICE, [SLACK]) == []
    [(path, sent)] = webhook.received
    assert path == "/services/" + SLACK.removeprefix("slack://")
    [attached] = sent["attachments"]
    assert (attached["title"], attached["text"], attached["footer"]) == (NOTICE.title, NOTICE.body, "lifecycle")
    assert "http" not in str(sent)


def test_one_bad_address_does_not_keep_the_others_from_being_told(webhook: Hook, post: Mailbox) -> None:
    urls = ["nonsense", unused_url(), "https://example.com/hook", webhook.url(), "json://", post.url()]
    failed = deliver(NOTICE, urls)
    assert [(one.number, one.service) for one in failed] == [(1, ""), (2, "JSON"), (3, ""), (5, "")]
    assert {one.why for one in failed if not one.service} == {"is not an address that Apprise knows"}
    assert (len(webhook.received), len(post.received)) == (1, 1)


def test_server_error_is_told(webhook: Hook) -> None:
    webhook.status = 500
    [failed] = deliver(NOTICE, [webhook.url()])
    assert (failed.number, failed.service, failed.why) == (1, "JSON", "did not take the message")


def test_nobody_waits_for_a_service_that_stalls(webhook: Hook) -> None:
    webhook.answers.clear()
    before = time.monotonic()
    failed = deliver(NOTICE, [webhook.url("?rto=60"), webhook.url("?rto=60&retry=5")], seconds=1)
    assert time.monotonic() - before < 3
    assert [one.why for one in failed] == ["did not answer within 1 seconds"] * 2


def test_nothing_is_logged_or_written(
    webhook: Hook, caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    caplog.set_level(logging.INFO)
    deliver(NOTICE, [webhook.url("?+Authorization=secret"), unused_url(), "slack://secret"])
    assert [one for one in caplog.records if one.name.startswith("apprise")] == []
    assert "secret" not in caplog.text
    assert list(tmp_path.rglob("*")) == []


def test_addresses_in_the_example_config_are_understood() -> None:
    example = (ROOT / "config/lifecycle.toml").read_text(encoding="utf-8")
    urls = re.findall(r"^#   (\w+://\S+)", example, re.MULTILINE)
    services = [Apprise.instantiate(url) for url in urls]
    assert [str(one and one.service_name) for one in services] == ["Slack", "E-Mail", "JSON"]
