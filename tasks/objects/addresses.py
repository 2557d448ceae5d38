"""`s3://bucket/prefix`: what such an address says, and what it may not."""

import glob
from dataclasses import dataclass
from itertools import takewhile

SCHEME = "s3://"


def is_remote(uri: str) -> bool:
    return uri.startswith(SCHEME)


@dataclass(frozen=True)
class Address:
    """A bucket and the place in it: folders, then perhaps a pattern. No part is empty, `.` or `..`."""

    bucket: str
    parts: tuple[str, ...]

    @classmethod
    def of(cls, uri: str) -> "Address":
        bucket, *parts = uri.removeprefix(SCHEME).split("/")
        return cls(bucket, tuple(part for part in parts if part))

    @property
    def root(self) -> "Address":
        """Without the pattern: the folder where it begins."""
        return Address(self.bucket, tuple(takewhile(lambda part: not glob.has_magic(part), self.parts)))

    @property
    def pattern(self) -> str:
        """The pattern alone; empty where there is none."""
        return "/".join(self.parts[len(self.root.parts) :])

    @property
    def prefix(self) -> str:
        return "/".join(self.parts)

    def __str__(self) -> str:
        return SCHEME + "/".join((self.bucket, *self.parts))
