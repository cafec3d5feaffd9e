"""Two processes of auth on one database: both are called, and neither's end costs a call or a revocation."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from simulator.ports import free_port
from snowlight.access.revocation_feed import follow_revocations
from snowlight.access.revocations import Revocation, Revocations
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc, revocation_pb2, revocation_pb2_grpc
from snowlight.background import running
from snowlight.clock import SystemClock
from snowlight.config import ClusterSettings
from snowlight.rpc.status import remote_errors
from snowlight.runtime import Runtime, build_runtime
from tests.parts.snowlight import Process
from tests.waiting import eventually

PATIENCE_S = 60.0
METHOD = "/snowlight.api.auth.v1.Tokens/GetJwks"


class Told(Revocations):
    """What a gateway hears, with each in its order."""

    def __init__(self) -> None:
        super().__init__(SystemClock())
        self.subjects: list[str] = []

    def add(self, revocation: Revocation) -> None:
        self.subjects.append(revocation.subject)
        super().add(revocation)


@dataclass(frozen=True)
class Pair:
    """Both, and how a gateway and an administrator call them: by one address that leads to both."""

    processes: list[Process]
    address: str
    runtime: Runtime

    @asynccontextmanager
    async def tokens(self) -> AsyncIterator[auth_pb2_grpc.TokensAsyncStub]:
        async with self.runtime.channel(self.address) as channel:
            tokens: auth_pb2_grpc.TokensAsyncStub = auth_pb2_grpc.TokensStub(channel)
            yield tokens

    async def calls(self, process: Process) -> float:
        """How often a process was asked for its keys; 0 of one that does not tell yet."""
        try:
            async with (
                aiohttp.ClientSession() as http,
                http.get(f"{process.admin_url}/metrics") as response,
            ):
                families = text_string_to_metric_families(await response.text())
        except aiohttp.ClientError:
            return 0
        return sum(
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == "snowlight_rpc_seconds_count" and sample.labels["method"] == METHOD
        )

    async def until_called(self, process: Process, tokens: auth_pb2_grpc.TokensAsyncStub) -> None:
        """Call until `process` answers some of it."""

        async def is_called() -> bool:
            for _ in range(4):
                await ask(tokens)
            return await self.calls(process) > 0

        await eventually(is_called, PATIENCE_S)


@pytest.fixture
async def pair(tmp_path: Path, postgres_url: str) -> AsyncIterator[Pair]:
    addresses = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    settings = {
        "SNOWLIGHT_CLUSTER_KEY": secrets.token_urlsafe(40),
        "SNOWLIGHT_AUTH_DATABASE_URL": postgres_url,
        "SNOWLIGHT_DRAIN_SECONDS": "1",
    }
    processes = [
        Process("auth", {**settings, "SNOWLIGHT_AUTH_LISTEN": address}, tmp_path / str(number))
        for number, address in enumerate(addresses)
    ]
    cluster = ClusterSettings(
        data_dir=tmp_path, cluster_key=settings["SNOWLIGHT_CLUSTER_KEY"], allow_plaintext=True
    )
    runtime = build_runtime("gateway", cluster)
    try:
        for process in processes:
            process.start()
        for address in addresses:
            async with runtime.channel(address) as channel:
                await asyncio.wait_for(channel.channel_ready(), PATIENCE_S)
        yield Pair(processes, f"ipv4:{','.join(addresses)}", runtime)
    finally:
        for process in processes:
            await process.kill()


async def ask(tokens: auth_pb2_grpc.TokensAsyncStub) -> None:
    """Raises what a call fails with."""
    with remote_errors("services/auth"):
        await tokens.GetJwks(auth_pb2.GetJwksRequest(), timeout=PATIENCE_S)


async def test_one_that_is_killed_costs_no_call_and_has_its_share_when_it_is_back(pair: Pair) -> None:
    first, second = pair.processes
    async with pair.tokens() as tokens:
        for process in pair.processes:
            await pair.until_called(process, tokens)
        done = asyncio.Event()

        async def ask_all_the_time() -> None:
            while not done.is_set():
                await ask(tokens)
                await asyncio.sleep(0.002)

        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(ask_all_the_time())
            await asyncio.sleep(0.2)
            await first.kill()
            before = await pair.calls(second)
            await asyncio.sleep(1)
            assert await pair.calls(second) > before
            done.set()
        first.start()
        await pair.until_called(first, tokens)


async def test_no_revocation_is_missed_by_who_hears_from_one_after_the_other(pair: Pair) -> None:
    told = Told()
    revoked: list[str] = []
    async with (
        pair.runtime.channel(pair.address) as gateway,
        pair.runtime.named("admin").channel(pair.address) as administrator,
        running(follow_revocations(revocation_pb2_grpc.RevocationsStub(gateway), told)),
    ):
        stub: revocation_pb2_grpc.RevocationsAsyncStub = revocation_pb2_grpc.RevocationsStub(administrator)

        async def revoke(count: int) -> None:
            for _ in range(count):
                subject = f"t{len(revoked)}"
                request = revocation_pb2.RevokeRequest(
                    kind=revocation_pb2.TICKET, subject=subject, reason="test", ordered_by="tests"
                )
                await stub.Revoke(request, wait_for_ready=True)
                revoked.append(subject)

        async def all_told() -> bool:
            return told.subjects == revoked

        await revoke(3)
        await eventually(all_told, PATIENCE_S)
        for process in pair.processes:  # one of them is the one that tells
            await process.stop()
            await revoke(3)
            process.start()
            await eventually(all_told, PATIENCE_S)
            async with pair.tokens() as tokens:
                await pair.until_called(process, tokens)
