"""What a camera sends costs no more than its bytes: one that is made to be slow to read ends, and soon."""

import struct
import time
from collections.abc import Callable, Iterator

import pytest

from services.ingest.sources.rtp.aac import AacDepacketiser, AuHeaderLayout
from services.ingest.sources.rtp.audio import AudioReceiver
from services.ingest.sources.rtp.h264 import H264Depacketiser
from services.ingest.sources.rtp.sampled import SampledDepacketiser
from services.ingest.sources.rtp.video import VideoReceiver
from services.ingest.sources.rtsp import interleaved
from services.ingest.sources.rtsp.client.connection import Connection
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.sources.rtsp.message import Request, Response, read_message
from services.ingest.sources.source import SourceError
from tests.unit.sources.packets import aggregate, frame, sized
from tests.unit.sources.recorder import Recorder
from tests.unit.sources.test_h264 import IDR, PPS, SLICE, SPS

ROUND = 512 << 10  # bytes


class Video:
    """A receiver on a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.sink = Recorder()
        depacketiser = H264Depacketiser((SPS, PPS))
        self.receiver = VideoReceiver(0, 96, depacketiser, self.sink, 8 << 20, lambda: self.now)
        self.sequence = 0

    def send(self, payload: bytes = SLICE, *, timestamp: int = -1, marker: bool = True) -> None:
        rtp_time = self.sequence if timestamp < 0 else timestamp
        buffer = frame(payload, sequence=self.sequence, timestamp=rtp_time, marker=marker)
        self.sequence += 1
        assert self.receiver.read(buffer, 0, len(buffer)) == len(buffer)

    def play(self, pictures: int, per_second: float) -> None:
        for _ in range(pictures):
            self.now += 1 / per_second
            self.send()


@pytest.mark.parametrize("before", range(0, 650, 25))
def test_sixty_pictures_a_second_may_come_late_again_and_again(before: int) -> None:
    video = Video()
    video.play(before, 60)
    for _ in range(20):
        video.now += 9.9  # a little more, and the camera would have fallen silent
        video.play(int(9.9 * 60), 1e6)
        video.play(120, 60)


def test_a_hundred_and_twenty_pictures_a_second_may_go_on_for_ever() -> None:
    video = Video()
    video.play(20_000, 120)
    assert len(video.sink.video) == 20_000


def test_more_pictures_than_any_camera_has_end_it() -> None:
    video = Video()
    with pytest.raises(SourceError, match="200 pictures a second") as caught:
        video.play(28_000, 1e6)
    assert caught.value.code == "camera.protocol_error"
    assert len(video.sink.video) <= 600
    video = Video()
    with pytest.raises(SourceError, match="200 pictures a second"):
        video.play(10_000, 300)


def test_key_pictures_with_other_parameter_sets_count_as_many_since_each_begins_a_mux() -> None:
    video = Video()
    with pytest.raises(SourceError, match="pictures"):
        for number in range(200):
            video.send(PPS[:-1] + bytes((number | 1, 0x80)), timestamp=number, marker=False)
            video.send(IDR, timestamp=number)
    assert len(video.sink.video) <= 60


def test_parameter_sets_that_change_every_other_second_are_no_harm() -> None:
    video = Video()
    for number in range(100):
        video.send(PPS[:-1] + bytes((number | 1, 0x80)), timestamp=video.sequence + 1, marker=False)
        video.send(IDR)
        video.play(50, 25)
    assert len(video.sink.video) == 5100


def test_a_hole_before_every_packet_ends_a_camera_and_half_the_packets_lost_do_not() -> None:
    video = Video()
    for _ in range(10_000):
        video.now += 1 / 500  # of a thousand packets a second
        video.sequence += 1
        video.send(timestamp=0, marker=False)
    with pytest.raises(SourceError, match="gaps in its packets"):
        for _ in range(20_000):
            video.sequence += 1
            video.send(timestamp=0, marker=False)


def test_a_picture_in_very_many_pieces_is_not_copied_again_for_each() -> None:
    def seconds(pieces: int) -> float:
        video = Video()
        video.send(b"\x7c\x85\x88", timestamp=0, marker=False)
        run = b"".join(
            frame(b"\x7c\x05a", sequence=1 + piece, timestamp=0, marker=False) for piece in range(pieces)
        )
        video.receiver.read(run, 0, len(run))
        video.sequence += pieces
        began = time.process_time()
        for _ in range(100):
            video.send(b"\x7c\x05b", timestamp=0, marker=False)
        took = time.process_time() - began
        video.send(b"\x7c\x45c", timestamp=0)
        assert video.sink.video == [(sized(b"\x65\x88" + b"a" * pieces + b"b" * 100 + b"c"), 0, True)]
        return took

    assert min(seconds(200_000) for _ in range(3)) < 20 * min(seconds(1000) for _ in range(3))


def audio(depacketiser: AacDepacketiser | SampledDepacketiser, payload: bytes) -> Callable[[float, int], int]:
    """Sends packets of `payload`: given how many, `per_second`; returns how many frames came out so far."""
    now = 1000.0
    sink = Recorder()
    receiver = AudioReceiver(2, 97, depacketiser, sink, lambda: now)
    sequence = 0

    def send(per_second: float, packets: int) -> int:
        nonlocal now, sequence
        for _ in range(packets):
            now += 1 / per_second
            buffer = frame(payload, sequence=sequence, channel=2)
            receiver.read(buffer, 0, len(buffer))
            sequence += 1
        return len(sink.audio)

    return send


def test_audio_in_packets_of_ten_milliseconds_may_go_on_and_may_come_late() -> None:
    send = audio(SampledDepacketiser(), b"\xd5" * 80)
    assert send(100, 10_000) == 10_000
    assert send(0.1, 1) == 10_001
    assert send(1e6, 999) == 11_000


@pytest.mark.parametrize(("size", "most"), [(1, 1000), (60_000, 1000 // 30)])
def test_more_audio_than_any_camera_has_ends_it(size: int, most: int) -> None:
    send = audio(SampledDepacketiser(), b"\xd5" * size)
    assert send(1e6, most) == most
    with pytest.raises(SourceError, match="200 frames of audio a second") as caught:
        send(1e6, 1 + most // 10)
    assert caught.value.code == "camera.protocol_error"


def test_a_packet_holds_64_frames_of_aac_at_most() -> None:
    def packet(frames: int) -> bytes:
        return struct.pack(">H", 16 * frames) + struct.pack(">H", 1 << 3) * frames + b"x" * frames

    depacketiser = AacDepacketiser(AuHeaderLayout())
    assert len(depacketiser.packet(packet(64))) == 64
    assert depacketiser.packet(packet(65)) == []


def many(part: bytes) -> bytes:
    return part * (ROUND // len(part))


def numbered(payload: bytes) -> bytes:
    return b"".join(frame(payload, sequence=i) for i in range(ROUND // (len(payload) + 16)))


def rounds_of_one_kind() -> Iterator[tuple[str, bytes, str]]:
    slices = aggregate(b"\x78", *[b"\x41"] * 20_000)
    sets = aggregate(b"\x78", *[PPS[:-1] + bytes((i,)) for i in range(1, 256)])
    yield "dollars", b"\x00" + many(b"$"), "frames of no use"
    yield "empty frames", many(b"$\x00\x00\x00"), "frames of no use"
    yield "line ends", many(b"\r\n"), "frames of no use"
    yield "requests", many(b"OPTIONS * RTSP/1.0\r\n\r\n"), "messages"
    yield "answers", many(b"RTSP/1.0 200 OK\r\n\r\n"), "messages"
    yield "malformed answers", many(b"RTSP/1.0 200 OK\r\nContent-Length:x\r\n\r\n") * 2, "frames of no use"
    yield "tiny slices in one packet", numbered(slices), "small NAL units"
    yield "parameter sets", numbered(sets), "small NAL units"
    yield "start codes in a parameter set", numbered(b"\x67" + b"\x00\x00\x01" * 400), "small NAL units"
    yield "extra information", numbered(b"\x06" + bytes(1000)), "small NAL units"


@pytest.mark.parametrize(
    ("sent", "cause"), [pytest.param(*rest, id=name) for name, *rest in rounds_of_one_kind()]
)
async def test_a_round_of_what_is_slow_to_read_ends_the_connection(sent: bytes, cause: str) -> None:
    rounds = ReadRounds()
    connection = Connection(lambda request: None, rounds)
    connection.channels[0] = VideoReceiver(0, 96, H264Depacketiser(), Recorder(), 8 << 20)
    for at in range(0, len(sent), 64 << 10):
        connection.data_received(sent[at : at + (64 << 10)])
    with pytest.raises(SourceError, match=cause) as caught:
        connection.closed.result()
    assert caught.value.code == "camera.protocol_error"


async def test_a_body_that_comes_in_pieces_has_its_header_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0

    def counted(data: bytes, position: int, end: int) -> tuple[Request | Response | None, int]:
        nonlocal read
        read += 1
        return read_message(data, position, end)

    monkeypatch.setattr(interleaved, "read_message", counted)
    heard: list[Request] = []
    connection = Connection(heard.append, ReadRounds())
    for _ in range(2):
        connection.data_received(b"ANNOUNCE rtsp://a/b RTSP/1.0\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            connection.data_received(b"x")
    assert [request.body for request in heard] == [b"x" * 1000] * 2
    assert read == 4


@pytest.mark.parametrize("rest", [b"", b"\r\n\r\n"], ids=["without end", "whole"])
async def test_a_header_over_16_kib_is_no_message(rest: bytes) -> None:
    def received(size: int) -> Connection:
        connection = Connection(lambda request: None, ReadRounds())
        begin = b"RTSP/1.0 200 OK\r\nA: "
        connection.data_received(begin + b"x" * (size - len(begin)) + rest)
        return connection

    assert not received(16 << 10).closed.done()
    with pytest.raises(SourceError, match="a header of over 16384 bytes") as caught:
        received((16 << 10) + 5).closed.result()
    assert caught.value.code == "camera.protocol_error"


async def test_a_header_of_very_many_lines_is_no_message() -> None:
    connection = Connection(lambda request: None, ReadRounds())
    answer = b"RTSP/1.0 200 OK\r\nA: b\r\n" + b" c\r\n" * 256 + b"\r\n"
    connection.data_received(answer)
    with pytest.raises(SourceError, match="a header of too many lines"):
        connection.closed.result()
