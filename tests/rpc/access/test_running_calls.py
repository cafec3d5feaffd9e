"""Calls go on past their tokens, and end with their officer's right."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.auth.sign_in.certificates import read_certificate
from snowlight.api.access.v1 import camera_pb2, camera_pb2_grpc
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc, client_pb2, revocation_pb2
from snowlight.errors import UnauthenticatedError
from snowlight.instants import format_instant
from snowlight.rpc.status import remote_errors
from tests.rpc.access.door import Bureau, Door
from tests.rpc.access.lasting import LastingDoor, flooding, following, lasting_door, session_of, waiting
from tests.waiting import eventually

TOLD_S = 2.0


@pytest.fixture
async def lasting(door: Door, tmp_path: Path) -> AsyncIterator[LastingDoor]:
    async with lasting_door(door, tmp_path) as opened:
        yield opened


async def ended(call: Any) -> str:
    """The reason with which it ends."""
    with pytest.raises(UnauthenticatedError) as error, remote_errors("services/gateway"):
        await call.read()
    return error.value.code


async def revoke_certificate(door: Door, bureau: Bureau) -> None:
    fingerprint = read_certificate(bureau.issued.certificate, "").fingerprint
    await door.site.revoke(revocation_pb2.CERTIFICATE, fingerprint)


async def set_certificates(door: Door, bureau: Bureau, *certificates: bytes) -> None:
    request = client_pb2.SetClientCertificatesRequest(name=bureau.client.name, certificates=certificates)
    await door.clients.SetClientCertificates(request)


async def delete(door: Door, bureau: Bureau) -> None:
    await door.clients.DeleteClient(client_pb2.DeleteClientRequest(name=bureau.client.name))


async def replace_certificate(door: Door, bureau: Bureau) -> None:
    await set_certificates(door, bureau, door.authority.issue().certificate)


async def refused(bureau: Bureau) -> str:
    """The reason with which a call with one answer ends."""
    with pytest.raises(UnauthenticatedError) as error, remote_errors("services/gateway"):
        await waiting(bureau)
    return error.value.code


async def told_end(door: Door, bureau: Bureau) -> str | None:
    """When its certificate ends, as an answer's trailing metadata tells."""
    stub: camera_pb2_grpc.CamerasAsyncStub = camera_pb2_grpc.CamerasStub(door.connect(bureau.issued))
    call = stub.ListRegions(camera_pb2.ListRegionsRequest())
    await call
    told: Any = await call.trailing_metadata()
    return dict(told).get("snowlight-certificate-expires")


def read_end(bureau: Bureau) -> str:
    return format_instant(read_certificate(bureau.issued.certificate, "").valid_to_ms)


async def opened(door: LastingDoor, kind: str, count: int) -> None:
    async def is_so() -> bool:
        return door.counted("snowlight_access_open_calls", kind=kind) == count

    await eventually(is_so)


@pytest.mark.parametrize("taken", [revoke_certificate, replace_certificate, delete])
async def test_what_proves_a_client_is_taken_away_and_its_calls_end(lasting: LastingDoor, taken: Any) -> None:
    bureau, another = await lasting.enrol(), await lasting.enrol("another")
    nameless, named, others = following(bureau), following(bureau, bureau.officer()), following(another)
    for call in (nameless, named, others):
        await session_of(call)
    async with asyncio.TaskGroup() as group:
        unary = group.create_task(refused(bureau))
        await opened(lasting, "unary", 1)
        await taken(lasting, bureau)
        async with asyncio.timeout(TOLD_S):
            assert await ended(nameless) == "auth.session_revoked"
            assert await ended(named) == "auth.session_revoked"
            assert await unary == "auth.session_revoked"
    assert await ended(following(bureau)) == "auth.invalid_client"
    await opened(lasting, "stream", 1)
    assert not others.done()


async def test_a_call_that_nobody_reads_ends_once_it_is_read(lasting: LastingDoor) -> None:
    bureau = await lasting.enrol()
    call, told = flooding(bureau), following(bureau)
    await session_of(told)
    await opened(lasting, "stream", 2)
    await revoke_certificate(lasting, bureau)
    assert await ended(told) == "auth.session_revoked"

    async def read_all() -> None:
        async for _ in call:
            pass

    with pytest.raises(UnauthenticatedError), remote_errors("services/gateway"):
        await read_all()
    await opened(lasting, "stream", 0)


async def test_a_call_outlives_its_token_and_its_officers_statement(lasting: LastingDoor) -> None:
    bureau = await lasting.enrol()
    call = following(bureau, bureau.officer())
    first, officer = await session_of(call)
    await lasting.site.pass_time(580)
    second, same = await session_of(call)
    assert second != first
    assert same == officer
    await revoke_certificate(lasting, bureau)
    assert await ended(call) == "auth.session_revoked"


async def test_a_call_by_a_token_goes_on_without_it_and_ends_with_its_session(lasting: LastingDoor) -> None:
    bureau = await lasting.enrol()
    credentials = auth_pb2.ClientCredentials(certificate=bureau.issued.certificate)
    request = auth_pb2.IssueTokenRequest(
        grant_type="client_credentials",
        client=credentials,
        acting_person="031877",
        acting_unit="城关派出所",
        acting_reason="case 2026-118",
    )
    async with lasting.site.runtime.named("gateway").channel(
        lasting.site.runtime.cluster.auth_address
    ) as channel:
        tokens: auth_pb2_grpc.TokensAsyncStub = auth_pb2_grpc.TokensStub(channel)
        old, new = [(await tokens.IssueToken(request)).access_token for _ in range(2)]
    by_old, by_new = (following(bureau, (("authorization", f"Bearer {token}"),)) for token in (old, new))
    shown, officer = await session_of(by_old)
    assert officer == "031877"
    await session_of(by_new)
    await lasting.site.revoke(revocation_pb2.SESSION, shown)
    assert await ended(by_old) == "auth.session_revoked"
    await lasting.site.pass_time(580)
    assert (await session_of(by_new))[1] == officer


async def test_one_certificate_follows_another_while_calls_run(lasting: LastingDoor) -> None:
    bureau, successor = await lasting.enrol(), lasting.authority.issue()
    by_old = following(bureau, bureau.officer())
    await session_of(by_old)
    await set_certificates(lasting, bureau, bureau.issued.certificate, successor.certificate)
    moved = Bureau(bureau.client, successor, lasting.connect(successor))
    by_new = following(moved, moved.officer())
    await session_of(by_new)
    assert not by_old.done()
    await set_certificates(lasting, bureau, successor.certificate)
    assert await ended(by_old) == "auth.session_revoked"
    assert not by_new.done()


async def test_a_certificate_that_is_about_to_end_is_told_so_and_its_calls_end_with_it(
    door: Door,
    lasting: LastingDoor,
) -> None:
    soon = await lasting.enrol("soon", lifetime=timedelta(days=29))
    later = await lasting.enrol("later", lifetime=timedelta(days=31))
    assert await told_end(door, soon) == read_end(soon)
    assert await told_end(door, later) is None
    call = following(soon)
    await session_of(call)
    lasting.site.clock.ahead_s = 29 * 86_400
    assert await ended(call) == "access.certificate_expired"
