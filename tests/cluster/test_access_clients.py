"""Platforms in Go, Java and Python at the door of four separate processes, from a list to evidence."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

from services.verify import main as verify
from snowlight.instants import format_instant
from tests.cluster.decoding import play, steps
from tests.cluster.person import COUNTY
from tests.cluster.recording import Recorded, recorded_for, recording
from tests.parts.access_clients import Ran, run_program
from tests.parts.bureau import AccessDoor, Bureau
from tests.parts.snowlight import Snowlight

LIVE_S = 3
WINDOW_MS = 12_000
EXPORTED_WITHIN_S = 300
"""Three minutes after its window an export begins."""
RECORDED_BESIDES_S = 2.5
"""A recording begins with the key frame before its window, and ends with the fragment that holds its end."""


@pytest.fixture
def snowlight_settings(door: AccessDoor) -> dict[str, str]:
    """It is open."""
    return door.settings()


@dataclass(frozen=True)
class Platform:
    """The example in a language, and where it writes."""

    command: tuple[str, ...]
    bureau: Bureau
    folder: Path

    async def told(self, *command: str | Path, timeout_s: float = 90) -> Ran:
        """What a command says, which must succeed."""
        told = await run_program((*self.command, *self.bureau.options(), *command), timeout_s)
        assert told.status == 0, told
        return told


@pytest.mark.timeout(600)
async def test_each_lists_cameras_watches_live_and_recorded_and_takes_evidence_along(
    snowlight_separate: Snowlight, door: AccessDoor, platforms: Mapping[str, tuple[str, ...]], tmp_path: Path
) -> None:
    await snowlight_separate.administer("init-store")  # evidence wants a bucket with object lock
    async with recording(snowlight_separate, tmp_path, 2) as (person, cameras):
        bureau = await door.enrol(snowlight_separate, f"regions/{COUNTY}")
        await recorded_for(person, cameras, WINDOW_MS)
        async with asyncio.TaskGroup() as rounds:
            for language, command in platforms.items():
                folder = tmp_path / language
                folder.mkdir()
                rounds.create_task(do_the_round(Platform(command, bureau, folder), cameras))


async def do_the_round(platform: Platform, cameras: list[Recorded]) -> None:
    listed = (await platform.told("cameras", "-filter", "state=ONLINE")).output
    assert [line.split("\t")[0] for line in listed.splitlines()] == [camera.name for camera in cameras]
    await watch(platform, cameras[0])
    from_ingest = await record(platform, cameras[0], "from-ingest.mp4")
    await export(platform, cameras)  # of what storage has: nothing of it is with ingest alone any more
    from_store = await record(platform, cameras[0], "from-store.mp4")
    assert from_store == from_ingest


async def watch(platform: Platform, camera: Recorded) -> None:
    film = platform.folder / "live.mp4"
    await platform.told("live", "-camera", camera.name, "-seconds", str(LIVE_S), "-out", film)
    pictures = (await play(str(film))).pictures
    assert pictures[-1] - pictures[0] >= LIVE_S - 0.2
    assert steps(pictures, camera.stream.frame_rate) == {1}


async def record(platform: Platform, camera: Recorded, name: str) -> bytes:
    film = platform.folder / name
    await platform.told("recording", "-camera", camera.name, *window([camera]), "-out", film)
    pictures = (await play(str(film))).pictures
    length_s = pictures[-1] - pictures[0]
    assert WINDOW_MS / 1000 - 0.2 <= length_s <= WINDOW_MS / 1000 + RECORDED_BESIDES_S
    assert steps(pictures, camera.stream.frame_rate) == {1}
    return film.read_bytes()


async def export(platform: Platform, cameras: list[Recorded]) -> None:
    """A package whose manifest holds, with footage of each camera."""
    package, unpacked = platform.folder / "package.zip", platform.folder / "unpacked"
    names = ",".join(camera.name for camera in cameras)
    wanted = ("export", "-camera", names, *window(cameras), "-out")
    told = await platform.told(*wanted, package, timeout_s=EXPORTED_WITHIN_S)
    assert "SUCCEEDED 100 %" in told.output
    with ZipFile(package) as opened:
        opened.extractall(unpacked)
    (manifest,) = unpacked.rglob("manifest.json")
    assert await asyncio.to_thread(verify, [str(manifest)]) == 0
    films = sorted(file.name.partition("_")[0] for file in unpacked.rglob("rendered/*.mp4"))
    assert films == sorted(camera.name.removeprefix("cameras/") for camera in cameras)


def window(cameras: list[Recorded]) -> tuple[str, ...]:
    """What all of them have recorded."""
    start_ms = round(max(camera.start_ms for camera in cameras))
    return "-start", format_instant(start_ms), "-end", format_instant(start_ms + WINDOW_MS)
