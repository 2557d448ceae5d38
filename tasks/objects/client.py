"""A client of S3: how it reaches a service, and how long it waits for answers."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from obstore.store import S3Store

from tasks.objects.access import Access
from tasks.objects.addresses import Address

SLOWEST = 1 << 19
"""Bytes a second that an upload may take without being given up."""


@dataclass(frozen=True)
class Patience:
    """Seconds. `request`: for one answer; `retries`: after which no further try begins; together less than a minute."""

    request: float
    retries: float
    connect: float = 3.0
    longest_pause: float = 5.0

    def store(self, address: Address, reached: Access, uploaded: int = 0) -> S3Store:
        """A client; for an upload of many bytes, with the time they take."""
        known: dict[str, Any] = {"endpoint": reached.endpoint, "region": reached.region}
        return S3Store(
            address.bucket,
            prefix=address.prefix or None,
            client_options={
                "connect_timeout": timedelta(seconds=self.connect),
                "timeout": timedelta(seconds=self.request + uploaded / SLOWEST),
                "allow_http": reached.allows_http,
            },
            retry_config={
                "max_retries": 1000,  # the time decides
                "retry_timeout": timedelta(seconds=self.retries),
                "backoff": {
                    "init_backoff": timedelta(milliseconds=100),
                    "max_backoff": timedelta(seconds=self.longest_pause),
                    "base": 2,
                },
            },
            credential_provider=reached.provider,
            disable_bulk_delete=True,
            **{name: value for name, value in known.items() if value},
        )


FIRST, LATER = Patience(request=10, retries=6), Patience(request=15, retries=35)
"""Until a service has answered once, a wrong setting is likelier than an outage, and somebody is waiting."""
