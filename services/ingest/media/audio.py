"""Speech becomes AAC (ISO/IEC 14496-3)."""

from collections import deque
from typing import Final

from services.ingest.media.aac.encoder import AacEncoder
from services.ingest.media.audio_batch import AudioBatch
from services.ingest.media.sample_entry import AAC_FRAME, TimedFrame
from services.ingest.media.speech import SampleFormat, SpeechDecoder

_LONGEST_SILENCE_S: Final = 2


class AacTranscoder:
    """Packets of coded speech in, AAC-LC frames out.

    Lost packets become silence and what was sent twice is cut, so that what follows keeps its time.
    Raises ValueError for a rate that AAC has not.
    """

    def __init__(self, decoder: SpeechDecoder, sample_rate: int, channels: int, batch: AudioBatch) -> None:
        """`channels`: 1 or 2."""
        self.encoder: AacEncoder = batch.encoder(sample_rate, channels)
        self.format: SampleFormat = decoder.format
        self._batch = batch
        self._decoder = decoder
        self._rate = sample_rate
        self._block = AAC_FRAME * self.format.size  # bytes
        self._waiting: list[tuple[bytes, int]] = []  # packets
        self._waiting_bits = 0
        self._due = False
        self._pending = b""  # less than a block
        self._next = 0  # time of the sample behind `_pending`
        self._sounded = False
        self._finished = False
        self._last = self._silence(AAC_FRAME)  # the block encoded last
        self._placed: deque[tuple[int, int] | None] = deque((None,))  # blocks that no frame decodes to yet
        self._frames: list[TimedFrame] = []
        self._failure: Exception | None = None

    @property
    def config(self) -> bytes:
        """AudioSpecificConfig."""
        return self.encoder.config

    @property
    def ready(self) -> int:
        """Frames to be taken."""
        return len(self._frames)

    def begin(self, time: int) -> None:
        """No frame is to begin before `time`; call before anything is added.

        The first one is silent, and ends where sound comes, but not before `time` + 1024: half of what a
        frame decodes to is in its predecessor (ISO/IEC 14496-3, 4.6.11.3), and what sounds in the first one
        would be heard distorted and mirrored in time.
        """
        self._pending = self._silence(AAC_FRAME)
        self._next = time + AAC_FRAME

    def add(self, data: bytes, pts: int) -> None:
        """A packet of coded speech and the time of its first sample."""
        self._waiting.append((data, pts))
        self._waiting_bits += 8 * len(data)
        if not self._due and self._waiting_bits >= AAC_FRAME * self._decoder.bits:
            self._due = True
            self._batch.add(self)

    def take(self) -> list[TimedFrame]:
        """The frames that are complete. Raises one of REFUSALS for speech that cannot be decoded."""
        if self._failure is not None:
            raise self._failure
        frames, self._frames = self._frames, []
        return frames

    def finish(self) -> list[TimedFrame]:
        """What is held as well, the last frame with fewer samples than others. Nothing is added after that.

        Raises as `take` does.
        """
        self._finished = True
        self._batch.encode((self,))
        return self.take()

    # What it is to the batch.

    def blocks(self) -> list[bytes]:
        """As a BlockSource."""
        self._due = False
        blocks = [self._last]
        pieces: list[bytes] = []
        run: list[bytes] = []  # packets that go on where others ended are decoded as one
        waiting, self._waiting, self._waiting_bits = self._waiting, [], 0
        decode, bits = self._decoder.decode, self._decoder.bits
        for data, pts in waiting:
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
            blocks += self._completed(pieces)  # the times of what came before are as they are
            pieces = [self._in_place(decode(data), pts)]
        if run:
            pieces.append(decode(b"".join(run)))
        blocks += self._completed(pieces)
        if self._finished and self._sounded:
            blocks += self._remainder()
        self._last = blocks[-1]
        return blocks

    def deliver(self, frames: list[bytes]) -> None:
        """As a BlockSource. Each frame decodes to the block before its own."""
        for frame in frames:
            placed = self._placed.popleft()
            if placed is not None:  # or it is the first one, and there is no block before
                self._frames.append((frame, *placed))

    def fail(self, error: Exception) -> None:
        """As a BlockSource."""
        self._failure = error

    def _goes_on(self, pts: int) -> bool:
        """A little less or more is a stamp that is a little off."""
        return abs(pts - self._next) < self._rate // 50

    def _completed(self, pieces: list[bytes]) -> list[bytes]:
        """The blocks that are complete with these samples."""
        pending = b"".join((self._pending, *pieces))
        size = self._block
        whole = len(pending) // size * size if self._sounded else 0
        time = self._next - len(pending) // self.format.size
        blocks: list[bytes] = []
        for at in range(0, whole, size):
            blocks.append(pending[at : at + size])
            self._placed.append((time, AAC_FRAME))
            time += AAC_FRAME
        self._pending = pending[whole:]
        return blocks

    def _remainder(self) -> list[bytes]:
        """What is less than a block, filled up with silence, and a silent one for it to be decoded."""
        count = len(self._pending) // self.format.size
        if not count:
            return [self._silence(AAC_FRAME)]
        self._placed.append((self._next - count, count))
        return [self._pending + self._silence(AAC_FRAME - count), self._silence(AAC_FRAME)]

    def _in_place(self, samples: bytes, pts: int) -> bytes:
        """`samples`, of which the first has the time `pts`, made to go on where the last ones ended."""
        size = self.format.size
        missing = pts - self._next
        if not self._sounded:
            self._next = max(self._next, pts)
            samples = samples[max(-missing, 0) * size :]
        elif abs(missing) > _LONGEST_SILENCE_S * self._rate:
            self._next = pts  # a jump: the time goes on from here, at the next frame
        elif missing > 0 and not self._goes_on(pts):
            samples = self._silence(missing) + samples
        elif not self._goes_on(pts):
            samples = samples[-missing * size :]
        self._sounded = self._sounded or bool(samples)
        self._next += len(samples) // size
        return samples

    def _silence(self, count: int) -> bytes:
        return self.format.silence * count
