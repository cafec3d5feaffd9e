"""Tells storage of gaps, until it knows all of them."""

from __future__ import annotations

import asyncio

import structlog

from services.ingest.status.gaps import Gap
from services.ingest.status.repository import StatusRepository
from snowlight.api.storage.v1 import storage_pb2, storage_pb2_grpc
from snowlight.errors import SnowlightError
from snowlight.rpc.status import remote_errors

log = structlog.get_logger(__name__)

BATCH = 500
RETRY_SECONDS = 5.0
CALL_SECONDS = 20.0


class GapReporter:
    """Gaps go to storage when they begin and again when they end; storage knows them by camera and start."""

    def __init__(
        self, repository: StatusRepository, storage: storage_pb2_grpc.StorageAsyncStub, shard: int
    ) -> None:
        self._repository = repository
        self._storage = storage
        self._shard = shard
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There may be something to report."""
        self._wake.set()

    async def run(self) -> None:
        """Report until cancelled, beginning with what an earlier run left."""
        while True:
            self._wake.clear()
            try:
                await self.report()
            except SnowlightError as error:
                log.warning("gaps.unreported", reason=str(error))
                await asyncio.sleep(RETRY_SECONDS)
            else:
                await self._wake.wait()

    async def report(self) -> None:
        """Report all there is. Raises what storage or the database raise."""
        while gaps := await self._repository.unreported_gaps(BATCH):
            request = storage_pb2.CommitSegmentsRequest(shard=self._shard, gaps=map(_message, gaps))
            with remote_errors("services/storage"):
                await self._storage.CommitSegments(request, timeout=CALL_SECONDS)
            await self._repository.mark_reported(gaps)


def _message(gap: Gap) -> storage_pb2.Gap:
    return storage_pb2.Gap(camera_uid=gap.uid, start_ms=gap.start_ms, end_ms=gap.end_ms or 0, cause=gap.cause)
