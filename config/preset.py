"""Presets: the mapping of a known system's export, shipped as TOML in config/presets. Data only, no code of a vendor's.

Here they are read, filled into a source, and told apart by the columns of a file. What a source may hold is in
`config.models`: a preset's keys are checked there like a user's own. Looking at files is in `tasks.sources`.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import Field

from config.errors import did_you_mean
from config.models import Model
from config.words import Strings


class Preset(Model):
    """One form of one system's export. `source` are keys of a source, without its name and its files."""

    title: str = Field(min_length=1, description="The system, and which of its exports.")
    documentation: Strings = Field(min_length=1, description="Where the system describes the form.")
    recognise: Strings = Field(min_length=1, description="Columns each file of the form has; dots lead into objects.")
    source: dict[str, Any] = Field(description="Keys of a source; see config/lifecycle.toml.")

    @property
    def header(self) -> list[str]:
        """The columns of delimited files of this form that have no header line; empty where they have one."""
        header: list[str] = self.source.get("csv", {}).get("header", [])
        return header

    def fits(self, columns: Iterable[str], cells: int | None) -> bool:
        """Whether a file with these columns may be of this form, in its envelope or out of it. See `ranked`."""
        known, around = set(columns), self.source.get("envelope")
        within = {name.removeprefix(f"{around}.") for name in known if name.startswith(f"{around}.")}
        asked = set(self.recognise)
        return asked <= known or asked <= within or (bool(self.header) and cells == len(self.header))


@cache
def shipped() -> Mapping[str, Preset]:
    """All presets, by name."""
    folder = files("config").joinpath("presets")
    found = sorted((one.name, one) for one in folder.iterdir() if one.name.endswith(".toml"))
    texts = {name.removesuffix(".toml"): one.read_text(encoding="utf-8") for name, one in found}
    return {name: Preset.model_validate(tomllib.loads(text)) for name, text in texts.items()}


def ranked(columns: Iterable[str], cells: int | None = None) -> list[str]:
    """The presets a file fits, those that ask for most columns first.

    `columns` are the file's own, and with dots what lies in objects and in lists of objects; `cells` is the number of
    cells in the first line of a delimited file, which may be data already.
    """
    known = frozenset(columns)
    fitting = [(name, preset) for name, preset in shipped().items() if preset.fits(known, cells)]
    return [name for name, preset in sorted(fitting, key=lambda entry: (-len(entry[1].recognise), entry[0]))]


def filled(source: Mapping[str, Any]) -> dict[str, Any]:
    """A source of the config file with what its preset says where the source itself says nothing.

    Columns and the keys of tables are filled in one by one, `optional` are those of both, and an event name that the
    source gives a kind has that one only.

    Raises:
        ValueError: there is no such preset.
    """
    name, own = source.get("preset"), dict(source)
    if not isinstance(name, str):
        return own
    if name not in shipped():
        raise ValueError(f"there is no preset {name!r}. {did_you_mean(name, shipped())}")
    given = shipped()[name].source
    merged = {key: _merged(key, given.get(key), own[key]) for key in own}
    return {**given, **merged}


def _merged(key: str, given: Any, own: Any) -> Any:
    """What is not of the type it must be is left for the models to refuse."""
    match given, own:
        case dict(), dict() if key == "kinds":
            taken = {name for names in own.values() if isinstance(names, list) for name in names}
            rest = {kind: [name for name in names if name not in taken] for kind, names in given.items()}
            return {**{kind: names for kind, names in rest.items() if names}, **own}
        case dict(), dict():
            return {**given, **own}
        case list(), list() if key == "optional":
            return [*given, *(name for name in own if name not in given)]
        case _:
            return own
