"""A storage with footage of an hour ago, and the desk at which exports of it are asked for."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import grpc
import obstore

from snowlight.access.cluster_key import ClusterKey
from snowlight.api.storage.v1 import export_pb2, export_pb2_grpc, hold_pb2, hold_pb2_grpc, storage_pb2
from snowlight.clock import SystemClock
from snowlight.evidence.signature import evidence_key
from snowlight.object_store import open_store
from tests.rpc.storage.conftest import CLUSTER_KEY, Cluster
from tests.rpc.storage.footage import gap, segment
from tests.waiting import eventually

DAY_MS, MINUTE_MS = 86_400_000, 60_000
START_MS = SystemClock().now_ms() // MINUTE_MS * MINUTE_MS - 60 * MINUTE_MS
END_MS = START_MS + 4 * MINUTE_MS
OPEN = (export_pb2.Export.PENDING, export_pb2.Export.RUNNING)
KEY = evidence_key(ClusterKey(CLUSTER_KEY))


class Desk:
    """Calls exports and holds of a storage that runs."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.exports: export_pb2_grpc.ExportsAsyncStub = export_pb2_grpc.ExportsStub(channel)
        self.holds: hold_pb2_grpc.HoldsAsyncStub = hold_pb2_grpc.HoldsStub(channel)

    async def create(self, *uids: str, request_id: str = "", **fields: Any) -> export_pb2.Export:
        wanted: dict[str, Any] = {
            "camera_uids": uids,
            "start_ms": START_MS + 30_000,
            "end_ms": END_MS,
            "case_number": "A4213-2026-0117",
            "reason": "theft at the east gate",
            "created_by": "principals/li",
            **fields,
        }
        request = export_pb2.CreateExportRequest(export=export_pb2.Export(**wanted), request_id=request_id)
        return await self.exports.CreateExport(request)

    async def get(self, name: str) -> export_pb2.Export:
        return await self.exports.GetExport(export_pb2.GetExportRequest(name=name))

    async def ended(self, name: str) -> export_pb2.Export:
        """The export once it is done."""
        found = await self.get(name)

        async def is_done() -> bool:
            nonlocal found
            found = await self.get(name)
            return found.state not in OPEN

        await eventually(is_done)
        return found

    async def held(self) -> set[str]:
        """The exports that hold footage now."""
        answer = await self.holds.ListHolds(hold_pb2.ListHoldsRequest())
        return {hold.created_by for hold in answer.holds if hold.created_by.startswith("exports/")}

    async def knows(self, *uids: str) -> None:
        """Return once storage has heard of these cameras."""
        for uid in uids:

            async def is_known(uid: str = uid) -> bool:
                wanted = hold_pb2.Hold(
                    camera_uid=uid,
                    start_ms=START_MS,
                    end_ms=END_MS,
                    case_number="0",
                    reason="0",
                    created_by="0",
                )
                try:
                    held = await self.holds.CreateHold(hold_pb2.CreateHoldRequest(hold=wanted))
                except grpc.aio.AioRpcError:
                    return False
                await self.holds.ReleaseHold(
                    hold_pb2.ReleaseHoldRequest(name=held.name, released_by="1", reason="1")
                )
                return True

            await eventually(is_known)

    async def lets_go(self) -> None:
        """Return once no export holds footage."""

        async def is_free() -> bool:
            return not await self.held()

        await eventually(is_free)


def put_minute(cluster: Cluster, uid: str, minute: int) -> storage_pb2.Segment:
    """An object in the store, and what ingest would commit of it."""
    message = segment(uid, START_MS + minute * MINUTE_MS, MINUTE_MS, sequence=minute)
    content = (f"{uid}{minute}".encode() * message.size)[: message.size]
    obstore.put(open_store(cluster.store, cluster.data_dir), message.key, content)
    message.sha256 = sha256(content).digest()
    return message


@asynccontextmanager
async def storage_with_footage(
    cluster: Cluster, reached: Callable[[str], None] = lambda _step: None
) -> AsyncIterator[Desk]:
    """Minutes 0, 1 and 3 of "a", of which minute 2 was lost, and minute 2 of "b"."""
    for uid in ("a", "b"):
        await cluster.registry.put(uid, retention_days=30, created_ms=START_MS - DAY_MS)
    messages = [put_minute(cluster, *each) for each in (("a", 0), ("a", 1), ("a", 3), ("b", 2))]
    lost = gap("a", START_MS + 2 * MINUTE_MS, START_MS + 3 * MINUTE_MS, "camera_offline")
    cluster.reached = reached
    async with cluster.ingest(), cluster.storage() as storage, cluster.channel() as channel:
        await storage.OpenEpoch(storage_pb2.OpenEpochRequest(shard=0, epoch=1, from_ms=START_MS))
        await storage.CommitSegments(
            storage_pb2.CommitSegmentsRequest(shard=0, segments=messages, gaps=[lost])
        )
        desk = Desk(channel)

        await desk.knows("b")
        yield desk


@asynccontextmanager
async def empty_storage(cluster: Cluster) -> AsyncIterator[Desk]:
    """Storage that knows neither camera nor footage."""
    async with cluster.storage(), cluster.channel() as channel:
        await channel.channel_ready()
        yield Desk(channel)
