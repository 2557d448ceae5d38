"""Files of this process: what was fetched from a bucket, and what is being built for one. Gone when it ends."""

import atexit
import shutil
import tempfile
from functools import cache
from itertools import count
from pathlib import Path

from tasks.objects.folder import forget_abandoned

NAME = "lifecycle-cache-"
ADVICE = (
    "Free some, or name another folder in the environment variable TMPDIR, and run again: what was finished is kept."
)
_numbers = count()


@cache
def folder() -> Path:
    """The folder of this process, below the system's for temporary files."""
    own = Path(tempfile.mkdtemp(prefix=NAME))
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    forget_abandoned(own.parent, own.stat().st_mtime, f"{NAME}*")
    return own


def new_file() -> Path:
    """A name nobody else has."""
    return folder() / f"{next(_numbers)}"
