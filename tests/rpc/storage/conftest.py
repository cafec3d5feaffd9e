"""One real storage service over gRPC, on a database and an object store of the test's own."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import grpc
import pytest
from pydantic import SecretStr

from services.storage.app import run_storage
from services.storage.config import StorageSettings
from snowlight.api.ingest.v1 import camera_pb2_grpc
from snowlight.api.storage.v1 import storage_pb2_grpc
from snowlight.config import ClusterSettings
from snowlight.object_store import ObjectStoreSettings
from snowlight.rpc.server import Servicer
from snowlight.runtime import Runtime, build_runtime
from tests.parts.part import free_port
from tests.rpc.storage.registry import Registry


class Cluster:
    """A storage service and the registry it follows, each of which can be stopped and started."""

    def __init__(self, database_url: str, data_dir: Path, store: ObjectStoreSettings | None = None) -> None:
        self.database_url = database_url
        self.store = store or ObjectStoreSettings()
        self.data_dir = data_dir
        self.registry = Registry()  # type: ignore[abstract]  # only the feed is asked for
        self._settings = ClusterSettings(
            data_dir=data_dir,
            cluster_key=SecretStr("a cluster key that is long enough for a test"),
            ingest_address=f"127.0.0.1:{free_port()}",
            storage_address=f"127.0.0.1:{free_port()}",
            drain_seconds=0.1,
        )

    def metric(self, name: str) -> float | None:
        """A metric of the storage started last."""
        return self._metrics.get_sample_value(name)

    def runtime(self, service: str) -> Runtime:
        return build_runtime(service, self._settings)

    @asynccontextmanager
    async def ingest(self) -> AsyncIterator[None]:
        """Serve the registry while the context is open."""
        servicer = Servicer(
            "snowlight.api.ingest.v1.CameraRegistry",
            camera_pb2_grpc.add_CameraRegistryServicer_to_server,
            self.registry,
        )
        async with self.runtime("ingest").serve(self._settings.ingest_address, servicer):
            yield

    @asynccontextmanager
    async def storage(
        self, *, grace_seconds: float = 0.2, pack_after_hours: float = 1e6
    ) -> "AsyncIterator[storage_pb2_grpc.StorageAsyncStub]":
        """Run storage while the context is open. Yields a stub that calls in ingest's name."""
        settings = StorageSettings(
            listen=self._settings.storage_address,
            database_url=self.database_url,
            store=self.store,
            grace_seconds=grace_seconds,
            sweep_seconds=0.1,
            sweep_pause_seconds=0.01,
            pack_after_hours=pack_after_hours,
            pack_seconds=0.1,
        )
        runtime = self.runtime("storage")
        self._metrics = runtime.registry
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(run_storage(runtime, settings))
            channel = await stack.enter_async_context(self.storage_channel())
            yield storage_pb2_grpc.StorageStub(channel)

    @asynccontextmanager
    async def storage_channel(self) -> "AsyncIterator[grpc.aio.Channel]":
        """A channel to the running storage, in ingest's name."""
        async with self.runtime("ingest").channel(self._settings.storage_address) as channel:
            await channel.channel_ready()  # one to a storage before on this address may be about to go
            yield channel


@pytest.fixture
def cluster(database_url: str, tmp_path: Path) -> Cluster:
    return Cluster(database_url, tmp_path)


@pytest.fixture
async def storage(cluster: Cluster) -> "AsyncIterator[storage_pb2_grpc.StorageAsyncStub]":
    """Storage up, with the registry up."""
    async with cluster.ingest(), cluster.storage() as stub:
        yield stub
