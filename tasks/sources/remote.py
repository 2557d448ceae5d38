"""Where the files of a source on S3 lie: listed once, matched like paths of this machine."""

import fnmatch
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import PurePosixPath

from tasks.objects import bucket
from tasks.objects.addresses import Address
from tasks.objects.base import Entry
from tasks.objects.bucket import Bucket


def listed(address: Address) -> tuple[Bucket, list[Entry]]:
    """What an address means, and the folder its keys start from: all below it, or one object. A pattern is not looked
    at. Folders' own marks, which some programs leave, are no files.
    """
    place = bucket.at(str(address.root))
    found = [one for one in place.list() if one.size or PurePosixPath(one.key).suffix]
    return (place, found) if found or address.pattern else _alone(address)


def _alone(address: Address) -> tuple[Bucket, list[Entry]]:
    *folders, name = address.parts or ("",)
    place = bucket.at(str(Address(address.bucket, tuple(folders))))
    found = place.entry(name) if name else None
    return place, [found] if found else []


def nearby(address: Address) -> tuple[str, Address, list[str]]:
    """The nearest folder that holds something: the part of the address that is not in it, the folder, its names."""
    wanted = ""
    while True:
        names = bucket.at(str(address)).names()
        if names or not address.parts:
            return wanted, address, names
        *folders, wanted = address.parts
        address = Address(address.bucket, tuple(folders))


def matcher(pattern: str) -> Callable[[str], bool]:
    """As `Path.glob`: `**` is any folders, `*` any characters of a name; at its end `**` is all files below."""
    parts = pattern.split("/")
    wanted = (*parts, "*") if parts[-1] == "**" else tuple(parts)
    return lambda key: _matches(wanted, tuple(key.split("/")))


def _matches(wanted: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    if not wanted:
        return not parts
    if wanted[0] == "**":
        return any(_matches(wanted[1:], parts[skipped:]) for skipped in range(len(parts) + 1))
    return bool(parts) and _part(wanted[0]).match(parts[0]) is not None and _matches(wanted[1:], parts[1:])


@lru_cache(maxsize=256)
def _part(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern))
