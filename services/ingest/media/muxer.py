"""One mux session: access units in, `moof mdat` out (ISO/IEC 14496-12, 8.8).

A fragment is cut before each key frame and after 0.5 s, when the unit behind the cut comes: its DTS tells the
last sample's duration. It is cut earlier where much is held, whatever the stamps say. Closing cuts the rest.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from services.ingest.media.movie_head import Run, durations, movie_head
from snowlight.media.boxes import AUDIO_TRACK, VIDEO_TIMESCALE, VIDEO_TRACK, MovieFragment

_LONGEST_FRAGMENT: Final = VIDEO_TIMESCALE // 2
_LARGEST_FRAGMENT: Final = 4 << 20
_SAMPLE_BYTES: Final = 256
"""What the record of a sample takes beside its bytes, so that many empty ones are much as well."""
_AUDIO_AHEAD_S: Final = 2
_AUDIO_AHEAD_BYTES: Final = 1 << 20


class Muxed(NamedTuple):
    """One fragment."""

    movie: MovieFragment
    """Its video."""
    head: bytes
    """`moof`, and the header of `mdat`."""
    samples: Sequence[bytes]
    """The content of `mdat`."""


class Muxer:
    """Samples are handed on as they came: no byte is copied."""

    __slots__ = (
        "_audio",
        "_audio_bytes",
        "_decode_time",
        "_key",
        "_sample_rate",
        "_samples",
        "_sequence",
        "_video_bytes",
    )

    def __init__(self, sample_rate: int = 0) -> None:
        """`sample_rate`: of the audio, 0 where there is none."""
        self._sample_rate = sample_rate
        self._sequence = 0
        self._samples: list[tuple[bytes, int, int, int]] = []  # data, DTS, composition offset, duration
        self._audio: list[tuple[bytes, int, int]] = []  # data, time, duration
        self._video_bytes = self._audio_bytes = 0
        self._decode_time = 0
        self._key = False

    def ends_before(self, dts: int, key: bool) -> bool:
        """The fragment that is open ends where the access unit of `dts` begins."""
        return bool(self._samples) and (
            key or dts - self._decode_time >= _LONGEST_FRAGMENT or self._video_bytes >= _LARGEST_FRAGMENT
        )

    def video(self, data: bytes, pts: int, dts: int, duration: int, key: bool) -> Muxed | None:
        """Take an access unit (as in `AccessUnitSink.on_video`); times in 90 kHz, `dts` increasing.

        `pts` is not before it. `duration`: in case no unit follows. Returns the fragment that ends here, if
        one does.
        """
        samples = self._samples
        muxed = None
        if self.ends_before(dts, key):
            muxed = self._cut(dts, self._take_audio(dts))
            samples = self._samples
        if not samples:
            self._decode_time = dts
            self._key = key
        samples.append((data, dts, pts - dts, duration))
        self._video_bytes += len(data) + _SAMPLE_BYTES
        return muxed

    def audio(self, data: bytes, time: int, duration: int) -> None:
        """Take one AAC frame, times in samples. It goes with the pictures beside or behind it.

        It is dropped where it is far ahead of the pictures: they do not come, or the stamps do not agree.
        """
        size = self._audio_bytes + len(data) + _SAMPLE_BYTES
        if size > _AUDIO_AHEAD_BYTES or time > self._audio_limit():
            return
        self._audio.append((data, time, duration))
        self._audio_bytes = size

    def _audio_limit(self) -> int:
        """The latest time that audio may have now: a slow camera's next picture is an interval away."""
        limit = _AUDIO_AHEAD_S * self._sample_rate
        if self._samples:
            _, dts, offset, interval = self._samples[-1]
            limit += (dts + offset + interval) * self._sample_rate // VIDEO_TIMESCALE
        return limit

    def close(self) -> Muxed | None:
        """The rest."""
        if not self._samples:
            return None
        audio, self._audio = self._audio, []
        self._audio_bytes = 0
        _, dts, _, duration = self._samples[-1]
        return self._cut(dts + duration, audio)

    def _take_audio(self, end: int) -> list[tuple[bytes, int, int]]:
        """What begins before the video's `end`; what was captured after it came early."""
        audio = self._audio
        if not audio:
            return audio
        end = end * self._sample_rate // VIDEO_TIMESCALE
        count = len(audio)
        while count and audio[count - 1][1] >= end:
            count -= 1
        self._audio = audio[count:]
        self._audio_bytes = sum(len(frame) + _SAMPLE_BYTES for frame, _, _ in self._audio)
        return audio[:count]

    def _cut(self, end: int, audio: list[tuple[bytes, int, int]]) -> Muxed:
        samples, self._samples = self._samples, []
        self._video_bytes = 0
        units: list[bytes] = []
        stamps: list[int] = []
        sizes: list[int] = []
        offsets: list[int] = []
        reordered = False
        for data, dts, offset, _ in samples:
            units.append(data)
            stamps.append(dts)
            sizes.append(len(data))
            offsets.append(offset)
            reordered = reordered or offset != 0
        columns: list[Sequence[int]] = [durations(stamps, end), sizes]
        if reordered:
            columns.append(offsets)
        runs = [Run(VIDEO_TRACK, self._decode_time, columns, key=self._key)]
        if audio:
            frames, times, lengths = zip(*audio, strict=True)
            columns = [durations(list(times), times[-1] + lengths[-1]), [len(frame) for frame in frames]]
            runs.append(Run(AUDIO_TRACK, times[0], columns, key=True))
            units += frames
        self._sequence += 1
        movie = MovieFragment(self._decode_time, end - self._decode_time, len(samples), self._key)
        return Muxed(movie, movie_head(self._sequence, runs), tuple(units))
