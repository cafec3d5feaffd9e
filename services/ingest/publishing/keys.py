"""Keys that cameras show, checked by auth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snowlight.api.auth.v1 import publish_pb2
from snowlight.rpc.status import remote_errors

if TYPE_CHECKING:
    from snowlight.api.auth.v1 import publish_pb2_grpc

CHECK_TIMEOUT_S = 5.0


class AuthKeys:
    """Asks auth at each connection: what was revoked a moment ago lets nobody in."""

    def __init__(self, stub: publish_pb2_grpc.PublishKeysAsyncStub) -> None:
        self._stub = stub

    async def __call__(self, camera_id: str, camera_uid: str, key: str, address: str) -> str:
        """As `services.ingest.publishing.admission.CheckKey`."""
        request = publish_pb2.CheckPublishKeyRequest(
            camera_id=camera_id, camera_uid=camera_uid, key=key, remote_address=address
        )
        with remote_errors("services/auth"):
            answer = await self._stub.CheckPublishKey(request, timeout=CHECK_TIMEOUT_S)
        return answer.key_id
