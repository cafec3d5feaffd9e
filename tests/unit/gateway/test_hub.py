"""What a hub shows of a camera that was away, from ingest's own ring."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

from services.gateway.live.hub import LiveHub
from services.gateway.peers import Peers
from services.ingest.media.ring import Ring
from snowlight.access.revocations import Revocations
from snowlight.api.ingest.v1 import live_pb2
from snowlight.media.fragment import Fragment, InitSection
from tests.unit.gateway.numbered import fragments, init
from tests.unit.media.feed import HandClock
from tests.waiting import eventually

HOUR_MS = 3_600_000


class IngestOf:
    """Ingest with this one camera."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring

    @property
    def workers(self) -> IngestOf:
        return self

    async def watch_live(self, request: live_pb2.WatchLiveRequest) -> AsyncIterator[bytes]:
        async for item in self._ring.subscribe(request.backlog):
            yield item.message()


class Watched:
    """A hub and the camera that it watches."""

    def __init__(self, ring: Ring, clock: HandClock) -> None:
        self.ring = ring
        self.clock = clock
        self.hub = LiveHub("uid", clock, Revocations(clock))

    async def told(self, *events: InitSection | Fragment) -> None:
        """The camera makes these, and the hub has taken them."""
        give(self.ring, *events)
        await eventually(self.all_taken)

    async def all_taken(self) -> bool:
        return self.ring.waiting == 1

    @property
    def listed(self) -> list[int]:
        return [segment.number for segment in self.hub.window.listed()]


def give(ring: Ring, *events: InitSection | Fragment) -> None:
    for event in events:
        if isinstance(event, InitSection):
            ring.start(event)
        else:
            ring.append(event)


@asynccontextmanager
async def watched(ring: Ring, clock: HandClock) -> AsyncIterator[Watched]:
    """The camera, watched from now on."""
    camera = Watched(ring, clock)
    watching = asyncio.create_task(camera.hub.watch(cast("Peers", IngestOf(ring))))
    try:
        await eventually(camera.all_taken)
        yield camera
    finally:
        watching.cancel()


async def test_a_camera_that_comes_back_shows_nothing_until_its_first_segment_is_whole() -> None:
    ring, clock = Ring(), HandClock()
    give(ring, init(100), *fragments(100, 4))
    async with watched(ring, clock) as camera:
        assert await camera.hub.shows_now()
        ring.stop()
        clock.ms += HOUR_MS
        assert not await camera.hub.shows_now()

        back = fragments(104, 2, later_ms=HOUR_MS)
        await camera.told(init(104, 1), back[0])
        assert camera.listed[-1] == 103  # the hour-old ones are there, the last one closed by the new session
        assert not await camera.hub.shows_now()
        await camera.told(*back[1:4])
        assert not await camera.hub.shows_now()
        await camera.told(back[4])
        assert await camera.hub.shows_now()
        assert camera.listed == [104]


async def test_who_comes_first_after_the_camera_is_shown_nothing_of_an_hour_ago() -> None:
    ring, clock = Ring(), HandClock()
    back = fragments(104, 2, later_ms=HOUR_MS)
    give(ring, init(100), *fragments(100, 4), init(104, 1), back[0])  # the ring outlives sessions
    async with watched(ring, clock) as camera:
        assert camera.listed
        assert not await camera.hub.shows_now()
        await camera.told(*back[1:5])
        assert await camera.hub.shows_now()
        assert camera.listed == [104]


async def test_a_clock_put_back_meanwhile_makes_old_segments_no_newer() -> None:
    ring, clock = Ring(), HandClock()
    give(ring, init(100), *fragments(100, 4))
    async with watched(ring, clock) as camera:
        assert await camera.hub.shows_now()
        clock.ms += HOUR_MS
        await camera.told(init(104, 1), *fragments(104, 1))
        assert not await camera.hub.shows_now()


async def test_a_short_break_leaves_the_list_as_it_is() -> None:
    ring, clock = Ring(), HandClock()
    give(ring, init(100), *fragments(100, 4))
    async with watched(ring, clock) as camera:
        clock.ms += 3_000
        back = [replace(fragment, start_ms=fragment.start_ms + 3_000) for fragment in fragments(104, 1)]
        await camera.told(init(104, 1), *back)
        assert await camera.hub.shows_now()
        assert camera.listed == [100, 101, 102, 103]


async def test_a_fragment_clears_what_went_wrong_before() -> None:
    ring, clock = Ring(), HandClock()
    camera = Watched(ring, clock)
    watching = asyncio.create_task(camera.hub.watch(cast("Peers", IngestOf(ring))))
    try:
        await camera.hub.news()
        assert camera.hub.failure is not None
        await camera.told(init(100), fragments(100, 1)[0])
        assert camera.hub.failure is None
        assert not await camera.hub.shows_now()
    finally:
        watching.cancel()
