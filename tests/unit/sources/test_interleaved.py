"""Frames and messages are told apart however the bytes arrive, and found again after noise."""

import random

from services.ingest.sources.rtp.audio import AudioReceiver
from services.ingest.sources.rtp.h264 import H264Depacketiser
from services.ingest.sources.rtp.h265 import H265Depacketiser
from services.ingest.sources.rtp.rtcp import RtcpReceiver
from services.ingest.sources.rtp.sampled import SampledDepacketiser
from services.ingest.sources.rtp.timestamps import TimestampUnwrapper
from services.ingest.sources.rtp.video import VideoReceiver
from services.ingest.sources.rtsp.interleaved import Demultiplexer
from services.ingest.sources.rtsp.message import Request, Response
from tests.unit.sources.packets import frame, h264_fragments
from tests.unit.sources.recorder import Recorder
from tests.unit.sources.test_h264 import IDR, SLICE

RESPONSE = b"RTSP/1.0 200 OK\r\nCSeq: 4\r\nContent-Length: 5\r\n\r\n$bod$"
REQUEST = b"GET_PARAMETER rtsp://camera/1 RTSP/1.0\r\nCSeq: 9\r\n\r\n"


class Wire:
    """A demultiplexer with an H.264 track on channel 0 and G.711 on channel 2, fed as a connection would."""

    def __init__(self) -> None:
        self.sink = Recorder()
        self.messages: list[Request | Response] = []
        self.demultiplexer = Demultiplexer(self.messages.append)
        self.demultiplexer.channels[0] = VideoReceiver(0, 96, H264Depacketiser(), self.sink, 1 << 20)
        self.demultiplexer.channels[2] = AudioReceiver(2, 96, SampledDepacketiser(), self.sink)
        self.rest = bytearray()

    def feed(self, data: bytes) -> None:
        self.rest += data
        read = self.demultiplexer.read(bytes(self.rest), 0, len(self.rest))
        del self.rest[:read]


def stream(pictures: int = 4, *, between: bytes = b"") -> bytes:
    """Pictures of several packets with sound after each, and `between` them all."""
    frames = []
    sequence = 0
    for picture in range(pictures):
        pieces = h264_fragments(IDR if picture == 0 else SLICE, 40)
        for i, piece in enumerate(pieces):
            last = i == len(pieces) - 1
            frames.append(frame(piece, sequence=sequence, timestamp=3600 * picture, marker=last))
            sequence += 1
        frames.append(frame(b"\x55" * 80, sequence=picture, timestamp=80 * picture, channel=2))
    return between.join(frames)


def test_every_way_to_split_the_bytes_gives_the_same() -> None:
    data = RESPONSE + stream() + REQUEST + RESPONSE
    whole = Wire()
    whole.feed(data)
    assert len(whole.sink.video) == 4
    assert len(whole.sink.audio) == 4
    assert [type(m) for m in whole.messages] == [Response, Request, Response]
    for cut in range(1, len(data)):
        wire = Wire()
        wire.feed(data[:cut])
        wire.feed(data[cut:])
        assert (wire.sink, wire.messages) == (whole.sink, whole.messages)
        assert not wire.rest


def test_one_byte_at_a_time_gives_the_same() -> None:
    wire = Wire()
    for byte in RESPONSE + stream() + RESPONSE:
        wire.feed(bytes((byte,)))
    assert len(wire.sink.video) == 4
    assert len(wire.messages) == 2
    assert wire.demultiplexer.skipped == 0


def test_a_body_that_holds_a_dollar_belongs_to_its_message() -> None:
    wire = Wire()
    wire.feed(RESPONSE)
    message = wire.messages[0]
    assert isinstance(message, Response)
    assert message.body == b"$bod$"


def test_noise_between_frames_is_skipped_and_counted() -> None:
    for noise in (b"\x00\x01garbage", b"\r\n\r\n", b"$\x00\x00\x05abcde", b"$$$$", b"\xff" * 300, b"RTSP/x"):
        wire = Wire()
        wire.feed(stream(between=noise) + noise + RESPONSE)
        assert len(wire.sink.video) == 4, noise
        assert wire.sink.losses == [], noise
        assert len(wire.messages) == 1
        if noise != b"\r\n\r\n":
            assert wire.demultiplexer.skipped >= 20 * len(noise) / 2


def test_a_head_that_lies_in_the_noise_does_not_swallow_what_follows() -> None:
    lying = b"\x00" + b"$\x00\x30\x00\x80\x60" + b"\xee" * 20
    whole = stream(600)
    boundary = len(stream(2))
    wire = Wire()
    wire.feed(whole[:boundary] + lying + whole[boundary:])
    assert len(wire.sink.video) == 600
    assert wire.sink.losses == []


def test_a_header_that_has_no_end_does_not_keep_the_next_message_waiting() -> None:
    wire = Wire()
    wire.feed(b"RTSP/1.0 200 OK\r\nA: " + b"x" * 16_000)
    assert wire.messages == []
    wire.feed(b"x" * 1000 + RESPONSE)
    assert len(wire.messages) == 1
    assert not wire.rest


def test_a_header_that_is_no_utf_8_is_read_a_character_a_byte() -> None:
    wire = Wire()
    for realm in ("摄像头".encode(), "摄像头".encode("gbk")):
        wire.feed(b"RTSP/1.0 401 No\r\nRealm: " + realm + b"\r\n\r\n")
    realms = [message.headers.get("realm") for message in wire.messages]
    assert realms == ["摄像头", "摄像头".encode("gbk").decode("latin-1")]


def test_frames_of_a_channel_nobody_asked_for_are_passed_over() -> None:
    other = frame(b"metadata", sequence=1, channel=9)
    wire = Wire()
    wire.feed(stream(between=other))
    assert len(wire.sink.video) == 4
    assert wire.demultiplexer.skipped == 0


def test_random_bytes_raise_nothing_and_hold_nothing() -> None:
    chance = random.Random(5)
    for _ in range(300):
        wire = Wire()
        sink = Recorder()
        wire.demultiplexer.channels[1] = RtcpReceiver("video", TimestampUnwrapper(), sink, lambda: None)
        wire.demultiplexer.channels[4] = VideoReceiver(4, 96, H265Depacketiser(), sink, 1 << 16)
        for _ in range(60):
            kind = chance.random()
            if kind < 0.3:
                wire.feed(chance.randbytes(chance.randrange(200)))
            elif kind < 0.4:
                wire.feed(bytes(chance.choices(b"$RTSP/1.0 \r\n:", k=chance.randrange(80))))
            else:
                payload = chance.randbytes(chance.randrange(80))
                sequence = chance.randrange(20)
                wire.feed(frame(payload, sequence=sequence, channel=chance.randrange(6)))
            assert len(wire.rest) <= 140_000


def test_damaged_fragments_raise_nothing() -> None:
    chance = random.Random(6)
    clean = stream(30)
    for _ in range(200):
        damaged = bytearray(clean)
        for _ in range(chance.randrange(1, 12)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        wire = Wire()
        wire.feed(bytes(damaged))
