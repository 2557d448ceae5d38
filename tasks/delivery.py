"""Sends a message to the services that people read, by Apprise's URLs. What is said is decided elsewhere.

A URL holds a password: none is ever part of a message, an error or a log.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Thread
from time import monotonic

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat, NotifyType

from tasks.report.notices import Notice

SECONDS = 15.0
"""All services are told side by side; after this long nobody waits for them any more."""


@dataclass(frozen=True)
class Undelivered:
    """`number`: the place of the URL, from 1; `service`: its kind, such as Slack; `why`: what to read after it."""

    number: int
    service: str
    why: str


def deliver(notice: Notice, urls: Sequence[str], seconds: float = SECONDS) -> list[Undelivered]:
    """Tells all services; returns what could not be delivered, in the order of the URLs."""
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it logs hosts and users; what failed is told here
    asset = _asset()
    services = {number: _service(url, asset) for number, url in enumerate(urls, start=1)}
    came: dict[int, bool] = {}
    threads = {
        number: Thread(target=_tell, args=(number, service, notice, asset, came), daemon=True)
        for number, service in services.items()
        if service is not None
    }
    for thread in threads.values():
        thread.start()
    until = monotonic() + seconds
    for thread in threads.values():
        thread.join(max(0.0, until - monotonic()))
    return list(_undelivered(services, came, seconds))


def _asset() -> AppriseAsset:
    """Nothing on disk, no keys made, no pictures from elsewhere."""
    return AppriseAsset(
        app_id="lifecycle",
        app_desc="lifecycle",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        storage_mode="memory",
        pgp_autogen=False,
        pem_autogen=False,
        interpret_emojis=False,
    )


def _service(url: str, asset: AppriseAsset) -> NotifyBase | None:
    """None where Apprise does not know what is meant. Always plain text: names from outside must not become markup."""
    try:
        service = Apprise.instantiate(url, asset=asset)
    except Exception:  # noqa: BLE001  parsers of a hundred services; a URL that breaks one is as good as unknown
        return None
    if service is not None:
        service.notify_format = NotifyFormat.TEXT
    return service


def _tell(number: int, service: NotifyBase, notice: Notice, asset: AppriseAsset, came: dict[int, bool]) -> None:
    told = Apprise(asset=asset)
    told.add(service)
    came[number] = bool(
        told.notify(
            title=notice.title,
            body=notice.body,
            notify_type=NotifyType(notice.tone),
            body_format=NotifyFormat.TEXT,
        )
    )


def _undelivered(
    services: Mapping[int, NotifyBase | None], came: Mapping[int, bool], seconds: float
) -> Iterator[Undelivered]:
    for number, service in services.items():
        if service is None:
            yield Undelivered(number, "", "is not an address that Apprise knows")
        elif number not in came:
            yield Undelivered(number, str(service.service_name), f"did not answer within {seconds:g} seconds")
        elif not came[number]:
            yield Undelivered(number, str(service.service_name), "did not take the message")
