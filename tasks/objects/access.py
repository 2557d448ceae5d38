"""Who we are for S3: what Prefect blocks said for some addresses, else the AWS environment. In memory alone.

Flows ask Prefect and `provide` what they got; no secret is ever a parameter of a task, nor shown by anything here.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tasks.objects.addresses import Address

ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
TRUE = {"1", "true", "yes", "on"}

Credentials = Callable[[], Any]
"""obstore's `S3CredentialProvider`: called again when what it said has expired."""


@dataclass(frozen=True)
class Access:
    """How a service is reached. `provider`: null where the AWS environment says who we are."""

    endpoint: str | None = None
    region: str | None = None
    provider: Credentials | None = field(default=None, repr=False)

    @property
    def allows_http(self) -> bool:
        plain = (self.endpoint or "").startswith("http://")
        return plain or os.environ.get("AWS_ALLOW_HTTP", "").lower() in TRUE


_PROVIDED: dict[Address, Access | None] = {}


def provide(known: Mapping[str, Access | None]) -> None:
    """Says, by address, how what lies there and below is reached; None: as the environment says."""
    _PROVIDED.clear()
    _PROVIDED.update({Address.of(uri).root: access for uri, access in known.items()})


def access_to(address: Address) -> Access:
    """Of the addresses that something was said about, the one that shares most of the path decides."""
    of_bucket = [known for known in _PROVIDED if known.bucket == address.bucket]
    nearest = max(of_bucket, key=lambda known: _shared(known.parts, address.parts), default=None)
    found = _PROVIDED[nearest] if nearest else None
    return found or _of_environment()


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[int, int]:
    """How many parts are the same; then, the fewer that are not, the nearer."""
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return same, -len(one)


def endpoint() -> str | None:
    """The service's address, as the environment says it; null for Amazon's."""
    return next((os.environ[name] for name in ENDPOINTS if os.environ.get(name)), None)


def _of_environment() -> Access:
    return Access(endpoint(), os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"))


def of_environment() -> tuple[str, ...]:
    """What of the environment S3's client reads: another client is needed where it differs."""
    return tuple(f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith("AWS_"))
