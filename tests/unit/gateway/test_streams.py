"""A call without an end of its own is ended by what is found out beside it, whatever its reader does."""

from __future__ import annotations

import asyncio

import pytest

from services.gateway.access.streams import Streams
from snowlight.errors import PermissionDeniedError, UnavailableError

LOOK_S = 0.01


class Writing:
    """A reader that takes nothing."""

    def __init__(self) -> None:
        self.is_over = False

    async def forever(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.is_over = True


async def nothing() -> None: ...


async def test_a_right_that_has_ended_ends_what_is_being_written() -> None:
    writing, looks = Writing(), 0

    async def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            raise PermissionDeniedError("ticket.revoked")

    with pytest.raises(PermissionDeniedError):
        await Streams().run(writing.forever(), look, look_s=LOOK_S)
    assert writing.is_over


async def test_what_writing_comes_to_is_told() -> None:
    async def fails() -> None:
        raise UnavailableError("camera.offline")

    await Streams().run(nothing(), nothing)
    with pytest.raises(UnavailableError, match=r"camera\.offline"):
        await Streams().run(fails(), nothing)


async def test_a_gateway_that_stops_ends_all_and_begins_none() -> None:
    streams, writing = Streams(), Writing()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(refused(streams, writing))
        await asyncio.sleep(LOOK_S)
        streams.close()
        await running
    assert writing.is_over
    await refused(streams, Writing())


async def refused(streams: Streams, writing: Writing) -> None:
    with pytest.raises(UnavailableError) as error:
        await streams.run(writing.forever(), nothing)
    assert error.value.code == "access.stopping"


async def test_a_call_that_is_cancelled_leaves_nothing_behind() -> None:
    writing = Writing()
    call = asyncio.create_task(Streams().run(writing.forever(), nothing))
    await asyncio.sleep(LOOK_S)
    call.cancel()
    await asyncio.wait([call])
    assert (call.cancelled(), writing.is_over) == (True, True)
