"""Sheets in the object stores, beside the footage they show."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.exceptions import NotFoundError as ObjectNotFoundError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

    from snowlight.media.preview import LapseKey, SheetKey

TIMEOUT_S = 5.0
_LARGEST = 4 << 20
_FAILURES = (BaseError, OSError, TimeoutError)

log = structlog.get_logger(__name__)


class StoredSheets:
    """A store that refuses or is away is no error: sheets can be made without it."""

    def __init__(self, stores: Mapping[str, ObjectStore]) -> None:
        self._stores = stores
        self._told: set[str] = set()
        """Stores whose refusal is in the log."""

    async def read(self, store: str, key: SheetKey | LapseKey) -> bytes | None:
        """The sheet; None when there is none to be had."""
        if store not in self._stores:
            return None
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answer = await obstore.get_async(self._stores[store], str(key))
                if answer.meta["size"] > _LARGEST:
                    return None
                return bytes(await answer.bytes_async())
        except (ObjectNotFoundError, FileNotFoundError):
            return None
        except _FAILURES as error:
            self._tell(store, error)
            return None

    async def write(self, store: str, key: SheetKey | LapseKey, data: bytes) -> None:
        """Keep a sheet for all gateways, if the store lets this one."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await obstore.put_async(
                    self._stores[store], str(key), data, mode="overwrite", use_multipart=False
                )
        except _FAILURES as error:
            self._tell(store, error)
        else:
            self._told.discard(store)

    def _tell(self, store: str, error: Exception) -> None:
        """Once, until it takes one again: the error's own words may name addresses."""
        if store not in self._told:
            self._told.add(store)
            log.warning("gateway.sheets_not_stored", store=store, error=type(error).__name__)
