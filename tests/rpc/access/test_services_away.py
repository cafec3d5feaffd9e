"""A service behind the door is away. Auth: pictures go on for ten minutes, and nothing new begins."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from services.gateway.peers import CALL_TIMEOUT_S
from snowlight.api.access.v1 import media_pb2
from snowlight.errors import UnavailableError
from snowlight.media.fragment import Fragment
from snowlight.rpc.status import remote_errors
from tests.rpc.access.door import Bureau, Door
from tests.rpc.access.test_officers import ask
from tests.rpc.access.watching import Reader, camera, data, watching
from tests.rpc.gateway.relay import Relay, relaying
from tests.waiting import eventually

RENEWED_EACH_S = 60
SEGMENT = 4
"""Fragments."""
REFUSAL_KEPT_S = 1
UNTIL_NOBODY_NEW_S = 30
UNTIL_NOBODY_S = 600


@pytest.fixture
async def cable(door: Door) -> AsyncIterator[Relay]:
    """Between a second gateway and auth."""
    async with relaying(door.site.runtime.cluster.auth_address) as opened:
        yield opened


@pytest.fixture
async def remote(door: Door, bureau: Bureau, cable: Relay) -> AsyncIterator[Bureau]:
    """The bureau, at that gateway."""
    async with door.another({"auth": cable.address}, live_idle_seconds=10_000) as address:
        yield bureau.at(door, address)


class Camera:
    """Sends on, however time passes."""

    def __init__(self, door: Door, uid: str, later: Iterator[Fragment]) -> None:
        self._door = door
        self._uid = uid
        self._later = later

    async def is_shown_after(self, seconds: float, reader: Reader) -> None:
        """Time passes, and the reader gets what the camera sends then, and nothing else."""
        self._door.site.clock.ahead_s += seconds
        sent = [next(self._later) for _ in range(SEGMENT)]
        await self._door.site.ingest.pictures.send(self._uid, *sent)
        assert await reader.fragments(SEGMENT) == data(*sent)


async def test_a_view_goes_on_for_ten_minutes_past_its_renewals(
    door: Door, remote: Bureau, cable: Relay
) -> None:
    uid, footage = await camera(door)
    gate = Camera(door, uid, iter(footage.fragments[21:]))
    async with watching(remote) as reader:
        await reader.take(2)
        await gate.is_shown_after(RENEWED_EACH_S + 1, reader)

        async def is_renewed() -> bool:
            return bool(await door.site.audit(event="view", action="live"))

        await eventually(is_renewed)
        await eventually(lambda: is_let_in(remote))  # auth has been heard of since
        cable.cut()
        for seconds in (RENEWED_EACH_S + 1, UNTIL_NOBODY_S - RENEWED_EACH_S - 21):
            await gate.is_shown_after(seconds, reader)
        door.site.clock.ahead_s += 20
        with pytest.raises(UnavailableError) as ended:
            await reader.next()
    assert (ended.value.code, ended.value.retry_after_s) == ("access.feed_lost", 5)


async def test_nothing_begins_and_each_call_is_told_when_to_come_again(
    door: Door, remote: Bureau, cable: Relay
) -> None:
    await camera(door)
    cable.cut()
    assert await refused(remote) == ("auth.unavailable", 5)
    cable.mend()
    await eventually(lambda: is_let_in(remote))
    door.site.clock.ahead_s += REFUSAL_KEPT_S
    cable.silence()
    assert await refused(remote) == ("auth.unavailable", 5)
    door.site.clock.ahead_s += UNTIL_NOBODY_NEW_S
    assert await refused(remote) == ("access.feed_lost", 5)
    cable.cut()
    cable.mend()
    await eventually(lambda: is_let_in(remote))


async def test_storage_that_is_silent_is_away_too(door: Door, bureau: Bureau) -> None:
    await camera(door)
    hour = {"start_time": Timestamp(seconds=1_795_000_000), "end_time": Timestamp(seconds=1_795_003_600)}
    request = media_pb2.GetTimelineRequest(camera="cameras/gate", **hour)
    async with (
        relaying(door.site.runtime.cluster.storage_address) as cable,
        door.another({"storage": cable.address}) as address,
    ):
        media = bureau.at(door, address).media
        await media.GetTimeline(request, metadata=bureau.officer())
        cable.silence()
        with pytest.raises(UnavailableError) as error, remote_errors("services/gateway"):
            await media.GetTimeline(request, metadata=bureau.officer(), timeout=CALL_TIMEOUT_S + 5)
    assert (error.value.code, error.value.retry_after_s) == ("storage.unavailable", 5)


async def is_let_in(bureau: Bureau) -> bool:
    """Whether an officer is of whom nobody has asked auth before."""
    try:
        await ask(bureau.channel, bureau.officer("000001"))
    except UnavailableError:
        return False
    return True


async def refused(bureau: Bureau) -> tuple[str, int | None]:
    """Why a view does not begin, and when to come again."""
    async with watching(bureau) as reader:
        with pytest.raises(UnavailableError) as error:
            await reader.next(CALL_TIMEOUT_S + 5)
    return error.value.code, error.value.retry_after_s
