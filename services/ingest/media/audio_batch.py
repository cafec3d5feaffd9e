"""The sound of many cameras is encoded together: most of the cost is what numpy takes for each call."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import numpy as np

from services.ingest.media.aac.encoder import AacEncoder
from services.ingest.media.init_section import REFUSALS
from services.ingest.media.sample_entry import AAC_FRAME
from services.ingest.media.speech import SampleFormat

_MOST_BLOCKS: Final = 32  # at once: more fit the processor's caches less


class BlockSource(Protocol):
    """One camera's sound."""

    encoder: AacEncoder
    """Shared by all of the same sampling frequency and channels."""
    format: SampleFormat

    def blocks(self) -> list[bytes]:
        """What is complete, of 1024 samples each, behind the last one of before. Raises REFUSALS."""

    def deliver(self, frames: list[bytes]) -> None:
        """Of all these blocks but the first."""

    def fail(self, error: Exception) -> None:
        """There will be none: that is why."""


class AudioBatch:
    """Of one event loop. What becomes due in one of its turns is encoded at the end of it."""

    def __init__(self, soon: Callable[[Callable[[], None]], object]) -> None:
        """`soon` calls what it is given when what runs now is over."""
        self._soon = soon
        self._due: list[BlockSource] = []
        self._encoders: dict[tuple[int, int], AacEncoder] = {}

    def encoder(self, sample_rate: int, channels: int) -> AacEncoder:
        """Raises ValueError for a rate that AAC has not."""
        key = sample_rate, channels
        if key not in self._encoders:
            self._encoders[key] = AacEncoder(sample_rate, channels)
        return self._encoders[key]

    def add(self, source: BlockSource) -> None:
        """It has a block at least. To be told once."""
        self._due.append(source)
        if len(self._due) == 1:
            self._soon(self._encode_due)

    def encode(self, sources: Sequence[BlockSource]) -> None:
        """At once."""
        waiting: dict[tuple[AacEncoder, SampleFormat], list[tuple[BlockSource, list[bytes]]]] = {}
        for source in sources:
            try:
                blocks = source.blocks()
            except REFUSALS as error:  # of one camera: the others go on
                source.fail(error)
                continue
            if len(blocks) > 1:
                waiting.setdefault((source.encoder, source.format), []).append((source, blocks))
        for (encoder, sample_format), some in waiting.items():
            _encode(encoder, sample_format, some)

    def _encode_due(self) -> None:
        due, self._due = self._due, []
        self.encode(due)


def _encode(
    encoder: AacEncoder, sample_format: SampleFormat, waiting: list[tuple[BlockSource, list[bytes]]]
) -> None:
    blocks: list[bytes] = []
    followed: list[int] = []  # which of them have one behind them
    for _, some in waiting:
        followed += range(len(blocks), len(blocks) + len(some) - 1)
        blocks += some
    samples = sample_format.samples(b"".join(blocks)).reshape(len(blocks), AAC_FRAME, -1).swapaxes(1, 2)
    frames: list[bytes] = []
    for at in range(0, len(followed), _MOST_BLOCKS):
        places = np.array(followed[at : at + _MOST_BLOCKS])
        frames += encoder.encode(samples[places], samples[places + 1])
    at = 0
    for source, some in waiting:
        count = len(some) - 1
        source.deliver(frames[at : at + count])
        at += count
