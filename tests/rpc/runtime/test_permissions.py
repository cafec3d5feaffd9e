"""Who may call what: the table, as every service of a running cluster keeps to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from snowlight.config import ClusterSettings
from snowlight.errors import SnowlightError, UnauthenticatedError
from snowlight.rpc.permissions import ANYONE, PERMISSIONS
from snowlight.rpc.status import from_rpc_error
from snowlight.runtime import Runtime, build_runtime
from tests.parts.snowlight import Snowlight

SERVICES = ("auth", "ingest", "storage", "gateway")
CALLERS = (*SERVICES, "admin", "all", "a-stranger")
TIMEOUT_S = 15
"""What is let in may have nothing to tell: a feed without news."""
REFUSED, NO_TOKEN, LET_IN = "rpc.method_not_allowed", "auth.token_missing", "let in"
AT_ONCE = 16


@dataclass(frozen=True)
class Served:
    """A method that a running service serves."""

    name: str
    """As a call names it: "/package.Service/Method"."""
    server: str
    """HOST:PORT."""
    requests_stream: bool
    responses_stream: bool


def served_by(address: str) -> list[Served]:
    """All methods of a server, as its reflection tells."""
    found = []
    with grpc.insecure_channel(address) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        pool = DescriptorPool(database)
        for service in database.get_services():
            method: MethodDescriptor
            for method in pool.FindServiceByName(service).methods:
                name = f"/{service}/{method.name}"
                found.append(Served(name, address, method.client_streaming, method.server_streaming))
    return found


async def answer(channel: grpc.aio.Channel, method: Served) -> str:
    """The code of the error that an empty request ends with, or that it was let in.

    Where requests are a stream there is none: to write into a call that was refused meanwhile may fail as
    INTERNAL, which the client then tells in place of the refusal.
    """
    call: Any
    try:
        if method.requests_stream:
            call = channel.stream_stream(method.name)
            async for _ in call(iter([]), timeout=TIMEOUT_S):
                break
        elif method.responses_stream:
            call = channel.unary_stream(method.name)
            async for _ in call(b"", timeout=TIMEOUT_S):
                break
        else:
            call = channel.unary_unary(method.name)
            await call(b"", timeout=TIMEOUT_S)
    except grpc.aio.AioRpcError as error:
        raised: SnowlightError = from_rpc_error(error, method.name)
        return raised.code if raised.code in (REFUSED, NO_TOKEN) else LET_IN
    return LET_IN


def expected(method: str, caller: str | None) -> str:
    callers = PERMISSIONS[method]
    if ANYONE in callers:
        return LET_IN
    if caller is None:
        return NO_TOKEN
    return LET_IN if caller in callers else REFUSED


@pytest.fixture
def runtime(snowlight_all: Snowlight) -> Runtime:
    return build_runtime("all", ClusterSettings(data_dir=snowlight_all.data_dir))


@pytest.fixture
async def served(snowlight_all: Snowlight) -> list[Served]:
    found: list[Served] = []
    for address in snowlight_all.addresses.values():
        found += await asyncio.to_thread(served_by, address)
    return found


@asynccontextmanager
async def channels_to(
    runtime: Runtime, addresses: Sequence[str]
) -> AsyncIterator[dict[tuple[str, str | None], grpc.aio.Channel]]:
    """By address and caller; the caller None has no token."""
    async with AsyncExitStack() as stack:
        channels: dict[tuple[str, str | None], grpc.aio.Channel] = {}
        for address in addresses:
            channels[address, None] = await stack.enter_async_context(grpc.aio.insecure_channel(address))
            for caller in CALLERS:
                channel = runtime.named(caller).channel(address)
                channels[address, caller] = await stack.enter_async_context(channel)
        yield channels


async def test_every_served_method_has_its_row_and_every_row_its_method(served: list[Served]) -> None:
    assert {method.name for method in served} == set(PERMISSIONS)


async def test_every_caller_of_every_method_is_answered_as_the_table_says(
    snowlight_all: Snowlight, runtime: Runtime, served: list[Served]
) -> None:
    answers: dict[tuple[str, str, str | None], str] = {}
    some = asyncio.Semaphore(AT_ONCE)

    async def ask(channel: grpc.aio.Channel, method: Served, caller: str | None) -> None:
        async with some:
            answers[method.server, method.name, caller] = await answer(channel, method)

    addresses = list(snowlight_all.addresses.values())
    async with channels_to(runtime, addresses) as channels, asyncio.TaskGroup() as group:
        for method in served:
            for caller in (None, *CALLERS):
                group.create_task(ask(channels[method.server, caller], method, caller))
    assert len(answers) == len(served) * (len(CALLERS) + 1)
    assert answers == {asked: expected(asked[1], asked[2]) for asked in answers}
    for code in (REFUSED, NO_TOKEN, LET_IN):
        assert code in answers.values()


async def test_a_refusal_names_the_caller_and_the_method_and_is_logged(
    snowlight_all: Snowlight, runtime: Runtime
) -> None:
    address = snowlight_all.addresses["storage"]
    method = "/snowlight.api.storage.v1.Retention/SetRetentionPolicy"
    async with runtime.named("gateway").channel(address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            call: Any = channel.unary_unary(method)
            await call(b"")
    assert raised.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert str(from_rpc_error(raised.value, "")) == f"{REFUSED}: services/gateway may not call {method}"
    log = snowlight_all.processes["all"].log.read_text()
    assert any('"rpc.denied"' in line and method in line for line in log.splitlines())


async def test_a_token_for_one_service_is_worth_nothing_at_another(
    snowlight_all: Snowlight, runtime: Runtime
) -> None:
    """What the gateway shows to auth, auth or a listener there cannot use at storage."""
    method = "/snowlight.api.storage.v1.Storage/GetTimeline"
    tokens = runtime.named("gateway").tokens
    async with grpc.aio.insecure_channel(snowlight_all.addresses["storage"]) as channel:
        for audience, code in (("auth", "auth.token_invalid"), ("storage", "request.invalid")):
            metadata = [("authorization", f"Bearer {tokens.current(audience)}")]
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                call: Any = channel.unary_unary(method)
                await call(b"", metadata=metadata)
            error = from_rpc_error(raised.value, "")
            assert error.code == code
            assert isinstance(error, UnauthenticatedError) == (audience == "auth")
