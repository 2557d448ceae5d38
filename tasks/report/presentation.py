"""What the company adds to its figures: thresholds to judge them by, aims, and what happened when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from config.models import Benchmark, Note


@dataclass(frozen=True)
class Presentation:
    """`benchmarks` and `targets` by name of the KPI, in the figure's own unit. No figure depends on any of it."""

    benchmarks: Mapping[str, Benchmark] = field(default_factory=dict)
    targets: Mapping[str, float] = field(default_factory=dict)
    notes: Sequence[Note] = ()
