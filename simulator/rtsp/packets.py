"""RTP packets (RFC 3550) made once for a whole loop and patched each time they are sent.

A loop's packets differ from one minute to the next only in sequence number, timestamp and SSRC. All of a
picture's packets therefore stand ready, interleaved (RFC 2326, 10.12), as one block of bytes; only those of
the clock, the picture's last slice, are another minute by minute and are added when it is sent.
"""

import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from simulator.faults import Faults
from simulator.loop.elementary import AccessUnit, AudioCodec, AudioTrack, VideoTrack
from simulator.loop.parameters import VideoCodec

VIDEO_CLOCK = 90_000
VIDEO_PAYLOAD_TYPE = 96
AAC_PAYLOAD_TYPE = 97
PCMA_PAYLOAD_TYPE = 8
MAX_PAYLOAD = 1400
"""Bytes of RTP payload, so that a packet would pass an Ethernet frame."""
_FRAGMENT_HEADERS = 3
"""Bytes that a fragment takes for itself, at most."""
_START_CODE = b"\x00\x00\x00\x01"
_GIANT_EVERY = 3
"""Key frames: a minute of giants alone would take much memory."""
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
    clock: the sequence numbers of the clock's packets, which come last; None for one that is lost.
    """

    template: bytes
    offsets: tuple[int, ...]
    sequences: tuple[int, ...]
    timestamp: int
    octets: int
    clock: tuple[int | None, ...] = ()

    def stamped(
        self, channel: int, sequence: int, timestamp: int, ssrc: int, clock: Sequence[bytes] = ()
    ) -> bytearray:
        """The bytes to send; `sequence` and `timestamp` are those of the loop's start, of any size.

        clock: the packets made by `clock_packets`.
        """
        block = bytearray(self.template)
        stamp = (timestamp + self.timestamp) & 0xFFFFFFFF
        offsets, sequences = self.offsets, self.sequences
        for own, packet in zip(self.clock, clock, strict=False):
            if own is not None:
                offsets, sequences = (*offsets, len(block)), (*sequences, own)
                block += packet
        for offset, relative in zip(offsets, sequences, strict=True):
            block[offset + 1] = channel
            _VARIABLE.pack_into(block, offset + _VARIABLE_OFFSET, (sequence + relative) & 0xFFFF, stamp, ssrc)
        return block

    def sent(self, clock: Sequence[bytes] = ()) -> tuple[int, int]:
        """How many packets `stamped` makes, and of how many octets of RTP payload."""
        added = [len(packet) for number, packet in zip(self.clock, clock, strict=False) if number is not None]
        return len(self.offsets) + len(added), self.octets + sum(added) - len(added) * _HEADER.size


@dataclass(frozen=True, slots=True)
class PacketTrack:
    """One track of a loop. packets: how far the sequence number moves in one loop, lost packets included."""

    blocks: tuple[PacketBlock, ...]
    clock_rate: int
    packets: int


def video_packets(track: VideoTrack, faults: Faults, clock: Sequence[int] = ()) -> PacketTrack:
    """One block for each access unit, with in-band parameter sets before each key frame.

    clock: by access unit, how many packets to leave room for in place of its last slice.
    """
    interval = VIDEO_CLOCK // track.frame_rate
    packetiser = _Packetiser(VIDEO_PAYLOAD_TYPE, faults)
    keys = 0
    for number, unit in enumerate(track.access_units):
        units, room = _transmitted(unit, track, faults), 0
        if units and clock:
            units, room = units[:-1], clock[number]
        keys += unit.key
        if faults.giant_key_frames and unit.key and keys % _GIANT_EVERY == 0:
            units = (*units[:-1], _user_data(track.codec, faults.giant_key_frames), *units[-1:])
        if faults.annex_b and units:
            units = (_START_CODE.join(units),) if unit.key else tuple(_START_CODE + nal for nal in units)
        payloads = [payload for nal in units for payload in _payloads(nal, track.codec)]
        packetiser.add(payloads, number * interval, marker=True, room=room)
    return PacketTrack(tuple(packetiser.blocks), VIDEO_CLOCK, packetiser.sequence)


def clock_packets(nal: bytes, codec: VideoCodec, count: int) -> tuple[bytes, ...]:
    """A picture's last slice in exactly so many packets, to be stamped."""
    payloads = list(_fragments(nal, codec, count))
    return tuple(
        _packet(payload, VIDEO_PAYLOAD_TYPE, marker=number == count)
        for number, payload in enumerate(payloads, 1)
    )


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

    def add(self, payloads: list[bytes], timestamp: int, marker: bool, room: int = 0) -> None:
        """Appends the block of one access unit; the last of its packets bears the marker bit if `marker`.

        room: for so many more packets, which then are the last.
        """
        block = bytearray()
        offsets, sequences, octets = [], [], 0
        for number, payload in enumerate(payloads):
            last = number == len(payloads) - 1 and not room
            sequence = self._next()
            if sequence is None:
                continue
            if self._faults.garbage:
                block += self._garbage()
            offsets.append(len(block))
            sequences.append(sequence)
            octets += len(payload)
            block += _packet(payload, self._payload_type, marker and last)
        clock = tuple(self._next() for _ in range(room))
        self.blocks.append(
            PacketBlock(bytes(block), tuple(offsets), tuple(sequences), timestamp, octets, clock)
        )

    def _next(self) -> int | None:
        """The next packet's sequence number within the loop; None if it is to be lost."""
        sequence = self.sequence
        self.sequence += 1
        loss = self._faults.packet_loss
        return None if loss and sequence % loss == loss - 1 else sequence

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


def _user_data(codec: VideoCodec, size: int) -> bytes:
    """SEI that means nothing, of so many bytes (user_data_unregistered, ISO/IEC 14496-10, D.1.7)."""
    header = b"\x06" if codec is VideoCodec.H264 else bytes((39 << 1, 1))
    return header + b"\x05" + b"\xff" * (size // 255) + bytes((size % 255,)) + b"\xa5" * size + b"\x80"


def _packet(payload: bytes, payload_type: int, marker: bool) -> bytes:
    """One interleaved RTP packet, not yet stamped."""
    mark = 0x80 if marker else 0
    return _HEADER.pack(0x24, 0, 12 + len(payload), 0x80, mark | payload_type, 0, 0, 0) + payload


def _payloads(nal: bytes, codec: VideoCodec) -> Iterator[bytes]:
    """The NAL unit in as few packets as will do."""
    whole = len(nal) <= MAX_PAYLOAD
    return _fragments(nal, codec, 1 if whole else math.ceil(len(nal) / (MAX_PAYLOAD - _FRAGMENT_HEADERS)))


def _fragments(nal: bytes, codec: VideoCodec, count: int) -> Iterator[bytes]:
    """The NAL unit in so many packets."""
    if count == 1:
        return iter((nal,))
    return _h264_fragments(nal, count) if codec is VideoCodec.H264 else _h265_fragments(nal, count)


def _h264_fragments(nal: bytes, count: int) -> Iterator[bytes]:
    """FU-A (RFC 6184, 5.8)."""
    indicator = nal[0] & 0xE0 | 28
    for first, last, piece in _pieces(nal[1:], count):
        yield bytes((indicator, first << 7 | last << 6 | nal[0] & 0x1F)) + piece


def _h265_fragments(nal: bytes, count: int) -> Iterator[bytes]:
    """FU (RFC 7798, 4.4.3)."""
    header = bytes((nal[0] & 0x81 | 49 << 1, nal[1]))
    for first, last, piece in _pieces(nal[2:], count):
        yield header + bytes((first << 7 | last << 6 | nal[0] >> 1 & 0x3F,)) + piece


def _pieces(data: bytes, count: int) -> Iterator[tuple[bool, bool, bytes]]:
    """(whether first, whether last, bytes) of so many pieces as equal as can be."""
    for number in range(count):
        start, end = len(data) * number // count, len(data) * (number + 1) // count
        yield number == 0, number == count - 1, data[start:end]


def _aac_hbr_payload(frame: bytes) -> bytes:
    """RFC 3640, 3.3.6: one access unit behind 16 bits of AU headers' length and a 13 + 3 bit AU header."""
    return struct.pack(">HH", 16, len(frame) << 3) + frame
