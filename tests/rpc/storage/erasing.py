"""Asking a storage that runs to erase footage, and what is left of it."""

from typing import Any

import grpc

from snowlight.api.storage.v1 import retention_pb2, retention_pb2_grpc
from snowlight.rpc.status import remote_errors
from tests.rpc.storage.bucket import keys
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.exporting import END_MS
from tests.waiting import eventually

Erasure = retention_pb2.Erasure


class Erasing:
    """Asks a running storage for an erasure."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.stub: retention_pb2_grpc.RetentionAsyncStub = retention_pb2_grpc.RetentionStub(channel)

    async def ask(self, uid: str = "a", start_ms: int = 0, end_ms: int = END_MS) -> Erasure:
        request = retention_pb2.EraseFootageRequest(
            camera_uid=uid, start_ms=start_ms, end_ms=end_ms, reason="erasures/1"
        )
        with remote_errors("services/storage"):
            return await self.stub.EraseFootage(request)

    async def until(self, state: retention_pb2.Erasure.State.ValueType, **asked: Any) -> Erasure:
        """The erasure once it has come so far."""
        found = await self.ask(**asked)

        async def is_there() -> bool:
            nonlocal found
            found = await self.ask(**asked)
            return found.state == state

        await eventually(is_there)
        return found


def there(cluster: Cluster, uid: str) -> set[str]:
    """Keys of its objects in the store."""
    return {key for key in keys(cluster, "rec") if key.startswith(f"rec/{uid}/")}
