"""H.264 comes out of RTP as whole access units, and never as half ones."""

from services.ingest.sources.rtp.h264 import H264Depacketiser
from services.ingest.sources.rtp.video import VideoReceiver
from tests.unit.sources.packets import aggregate, frame, h264_fragments, sized
from tests.unit.sources.recorder import Recorder

SPS = bytes.fromhex("67640028acd940780227e5c044000003000400000300c83c60c658")
PPS = bytes.fromhex("68ebe3cb22c0")
IDR = b"\x65\x88" + bytes(range(1, 200))
SLICE = b"\x41\x9a" + bytes(range(1, 100))
LOWER_SLICE = b"\x41\x1a" + bytes(range(1, 100))  # first_mb_in_slice is not 0
DELIMITER = b"\x09\xf0"
SEI = b"\x06\x05\x02ab\x80"
RECOVERY_POINT = b"\x06\x06\x01\xc4\x80"


def receive(*frames: bytes, parameter_sets: tuple[bytes, ...] = (SPS, PPS), limit: int = 1 << 20) -> Recorder:
    sink = Recorder()
    receiver = VideoReceiver(0, 96, H264Depacketiser(parameter_sets), sink, limit)
    buffer = b"".join(frames)
    assert receiver.read(buffer, 0, len(buffer)) == len(buffer)
    return sink


def test_a_single_nal_unit_packet_with_the_marker_is_an_access_unit() -> None:
    sink = receive(frame(SLICE, sequence=1, timestamp=3600, marker=True))
    assert sink.video == [(sized(SLICE), 3600, False)]


def test_an_idr_is_key() -> None:
    assert receive(frame(IDR, sequence=1, marker=True)).video == [(sized(IDR), 0, True)]


def test_fragments_are_joined() -> None:
    pieces = h264_fragments(IDR, 50)
    sink = receive(*(frame(p, sequence=i, marker=i == len(pieces) - 1) for i, p in enumerate(pieces)))
    assert sink.video == [(sized(IDR), 0, True)]


def test_parameter_sets_and_delimiters_are_taken_out_of_the_unit() -> None:
    payload = aggregate(b"\x78", DELIMITER, SPS, PPS, SEI)
    sink = receive(frame(payload, sequence=1), frame(IDR, sequence=2, marker=True))
    assert sink.video == [(sized(SEI, IDR), 0, True)]
    assert sink.parameter_sets == []


def test_changed_parameter_sets_are_told_before_the_unit_they_apply_to() -> None:
    changed = PPS[:-1] + b"\x40"
    sink = receive(frame(changed, sequence=1), frame(IDR, sequence=2, marker=True))
    assert sink.events == ["parameter_sets", "video"]
    assert sink.parameter_sets == [(SPS, changed)]


def test_parameter_sets_that_only_the_stream_has_are_told_once_complete() -> None:
    sink = receive(
        frame(SPS, sequence=1),
        frame(IDR, sequence=2, marker=True),
        frame(PPS, sequence=3, timestamp=1),
        frame(SLICE, sequence=4, timestamp=1, marker=True),
        parameter_sets=(),
    )
    assert sink.events == ["video", "parameter_sets", "video"]
    assert sink.parameter_sets == [(SPS, PPS)]


def test_a_second_picture_parameter_set_joins_the_first() -> None:
    second = b"\x68\x5b\xe3\xcb"  # pic_parameter_set_id 1
    sink = receive(frame(second, sequence=1), frame(IDR, sequence=2, marker=True))
    assert sink.parameter_sets == [(SPS, PPS, second)]


def test_a_fragmented_parameter_set_is_a_parameter_set() -> None:
    changed = PPS[:-1] + b"\x40"
    first, second = h264_fragments(changed, 3)
    sink = receive(frame(first, sequence=1), frame(second, sequence=2), frame(IDR, sequence=3, marker=True))
    assert sink.parameter_sets == [(SPS, changed)]
    assert sink.video == [(sized(IDR), 0, True)]


def test_a_byte_stream_in_packets_is_its_units() -> None:
    """Start codes before a unit, and parameter sets and key picture sent as one (ISO/IEC 14496-10, B.1)."""
    code = b"\x00\x00\x00\x01"
    pieces = h264_fragments(SPS + code + PPS + code + IDR, 50)
    last = len(pieces) - 1
    sink = receive(
        *(frame(piece, sequence=i, marker=i == last) for i, piece in enumerate(pieces)),
        frame(code + SLICE, sequence=last + 1, timestamp=3600, marker=True),
        *(
            frame(piece, sequence=last + 2 + i, timestamp=7200)
            for i, piece in enumerate(h264_fragments(code + SLICE, 60))
        ),
        frame(SLICE, sequence=last + 4, timestamp=10_800, marker=True),
        parameter_sets=(),
    )
    assert sink.parameter_sets == [(SPS, PPS)]
    assert sink.video == [
        (sized(IDR), 0, True),
        (sized(SLICE), 3600, False),
        (sized(SLICE), 7200, False),
        (sized(SLICE), 10_800, False),
    ]


def test_parameter_sets_that_wait_alone_behind_a_marker_join_their_picture() -> None:
    sink = receive(
        frame(SEI, sequence=1, timestamp=9, marker=True), frame(IDR, sequence=2, timestamp=9, marker=True)
    )
    assert sink.video == [(sized(SEI, IDR), 9, True)]


def test_a_new_timestamp_ends_a_unit_that_has_no_marker() -> None:
    sink = receive(
        frame(IDR, sequence=1, timestamp=0),
        frame(SLICE, sequence=2, timestamp=3600),
        frame(SLICE, sequence=3, timestamp=7200),
    )
    assert [(pts, key) for _, pts, key in sink.video] == [(0, True), (3600, False)]


def test_a_marker_on_every_slice_is_believed_once() -> None:
    frames = [
        frame(half, sequence=2 * picture + i, timestamp=picture * 3600, marker=True)
        for picture in range(5)
        for i, half in enumerate((SLICE, LOWER_SLICE))
    ]
    sink = receive(*frames)
    whole = sized(SLICE, LOWER_SLICE)
    assert [(data, pts) for data, pts, _ in sink.video[1:]] == [(whole, 3600), (whole, 7200), (whole, 10800)]
    assert len({pts for _, pts, _ in sink.video}) == len(sink.video)


def test_two_pictures_of_one_timestamp_are_two_units() -> None:
    twice = [frame(SLICE, sequence=i, timestamp=7, marker=True) for i in range(2)]
    pieces = h264_fragments(IDR, 90)
    twice += [frame(p, sequence=2 + i, timestamp=7, marker=p is pieces[-1]) for i, p in enumerate(pieces)]
    sink = receive(*twice)
    assert [data for data, _, _ in sink.video] == [sized(SLICE), sized(SLICE), sized(IDR)]
    assert sink.losses == []


def test_a_lost_packet_drops_its_unit_and_is_counted() -> None:
    pieces = h264_fragments(IDR, 20)
    frames = [frame(p, sequence=i, marker=i == len(pieces) - 1) for i, p in enumerate(pieces)]
    following = frame(SLICE, sequence=len(pieces), timestamp=3600, marker=True)
    sink = receive(*frames[:3], *frames[5:], following)
    assert sink.losses == [2]
    assert sink.video == [(sized(SLICE), 3600, False)]


def test_a_hole_across_two_units_drops_both() -> None:
    first, second = h264_fragments(SLICE, 60), h264_fragments(SLICE, 30)
    sink = receive(
        frame(first[0], sequence=0, timestamp=0),
        frame(second[2], sequence=4, timestamp=3600),
        frame(second[3], sequence=5, timestamp=3600, marker=True),
        frame(SLICE, sequence=6, timestamp=7200, marker=True),
    )
    assert sink.losses == [3]
    assert [pts for _, pts, _ in sink.video] == [7200]


def test_a_duplicate_and_a_late_packet_are_left_out() -> None:
    sink = receive(
        frame(IDR, sequence=10, timestamp=0, marker=True),
        frame(IDR, sequence=10, timestamp=0, marker=True),
        frame(SLICE, sequence=8, timestamp=0, marker=True),
        frame(SLICE, sequence=11, timestamp=3600, marker=True),
    )
    assert [pts for _, pts, _ in sink.video] == [0, 3600]
    assert sink.losses == []


def test_sequence_numbers_wrap_without_loss() -> None:
    frames = [frame(SLICE, sequence=s, timestamp=s, marker=True) for s in range(0xFFFE, 0x10002)]
    sink = receive(*frames)
    assert len(sink.video) == 4
    assert sink.losses == []


def test_a_stream_that_starts_anew_far_away_goes_on() -> None:
    sink = receive(
        frame(IDR, sequence=40000, timestamp=0, marker=True),
        frame(IDR, sequence=100, timestamp=3600, marker=True),
        frame(SLICE, sequence=101, timestamp=7200, marker=True),
    )
    assert sink.losses == [25635]
    assert [pts for _, pts, _ in sink.video] == [0, 7200]


def test_the_rest_of_fragments_that_never_began_drops_the_unit() -> None:
    rest = h264_fragments(IDR, 50)[1]
    sink = receive(
        frame(SEI, sequence=1),
        frame(rest, sequence=2, marker=True),
        frame(SLICE, sequence=3, timestamp=3600, marker=True),
    )
    assert sink.video == [(sized(SLICE), 3600, False)]


def test_slices_in_fragments_each_have_their_length() -> None:
    pieces = h264_fragments(IDR, 50) + h264_fragments(LOWER_SLICE, 50) + [SEI]
    sink = receive(*(frame(p, sequence=i, marker=p is SEI) for i, p in enumerate(pieces)))
    assert sink.video == [(sized(IDR, LOWER_SLICE, SEI), 0, True)]


def test_a_stream_joined_in_the_middle_of_a_unit_begins_with_the_next() -> None:
    pieces = h264_fragments(IDR, 50)
    sink = receive(
        frame(pieces[2], sequence=1),
        frame(pieces[3], sequence=2, marker=True),
        frame(SLICE, sequence=3, timestamp=3600, marker=True),
    )
    assert [pts for _, pts, _ in sink.video] == [3600]
    assert sink.losses == []


def test_extension_contributors_and_padding_are_not_payload() -> None:
    odd = frame(SLICE, sequence=1, marker=True, csrcs=2, extension=b"12345678", padding=5)
    assert receive(odd).video == [(sized(SLICE), 0, False)]


def test_packets_of_a_mode_that_is_not_carried_cost_their_unit_only() -> None:
    multi_time = b"\x7a\x00\x01\x00\x00"  # MTAP16
    sink = receive(
        frame(IDR, sequence=0, timestamp=0, marker=True),
        frame(multi_time, sequence=1, timestamp=3600, marker=True),
        frame(SLICE, sequence=2, timestamp=7200, marker=True),
    )
    assert sink.losses == [1]
    assert [pts for _, pts, _ in sink.video] == [0, 7200]


def test_an_aggregate_whose_sizes_lie_is_dropped() -> None:
    lying = frame(b"\x78\xff\xff" + SLICE, sequence=2, timestamp=3600, marker=True)
    sink = receive(frame(IDR, sequence=1, marker=True), lying)
    assert len(sink.video) == 1
    assert sink.losses == [1]


def test_a_unit_without_end_is_given_up() -> None:
    pieces = [h264_fragments(IDR, 100)[0]] + [b"\x7c\x05" + bytes(1000)] * 50
    sink = receive(
        *(frame(p, sequence=i) for i, p in enumerate(pieces)),
        limit=5000,
    )
    assert sink.video == []


def test_recovery_points_are_key_while_no_idr_was_seen() -> None:
    refresh = [frame(RECOVERY_POINT, sequence=1), frame(SLICE, sequence=2, marker=True)]
    assert receive(*refresh).video[0][2] is True
    after_idr = receive(
        frame(IDR, sequence=1, marker=True),
        frame(RECOVERY_POINT, sequence=2, timestamp=3600),
        frame(SLICE, sequence=3, timestamp=3600, marker=True),
    )
    assert [key for _, _, key in after_idr.video] == [True, False]
