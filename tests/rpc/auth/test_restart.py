"""What auth keeps over restarts, and how it stands outages of its neighbours."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.auth.app import run_auth
from services.auth.config import AuthSettings
from snowlight.access.cluster_key import ClusterKey
from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import FailedPreconditionError
from snowlight.runtime import Runtime
from tests.parts.clock import MovableClock
from tests.rpc.auth.cluster import Auth, auth_of, runtime_for, serve_registry
from tests.rpc.auth.registry import Registry


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    return runtime_for(tmp_path, MovableClock())


@pytest.fixture
def registry() -> Registry:
    return Registry()  # type: ignore[abstract]  # the feed is all that auth asks


async def decide(auth: Auth, token: str, uid: str) -> str:
    answer = await auth.access.Authorize(
        auth_pb2.AuthorizeRequest(access_token=token, action="live", camera_uid=uid)
    )
    return answer.reason


async def until_synced(auth: Auth) -> None:
    while "auth.cameras" in auth.runtime.health.waiting_for():  # noqa: ASYNC110 - readiness is polled
        await asyncio.sleep(0.02)


@pytest.fixture
async def token(runtime: Runtime, registry: Registry, database_url: str) -> AsyncIterator[str]:
    """An admin's access token, from a run of auth that has ended."""
    await registry.put("gate", "11")
    async with serve_registry(runtime, registry), auth_of(runtime, registry, database_url) as auth:
        await auth.add_region("11", auth_pb2.PROVINCE)
        await auth.add_person("wang", auth_pb2.ADMIN, scope="11")
        await until_synced(auth)
        signed_in = await auth.sign_in("wang")
    yield signed_in.access_token


async def test_keys_people_and_cameras_outlive_a_restart_and_the_feed_goes_on_where_it_was(
    runtime: Runtime, registry: Registry, database_url: str, token: str
) -> None:
    async with auth_of(runtime, registry, database_url) as auth:
        assert await decide(auth, token, "gate") == "auth.allowed"  # with ingest away
        await registry.put("field", "11")
        async with serve_registry(runtime, registry):
            while await decide(auth, token, "field") == "auth.camera_unknown":
                pass  # each answer waits for the feed
    assert registry.watched_from == [0, 1]


async def test_a_registry_made_anew_replaces_all_cameras(
    runtime: Runtime, registry: Registry, database_url: str, token: str
) -> None:
    await registry.put("field", "11")
    async with serve_registry(runtime, registry), auth_of(runtime, registry, database_url) as auth:
        assert await decide(auth, token, "field") == "auth.allowed"
        await until_synced(auth)
    young = Registry()  # type: ignore[abstract]
    await young.put("barn", "11")
    async with serve_registry(runtime, young), auth_of(runtime, young, database_url) as auth:
        while await decide(auth, token, "barn") == "auth.camera_unknown":
            pass
        assert await decide(auth, token, "field") == "auth.camera_unknown"
    assert young.watched_from == [2, 0]


async def test_auth_serves_before_ingest_does_but_is_not_ready(
    runtime: Runtime, registry: Registry, database_url: str
) -> None:
    async with auth_of(runtime, registry, database_url) as auth:
        assert (await auth.tokens.GetJwks(auth_pb2.GetJwksRequest())).jwks_json
        assert runtime.health.waiting_for() == ["auth.cameras"]
        async with serve_registry(runtime, registry):
            await asyncio.wait_for(until_synced(auth), 10)
        assert runtime.health.waiting_for() == []


async def test_another_cluster_key_does_not_open_the_signing_key(
    runtime: Runtime, database_url: str, token: str
) -> None:
    stranger = ClusterKey("another cluster's key, as long as it has to be")
    foreign = replace(runtime, key=stranger)
    settings = AuthSettings(listen=runtime.cluster.auth_address, database_url=database_url)
    with pytest.raises(FailedPreconditionError, match=r"auth\.signing_key_sealed"):
        async with run_auth(foreign, settings):
            pass
