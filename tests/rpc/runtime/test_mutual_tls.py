"""Mutual TLS between services: whose certificate is taken, for whom it speaks, and how it is renewed."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from prometheus_client import CollectorRegistry

from snowlight.access.cluster_key import ClusterKey
from snowlight.access.service_token import ServiceTokens
from snowlight.api.ingest.v1 import live_pb2, live_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.config import TlsSettings
from snowlight.errors import UnauthenticatedError, UnavailableError
from snowlight.observability.metrics import RpcMetrics
from snowlight.rpc.channel import open_channel
from snowlight.rpc.interceptors import Guard
from snowlight.rpc.server import GrpcServer, Servicer, serve_grpc
from snowlight.rpc.status import remote_errors
from tests.parts.certificates import DAY, Authority, Issued
from tests.rpc.runtime.handshake import flipped, handshake, noise, truncated
from tests.waiting import eventually

KEY = ClusterKey("a cluster key that is long enough for a test")
NAME = "ingest.snowlight"


class Live(live_pb2_grpc.LiveServicer):
    """Tells which certificate called; streams until it is told to end."""

    def __init__(self) -> None:
        self.next = asyncio.Event()

    async def ListSpool(self, request: live_pb2.ListSpoolRequest, context: Any) -> live_pb2.ListSpoolResponse:  # noqa: N802
        (pem,) = context.auth_context()["x509_pem_cert"]
        serial = x509.load_pem_x509_certificate(pem).serial_number
        return live_pb2.ListSpoolResponse(open_gap_cause=str(serial))

    async def ReadSpool(  # noqa: N802
        self, request: live_pb2.ReadSpoolRequest, context: Any
    ) -> AsyncIterator[live_pb2.ReadSpoolResponse]:
        while True:
            yield live_pb2.ReadSpoolResponse(data=b"x")
            await self.next.wait()
            self.next.clear()


class Site:
    """A server with a certificate of `authority`, and a folder for its peers'."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority()
        self.live = Live()  # type: ignore[abstract]  # only these two are asked for
        self.server: GrpcServer

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    def peer(self, issued: Issued, name: str = "peer") -> TlsSettings:
        return issued.write(self.folder / name, self.authority.pem)

    def channel(self, tls: TlsSettings, service: str = "gateway") -> grpc.aio.Channel:
        return open_channel(self.address, ServiceTokens(KEY, service, SystemClock()), tls)

    async def who(self, channel: grpc.aio.Channel) -> int:
        """The number of the certificate that the server sees."""
        stub: live_pb2_grpc.LiveAsyncStub = live_pb2_grpc.LiveStub(channel)
        with remote_errors("services/ingest"):
            answer = await stub.ListSpool(live_pb2.ListSpoolRequest(), timeout=10)
        return int(answer.open_gap_cause)


@asynccontextmanager
async def reading(channel: grpc.aio.Channel) -> AsyncIterator[Any]:
    """A stream that has begun."""
    stub: live_pb2_grpc.LiveAsyncStub = live_pb2_grpc.LiveStub(channel)
    call: Any = stub.ReadSpool(live_pb2.ReadSpoolRequest())
    assert (await call.read()).data == b"x"
    yield call
    call.cancel()


def connections_to(port: int) -> int:
    """How many established connections lead to a port of this machine (proc(5)). One lives as long as the
    last call over it is not collected."""
    gc.collect()
    rows = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()
    ]
    return sum(row[2].endswith(f":{port:04X}") and row[3] == "01" for row in rows)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    site = Site(tmp_path)
    servicer = Servicer("snowlight.api.ingest.v1.Live", live_pb2_grpc.add_LiveServicer_to_server, site.live)
    guard = Guard(ServiceTokens(KEY, "ingest", SystemClock()), RpcMetrics(CollectorRegistry()))
    tls = site.peer(site.authority.issue(NAME), "server")
    async with serve_grpc(
        "127.0.0.1:0", [servicer], guard, tls=tls, allow_plaintext=False, drain_seconds=0.1
    ) as site.server:
        yield site


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("gateway.snowlight",),
        ("spiffe://snowlight/gateway",),
        ("ingest.snowlight", "gateway.snowlight"),
        ("www.example.org", "spiffe://elsewhere/ingest"),
    ],
)
async def test_a_certificate_of_the_authority_that_names_the_caller_or_nobody_is_taken(
    site: Site, names: tuple[str, ...]
) -> None:
    issued = site.authority.issue(*names)
    async with site.channel(site.peer(issued)) as channel:
        assert await site.who(channel) == issued.serial


@pytest.mark.parametrize(
    "name", ["storage.snowlight", "spiffe://snowlight/storage", "spiffe://snowlight/else"]
)
async def test_a_token_is_worth_nothing_over_another_services_certificate(site: Site, name: str) -> None:
    async with site.channel(site.peer(site.authority.issue(name))) as channel:
        with pytest.raises(UnauthenticatedError, match=r"auth\.certificate_mismatch.*services/gateway"):
            await site.who(channel)


REFUSED = ("expired", "self-signed", "another authority's", "malformed names", "none")


@pytest.mark.parametrize("fault", REFUSED)
async def test_other_certificates_are_refused_and_nobody_else_is_disturbed(site: Site, fault: str) -> None:
    own = site.authority
    made = {
        "expired": lambda: own.issue(lifetime=-DAY),
        "self-signed": lambda: own.issue(own_signature=True),
        "another authority's": lambda: Authority().issue("gateway.snowlight"),
        "malformed names": lambda: own.issue(malformed_names=True),
    }
    async with site.channel(site.peer(own.issue("gateway.snowlight"), "good")) as good, reading(good) as call:
        if fault == "none":
            credentials = grpc.ssl_channel_credentials(own.pem)
            refused = grpc.aio.secure_channel(site.address, credentials)
        else:
            refused = site.channel(site.peer(made[fault](), "bad"))
        async with refused:
            with pytest.raises(UnavailableError):
                await site.who(refused)
        site.live.next.set()
        assert (await call.read()).data == b"x"
        await site.who(good)


@pytest.mark.parametrize("damaged", [noise, truncated, flipped], ids=["noise", "truncated", "one bit"])
async def test_a_certificate_that_is_none_is_refused_in_the_handshake(
    site: Site, damaged: Callable[[bytes], bytes]
) -> None:
    """What no library would send: bytes in the place of a certificate, under TLS 1.2, which shows them."""
    good = site.peer(site.authority.issue("gateway.snowlight"), "good")
    async with site.channel(good) as channel, reading(channel) as call:
        sent = site.peer(site.authority.issue("gateway.snowlight"), "sent")
        assert await handshake(site.server.port, sent, lambda certificate: certificate) == "done"
        assert await handshake(site.server.port, sent, damaged) == "refused"
        site.live.next.set()
        assert (await call.read()).data == b"x"


async def test_plain_text_is_no_way_in(site: Site) -> None:
    async with site.channel(TlsSettings()) as channel:
        with pytest.raises(UnavailableError):
            await site.who(channel)


async def test_a_server_of_another_authority_is_told_no_token(site: Site) -> None:
    tls = site.authority.issue().write(site.folder / "trusting", Authority().pem)
    async with site.channel(tls) as channel:
        with pytest.raises(UnavailableError):
            await site.who(channel)


async def test_a_renewed_client_certificate_is_taken_by_the_next_call_and_running_ones_go_on(
    site: Site,
) -> None:
    first, second = site.authority.issue("gateway.snowlight"), site.authority.issue("gateway.snowlight")
    async with site.channel(site.peer(first)) as channel, reading(channel) as call:
        assert await site.who(channel) == first.serial
        site.peer(second)
        assert await site.who(channel) == second.serial
        site.live.next.set()
        assert (await call.read()).data == b"x"


async def test_the_connection_from_before_a_renewal_closes_after_its_last_call(site: Site) -> None:
    tls = site.peer(site.authority.issue("gateway.snowlight"))
    async with site.channel(tls) as channel:
        async with reading(channel):
            await site.who(channel)
            assert connections_to(site.server.port) == 1
            site.peer(site.authority.issue("gateway.snowlight"))
            await site.who(channel)
            assert connections_to(site.server.port) == 2

        async def one_is_left() -> bool:
            await site.who(channel)
            return connections_to(site.server.port) == 1

        await eventually(one_is_left)

    async def none_is_left() -> bool:
        return connections_to(site.server.port) == 0

    await eventually(none_is_left)


async def test_half_renewed_files_change_nothing(site: Site) -> None:
    first, second = site.authority.issue(), site.authority.issue()
    tls = site.peer(first)
    assert tls.certificate is not None
    assert tls.key is not None
    async with site.channel(tls) as channel:
        tls.certificate.write_bytes(second.certificate)  # whose key is not there yet
        assert await site.who(channel) == first.serial
        tls.certificate.unlink()
        assert await site.who(channel) == first.serial
        tls.certificate.write_bytes(second.certificate)
        tls.key.write_bytes(second.key)
        assert await site.who(channel) == second.serial


async def test_a_renewed_server_certificate_and_authority_hold_for_the_next_peer(site: Site) -> None:
    newer = Authority("a newer one")
    before = site.peer(site.authority.issue(), "before")
    after = newer.issue().write(site.folder / "after", newer.pem)
    async with site.channel(before) as old, site.channel(after) as new:
        await site.who(old)
        with pytest.raises(UnavailableError):
            await site.who(new)
        newer.issue(NAME).write(site.folder / "server", newer.pem)

        async def taken() -> bool:
            try:
                return await site.who(new) > 0
            except UnavailableError:
                return False

        await eventually(taken)
        await site.who(old)  # the connection there is stays
    async with site.channel(before) as late:
        with pytest.raises(UnavailableError):
            await site.who(late)
