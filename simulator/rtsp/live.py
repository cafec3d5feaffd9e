"""A loop played in time with the wall clock: picture n is on air n/frame_rate seconds into each minute.

Everything sent follows from the clock alone. All clients of a camera get the same packets at the same moment,
as from one encoder, and sequence numbers and timestamps go on across the end of the loop without a seam. The
clock in the picture is the minute's own.
"""

import asyncio
import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from simulator.faults import Faults
from simulator.loop.elementary import Loop
from simulator.loop.parameters import LOOP_SECONDS
from simulator.rtsp.clock import Clock
from simulator.rtsp.packets import PacketBlock, PacketTrack, audio_packets, video_packets
from simulator.rtsp.programme import Receiver, TrackStart
from simulator.rtsp.sdp import describe

_REPORT_SECONDS = 5
_NTP_EPOCH = 2_208_988_800
"""Seconds from 1900 to 1970."""
_LATE_SECONDS = 5.0
"""A camera that is held up for longer leaves pictures out. Those of tests share an event loop with what
records them, which must not lose by them what it is only late to read."""
VIDEO, AUDIO = 0, 1


@dataclass(frozen=True, slots=True)
class OnAirLoop:
    """A loop in packets. due: by number of the picture, the audio blocks sent along with it.

    clock: the loop's last slices, for which the video's blocks have room.
    """

    description: bytes
    frame_rate: int
    entries: frozenset[int]
    video: PacketTrack
    audio: PacketTrack | None
    due: tuple[tuple[PacketBlock, ...], ...]
    clock: Clock

    @property
    def tracks(self) -> tuple[PacketTrack, ...]:
        return (self.video,) if self.audio is None else (self.video, self.audio)


def put_on_air(loop: Loop, title: str, faults: Faults, clock: Clock) -> OnAirLoop:
    """Packetises a loop; takes some tens of milliseconds."""
    video = video_packets(loop.video, faults, clock.counts)
    audio = None if loop.audio is None else audio_packets(loop.audio, faults)
    entries = frozenset(number for number, unit in enumerate(loop.video.access_units) if unit.key)
    due = audio_due(audio, len(video.blocks), loop)
    return OnAirLoop(describe(loop, title, faults), loop.video.frame_rate, entries, video, audio, due, clock)


def audio_due(audio: PacketTrack | None, pictures: int, loop: Loop) -> tuple[tuple[PacketBlock, ...], ...]:
    """By number of the picture, the audio blocks sent along with it.

    An audio frame leaves with the first picture after its end; the loop's last go with its first.
    """
    due: list[list[PacketBlock]] = [[] for _ in range(pictures)]
    if audio is not None and loop.audio is not None:
        for block in audio.blocks:
            end = block.timestamp + loop.audio.frame_samples
            picture = math.ceil(end * loop.video.frame_rate / audio.clock_rate)
            due[picture % pictures].append(_carried(block, audio) if picture >= pictures else block)
    return tuple(tuple(blocks) for blocks in due)


def _carried(block: PacketBlock, track: PacketTrack) -> PacketBlock:
    """The block as the following loop counts it."""
    sequences = tuple(sequence - track.packets for sequence in block.sequences)
    timestamp = block.timestamp - LOOP_SECONDS * track.clock_rate
    return replace(block, sequences=sequences, timestamp=timestamp)


class LiveProgramme:
    """A camera on air: one encoder's worth of packets, handed to every client that plays."""

    def __init__(self, loop: OnAirLoop, faults: Faults, ssrc: int, clock: Callable[[], float]) -> None:
        """ssrc: of the video; the audio's is the next. clock: Unix time in seconds."""
        self._loop = loop
        self._faults = faults
        self._ssrc = ssrc
        self._clock = clock
        self.joined = 0
        """How many clients played, or do."""
        self._waiting: list[Receiver] = []
        self._playing: dict[Receiver, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0
        self._sent = [[0, 0] for _ in loop.tracks]

    @property
    def description(self) -> bytes:
        return self._loop.description

    @property
    def track_count(self) -> int:
        return len(self._loop.tracks)

    @property
    def receivers(self) -> int:
        return len(self._waiting) + len(self._playing)

    def play(self, receiver: Receiver) -> Sequence[TrackStart]:
        """Puts `receiver` on the list for the next key frame, which is what the returned starts are of."""
        if self._timer is None:
            self._next = math.ceil(self._clock() * self._loop.frame_rate)
            self._schedule()
        self.joined += 1
        self._waiting.append(receiver)
        entry = self._next
        while not self._is_entry(entry):
            entry += 1
        return [self._start(index, entry) for index in range(self.track_count)]

    def stop(self, receiver: Receiver) -> None:
        if receiver in self._waiting:
            self._waiting.remove(receiver)
        self._playing.pop(receiver, None)
        if not self._waiting and not self._playing and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _is_entry(self, number: int) -> bool:
        return self._faults.mid_gop_start or number % len(self._loop.video.blocks) in self._loop.entries

    def _start(self, index: int, number: int) -> TrackStart:
        """What the first packet of a track bears from picture `number` on."""
        track = self._loop.tracks[index]
        while True:
            minute, picture = divmod(number, len(self._loop.video.blocks))
            for block in self._blocks(picture)[index]:
                if block.sequences:
                    sequence = minute * track.packets + block.sequences[0]
                    timestamp = minute * LOOP_SECONDS * track.clock_rate + block.timestamp
                    return TrackStart(sequence & 0xFFFF, timestamp & 0xFFFFFFFF)
            number += 1

    def _blocks(self, picture: int) -> list[tuple[PacketBlock, ...]]:
        """By track, the blocks that leave with a picture of the loop."""
        return [(self._loop.video.blocks[picture],), self._loop.due[picture]][: len(self._loop.tracks)]

    def _schedule(self) -> None:
        delay = self._next / self._loop.frame_rate - self._clock()
        if delay < -_LATE_SECONDS:
            self._next = math.ceil(self._clock() * self._loop.frame_rate)
        self._timer = asyncio.get_running_loop().call_later(max(0.0, delay), self._tick)

    def _tick(self) -> None:
        """Sends the next picture to all who play."""
        number, self._next = self._next, self._next + 1
        self._schedule()
        second = number / self._loop.frame_rate
        joined: list[Receiver] = []
        if self._is_entry(number):
            joined, self._waiting = self._waiting, []
            self._playing.update((receiver, second) for receiver in joined)
        rendered: dict[tuple[int | None, ...], bytes] = {}
        report = number % (_REPORT_SECONDS * self._loop.frame_rate) == 0
        for receiver, since in list(self._playing.items()):
            channels = self._audible(receiver.channels, second - since)
            if channels is None:
                continue
            if channels not in rendered:
                rendered[channels] = self._render(number, channels)
            if (report or receiver in joined) and not self._faults.no_rtcp:
                receiver.send(self._sender_reports(second, channels))
            receiver.send(rendered[channels])
        self._count(number)

    async def ready(self) -> None:
        """Waits until the clock of this minute is there, so that sending never has to."""
        await self._loop.clock.ready(int(self._clock() // LOOP_SECONDS))

    def _audible(self, channels: tuple[int | None, ...], played: float) -> tuple[int | None, ...] | None:
        """The channels in use so many seconds after a client's start; None while the camera is mute."""
        mute_after, mute_for = self._faults.mute_after, self._faults.mute_for
        if mute_after and played >= mute_after and not 0 < mute_for <= played - mute_after:
            return None
        return channels[:1] if played < self._faults.late_audio else channels

    def _render(self, number: int, channels: tuple[int | None, ...]) -> bytes:
        minute, picture = divmod(number, len(self._loop.video.blocks))
        data = bytearray()
        for index, (channel, blocks) in enumerate(zip(channels, self._blocks(picture), strict=False)):
            if channel is None:
                continue
            track = self._loop.tracks[index]
            sequence, timestamp = minute * track.packets, minute * LOOP_SECONDS * track.clock_rate
            clock = self._loop.clock.packets(minute)[picture] if index == VIDEO else ()
            for block in blocks:
                data += block.stamped(channel, sequence, timestamp, self._ssrc + index, clock)
        return bytes(data)

    def _sender_reports(self, second: float, channels: tuple[int | None, ...]) -> bytes:
        """RTCP sender reports (RFC 3550, 6.4.1), which tie each track's timestamps to the wall clock."""
        data = b""
        ntp = round((second + _NTP_EPOCH) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
        for index, (channel, track) in enumerate(zip(channels, self._loop.tracks, strict=False)):
            if channel is None:
                continue
            timestamp = round(second * track.clock_rate) & 0xFFFFFFFF
            packets, octets = (count & 0xFFFFFFFF for count in self._sent[index])
            report = struct.pack(
                ">BBHIQIII", 0x80, 200, 6, self._ssrc + index, ntp, timestamp, packets, octets
            )
            data += struct.pack(">BBH", 0x24, channel + 1, len(report)) + report
        return data

    def _count(self, number: int) -> None:
        minute, picture = divmod(number, len(self._loop.video.blocks))
        for index, blocks in enumerate(self._blocks(picture)):
            clock = self._loop.clock.packets(minute)[picture] if index == VIDEO else ()
            for block in blocks:
                packets, octets = block.sent(clock)
                self._sent[index][0] += packets
                self._sent[index][1] += octets
