"""AAC-hbr and G.711 come out of RTP frame by frame; sender reports tie them to the camera's clock."""

import struct

from services.ingest.sources.rtp.aac import AacDepacketiser, AuHeaderLayout
from services.ingest.sources.rtp.audio import AudioReceiver
from services.ingest.sources.rtp.rtcp import RtcpReceiver
from services.ingest.sources.rtp.sampled import SampledDepacketiser
from services.ingest.sources.rtp.timestamps import TimestampUnwrapper
from tests.unit.sources.packets import frame
from tests.unit.sources.recorder import Recorder


def aac(*frames: bytes, sizes: list[int] | None = None, indices: list[int] | None = None) -> bytes:
    """AU-headers-length, AU headers of 13 and 3 bits, and the frames (RFC 3640, 3.3.6)."""
    sizes = sizes or [len(f) for f in frames]
    indices = indices or [0] * len(sizes)
    headers = b"".join(
        struct.pack(">H", size << 3 | index) for size, index in zip(sizes, indices, strict=True)
    )
    return struct.pack(">H", 8 * len(headers)) + headers + b"".join(frames)


def depacketiser() -> AacDepacketiser:
    return AacDepacketiser(AuHeaderLayout())


def test_one_frame_a_packet() -> None:
    assert depacketiser().packet(aac(b"frame")) == [(b"frame", 0)]


def test_several_frames_a_packet_follow_each_other_by_their_duration() -> None:
    assert depacketiser().packet(aac(b"one", b"three", b"five")) == [
        (b"one", 0),
        (b"three", 1024),
        (b"five", 2048),
    ]


def test_a_skipped_index_moves_the_frame_in_time() -> None:
    assert depacketiser().packet(aac(b"one", b"two", indices=[0, 1])) == [(b"one", 0), (b"two", 2048)]


def test_a_frame_over_several_packets_is_joined() -> None:
    one = depacketiser()
    assert one.packet(aac(b"first", sizes=[12])) == []
    assert one.packet(aac(b"second", sizes=[12])) == []
    assert one.packet(aac(b"3", sizes=[12])) == [(b"firstsecond3", 0)]
    assert one.packet(aac(b"whole")) == [(b"whole", 0)]


def test_a_hole_drops_the_frame_it_is_in() -> None:
    one = depacketiser()
    one.packet(aac(b"first", sizes=[10]))
    one.lose()
    assert one.packet(aac(b"whole")) == [(b"whole", 0)]


def test_a_whole_frame_after_a_fragment_that_was_never_finished_is_given() -> None:
    one = depacketiser()
    one.packet(aac(b"first", sizes=[10]))
    assert one.packet(aac(b"whole")) == [(b"whole", 0)]


def test_malformed_headers_give_nothing() -> None:
    for payload in (b"", b"\x00", b"\x00\x10", b"\x00\x00abc", b"\xff\xff" + bytes(20), b"\x00\x07\x00abc"):
        assert depacketiser().packet(payload) == []


def test_g711_is_its_samples() -> None:
    sink = Recorder()
    receiver = AudioReceiver(2, 96, SampledDepacketiser(), sink)
    buffer = frame(b"\xd5" * 160, sequence=5, timestamp=800, channel=2)
    assert receiver.read(buffer, 0, len(buffer) - 1) == 0
    assert receiver.read(buffer, 0, len(buffer)) == len(buffer)
    assert sink.audio == [(b"\xd5" * 160, 800)]


def test_the_stamps_of_g722_count_its_samples() -> None:
    """Its RTP clock has half of them (RFC 3551, 4.5.2); sender reports are told alike."""
    sink = Recorder()
    receiver = AudioReceiver(2, 9, SampledDepacketiser(), sink, clock_scale=2)
    reports = RtcpReceiver("audio", receiver.clock, sink, lambda: None)
    for sequence, stamp in ((5, 0xFFFFFF60), (6, 0)):
        buffer = frame(b"\xd5" * 160, sequence=sequence, timestamp=stamp, channel=2)
        receiver.read(buffer, 0, len(buffer))
    report = sender_report(2_208_988_800 + 1_700_000_000, 0, 80)
    reports.read(report, 0, len(report))
    (first, second) = (pts for _, pts in sink.audio)
    assert second - first == 320
    assert sink.reports == [("audio", 1_700_000_000_000, second + 160)]


def test_audio_packets_that_come_twice_are_told_once() -> None:
    sink = Recorder()
    receiver = AudioReceiver(2, 96, SampledDepacketiser(), sink)
    buffer = frame(b"\xd5", sequence=5, timestamp=800, channel=2)
    receiver.read(buffer, 0, len(buffer))
    receiver.read(buffer, 0, len(buffer))
    assert len(sink.audio) == 1


def test_timestamps_go_on_over_the_wrap_and_tell_jumps_as_they_are() -> None:
    clock = TimestampUnwrapper()
    given = [0xFFFFFF00, 0x00000100, 0x00000080, 0x40000000]
    first, *others = [clock.unwrap(timestamp) for timestamp in given]
    assert [value - first for value in others] == [0x200, 0x180, 0x40000100]


def sender_report(seconds: int, fraction: int, rtp_time: int) -> bytes:
    packet = struct.pack(">BBHIIIIII", 0x80, 200, 6, 7, seconds, fraction, rtp_time, 0, 0)
    return struct.pack(">BBH", 0x24, 1, len(packet)) + packet


def test_a_sender_report_ties_a_timestamp_to_the_cameras_clock() -> None:
    sink = Recorder()
    clock = TimestampUnwrapper()
    receiver = RtcpReceiver("video", clock, sink, lambda: None)
    report = sender_report(2_208_988_800 + 1_700_000_000, 1 << 31, 90)
    receiver.read(report, 0, len(report))
    assert sink.reports == []  # no media yet to compare with
    clock.unwrap(0xFFFFFFFF)
    assert receiver.read(report, 0, len(report)) == len(report)
    assert sink.reports == [("video", 1_700_000_000_500, 0xFFFFFFFF + 91)]


def test_goodbye_is_told() -> None:
    goodbyes: list[int] = []
    receiver = RtcpReceiver("video", TimestampUnwrapper(), Recorder(), lambda: goodbyes.append(1))
    packet = struct.pack(">BBHI", 0x81, 203, 1, 7)
    buffer = struct.pack(">BBH", 0x24, 1, len(packet)) + packet
    assert receiver.read(buffer, 0, len(buffer)) == len(buffer)
    assert goodbyes == [1]
