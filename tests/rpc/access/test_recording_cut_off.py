"""A right ends while recorded footage goes through the door."""

import asyncio

import pytest

from snowlight.api.access.v1 import media_pb2
from snowlight.api.auth.v1 import revocation_pb2
from snowlight.errors import PermissionDeniedError
from tests.rpc.access.door import Bureau, Door
from tests.rpc.access.recorded import record, streaming
from tests.waiting import eventually

PROMISE_S = 2.0


async def test_a_right_that_is_taken_away_ends_the_call_and_what_was_sent_is_counted(
    door: Door, bureau: Bureau
) -> None:
    recorded = await record(door, "market")
    pace = media_pb2.StreamRecordingRequest.PACE_REAL_TIME
    async with streaming(bureau, recorded.name, **recorded.window(), pace=pace) as reader:
        for _ in range(3):
            await reader.next()
        await door.site.revoke(revocation_pb2.CAMERA, recorded.uid)
        with pytest.raises(PermissionDeniedError) as ended:
            async with asyncio.timeout(PROMISE_S):
                await reader.all()
    assert ended.value.code == "ticket.revoked"

    async def is_counted() -> bool:
        views = await door.site.audit(event="view", camera_uid=recorded.uid)
        return sum(view.watched_s for view in views) >= 1

    await eventually(is_counted)


async def test_who_reads_nothing_holds_up_little_and_gets_no_more_once_the_right_is_gone(
    door: Door, bureau: Bureau
) -> None:
    recorded = await record(door, "quarry", padding=1 << 20)
    before = sent_bytes(door)
    async with streaming(bureau, recorded.name, **recorded.window()) as reader:
        await reader.next()
        sent = -1.0

        async def is_held_back() -> bool:
            nonlocal sent
            earlier, sent = sent, sent_bytes(door) - before
            await asyncio.sleep(0.3)
            return earlier == sent > 0

        await eventually(is_held_back)
        assert sent < 16 << 20, "more than a third of it lies in buffers on the way"
        await door.site.revoke(revocation_pb2.CAMERA, recorded.uid)
        await asyncio.sleep(PROMISE_S)
        got = 0
        with pytest.raises(PermissionDeniedError):
            while True:
                got += len((await reader.next()).fragment.data)
        assert got < sent + (2 << 20), "what was on its way, and the fragment that waited to be"


def sent_bytes(door: Door) -> float:
    return (
        door.site.registry.get_sample_value("snowlight_gateway_media_bytes_total", {"kind": "archive"}) or 0
    )
