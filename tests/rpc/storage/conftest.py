"""One real storage service over gRPC, on a database and an object store of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from pydantic import SecretStr

from services.auth.app import run_auth
from services.auth.config import AuthSettings
from services.storage.app import run_storage
from services.storage.config import StorageSettings
from simulator.ports import free_port
from snowlight.api.auth.v1 import audit_pb2_grpc
from snowlight.api.ingest.v1 import camera_pb2_grpc
from snowlight.api.storage.v1 import integrity_pb2_grpc, storage_pb2_grpc, store_pb2_grpc
from snowlight.config import ClusterSettings
from snowlight.object_store import ObjectStoreSettings
from snowlight.rpc.server import Servicer
from snowlight.runtime import Runtime, build_runtime
from snowlight.steps import Reached, go_on
from tests.parts.callers import permitted_channel
from tests.parts.migrated import STORAGE, migrated_database
from tests.parts.minio import MinioServer
from tests.rpc.storage.days import Town, open_town
from tests.rpc.storage.registry import Registry
from tests.rpc.storage.witness import Witness
from tests.rpc.storage.yard import Yard, open_yard

CLUSTER_KEY = "a cluster key that is long enough for a test"

database_url = migrated_database(STORAGE)


class Cluster:
    """A storage service and the registry it follows, each of which can be stopped and started."""

    def __init__(
        self,
        database_url: str,
        data_dir: Path,
        store: ObjectStoreSettings | None = None,
        *,
        time_zone: str = "Asia/Shanghai",
    ) -> None:
        self.database_url = database_url
        self.store = store or ObjectStoreSettings()
        self.data_dir = data_dir
        self.storage_settings: dict[str, Any] = {}
        """Further settings of the storage started next."""
        self.reached: Reached = go_on
        """What it calls at each named step."""
        self.registry = Registry()  # type: ignore[abstract]  # only the feed is asked for
        self._settings = ClusterSettings(
            data_dir=data_dir,
            cluster_key=SecretStr(CLUSTER_KEY),
            auth_address=f"127.0.0.1:{free_port()}",
            ingest_address=f"127.0.0.1:{free_port()}",
            storage_address=f"127.0.0.1:{free_port()}",
            drain_seconds=0.1,
            time_zone=time_zone,
        )

    def metric(self, name: str, **labels: str) -> float | None:
        """A metric of the storage started last."""
        return self._metrics.get_sample_value(name, labels)

    @property
    def environment(self) -> dict[str, str]:
        """How a command finds this cluster."""
        return {
            "SNOWLIGHT_DATA_DIR": str(self.data_dir),
            "SNOWLIGHT_CLUSTER_KEY": CLUSTER_KEY,
            "SNOWLIGHT_AUTH_ADDRESS": self._settings.auth_address,
            "SNOWLIGHT_INGEST_ADDRESS": self._settings.ingest_address,
            "SNOWLIGHT_STORAGE_ADDRESS": self._settings.storage_address,
        }

    def runtime(self, service: str) -> Runtime:
        return build_runtime(service, self._settings)

    def channel(self) -> grpc.aio.Channel:
        """To storage, in the names of those who may call; a context that closes it."""
        return permitted_channel(self.runtime("gateway"), self._settings.storage_address)

    @asynccontextmanager
    async def auth(self) -> AsyncIterator[audit_pb2_grpc.AuditAsyncStub]:
        """Serve auth, which puts commands on record, while the context is open. Yields its audit."""
        address = self._settings.auth_address
        async with (
            run_auth(self.runtime("auth"), AuthSettings(listen=address)),
            self.runtime("admin").channel(address) as channel,
        ):
            audit_log: audit_pb2_grpc.AuditAsyncStub = audit_pb2_grpc.AuditStub(channel)
            yield audit_log

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
    async def storage(self, **settings: Any) -> AsyncIterator[storage_pb2_grpc.StorageAsyncStub]:
        """Run storage while the context is open. Yields a stub.

        `settings`: of `StorageSettings`, before those that are quick for tests.
        """
        quick: dict[str, Any] = {
            "grace_seconds": 0.2,
            "sweep_seconds": 0.1,
            "sweep_pause_seconds": 0.01,
            "pack_after_hours": 1e6,
            "pack_seconds": 0.1,
            "ledger_days": 10_000,  # tests tell of years past
            "probe_seconds": 0.1,
            "catalogue_seconds": 0.1,
            "export_wait_seconds": 0.0,
            "erase_seconds": 0.1,
        }
        chosen = StorageSettings(
            listen=self._settings.storage_address,
            database_url=self.database_url,
            store=self.store,
            **{**quick, **self.storage_settings, **settings},
        )
        runtime = replace(self.runtime("storage"), reached=self.reached)
        self._metrics = runtime.registry
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(run_storage(runtime, chosen))
            channel = await stack.enter_async_context(self.channel())
            await channel.channel_ready()  # a connection to the storage before may be about to go
            yield storage_pb2_grpc.StorageStub(channel)

    @asynccontextmanager
    async def reports(self) -> AsyncIterator[integrity_pb2_grpc.IntegrityReportsAsyncStub]:
        """A stub of the integrity reports."""
        async with self.channel() as channel:
            yield integrity_pb2_grpc.IntegrityReportsStub(channel)

    @asynccontextmanager
    async def stores(self) -> AsyncIterator[store_pb2_grpc.StoresAsyncStub]:
        """A stub of the stores."""
        async with self.channel() as channel:
            yield store_pb2_grpc.StoresStub(channel)


@pytest.fixture(params=["folder", "minio"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStoreSettings:
    """The settings of an empty store; a test that uses it runs on a folder and on MinIO."""
    if request.param == "folder":
        return ObjectStoreSettings(url=f"file://{tmp_path}/footage")
    server: MinioServer = request.getfixturevalue("minio_server")
    return server.store(request.getfixturevalue("minio_bucket"))


@pytest.fixture
def cluster(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Cluster:
    """Not yet running. In a test that uses `store` its footage lies there, so on a folder and on MinIO."""
    store = request.getfixturevalue("store") if "store" in request.fixturenames else None
    return Cluster(database_url, tmp_path, store)


@pytest.fixture
async def storage(cluster: Cluster) -> AsyncIterator[storage_pb2_grpc.StorageAsyncStub]:
    """Storage up, with the registry up."""
    async with cluster.ingest(), cluster.storage() as stub:
        yield stub


@pytest.fixture
async def town(cluster: Cluster) -> AsyncIterator[Town]:
    async with open_town(cluster) as opened:
        yield opened


@pytest.fixture
async def yard(database_url: str, tmp_path: Path) -> AsyncIterator[Yard]:
    async with open_yard(database_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def witness(database_url: str, tmp_path: Path) -> Witness:
    return Witness(database_url, tmp_path / "footage")
