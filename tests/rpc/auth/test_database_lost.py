"""Auth outlives its database's restart."""

from pathlib import Path

import grpc
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from snowlight.api.auth.v1 import auth_pb2
from tests.rpc.auth.cluster import MovableClock, auth_of, runtime_for, serve_registry
from tests.rpc.auth.registry import Registry
from tests.waiting import eventually

_END_ALL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def test_every_connection_cut_again_and_again_ends_nothing(tmp_path: Path, postgres_url: str) -> None:
    runtime, registry = runtime_for(tmp_path, MovableClock()), Registry()  # type: ignore[abstract]
    async with serve_registry(runtime, registry), auth_of(runtime, registry, postgres_url) as auth:
        await auth.add_region("421381", auth_pb2.COUNTY)
        await auth.add_person("li", auth_pb2.ADMIN, scope="421381")
        engine = create_async_engine(postgres_url)
        for _ in range(20):  # what runs by itself is met in the middle of a statement too
            async with engine.begin() as connection:
                await connection.execute(sa.text(_END_ALL))
        await engine.dispose()

        async def signs_in() -> bool:
            try:
                return bool((await auth.sign_in("li")).access_token)
            except grpc.aio.AioRpcError as error:
                assert error.code() is grpc.StatusCode.UNAVAILABLE, error
                return False

        await eventually(signs_in)
