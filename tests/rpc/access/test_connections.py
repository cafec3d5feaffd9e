"""How long a connection to the door lasts, and what becomes of the calls on it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from snowlight.errors import ResourceExhaustedError
from snowlight.rpc.status import remote_errors
from tests.rpc.access.door import Bureau, Door, open_door
from tests.rpc.access.lasting import LastingDoor, flooding, following, lasting_door, session_of
from tests.rpc.access.test_officers import ask
from tests.rpc.access.watching import camera, data, watching
from tests.rpc.gateway.relay import Relay, relaying
from tests.waiting import eventually

NOTICED_S = 50
"""A ping after 30 s at most, and 20 s for its answer."""
LEAST_APART_MS = 10_000
"""Pings that clients may send."""
AGE_S = 0.5
WIDE = 16 << 20
"""So much a client lets the door send ahead."""


@pytest.fixture
async def lasting(door: Door, tmp_path: Path) -> AsyncIterator[LastingDoor]:
    async with lasting_door(door, tmp_path, max_streams=3) as opened:
        yield opened


async def test_who_pings_too_often_is_sent_away_and_another_client_is_not(lasting: LastingDoor) -> None:
    bureau, another = await lasting.enrol(), await lasting.enrol("another")
    others = following(another)
    await session_of(others)
    call = following(pinging(lasting, bureau, each_ms=200))
    await session_of(call)
    with pytest.raises(grpc.aio.AioRpcError, match="Too many pings") as error:
        async with asyncio.timeout(NOTICED_S):
            await call.read()
    assert error.value.code() is grpc.StatusCode.UNAVAILABLE
    await opened(lasting, 1)
    assert not others.done()
    await session_of(following(bureau))


async def test_who_is_gone_without_a_word_makes_room_within_a_minute_and_who_pings_stays(
    lasting: LastingDoor,
) -> None:
    bureau, another = await lasting.enrol(), await lasting.enrol("another")
    stays = following(pinging(lasting, another, each_ms=LEAST_APART_MS))
    await session_of(stays)
    async with relaying(lasting.address) as way:
        gone = [
            following(bureau.at(lasting, way.address)),  # tells nothing
            flooding(bureau.at(lasting, way.address)),  # waits for its reader
            flooding(bureau.at(lasting, way.address, **{"http2.lookahead_bytes": WIDE})),  # and for TCP
        ]
        await session_of(gone[0])
        for call in gone[1:]:
            await call.read()
        way.silence()
        with pytest.raises(ResourceExhaustedError, match="too_many_streams"), remote_errors(""):
            await session_of(following(bureau))
        await opened(lasting, 1, NOTICED_S + 5)
        assert not any(call.done() for call in gone), "nobody told them"
        assert lasting.served("Flood", "INTERNAL") == 0
        assert lasting.served("Flood", "CANCELLED") == 2
        for _ in range(3):
            await session_of(following(bureau))
        assert not stays.done()


async def test_a_connection_of_some_age_is_changed_for_another_and_nothing_breaks_off(tmp_path: Path) -> None:
    async with open_door(tmp_path, connection_seconds=AGE_S) as door, relaying(door.address) as way:
        uid, footage = await camera(door)
        bureau = (await door.enrol()).at(door, way.address)
        async with watching(bureau) as reader:
            await reader.next()
            got = await reader.fragments(1)
            for fragment in footage.fragments[21:24]:
                await until_connected_anew(bureau, way)
                await door.site.ingest.pictures.send(uid, fragment)
                got += await reader.fragments(1)
        async with watching(bureau, resume_token=reader.token) as again:
            await door.site.ingest.pictures.send(uid, *footage.fragments[24:26])
            assert (await again.next()).WhichOneof("event") == "description"
            got += await again.fragments(2)
        assert got == data(*footage.fragments[20:26])


async def until_connected_anew(bureau: Bureau, way: Relay) -> None:
    """Call until another connection was made; none of the calls may fail."""
    before = way.connections

    async def is_so() -> bool:
        await ask(bureau.channel)
        return way.connections > before

    await eventually(is_so)


def pinging(door: Door, bureau: Bureau, *, each_ms: int) -> Bureau:
    """By a connection that it pings so often, whether or not there is anything to tell."""
    return bureau.at(door, door.address, keepalive_time_ms=each_ms, **{"http2.max_pings_without_data": 0})


async def opened(door: LastingDoor, count: int, timeout_s: float = 10) -> None:
    async def is_so() -> bool:
        return door.counted("snowlight_access_open_calls", kind="stream") == count

    await eventually(is_so, timeout_s)
