"""A seeded company to try `lifecycle` on: raw files as companies have them, and the truth about them.

Here: `simulate`, the one entry point. Inside, arrows point down: `truth` and `files` → `office` → `system` → `mess` and
`simulation` → `traffic`, `shop`, `surveys`, `ledger` and `marketing` → `company` → `timeline`; only `files` and this
module write. Not here: anything the pipeline needs; deleting this package would cost it nothing but the demo.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from tasks.demo.files import SYSTEMS, rows_of, write_files
from tasks.demo.mess import SourceCounts, source_counts
from tasks.demo.simulation import Company, company_of
from tasks.demo.system import System
from tasks.demo.timeline import ZONE
from tasks.demo.truth import MonthTruth, Truth, months_of

__all__ = ["MonthTruth", "Truth", "simulate"]

TRUTH_FILE = "truth.json"


def simulate(
    folder: Path,
    *,
    seed: int = 20240101,
    customers: int = 20_000,
    months: int = 18,
    on_progress: Callable[[str], None] | None = None,
) -> Truth:
    """Write the raw files of Atelier, from January 2024 on, and `truth.json`. The same arguments, the same bytes."""
    tell = on_progress or (lambda _: None)
    tell(f"Simulating {customers:,} customers over {months} months")
    company = company_of(seed, customers, months)
    truth = _write(folder, company, seed, tell)
    (folder / TRUTH_FILE).write_text(json.dumps(asdict(truth), indent=2) + "\n", encoding="utf-8")
    tell(f"Wrote {truth.events:,} events to {folder}")
    return truth


def _write(folder: Path, company: Company, seed: int, tell: Callable[[str], None]) -> Truth:
    streams = np.random.default_rng([seed, 1]).spawn(len(SYSTEMS))
    written = {}
    for system, stream in zip(SYSTEMS, streams, strict=True):
        tell(f"Writing the {company.time.months} files of source {system.name!r}")
        written[system.name] = _write_source(folder, company, system, stream)
    return Truth(
        seed=seed,
        customers=len(company.customers),
        timezone=ZONE,
        events=company.events,
        months=months_of(company),
        files={name: counts.files for name, counts in written.items()},
        duplicates={name: counts.duplicates for name, counts in written.items()},
        quarantined_by_flaw={name: counts.quarantined_by_flaw for name, counts in written.items()},
    )


def _write_source(folder: Path, company: Company, system: System, rng: np.random.Generator) -> SourceCounts:
    """One source at a time, so that the rows of only one are in memory."""
    rows = rows_of(rng, system, company)
    write_files(folder, system, company, rows)
    return source_counts(rows, company.time, system.paths(company))
