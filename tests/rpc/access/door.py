"""The door of a running gateway, and bureaus that come to it with certificates."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jws
from joserfc.jwk import ECKey

from services.gateway.access.config import AccessSettings
from simulator.ports import free_port
from snowlight.api.access.v1 import camera_pb2_grpc, media_pb2_grpc
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc, client_pb2, client_pb2_grpc
from tests.parts.certificates import DAY, Authority, Issued
from tests.rpc.gateway.people import COUNTY
from tests.rpc.gateway.site import Site, run_site
from tests.waiting import eventually

Metadata = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Bureau:
    """A public-security system: its certificate, and its connection."""

    client: client_pb2.Client
    issued: Issued
    channel: grpc.aio.Channel

    @property
    def cameras(self) -> camera_pb2_grpc.CamerasAsyncStub:
        stub: camera_pb2_grpc.CamerasAsyncStub = camera_pb2_grpc.CamerasStub(self.channel)
        return stub

    @property
    def media(self) -> media_pb2_grpc.MediaAsyncStub:
        stub: media_pb2_grpc.MediaAsyncStub = media_pb2_grpc.MediaStub(self.channel)
        return stub

    async def token(self, door: Door) -> str:
        """An access token of its client that names an officer, as `/v1/token` gives it."""
        certificate = x509.load_pem_x509_certificate(self.issued.certificate).public_bytes(Encoding.DER)
        request = auth_pb2.IssueTokenRequest(
            grant_type="client_credentials",
            client=auth_pb2.ClientCredentials(certificate=certificate),
            acting_person="031877",
            acting_unit="城关派出所",
            acting_reason="case 2026-118",
        )
        runtime = door.site.runtime
        async with runtime.named("gateway").channel(runtime.cluster.auth_address) as channel:
            tokens: auth_pb2_grpc.TokensAsyncStub = auth_pb2_grpc.TokensStub(channel)
            return (await tokens.IssueToken(request)).access_token

    def at(self, door: Door, address: str, **options: int) -> Bureau:
        """Itself, by a connection of its own: to the door of another gateway, or by another way.
        `options`: see `Door.connect`."""
        return replace(self, channel=door.connect(self.issued, address, **options))

    def officer(self, number: str = "031877", **claims: Any) -> Metadata:
        """Names an officer: metadata for a call. `claims` replace what it says; None leaves out."""
        now = int(time.time())
        said = {
            "aud": "snowlight",
            "sub": number,
            "unit": "城关派出所",
            "incident": "case 2026-118",
            "iat": now,
            "exp": now + 300,
        } | claims
        text = {name: value for name, value in said.items() if value is not None}
        key = ECKey.import_key(self.issued.key)
        header = {"alg": "ES256", "typ": "officer+jwt"}
        return (("snowlight-officer", jws.serialize_compact(header, _json(text), key)),)


@dataclass
class Door:
    """The door and who made its certificates."""

    site: Site
    address: str
    authority: Authority
    clients: client_pb2_grpc.ClientsAsyncStub
    settings: AccessSettings
    _stack: AsyncExitStack

    @asynccontextmanager
    async def another(self, peers: Mapping[str, str] | None = None, **settings: Any) -> AsyncIterator[str]:
        """The door of a second gateway of the site: its address. `peers`: where it looks for some of the
        services; `settings` are the gateway's."""
        listen = f"127.0.0.1:{free_port()}"
        access = self.settings.model_copy(update={"listen": listen})
        async with self.site.another_gateway(peers, access=access, **settings):

            async def is_ready() -> bool:
                return not self.site.runtime.health.waiting_for()

            await eventually(is_ready)
            yield listen

    async def enrol(
        self,
        username: str = "bureau",
        scope: str = COUNTY,
        *,
        line: auth_pb2.Line.ValueType = auth_pb2.POLICE,
        role: auth_pb2.Role.ValueType = auth_pb2.VIEWER,
        lifetime: timedelta = DAY,
    ) -> Bureau:
        """A system that the county knows, with a certificate of its own, and connected."""
        principal = await self.site.directory.CreatePrincipal(
            auth_pb2.CreatePrincipalRequest(
                principal=auth_pb2.Principal(
                    username=username,
                    display_name=username,
                    line=line,
                    roles=[role],
                    scope=scope,
                    kind=auth_pb2.SYSTEM,
                    organisation="County police",
                )
            )
        )
        issued = self.authority.issue(lifetime=lifetime)
        created = await self.clients.CreateClient(
            client_pb2.CreateClientRequest(
                display_name=username, principal=principal.name, certificates=[issued.certificate]
            )
        )
        return Bureau(created.client, issued, self.connect(issued))

    def connect(self, issued: Issued | None, address: str = "", **options: int) -> grpc.aio.Channel:
        """A connection with that certificate, or with none. `address`: of another door, or of a way to one.
        `options`: gRPC's, as "keepalive_time_ms"."""
        credentials = grpc.ssl_channel_credentials(
            self.authority.pem,
            issued.key if issued else None,
            issued.certificate if issued else None,
        )
        told = {"use_local_subchannel_pool": 1} | options
        channel = grpc.aio.secure_channel(
            address or self.address,
            credentials,
            options=[(f"grpc.{name}", value) for name, value in told.items()],
        )
        self._stack.push_async_callback(channel.close)
        return channel


@asynccontextmanager
async def open_door(
    folder: Path, *, auth_settings: Mapping[str, Any] | None = None, **access: Any
) -> AsyncIterator[Door]:
    """A site whose gateway has its door open; `access` are the door's settings."""
    authority = Authority("Public security")
    tls = authority.issue().write(folder / "door", authority.pem)
    settings = AccessSettings(
        listen=f"127.0.0.1:{free_port()}",
        certificate=tls.certificate,
        key=tls.key,
        client_ca=tls.ca,
        **access,
    )
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(
            run_site(folder, auth_settings=auth_settings, live_wait_seconds=2, access=settings)
        )
        admin = await stack.enter_async_context(
            site.runtime.named("admin").channel(site.runtime.cluster.auth_address)
        )
        clients: client_pb2_grpc.ClientsAsyncStub = client_pb2_grpc.ClientsStub(admin)
        yield Door(site, str(settings.listen), authority, clients, settings, stack)


def _json(claims: dict[str, Any]) -> bytes:
    return json.dumps(claims, ensure_ascii=False).encode()
