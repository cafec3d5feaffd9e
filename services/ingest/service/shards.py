"""`snowlight.api.ingest.v1.Shards`."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from services.ingest.shards.keeper import ShardKeeper
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.rows import LiveWorker, ShardRow
from snowlight.api.ingest.v1 import shard_pb2, shard_pb2_grpc
from snowlight.errors import UnavailableError


class ShardsService(shard_pb2_grpc.ShardsServicer):
    """Tells what the database has, whenever the keeper has seen a change."""

    def __init__(self, repository: ShardRepository, keeper: ShardKeeper) -> None:
        self._repository = repository
        self._keeper = keeper
        self._streams: set[asyncio.Event] = set()
        self._closed = False

    def close(self) -> None:
        """End every stream: the process stops."""
        self._closed = True
        for wake in self._streams:
            wake.set()

    async def WatchShards(  # noqa: N802
        self, request: shard_pb2.WatchShardsRequest, context: Any
    ) -> AsyncIterator[shard_pb2.WatchShardsResponse]:
        wake = asyncio.Event()
        self._streams.add(wake)
        try:
            with self._keeper.told(wake):
                while not self._closed:
                    wake.clear()
                    yield shard_map(*await self._repository.owners())
                    await wake.wait()
        finally:
            self._streams.discard(wake)
        raise UnavailableError("ingest.stopping", "the service is stopping")


def shard_map(rows: Sequence[ShardRow], live: Mapping[str, LiveWorker]) -> shard_pb2.WatchShardsResponse:
    """The message of all shards, in their order."""
    places = {worker: place for place, worker in enumerate(live, start=1)}
    return shard_pb2.WatchShardsResponse(
        addresses=[worker.address for worker in live.values()],
        owners=[places.get(row.owner, 0) for row in rows],
        previous=[places.get(row.previous, 0) for row in rows],
    )
