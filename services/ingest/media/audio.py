"""Speech becomes AAC (ISO/IEC 14496-3)."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

from services.ingest.media.libav_refusals import libav_refusals
from services.ingest.media.sample_entry import AAC_FRAME
from services.ingest.media.speech import Samples, SpeechDecoder

_BITS_PER_SECOND_PER_CHANNEL: Final = 32_000
_QUANTISER: Final = "fast"  # libav's other one takes twice as long for less (docs/design/0016)
_LONGEST_SILENCE_S: Final = 2


class AacTranscoder:
    """Packets of coded speech in, AAC-LC frames out, each with the time and the number of its samples.

    Lost packets become silence and what was sent twice is cut, so that what follows keeps its time.
    Raises ValueError for a rate that AAC has not, and what libav refuses.
    """

    def __init__(self, decoder: SpeechDecoder, sample_rate: int, channels: int) -> None:
        """`channels`: 1 or 2."""
        self._decoder = decoder
        self._channels = channels
        self._rate = sample_rate
        self._layout = "mono" if channels == 1 else "stereo"
        self._context = _open_encoder(sample_rate, channels, self._layout)
        self._pending: Samples = np.zeros((channels, 0), np.float32)
        self._next = 0  # time of the sample behind `_pending`
        self._sounded = False
        self._frames = 0
        self._placed: dict[int, tuple[int, int]] = {}

    @property
    def config(self) -> bytes:
        """AudioSpecificConfig."""
        return self._context.extradata or b""

    def begin(self, time: int) -> None:
        """No frame is to begin before `time`; call before anything is encoded.

        The first one is silent, and ends where sound comes, but not before `time` + 1024: half of what a
        frame decodes to is in its predecessor (ISO/IEC 14496-3, 4.6.11.3), and what sounds in the first one
        would be heard distorted and mirrored in time.
        """
        self._pending = np.zeros((self._channels, AAC_FRAME), np.float32)
        self._next = time + AAC_FRAME

    def encode(self, packets: Iterable[tuple[bytes, int]]) -> Iterator[tuple[bytes, int, int]]:
        """(AAC frame, time of its first sample, samples) for each frame that `packets`, of coded speech and
        the time of its first sample, complete."""
        decode, bits = self._decoder.decode, self._decoder.bits
        pieces: list[Samples] = []
        run: list[bytes] = []  # packets that go on where others ended are decoded as one
        for data, pts in packets:
            if self._sounded and self._goes_on(pts):
                run.append(data)
                count, rest = divmod(len(data) * 8, bits)
                self._next += count
                if rest:  # is left out, and no beginning of the next packet's first sample
                    pieces.append(decode(b"".join(run)))
                    run = []
                continue
            if run:
                pieces.append(decode(b"".join(run)))
                run = []
            yield from self._encode_whole_frames(pieces)  # the times of what came before are as they are
            pieces = [self._in_place(decode(data), pts)]
        if run:
            pieces.append(decode(b"".join(run)))
        yield from self._encode_whole_frames(pieces)

    def _goes_on(self, pts: int) -> bool:
        """A little less or more is a stamp that is a little off."""
        return abs(pts - self._next) < self._rate // 50

    def _encode_whole_frames(self, pieces: list[Samples]) -> Iterator[tuple[bytes, int, int]]:
        self._pending = np.concatenate((self._pending, *pieces), axis=1)
        whole = self._pending.shape[1] // AAC_FRAME * AAC_FRAME
        if self._sounded and whole:
            yield from self._encode_pending(whole)

    def flush(self) -> Iterator[tuple[bytes, int, int]]:
        """What is held, the last frame with fewer samples than others. Nothing is taken after that."""
        if self._sounded:
            if self._pending.shape[1]:
                yield from self._encode_pending(self._pending.shape[1])
            yield from self._encode(None)

    def _in_place(self, samples: Samples, pts: int) -> Samples:
        """`samples`, of which the first has the time `pts`, made to go on where the last ones ended."""
        missing = pts - self._next
        if not self._sounded:
            self._next = max(self._next, pts)
            samples = samples[:, max(-missing, 0) :]
        elif abs(missing) > _LONGEST_SILENCE_S * self._rate:
            self._next = pts  # a jump: the time goes on from here, at the next frame
        elif missing > 0 and not self._goes_on(pts):
            samples = np.concatenate((np.zeros((self._channels, missing), np.float32), samples), axis=1)
        elif not self._goes_on(pts):
            samples = samples[:, -missing:]
        self._sounded = self._sounded or samples.shape[1] > 0
        self._next += samples.shape[1]
        return samples

    def _encode_pending(self, count: int) -> Iterator[tuple[bytes, int, int]]:
        """The first `count` samples, which PyAV cuts into frames: half a second at once costs it little more
        than a frame does."""
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(self._pending[:, :count]), "fltp", self._layout)
        frame.sample_rate = self._rate
        frame.pts = self._frames * AAC_FRAME
        begin = self._next - self._pending.shape[1]
        for start in range(0, count, AAC_FRAME):
            self._placed[self._frames] = begin + start, min(AAC_FRAME, count - start)
            self._frames += 1
        self._pending = self._pending[:, count:].copy()
        return self._encode(frame)

    def _encode(self, frame: AudioFrame | None) -> Iterator[tuple[bytes, int, int]]:
        with libav_refusals():
            packets = self._context.encode(frame)
        for packet in packets:
            # the encoder's own first frame lies before the first sample, and the session's start
            placed = self._placed.pop((packet.pts or 0) // AAC_FRAME, None)
            if placed is not None:
                yield bytes(packet), *placed


@libav_refusals()
def _open_encoder(sample_rate: int, channels: int, layout: str) -> AudioCodecContext:
    context = av.CodecContext.create("aac", "w")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate = sample_rate
    context.layout = layout
    context.format = "fltp"
    context.bit_rate = _BITS_PER_SECOND_PER_CHANNEL * channels
    context.time_base = Fraction(1, sample_rate)
    context.thread_count = 1
    context.options = {"aac_coder": _QUANTISER}
    context.open()
    return context
