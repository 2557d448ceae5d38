"""The errors of lifecycle. Every message is for a reader: what was wrong, what was expected, what to do.

LifecycleError                  something we can name went wrong (exit code 1)
├── UserError                   the user can mend it: config, command line or input (exit code 2)
│   ├── ConfigError             the config file or an override of it
│   ├── PeriodError             a period that does not parse, lies in the future or before the data
│   └── InputError              a source, a file, a column or too many bad rows
│       └── MisfitError         columns of a file whose types the mapping cannot take
├── StoreError                  the store holds something it should not
└── IdentityError               figures that contradict each other; nothing is published

Transient failures (network, busy disk) are plain OSError or the storage library's own: `is_transient` tells.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class LifecycleError(Exception):
    """Base of all errors whose message can be shown to a user as it stands."""

    exit_code = 1


class UserError(LifecycleError):
    """Something the user can mend; the message says how."""

    exit_code = 2


class ConfigError(UserError):
    """The config file, or an environment variable that overrides it."""


class PeriodError(UserError):
    """A period nobody can compute: misspelt, not over yet, or before the first event."""


class InputError(UserError):
    """A source that cannot be read, lacks a column, or has too many bad rows."""


class MisfitError(InputError):
    """Columns of a file have types that the mapping cannot take; other files of the source may have others."""


class StoreError(LifecycleError):
    """A file of the store is missing or not what its digest says."""


class IdentityError(LifecycleError):
    """Two figures that must agree do not. Names the identity, the period and the figures."""


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most likely meant; None where none is close."""
    names = sorted(known)
    close = get_close_matches(name.lower(), names, n=1, cutoff=0.7)
    return next(iter(close or [known_name for known_name in names if known_name.lower() == name.lower()]), None)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence with the closest of the known names, or with all of them where none is close."""
    names = sorted(known)
    if (close := closest(name, names)) is not None:
        return f"Did you mean {close!r}?"
    return f"Known: {', '.join(names)}." if names else ""
