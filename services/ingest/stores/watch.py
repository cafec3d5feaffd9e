"""Asks storage every half minute which stores there are, how full, and what region goes where."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import grpc
import structlog

from services.ingest.stores.placement import Placement
from services.ingest.stores.repository import StoresRepository
from snowlight.api.storage.v1 import store_pb2, store_pb2_grpc
from snowlight.errors import SnowlightError
from snowlight.rpc.status import from_rpc_error

REFRESH_SECONDS = 30.0
RETRY_SECONDS = 2.0
CALL_SECONDS = 10.0

log = structlog.get_logger(__name__)


class StoresWatch:
    """Keeps a Placement up to date."""

    def __init__(
        self,
        stores: store_pb2_grpc.StoresAsyncStub,
        repository: StoresRepository,
        placement: Placement,
        on_change: Callable[[], None],
    ) -> None:
        self._stores = stores
        self._repository = repository
        self._placement = placement
        self._on_change = on_change
        self._last: store_pb2.ListStoresResponse | None = None
        self.known = asyncio.Event()
        """Set once storage, now or in an earlier run, has told where footage goes."""

    async def restore(self) -> None:
        """Begin with what storage told an earlier run."""
        kept = await self._repository.load()
        if kept is not None:
            self._last = kept
            self._placement.learn(kept)
            self.known.set()

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            try:
                await self._ask()
            except SnowlightError as error:
                log.warning("stores.unknown", reason=str(error))
            self._on_change()  # cameras change their regions meanwhile too
            await asyncio.sleep(REFRESH_SECONDS if self.known.is_set() else RETRY_SECONDS)

    async def _ask(self) -> None:
        try:
            told = await self._stores.ListStores(store_pb2.ListStoresRequest(), timeout=CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:  # an older storage, which has one store
                self.known.set()
                return
            raise from_rpc_error(error, "services/storage") from error
        self._placement.learn(told)
        self.known.set()
        if told != self._last:
            await self._repository.save(told)
            self._last = told
