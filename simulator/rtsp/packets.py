"""RTP packets (RFC 3550) made once for a whole loop and patched each time they are sent.

A loop's packets differ from one minute to the next only in sequence number, timestamp and SSRC. All of a
picture's packets therefore stand ready, interleaved (RFC 2326, 10.12), as one block of bytes.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from simulator.faults import Faults
from simulator.loop.elementary import AccessUnit, AudioCodec, AudioTrack, VideoCodec, VideoTrack

VIDEO_CLOCK = 90_000
VIDEO_PAYLOAD_TYPE = 96
AAC_PAYLOAD_TYPE = 97
PCMA_PAYLOAD_TYPE = 8
MAX_PAYLOAD = 1400
"""Bytes of RTP payload, so that a packet would pass an Ethernet frame."""
_HEADER = struct.Struct(">BBHBBHII")
_VARIABLE = struct.Struct(">HII")
_VARIABLE_OFFSET = 6
"""Sequence number, timestamp and SSRC begin here: 4 bytes of interleaving and 2 of RTP come first."""


@dataclass(frozen=True, slots=True)
class PacketBlock:
    """The interleaved packets of one access unit.

    offsets: where in `template` each packet begins; sequences: its sequence number within the loop;
    timestamp: in units of the track's clock since the loop's start, negative for the tail of the loop before;
    octets: of RTP payload.
    """

    template: bytes
    offsets: tuple[int, ...]
    sequences: tuple[int, ...]
    timestamp: int
    octets: int

    def stamped(self, channel: int, sequence: int, timestamp: int, ssrc: int) -> bytearray:
        """The bytes to send; `sequence` and `timestamp` are those of the loop's start, of any size."""
        block = bytearray(self.template)
        stamp = (timestamp + self.timestamp) & 0xFFFFFFFF
        for offset, relative in zip(self.offsets, self.sequences, strict=True):
            block[offset + 1] = channel
            _VARIABLE.pack_into(block, offset + _VARIABLE_OFFSET, (sequence + relative) & 0xFFFF, stamp, ssrc)
        return block


@dataclass(frozen=True, slots=True)
class PacketTrack:
    """One track of a loop. packets: how far the sequence number moves in one loop, lost packets included."""

    blocks: tuple[PacketBlock, ...]
    clock_rate: int
    packets: int


def video_packets(track: VideoTrack, faults: Faults) -> PacketTrack:
    """One block for each access unit, with in-band parameter sets before each key frame."""
    fragment = _h264_payloads if track.codec is VideoCodec.H264 else _h265_payloads
    interval = VIDEO_CLOCK // track.frame_rate
    packetiser = _Packetiser(VIDEO_PAYLOAD_TYPE, faults)
    for number, unit in enumerate(track.access_units):
        payloads = [payload for nal in _transmitted(unit, track, faults) for payload in fragment(nal)]
        packetiser.add(payloads, number * interval, marker=True)
    return PacketTrack(tuple(packetiser.blocks), VIDEO_CLOCK, packetiser.sequence)


def audio_packets(track: AudioTrack, faults: Faults) -> PacketTrack:
    """One packet and one block for each audio frame."""
    if track.codec is AudioCodec.AAC:
        packetiser = _Packetiser(AAC_PAYLOAD_TYPE, faults)
        payloads: Iterable[bytes] = (_aac_hbr_payload(frame) for frame in track.frames)
        marker = True
    else:
        packetiser = _Packetiser(PCMA_PAYLOAD_TYPE, faults)
        payloads = track.frames
        marker = False
    for number, payload in enumerate(payloads):
        packetiser.add([payload], number * track.frame_samples, marker=marker)
    return PacketTrack(tuple(packetiser.blocks), track.rate, packetiser.sequence)


class _Packetiser:
    def __init__(self, payload_type: int, faults: Faults) -> None:
        self.blocks: list[PacketBlock] = []
        self.sequence = 0
        self._payload_type = payload_type
        self._faults = faults
        self._random = Random(payload_type)

    def add(self, payloads: list[bytes], timestamp: int, marker: bool) -> None:
        """Appends the block of one access unit; the last of its packets bears the marker bit if `marker`."""
        block = bytearray()
        offsets, sequences, octets = [], [], 0
        for number, payload in enumerate(payloads):
            last = number == len(payloads) - 1
            sequence = self.sequence
            self.sequence += 1
            if (
                self._faults.packet_loss
                and sequence % self._faults.packet_loss == self._faults.packet_loss - 1
            ):
                continue
            if self._faults.garbage:
                block += self._garbage()
            offsets.append(len(block))
            sequences.append(sequence)
            octets += len(payload)
            mark = 0x80 if marker and last else 0
            block += _HEADER.pack(0x24, 0, 12 + len(payload), 0x80, mark | self._payload_type, 0, 0, 0)
            block += payload
        self.blocks.append(PacketBlock(bytes(block), tuple(offsets), tuple(sequences), timestamp, octets))

    def _garbage(self) -> bytes:
        """Nothing, or up to 24 bytes, none of which is the "$" that begins an interleaved frame."""
        length = max(0, self._random.randrange(-24, 25))
        return self._random.randbytes(length).replace(b"$", b"#")


def _transmitted(unit: AccessUnit, track: VideoTrack, faults: Faults) -> tuple[bytes, ...]:
    """The NAL units a camera with these faults sends of an access unit."""
    if not unit.key:
        return unit.nal_units
    if faults.no_key_frame:
        return ()
    return unit.nal_units if faults.no_parameter_sets else track.parameter_sets + unit.nal_units


def _h264_payloads(nal: bytes) -> Iterator[bytes]:
    """RFC 6184: a single NAL unit packet (5.6), or FU-A fragments (5.8) of a large one."""
    if len(nal) <= MAX_PAYLOAD:
        yield nal
        return
    indicator = nal[0] & 0xE0 | 28
    for first, last, piece in _pieces(nal[1:], MAX_PAYLOAD - 2):
        yield bytes((indicator, first << 7 | last << 6 | nal[0] & 0x1F)) + piece


def _h265_payloads(nal: bytes) -> Iterator[bytes]:
    """RFC 7798: a single NAL unit packet (4.4.1), or FU fragments (4.4.3) of a large one."""
    if len(nal) <= MAX_PAYLOAD:
        yield nal
        return
    header = bytes((nal[0] & 0x81 | 49 << 1, nal[1]))
    for first, last, piece in _pieces(nal[2:], MAX_PAYLOAD - 3):
        yield header + bytes((first << 7 | last << 6 | nal[0] >> 1 & 0x3F,)) + piece


def _pieces(data: bytes, size: int) -> Iterator[tuple[bool, bool, bytes]]:
    """(whether first, whether last, bytes) of pieces of at most `size` bytes."""
    for start in range(0, len(data), size):
        yield start == 0, start + size >= len(data), data[start : start + size]


def _aac_hbr_payload(frame: bytes) -> bytes:
    """RFC 3640, 3.3.6: one access unit behind 16 bits of AU headers' length and a 13 + 3 bit AU header."""
    return struct.pack(">HH", 16, len(frame) << 3) + frame
