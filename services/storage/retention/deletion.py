"""Deletes objects from the stores that hold them, many at once."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import LocalStore

from services.storage.retention.repository import Doomed
from snowlight.errors import UnavailableError

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

DELETE_TIMEOUT_S = 120.0

log = structlog.get_logger(__name__)


class Footage:
    """The object stores by name."""

    def __init__(self, stores: "Mapping[str, ObjectStore]") -> None:
        self._stores = stores

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._stores)

    async def delete(self, name: str, doomed: Sequence[Doomed]) -> Sequence[Doomed]:
        """Delete objects from store `name`. Returns those that are gone, the ones that were gone before too.

        Raises UnavailableError when the store does not answer; some objects may be gone then.
        """
        store = self._stores[name]
        if isinstance(store, LocalStore):
            return await asyncio.to_thread(_delete_files, _folder(name, store), doomed)
        await _delete_objects(name, store, [str(each.key) for each in doomed])
        return doomed


async def _delete_objects(name: str, store: "ObjectStore", keys: list[str]) -> None:
    """DeleteObjects requests of up to 1,000 keys, to which a missing key is no error."""
    try:
        async with asyncio.timeout(DELETE_TIMEOUT_S):
            await obstore.delete_async(store, keys)
    except (BaseError, OSError, TimeoutError) as error:
        raise UnavailableError("store.unavailable", f"store {name} does not delete") from error


def _folder(name: str, store: LocalStore) -> Path:
    """Raises UnavailableError when the folder is gone: its disk is away, and nothing of it is deleted."""
    folder = Path(str(store.prefix))
    if not folder.is_dir():
        raise UnavailableError("store.unavailable", f"the folder of store {name} is missing")
    return folder


def _delete_files(folder: Path, doomed: Sequence[Doomed]) -> list[Doomed]:
    """A file that cannot be deleted keeps its row, and stands in no other's way."""
    gone: list[Doomed] = []
    emptied: set[str] = set()
    for each in doomed:
        path = f"{folder}/{each.key}"
        try:
            os.unlink(path)  # noqa: PTH108 - a Path for each of 300,000 a minute costs more than the unlink
        except FileNotFoundError:
            pass
        except OSError as error:
            log.error("footage.not_deleted", key=str(each.key), error=error.strerror)
            continue
        gone.append(each)
        emptied.add(path.rpartition("/")[0])
    _remove_if_empty(emptied)
    _remove_if_empty({day.rpartition("/")[0] for day in emptied})
    return gone


def _remove_if_empty(folders: set[str]) -> None:
    for folder in folders:
        try:
            os.rmdir(folder)  # noqa: PTH106 - as above
        except OSError:
            continue  # something is in it, or it is gone
