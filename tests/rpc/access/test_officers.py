"""Who comes in: a certificate that the county knows, and an officer who is named."""

import time
from typing import Any

import grpc
import pytest

from snowlight.api.access.v1 import camera_pb2, camera_pb2_grpc
from snowlight.api.auth.v1 import auth_pb2_grpc, client_pb2
from snowlight.errors import InvalidArgumentError, UnauthenticatedError
from snowlight.rpc.status import remote_errors
from tests.parts.certificates import DAY, Authority
from tests.rpc.access.door import Bureau, Door, Metadata


async def ask(channel: grpc.aio.Channel, metadata: Metadata = ()) -> None:
    stub: camera_pb2_grpc.CamerasAsyncStub = camera_pb2_grpc.CamerasStub(channel)
    with remote_errors("services/gateway"):
        await stub.ListRegions(camera_pb2.ListRegionsRequest(), metadata=metadata, timeout=10)


async def refused(channel: grpc.aio.Channel, metadata: Metadata = ()) -> str:
    with pytest.raises(UnauthenticatedError) as error:
        await ask(channel, metadata)
    return error.value.code


@pytest.mark.parametrize("kind", ["none", "of a stranger", "expired"])
async def test_without_a_certificate_of_the_doors_authority_there_is_no_connection(
    door: Door, kind: str
) -> None:
    issued = {
        "none": None,
        "of a stranger": Authority("Stranger").issue(),
        "expired": door.authority.issue(lifetime=-DAY),
    }[kind]
    stub: camera_pb2_grpc.CamerasAsyncStub = camera_pb2_grpc.CamerasStub(door.connect(issued))
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await stub.ListRegions(camera_pb2.ListRegionsRequest(), timeout=5)
    assert error.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_certificate_that_proves_no_client_lets_nobody_in_and_auth_is_spared(door: Door) -> None:
    stranger = door.connect(door.authority.issue())
    for _ in range(50):
        assert await refused(stranger) == "auth.invalid_client"
    asked = door.site.runtime.registry.get_sample_value(
        "snowlight_rpc_seconds_count",
        {"method": "/snowlight.api.auth.v1.Tokens/IssueToken", "code": "UNAUTHENTICATED"},
    )
    assert asked is not None
    assert asked < 50, "auth is not asked about each call"
    assert (
        door.site.registry.get_sample_value(
            "snowlight_access_refused_total", {"reason": "auth.invalid_client"}
        )
        == 50
    )


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


async def test_a_statement_that_says_too_little_or_too_much_or_for_too_long_is_refused(
    bureau: Bureau,
) -> None:
    def at(begin_s: int, end_s: int) -> dict[str, Any]:
        now = int(time.time())
        return {"iat": now + begin_s, "exp": now + end_s}

    cases: list[tuple[dict[str, Any], str]] = [
        ({"sub": ""}, "must say sub"),
        ({"unit": None}, "must say unit"),
        ({"incident": "  "}, "must say incident"),
        ({"sub": "9" * 65}, "has a claim sub that must have at most 64 characters"),
        ({"incident": "a\nb"}, "has a claim incident that must not hold control characters"),
        ({"aud": "another"}, "must have aud snowlight"),
        (at(60, 120), "is not valid yet"),
        (at(0, 3_600), "must end within 600 s"),
        (at(-400, -100), "has expired"),
    ]
    for claims, problem in cases:
        with pytest.raises(UnauthenticatedError, match=problem) as error:
            await ask(bureau.channel, bureau.officer(**claims))
        assert error.value.code in ("access.officer_invalid", "access.officer_expired")
    await ask(bureau.channel, bureau.officer(weather="fine", **at(4, 300)))  # another clock, more claims


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
