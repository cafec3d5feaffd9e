"""From where somebody signs in: as the gateway says, and nobody else."""

from dataclasses import replace
from pathlib import Path

import grpc
import pytest

from simulator.ports import free_port
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc, sign_in_pb2
from snowlight.errors import ResourceExhaustedError, UnauthenticatedError
from snowlight.rpc.status import remote_errors
from tests.parts.clock import MovableClock
from tests.parts.password import PASSWORD
from tests.rpc.auth.cluster import Auth, auth_of, runtime_for, serve_registry
from tests.rpc.auth.registry import Registry

TOLD = "192.0.2.77"


async def settle(auth: Auth) -> None:
    await auth.add_region("371326", auth_pb2.COUNTY)
    await auth.add_person("zhang.wei", auth_pb2.VIEWER, scope="371326")


async def sign_in(channel: grpc.aio.Channel, password: str = PASSWORD, told: str = TOLD) -> str:
    """An access token of who says that they come from `told`."""
    stub: auth_pb2_grpc.TokensAsyncStub = auth_pb2_grpc.TokensStub(channel)
    request = auth_pb2.IssueTokenRequest(
        grant_type="password", username="zhang.wei", password=password, remote_address=told
    )
    with remote_errors("services/auth"):
        return (await stub.IssueToken(request)).access_token


async def noted(auth: Auth, access_token: str) -> str:
    """From where the session of `access_token` is known to have come."""
    listed = await auth.sign_in_stub.ListSessions(sign_in_pb2.ListSessionsRequest(access_token=access_token))
    return next(session.remote_address for session in listed.sessions if session.current)


async def test_the_gateway_alone_is_believed_where_a_sign_in_comes_from(auth: Auth) -> None:
    await settle(auth)
    address = auth.runtime.cluster.auth_address
    seen = {}
    for caller in ("gateway", "storage", "ingest", "admin"):
        async with auth.runtime.named(caller).channel(address) as channel:
            seen[caller] = await noted(auth, await sign_in(channel))
    async with grpc.aio.insecure_channel(address) as channel:
        seen["nobody"] = await noted(auth, await sign_in(channel))
    assert seen.pop("gateway") == TOLD
    assert set(seen.values()) == {"127.0.0.1"}


async def test_who_guesses_over_ipv6_cannot_make_up_addresses_either(
    tmp_path: Path, database_url: str
) -> None:
    runtime, registry = runtime_for(tmp_path, MovableClock()), Registry()  # type: ignore[abstract]
    cluster = runtime.cluster.model_copy(update={"auth_address": f"[::1]:{free_port()}"})
    runtime = replace(runtime, cluster=cluster)
    async with (
        serve_registry(runtime, registry),
        auth_of(runtime, registry, database_url) as auth,
        grpc.aio.insecure_channel(cluster.auth_address) as channel,
    ):
        await settle(auth)
        assert await noted(auth, await sign_in(channel)) == "::1"
        for number in range(5):
            with pytest.raises(UnauthenticatedError):
                await sign_in(channel, "wrong password", f"2001:db8:0:{number:x}::1")
        with pytest.raises(ResourceExhaustedError):
            await sign_in(channel, told="2001:db8:0:5::1")
        # Counted as that address itself, whoever tells of it.
        with pytest.raises(ResourceExhaustedError), remote_errors("services/auth"):
            await auth.sign_in("zhang.wei", address="::1")
