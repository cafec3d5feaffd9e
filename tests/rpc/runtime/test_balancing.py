"""A service of several servers: each takes its share, and one that comes or goes costs no call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from prometheus_client import CollectorRegistry

from simulator.ports import free_port
from snowlight.access.cluster_key import ClusterKey
from snowlight.access.service_token import ServiceTokens
from snowlight.api.ingest.v1 import live_pb2, live_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.config import TlsSettings
from snowlight.errors import UnavailableError
from snowlight.observability.metrics import RpcMetrics
from snowlight.rpc.channel import open_channel
from snowlight.rpc.interceptors import Guard
from snowlight.rpc.server import Servicer, serve_grpc
from snowlight.rpc.status import remote_errors
from tests.parts.certificates import Authority
from tests.parts.dns import NameServer, name_server
from tests.waiting import eventually

KEY = ClusterKey("a cluster key that is long enough for a test")
NAME = "live.snowlight.test"
CALLS = 40
PATIENCE_S = 30.0
LONG = "a stream that lasts"
SHORT_S = 0.5
"""How long a connection lasts here; what is waited for in a running cluster takes a minute."""


class Live(live_pb2_grpc.LiveServicer):
    """Counts what it is asked."""

    def __init__(self) -> None:
        self.calls = 0
        self.refuses = False
        self.more = asyncio.Event()

    async def ListSpool(self, request: live_pb2.ListSpoolRequest, context: Any) -> live_pb2.ListSpoolResponse:  # noqa: N802
        self.calls += 1
        if self.refuses:
            raise UnavailableError("store.unavailable", "the store does not answer")
        return live_pb2.ListSpoolResponse()

    async def ReadSpool(  # noqa: N802
        self, request: live_pb2.ReadSpoolRequest, context: Any
    ) -> AsyncIterator[live_pb2.ReadSpoolResponse]:
        self.calls += 1
        yield live_pb2.ReadSpoolResponse(data=b"begun")
        if request.key == LONG:
            await self.more.wait()
            yield live_pb2.ReadSpoolResponse(data=b"ended")


class Pod:
    """One server, which may be stopped and started again at its address."""

    def __init__(self, host: str, port: int, tls: TlsSettings) -> None:
        self.live = Live()  # type: ignore[abstract]  # only these two are asked for
        self.address = f"{host}:{port}"
        self._tls = tls
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        self.live.calls = 0
        await self._stack.enter_async_context(self._serving())

    async def stop(self) -> None:
        await self._stack.aclose()

    def _serving(self) -> Any:
        servicer = Servicer(
            "snowlight.api.ingest.v1.Live", live_pb2_grpc.add_LiveServicer_to_server, self.live
        )
        guard = Guard(ServiceTokens(KEY, "ingest", SystemClock()), RpcMetrics(CollectorRegistry()))
        return serve_grpc(
            self.address,
            [servicer],
            guard,
            tls=self._tls,
            allow_plaintext=True,
            drain_seconds=5,
            connection_seconds=SHORT_S,
        )


class Caller:
    """What calls by a channel."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.stub: live_pb2_grpc.LiveAsyncStub = live_pb2_grpc.LiveStub(channel)

    async def read(self) -> None:
        """A call that may be made again."""
        with remote_errors("services/ingest"):
            await self.stub.ListSpool(live_pb2.ListSpoolRequest(), timeout=PATIENCE_S)

    async def act(self) -> None:
        """A call that is made once."""
        with remote_errors("services/ingest"):
            async for _ in self.stub.ReadSpool(live_pb2.ReadSpoolRequest(), timeout=PATIENCE_S):
                pass


@asynccontextmanager
async def pods(*hosts: str, tls: TlsSettings | None = None) -> AsyncIterator[list[Pod]]:
    """Servers at one port of `hosts`, that run."""
    port = free_port()
    made = [Pod(host, port, tls or TlsSettings()) for host in hosts]
    async with AsyncExitStack() as stack:
        for pod in made:
            await pod.start()
            stack.push_async_callback(pod.stop)
        yield made


@asynccontextmanager
async def calling(
    address: str, tls: TlsSettings | None = None, *, balanced: bool = True
) -> AsyncIterator[Caller]:
    """A caller that looks names up as often as it likes."""
    async with open_channel(
        address,
        ServiceTokens(KEY, "gateway", SystemClock()),
        tls or TlsSettings(),
        balanced=balanced,
        allow_plaintext=True,
        options=[("grpc.dns_min_time_between_resolutions_ms", 50)],
    ) as channel:
        yield Caller(channel)


def both(made: list[Pod]) -> str:
    return "ipv4:" + ",".join(pod.address for pod in made)


async def until_all_answer(caller: Caller, made: list[Pod]) -> None:
    """Call until each has been called."""

    async def all_asked() -> bool:
        await caller.read()
        return all(pod.live.calls for pod in made)

    await eventually(all_asked, PATIENCE_S)


@asynccontextmanager
async def calls_all_the_time(call: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """None of them may fail."""

    async def again_and_again() -> None:
        while not done.is_set():
            await call()
            await asyncio.sleep(0.001)

    done = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(again_and_again())
        try:
            yield
        finally:
            done.set()


async def test_calls_go_to_all_servers_in_turn() -> None:
    async with pods("127.0.0.1", "127.0.0.2") as made, calling(both(made)) as caller:
        await until_all_answer(caller, made)
        before = [pod.live.calls for pod in made]
        for _ in range(CALLS):
            await caller.act()
        assert all(pod.live.calls - was >= CALLS // 3 for pod, was in zip(made, before, strict=True))


async def test_who_is_to_read_what_it_has_written_stays_with_one_server() -> None:
    async with pods("127.0.0.1", "127.0.0.2") as made, calling(both(made), balanced=False) as caller:
        for _ in range(CALLS):
            await caller.read()
        assert sorted(pod.live.calls for pod in made) == [0, CALLS]


async def test_callers_that_stay_with_one_server_choose_different_ones() -> None:
    async with pods("127.0.0.1", "127.0.0.2") as made:
        for _ in range(24):  # all of them the same one: once in eight million times
            async with calling(both(made), balanced=False) as caller:
                await caller.read()
        assert all(pod.live.calls for pod in made)


async def test_a_server_that_stops_costs_no_read_and_has_its_share_when_it_is_back() -> None:
    async with pods("127.0.0.1", "127.0.0.2") as made, calling(both(made)) as caller:
        await until_all_answer(caller, made)
        async with calls_all_the_time(caller.read):
            await asyncio.sleep(0.1)
            await made[0].stop()
            for pod in made:
                pod.live.calls = 0
            await asyncio.sleep(0.5)
            assert made[0].live.calls == 0
            assert made[1].live.calls
            await made[0].start()
            await until_all_answer(caller, made)


async def test_connections_that_age_cost_no_call() -> None:
    async with pods("127.0.0.1", "127.0.0.2") as made, calling(both(made)) as caller:
        async with calls_all_the_time(caller.act):
            await asyncio.sleep(6 * SHORT_S)
        assert all(pod.live.calls for pod in made)


async def test_a_stream_outlasts_the_age_of_its_connection() -> None:
    async with pods("127.0.0.1") as made, calling(made[0].address) as caller:
        stream: Any = caller.stub.ReadSpool(live_pb2.ReadSpoolRequest(key=LONG))
        assert (await stream.read()).data == b"begun"
        async with calls_all_the_time(caller.act):
            await asyncio.sleep(6 * SHORT_S)
        made[0].live.more.set()
        assert (await stream.read()).data == b"ended"


async def test_a_server_that_is_added_to_a_name_has_its_share() -> None:
    async with (
        pods("127.0.0.1", "127.0.0.2", "127.0.0.3") as made,
        name_server("127.0.0.1") as names,
        calling(named(names, made[0])) as caller,
    ):
        for _ in range(CALLS):
            await caller.read()
        assert [pod.live.calls for pod in made] == [CALLS, 0, 0]
        names.addresses = ["127.0.0.1", "127.0.0.2"]
        await until_all_answer(caller, made[:2])
        names.addresses = ["127.0.0.2", "127.0.0.3"]  # a rolling update: other pods at other addresses
        async with calls_all_the_time(caller.read):
            await made[0].stop()
        await until_all_answer(caller, made[1:])


async def test_the_names_service_must_be_the_certificates_at_each_address(tmp_path: Path) -> None:
    authority = Authority()
    right = authority.issue("ingest.snowlight", NAME).write(tmp_path / "right", authority.pem)
    wrong = authority.issue("ingest.snowlight", "other.snowlight.test").write(
        tmp_path / "wrong", authority.pem
    )
    peer = authority.issue("gateway.snowlight").write(tmp_path / "peer", authority.pem)
    async with (
        pods("127.0.0.1", "127.0.0.2", tls=right) as made,
        name_server("127.0.0.1", "127.0.0.2") as names,
        calling(named(names, made[0]), peer) as caller,
    ):
        await until_all_answer(caller, made)
    async with (
        pods("127.0.0.1", tls=wrong) as made,
        name_server("127.0.0.1") as names,
        calling(named(names, made[0]), peer) as caller,
    ):
        with pytest.raises(UnavailableError):
            await caller.act()
        assert made[0].live.calls == 0


@pytest.mark.parametrize("refused", [True, False], ids=["an answer", "none"])
async def test_what_reads_is_called_again_where_there_was_no_answer_and_only_there(refused: bool) -> None:
    async with pods("127.0.0.1") as made, calling(made[0].address) as caller:
        await caller.read()
        made[0].live.refuses = refused
        made[0].live.calls = 0
        if refused:
            with pytest.raises(UnavailableError, match="the store does not answer"):
                await caller.read()
            assert made[0].live.calls == 1
            return
        await made[0].stop()
        reading = asyncio.ensure_future(caller.read())
        await asyncio.sleep(0.02)
        await made[0].start()
        await reading


def named(names: NameServer, pod: Pod) -> str:
    """How a caller finds a service by DNS."""
    return f"dns://127.0.0.1:{names.port}/{NAME}:{pod.address.rpartition(':')[2]}"
