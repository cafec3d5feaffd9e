"""One mux session encoded anew: fragment for fragment, with the numbers and instants of the source's."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import pairwise

import av
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from services.ingest.media.init_section import InitSections
from services.ingest.media.movie_head import Run, movie_head
from services.ingest.transcoding.decoder import Decoder
from services.ingest.transcoding.encoder import Encoded, Encoder, Output
from services.ingest.transcoding.ladder import Rung, check_size
from services.ingest.transcoding.samples import Sample, Samples, read_samples
from snowlight.media.appearance import in_limited_range
from snowlight.media.boxes import AUDIO_TRACK, VIDEO_TIMESCALE, VIDEO_TRACK
from snowlight.media.description import describe
from snowlight.media.fragment import Fragment, InitSection

_MOST_PENDING = 8


@dataclass(frozen=True, slots=True)
class Skipped:
    """A fragment of which nothing came out."""

    fragment: Fragment
    reason: str


Event = InitSection | Fragment | Skipped


@dataclass(slots=True)
class _Pending:
    """A fragment whose pictures are on their way. Times are of presentation, in 90 kHz."""

    fragment: Fragment
    samples: Samples
    start: int
    end: int
    delay: int
    """By how much pictures are shown later than decoded."""
    keyed: bool = False
    damaged: bool = False
    pictures: list[Encoded] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Nothing more can come. Where pictures are reordered, only a later one tells."""
        return not self.delay and len(self.pictures) == len(self.samples.video)


class Session:
    """Its first fragment begins with a key frame. Blocks."""

    def __init__(
        self,
        init: InitSection,
        rung: Rung,
        open_encoder: Callable[[Output], Encoder],
        sections: InitSections,
        threads: int,
    ) -> None:
        """Raises FailedPreconditionError("transcode.too_large"), and ValueError and `av.FFmpegError` where
        the init section is no use."""
        check_size(init.width, init.height)
        self._init = init
        self._rung = rung
        self._open_encoder = open_encoder
        self._sections = sections
        self._decoder = Decoder(init.data, threads)
        self._encoder: Encoder | None = None
        self._reformatter = VideoReformatter()
        self._pending: deque[_Pending] = deque()
        self._shown = -1  # the last picture that was encoded
        self._sequence = 0
        self._told = False

    def feed(self, fragment: Fragment) -> Iterator[Event]:
        """What is whole with this fragment. Raises as `__init__` does."""
        samples = read_samples(fragment.data)
        self._pending.append(_place(fragment, samples))
        for sample in samples.video:
            self._decode(sample)
        yield from self._complete()

    def finish(self) -> Iterator[Event]:
        """The rest."""
        for frame in self._decoder.flush():
            self._encode(frame)
        if self._encoder is not None:
            self._take(self._encoder.flush())
        while self._pending:
            yield from self._emit()

    def _decode(self, sample: Sample) -> None:
        try:
            frames = self._decoder.decode(sample)
        except MemoryError:
            raise
        except av.FFmpegError:
            self._pending[-1].damaged = True
            return
        for frame in frames:
            self._encode(frame)

    def _encode(self, frame: VideoFrame) -> None:
        pts = frame.pts
        if pts is None or pts <= self._shown or not self._is_awaited(pts):
            return  # leading pictures refer to what came before the key frame
        self._shown = pts
        pending = self._at(pts)
        key = pending.fragment.independent and not pending.keyed
        pending.keyed = True
        encoder = self._encoder or self._begin(frame, pending)
        output = encoder.output
        frame = in_limited_range(
            frame, output.width, output.height, self._reformatter, Interpolation.BILINEAR
        )
        frame.pts = pts
        self._take(encoder.encode(frame, key=key))

    def _begin(self, frame: VideoFrame, pending: _Pending) -> Encoder:
        check_size(frame.width, frame.height)
        width, height = self._rung.size(frame.width, frame.height)
        pictures = pending.samples.video
        length = sum(picture.duration for picture in pictures)
        rate = len(pictures) * VIDEO_TIMESCALE / max(length, 1)
        self._encoder = self._open_encoder(
            Output(
                width,
                height,
                min(
                    max(round(rate), 1), 120
                ),  # whole: all segments of a recording have the same parameter sets
                self._rung.bits_per_second,
                self._decoder.appearance,
            )
        )
        return self._encoder

    def _take(self, encoded: Iterator[Encoded]) -> None:
        for picture in encoded:
            if self._is_awaited(picture.pts):
                self._at(picture.pts).pictures.append(picture)

    def _is_awaited(self, pts: int) -> bool:
        """Its fragment has not come out yet."""
        return bool(self._pending) and pts >= self._pending[0].start

    def _at(self, pts: int) -> _Pending:
        """The fragment that shows a picture."""
        return next(pending for pending in reversed(self._pending) if pending.start <= pts)

    def _complete(self) -> Iterator[Event]:
        while self._pending:
            behind = list(self._pending)[1:]
            if not (
                self._pending[0].whole
                or any(pending.pictures for pending in behind)
                or len(behind) >= _MOST_PENDING
            ):
                return
            yield from self._emit()

    def _emit(self) -> Iterator[Event]:
        pending = self._pending.popleft()
        if not pending.pictures:
            yield Skipped(pending.fragment, "none of its pictures could be decoded")
            return
        if not self._told:
            yield self._tell()
        end = max(self._pending[0].start if self._pending else pending.end, pending.pictures[-1].pts + 1)
        self._sequence += 1
        yield _written(pending, self._sequence, end)

    def _tell(self) -> InitSection:
        encoder = self._encoder
        assert encoder is not None
        data = encoder.init_section(self._decoder.audio, self._sections)
        description = describe(data)
        self._told = True
        return replace(
            self._init,
            init8=sha256(data).hexdigest()[:8],
            data=data,
            codecs=description.codecs,
            width=description.width,
            height=description.height,
        )


def _place(fragment: Fragment, samples: Samples) -> _Pending:
    first, last = samples.video[0], samples.video[-1]
    delay = max(0, samples.media_time - first.dts)
    start = first.pts if fragment.independent else first.dts + delay
    return _Pending(fragment, samples, start, last.dts + last.duration + delay, delay)


def _written(pending: _Pending, sequence: int, end: int) -> Fragment:
    pictures = pending.pictures
    times = [picture.pts for picture in pictures] + [end]
    durations = [b - a for a, b in pairwise(times)]
    sizes = [len(picture.data) for picture in pictures]
    offsets = [pending.delay] * len(pictures) if pending.delay else None
    runs = [Run(VIDEO_TRACK, times[0] - pending.delay, durations, sizes, offsets, key=pictures[0].key)]
    sounds = pending.samples.audio
    if sounds:
        durations = [sound.duration for sound in sounds]
        sizes = [len(sound.data) for sound in sounds]
        runs.append(Run(AUDIO_TRACK, sounds[0].dts, durations, sizes, key=True))
    head = pending.samples.clock + movie_head(sequence, runs)
    return replace(
        pending.fragment,
        independent=pictures[0].key,
        lossy=pending.fragment.lossy or pending.damaged,
        chunks=(head, *(picture.data for picture in pictures), *(sound.data for sound in sounds)),
    )
