"""gRPC service `PublishKeys`."""

from typing import Any

from services.auth.messages import to_timestamp
from services.auth.publishing.keys import PublishKeys
from services.auth.repository.publish_keys import PublishKey
from snowlight.access.token import TokenVerifier
from snowlight.api.auth.v1 import publish_pb2, publish_pb2_grpc


class PublishKeysService(publish_pb2_grpc.PublishKeysServicer):
    """Keys for the person that a request names; and their check, for ingest."""

    def __init__(self, keys: PublishKeys, verifier: TokenVerifier) -> None:
        self._keys = keys
        self._verifier = verifier

    async def CreatePublishKey(  # noqa: N802
        self, request: publish_pb2.CreatePublishKeyRequest, context: Any
    ) -> publish_pb2.CreatePublishKeyResponse:
        caller = await self._verifier.access_token(request.access_token)
        made, key = await self._keys.create(
            caller, request.camera_uid, request.display_name, request.remote_address
        )
        return publish_pb2.CreatePublishKeyResponse(publish_key=_message(made), key=key)

    async def ListPublishKeys(  # noqa: N802
        self, request: publish_pb2.ListPublishKeysRequest, context: Any
    ) -> publish_pb2.ListPublishKeysResponse:
        caller = await self._verifier.access_token(request.access_token)
        found = await self._keys.of_camera(caller, request.camera_uid)
        return publish_pb2.ListPublishKeysResponse(publish_keys=map(_message, found))

    async def DeletePublishKey(  # noqa: N802
        self, request: publish_pb2.DeletePublishKeyRequest, context: Any
    ) -> publish_pb2.DeletePublishKeyResponse:
        caller = await self._verifier.access_token(request.access_token)
        await self._keys.delete(caller, request.camera_uid, request.name, request.remote_address)
        return publish_pb2.DeletePublishKeyResponse()

    async def CheckPublishKey(  # noqa: N802
        self, request: publish_pb2.CheckPublishKeyRequest, context: Any
    ) -> publish_pb2.CheckPublishKeyResponse:
        key_id = await self._keys.check(
            request.camera_id, request.camera_uid, request.key, request.remote_address
        )
        return publish_pb2.CheckPublishKeyResponse(key_id=key_id)


def _message(key: PublishKey) -> publish_pb2.PublishKey:
    return publish_pb2.PublishKey(
        name=key.name,
        camera_uid=key.camera_uid,
        display_name=key.display_name,
        create_time=to_timestamp(key.create_ms),
    )
