"""Who may not publish is told why, holds up nobody, and learns nothing of the cameras that exist."""

import base64
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.ingest.publishing.doorway import MOST_OF_ADDRESS
from snowlight.api.ingest.v1 import camera_pb2
from tests.parts.publisher import publishing
from tests.rpc.ingest.village import fragments
from tests.rpc.publishing.dialogue import rtmp_camera, rtsp_camera
from tests.rpc.publishing.street import Street
from tests.waiting import eventually

STOLEN = "0123456789abcdef0123456789abcdef"
TCP = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1;mode=record"}


async def test_a_wrong_key_and_an_unknown_camera_get_the_same_answer(
    street: Street, capfd: pytest.CaptureFixture[str]
) -> None:
    camera = await street.camera("gate")
    other_key = (await street.key(await street.camera("hall"))).key
    answers = set()
    for name in (f"gate?key={STOLEN}", f"gate?key={other_key}", f"nobody?key={STOLEN}", "gate", "?key=x"):
        async with rtmp_camera(street.rtmp_port) as asking:
            answers.add(await asking.publish(name))
            await asking.hung_up()
    assert answers == {"camera.publish_denied: no camera may publish with this key"}
    answers_of_rtsp = set()
    for path in (f"gate?key={STOLEN}", f"hall2?key={STOLEN}"):
        async with rtsp_camera(street.rtsp_port) as announcing:
            answers_of_rtsp.add(await announcing.announce(path))
    assert answers_of_rtsp == {(401, answers.pop())}
    assert (await street.ingest.status(camera.name)).state == camera_pb2.OFFLINE
    said = "".join(capfd.readouterr())
    assert STOLEN not in said
    assert other_key not in said


async def test_publishers_and_the_refused_are_counted_by_reason(street: Street) -> None:
    key = (await street.key(await street.camera("gate"))).key

    def refused(reason: str) -> float:
        return street.ingest.sample("snowlight_ingest_publish_refused_total", reason=reason)

    async with rtmp_camera(street.rtmp_port) as first:
        assert await first.publish(f"gate?key={key}") == "published"
        assert street.ingest.sample("snowlight_ingest_publishers") == 1
        for name in (f"gate?key={key}", f"gate?key={STOLEN}", f"gate?key={STOLEN}"):
            async with rtmp_camera(street.rtmp_port) as asking:
                await asking.publish(name)
                await asking.hung_up()
        assert refused("camera.already_published") == 1
        assert refused("camera.publish_denied") == 2

    async def left() -> bool:
        return street.ingest.sample("snowlight_ingest_publishers") == 0

    await eventually(left)


async def test_guessing_is_bounded_and_keeps_no_other_camera_out(street: Street) -> None:
    await street.camera("gate")
    other = await street.camera("hall")
    answers = []
    for _ in range(7):
        async with rtmp_camera(street.rtmp_port) as asking:
            answers.append((await asking.publish(f"gate?key={STOLEN}")).partition(":")[0])
    assert answers == ["camera.publish_denied"] * 5 + ["auth.too_many_attempts"] * 2
    async with rtmp_camera(street.rtmp_port) as asking:
        assert await asking.publish(f"hall?key={(await street.key(other)).key}") == "published"


async def test_rtsp_takes_the_key_as_a_password_and_no_datagrams(street: Street) -> None:
    camera = await street.camera("gate")
    key = (await street.key(camera)).key
    login = {"Authorization": "Basic " + base64.b64encode(f"camera:{key}".encode()).decode()}
    async with rtsp_camera(street.rtsp_port) as asking:
        assert (await asking.announce("gate"))[0] == 401
        assert await asking.announce("gate", login) == (200, "OK")
        datagrams = {"Transport": "RTP/AVP;unicast;client_port=5000-5001;mode=record"}
        status, reason = await asking.ask("SETUP", "gate/streamid=0", datagrams)
        assert (status, reason.partition(":")[0]) == (461, "camera.protocol_unsupported")
        assert (await asking.ask("RECORD", "gate"))[0] == 400
        assert await asking.ask("SETUP", "gate/streamid=0", TCP) == (200, "OK")
        assert await asking.ask("RECORD", "gate") == (200, "OK")
        assert await asking.ask("TEARDOWN", "gate") == (200, "OK")


async def test_only_a_silent_publisher_makes_room(street: Street, films: dict[str, Path]) -> None:
    camera = await street.camera("gate")
    key = (await street.key(camera)).key
    async with rtmp_camera(street.rtmp_port) as silent:
        assert await silent.publish(f"gate?key={key}") == "published"
        async with rtmp_camera(street.rtmp_port) as early:
            assert (await early.publish(f"gate?key={key}")).startswith("camera.already_published")

        async def taken_over() -> bool:
            async with rtmp_camera(street.rtmp_port) as later:
                return await later.publish(f"gate?key={key}") == "published"

        await eventually(taken_over)
        await silent.hung_up()
    async with publishing(street.url("rtmp", "gate", key), films["h264"]):
        await street.ingest.until_state(camera.name, camera_pb2.ONLINE)


async def test_a_flood_is_hung_up_on_and_disturbs_no_other_camera(
    street: Street, films: dict[str, Path]
) -> None:
    flooding, other = await street.camera("gate"), await street.camera("hall")
    key, url = (await street.key(flooding)).key, street.url("rtmp", "hall", (await street.key(other)).key)
    async with publishing(url, films["h264"]) as undisturbed, rtmp_camera(street.rtmp_port) as camera:
        await street.ingest.until_state(other.name, camera_pb2.ONLINE)
        assert await camera.publish(f"gate?key={key}") == "published"
        await camera.flood(1 << 30)
        await camera.hung_up()
        status = await street.ingest.until_state(flooding.name, camera_pb2.OFFLINE)
        assert status.state_reason.startswith("camera.protocol_error: the camera sends over 8388608 bytes")
        await fragments(street.ingest, other.uid, 2)
        assert undisturbed.runs
        assert (await street.ingest.status(other.name)).state == camera_pb2.ONLINE


async def test_while_auth_is_away_publishers_go_on_and_new_ones_are_refused(
    street: Street, films: dict[str, Path]
) -> None:
    camera = await street.camera("gate")
    key, other_key = (await street.key(camera)).key, (await street.key(await street.camera("hall"))).key
    async with publishing(street.url("rtsp", "gate", key), films["h264"]) as publisher:
        await street.ingest.until_state(camera.name, camera_pb2.ONLINE)
        await street.auth_stack.aclose()
        async with rtmp_camera(street.rtmp_port) as asking:
            assert (await asking.publish(f"hall?key={other_key}")).startswith("auth.unavailable")
        await fragments(street.ingest, camera.uid, 4)
        assert publisher.runs


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x06" + bytes(1536),
        b"\x03" + bytes(2 * 1536) + b"\x03\x00\x00\x00\xff\xff\xff\x14\x00\x00\x00\x00",
        b"\x03" + bytes(2 * 1536) + b"\x03\x00\x00\x00\x00\x00\x05\x14\x00\x00\x00\x00\x0a\xff\xff\xff\xff",
        b"\x03" + bytes(2 * 1536) + b"\xc4",
    ],
    ids=["HTTP", "encrypted", "a giant message", "a bomb", "no beginning"],
)
async def test_what_is_no_rtmp_is_hung_up_on(street: Street, said: bytes) -> None:
    async with rtmp_camera(street.rtmp_port) as asking:
        asking.writer.write(said)
        await asking.hung_up()


async def test_idle_connections_are_few_and_keep_nobody_out(street: Street, films: dict[str, Path]) -> None:
    camera = await street.camera("gate")
    url = street.url("rtmp", "gate", (await street.key(camera)).key)
    async with publishing(url, films["h264"]) as publisher, AsyncExitStack() as stack:
        await street.ingest.until_state(camera.name, camera_pb2.ONLINE)
        idle = [
            await stack.enter_async_context(rtmp_camera(street.rtmp_port))
            for _ in range(MOST_OF_ADDRESS + 36)
        ]
        for one in idle[MOST_OF_ADDRESS:]:
            await one.hung_up()
        for one in idle:
            await one.hung_up()  # their time is over
        assert publisher.runs
        async with rtmp_camera(street.rtmp_port) as asking:
            assert (await asking.publish("gate?key=x")).startswith("camera.publish_denied")
