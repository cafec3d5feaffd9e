"""From a camera that is not ours to a player that is not ours, through `snowlight all`, over HTTP only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from snowlight.media.fragment import ObjectKey
from tests.cluster.decoding import play
from tests.cluster.person import USERNAME, Person, add_duty_officer, now_ms, signed_in
from tests.cluster.playlist import instant_of, variant_of
from tests.cluster.stored import FolderStore, end_ms
from tests.cluster.village import run_village
from tests.cluster.watching import H264_AAC, H265_PCMA, ON_ITS_WAY_MS, Stream, expect_live, expect_window
from tests.parts.gstreamer import RtspServer
from tests.parts.snowlight import Snowlight, run_embedded
from tests.waiting import eventually

H264, H265, VILLAGE = "cameras/h264-aac", "cameras/h265-pcma", "cameras/village"
STREAMS = pytest.mark.parametrize(
    ("camera", "stream"), [(H264, H264_AAC), (H265, H265_PCMA)], ids=["h264-aac", "h265-pcma"]
)


@dataclass(frozen=True)
class Site:
    """A cluster that records three cameras at once, so that the tests wait for the same minute."""

    snowlight: Snowlight
    password: str
    uids: dict[str, str]
    start_ms: dict[str, float]
    """By camera, an instant at which it was already live."""

    async def wait_stored(self, camera: str) -> ObjectKey:
        """The object that holds the camera's first seconds, once it is in the store: a minute and a half."""
        store, instant_ms = FolderStore(self.snowlight.data_dir), self.start_ms[camera]
        found: list[ObjectKey] = []

        async def stored() -> bool:
            found[:] = [key for key in store.objects(self.uids[camera]) if end_ms(key) > instant_ms]
            return bool(found)

        await eventually(stored, 110)
        return found[0]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory, gstreamer: RtspServer) -> AsyncIterator[Site]:
    folder = tmp_path_factory.mktemp("main-job")
    async with AsyncExitStack() as stack:
        (village,) = await stack.enter_async_context(run_village(folder, 1))
        snowlight = await stack.enter_async_context(run_embedded(folder / "all", {}))
        password = await add_duty_officer(snowlight)
        person = await stack.enter_async_context(signed_in(snowlight.url, USERNAME, password))
        urls = {H264: gstreamer.url("h264-aac"), H265: gstreamer.url("h265-pcma"), VILLAGE: village.url}
        uids: dict[str, str] = {}
        for name, url in urls.items():
            camera = await person.create_camera(name.removeprefix("cameras/"), url)
            assert camera["name"] == name
            uids[name] = camera["uid"]
        start_ms: dict[str, float] = {}
        for name in urls:
            await person.wait_online(name)
            await person.live_playlist(await person.live_url(name))
            start_ms[name] = now_ms()
        yield Site(snowlight, password, uids, start_ms)


@pytest.fixture
async def person(site: Site) -> AsyncIterator[Person]:
    async with signed_in(site.snowlight.url, USERNAME, site.password) as signed:
        yield signed


async def test_a_camera_without_a_picture_yet_says_why_since_its_creation(site: Site, person: Person) -> None:
    created_ms: dict[str, float] = {}
    for name in (H264, H265, VILLAGE):
        created_ms[name] = instant_of((await person.send("GET", f"/v1/{name}"))["create_time"])
    away = await person.create_camera("away", "rtsp://127.0.0.1:9/live")
    created_ms["cameras/away"] = instant_of(away["create_time"])
    while now_ms() < created_ms["cameras/away"] + 3_000:
        timeline = await person.timeline("cameras/away", created_ms["cameras/away"])
        assert {gap.cause for gap in timeline.gaps} <= {"camera_offline"}
        await asyncio.sleep(0.1)
    assert timeline.gaps
    for name, start_ms in created_ms.items():
        timeline = await person.timeline(name, start_ms)
        assert {gap.cause for gap in timeline.gaps} <= {"camera_offline"}, name


@pytest.mark.parametrize(
    ("camera", "video", "stream"),
    [(H264, "avc1.", H264_AAC), (H265, "hvc1.", H265_PCMA)],
    ids=["h264-aac", "h265-pcma"],
)
async def test_a_live_picture_is_of_now(
    site: Site, person: Person, camera: str, video: str, stream: Stream
) -> None:
    url = await person.live_url(camera)
    attributes, _ = variant_of((await person.fetch(url)).decode(), url)
    assert attributes["CODECS"].startswith(video)
    assert attributes["CODECS"].endswith(",mp4a.40.2")
    assert attributes["RESOLUTION"] == "640x360"
    await expect_live(person, camera, stream)


@STREAMS
async def test_any_instant_since_the_start_plays_at_once(
    site: Site, person: Person, camera: str, stream: Stream
) -> None:
    """In the spool alone, in the store, over the edge between the two, and all of it."""
    start_ms, asked_ms = site.start_ms[camera], now_ms()
    await expect_window(person, camera, stream, max(asked_ms - 5_000, start_ms), asked_ms)

    stored = await site.wait_stored(camera)
    assert stored.start_ms <= start_ms
    assert start_ms + 12_000 < end_ms(stored)
    await expect_window(person, camera, stream, start_ms + 2_000, start_ms + 12_000)
    await expect_window(person, camera, stream, end_ms(stored) - 6_000, end_ms(stored) + 500)
    await expect_window(person, camera, stream, start_ms, now_ms())

    timeline = await person.timeline(camera, start_ms)
    assert timeline.gaps == []
    (span,) = timeline.spans
    assert span.start_ms == pytest.approx(start_ms, abs=1)
    assert span.end_ms > now_ms() - ON_ITS_WAY_MS


async def test_every_few_seconds_since_the_start_have_their_segment(site: Site, person: Person) -> None:
    await site.wait_stored(H264)
    for instant_ms in range(int(site.start_ms[H264]), int(now_ms() - ON_ITS_WAY_MS), 3_000):
        playlist = await person.vod_playlist(H264, instant_ms, instant_ms + 1)
        assert playlist.start_ms <= instant_ms < playlist.end_ms
        for url in (playlist.segments[0].init_url, *(segment.url for segment in playlist.segments)):
            assert await person.fetch(url)


async def test_the_picture_of_an_instant_is_the_picture_of_that_instant(
    site: Site, person: Person, tmp_path: Path
) -> None:
    """In the store, in the newest seconds and live, the clock in the picture is the wall clock."""
    stored = await site.wait_stored(VILLAGE)
    windows = [
        (site.start_ms[VILLAGE] + 3_000, site.start_ms[VILLAGE] + 8_000),
        (end_ms(stored) - 3_000, end_ms(stored) + 1),
        (now_ms() - 7_000, now_ms() - 2_000),
    ]
    for window in windows:
        playlist = await person.vod_playlist(VILLAGE, *window)
        played = await play(await person.vod_url(VILLAGE, *window), instants=True)
        expect_instants(played.pictures, played.instants, playlist.start_ms)

    live = await person.live_playlist(await person.live_url(VILLAGE))
    segment = live.segments[-1]
    init, data = await asyncio.gather(person.fetch(segment.init_url), person.fetch(segment.url))
    file = tmp_path / "live.mp4"
    await asyncio.to_thread(file.write_bytes, init + data)
    played = await play(str(file), instants=True)
    expect_instants(played.pictures, played.instants, segment.start_ms)


def expect_instants(pictures: list[float], instants: list[float | None], start_ms: float) -> None:
    """Each picture shows the day, hour, minute and second at which the playlist says it was taken."""
    assert pictures
    for shown, burnt_in in zip(pictures, instants, strict=True):
        assert burnt_in is not None
        late_s = start_ms / 1000 + shown - pictures[0] - burnt_in
        assert -0.1 < late_s < 0.7, f"{late_s:.3f} s late"
