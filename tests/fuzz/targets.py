"""What reads bytes of strangers, one target a parser: each takes any bytes and returns, within bounds.

What the parser raises by its promise is taken here; anything else is found.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from services.ingest.discovery.device import read_profiles
from services.ingest.discovery.probing import read_match
from services.ingest.discovery.soap import read_answer, read_time
from services.ingest.media.init_section import REFUSALS
from services.ingest.media.sample_entry import sps_of, video_sample_entry
from services.ingest.media.sps import parse_sps
from services.ingest.publishing.rtmp.amf0 import MalformedValueError, read_values
from services.ingest.publishing.rtmp.chunks import MAX_GATHERED, ChunkReader, Message
from services.ingest.publishing.rtmp.media import TagReader
from services.ingest.sources.rtp.aac import AacDepacketiser, AuHeaderLayout
from services.ingest.sources.rtp.audio import AudioDepacketiser, AudioReceiver
from services.ingest.sources.rtp.h264 import H264Depacketiser
from services.ingest.sources.rtp.h265 import H265Depacketiser
from services.ingest.sources.rtp.rtcp import RtcpReceiver
from services.ingest.sources.rtp.sampled import SampledDepacketiser
from services.ingest.sources.rtp.timestamps import TimestampUnwrapper
from services.ingest.sources.rtp.video import VideoReceiver
from services.ingest.sources.rtsp.authentication import Authenticator
from services.ingest.sources.rtsp.sdp import (
    au_header_layout,
    choose_audio,
    choose_video,
    parse_session_description,
    resolve_control,
    samples_per_tick,
)
from services.ingest.sources.source import Credentials, SourceError, VideoCodec
from tests.unit.sources.listener import MAX_ACCESS_UNIT, Listener
from tests.unit.sources.packets import frame
from tests.unit.sources.recorder import Recorder

Target = Callable[[bytes], None]

_READ = 1500
"""Bytes that come at a time."""
_LENGTHS = 5
"""So many times what came may be told at most: a unit of one byte gets a length of four."""


def sdp(data: bytes) -> None:
    """A session description, and what is chosen of it."""
    described = parse_session_description(data.decode("utf-8", "replace"))
    with suppress(SourceError):
        media, _ = choose_video(described)
        resolve_control("rtsp://camera/live", media.control)
    if (chosen := choose_audio(described)) is not None:
        au_header_layout(*chosen)
        samples_per_tick(*chosen)


def rtsp(data: bytes) -> None:
    """A whole connection: messages, interleaved frames, and what they carry."""
    listener = Listener()
    with suppress(SourceError):
        for start in range(0, len(data), _READ):
            listener.feed(data[start : start + _READ])
    _assert_came(listener.sink, data)


def authentication(data: bytes) -> None:
    """WWW-Authenticate fields, a line each, of one 401 after another."""
    authenticator = Authenticator(Credentials("admin", "secret"))
    with suppress(SourceError):
        for line in data.decode("utf-8", "replace").splitlines():
            authenticator.refuse([line])
            for value in authenticator.authorize("DESCRIBE", "rtsp://camera/live").values():
                assert "\r" not in value
                assert "\n" not in value
            authenticator.accept()


def h264(data: bytes) -> None:
    """RTP payloads (RFC 6184)."""
    _pictures(H264Depacketiser(), data)


def h265(data: bytes) -> None:
    """RTP payloads (RFC 7798)."""
    _pictures(H265Depacketiser(), data)


def aac(data: bytes) -> None:
    """RTP payloads (RFC 3640, AAC-hbr)."""
    _sounds(AacDepacketiser(AuHeaderLayout()), data)


def g711(data: bytes) -> None:
    """RTP payloads of samples."""
    _sounds(SampledDepacketiser(), data)


def rtcp(data: bytes) -> None:
    """Compound packets (RFC 3550, 6), a piece each."""
    clock = TimestampUnwrapper()
    clock.unwrap(90_000)
    receiver = RtcpReceiver("video", clock, Recorder(), lambda: None)
    for _, piece in _pieces(data):
        buffer = b"$\x01" + len(piece).to_bytes(2, "big") + piece
        assert receiver.read(buffer, 0, len(buffer)) in (0, len(buffer))


def parameter_sets(data: bytes) -> None:
    """Sets as the SDP or the stream has them, and the sample entry that is made of them."""
    units = tuple(piece for _, piece in _pieces(data))
    _describe("h264", H264Depacketiser(units).parameter_sets.complete())
    _describe("h265", H265Depacketiser(units).parameter_sets.complete())


def amf0(data: bytes) -> None:
    """Values of a command."""
    with suppress(MalformedValueError):
        read_values(data)


def rtmp(data: bytes) -> None:
    """The chunk stream of somebody who was let in, its messages read as media."""
    sink = Recorder()
    tags = TagReader(sink, audio=True, max_access_unit=MAX_ACCESS_UNIT)

    def on_message(message: Message) -> None:
        assert len(message.data) <= MAX_GATHERED
        if message.kind == 8:
            tags.audio(message.data, message.timestamp)
        elif message.kind == 9:
            tags.video(message.data, message.timestamp)

    chunks = ChunkReader(on_message)
    chunks.modest = False
    with suppress(SourceError):
        for start in range(0, len(data), _READ):
            chunks.feed(data[start : start + _READ])
    _assert_came(sink, data)


def flv(data: bytes) -> None:
    """Tags of pictures and sound, a piece each."""
    sink = Recorder()
    tags = TagReader(sink, audio=True, max_access_unit=MAX_ACCESS_UNIT)
    with suppress(SourceError):
        for number, (flags, piece) in enumerate(_pieces(data)):
            (tags.audio if flags & 1 else tags.video)(piece, 40 * number)
    _assert_came(sink, data)


def discovery(data: bytes) -> None:
    """A datagram that answers a probe."""
    with suppress(SourceError):
        match = read_match(data, "192.0.2.1")
        assert match is None or len(match.endpoint) <= 256


def soap(data: bytes) -> None:
    """A device's answer, read as any that is asked for."""
    with suppress(SourceError):
        body = read_answer(200, data)
        read_time(body)
        assert len(read_profiles(body)) <= 64


CORPUS = Path(__file__).parent / "corpus"
"""A folder a target: what it should meet, and what was found."""

TARGETS: dict[str, Target] = {
    target.__name__: target
    for target in (
        *(sdp, rtsp, authentication, h264, h265, aac, g711, rtcp, parameter_sets),
        *(amf0, rtmp, flv, discovery, soap),
    )
}


def _describe(codec: VideoCodec, sets: tuple[bytes, ...]) -> None:
    if sets:
        with suppress(*REFUSALS):
            video_sample_entry(codec, sets, parse_sps(codec, sps_of(codec, sets)))


def _pieces(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(flags, piece) of each piece, which stands behind a byte of flags and its length in two."""
    position = 0
    while position + 3 <= len(data):
        begin = position + 3
        position = begin + int.from_bytes(data[begin - 2 : begin], "big")
        yield data[begin - 3], data[begin:position]


def _packets(data: bytes) -> Sequence[bytes]:
    """Each piece as a packet; flags: 1 marker, 2 another picture, 4 a packet before it was lost."""
    sequence, timestamp, packets = 0, 0, []
    for flags, piece in _pieces(data):
        sequence += 1 + bool(flags & 4)
        timestamp += 3600 * bool(flags & 2)
        packets.append(frame(piece[:60_000], sequence=sequence, timestamp=timestamp, marker=bool(flags & 1)))
    return packets


def _pictures(depacketiser: H264Depacketiser | H265Depacketiser, data: bytes) -> None:
    sink = Recorder()
    _read_all(VideoReceiver(0, 96, depacketiser, sink, MAX_ACCESS_UNIT), _packets(data))
    _assert_came(sink, data)


def _sounds(depacketiser: AudioDepacketiser, data: bytes) -> None:
    sink = Recorder()
    _read_all(AudioReceiver(0, 96, depacketiser, sink), _packets(data))
    _assert_came(sink, data)


def _read_all(receiver: VideoReceiver | AudioReceiver, packets: Sequence[bytes]) -> None:
    with suppress(SourceError):
        for packet in packets:
            assert receiver.read(packet, 0, len(packet)) == len(packet)


def _assert_came(sink: Recorder, data: bytes) -> None:
    """Nothing is told that did not come."""
    told = sum(len(unit) for unit, _, _ in sink.video) + sum(len(unit) for unit, _ in sink.audio)
    assert told <= _LENGTHS * len(data)
