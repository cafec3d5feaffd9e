"""The three services behind the gateway, as their generated stubs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from services.gateway.ingest_workers import IngestWorkers, Worker
from snowlight.api.auth.v1 import (
    audit_pb2_grpc,
    auth_pb2,
    auth_pb2_grpc,
    consent_pb2_grpc,
    publish_pb2_grpc,
    revocation_pb2_grpc,
    sign_in_pb2_grpc,
    workspace_pb2_grpc,
)
from snowlight.api.ingest.v1 import (
    camera_pb2_grpc,
    discovery_pb2_grpc,
    event_pb2_grpc,
    online_pb2_grpc,
    transcoding_pb2,
    transcoding_pb2_grpc,
)
from snowlight.api.storage.v1 import (
    export_pb2_grpc,
    hold_pb2_grpc,
    integrity_pb2_grpc,
    retention_pb2_grpc,
    storage_pb2_grpc,
    store_pb2_grpc,
)
from snowlight.rpc.channel import raw_stream
from snowlight.rpc.status import remote_errors
from snowlight.runtime import Runtime

import grpc  # isort: skip

AUTH = "services/auth"
INGEST = "services/ingest"
STORAGE = "services/storage"
CALL_TIMEOUT_S = 10.0
BATCH_TIMEOUT_S = 30.0
"""Of what does the work of up to 200 calls."""


@dataclass(frozen=True)
class Peers:
    """Stubs of the services. Wrap each call in `remote_errors` with the peer's name."""

    tokens: auth_pb2_grpc.TokensAsyncStub
    access: auth_pb2_grpc.AccessAsyncStub
    directory: auth_pb2_grpc.DirectoryAsyncStub
    sign_in: sign_in_pb2_grpc.SignInAsyncStub
    revocations: revocation_pb2_grpc.RevocationsAsyncStub
    audit: audit_pb2_grpc.AuditAsyncStub
    consents: consent_pb2_grpc.ConsentsAsyncStub
    publish_keys: publish_pb2_grpc.PublishKeysAsyncStub
    workspaces: workspace_pb2_grpc.WorkspacesAsyncStub
    cameras: camera_pb2_grpc.CameraRegistryAsyncStub
    camera_events: event_pb2_grpc.CameraEventsAsyncStub
    discovery: discovery_pb2_grpc.DiscoveryAsyncStub
    online_rates: online_pb2_grpc.OnlineRatesAsyncStub
    storage: storage_pb2_grpc.StorageAsyncStub
    holds: hold_pb2_grpc.HoldsAsyncStub
    exports: export_pb2_grpc.ExportsAsyncStub
    integrity: integrity_pb2_grpc.IntegrityReportsAsyncStub
    stores: store_pb2_grpc.StoresAsyncStub
    retention: retention_pb2_grpc.RetentionAsyncStub
    transcodes: transcoding_pb2_grpc.TranscodesAsyncStub
    transcode: Any
    """Its Transcode, answers serialised (`snowlight.media.envelope`)."""
    workers: IngestWorkers
    """Ingest's calls that are for the worker of a camera. The others any worker answers."""

    async def jwks(self) -> str:
        """Auth's public keys as JSON (RFC 7517)."""
        with remote_errors(AUTH):
            answer = await self.tokens.GetJwks(auth_pb2.GetJwksRequest(), timeout=CALL_TIMEOUT_S)
        return answer.jwks_json


@asynccontextmanager
async def open_peers(runtime: Runtime) -> AsyncIterator[Peers]:
    """Channels to the peers' addresses; they connect by themselves, whenever a peer is up.

    Calls of auth and storage go to all of their processes, which share a database. Those of ingest go to one
    worker while it is there: the others hear of a camera that was written there up to a second later, and
    this gateway's model of cameras follows the same one, so that it finds what it has just written.
    """
    cluster = runtime.cluster
    named: list[grpc.aio.Channel] = []

    def connect(address: str) -> Worker:
        channel = runtime.channel(address)
        named.append(channel)
        return Worker.of(channel)

    async with (
        runtime.channel(cluster.auth_address) as auth,
        runtime.channel(cluster.ingest_address, balanced=False) as ingest,
        runtime.channel(cluster.storage_address) as storage,
    ):
        workers = IngestWorkers(Worker.of(ingest), connect, CALL_TIMEOUT_S)
        tokens: auth_pb2_grpc.TokensAsyncStub = auth_pb2_grpc.TokensStub(auth)
        access: auth_pb2_grpc.AccessAsyncStub = auth_pb2_grpc.AccessStub(auth)
        directory: auth_pb2_grpc.DirectoryAsyncStub = auth_pb2_grpc.DirectoryStub(auth)
        sign_in: sign_in_pb2_grpc.SignInAsyncStub = sign_in_pb2_grpc.SignInStub(auth)
        revocations: revocation_pb2_grpc.RevocationsAsyncStub = revocation_pb2_grpc.RevocationsStub(auth)
        audit: audit_pb2_grpc.AuditAsyncStub = audit_pb2_grpc.AuditStub(auth)
        consents: consent_pb2_grpc.ConsentsAsyncStub = consent_pb2_grpc.ConsentsStub(auth)
        publish_keys: publish_pb2_grpc.PublishKeysAsyncStub = publish_pb2_grpc.PublishKeysStub(auth)
        workspaces: workspace_pb2_grpc.WorkspacesAsyncStub = workspace_pb2_grpc.WorkspacesStub(auth)
        cameras: camera_pb2_grpc.CameraRegistryAsyncStub = camera_pb2_grpc.CameraRegistryStub(ingest)
        index: storage_pb2_grpc.StorageAsyncStub = storage_pb2_grpc.StorageStub(storage)
        holds: hold_pb2_grpc.HoldsAsyncStub = hold_pb2_grpc.HoldsStub(storage)
        camera_events: event_pb2_grpc.CameraEventsAsyncStub = event_pb2_grpc.CameraEventsStub(ingest)
        discovery: discovery_pb2_grpc.DiscoveryAsyncStub = discovery_pb2_grpc.DiscoveryStub(ingest)
        online_rates: online_pb2_grpc.OnlineRatesAsyncStub = online_pb2_grpc.OnlineRatesStub(ingest)
        exports: export_pb2_grpc.ExportsAsyncStub = export_pb2_grpc.ExportsStub(storage)
        integrity: integrity_pb2_grpc.IntegrityReportsAsyncStub = integrity_pb2_grpc.IntegrityReportsStub(
            storage
        )
        stores: store_pb2_grpc.StoresAsyncStub = store_pb2_grpc.StoresStub(storage)
        retention: retention_pb2_grpc.RetentionAsyncStub = retention_pb2_grpc.RetentionStub(storage)
        transcodes: transcoding_pb2_grpc.TranscodesAsyncStub = transcoding_pb2_grpc.TranscodesStub(ingest)
        try:
            yield Peers(
                tokens=tokens,
                access=access,
                directory=directory,
                sign_in=sign_in,
                revocations=revocations,
                audit=audit,
                consents=consents,
                publish_keys=publish_keys,
                workspaces=workspaces,
                cameras=cameras,
                camera_events=camera_events,
                discovery=discovery,
                online_rates=online_rates,
                storage=index,
                holds=holds,
                exports=exports,
                integrity=integrity,
                stores=stores,
                retention=retention,
                transcodes=transcodes,
                transcode=raw_stream(
                    ingest,
                    "/snowlight.api.ingest.v1.Transcodes/Transcode",
                    transcoding_pb2.TranscodeRequest.SerializeToString,
                ),
                workers=workers,
            )
        finally:
            for channel in named:
                await channel.close()
