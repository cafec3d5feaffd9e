"""The feed of revocations: in order, without a gap, from any process of auth, and again after an outage."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from services.auth.app import MIGRATIONS
from services.auth.repository import revocations
from services.auth.repository.revocations import Kind
from services.auth.revocation import feed as feed_module
from services.auth.revocation.feed import RevocationFeed
from simulator.ports import free_port
from snowlight.access.revocation_feed import follow_revocations
from snowlight.access.revocations import Revocations
from snowlight.api.auth.v1 import revocation_pb2, revocation_pb2_grpc
from snowlight.database import Database, open_database
from tests.parts.callers import permitted_channel
from tests.parts.clock import MovableClock
from tests.rpc.auth.cluster import Auth, auth_of, runtime_for, serve_registry
from tests.rpc.auth.registry import Registry
from tests.waiting import eventually

HOUR_MS = 3_600_000


@asynccontextmanager
async def revoking(auth: Auth) -> AsyncIterator["revocation_pb2_grpc.RevocationsAsyncStub"]:
    async with permitted_channel(auth.runtime, auth.runtime.cluster.auth_address) as channel:
        yield revocation_pb2_grpc.RevocationsStub(channel)


@asynccontextmanager
async def following(auth: Auth, known: Revocations | None = None) -> AsyncIterator[Revocations]:
    """What a gateway knows."""
    known = known or Revocations(auth.clock)
    async with auth.runtime.named("gateway").channel(auth.runtime.cluster.auth_address) as channel:
        task = asyncio.create_task(follow_revocations(revocation_pb2_grpc.RevocationsStub(channel), known))
        try:
            yield known
        finally:
            task.cancel()
            await asyncio.wait([task])


async def revoke(stub: "revocation_pb2_grpc.RevocationsAsyncStub", subject: str) -> int:
    request = revocation_pb2.RevokeRequest(
        kind=revocation_pb2.TICKET, subject=subject, reason="test", ordered_by="tests"
    )
    return (await stub.Revoke(request, wait_for_ready=True)).sequence


async def reached(known: Revocations, sequence: int) -> bool:
    return known.sequence >= sequence


async def test_all_that_is_kept_is_told_then_what_comes(auth: Auth) -> None:
    async with revoking(auth) as stub, AsyncExitStack() as stack:
        before = [await revoke(stub, f"t{number}") for number in range(3)]
        assert before == sorted(set(before))
        gateway = await stack.enter_async_context(
            auth.runtime.named("gateway").channel(auth.runtime.cluster.auth_address)
        )
        watching: revocation_pb2_grpc.RevocationsAsyncStub = revocation_pb2_grpc.RevocationsStub(gateway)
        call = watching.WatchRevocations(revocation_pb2.WatchRevocationsRequest(sequence=before[0]))
        answers = aiter(call)
        told = [await anext(answers)]
        while told[-1].synced < before[-1]:
            told.append(await anext(answers))
        assert [one.revoked.subject for one in told if one.HasField("revoked")] == ["t1", "t2"]
        after = await revoke(stub, "t3")
        assert (await anext(answers)).revoked.sequence == after
        assert (await anext(answers)).synced == after
        async with asyncio.timeout(6):  # without news
            assert [(await anext(answers)).synced for _ in range(2)] == [after, after]
        call.cancel()


async def test_a_follower_goes_on_after_auth_was_away(tmp_path: Path, database_url: str) -> None:
    clock, registry = MovableClock(), Registry()  # type: ignore[abstract]
    runtime = runtime_for(tmp_path, clock)
    known = Revocations(clock)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serve_registry(runtime, registry))
        async with auth_of(runtime, registry, database_url) as auth, revoking(auth) as stub:
            await stack.enter_async_context(following(auth, known))
            first = await revoke(stub, "t1")
            await eventually(lambda: reached(known, first), 2)
        async with auth_of(runtime, registry, database_url) as auth, revoking(auth) as stub:
            second = await revoke(stub, "t2")
            await eventually(lambda: reached(known, second))
            assert second > first


async def test_auth_that_stops_waits_for_no_follower(tmp_path: Path, database_url: str) -> None:
    clock, registry = MovableClock(), Registry()  # type: ignore[abstract]
    runtime = runtime_for(tmp_path, clock)
    patient = replace(runtime, cluster=runtime.cluster.model_copy(update={"drain_seconds": 3600}))
    known = Revocations(clock)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serve_registry(runtime, registry))
        async with asyncio.timeout(60):
            async with auth_of(patient, registry, database_url) as auth, revoking(auth) as stub:
                await stack.enter_async_context(following(auth, known))
                sequence = await revoke(stub, "t1")
                await eventually(lambda: reached(known, sequence))


@pytest.fixture
async def replicas(tmp_path: Path, postgres_url: str) -> AsyncIterator[list[Auth]]:
    """Two processes' worth of auth on one PostgreSQL."""
    clock, registry = MovableClock(), Registry()  # type: ignore[abstract]
    runtime = runtime_for(tmp_path, clock)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serve_registry(runtime, registry))
        running = []
        for _ in range(2):
            cluster = runtime.cluster.model_copy(update={"auth_address": f"127.0.0.1:{free_port()}"})
            other = replace(runtime, cluster=cluster)
            running.append(await stack.enter_async_context(auth_of(other, registry, postgres_url)))
        yield running


@pytest.fixture
def _never_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is heard is heard by NOTIFY."""
    monkeypatch.setattr(feed_module, "POLL_S", 3600.0)


@pytest.mark.usefixtures("_never_polls")
async def test_another_process_of_auth_hears_at_once(replicas: list[Auth], postgres_url: str) -> None:
    one, other = replicas
    async with revoking(one) as stub, following(other) as known:
        for number in range(3):
            sequence = await revoke(stub, f"t{number}")
            await eventually(partial(reached, known, sequence), 2)

        engine = create_async_engine(postgres_url)
        async with engine.begin() as connection:  # its own connection is lost, as at a failover
            ended = await connection.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
                )
            )
            assert len(ended.all()) >= 2
        await engine.dispose()
        sequence = await revoke(stub, "after")
        await eventually(lambda: reached(known, sequence))


async def test_a_notification_is_not_needed(replicas: list[Auth], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocations, "CHANNEL", "nobody_listens")
    one, other = replicas
    async with revoking(one) as stub, following(other) as known:
        sequence = await revoke(stub, "t")
        await eventually(lambda: reached(known, sequence), 2)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, service="auth", migrations=MIGRATIONS) as opened:
        yield opened


async def add(connection: AsyncConnection, kind: Kind, subject: str, now_ms: int) -> int:
    """Its sequence."""
    revocations.add(connection, kind, subject, now_ms)
    (sequence,) = await revocations.tell(connection)
    return sequence


async def test_what_was_added_and_rolled_back_is_never_told(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.write() as connection:
            revocations.add(connection, Kind.TICKET, "lost", 1)
            _ = 1 / 0
    async with database.write() as connection:
        revocations.add(connection, Kind.TICKET, "kept", 1)
    async with database.read() as connection:
        assert [one.subject for one in await revocations.after(connection, 0)] == ["kept"]


async def test_sequences_are_seen_in_their_order(postgres_url: str) -> None:
    async with open_database(postgres_url, service="auth", migrations=MIGRATIONS) as database:

        async def add_quickly() -> int:
            async with database.write() as connection:
                return await add(connection, Kind.TICKET, "quick", 1)

        async def seen() -> list[str]:
            async with database.read() as connection:
                return [one.subject for one in await revocations.after(connection, 0)]

        async def waits() -> bool:
            async with database.ask() as connection:
                query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                return bool(await connection.scalar(sa.text(query)))

        async with database.write() as slow:
            first = await add(slow, Kind.TICKET, "slow", 1)
            quick = asyncio.create_task(add_quickly())
            await eventually(waits)
            assert await seen() == []  # were it committed already, "slow" would be passed over for ever
        assert await quick > first
        assert await seen() == ["slow", "quick"]


async def test_what_is_old_is_forgotten_and_sequences_go_on(database: Database) -> None:
    async with database.write() as connection:
        for at_ms in (0, HOUR_MS, 2 * HOUR_MS):
            last = await add(connection, Kind.SESSION, f"s{at_ms}", at_ms)
    async with database.write() as connection:
        await revocations.remove_old(connection, 2 * HOUR_MS)
        assert [one.subject for one in await revocations.after(connection, 0)] == [f"s{2 * HOUR_MS}"]
        await revocations.remove_old(connection, 9 * HOUR_MS)
        assert await revocations.last_sequence(connection) == last
        assert await add(connection, Kind.SESSION, "new", 9 * HOUR_MS) > last


async def test_a_database_put_back_from_a_backup_is_told_as_it_is(database: Database) -> None:
    feed = RevocationFeed(database, MovableClock())
    running = asyncio.create_task(feed.run())
    now_ms = MovableClock().now_ms()
    async with database.write() as connection:
        for number in range(3):
            last = await add(connection, Kind.TICKET, f"t{number}", now_ms)
    async with aclosing(feed.follow(last)) as told:
        assert (await anext(told))[1] in (0, last)
        async with database.write() as connection:
            await connection.execute(sa.text("DELETE FROM revocations WHERE subject <> 't0'"))
        async with asyncio.timeout(5):
            while (await anext(told))[1] == last:
                pass
    async with aclosing(feed.follow(0)) as told:
        news, sequence = await anext(told)
        assert [one.subject for one in news] == ["t0"]
        assert sequence < last
    running.cancel()
    await asyncio.wait([running])
