"""H.265 comes out of RTP as whole access units."""

from services.ingest.sources.rtp.h265 import H265Depacketiser, h265_parameter_sets
from services.ingest.sources.rtp.video import VideoReceiver
from tests.unit.sources.packets import aggregate, frame, h265_fragments, sized
from tests.unit.sources.recorder import Recorder

VPS = bytes.fromhex("40010c01ffff01600000030090000003000003005d959809")
SPS = bytes.fromhex(
    "42010101600000030090000003000003005da00280802d16595966a49324b9a808080808200000030020000003032100"
)
PPS = bytes.fromhex("4401c172b46240")
IDR = b"\x26\x01" + bytes(range(1, 200))
CRA = b"\x2a\x01" + bytes(range(1, 100))
TRAIL = b"\x02\x01" + bytes(range(1, 100))
DELIMITER = b"\x46\x01\x50"


def receive(*frames: bytes, parameter_sets: tuple[bytes, ...] = (VPS, SPS, PPS)) -> Recorder:
    sink = Recorder()
    receiver = VideoReceiver(0, 96, H265Depacketiser(parameter_sets), sink, 1 << 20)
    buffer = b"".join(frames)
    assert receiver.read(buffer, 0, len(buffer)) == len(buffer)
    return sink


def test_single_units_and_irap_keys() -> None:
    sink = receive(
        frame(IDR, sequence=0, timestamp=0, marker=True),
        frame(TRAIL, sequence=1, timestamp=3600, marker=True),
        frame(CRA, sequence=2, timestamp=7200, marker=True),
    )
    assert sink.video == [(sized(IDR), 0, True), (sized(TRAIL), 3600, False), (sized(CRA), 7200, True)]


def test_fragments_are_joined_with_the_header_restored() -> None:
    pieces = h265_fragments(IDR, 50)
    sink = receive(*(frame(p, sequence=i, marker=i == len(pieces) - 1) for i, p in enumerate(pieces)))
    assert sink.video == [(sized(IDR), 0, True)]


def test_an_aggregate_gives_its_units_and_keeps_parameter_sets_out() -> None:
    packet = aggregate(b"\x60\x01", DELIMITER, VPS, SPS, PPS, IDR)
    sink = receive(frame(packet, sequence=1, marker=True), parameter_sets=())
    assert sink.events == ["parameter_sets", "video"]
    assert sink.parameter_sets == [(VPS, SPS, PPS)]
    assert sink.video == [(sized(IDR), 0, True)]


def test_parameter_sets_are_ordered_whatever_order_they_come_in() -> None:
    assert h265_parameter_sets((PPS, SPS, VPS)).complete() == (VPS, SPS, PPS)
    assert h265_parameter_sets((PPS, SPS)).complete() == ()


def test_a_second_set_with_the_same_id_replaces_the_first() -> None:
    other = PPS[:-1] + b"\x41"
    assert h265_parameter_sets((VPS, SPS, PPS, other)).complete() == (VPS, SPS, other)


def test_a_lost_fragment_drops_the_unit() -> None:
    pieces = h265_fragments(IDR, 20)
    frames = [frame(p, sequence=i, marker=i == len(pieces) - 1) for i, p in enumerate(pieces)]
    sink = receive(*frames[:2], *frames[3:])
    assert sink.losses == [1]
    assert sink.video == []


def test_a_marker_on_every_slice_segment_is_believed_once() -> None:
    first, rest = b"\x02\x01\x80" + bytes(20), b"\x02\x01\x40" + bytes(20)
    frames = [
        frame(half, sequence=2 * picture + i, timestamp=picture * 3600, marker=True)
        for picture in range(4)
        for i, half in enumerate((first, rest))
    ]
    sink = receive(*frames)
    whole = sized(first, rest)
    assert [(data, pts) for data, pts, _ in sink.video[1:]] == [(whole, 3600), (whole, 7200)]
