"""Fixtures of the flow and command-line tests."""

from pathlib import Path

import pytest

from tests.flows.company import Company
from tests.flows.crashing import at_once, memory, two_sources  # noqa: F401  fixtures of several files


@pytest.fixture
def company(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Company:
    return Company(tmp_path, capsys, monkeypatch)
