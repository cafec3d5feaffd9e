"""Registers the benchmark's cameras, as an operator's tool would, over gRPC."""

from collections.abc import Sequence

from snowlight.access.cluster_key import ClusterKey
from snowlight.access.service_token import ServiceTokens
from snowlight.api.ingest.v1 import camera_pb2, camera_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.config import TlsSettings
from snowlight.rpc.channel import open_channel


async def register_cameras(
    address: str, cluster_key: str, urls: Sequence[str], *, retention_days: int = 1, audio: bool = False
) -> list[str]:
    """One enabled camera for each of `urls`; their uids."""
    tokens = ServiceTokens(ClusterKey(cluster_key), "gateway", SystemClock())
    async with open_channel(address, tokens, TlsSettings()) as channel:
        registry: camera_pb2_grpc.CameraRegistryAsyncStub = camera_pb2_grpc.CameraRegistryStub(channel)
        uids = []
        for number, url in enumerate(urls):
            camera = camera_pb2.Camera(
                display_name=f"bench {number}",
                region="regions/421381",
                source_url=url,
                camera_class=2,
                ownership=camera_pb2.PUBLIC,
                retention_days=retention_days,
                audio=audio,
                enabled=True,
            )
            created = await registry.CreateCamera(
                camera_pb2.CreateCameraRequest(camera_id=f"bench-{number}", camera=camera)
            )
            uids.append(created.uid)
        return uids
