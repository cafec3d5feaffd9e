"""What storage does with objects of one store, its errors told in ours.

Every function raises UnavailableError when the store does not answer, or not as it should.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import BaseError
from obstore.exceptions import NotFoundError as ObjectNotFoundError
from obstore.store import LocalStore

from snowlight.errors import UnavailableError

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

TIMEOUT_S = 30.0
LIST_CHUNK = 1000
_DELETES_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Listed:
    """One object as a LIST or a HEAD tells of it."""

    key: str
    size: int
    modified_ms: int


async def read(store: "ObjectStore", key: str) -> bytes | None:
    """The whole object; None when there is none."""
    with _told(key):
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answer = await obstore.get_async(store, key)
                data = bytes(await answer.bytes_async())
        except (ObjectNotFoundError, FileNotFoundError):
            return None
    return _whole(key, data, answer.meta["size"])


async def read_range(store: "ObjectStore", key: str, start: int, length: int) -> bytes | None:
    """`length` bytes from `start` on, all of which must be there; None when there is no such object."""
    with _told(key):
        try:
            async with asyncio.timeout(TIMEOUT_S):
                data = bytes(await obstore.get_range_async(store, key, start=start, length=length))
        except (ObjectNotFoundError, FileNotFoundError):
            return None
    return _whole(key, data, length)


async def write(store: "ObjectStore", key: str, data: bytes) -> None:
    """Put an object, over an older one of that key."""
    with _told(key):
        async with asyncio.timeout(TIMEOUT_S):
            await obstore.put_async(store, key, data, mode="overwrite", use_multipart=False)


async def copy(store: "ObjectStore", key: str, target: str) -> None:
    """Copy within the store. Raises FileNotFoundError when there is no such object."""
    is_there = True
    with _told(key):
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await obstore.copy_async(store, key, target)
        except (ObjectNotFoundError, FileNotFoundError):
            is_there = False
    if not is_there:
        raise FileNotFoundError(key)


async def delete(store: "ObjectStore", keys: Sequence[str]) -> None:
    """Delete objects; those that are gone already are no error."""
    if isinstance(store, LocalStore):
        for key in keys:
            await _delete_file(store, key)
        return
    for at in range(0, len(keys), _DELETES_AT_ONCE):
        with _told(keys[at]):
            async with asyncio.timeout(TIMEOUT_S):
                await obstore.delete_async(store, list(keys[at : at + _DELETES_AT_ONCE]))


async def _delete_file(store: LocalStore, key: str) -> None:
    with _told(key), suppress(FileNotFoundError):
        await obstore.delete_async(store, key)


async def head(store: "ObjectStore", key: str) -> Listed | None:
    """What there is under `key`; None when there is nothing."""
    with _told(key):
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return _listed(await obstore.head_async(store, key))
        except (ObjectNotFoundError, FileNotFoundError):
            return None


async def list_chunks(store: "ObjectStore", prefix: str) -> AsyncIterator[list[Listed]]:
    """All objects below the folder `prefix`, some at a time. A folder that is not there holds none."""
    stream = obstore.list(store, prefix, chunk_size=LIST_CHUNK)
    while True:
        with _told(prefix):
            async with asyncio.timeout(TIMEOUT_S):
                chunk = await anext(stream, None)
        if chunk is None:
            return
        yield [_listed(meta) for meta in chunk]


async def list_all(store: "ObjectStore", prefix: str) -> list[Listed]:
    """All objects below the folder `prefix`, in order of key."""
    found = [each async for chunk in list_chunks(store, prefix) for each in chunk]
    return sorted(found, key=lambda each: each.key)


async def list_folder(store: "ObjectStore", prefix: str) -> tuple[list[str], list[Listed]]:
    """The names of the folders right below `prefix`, and the objects that lie there beside them."""
    with _told(prefix):
        async with asyncio.timeout(TIMEOUT_S):
            answer = await obstore.list_with_delimiter_async(store, prefix)
    names = [path.rstrip("/").rpartition("/")[2] for path in answer["common_prefixes"]]
    return sorted(names), [_listed(meta) for meta in answer["objects"]]


@contextmanager
def _told(where: str) -> Iterator[None]:
    """The store's failures as UnavailableError, a bucket that is gone among them. Its own words may name
    addresses: only the cause has them."""
    try:
        yield
    except (BaseError, OSError, TimeoutError) as error:
        raise UnavailableError("store.unavailable", f"the store does not answer for {where}") from error


def _whole(key: str, data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise UnavailableError("store.unavailable", f"{len(data)} of {size} bytes of {key} came")
    return data


def _listed(meta: Mapping[str, Any]) -> Listed:
    modified: datetime = meta["last_modified"]
    return Listed(meta["path"], meta["size"], int(modified.timestamp() * 1000))
