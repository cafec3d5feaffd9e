"""The reading side of a connection to a camera, without the connection."""

from services.ingest.sources.rtp.aac import AacDepacketiser
from services.ingest.sources.rtp.audio import AudioReceiver
from services.ingest.sources.rtp.h264 import H264Depacketiser
from services.ingest.sources.rtp.h265 import H265Depacketiser
from services.ingest.sources.rtp.rtcp import RtcpReceiver
from services.ingest.sources.rtp.sampled import SampledDepacketiser
from services.ingest.sources.rtp.video import VideoReceiver
from services.ingest.sources.rtsp.interleaved import Demultiplexer
from services.ingest.sources.rtsp.message import Request, Response
from services.ingest.sources.rtsp.sdp import (
    au_header_layout,
    choose_audio,
    choose_video,
    parse_session_description,
)
from tests.unit.sources.recorder import Recorder

MOST_HELD = 140_000
"""Bytes: what of a frame or message is not whole yet, which is less than two of the longest."""
MAX_ACCESS_UNIT = 64 << 10


class Listener:
    """Its readers stand on the channels as soon as the SDP was understood."""

    def __init__(self) -> None:
        self.sink = Recorder()
        self.video: VideoReceiver | None = None
        self._demultiplexer = Demultiplexer(self._on_message)
        self._rest = bytearray()

    def feed(self, data: bytes) -> None:
        self._rest += data
        read = self._demultiplexer.read(bytes(self._rest), 0, len(self._rest))
        assert 0 <= read <= len(self._rest)
        del self._rest[:read]
        assert len(self._rest) <= MOST_HELD

    def _on_message(self, message: Request | Response) -> None:
        if self.video is None and message.body:
            self._set_up(message.body.decode("utf-8", "replace"))

    def _set_up(self, text: str) -> None:
        described = parse_session_description(text)
        media, track = choose_video(described)
        builder = (H264Depacketiser if track.codec == "h264" else H265Depacketiser)(track.parameter_sets)
        self.video = VideoReceiver(0, media.payload_type, builder, self.sink, MAX_ACCESS_UNIT)
        channels = self._demultiplexer.channels
        channels[0] = self.video
        channels[1] = RtcpReceiver("video", self.video.clock, self.sink, lambda: None)
        if (chosen := choose_audio(described)) is not None:
            media, sound = chosen
            reader = (
                AacDepacketiser(au_header_layout(media, sound))
                if sound.codec == "aac"
                else SampledDepacketiser()
            )
            channels[2] = AudioReceiver(2, media.payload_type, reader, self.sink)
