import struct
from dataclasses import dataclass
from itertools import pairwise

import pytest

from simulator.faults import Faults
from simulator.loop.elementary import AccessUnit, AudioCodec, AudioTrack, VideoTrack
from simulator.loop.parameters import VideoCodec
from simulator.rtsp.packets import PacketTrack, audio_packets, clock_packets, video_packets

SPS, PPS = b"\x67\x42\x00\x1e", b"\x68\xce"
KEY = b"\x65" + bytes(range(256)) * 20
DELTA = b"\x41" + bytes(300)
VIDEO = VideoTrack(
    VideoCodec.H264, (SPS, PPS), 15, (AccessUnit((KEY,), key=True), AccessUnit((DELTA,), key=False))
)


@dataclass
class Packet:
    channel: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def parsed(data: bytes | bytearray) -> list[Packet]:
    """Interleaved RTP packets, all else passed over up to the next "$"."""
    packets, position = [], 0
    while (position := data.find(b"$", position)) >= 0:
        _, channel, length, _, kind, sequence, timestamp, ssrc = struct.unpack_from(
            ">BBHBBHII", data, position
        )
        payload = bytes(data[position + 16 : position + 4 + length])
        packets.append(Packet(channel, bool(kind & 0x80), sequence, timestamp, ssrc, payload))
        position += 4 + length
    return packets


def sent(track: PacketTrack, turn: int = 0) -> list[list[Packet]]:
    """By access unit, what a client gets in a turn of the loop."""
    duration = 12_000
    return [parsed(block.stamped(4, turn * track.packets, turn * duration, 0xABCD)) for block in track.blocks]


def test_a_large_nal_unit_goes_as_fragments_that_join_to_the_same() -> None:
    key, _ = sent(video_packets(VIDEO, Faults()))
    assert [packet.payload for packet in key[:2]] == [SPS, PPS]
    fragments = [packet.payload for packet in key[2:]]
    assert [fragment[1] >> 6 for fragment in fragments] == [0b10, 0b00, 0b00, 0b01]
    header = fragments[0][0] & 0xE0 | fragments[0][1] & 0x1F
    assert bytes((header,)) + b"".join(fragment[2:] for fragment in fragments) == KEY
    assert max(len(packet.payload) for packet in key) <= 1400


def test_h265_fragments_join_to_the_same() -> None:
    nal = b"\x26\x01" + bytes(range(256)) * 20
    track = VideoTrack(VideoCodec.H265, (), 15, (AccessUnit((nal,), key=True),))
    [key] = sent(video_packets(track, Faults()))
    fragments = [packet.payload for packet in key]
    assert {fragment[0] >> 1 & 0x3F for fragment in fragments} == {49}
    header = bytes((fragments[0][0] & 0x81 | (fragments[0][2] & 0x3F) << 1, fragments[0][1]))
    assert header + b"".join(fragment[3:] for fragment in fragments) == nal


def test_the_marker_is_on_the_last_packet_of_each_picture() -> None:
    for packets in sent(video_packets(VIDEO, Faults())):
        assert [packet.marker for packet in packets] == [False] * (len(packets) - 1) + [True]


def test_sequence_and_timestamp_go_on_from_one_turn_of_the_loop_to_the_next() -> None:
    track = video_packets(VIDEO, Faults())
    packets = [packet for turn in range(12_000) for unit in sent(track, turn)[-1:] for packet in unit]
    steps = {(b.sequence - a.sequence) & 0xFFFF for a, b in pairwise(packets)}
    assert steps == {track.packets}
    ticks = {(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairwise(packets)}
    assert ticks == {12_000}
    assert {(packet.channel, packet.ssrc) for packet in packets} == {(4, 0xABCD)}


def test_loss_leaves_holes_in_the_sequence() -> None:
    packets = [packet for unit in sent(video_packets(VIDEO, Faults(packet_loss=3))) for packet in unit]
    assert [packet.sequence for packet in packets] == [0, 1, 3, 4, 6]


def test_garbage_stands_between_whole_packets() -> None:
    healthy = [packet for unit in sent(video_packets(VIDEO, Faults())) for packet in unit]
    faulty = video_packets(VIDEO, Faults(garbage=True))
    assert [packet for unit in sent(faulty) for packet in unit] == healthy
    sizes = [len(block.template) - 16 * len(block.offsets) - block.octets for block in faulty.blocks]
    assert max(sizes) > 0


def test_faults_of_the_bit_stream_leave_out_what_they_say() -> None:
    key, delta = sent(video_packets(VIDEO, Faults(no_key_frame=True)))
    assert key == [] and delta[0].payload == DELTA
    key, _ = sent(video_packets(VIDEO, Faults(no_parameter_sets=True)))
    assert key[0].payload[0] & 0x1F == 28


BAND = b"\x41" + bytes(range(11, 40))
CLOCKED = VideoTrack(
    VideoCodec.H264,
    (SPS, PPS),
    15,
    (AccessUnit((KEY, BAND), key=True), AccessUnit((DELTA, BAND), key=False)),
)


@pytest.mark.parametrize("count", [1, 3])
def test_the_clock_comes_last_in_as_many_packets_as_there_is_room_for(count: int) -> None:
    track = video_packets(CLOCKED, Faults(), [count, count])
    clock = clock_packets(b"\x41" + bytes(99), VideoCodec.H264, count)
    units = [parsed(block.stamped(4, 0, 0, 0xABCD, clock)) for block in track.blocks]
    for unit in units:
        assert [packet.marker for packet in unit] == [False] * (len(unit) - 1) + [True]
        assert len({packet.timestamp for packet in unit}) == 1
        assert {(packet.channel, packet.ssrc) for packet in unit} == {(4, 0xABCD)}
        last = [packet.payload for packet in unit[-count:]]
        assert sum(map(len, last)) == 100 + (count - 1 if count == 1 else 2 * count - 1)
    sequences = [packet.sequence for unit in units for packet in unit]
    assert sequences == list(range(track.packets))
    counted = [block.sent(clock) for block in track.blocks]
    assert counted == [(len(unit), sum(len(packet.payload) for packet in unit)) for unit in units]


def test_loss_takes_the_clock_s_packets_too() -> None:
    track = video_packets(CLOCKED, Faults(packet_loss=4), [3, 3])
    clock = clock_packets(b"\x41" + bytes(99), VideoCodec.H264, 3)
    units = [parsed(block.stamped(4, 0, 0, 0xABCD, clock)) for block in track.blocks]
    assert [packet.sequence for unit in units for packet in unit] == [0, 1, 2, 4, 5, 6, 8, 9, 10, 12]
    assert [block.sent(clock)[0] for block in track.blocks] == [len(unit) for unit in units]


def test_a_camera_without_key_frames_has_no_clock_in_them() -> None:
    track = video_packets(CLOCKED, Faults(no_key_frame=True), [1, 1])
    key, delta = (block.stamped(4, 0, 0, 0, (b"$" + bytes(20),)) for block in track.blocks)
    assert key == b"" and delta


def test_aac_has_its_length_in_the_au_header() -> None:
    track = AudioTrack(AudioCodec.AAC, 32_000, b"\x12\x88", 1024, (b"x" * 77, b"y" * 80))
    first, second = sent(audio_packets(track, Faults()))
    assert first[0].payload == struct.pack(">HH", 16, 77 << 3) + b"x" * 77
    assert second[0].timestamp - first[0].timestamp == 1024
