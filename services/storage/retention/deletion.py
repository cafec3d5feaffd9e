"""Deletes objects from the stores that hold them, many at once."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import LocalStore

from services.storage.retention.repository import Doomed
from services.storage.segment import DAY_MS
from snowlight.errors import UnavailableError

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

DELETE_TIMEOUT_S = 120.0
UNLINKS_AT_ONCE = 16
"""A disk that is told of each freed block takes one unlink after the other slowly, and many at once fast."""

log = structlog.get_logger(__name__)


class Footage:
    """The object stores by name."""

    def __init__(self, stores: "Mapping[str, ObjectStore]") -> None:
        self._stores = stores
        self._threads = ThreadPoolExecutor(UNLINKS_AT_ONCE, thread_name_prefix="unlink")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._stores)

    async def delete(self, name: str, doomed: Sequence[Doomed]) -> Sequence[Doomed]:
        """Delete objects from store `name`. Returns those that are gone, the ones that were gone before too.

        Raises UnavailableError when the store does not answer; some objects may be gone then.
        """
        store = self._stores[name]
        if isinstance(store, LocalStore):
            return await self._delete_files(_folder(name, store), doomed)
        await _delete_objects(name, store, [str(each.key) for each in doomed])
        return doomed

    async def _delete_files(self, folder: Path, doomed: Sequence[Doomed]) -> list[Doomed]:
        slices = [doomed[at::UNLINKS_AT_ONCE] for at in range(UNLINKS_AT_ONCE)]
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            deleting = [
                tasks.create_task(_of(loop.run_in_executor(self._threads, _unlink, folder, each)))
                for each in slices
                if each
            ]
        gone = [each for task in deleting for each in task.result()]
        await loop.run_in_executor(self._threads, _remove_emptied, folder, gone)
        return gone


async def _of(running: "asyncio.Future[list[Doomed]]") -> list[Doomed]:
    return await running


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


def _unlink(folder: Path, doomed: Sequence[Doomed]) -> list[Doomed]:
    """A file that cannot be deleted keeps its row, and stands in no other's way."""
    gone: list[Doomed] = []
    for each in doomed:
        try:
            os.unlink(f"{folder}/{each.key}")  # noqa: PTH108 - making a Path costs more than the unlink
        except FileNotFoundError:
            pass
        except OSError as error:
            log.error("footage.not_deleted", key=str(each.key), error=error.strerror)
            continue
        gone.append(each)
    return gone


def _remove_emptied(folder: Path, gone: Sequence[Doomed]) -> None:
    """The folders of days, and then of cameras, that hold nothing any more."""
    one_of_day = {(each.key.uid, each.key.start_ms // DAY_MS): each.key for each in gone}
    days = {Path(folder, str(key)).parent for key in one_of_day.values()}
    for emptied in (days, {day.parent for day in days}):
        for each in emptied:
            try:
                each.rmdir()
            except OSError:
                continue  # something is in it, or it is gone
