"""Which kind of place an address means. The only module that asks."""

from tasks.objects import bucket
from tasks.objects.addresses import is_remote
from tasks.objects.base import Objects
from tasks.objects.folder import Folder


def at(uri: str) -> Objects:
    """The objects at a folder of this machine, or at `s3://bucket/prefix`."""
    return bucket.at(uri) if is_remote(uri) else Folder(uri)
