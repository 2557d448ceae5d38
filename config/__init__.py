"""What a run may choose. `load` reads it; the models say what is possible."""

from config.loading import load, shipped_benchmarks
from config.models import Config

__all__ = ["Config", "load", "shipped_benchmarks"]
