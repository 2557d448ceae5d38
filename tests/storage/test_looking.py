"""`lifecycle init` and `lifecycle check` of files on a real S3 server."""

from pathlib import Path

import obstore
import polars as pl

import config
from flows import check
from tasks.inspection import written
from tasks.inspection.drafting import drafted
from tasks.inspection.looks import grouped
from tests.storage.seaweed import BUCKET, Server


def test_files_on_s3_are_proposed_and_checked(s3: Server, prefix: str, tmp_path: Path) -> None:
    """Two forms below one folder, so that each needs a pattern of its own."""
    rows = pl.DataFrame({"user_id": ["a", "b"], "event": ["signed up", "opened"], "at": ["2024-01-01", "2024-01-02"]})
    spend = pl.DataFrame({"day": ["2024-01-01"], "cost": [5]})
    for key, table in (("app-2024-01.csv", rows), ("app-2024-02.csv", rows), ("spend.csv", spend)):
        obstore.put(s3.store(prefix=prefix.removeprefix(f"s3://{BUCKET}/")), key, table.write_csv().encode())
    groups, unread = grouped([prefix], tmp_path, 1_000, 50, tmp_path)
    draft = drafted(groups, unread, "auto", tmp_path, "./store", None, 1_000, tmp_path)
    file = tmp_path / "lifecycle.toml"
    file.write_text(written.text(draft), encoding="utf-8")
    chosen = config.load(file, {})
    assert [one.uri for one in chosen.sources] == [f"{prefix}/app-*.csv", f"{prefix}/spend.csv"]
    found = check.checked(chosen, 1_000)
    assert (found.problems, found.is_whole) == ([], True)
    assert [one.kinds for one in found.sources] == [{"signup": 2, "use": 2}, {"spend": 1}]
    assert not (tmp_path / "store").exists()
