"""prefect.yaml for those who run Prefect already: deployed to a real server, a run done by a real worker."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL

from tests.conftest import ROOT
from tests.flows.serving import company, serving_environment
from tests.flows.test_serve import manifest

WORDS = (ROOT / "prefect.yaml").read_text(encoding="utf-8")
POOL, DEPLOY, WORKER = re.findall(r"^#   (prefect .*?)(?: +#.*)?$", WORDS, re.MULTILINE)


def prefect(command: str, home: Path) -> str:
    """What a command says, given as the file's comment gives it."""
    environment = {**serving_environment(), "PREFECT_HOME": str(home), "PREFECT_API_URL": str(PREFECT_API_URL.value())}
    words = [sys.executable, "-m", *command.split()]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.usefixtures("prefect_server")
def test_a_worker_does_what_prefect_yaml_deploys(tmp_path: Path) -> None:
    file = company(tmp_path, ["2025-01", "2025-02"])
    prefect(POOL, tmp_path)
    said = prefect(DEPLOY, tmp_path)
    assert "'monthly/monthly' successfully created" in " ".join(said.split())
    assert "'backfill/backfill' successfully created" in " ".join(said.split())
    parameters = json.dumps({"first": "2025-01", "last": "2025-02", "config": file})
    prefect(f"prefect deployment run backfill/backfill --params {parameters.replace(' ', '')}", tmp_path)
    assert "Finished in state Completed('2 of 2 periods have a new revision" in prefect(
        f"{WORKER} --run-once", tmp_path
    )
    assert manifest(tmp_path, "2025-02")["revision"] == 1


def test_the_schedule_is_the_one_serve_has() -> None:
    from config.models import Schedule

    assert f'cron: "{Schedule().cron}"' in WORDS
