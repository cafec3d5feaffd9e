"""Who comes in: a certificate that the county knows, and an officer who is named."""

import time
from pathlib import Path
from typing import Any

import grpc
import pytest

from snowlight.api.access.v1 import camera_pb2, camera_pb2_grpc
from snowlight.api.auth.v1 import auth_pb2_grpc, client_pb2
from snowlight.errors import InvalidArgumentError, ResourceExhaustedError, UnauthenticatedError
from snowlight.rpc.status import remote_errors
from tests.parts.certificates import Authority, Issued
from tests.rpc.access.door import Bureau, Door, Metadata, open_door


async def ask(channel: grpc.aio.Channel, metadata: Metadata = ()) -> None:
    stub: camera_pb2_grpc.CamerasAsyncStub = camera_pb2_grpc.CamerasStub(channel)
    with remote_errors("services/gateway"):
        await stub.ListRegions(camera_pb2.ListRegionsRequest(), metadata=metadata, timeout=10)


async def refused(channel: grpc.aio.Channel, metadata: Metadata = ()) -> str:
    with pytest.raises(UnauthenticatedError) as error:
        await ask(channel, metadata)
    return error.value.code


@pytest.mark.parametrize("issued", [None, Authority("Stranger").issue()])
async def test_without_a_certificate_of_the_doors_authority_there_is_no_connection(
    door: Door, issued: Issued | None
) -> None:
    stub: camera_pb2_grpc.CamerasAsyncStub = camera_pb2_grpc.CamerasStub(door.connect(issued))
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await stub.ListRegions(camera_pb2.ListRegionsRequest(), timeout=5)
    assert error.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_certificate_that_proves_no_client_lets_nobody_in(door: Door) -> None:
    assert await refused(door.connect(door.authority.issue())) == "auth.invalid_client"


async def test_a_certificate_that_is_replaced_lets_nobody_in_and_its_successor_does(
    door: Door, bureau: Bureau
) -> None:
    successor = door.authority.issue()
    both = client_pb2.SetClientCertificatesRequest(
        name=bureau.client.name, certificates=[bureau.issued.certificate, successor.certificate]
    )
    await door.clients.SetClientCertificates(both)
    await ask(bureau.channel)
    await ask(door.connect(successor))


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"sub": ""}, "access.officer_invalid"),
        ({"unit": None}, "access.officer_invalid"),
        ({"incident": "  "}, "access.officer_invalid"),
        ({"aud": "another"}, "access.officer_invalid"),
        ({"iat": int(time.time()) + 60, "exp": int(time.time()) + 120}, "access.officer_invalid"),
        ({"exp": int(time.time()) + 3_600}, "access.officer_invalid"),
        ({"iat": int(time.time()) - 400, "exp": int(time.time()) - 100}, "access.officer_expired"),
    ],
)
async def test_a_statement_that_says_too_little_or_for_too_long_is_refused(
    bureau: Bureau, claims: dict[str, Any], code: str
) -> None:
    assert await refused(bureau.channel, bureau.officer(**claims)) == code


async def test_a_statement_is_signed_with_the_key_of_the_connections_certificate(
    door: Door, bureau: Bureau
) -> None:
    await ask(bureau.channel, bureau.officer())
    another = await door.enrol("another")
    assert await refused(bureau.channel, another.officer()) == "access.officer_invalid"
    assert await refused(bureau.channel, (("snowlight-officer", "x"),)) == "access.officer_invalid"


async def test_a_token_is_good_on_a_connection_of_its_own_client_alone(door: Door, bureau: Bureau) -> None:
    another = await door.enrol("another")
    token = await door.site.token("chen")
    assert await refused(bureau.channel, (("authorization", f"Bearer {token}"),)) == "access.token_of_another"
    assert await refused(another.channel, (("authorization", "Bearer x"),)) == "auth.token_invalid"
    with pytest.raises(InvalidArgumentError):
        await ask(bureau.channel, (*bureau.officer(), ("authorization", f"Bearer {token}")))


async def test_services_behind_the_door_are_not_to_be_reached_through_it(bureau: Bureau) -> None:
    stub: auth_pb2_grpc.DirectoryAsyncStub = auth_pb2_grpc.DirectoryStub(bureau.channel)
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await stub.ListRegions(camera_pb2.ListRegionsRequest(), timeout=5)  # type: ignore[arg-type]
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED
    reflection = bureau.channel.stream_stream(
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        request_serializer=bytes,
        response_deserializer=bytes,
    )
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await anext(aiter(reflection(iter([b""]), timeout=5)))
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_who_calls_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    async with open_door(tmp_path, rate_quota=2, rate_window_seconds=60) as door:
        bureau, another = await door.enrol(), await door.enrol("another")
        await ask(bureau.channel)
        await ask(bureau.channel)
        with pytest.raises(ResourceExhaustedError) as error:
            await ask(bureau.channel)
        assert (error.value.code, error.value.retry_after_s) == ("access.rate", 30)
        await ask(another.channel)
