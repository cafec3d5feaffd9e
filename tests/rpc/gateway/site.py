"""The gateway between real peers, and a person who uses it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import obstore
from prometheus_client import CollectorRegistry

from services.auth.app import run_auth
from services.auth.config import AuthSettings
from services.gateway.app import run_gateway
from services.gateway.config import GatewaySettings
from services.storage.app import run_storage
from services.storage.config import StorageSettings
from simulator.ports import free_port
from snowlight.api.auth.v1 import (
    audit_pb2,
    audit_pb2_grpc,
    auth_pb2,
    auth_pb2_grpc,
    revocation_pb2,
    revocation_pb2_grpc,
)
from snowlight.api.storage.v1 import storage_pb2, storage_pb2_grpc
from snowlight.config import ClusterSettings
from snowlight.media.fragment import Fragment, InitSection
from snowlight.object_store import ObjectStoreSettings, open_store
from snowlight.rpc.status import remote_errors
from snowlight.runtime import Runtime, build_runtime
from tests.parts.clock import MovableClock
from tests.parts.migrated import AUTH, INGEST, STORAGE
from tests.parts.password import PASSWORD
from tests.rpc.gateway.ingest import Ingest, SpoolFile, run_ingest
from tests.rpc.gateway.people import VILLAGE, add_people
from tests.rpc.gateway.recorded import segment_of, spool_file
from tests.waiting import eventually

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

EPOCH = 1


@dataclass
class Site:
    """A running gateway and its peers."""

    url: str
    http: aiohttp.ClientSession
    runtime: Runtime
    clock: MovableClock
    ingest: Ingest
    storage: storage_pb2_grpc.StorageAsyncStub
    directory: auth_pb2_grpc.DirectoryAsyncStub
    audit_log: audit_pb2_grpc.AuditAsyncStub
    revocations: revocation_pb2_grpc.RevocationsAsyncStub
    registry: CollectorRegistry
    """The gateway's metrics."""
    ingest_stack: AsyncExitStack
    footage: ObjectStore
    """Where objects are recorded to."""
    _sequence: int = 0

    async def restart_ingest(self) -> None:
        """End ingest and begin it again: its memory is gone, its database is not."""
        await self.ingest_stack.aclose()
        self.ingest = await self.ingest_stack.enter_async_context(run_ingest(_part(self.runtime, "ingest")))

    async def pass_time(self, seconds: float) -> None:
        """Put the clock forward, and wait until the gateway has heard of auth since."""
        self.clock.ahead_s += seconds
        token = await self.token("root")

        async def heard() -> bool:
            return (await self.call("POST", "/v1/tickets:batchCreate", token, json={}))[0] == 400

        await eventually(heard)

    async def audit(self, **fields: Any) -> list[audit_pb2.AuditRecord]:
        """The records with these fields, newest first, but for those of making people and cameras."""
        whole = audit_pb2.AuditReader(whole=True)
        answer = await self.audit_log.ListAuditRecords(
            audit_pb2.ListAuditRecordsRequest(reader=whole, page_size=1000)
        )
        return [
            record
            for record in answer.records
            if not record.action.endswith(".manage")
            and all(getattr(record, name) == value for name, value in fields.items())
        ]

    async def revoke(self, kind: revocation_pb2.RevocationKind.ValueType, subject: str) -> None:
        """Take something away, as an administrator does."""
        request = revocation_pb2.RevokeRequest(kind=kind, subject=subject, reason="test", ordered_by="tests")
        with remote_errors("services/auth"):
            await self.revocations.Revoke(request)

    async def principal(self, username: str) -> str:
        """The name of a person, "principals/{id}"."""
        answer = await self.directory.ListPrincipals(auth_pb2.ListPrincipalsRequest())
        return next(one.name for one in answer.principals if one.username == username)

    @asynccontextmanager
    async def another_gateway(
        self, peers: Mapping[str, str] | None = None, **settings: Any
    ) -> AsyncIterator[str]:
        """A second gateway of the same cluster: its URL. `peers`: where it looks for some of the services."""
        part = _part(self.runtime, "gateway")
        told = {f"{service}_address": address for service, address in (peers or {}).items()}
        part = replace(part, cluster=part.cluster.model_copy(update=told))
        port = free_port()
        gateway = GatewaySettings(listen=f"127.0.0.1:{port}", live_wait_seconds=2, **settings)
        async with run_gateway(part, gateway):
            yield f"http://127.0.0.1:{port}"

    async def openapi(self) -> dict[str, Any]:
        """The document that the gateway serves."""
        status, document = await self.call("GET", "/v1/openapi.json")
        assert status == 200
        return dict(document)

    async def token(self, username: str = "chen") -> str:
        """An access token of a person made at the start."""
        form = {"grant_type": "password", "username": username, "password": PASSWORD}
        async with self.http.post("/v1/token", data=form) as response:
            assert response.status == 200, await response.text()
            return str((await response.json())["access_token"])

    async def call(
        self,
        method: str,
        path: str,
        token: str = "",
        *,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> tuple[int, Any]:
        """Status and JSON of a request."""
        headers = (headers or {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        async with self.http.request(method, path, headers=headers, **options) as response:
            return response.status, await response.json(content_type=None) if response.status != 204 else None

    async def add_camera(self, camera_id: str, region: str = VILLAGE, **fields: Any) -> str:
        """Register a camera; its uid."""
        body = {"display_name": camera_id, "region": region, "source_url": "rtsp://127.0.0.1/x"} | fields
        token = await self.token("root")
        status, camera = await self.call("POST", f"/v1/cameras?camera_id={camera_id}", token, json=body)
        assert status == 200, camera
        return str(camera["uid"])

    async def add_person(
        self,
        username: str,
        scope: str,
        role: auth_pb2.Role.ValueType,
        line: auth_pb2.Line.ValueType = auth_pb2.GOVERNMENT,
    ) -> str:
        """Create somebody with the tests' password; their name, "principals/{id}"."""
        principal = auth_pb2.Principal(username=username, line=line, roles=[role], scope=scope)
        created = await self.directory.CreatePrincipal(
            auth_pb2.CreatePrincipalRequest(principal=principal, password=PASSWORD)
        )
        return created.name

    async def ticket(self, camera_id: str, username: str = "chen", **body: str) -> str:
        """A ticket for a camera."""
        token = await self.token(username)
        status, answer = await self.call("POST", f"/v1/cameras/{camera_id}/tickets", token, json=body)
        assert status == 200, answer
        return str(answer["ticket"])

    async def get(self, path: str) -> tuple[int, bytes]:
        """Status and body."""
        async with self.http.get(path) as response:
            return response.status, await response.read()

    def spool(self, uid: str, init: InitSection, fragments: list[Fragment]) -> SpoolFile:
        """Put one minute's footage into the spool."""
        self._sequence += 1
        file = spool_file(uid, init, fragments, epoch=EPOCH, sequence=self._sequence)
        self.ingest.pictures.spool[uid].append(file)
        return file

    async def commit(self, uid: str, file: SpoolFile) -> None:
        """Move a spool file into the store, as ingest does: object, commit, then the file goes."""
        await obstore.put_async(self.footage, file.listing.key, file.data)
        answer = await self.storage.CommitSegments(
            storage_pb2.CommitSegmentsRequest(segments=[segment_of(uid, file)])
        )
        assert [result.outcome for result in answer.results] == [storage_pb2.CommitResult.COMMITTED]
        self.ingest.pictures.spool[uid].remove(file)


@asynccontextmanager
async def run_site(
    data_dir: Path,
    *,
    port: int | None = None,
    auth_settings: Mapping[str, Any] | None = None,
    storage_settings: Mapping[str, Any] | None = None,
    recorded_to: ObjectStoreSettings | None = None,
    **settings: Any,
) -> AsyncIterator[Site]:
    """Auth, storage, ingest's registry and the gateway, with a county, its village and some people.

    `recorded_to`: the store of footage, as ingest opens it; `settings` are the gateway's.
    """
    clock = MovableClock()
    cluster = ClusterSettings(
        data_dir=data_dir,
        auth_address=f"127.0.0.1:{free_port()}",
        ingest_address=f"127.0.0.1:{free_port()}",
        storage_address=f"127.0.0.1:{free_port()}",
        drain_seconds=0.2,
    )
    runtime = replace(build_runtime("all", cluster, create_key=True), clock=clock)
    port = port or free_port()
    for schema in (AUTH, STORAGE, INGEST):
        schema.copy_to(data_dir / f"{schema.service}.db")
    async with AsyncExitStack() as stack:
        auth = AuthSettings(listen=cluster.auth_address, password_memory_kib=8_192, **(auth_settings or {}))
        await stack.enter_async_context(run_auth(_part(runtime, "auth"), auth))
        storage = StorageSettings(
            listen=cluster.storage_address, export_wait_seconds=0, **(storage_settings or {})
        )
        await stack.enter_async_context(run_storage(_part(runtime, "storage"), storage))
        ingest_stack = await stack.enter_async_context(AsyncExitStack())
        ingest = await ingest_stack.enter_async_context(run_ingest(_part(runtime, "ingest")))
        gateway = GatewaySettings(listen=f"127.0.0.1:{port}", **settings)
        part = _part(runtime, "gateway")
        await stack.enter_async_context(run_gateway(part, gateway))
        admin, recorder = runtime.named("admin"), runtime.named("ingest")
        channel = await stack.enter_async_context(admin.channel(cluster.auth_address))
        directory: auth_pb2_grpc.DirectoryAsyncStub = auth_pb2_grpc.DirectoryStub(channel)
        audit_log: audit_pb2_grpc.AuditAsyncStub = audit_pb2_grpc.AuditStub(channel)
        await add_people(directory)
        index_channel = await stack.enter_async_context(recorder.channel(cluster.storage_address))
        index: storage_pb2_grpc.StorageAsyncStub = storage_pb2_grpc.StorageStub(index_channel)
        await index.OpenEpoch(storage_pb2.OpenEpochRequest(shard=0, epoch=EPOCH, from_ms=clock.now_ms()))
        url = f"http://127.0.0.1:{port}"
        jar = aiohttp.CookieJar(unsafe=True)  # takes cookies of an address without a name
        http = await stack.enter_async_context(aiohttp.ClientSession(url, cookie_jar=jar))
        revocations: revocation_pb2_grpc.RevocationsAsyncStub = revocation_pb2_grpc.RevocationsStub(channel)
        await _ready(part)
        yield Site(
            url,
            http,
            runtime,
            clock,
            ingest,
            index,
            directory,
            audit_log,
            revocations,
            part.registry,
            ingest_stack,
            open_store(recorded_to or ObjectStoreSettings(), data_dir),
        )


def _part(runtime: Runtime, service: str) -> Runtime:
    return replace(runtime.named(service), registry=CollectorRegistry())


async def _ready(part: Runtime) -> None:
    """Wait as a probe does: ingest began after storage had asked for it, so the channel may be pausing."""

    async def holds() -> bool:
        return not part.health.waiting_for()

    await eventually(holds)
