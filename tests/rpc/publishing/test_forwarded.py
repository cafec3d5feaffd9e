"""Two workers behind one address: a camera may publish to either, whichever has it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import FailedPreconditionError, SnowlightError, UnavailableError
from snowlight.rpc.status import remote_errors
from tests.parts.publisher import publishing
from tests.parts.snowlight import Process
from tests.rpc.ingest.cluster import client_of, until
from tests.rpc.ingest.village import fragments, later_gaps
from tests.rpc.publishing.dialogue import rtmp_camera, rtsp_camera
from tests.rpc.publishing.street import Street, Town, open_town
from tests.waiting import eventually

PATIENCE_S = 90
LONGEST_HOLE_MS = 30_000
"""On a machine that does something else as well; ten seconds by themselves (docs/sharding.md)."""
HARDLY_ANY = 1e-6
"""The weight of a worker that has shards once no other one is there."""
STOLEN = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Pair:
    """Two workers: the owner has all cameras, the other one none."""

    owner: Street
    other: Street

    async def camera(self, camera_id: str) -> camera_pb2.Camera:
        """A new camera, of which the other one knows who has it."""
        camera = await self.owner.camera(camera_id)

        async def is_known() -> bool:
            try:
                with remote_errors("services/ingest"):
                    await self.other.ingest.status(camera.name)
            except FailedPreconditionError:
                return True
            except UnavailableError:
                return False
            raise AssertionError("the camera is the owner's")

        await eventually(is_known)
        return camera


@pytest.fixture
async def pair(tmp_path: Path, postgres_url: str) -> AsyncIterator[Pair]:
    async with (
        open_town(tmp_path) as town,
        town.worker("one", postgres_url, is_first=True) as owner,
        town.worker("two", postgres_url, weight=0) as other,
    ):
        yield Pair(owner, other)


@pytest.mark.parametrize("scheme", ["rtmp", "rtsp"])
async def test_what_is_published_to_another_worker_is_recorded_by_the_owner(
    pair: Pair, films: dict[str, Path], scheme: str
) -> None:
    camera = await pair.camera("gate")
    key = (await pair.owner.key(camera)).key
    ingest = pair.owner.ingest
    async with publishing(pair.other.url(scheme, "gate", key), films["h264"]) as publisher:
        await ingest.until_state(camera.name, camera_pb2.ONLINE)
        init, received = await fragments(ingest, camera.uid, 12)
        assert (init.width, init.height) == (160, 90)
        status = await until(
            lambda: ingest.status(camera.name), lambda status: status.media.audio_codec == "aac"
        )
        assert status.packets_lost == 0
        name = "snowlight_ingest_publishers"
        assert [street.ingest.sample(name) for street in (pair.other, pair.owner)] == [1, 0]
        assert later_gaps(status, camera) == []
        assert publisher.runs
    status = await ingest.until_state(camera.name, camera_pb2.OFFLINE)
    assert status.state_reason.startswith("camera.closed")
    await ingest.update(camera.name, enabled=False)  # what was recorded is committed then
    timeline = await until(
        lambda: ingest.timeline(camera.uid, received[0].start_ms, int(time.time() * 1000)),
        lambda timeline: timeline.spans,
    )
    assert timeline.spans[0].start_ms <= received[0].start_ms
    assert timeline.spans[0].end_ms >= received[-1].end_ms


async def test_a_stolen_key_is_answered_at_another_worker_as_at_the_owner(pair: Pair) -> None:
    camera = await pair.camera("gate")
    other_key = (await pair.owner.key(await pair.camera("hall"))).key
    answers = set()
    for name in (f"gate?key={STOLEN}", f"gate?key={other_key}", f"nobody?key={STOLEN}"):
        for street in (pair.owner, pair.other):
            async with rtmp_camera(street.rtmp_port) as asking:
                answers.add(await asking.publish(name))
    assert answers == {"camera.publish_denied: no camera may publish with this key"}
    async with rtsp_camera(pair.other.rtsp_port) as announcing:
        assert await announcing.announce(f"gate?key={STOLEN}") == (401, answers.pop())
    assert (await pair.owner.ingest.status(camera.name)).state == camera_pb2.OFFLINE


async def test_a_key_that_is_deleted_ends_what_is_given_on(pair: Pair, films: dict[str, Path]) -> None:
    camera = await pair.camera("gate")
    made = await pair.owner.key(camera)
    async with publishing(pair.other.url("rtmp", "gate", made.key), films["h264"]) as publisher:
        await pair.owner.ingest.until_state(camera.name, camera_pb2.ONLINE)
        await pair.owner.delete(made.publish_key)
        status = await pair.owner.ingest.until_state(camera.name, camera_pb2.OFFLINE)
        assert status.state_reason.startswith("camera.auth_failed")
        await publisher.ended()


@pytest.mark.parametrize("turned", [False, True], ids=["owner first", "owner second"])
async def test_of_two_publishers_at_two_workers_the_first_goes_on(
    pair: Pair, films: dict[str, Path], turned: bool
) -> None:
    camera = await pair.camera("gate")
    key = (await pair.owner.key(camera)).key
    first, second = (pair.other, pair.owner) if turned else (pair.owner, pair.other)
    async with publishing(first.url("rtsp", "gate", key), films["h264"]) as publisher:
        await pair.owner.ingest.until_state(camera.name, camera_pb2.ONLINE)
        async with rtmp_camera(second.rtmp_port) as asking:
            assert (await asking.publish(f"gate?key={key}")).startswith("camera.already_published")
        async with publishing(second.url("rtsp", "gate", key), films["h264"]) as refused:
            await refused.ended()
        await fragments(pair.owner.ingest, camera.uid, 2)
        assert publisher.runs
        assert later_gaps(await pair.owner.ingest.status(camera.name), camera) == []


async def test_a_camera_stays_connected_while_it_changes_hands(
    tmp_path: Path, postgres_url: str, films: dict[str, Path]
) -> None:
    async with open_town(tmp_path) as town, AsyncExitStack() as rest, AsyncExitStack() as first:
        one = await first.enter_async_context(town.worker("one", postgres_url, is_first=True))
        camera = await one.camera("gate")
        key = (await one.key(camera)).key
        door = await rest.enter_async_context(town.worker("door", postgres_url, weight=0))
        url = door.url("rtsp", "gate", key)
        async with publishing(url, films["h264"]) as publisher:
            await one.ingest.until_state(camera.name, camera_pb2.ONLINE)
            two = await rest.enter_async_context(town.worker("two", postgres_url))
            await first.aclose()  # it gives its cameras away
            await until_online(two, camera)
            await fragments(two.ingest, camera.uid, 4)
            assert publisher.runs
            gaps = later_gaps(await two.ingest.status(camera.name), camera)
            assert [gap.cause for gap in gaps] in ([], ["ingest_restart"])


@pytest.mark.parametrize("scheme", ["rtmp", "rtsp"])
async def test_a_camera_stays_connected_to_the_worker_that_gives_it_away(
    tmp_path: Path, postgres_url: str, films: dict[str, Path], scheme: str
) -> None:
    async with (
        open_town(tmp_path) as town,
        town.worker("one", postgres_url, is_first=True, weight=HARDLY_ANY) as one,
    ):
        camera = await one.camera("gate")
        async with publishing(
            one.url(scheme, "gate", (await one.key(camera)).key), films["h264"]
        ) as publisher:
            await one.ingest.until_state(camera.name, camera_pb2.ONLINE)
            async with town.worker("two", postgres_url) as two:
                await until_online(two, camera)
                await fragments(two.ingest, camera.uid, 4)
                gaps = later_gaps(await two.ingest.status(camera.name), camera)
                assert [gap.cause for gap in gaps] in ([], ["ingest_restart"])
            await one.ingest.until_state(camera.name, camera_pb2.ONLINE)  # and back again
            await fragments(one.ingest, camera.uid, 4)
            assert publisher.runs


@asynccontextmanager
async def worker_process(town: Town, database_url: str) -> AsyncIterator[Process]:
    """The first worker, as a process of its own."""
    cluster = town.runtime.cluster
    process = Process(
        "ingest",
        {
            "SNOWLIGHT_AUTH_ADDRESS": cluster.auth_address,
            "SNOWLIGHT_STORAGE_ADDRESS": cluster.storage_address,
            "SNOWLIGHT_INGEST_LISTEN": cluster.ingest_address,
            "SNOWLIGHT_INGEST_ADVERTISE": cluster.ingest_address,
            "SNOWLIGHT_INGEST_WORKER": "one",
            "SNOWLIGHT_INGEST_SPOOL_DIR": str(cluster.data_dir / "one"),
            "SNOWLIGHT_INGEST_DATABASE_URL": database_url,
        },
        cluster.data_dir,
    )
    process.start()
    try:
        yield process
    finally:
        await process.kill()


async def test_a_camera_stays_connected_when_its_worker_is_killed(
    tmp_path: Path, postgres_url: str, films: dict[str, Path]
) -> None:
    async with (
        open_town(tmp_path) as town,
        worker_process(town, postgres_url) as process,
        client_of(town.runtime.cluster) as owner,
    ):
        await owner.registry.ListCameras(camera_pb2.ListCamerasRequest(), wait_for_ready=True)
        async with town.worker("heir", postgres_url, weight=HARDLY_ANY) as heir:
            pair = Pair(replace(heir, ingest=owner), heir)
            camera = await pair.camera("gate")
            url = heir.url("rtmp", "gate", (await heir.key(camera)).key)
            async with publishing(url, films["h264"]) as publisher:
                await owner.until_state(camera.name, camera_pb2.ONLINE)
                await fragments(owner, camera.uid, 4)
                await process.kill()
                await until_online(heir, camera)
                await fragments(heir.ingest, camera.uid, 4)
                assert publisher.runs
                [gap] = later_gaps(await heir.ingest.status(camera.name), camera)
                assert gap.cause == "ingest_restart"
                assert gap.end.ToMilliseconds() - gap.start.ToMilliseconds() <= LONGEST_HOLE_MS


async def until_online(worker: Street, camera: camera_pb2.Camera) -> None:
    """Wait until `worker` has the camera and gets pictures of it."""

    async def is_there() -> bool:
        with suppress(SnowlightError), remote_errors("services/ingest"):
            return (await worker.ingest.status(camera.name)).state == camera_pb2.ONLINE
        return False

    await eventually(is_there, PATIENCE_S)
