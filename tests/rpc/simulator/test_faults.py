import asyncio
import time
from itertools import pairwise
from pathlib import Path

import pytest

from simulator.camera import Camera
from simulator.faults import Faults
from simulator.loop.elementary import read_loop
from simulator.loop.parameters import LoopParameters, Profile
from simulator.server import CameraServer, serve_cameras
from tests.rpc.simulator.raw_client import Frame, RawClient, connected

PICTURE = LoopParameters("石桥村 石桥", "Shiqiao bridge", profile=Profile.H264_AAC, width=320, height=180)


def faulty(**faults: object) -> Camera:
    return Camera("camera", PICTURE, faults=Faults(**faults))  # type: ignore[arg-type]


async def frames(client: RawClient, seconds: float) -> list[Frame]:
    """All that comes in so many seconds, or until the server closes."""
    received: list[Frame] = []
    try:
        async with asyncio.timeout(seconds):
            while True:
                received.append(await client.frame())
    except (TimeoutError, asyncio.IncompleteReadError):
        return received


def nal_types(received: list[Frame]) -> set[int]:
    """Of the H.264 NAL units begun in channel 0 (RFC 6184, table 1)."""
    types = set()
    for frame in received:
        if frame.channel == 0:
            kind = frame.payload[12] & 0x1F
            types.add(frame.payload[13] & 0x1F if kind == 28 else kind)
    return types


async def played(server: CameraServer, seconds: float, tracks: int = 2) -> list[Frame]:
    await server.encoded()
    async with connected(server.port, "camera") as client:
        assert (await client.play(tracks)).status == 200
        return await frames(client, seconds)


async def test_a_healthy_camera_begins_with_parameter_sets_and_a_key_frame(loops: Path) -> None:
    async with serve_cameras([faulty()], loops) as server:
        received = await played(server, 3)
    video = [frame for frame in received if frame.channel == 0]
    assert [frame.payload[12] & 0x1F for frame in video[:2]] == [7, 8]
    assert nal_types(received) == {1, 5, 7, 8}
    assert {frame.channel for frame in received} == {0, 1, 2, 3}


async def test_nothing_tells_the_end_of_the_loop(loops: Path) -> None:
    """The clock is set so that the minute ends two seconds after PLAY at the latest."""
    offset = 58.0 - time.time() % 60
    async with serve_cameras([faulty()], loops, clock=lambda: time.time() + offset) as server:
        await server.encoded()
        offset = 57.0 - time.time() % 60
        received = await played(server, 6)
    for channel, rate in ((0, 90_000), (2, 32_000)):
        track = [frame for frame in received if frame.channel == channel]
        assert {(b.sequence - a.sequence) & 0xFFFF for a, b in pairwise(track)} == {1}
        steps = {(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairwise(track)}
        assert steps <= {0, 6000} if rate == 90_000 else steps == {1024}
        assert len(track) > 50


async def test_rtp_info_tells_the_first_packets(loops: Path) -> None:
    async with serve_cameras([faulty()], loops) as server:
        await server.encoded()
        async with connected(server.port, "camera") as client:
            answer = await client.play(2)
            received = await frames(client, 3)
    for track, channel in ((0, 0), (1, 2)):
        first = next(frame for frame in received if frame.channel == channel)
        expected = f"/trackID={track};seq={first.sequence};rtptime={first.timestamp}"
        assert expected in answer.head


async def test_sender_reports_say_when_the_timestamps_were(loops: Path) -> None:
    async with serve_cameras([faulty()], loops) as server:
        received = await played(server, 3)
    report = next(frame for frame in received if frame.channel == 1).payload
    ntp = int.from_bytes(report[8:12], "big") - 2_208_988_800
    assert report[1] == 200
    assert abs(ntp - time.time()) < 6
    first = next(frame for frame in received if frame.channel == 0)
    assert int.from_bytes(report[16:20], "big") == first.timestamp


async def test_silent_takes_the_connection_and_says_nothing(loops: Path) -> None:
    async with (
        serve_cameras([faulty(silent=True)], loops) as server,
        connected(server.port, "camera") as client,
    ):
        for method in ("OPTIONS", "DESCRIBE"):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await client.request(method)


async def test_no_key_frame(loops: Path) -> None:
    async with serve_cameras([faulty(no_key_frame=True)], loops) as server:
        assert nal_types(await played(server, 4.5)) == {1}


async def test_no_parameter_sets_anywhere(loops: Path) -> None:
    async with serve_cameras([faulty(no_parameter_sets=True)], loops) as server:
        async with connected(server.port, "camera") as client:
            assert b"sprop" not in (await client.request("DESCRIBE")).body
        assert nal_types(await played(server, 4.5)) == {1, 5}


async def test_unsupported_codec_is_what_the_sdp_says(loops: Path) -> None:
    async with (
        serve_cameras([faulty(unsupported_codec="MP4V-ES")], loops) as server,
        connected(server.port, "camera") as client,
    ):
        sdp = (await client.request("DESCRIBE")).body
    assert b"a=rtpmap:96 MP4V-ES/90000" in sdp
    assert b"H264" not in sdp


async def test_close_every_ends_the_connection_in_time(loops: Path) -> None:
    async with serve_cameras([faulty(close_every=2.5)], loops) as server:
        began = time.monotonic()
        received = await played(server, 10)
        assert 2.0 < time.monotonic() - began < 5.0
    assert received


async def test_packet_loss_leaves_every_nth_out(loops: Path) -> None:
    async with serve_cameras([faulty(packet_loss=10)], loops) as server:
        received = await played(server, 3, tracks=1)
    steps = [b.sequence - a.sequence for a, b in pairwise(f for f in received if f.channel == 0)]
    assert set(steps) == {1, 2}
    assert steps.count(2) == pytest.approx(len(steps) / 9, abs=2)


async def test_garbage_stands_between_frames_and_is_none_itself(loops: Path) -> None:
    async with serve_cameras([faulty(garbage=True)], loops) as server:
        await server.encoded()
        async with connected(server.port, "camera") as client:
            await client.play()
            skipped = 0
            for _ in range(60):
                skipped += len(await client.reader.readuntil(b"$")) - 1
                length = int.from_bytes((await client.reader.readexactly(3))[1:], "big")
                await client.reader.readexactly(length)
    assert skipped > 0


async def test_redirect_names_another_camera_of_the_server(loops: Path) -> None:
    other = Camera("other", PICTURE)
    async with (
        serve_cameras([faulty(redirect_to="other"), other], loops) as server,
        connected(server.port, "camera") as client,
    ):
        answer = await client.request("DESCRIBE")
    assert answer.status == 302
    assert f"Location: {server.url(other)}\r\n" in answer.head


async def test_mute_after_stops_sending_but_keeps_answering(loops: Path) -> None:
    async with serve_cameras([faulty(mute_after=1.0)], loops) as server:
        await server.encoded()
        async with connected(server.port, "camera") as client:
            await client.play()
            assert len(await frames(client, 4)) > 10
            assert await frames(client, 1) == []
            assert (await client.request("GET_PARAMETER")).status == 200


async def test_late_audio_lets_video_go_ahead(loops: Path) -> None:
    async with serve_cameras([faulty(late_audio=1.0)], loops) as server:
        received = await played(server, 4.5)
    first = next(index for index, frame in enumerate(received) if frame.channel == 2)
    pictures = {frame.timestamp for frame in received[:first] if frame.channel == 0}
    assert 14 <= len(pictures) <= 17


async def test_the_resolution_changes_at_key_frames(loops: Path) -> None:
    async with serve_cameras([faulty(resolution_change=2)], loops) as server:
        received = await played(server, 6.5, tracks=1)
        full, half = (read_loop(loops / f"{loop.key}.mov") for loop in server.cameras[0].loops)
    sets = [frame.payload[12:] for frame in received if frame.channel == 0 and frame.payload[12] & 0x1F == 7]
    sent = [sps for one, sps in zip([b"", *sets], sets, strict=False) if sps != one]
    assert set(sent) == {full.video.parameter_sets[0], half.video.parameter_sets[0]}
    assert len(sent) >= 2
