"""However many ask for the newest picture of a camera, it is decoded once a second."""

from __future__ import annotations

import asyncio

import pytest

from services.gateway.live.window import LiveWindow
from services.gateway.snapshot.newest import FRESH_S, Name, NewestPictures
from services.gateway.workshop import Workshop
from tests.rpc.gateway.footage import Session, session
from tests.unit.media.feed import START_MS, HandClock


class Camera:
    """A camera whose fragments come when a test says so, and who asks for its picture."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.window = LiveWindow()
        self.workshop: Workshop[Name] = Workshop("busy", "", at_once=1, most_waiting=9, kept_bytes=1 << 20)
        self.newest = NewestPictures(self.workshop, self.clock)

    def begin(self, footage: Session, fragments: int) -> None:
        self.window.add_init(footage.init)
        self.come(footage, 0, fragments)

    def come(self, footage: Session, first: int, end: int) -> None:
        for fragment in footage.fragments[first:end]:
            self.window.add_fragment(fragment)

    async def picture(self, uid: str = "gate") -> tuple[bytes, int]:
        return await self.newest.take(uid, self.window)


@pytest.fixture
def footage() -> Session:
    return session(START_MS, 12)


async def test_within_a_second_it_is_the_same_picture(footage: Session) -> None:
    camera = Camera()
    camera.begin(footage, 21)
    first, *others = await asyncio.gather(*(camera.picture() for _ in range(8)))
    assert set(others) == {first}
    camera.come(footage, 21, 23)
    camera.clock.ms += 1000 * FRESH_S - 1
    assert await camera.picture() == first
    assert len(camera.workshop) == 1
    camera.clock.ms += 1
    assert await camera.picture() != first
    assert len(camera.workshop) == 2


async def test_a_session_that_begins_is_shown_at_once(footage: Session) -> None:
    camera = Camera()
    camera.begin(footage, 21)
    first = await camera.picture()
    after = session(START_MS + 60_000, 12)
    camera.begin(after, 3)
    assert await camera.picture() != first


async def test_cameras_do_not_share_pictures_and_are_not_remembered_for_ever(footage: Session) -> None:
    camera = Camera()
    camera.begin(footage, 21)
    for number in range(5):
        await camera.picture(f"camera-{number}")
    assert len(camera.workshop) == 5
    camera.clock.ms += 1000 * FRESH_S
    await camera.picture("another")
    assert list(camera.newest._fresh) == ["another"]
