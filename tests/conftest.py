"""What all tests share: the settings Prefect needs before it is imported, and one server for the whole session."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import runtime

runtime.configure()
for name in [name for name in os.environ if name.startswith("LIFECYCLE__")]:
    del os.environ[name]

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """A Prefect server with a database of its own; flows started in this process use it."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield
