"""Auth over real gRPC, for tests: its stubs, and people who sign in."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from services.auth.app import run_auth
from services.auth.config import AuthSettings
from simulator.ports import free_port
from snowlight.access.keys import PublicKeys
from snowlight.access.token import TokenVerifier
from snowlight.api.auth.v1 import (
    audit_pb2,
    audit_pb2_grpc,
    auth_pb2,
    auth_pb2_grpc,
    client_pb2,
    client_pb2_grpc,
    consent_pb2_grpc,
    sign_in_pb2_grpc,
    workspace_pb2_grpc,
)
from snowlight.api.ingest.v1 import camera_pb2_grpc
from snowlight.config import ClusterSettings
from snowlight.rpc.server import Servicer
from snowlight.runtime import Runtime, build_runtime
from tests.parts.callers import permitted_channel
from tests.parts.clock import MovableClock
from tests.parts.password import PASSWORD
from tests.rpc.auth.registry import Registry


@dataclass
class Auth:
    """Auth's stubs, and the parts around it."""

    runtime: Runtime
    clock: MovableClock
    registry: Registry
    tokens: "auth_pb2_grpc.TokensAsyncStub"
    access: "auth_pb2_grpc.AccessAsyncStub"
    directory: "auth_pb2_grpc.DirectoryAsyncStub"
    sign_in_stub: "sign_in_pb2_grpc.SignInAsyncStub"
    clients: "client_pb2_grpc.ClientsAsyncStub"
    audit_log: "audit_pb2_grpc.AuditAsyncStub"
    consents: "consent_pb2_grpc.ConsentsAsyncStub"
    workspaces: "workspace_pb2_grpc.WorkspacesAsyncStub"
    verifier: TokenVerifier

    async def add_region(
        self, code: str, level: auth_pb2.RegionLevel.ValueType, parent: str = ""
    ) -> auth_pb2.Region:
        """Create a region."""
        region = auth_pb2.Region(name=f"regions/{code}", level=level, display_name=code, parent=parent)
        return await self.directory.CreateRegion(auth_pb2.CreateRegionRequest(region=region))

    async def add_person(
        self,
        username: str,
        *roles: auth_pb2.Role.ValueType,
        scope: str,
        line: auth_pb2.Line.ValueType = auth_pb2.GOVERNMENT,
        disabled: bool = False,
        organisation: str = "",
    ) -> auth_pb2.Principal:
        """Create a principal with the tests' password."""
        principal = auth_pb2.Principal(
            username=username,
            line=line,
            roles=roles,
            scope=f"regions/{scope}",
            disabled=disabled,
            organisation=organisation,
        )
        return await self.directory.CreatePrincipal(
            auth_pb2.CreatePrincipalRequest(principal=principal, password=PASSWORD)
        )

    async def sign_in(
        self, username: str, password: str = PASSWORD, address: str = "192.0.2.1", device_key: str = ""
    ) -> auth_pb2.IssueTokenResponse:
        """Sign in with a password."""
        return await self.tokens.IssueToken(
            auth_pb2.IssueTokenRequest(
                grant_type="password",
                username=username,
                password=password,
                remote_address=address,
                device_key=device_key,
            )
        )

    async def add_system_principal(
        self, username: str, scope: str, *, disabled: bool = False
    ) -> auth_pb2.Principal:
        """Create a police platform that cannot sign in yet."""
        principal = auth_pb2.Principal(
            username=username,
            kind=auth_pb2.SYSTEM,
            line=auth_pb2.POLICE,
            roles=[auth_pb2.VIEWER],
            scope=f"regions/{scope}",
            disabled=disabled,
        )
        return await self.directory.CreatePrincipal(auth_pb2.CreatePrincipalRequest(principal=principal))

    async def add_system(self, username: str, scope: str) -> client_pb2.CreateClientResponse:
        """Create a police platform that signs in by a secret."""
        principal = await self.add_system_principal(username, scope)
        return await self.clients.CreateClient(
            client_pb2.CreateClientRequest(display_name=username, principal=principal.name)
        )

    async def refresh(self, refresh_token: str) -> auth_pb2.IssueTokenResponse:
        """Use a refresh token."""
        return await self.tokens.IssueToken(
            auth_pb2.IssueTokenRequest(grant_type="refresh_token", refresh_token=refresh_token)
        )

    async def audit(self, event: str = "decision") -> list[audit_pb2.AuditRecord]:
        """The audit's records of one event, newest first, but for those of making regions."""
        whole = audit_pb2.AuditReader(whole=True)
        answer = await self.audit_log.ListAuditRecords(audit_pb2.ListAuditRecordsRequest(reader=whole))
        return [
            record for record in answer.records if record.event == event and record.action != "region.manage"
        ]


def runtime_for(data_dir: Path, clock: MovableClock) -> Runtime:
    """A runtime whose services listen on free ports."""
    cluster = ClusterSettings(
        data_dir=data_dir,
        auth_address=f"127.0.0.1:{free_port()}",
        ingest_address=f"127.0.0.1:{free_port()}",
        storage_address=f"127.0.0.1:{free_port()}",
        drain_seconds=0.2,
    )
    return replace(build_runtime("auth", cluster, create_key=True), clock=clock)


@asynccontextmanager
async def serve_registry(runtime: Runtime, registry: Registry) -> AsyncIterator[None]:
    """Serve the feed where auth looks for ingest."""
    servicer = Servicer(
        "snowlight.api.ingest.v1.CameraRegistry",
        camera_pb2_grpc.add_CameraRegistryServicer_to_server,
        registry,
    )
    async with runtime.named("ingest").serve(runtime.cluster.ingest_address, servicer):
        yield


@asynccontextmanager
async def auth_of(
    runtime: Runtime, registry: Registry, database_url: str, **settings: Any
) -> AsyncIterator[Auth]:
    """Run auth, with further `settings`, and connect to it as the services that call it do."""
    runtime = replace(runtime, registry=CollectorRegistry())  # each is a process of its own
    assert isinstance(runtime.clock, MovableClock)
    async with AsyncExitStack() as stack:
        chosen = AuthSettings(
            listen=runtime.cluster.auth_address,
            database_url=database_url,
            password_memory_kib=8_192,
            **settings,
        )
        await stack.enter_async_context(run_auth(runtime, chosen))
        channel = await stack.enter_async_context(permitted_channel(runtime, runtime.cluster.auth_address))
        tokens: auth_pb2_grpc.TokensAsyncStub = auth_pb2_grpc.TokensStub(channel)

        async def fetch() -> str:
            return (await tokens.GetJwks(auth_pb2.GetJwksRequest())).jwks_json

        yield Auth(
            runtime=runtime,
            clock=runtime.clock,
            registry=registry,
            tokens=tokens,
            access=auth_pb2_grpc.AccessStub(channel),
            directory=auth_pb2_grpc.DirectoryStub(channel),
            sign_in_stub=sign_in_pb2_grpc.SignInStub(channel),
            clients=client_pb2_grpc.ClientsStub(channel),
            audit_log=audit_pb2_grpc.AuditStub(channel),
            consents=consent_pb2_grpc.ConsentsStub(channel),
            workspaces=workspace_pb2_grpc.WorkspacesStub(channel),
            verifier=TokenVerifier(PublicKeys(fetch, runtime.clock), runtime.clock),
        )
