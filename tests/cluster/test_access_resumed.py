"""Platforms' films of live pictures go on when the gateway that sends them is killed."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cluster.decoding import play, steps
from tests.cluster.person import COUNTY
from tests.cluster.recording import recording
from tests.parts.access_clients import run_program
from tests.parts.bureau import AccessDoor
from tests.parts.snowlight import Snowlight
from tests.waiting import eventually

FILM_S = 20


@pytest.fixture
def snowlight_settings(door: AccessDoor) -> dict[str, str]:
    """It is open."""
    return door.settings()


async def test_no_picture_is_lost_untold_or_doubled(
    snowlight_separate: Snowlight, door: AccessDoor, platforms: Mapping[str, tuple[str, ...]], tmp_path: Path
) -> None:
    async with recording(snowlight_separate, tmp_path, 1) as (_, (camera,)), asyncio.TaskGroup() as group:
        bureau = await door.enrol(snowlight_separate, f"regions/{COUNTY}")
        films = {language: tmp_path / f"{language}.mp4" for language in platforms}
        wanted = ("live", "-camera", camera.name, "-seconds", str(FILM_S), "-out")
        watching = {
            language: group.create_task(
                run_program((*command, *bureau.options(), *wanted, films[language]), 150)
            )
            for language, command in platforms.items()
        }

        async def begun() -> bool:
            assert not any(each.done() for each in watching.values())
            return await asyncio.to_thread(lambda: all(map(has_begun, films.values())))

        await eventually(begun, 60)
        gateway = snowlight_separate.processes["gateway"]
        await gateway.kill()
        gateway.start()
        await gateway.wait_ready()
    for language, film in films.items():
        told = await watching[language]
        assert told.status == 0, told
        assert re.search(r"^broken off: (Unavailable|UNAVAILABLE)", told.output, re.MULTILINE), told
        pictures = (await play(str(film))).pictures
        found = steps(pictures, camera.stream.frame_rate)
        assert len(pictures) >= (FILM_S - 1) * camera.stream.frame_rate
        assert min(found) == 1
        assert max(found) == 1 or "discontinuity" in told.output, found


def has_begun(film: Path) -> bool:
    return film.exists() and film.stat().st_size > 0
