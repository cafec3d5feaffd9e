"""What cameras said once, damaged in every way: nothing breaks, nothing grows, nothing goes on for ever.

`corpus` holds what came over connections to simulated cameras, answers and media alike.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.sources.rtp.aac import AacDepacketiser
from services.ingest.sources.rtp.audio import AudioReceiver
from services.ingest.sources.rtp.h264 import H264Depacketiser
from services.ingest.sources.rtp.h265 import H265Depacketiser
from services.ingest.sources.rtp.rtcp import RtcpReceiver
from services.ingest.sources.rtp.sampled import SampledDepacketiser
from services.ingest.sources.rtp.video import VideoReceiver
from services.ingest.sources.rtsp.interleaved import Demultiplexer
from services.ingest.sources.rtsp.message import Request, Response
from services.ingest.sources.rtsp.sdp import (
    au_header_layout,
    choose_audio,
    choose_video,
    parse_session_description,
)
from services.ingest.sources.source import SourceError
from tests.unit.sources.recorder import Recorder

CORPUS = {path.stem: path.read_bytes() for path in (Path(__file__).parent / "corpus").iterdir()}
MOST_HELD = 140_000
"""Bytes: what of a frame or message is not whole yet, which is less than two of the longest."""
MAX_ACCESS_UNIT = 64 << 10

Mutation = Callable[[bytearray], None]


def _changed(at: int, value: int) -> Mutation:
    def change(data: bytearray) -> None:
        data[at % len(data)] = value

    return change


def _cut(at: int, count: int) -> Mutation:
    def cut(data: bytearray) -> None:
        start = at % len(data)
        del data[start : min(start + count, len(data) - 1)]

    return cut


def _repeated(at: int, count: int, to: int) -> Mutation:
    def repeat(data: bytearray) -> None:
        start, place = at % len(data), to % len(data)
        data[place:place] = data[start : start + count]

    return repeat


def _inserted(at: int, piece: bytes) -> Mutation:
    def insert(data: bytearray) -> None:
        place = at % len(data)
        data[place:place] = piece

    return insert


PLACES = st.integers(0, 1 << 16)
TELLING = st.sampled_from(
    [
        b"$\x00\xff\xff\x80",
        b"$\x00\x00\x00",
        b"$\x01\x00\x08\x81\xcb\x00\x01\x00\x00\x00\x07",
        b"RTSP/1.0 200 OK\r\nContent-Length: 65536\r\n\r\n",
        b"Content-Length: 999999999\r\n",
        b"\x00\x00\x00\x01\x67",
        b"\x7c\x80" * 20,
        b"\r\n\r\n",
    ]
)
MUTATIONS = st.lists(
    st.one_of(
        st.builds(_changed, PLACES, st.integers(0, 255)),
        st.builds(_cut, PLACES, st.integers(1, 2000)),
        st.builds(_repeated, PLACES, st.integers(1, 3000), PLACES),
        st.builds(_inserted, PLACES, st.one_of(st.binary(min_size=1, max_size=60), TELLING)),
    ),
    max_size=20,
)


class Listener:
    """A connection's reading side: its readers stand on the channels as soon as the SDP was understood."""

    def __init__(self) -> None:
        self.sink = Recorder()
        self.video: VideoReceiver | None = None
        self._demultiplexer = Demultiplexer(self._on_message)
        self._rest = bytearray()

    def feed(self, data: bytes) -> None:
        self._rest += data
        read = self._demultiplexer.read(self._rest, 0, len(self._rest))
        assert 0 <= read <= len(self._rest)
        del self._rest[:read]
        assert len(self._rest) <= MOST_HELD

    def _on_message(self, message: Request | Response) -> None:
        if self.video is None and message.body:
            self._set_up(message.body.decode("utf-8", "replace"))

    def _set_up(self, text: str) -> None:
        described = parse_session_description(text)
        media, track = choose_video(described)
        builder = (H264Depacketiser if track.codec == "h264" else H265Depacketiser)(track.parameter_sets)
        self.video = VideoReceiver(0, media.payload_type, builder, self.sink, MAX_ACCESS_UNIT)
        channels = self._demultiplexer.channels
        channels[0] = self.video
        channels[1] = RtcpReceiver("video", self.video.clock, self.sink, lambda: None)
        if (chosen := choose_audio(described)) is not None:
            media, sound = chosen
            reader = (
                AacDepacketiser(au_header_layout(media, sound))
                if sound.codec == "aac"
                else SampledDepacketiser()
            )
            channels[2] = AudioReceiver(2, media.payload_type, reader, self.sink)


@pytest.mark.parametrize("name", sorted(CORPUS))
def test_the_corpus_itself_is_understood(name: str) -> None:
    listener = Listener()
    listener.feed(CORPUS[name])
    assert len(listener.sink.video) > 20
    assert any(key for _, _, key in listener.sink.video)
    assert listener.sink.losses == []


@pytest.mark.parametrize("name", sorted(CORPUS))
@given(mutations=MUTATIONS, size=st.integers(1, 8000))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_damaged_stream_ends_in_an_error_that_is_told_or_goes_on(
    name: str, mutations: list[Mutation], size: int
) -> None:
    """Nothing but SourceError is raised, and nothing is told that did not come."""
    data = bytearray(CORPUS[name])
    for mutate in mutations:
        mutate(data)
    listener = Listener()
    try:
        for start in range(0, len(data), size):
            listener.feed(bytes(data[start : start + size]))
    except SourceError as error:
        assert error.code.startswith("camera.")
    told = sum(len(unit) for unit, _, _ in listener.sink.video) + sum(
        len(unit) for unit, _ in listener.sink.audio
    )
    assert told <= 5 * len(data)  # a unit of one byte gets a length of four


@given(mutations=MUTATIONS)
@settings(max_examples=150, deadline=None)
def test_a_damaged_description_is_read_or_refused(mutations: list[Mutation]) -> None:
    for recorded in CORPUS.values():
        start = recorded.index(b"v=0")
        data = bytearray(recorded[start : recorded.index(b"RTSP/1.0", start)])
        for mutate in mutations:
            mutate(data)
        described = parse_session_description(data.decode("utf-8", "replace"))
        choose_audio(described)
        try:
            assert choose_video(described)[1].clock_rate == 90_000
        except SourceError as error:
            assert error.code in ("camera.no_video", "camera.codec_unsupported")
