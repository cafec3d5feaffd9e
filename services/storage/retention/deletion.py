"""Deletes objects from the stores that hold them."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import LocalStore

from services.storage.segment import Segment
from snowlight.errors import UnavailableError

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

DELETE_TIMEOUT_S = 120.0

log = structlog.get_logger(__name__)


class Footage:
    """The object stores by name."""

    def __init__(self, stores: Mapping[str, "ObjectStore"]) -> None:
        self._stores = stores

    async def delete(self, segments: Sequence[Segment]) -> list[Segment]:
        """Delete the segments' objects. Returns those that are gone, the ones that were gone before too.

        Raises UnavailableError when a store does not answer; some objects may be gone then.
        """
        by_store: dict[str, list[Segment]] = defaultdict(list)
        for segment in segments:
            by_store[segment.store].append(segment)
        gone: list[Segment] = []
        for name, there in by_store.items():
            store = self._stores.get(name)
            if store is None:
                log.error("footage.store_unknown", store=name, segments=len(there))
            elif isinstance(store, LocalStore):
                gone += [segment for segment in there if await _delete_file(store, segment)]
            else:
                await _delete_objects(name, store, there)
                gone += there
        return gone


async def _delete_objects(name: str, store: "ObjectStore", segments: Sequence[Segment]) -> None:
    """One DeleteObjects request, to which a missing key is no error."""
    try:
        async with asyncio.timeout(DELETE_TIMEOUT_S):
            await obstore.delete_async(store, [str(segment.key) for segment in segments])
    except (BaseError, OSError, TimeoutError) as error:
        raise UnavailableError("store.unavailable", f"store {name} does not delete") from error


async def _delete_file(store: LocalStore, segment: Segment) -> bool:
    """A file that cannot be deleted keeps its row, and stands in no other's way."""
    try:
        await obstore.delete_async(store, str(segment.key))
    except FileNotFoundError:
        pass
    except (BaseError, OSError) as error:
        log.error("footage.not_deleted", key=str(segment.key), error=str(error))
        return False
    return True
