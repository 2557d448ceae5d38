"""What to say of a file whose types do not fit the mapping while those of another file of its source do.

Only asked on the way to an error: it opens files that are read by another task, or were in another run.
"""

import tempfile
from pathlib import Path

from config.errors import InputError
from tasks.sources import files
from tasks.sources.files import RawFile
from tasks.sources.formats import open_raw
from tasks.sources.mapping import Mapping, plan, types_read
from tasks.sources.opened import Opened, Place


def elsewhere(raw: Path, file: RawFile, mapping: Mapping, staging: Path) -> str:
    """A sentence on the columns whose types differ in a file that fits; empty where none is found.

    `raw`: the file on this machine.
    """
    here = types_read(_opened(raw, file, mapping, staging), mapping)
    for other in files.siblings(file):
        there = _types_that_fit(other, mapping, staging)
        told = [
            f"{name} is {there[name]}, here {here[name]}" for name in here if there.get(name, here[name]) != here[name]
        ]
        if told:
            return f" In {other.key!r}, which fits, {'; '.join(told)}."
    return ""


def _types_that_fit(file: RawFile, mapping: Mapping, staging: Path) -> dict[str, str]:
    """The columns a file is read by and their types; empty where they do not fit either."""
    try:
        raw = files.local(mapping.source, file, Path(tempfile.mkdtemp(dir=staging)))
        opened = _opened(raw, file, mapping, staging)
        plan(opened, mapping, Place(mapping.source.name, file.key))
    except (InputError, FileNotFoundError):
        return {}
    return types_read(opened, mapping)


def _opened(raw: Path, file: RawFile, mapping: Mapping, staging: Path) -> Opened:
    return open_raw(raw, file.key, mapping.source, Path(tempfile.mkdtemp(dir=staging)))
