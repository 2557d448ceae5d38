"""What a run may choose. `load` reads it; the models say what is possible."""

from config.loading import load
from config.models import Config

__all__ = ["Config", "load"]
