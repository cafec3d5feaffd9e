"""The clocks' packets, minute by minute: made once for all cameras with pictures of one format."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from datetime import tzinfo
from typing import Protocol

from simulator.loop.clock import encode_clock
from simulator.loop.elementary import alternated
from simulator.loop.parameters import LOOP_SECONDS, VideoFormat
from simulator.rtsp.packets import clock_packets
from simulator.scene.fonts import Fonts

_WIDTH_OF_A_PACKET = 640
"""A picture's clock takes one packet for each so many columns, whatever the minute and the slice's size:
sequence numbers follow from the time alone. So a packet may exceed MAX_PAYLOAD a little."""
Minute = Sequence[tuple[bytes, ...]]
"""By picture, packets to be stamped."""


class Clock(Protocol):
    """Where a programme gets the packets of its clock."""

    @property
    def counts(self) -> Sequence[int]:
        """By picture of the loop, in how many packets its clock comes."""

    async def ready(self, minute: int) -> None:
        """Waits until `packets` of this minute of Unix time takes no time."""

    def packets(self, minute: int) -> Minute:
        """What shows this minute. Makes them first if need be, some tenths of a second."""


class FormatClock:
    """The clock of one format. Whoever asks for a minute has the next one made as well, in another thread."""

    def __init__(self, whole: VideoFormat, zone: tzinfo, fonts: Fonts, executor: Executor) -> None:
        """whole: of the pictures, band and all. zone: whose local time is shown."""
        count = -(-whole.width // _WIDTH_OF_A_PACKET)
        self.counts = (count,) * (whole.frame_rate * LOOP_SECONDS)
        self._whole, self._zone, self._fonts, self._executor = whole, zone, fonts, executor
        self._minutes: dict[int, Future[Minute]] = {}
        self._newest: tuple[int, Minute] = (-1, ())

    async def ready(self, minute: int) -> None:
        await asyncio.shield(asyncio.wrap_future(self._begun(minute)))

    def packets(self, minute: int) -> Minute:
        if self._newest[0] != minute:
            self._newest = minute, self._begun(minute).result()
        return self._newest[1]

    def _begun(self, minute: int) -> Future[Minute]:
        for wanted in (minute, minute + 1):
            if wanted not in self._minutes:
                self._minutes[wanted] = self._executor.submit(self._make, wanted)
        for stale in self._minutes.keys() - {minute - 1, minute, minute + 1, minute + 2}:
            self._minutes.pop(stale).cancel()
        return self._minutes[minute]

    def _make(self, minute: int) -> Minute:
        slices = encode_clock(self._whole, minute, self._zone, self._fonts)
        return [
            clock_packets(nal, self._whole.codec, count)
            for nal, count in zip(slices, self.counts, strict=True)
        ]


class AlternatingClock:
    """`clock`, and `other` in every second span of so many pictures."""

    def __init__(self, clock: Clock, other: Clock, span: int) -> None:
        self.counts = alternated(clock.counts, other.counts, span)
        self._clock, self._other, self._span = clock, other, span
        self._newest: tuple[int, Minute] = (-1, ())

    async def ready(self, minute: int) -> None:
        await self._clock.ready(minute)
        await self._other.ready(minute)

    def packets(self, minute: int) -> Minute:
        if self._newest[0] != minute:
            both = self._clock.packets(minute), self._other.packets(minute)
            self._newest = minute, alternated(*both, self._span)
        return self._newest[1]
