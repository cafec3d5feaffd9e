"""What one client may do at once, whatever it tries, and that no other one notices."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from snowlight.errors import ResourceExhaustedError
from snowlight.rpc.status import remote_errors
from tests.rpc.access.door import Door, open_door
from tests.rpc.access.lasting import LastingDoor, flooding, following, lasting_door, session_of, waiting
from tests.rpc.access.test_officers import ask
from tests.waiting import eventually

STREAMS = 8


@pytest.fixture
async def lasting(door: Door, tmp_path: Path) -> AsyncIterator[LastingDoor]:
    async with lasting_door(door, tmp_path, max_streams=STREAMS, max_unary=1, rate_quota=1_000) as opened:
        yield opened


async def test_who_opens_too_many_streams_is_told_when_to_come_again(lasting: LastingDoor) -> None:
    bureau, another = await lasting.enrol(), await lasting.enrol("another")

    async def opened(call: Any) -> bool:
        try:
            with remote_errors("services/gateway"):
                await session_of(call)
        except ResourceExhaustedError as error:
            assert (error.code, error.retry_after_s) == ("access.too_many_streams", 5)
            return False
        return True

    calls = [following(bureau) for _ in range(200)]
    assert sum(await asyncio.gather(*map(opened, calls))) == STREAMS
    assert await opened(following(another))
    for call in calls:
        call.cancel()

    async def has_room() -> bool:
        return await opened(following(bureau))

    await eventually(has_room)


async def test_streams_leave_calls_with_one_answer_their_room_and_deadlines_end_both(
    lasting: LastingDoor,
) -> None:
    bureau = await lasting.enrol()
    for _ in range(STREAMS):
        await session_of(following(bureau))
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await waiting(bureau, timeout=0.5)
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED

    async def is_over() -> bool:
        return lasting.counted("snowlight_access_open_calls", kind="unary") == 0

    await eventually(is_over)
    waits = asyncio.ensure_future(_answer(bureau))
    await eventually(lambda: _open(lasting, "unary", 1))
    with pytest.raises(ResourceExhaustedError, match="too_many_calls"), remote_errors("services/gateway"):
        await waiting(bureau)
    waits.cancel()


async def test_a_request_of_100_mb_is_refused_and_another_client_is_not_disturbed(
    lasting: LastingDoor,
) -> None:
    bureau, another = await lasting.enrol(), await lasting.enrol("another")
    running = following(another)
    await session_of(running)
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await waiting(bureau, bytes(100 << 20), timeout=60)
    assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert not running.done()
    await session_of(following(another))


async def test_a_reader_that_stops_holds_its_own_stream_alone(lasting: LastingDoor) -> None:
    bureau = await lasting.enrol()
    still = flooding(bureau)
    await eventually(lambda: _open(lasting, "stream", 1))
    await session_of(following(bureau))
    still.cancel()
    await eventually(lambda: _open(lasting, "stream", 1))


async def test_who_calls_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    async with open_door(tmp_path, rate_quota=2, rate_window_seconds=60) as door:
        bureau, another = await door.enrol(), await door.enrol("another")
        await ask(bureau.channel)
        await ask(bureau.channel)
        with pytest.raises(ResourceExhaustedError) as error:
            await ask(bureau.channel)
        assert (error.value.code, error.value.retry_after_s) == ("access.rate", 30)
        await ask(another.channel)


async def _open(door: LastingDoor, kind: str, count: int) -> bool:
    return door.counted("snowlight_access_open_calls", kind=kind) == count


async def _answer(bureau: Any) -> None:
    await waiting(bureau)
