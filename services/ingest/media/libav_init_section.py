"""Init sections written by PyAV without a picture to decode or an encoder to open."""

import io
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from services.ingest.media.init_section import AudioEntry, write_movie
from services.ingest.media.libav_refusals import libav_refusals
from snowlight.media.boxes import VIDEO_TIMESCALE, iterate

_TIMESCALE = 12  # where it is in `mdhd`, version 0 (ISO/IEC 14496-12, 8.4.2)
_HANDLER_TYPE = 8  # in `hdlr` (8.4.3)
_OPTIONS = {"movflags": "frag_keyframe+empty_moov+default_base_moof+skip_trailer", "use_editlist": "0"}


@libav_refusals()
def write(video_sample_entry: bytes, audio: AudioEntry | None) -> bytes:
    """Of pictures, and of sound where there is any. Raises ValueError when libav refuses an entry."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4", options=_OPTIONS) as container:
        template = _open(video_sample_entry, b"vide", VIDEO_TIMESCALE)
        if not isinstance(template, VideoStream):
            raise ValueError("sample entry is not video")
        video = container.add_stream_from_template(template)
        if template.codec_context.name == "hevc":
            video.codec_context.codec_tag = "hvc1"
        video.time_base = Fraction(1, VIDEO_TIMESCALE)
        if audio is not None:
            template = _open(audio.sample_entry, b"soun", audio.sample_rate)
            if not isinstance(template, AudioStream):
                raise ValueError("sample entry is not audio")
            container.add_stream_from_template(template).time_base = Fraction(1, audio.sample_rate)
        container.start_encoding()
        written = file.getvalue()
    return written if audio is None else _counting_sound_in(written, audio.sample_rate)


def _open(entry: bytes, handler: bytes, timescale: int) -> VideoStream | AudioStream:
    container = av.open(io.BytesIO(write_movie(entry, handler, timescale)), format="mp4")
    return container.streams.video[0] if handler == b"vide" else container.streams.audio[0]


def _counting_sound_in(init: bytes, timescale: int) -> bytes:
    """libav counts sound in the frequency that its configuration tells. A session counts in its source's
    clock, which is another one where spectral bands are replicated (ISO/IEC 14496-3, 1.6.5), or by mistake.
    """
    at = _media_header_of_sound(init) + _TIMESCALE
    return init[:at] + timescale.to_bytes(4, "big") + init[at + 4 :]


def _media_header_of_sound(init: bytes) -> int:
    (movie,) = ((start, end) for kind, start, end in iterate(init) if kind == b"moov")
    for kind, start, end in iterate(init, *movie):
        if kind == b"trak":
            media = next(
                (first, last) for inner, first, last in iterate(init, start, end) if inner == b"mdia"
            )
            boxes = {inner: first for inner, first, _ in iterate(init, *media)}
            if init.startswith(b"soun", boxes[b"hdlr"] + _HANDLER_TYPE):
                return boxes[b"mdhd"]
    raise ValueError("no sound in the init section")
