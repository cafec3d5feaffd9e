"""Cameras as people name them at the command line."""

from services.admin.peers import INGEST
from snowlight.api.ingest.v1 import camera_pb2, camera_pb2_grpc
from snowlight.rpc.status import remote_errors
from snowlight.runtime import Runtime

TIMEOUT_S = 30.0


async def camera_uid(runtime: Runtime, camera: str) -> str:
    """The uid of `cameras/{id}`, which the registry knows. Anything else is taken for a uid."""
    if not camera.startswith("cameras/"):
        return camera
    async with runtime.channel(runtime.cluster.ingest_address, balanced=False) as channel:
        registry: camera_pb2_grpc.CameraRegistryAsyncStub = camera_pb2_grpc.CameraRegistryStub(channel)
        with remote_errors(INGEST):
            found = await registry.GetCamera(camera_pb2.GetCameraRequest(name=camera), timeout=TIMEOUT_S)
    return found.uid
