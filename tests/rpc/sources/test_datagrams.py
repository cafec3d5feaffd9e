"""RTP over UDP: put back in order, with its losses told, and from the camera's own address only."""

import asyncio
import re
import socket
from collections.abc import Iterator

import pytest

from services.ingest.sources.rtsp.client.datagrams import Traffic
from services.ingest.sources.source import SourceError, SourceSettings
from tests.rpc.sources.playing import failure, playing
from tests.rpc.sources.scripted import TRANSPORT, UDP_TRANSPORT, Client, scripted
from tests.unit.sources.packets import frame
from tests.unit.sources.test_h264 import IDR, SLICE

FRAME_HEADER = 4


def packet(number: int) -> bytes:
    """The packet that carries picture `number`; each 25th is a key."""
    unit = SLICE if number % 25 else IDR
    return bytes(frame(unit, sequence=number, timestamp=3600 * number, marker=True))[FRAME_HEADER:]


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        yield opened


async def play(client: Client) -> tuple[str, int]:
    """The dialogue up to PLAY; returns where the client wants RTP to be sent."""
    where = 0
    while True:
        method = await client.next()
        if asked := re.search(r"client_port=(\d+)-(\d+)", client.request):
            where = int(asked[1])
            assert where % 2 == 0
            assert int(asked[2]) == where + 1
        client.answer(transport=UDP_TRANSPORT)
        if method == "PLAY":
            return "127.0.0.1", where


async def test_disorder_is_mended_and_losses_are_told(sender: socket.socket) -> None:
    async def script(client: Client) -> None:
        where = await play(client)
        numbers = [0, 1, 3, 2, 4, 6, 7, 5, *range(8, 30), *range(31, 60)]
        for number in numbers:
            sender.sendto(packet(number), where)
            await asyncio.sleep(0.005)
        await client.next()

    async with scripted(script) as (url, _), playing(url.replace("rtsp:", "rtsp+udp:")) as camera:
        units = await camera.pictures(58)
        # the unit behind a hole may have begun in it
        assert [pts // 3600 for _, pts, _ in units] == [*range(30), *range(32, 60)]
        assert camera.sink.losses == [1]


async def test_what_others_send_is_not_taken(sender: socket.socket) -> None:
    async def script(client: Client) -> None:
        where = await play(client)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind(("127.0.0.2", 0))
            for number in range(30):
                stranger.sendto(packet(number), where)
                await asyncio.sleep(0.01)
        for number in range(100, 130):
            sender.sendto(packet(number), where)
            await asyncio.sleep(0.01)
        await client.next()

    async with scripted(script) as (url, _), playing(url.replace("rtsp:", "rtsp+udp:")) as camera:
        units = await camera.pictures(30)
        assert [pts // 3600 for _, pts, _ in units] == list(range(100, 130))


@pytest.mark.parametrize("port", [0, 1], ids=["RTP", "RTCP"])
async def test_more_than_any_camera_sends_ends_it_by_name(sender: socket.socket, port: int) -> None:
    async def script(client: Client) -> None:
        host, rtp = await play(client)
        while True:
            sender.sendto(b"\x80" * 32_000, (host, rtp + port))
            await asyncio.sleep(0)

    async with scripted(script) as (url, _):
        error = await failure(url.replace("rtsp:", "rtsp+udp:"), settings=SourceSettings(silence_timeout=20))
    assert error.code == "camera.protocol_error"
    assert error.detail == "the camera sends over 5242880 bytes of datagrams a second"


class Sending:
    """Datagrams without a camera, on a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.refused: list[SourceError] = []
        self._traffic = Traffic(self.refused.append, lambda: self.now)

    def send(self, datagrams: int, size: int) -> None:
        for _ in range(datagrams):
            self._traffic.admits(bytes(size))

    def play(self, per_second: int, size: int) -> None:
        for _ in range(600):
            self.now += 0.1
            self.send(per_second // 10, size)


@pytest.mark.parametrize(("per_second", "size"), [(3700, 1400), (9900, 500)])
def test_forty_megabits_a_second_are_no_harm_and_may_come_late(per_second: int, size: int) -> None:
    camera = Sending()
    camera.play(per_second, size)
    camera.now += 3
    camera.send(3 * per_second, size)
    assert not camera.refused


@pytest.mark.parametrize(("per_second", "size", "cause"), [(4000, 1400, "bytes"), (11_000, 8, "datagrams")])
def test_a_little_more_for_long_is_refused(per_second: int, size: int, cause: str) -> None:
    camera = Sending()
    camera.play(per_second, size)
    assert camera.refused[0].code == "camera.protocol_error"
    assert cause in camera.refused[0].detail


async def test_the_camera_hears_that_somebody_listens() -> None:
    heard: list[bytes] = []

    async def script(client: Client) -> None:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtcp:
            rtcp.bind(("127.0.0.1", 0))
            rtcp.setblocking(False)
            port = rtcp.getsockname()[1]
            transport = UDP_TRANSPORT.replace("5004-5005", f"{port}-{port}")
            await client.until_playing(transport=transport)
            heard.extend([await loop.sock_recv(rtcp, 1500), await loop.sock_recv(rtcp, 1500)])

    async with scripted(script) as (url, _), playing(url.replace("rtsp:", "rtsp+udp:")) as camera:
        await camera.sink.until(lambda: len(heard) == 2)
    rtp, report = heard
    assert (len(rtp), rtp[0]) == (12, 0x80)
    assert report[:4] == b"\x80\xc9\x00\x01"  # RFC 3550, 6.4.2: a report without blocks
    assert report[8:10] == b"\x81\xca"  # 6.5: and who says so
    assert len(report) == 8 + 4 * (int.from_bytes(report[10:12], "big") + 1)


@pytest.mark.parametrize(
    "transport",
    [TRANSPORT, "Transport: RTP/AVP;multicast;destination=239.0.0.1;port=5000-5001\r\nSession: 1\r\n"],
)
async def test_another_transport_than_asked_for_is_refused(transport: str) -> None:
    async def script(client: Client) -> None:
        await client.until_playing(transport=transport)

    async with scripted(script) as (url, _):
        error = await failure(url.replace("rtsp:", "rtsp+udp:"))
    assert error.code == "camera.protocol_unsupported"
