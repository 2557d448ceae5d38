"""Which server there is to report to."""

from pathlib import Path

import pytest
from prefect.settings import PREFECT_HOME, temporary_settings

from config.errors import ConfigError
from flows.server import serving_alone


def test_of_two_that_start_at_once_one_serves(tmp_path: Path) -> None:
    with temporary_settings({PREFECT_HOME: tmp_path / "prefect"}):
        with serving_alone(), pytest.raises(ConfigError, match="runs already"), serving_alone():
            pass
        with serving_alone():
            pass
