"""A platform's film of live pictures goes on when the gateway that sends them is killed."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cluster.decoding import play
from tests.cluster.person import COUNTY
from tests.cluster.recording import recording
from tests.parts.access_clients import run_program
from tests.parts.bureau import AccessDoor
from tests.parts.snowlight import Snowlight
from tests.waiting import eventually

FILM_S = 12


@pytest.fixture
def door(tmp_path: Path) -> AccessDoor:
    """The cluster's."""
    return AccessDoor(tmp_path / "door")


@pytest.fixture
def snowlight_settings(door: AccessDoor) -> dict[str, str]:
    """It is open."""
    return door.settings()


async def test_no_picture_is_lost_untold_or_doubled(
    snowlight_separate: Snowlight, door: AccessDoor, go_client: tuple[str, ...], tmp_path: Path
) -> None:
    film = tmp_path / "live.mp4"
    async with recording(snowlight_separate, tmp_path, 1) as (_, (camera,)):
        bureau = await door.enrol(snowlight_separate, f"regions/{COUNTY}")
        wanted = ("live", "-camera", camera.name, "-seconds", str(FILM_S), "-out", film)
        watching = asyncio.create_task(run_program((*go_client, *bureau.options(), *wanted), 150))

        async def begun() -> bool:
            assert not watching.done(), watching.result()
            return await asyncio.to_thread(film.exists) and (await asyncio.to_thread(film.stat)).st_size > 0

        await eventually(begun, 60)
        gateway = snowlight_separate.processes["gateway"]
        await gateway.kill()
        gateway.start()
        await gateway.wait_ready()
        told = await watching
    assert told.status == 0, told
    assert "broken off: Unavailable" in told.output
    pictures = (await play(str(film))).pictures
    steps = [round((after - before) * camera.stream.frame_rate) for before, after in pairwise(pictures)]
    assert len(pictures) >= (FILM_S - 1) * camera.stream.frame_rate
    assert min(steps) == 1
    assert max(steps) == 1 or "discontinuity" in told.output, steps
