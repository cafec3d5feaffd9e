"""Fragments as a transport stream: the same pictures and sound, not encoded anew.

libav and numpy are loaded by the first segment, in its thread: many gateways serve none.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from snowlight.errors import DataLossError
from snowlight.media.boxes import VIDEO_TIMESCALE

if TYPE_CHECKING:
    from av.stream import Stream

_DELAY_S = 0.7
"""How long before a picture is due its bytes are there (libav's default)."""
_WRITING = {"max_delay": str(int(_DELAY_S * 1_000_000)), "pcr_period": "40"}
_READING = {"probesize": "32", "analyzeduration": "0"}
"""Decode nothing to find out what the init section tells."""


def remux(init: bytes, fragments: bytes, *, silent: bool) -> bytes:
    """A segment of H.264 and AAC: PAT, PMT, then pictures with access unit delimiters, and with the parameter
    sets where they are key frames.

    Its timestamps are those of the fragments, and 1.4 s. `silent`: without the sound. Blocks: run it in a
    thread.
    Raises DataLossError when the fragments cannot be read.
    """
    import av

    from services.gateway.transport_stream.continuity import continuous

    file = io.BytesIO()
    try:
        end = _copy(io.BytesIO(init + fragments), file, silent=silent)
        return continuous(file.getvalue(), end + round(_DELAY_S * VIDEO_TIMESCALE))
    except (av.FFmpegError, ValueError) as error:
        raise DataLossError("ts.unreadable", "this footage cannot be made a transport stream") from error


def _copy(source: io.BytesIO, target: io.BytesIO, *, silent: bool) -> int:
    """When the last picture ends, in 90 kHz, by decode time."""
    import av

    end = 0
    with (
        av.open(source, "r", format="mp4", options=_READING) as fragments,
        av.open(target, "w", format="mpegts", options=_WRITING) as stream,
    ):
        outputs: dict[int, Stream] = {}
        for track in (*fragments.streams.video[:1], *(() if silent else fragments.streams.audio[:1])):
            if track.codec_context.name in ("h264", "aac"):
                outputs[track.index] = stream.add_stream_from_template(track)
        for packet in fragments.demux([fragments.streams[index] for index in outputs]):
            if packet.dts is None or packet.time_base is None:  # the end
                continue
            if packet.stream.type == "video":
                end = round((packet.dts + (packet.duration or 0)) * packet.time_base * VIDEO_TIMESCALE)
            packet.stream = outputs[packet.stream.index]
            stream.mux(packet)
    return end
