"""The errors of lifecycle. Every message is for a reader: what was wrong, what was expected, what to do.

LifecycleError                  something we can name went wrong (exit code 1)
├── UserError                   the user can mend it: config, command line or input (exit code 2)
│   ├── ConfigError             the config file or an override of it
│   ├── PeriodError             a period that does not parse, lies in the future or before the data
│   └── InputError              a source, a file, a column, too many bad rows, or others than were usual
│       └── MisfitError         columns of a file whose types the mapping cannot take
├── StoreError                  the store holds something it should not, or takes nothing more
│   └── DamagedError            a file of it is not what was written
├── UnreachableError            a service that files or the store lie on fails, also after retries
├── IdentityError               figures that contradict each other; nothing is published
├── PeriodsError                some of several periods; the others are published
└── UnforeseenError             what nobody foresaw, by its name alone

Transient failures of the disk are plain OSError: `is_transient` tells. Those of the network are tried again where they
occur, in `tasks.objects.bucket`, and are lasting when they come out of there.
"""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any


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
    """A file of the store is missing, or cannot be written."""


class DamagedError(StoreError):
    """A file of the store is not what was written. `file`: which; `advice`: what to do.

    `is_aside`: it was taken away, so that whoever starts again builds it anew. `published`: by the run until then.
    """

    def __init__(self, file: str, advice: str, *, is_aside: bool = False) -> None:
        super().__init__(file, advice)
        self.file, self.advice, self.is_aside = file, advice, is_aside
        self.published: list[Any] = []

    def __str__(self) -> str:
        return f"{self.file} is not what was written. {self.advice}"


class UnreachableError(LifecycleError):
    """A service that files or the store lie on fails or is not there; it has been tried again for a while."""


class IdentityError(LifecycleError):
    """Two figures that must agree do not. Names the identity, the period and the figures."""


class PeriodsError(LifecycleError):
    """Some of several periods failed. `published`: what became of the others; `failed`: by period.

    The exit code is 2 where the user can mend all of it.
    """

    def __init__(self, published: Sequence[Any], failed: Mapping[str, Exception]) -> None:
        super().__init__(published, failed)
        self.published, self.failed = list(published), dict(failed)
        if all(isinstance(error, UserError) for error in failed.values()):
            self.exit_code = UserError.exit_code

    def __str__(self) -> str:
        periods: dict[str, list[str]] = {}
        for period, error in self.failed.items():
            periods.setdefault(told(error), []).append(period)
        others = f"{len(self.published)} of {len(self.published) + len(self.failed)} periods are published."
        return "\n".join([f"{others} Failed:", *(f"  - {', '.join(own)}: {why}" for why, own in periods.items())])


class UnforeseenError(LifecycleError):
    """An error of a library, or of ours, by the name of its type: its text may quote rows. It is the cause of this."""

    def __init__(self, name: str) -> None:
        super().__init__(f"failed unexpectedly ({name}). Running again is safe.")


def told(error: BaseException) -> str:
    """An error in words for a reader."""
    return str(error if isinstance(error, LifecycleError) else UnforeseenError(type(error).__name__))


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
