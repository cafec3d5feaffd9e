"""Auth and gateway killed in the middle of their work: what was answered is on record."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from simulator.ports import free_port
from snowlight.api.auth.v1 import audit_pb2, audit_pb2_grpc, auth_pb2, auth_pb2_grpc
from snowlight.config import ClusterSettings
from snowlight.runtime import build_runtime
from tests.parts.callers import permitted_channel
from tests.parts.password import PASSWORD
from tests.parts.snowlight import Process
from tests.rpc.auth.cluster import serve_registry
from tests.rpc.auth.registry import Registry

TICKETS = 150
AT_ONCE = 8


@dataclass
class Killable:
    """Auth as a process of its own."""

    process: Process
    channel: grpc.aio.Channel

    async def start(self) -> None:
        self.process.start()
        await self.process.wait_ready()

    async def token(self) -> str:
        """An access token of somebody who may look."""
        directory: auth_pb2_grpc.DirectoryAsyncStub = auth_pb2_grpc.DirectoryStub(self.channel)
        region = auth_pb2.Region(name="regions/421381", level=auth_pb2.COUNTY, display_name="广水市")
        await directory.CreateRegion(auth_pb2.CreateRegionRequest(region=region))
        chen = auth_pb2.Principal(
            username="chen", line=auth_pb2.GOVERNMENT, roles=[auth_pb2.VIEWER], scope="regions/421381"
        )
        await directory.CreatePrincipal(auth_pb2.CreatePrincipalRequest(principal=chen, password=PASSWORD))
        tokens: auth_pb2_grpc.TokensAsyncStub = auth_pb2_grpc.TokensStub(self.channel)
        request = auth_pb2.IssueTokenRequest(grant_type="password", username="chen", password=PASSWORD)
        return (await tokens.IssueToken(request)).access_token

    async def purposes(self) -> set[str]:
        """What is on record."""
        stub: audit_pb2_grpc.AuditAsyncStub = audit_pb2_grpc.AuditStub(self.channel)
        request = audit_pb2.ExportAuditRecordsRequest(reader=audit_pb2.AuditReader(whole=True))
        return {
            record.purpose
            async for answer in stub.ExportAuditRecords(request, wait_for_ready=True)
            for record in answer.records
        }

    async def findings(self) -> list[audit_pb2.AuditFinding]:
        stub: audit_pb2_grpc.AuditAsyncStub = audit_pb2_grpc.AuditStub(self.channel)
        told = stub.VerifyAudit(audit_pb2.VerifyAuditRequest())
        return [each.finding async for each in told if each.HasField("finding")]


@pytest.fixture
async def killable(tmp_path: Path, database_url: str) -> AsyncIterator[Killable]:
    key = secrets.token_urlsafe(40)
    cluster = ClusterSettings(
        data_dir=tmp_path,
        cluster_key=key,
        auth_address=f"127.0.0.1:{free_port()}",
        ingest_address=f"127.0.0.1:{free_port()}",
        drain_seconds=0.2,
    )
    environment = {
        "SNOWLIGHT_CLUSTER_KEY": key,
        "SNOWLIGHT_AUTH_LISTEN": cluster.auth_address,
        "SNOWLIGHT_AUTH_DATABASE_URL": database_url,
        "SNOWLIGHT_INGEST_ADDRESS": cluster.ingest_address,
    }
    registry = Registry()  # type: ignore[abstract]  # the feed is all that auth asks
    await registry.put("gate", "421381")
    runtime = build_runtime("auth", cluster)
    async with (
        serve_registry(runtime, registry),
        permitted_channel(runtime, cluster.auth_address) as channel,
    ):
        killable = Killable(Process("auth", environment, tmp_path), channel)
        await killable.start()
        yield killable
        await killable.process.stop()


async def test_auth_killed_amid_tickets_has_each_that_it_gave_on_record(killable: Killable) -> None:
    token = await killable.token()
    access: auth_pb2_grpc.AccessAsyncStub = auth_pb2_grpc.AccessStub(killable.channel)
    answered: set[str] = set()
    enough = asyncio.Event()

    async def ask(worker: int) -> None:
        for number in range(10_000):
            purpose = f"{worker}-{number}"
            request = auth_pb2.CreateTicketRequest(
                access_token=token, camera_uid="gate", action="live", purpose=purpose
            )
            try:
                await access.CreateTicket(request)
            except grpc.aio.AioRpcError:
                return  # killed: what was not answered may be on record or not
            answered.add(purpose)
            if len(answered) >= TICKETS:
                enough.set()

    async with asyncio.TaskGroup() as group:
        for worker in range(AT_ONCE):
            group.create_task(ask(worker))
        async with asyncio.timeout(60):
            await enough.wait()
        await killable.process.kill()
    assert len(answered) >= TICKETS
    await killable.start()
    assert answered <= await killable.purposes()
    assert await killable.findings() == []


async def test_two_kills_in_a_row_leave_one_chain(killable: Killable) -> None:
    token = await killable.token()
    access: auth_pb2_grpc.AccessAsyncStub = auth_pb2_grpc.AccessStub(killable.channel)
    for number in range(6):
        request = auth_pb2.CreateTicketRequest(
            access_token=token, camera_uid="gate", action="live", purpose=str(number)
        )
        await access.CreateTicket(request, wait_for_ready=True)
        if number % 2:  # at once: what was written last is not linked yet
            await killable.process.kill()
            await killable.start()
    assert {str(number) for number in range(6)} <= await killable.purposes()
    assert await killable.findings() == []
