"""A mux session's pictures decoded."""

import io
from collections.abc import Iterator
from fractions import Fraction

import av
from av.codec.context import ThreadType
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from services.ingest.media.init_section import AudioEntry
from services.ingest.media.sample_entry import audio_sample_entry
from services.ingest.transcoding.samples import Sample
from snowlight.media.appearance import Appearance
from snowlight.media.boxes import VIDEO_TIMESCALE

TIME_BASE = Fraction(1, VIDEO_TIMESCALE)


class Decoder:
    """Made from an init section; raises ValueError and `av.FFmpegError` where that is no use."""

    def __init__(self, init: bytes, threads: int) -> None:
        with av.open(io.BytesIO(init), "r", format="mp4") as movie:
            if not movie.streams.video:
                raise ValueError("no pictures are declared")
            declared = movie.streams.video[0].codec_context
            codec = av.CodecContext.create(declared.name, "r")
            assert isinstance(codec, VideoCodecContext)
            codec.extradata = declared.extradata
            self.audio = _audio_entry(movie)
            """How the sound is declared, None where there is none."""
        codec.thread_count = threads
        codec.thread_type = ThreadType.SLICE  # threads that each take a picture deliver it later
        codec.open()
        self._codec = codec

    @property
    def appearance(self) -> Appearance:
        """Of what it has decoded."""
        return Appearance.of(self._codec)

    def decode(self, sample: Sample) -> list[VideoFrame]:
        """The pictures that are whole now, in the order in which they are shown; `pts` is their sample's.

        Raises `av.FFmpegError` for a damaged one.
        """
        packet = av.Packet(sample.data)
        packet.pts, packet.dts, packet.duration = sample.pts, sample.dts, sample.duration
        packet.time_base = TIME_BASE
        packet.is_keyframe = sample.key
        return self._codec.decode(packet)

    def flush(self) -> Iterator[VideoFrame]:
        """The rest."""
        yield from self._codec.decode(None)


def _audio_entry(movie: av.container.InputContainer) -> AudioEntry | None:
    if not movie.streams.audio:
        return None
    stream = movie.streams.audio[0]
    assert stream.time_base is not None
    codec, timescale = stream.codec_context, stream.time_base.denominator
    return AudioEntry(
        audio_sample_entry(timescale, codec.layout.nb_channels, codec.extradata or b""), timescale
    )
