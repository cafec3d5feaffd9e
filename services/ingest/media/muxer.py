"""One mux session: access units in, `[ftyp moov]` and `moof mdat` out, by PyAV.

libav cuts at each key frame and after 0.5 s, when the packet behind the cut arrives; closing cuts the rest.
"""

from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream

from snowlight.media.boxes import VIDEO_TIMESCALE

_OPTIONS = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof+skip_trailer",
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


class Muxer:
    """Raises av.FFmpegError when libav refuses a stream or a packet."""

    __slots__ = ("_audio", "_container", "_sink", "_video", "init")

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
        self._container.start_encoding()
        self.init = b"".join(self.take())
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

    def take(self) -> list[bytes]:
        """What was written since the last call, in pieces: whole fragments."""
        chunks, self._sink.chunks = self._sink.chunks, []
        return chunks

    def close(self) -> list[bytes]:
        """End the mux; returns the fragment that was open."""
        self._container.close()
        return self.take()
