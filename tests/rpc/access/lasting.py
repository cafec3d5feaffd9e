"""A door of its own with calls that last, whatever the product's methods do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import grpc
from prometheus_client import CollectorRegistry

from services.gateway.access.config import AccessSettings
from services.gateway.access.door import serve_door
from services.gateway.access.guard import calling_officer
from services.gateway.peers import open_peers
from services.gateway.viewing.viewing import open_viewing
from simulator.ports import free_port
from snowlight.access.revocation_feed import follow_revocations
from snowlight.background import running
from snowlight.observability.metrics import RpcMetrics
from snowlight.rpc.server import Servicer
from tests.rpc.access.door import Bureau, Door, Metadata

SERVICE = "snowlight.tests.Lasting"
FLOOD_BYTES = 64 << 10


@dataclass
class LastingDoor(Door):
    """The door, and what its gateway counts."""

    registry: CollectorRegistry

    def counted(self, name: str, **labels: str) -> float:
        """Of its metrics."""
        return self.registry.get_sample_value(name, labels) or 0.0

    def served(self, method: str, code: str) -> float:
        """How many calls of the method ended so."""
        return self.counted("snowlight_rpc_seconds_count", method=f"/{SERVICE}/{method}", code=code)


def following(bureau: Bureau, metadata: Metadata = ()) -> Any:
    """A call that tells in which session it is, and whenever that is another one."""
    method: Any = bureau.channel.unary_stream(f"/{SERVICE}/Follow")
    return method(b"", metadata=metadata)


def staying(bureau: Bureau) -> Any:
    """A call that is answered at once, and then tells nothing."""
    method: Any = bureau.channel.unary_stream(f"/{SERVICE}/Stay")
    return method(b"")


def flooding(bureau: Bureau, metadata: Metadata = ()) -> Any:
    """A call that is answered faster than it is read."""
    method: Any = bureau.channel.unary_stream(f"/{SERVICE}/Flood")
    return method(b"", metadata=metadata)


def waiting(bureau: Bureau, request: bytes = b"", **options: Any) -> Any:
    """A call with one answer, which does not come."""
    method: Any = bureau.channel.unary_unary(f"/{SERVICE}/Wait")
    return method(request, **options)


async def session_of(call: Any) -> tuple[str, str]:
    """The session and the officer that a call is served for; asked again, those that come next."""
    session, _, officer = (await call.read()).decode().partition(" ")
    return session, officer


@asynccontextmanager
async def lasting_door(door: Door, folder: Path, **settings: Any) -> AsyncIterator[LastingDoor]:
    """A second gateway's door at a site; `settings` are the door's."""
    tls = door.authority.issue().write(folder / "lasting", door.authority.pem)
    address = f"127.0.0.1:{free_port()}"
    registry = CollectorRegistry()
    runtime = replace(door.site.runtime.named("gateway"), registry=registry, rpc_metrics=RpcMetrics(registry))
    access = AccessSettings(certificate=tls.certificate, key=tls.key, client_ca=tls.ca, **settings)
    servicer = Servicer(SERVICE, _add, _Lasting())
    async with open_peers(runtime) as peers:
        viewing = open_viewing(peers, runtime.clock, known_tickets=100, sending_bytes=64 << 20)
        async with (
            running(follow_revocations(peers.revocations, viewing.revocations)),
            serve_door(runtime, access, address, peers, viewing, [servicer]),
        ):
            same: dict[str, Any] = {field.name: getattr(door, field.name) for field in fields(door)}
            yield LastingDoor(**same | {"address": address}, registry=registry)


class _Lasting:
    async def follow(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        told = None
        while True:
            claims = calling_officer().claims
            if claims != told:
                told = claims
                yield f"{claims.session_id} {claims.acting_person}".encode()
            await asyncio.sleep(0.02)

    async def stay(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        yield b"here"
        await asyncio.Event().wait()

    async def flood(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        while True:
            yield bytes(FLOOD_BYTES)

    async def wait(self, request: bytes, context: Any) -> bytes:
        await asyncio.Event().wait()
        return b""


def _add(lasting: _Lasting, server: grpc.aio.Server) -> None:
    handlers: dict[str, Any] = {
        "Follow": grpc.unary_stream_rpc_method_handler(lasting.follow),
        "Stay": grpc.unary_stream_rpc_method_handler(lasting.stay),
        "Flood": grpc.unary_stream_rpc_method_handler(lasting.flood),
        "Wait": grpc.unary_unary_rpc_method_handler(lasting.wait),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
