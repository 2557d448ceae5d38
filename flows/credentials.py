"""Credentials of S3 that lie in Prefect blocks: the config says their names, and they are only ever in memory.

Tasks run in threads of the process that asked, and find them by address: they are in no parameter, which Prefect keeps.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import config as configuration
from config.errors import ConfigError
from config.models import Config
from tasks.objects import access
from tasks.objects.access import Access
from tasks.objects.addresses import is_remote

REFRESHED_AFTER = timedelta(minutes=15)
"""A block may give temporary keys, which live for longer than that."""


def load(file: str | Path) -> Config:
    """The config, with what is needed to read what it names."""
    config = configuration.load(file)
    provide(config)
    return config


def provide(config: Config) -> None:
    """Asks Prefect for the blocks that a config names; for its server, only if there are any.

    Raises:
        ConfigError: there is no such block, or it holds no keys.
    """
    blocks = {
        config.store_uri: ("store.credentials", config.store.credentials),
        **{one.uri: (f"sources[{one.name}].credentials", one.credentials) for one in config.sources},
    }
    named = {uri: block for uri, block in blocks.items() if is_remote(uri)}
    if not any(name for _, name in named.values()):
        access.provide({})
        return
    from flows import server

    with server.available():
        access.provide({uri: _access(key, name) if name else None for uri, (key, name) in named.items()})


def _access(key: str, name: str) -> Access:
    block = _block(key, name)
    session, parameters = block.get_boto3_session(), block.aws_client_parameters.get_params_override()
    if session.get_credentials() is None:
        raise ConfigError(f"{key}: the block {name!r} holds no access key. Give it one on Prefect's page of blocks.")
    return Access(parameters.get("endpoint_url") or access.endpoint(), session.region_name, _provider(block))


def _block(key: str, name: str) -> Any:
    try:
        from prefect_aws import AwsCredentials
    except ImportError:
        raise ConfigError(
            f"{key} names a Prefect block, which needs prefect-aws: `pip install 'lifecycle[aws]'`. Or remove the key "
            "and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        ) from None
    try:
        return AwsCredentials.load(name)
    except ValueError:
        raise ConfigError(
            f"{key}: Prefect has no block {name!r} of the kind AWS Credentials. Make it on Prefect's page of blocks, "
            "or correct the name."
        ) from None


def _provider(block: Any) -> Callable[[], dict[str, Any]]:
    def credentials() -> dict[str, Any]:
        found = block.get_boto3_session().get_credentials().get_frozen_credentials()
        return {
            "access_key_id": found.access_key,
            "secret_access_key": found.secret_key,
            "token": found.token,
            "expires_at": datetime.now(UTC) + REFRESHED_AFTER,
        }

    return credentials
