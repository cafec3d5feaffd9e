"""One mux session: access units in, `moof mdat` out (ISO/IEC 14496-12, 8.8).

A fragment is cut before each key frame and after 0.5 s, when the unit behind the cut comes: its DTS tells the
last sample's duration. It is cut earlier where much is held, whatever the stamps say. Closing cuts the rest.
"""

from typing import Final, final

from services.ingest.media.movie_head import Run, movie_head
from snowlight.media.boxes import AUDIO_TRACK, VIDEO_TIMESCALE, VIDEO_TRACK

_LONGEST_FRAGMENT: Final = VIDEO_TIMESCALE // 2
_LARGEST_FRAGMENT: Final = 4 << 20
_SAMPLE_BYTES: Final = 256
"""What the record of a sample takes beside its bytes, so that many empty ones are much as well."""
_AUDIO_AHEAD_S: Final = 2
_AUDIO_AHEAD_BYTES: Final = 1 << 20


@final
class Muxed:
    """One fragment. Times are its video's, in 90 kHz."""

    __slots__ = ("decode_time", "duration", "head", "independent", "pictures", "samples")

    def __init__(
        self,
        decode_time: int,
        duration: int,
        pictures: int,
        head: bytes,
        samples: list[bytes],
        *,
        independent: bool,
    ) -> None:
        self.decode_time = decode_time
        self.duration = duration
        self.pictures = pictures
        self.independent = independent
        self.head = head
        """`moof`, and the header of `mdat`."""
        self.samples = samples
        """The content of `mdat`."""


class Muxer:
    """Samples are handed on as they came: no byte is copied.

    What a fragment's table says of its pictures is laid down as they come, by column: when it is cut, those
    of hundreds of other cameras have been through the processor's caches, and each object that is looked at
    comes from memory.
    """

    __slots__ = (
        "_audio",
        "_audio_bytes",
        "_decode_time",
        "_dts",
        "_durations",
        "_interval",
        "_key",
        "_offsets",
        "_reordered",
        "_sample_rate",
        "_sequence",
        "_sizes",
        "_units",
        "_video_bytes",
    )

    def __init__(self, sample_rate: int = 0) -> None:
        """`sample_rate`: of the audio, 0 where there is none."""
        self._sample_rate = sample_rate
        self._sequence = 0
        self._units: list[bytes] = []
        self._sizes: list[int] = []
        self._offsets: list[int] = []  # of composition
        self._durations: list[int] = []  # of all but the last
        self._dts = self._interval = 0  # of the last; how long it lasts if none follows
        self._reordered = False
        self._audio: list[tuple[bytes, int, int]] = []  # data, time, duration
        self._video_bytes = self._audio_bytes = 0
        self._decode_time = 0
        self._key = False

    def ends_before(self, dts: int, key: bool) -> bool:
        """The fragment that is open ends where the access unit of `dts` begins."""
        return bool(self._units) and (
            key or dts - self._decode_time >= _LONGEST_FRAGMENT or self._video_bytes >= _LARGEST_FRAGMENT
        )

    def video(self, data: bytes, pts: int, dts: int, duration: int, key: bool) -> Muxed | None:
        """Take an access unit (as in `AccessUnitSink.on_video`); times in 90 kHz, `dts` increasing.

        `pts` is not before it. `duration`: in case no unit follows. Returns the fragment that ends here, if
        one does.
        """
        muxed = self._cut(dts, self._take_audio(dts)) if self.ends_before(dts, key) else None
        if self._units:
            self._durations.append(dts - self._dts)
        else:
            self._decode_time = dts
            self._key = key
        offset = pts - dts
        size = len(data)
        self._units.append(data)
        self._sizes.append(size)
        self._offsets.append(offset)
        self._reordered = self._reordered or offset != 0
        self._dts = dts
        self._interval = duration
        self._video_bytes += size + _SAMPLE_BYTES
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
        if self._units:
            limit += (self._dts + self._offsets[-1] + self._interval) * self._sample_rate // VIDEO_TIMESCALE
        return limit

    def close(self) -> Muxed | None:
        """The rest."""
        if not self._units:
            return None
        audio, self._audio = self._audio, []
        self._audio_bytes = 0
        return self._cut(self._dts + self._interval, audio)

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
        samples, self._units = self._units, []
        durations, self._durations = self._durations, []
        sizes, self._sizes = self._sizes, []
        offsets, self._offsets = self._offsets, []
        pictures = len(samples)
        durations.append(end - self._dts)
        reordered = offsets if self._reordered else None
        runs = [Run(VIDEO_TRACK, self._decode_time, durations, sizes, reordered, key=self._key)]
        if audio:
            runs.append(_sound(audio))
            samples += [frame for frame, _, _ in audio]
        self._sequence += 1
        self._video_bytes = 0
        self._reordered = False
        head = movie_head(self._sequence, runs)
        begin = self._decode_time
        return Muxed(begin, end - begin, pictures, head, samples, independent=self._key)


def _sound(audio: list[tuple[bytes, int, int]]) -> Run:
    """The run of what `Muxer.audio` took."""
    durations: list[int] = []
    sizes: list[int] = []
    begin = audio[0][1]
    for _, time, _ in audio[1:]:
        durations.append(time - begin)
        begin = time
    durations.append(audio[-1][2])
    for frame, _, _ in audio:
        sizes.append(len(frame))
    return Run(AUDIO_TRACK, audio[0][1], durations, sizes, key=True)
