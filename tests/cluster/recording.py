"""Cameras of the simulated village that a cluster records."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.person import USERNAME, Person, add_duty_officer, now_ms, signed_in
from tests.cluster.village import Source, run_village
from tests.cluster.watching import Stream
from tests.parts.snowlight import Snowlight
from tests.waiting import eventually


@dataclass(frozen=True)
class Recorded:
    """One of the village's cameras; their minutes end at different seconds."""

    name: str
    uid: str
    stream: Stream
    source_url: str = field(repr=False)
    """With user and password."""
    start_ms: float
    """An instant at which it was already live."""


@asynccontextmanager
async def recording(
    snowlight: Snowlight, folder: Path, count: int
) -> AsyncIterator[tuple[Person, list[Recorded]]]:
    """So many cameras, live, and somebody who may watch and manage them."""
    password = await add_duty_officer(snowlight)
    async with run_village(folder, count) as village, signed_in(snowlight.url, USERNAME, password) as person:
        yield person, await register(person, village)


async def register(person: Person, village: Sequence[Source]) -> list[Recorded]:
    """Have the village's cameras recorded. Returns once all are live."""
    created = [await person.create_camera(f"yard-{at}", one.url) for at, one in enumerate(village)]
    for camera in created:
        await person.wait_online(camera["name"])
    return [
        Recorded(camera["name"], camera["uid"], one.stream, one.url, now_ms())
        for camera, one in zip(created, village, strict=True)
    ]


async def recorded_for(person: Person, cameras: Sequence[Recorded], duration_ms: float) -> None:
    """Return once so much of every camera can be played."""

    async def recorded() -> bool:
        timelines = [await person.timeline(camera.name, camera.start_ms) for camera in cameras]
        return all(
            sum(span.end_ms - span.start_ms for span in timeline.spans) > duration_ms
            for timeline in timelines
        )

    await eventually(recorded, 60)


async def hand_on(snowlight: Snowlight, person: Person, cameras: Iterable[str]) -> None:
    """Stop ingest, which puts what it has recorded into the store, and start it again."""
    ingest = snowlight.processes["ingest"]
    assert await ingest.stop() == 0
    stopped_ms = now_ms()
    ingest.start()
    await ingest.wait_ready()
    for camera in cameras:
        await person.wait_recorded(camera, stopped_ms)
