"""A tiny company to run the command line on: a folder, a config and a way to call `lifecycle` in this process."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows import cli, progress

COLUMNS = {
    "event_id": "id",
    "customer_id": "user",
    "name": "event",
    "occurred_at": "at",
    "amount": "amount",
    "country": "country",
}
KINDS = {"signup": ["joined"], "use": ["opened"], "purchase": ["bought"]}
Row = tuple[str, str | None, str, str, str | None, str | None]


def plain_config() -> dict[str, Any]:
    """What every tiny company starts with; its files lie in raw/."""
    return {
        "store": {"uri": "store"},
        "periods": {"timezone": "Europe/Paris"},
        "sources": [{"name": "app", "uri": "raw/*.csv", "columns": dict(COLUMNS), "kinds": dict(KINDS)}],
        "segments": {"dimensions": ["country"]},
        "activation": {"within": "14d", "any": [{"kind": "purchase"}]},
    }


def write_events(file: Path, rows: Sequence[Row]) -> Path:
    """A CSV file of events: id, user, event, at (Paris time), amount, country."""
    header = ["id", "user", "event", "at", "amount", "country"]
    file.parent.mkdir(exist_ok=True)
    pl.DataFrame(list(rows), schema=dict.fromkeys(header, pl.String), orient="row").write_csv(file)
    return file


@dataclass
class Company:
    """Files and config below one folder. `call` runs a command and keeps what it said."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    config: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.config = plain_config()

    @property
    def source(self) -> dict[str, Any]:
        source: dict[str, Any] = self.config["sources"][0]
        return source

    @property
    def store(self) -> Path:
        return self.folder / "store"

    def write(self, name: str, rows: Sequence[Row]) -> Path:
        return write_events(self.folder / "raw" / name, rows)

    def text(self, name: str, content: str) -> Path:
        file = self.folder / "raw" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(content, encoding="utf-8")
        return file

    def configured(self, store: str | None = None) -> Path:
        """The config file, as the config is now; with another store, where one is named."""
        file = self.folder / f"{store or 'lifecycle'}.toml"
        chosen = {**self.config, "store": {"uri": store}} if store else self.config
        file.write_text(toml(chosen), encoding="utf-8")
        return file

    def call(self, *words: str) -> "Said":
        """Runs `lifecycle WORDS --config ...` as the console command does."""
        file = self.configured()
        self.monkeypatch.setattr(sys, "argv", ["lifecycle", *words, "--config", str(file)])
        self.monkeypatch.setattr(progress.console, "width", 10_000)
        self.monkeypatch.setattr(progress.output, "width", 10_000)
        self.capture.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = self.capture.readouterr()
        return Said(code, said.out, said.err)

    def figures(self, period: str) -> dict[str, float | None]:
        kpis = pl.read_parquet(self.store / f"latest/period={period}/kpis.parquet")
        whole = kpis.filter(pl.col("segment") == "all")
        return dict(zip(whole["kpi"], whole["value"], strict=True))

    def published(self) -> list[str]:
        return sorted(str(file.relative_to(self.store)) for file in self.store.glob("snapshots/*/*/manifest.json"))


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    def is_refusal(self, *words: str) -> None:
        """A user's mistake, told in a few clear words: exit code 2, no traceback, all the words said."""
        assert self.code == 2, self
        assert "Traceback" not in self.out + self.err
        assert self.err.count("Error: ") == 1
        for word in words:
            assert word in self.err, (word, self.err)


def toml(document: Mapping[str, Any]) -> str:
    """Enough TOML for a config: JSON is TOML but for its colons and nulls."""
    return "\n".join(f"{key} = {_inline(value)}" for key, value in document.items())


def _inline(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_inline(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)
