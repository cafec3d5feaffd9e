"""One mux session: access units in, `[ftyp moov]` and `moof mdat` out, by PyAV.

libav cuts at each key frame and after 0.5 s, when the packet behind the cut arrives; closing cuts the rest.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import av
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream

from snowlight.media.boxes import VIDEO_TIMESCALE, MovieFragment, find_movie, pair_size, parse_moof

_OPTIONS = {
    # As if fragments went before, and nothing shifted: else libav has the first frame of audio begin at 0,
    # whenever it was captured, and its sound is heard too early.
    "movflags": "frag_keyframe+empty_moov+default_base_moof+skip_trailer+frag_discont",
    "use_editlist": "0",
    "avoid_negative_ts": "disabled",
    "frag_duration": "500000",
    "flush_packets": "1",
    "max_interleave_delta": "100000",
}
_VIDEO_TIME_BASE = Fraction(1, VIDEO_TIMESCALE)


class _Sink:
    """A file that cannot seek and gives away what was written to it."""

    __slots__ = ("chunks",)

    def __init__(self) -> None:
        self.chunks: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.chunks.append(data)
        return len(data)


class Muxed(NamedTuple):
    """One fragment: its video, and its `(moof mdat)+` in pieces. Pairs of audio alone may be among them."""

    movie: MovieFragment
    chunks: list[bytes]


class Muxer:
    """Raises av.FFmpegError when libav refuses a stream or a packet."""

    __slots__ = ("_audio", "_audio_only", "_container", "_sink", "_video", "init")

    def __init__(self, video: VideoStream, audio: AudioStream | None = None) -> None:
        """Templates of the streams. The mux has no audio when `audio` is None."""
        self._sink = _Sink()
        self._container = av.open(self._sink, "w", format="mp4", options=_OPTIONS)
        self._video = self._container.add_stream_from_template(video)
        if video.codec_context.name == "hevc":
            self._video.codec_context.codec_tag = "hvc1"
        self._video.time_base = _VIDEO_TIME_BASE
        self._audio: AudioStream | None = None
        if audio is not None:
            self._audio = self._container.add_stream_from_template(audio)
            self._audio.time_base = Fraction(1, audio.sample_rate)
        self._audio_only: list[bytes] = []
        self._container.start_encoding()
        self.init = b"".join(self._written())
        """`[ftyp moov]`"""

    def video(self, data: bytes, pts: int, dts: int, duration: int, key: bool) -> bool:
        """Mux an access unit (as in `AccessUnitSink.on_video`), times in 90 kHz. True if there is output."""
        packet = Packet(data)
        packet.stream = self._video
        packet.pts = pts
        packet.dts = dts
        packet.duration = duration  # no time base: the stream's is taken
        packet.is_keyframe = key
        self._container.mux_one(packet)
        return bool(self._sink.chunks)

    def audio(self, data: bytes, pts: int, duration: int) -> bool:
        """Mux one AAC frame, times in samples. True if there is output."""
        assert self._audio is not None
        packet = Packet(data)
        packet.stream = self._audio
        packet.pts = packet.dts = pts
        packet.duration = duration
        packet.is_keyframe = True
        self._container.mux_one(packet)
        return bool(self._sink.chunks)

    def take(self) -> list[Muxed]:
        """What was written since the last call, nearly always one pair, which then is not copied.

        Audio alone, as between the pictures of a slow camera, waits for the next call.
        """
        chunks = self._written()
        size = sum(map(len, chunks))
        if not size:
            return []
        if pair_size(chunks[0]) != size:
            return list(self._fragments(b"".join(chunks)))
        try:
            movie = parse_moof(chunks[0])
        except ValueError:
            self._audio_only += chunks
            return []
        return [Muxed(movie, self._with_audio(chunks))]

    def _fragments(self, data: bytes) -> Iterator[Muxed]:
        start = 0
        while start < len(data):
            try:
                movie, end = find_movie(data, start)
            except ValueError:
                self._audio_only.append(data[start:])
                return
            yield Muxed(movie, self._with_audio([data[start:end]]))
            start = end

    def _with_audio(self, chunks: list[bytes]) -> list[bytes]:
        if not self._audio_only:
            return chunks
        audio, self._audio_only = self._audio_only, []
        return audio + chunks

    def _written(self) -> list[bytes]:
        chunks, self._sink.chunks = self._sink.chunks, []
        return chunks

    def close(self) -> list[Muxed]:
        """End the mux; returns the fragment that was open, and what else was not taken."""
        self._container.close()
        return self.take()
