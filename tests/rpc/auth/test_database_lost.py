"""Auth outlives its database's restart."""

import asyncio
from pathlib import Path

import grpc
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from snowlight.api.auth.v1 import auth_pb2
from tests.parts.clock import MovableClock
from tests.rpc.auth.cluster import auth_of, runtime_for, serve_registry
from tests.rpc.auth.registry import Registry
from tests.waiting import eventually

_OTHERS = "datname = current_database() AND pid <> pg_backend_pid()"
_WAITING = f"SELECT count(*) FROM pg_stat_activity WHERE {_OTHERS} AND wait_event_type = 'Lock'"
_END_ALL = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {_OTHERS}"


async def test_connections_cut_in_the_middle_of_statements_end_nothing(
    tmp_path: Path, postgres_url: str
) -> None:
    runtime, registry = runtime_for(tmp_path, MovableClock()), Registry()  # type: ignore[abstract]
    async with serve_registry(runtime, registry), auth_of(runtime, registry, postgres_url) as auth:
        await auth.add_region("421381", auth_pb2.COUNTY)
        await auth.add_person("li", auth_pb2.ADMIN, scope="421381")
        engine = create_async_engine(postgres_url)
        async with engine.connect() as connection:
            await connection.execute(
                sa.text("LOCK TABLE principals, audit_unlinked IN ACCESS EXCLUSIVE MODE")
            )
            signing_in = asyncio.ensure_future(auth.sign_in("li"))

            async def both_wait() -> bool:  # the linker, which works by itself, and who signs in
                return int(await connection.scalar(sa.text(_WAITING)) or 0) >= 2

            await eventually(both_wait)
            await connection.execute(sa.text(_END_ALL))
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await signing_in
            assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
            await connection.rollback()
        await engine.dispose()

        async def signs_in() -> bool:
            try:
                return bool((await auth.sign_in("li")).access_token)
            except grpc.aio.AioRpcError as error:
                assert error.code() is grpc.StatusCode.UNAVAILABLE, error
                return False

        await eventually(signs_in)
