"""The readers of a connection's channels: a track's RTP, and its RTCP."""

from services.ingest.sources.rtp.aac import AacDepacketiser
from services.ingest.sources.rtp.audio import AudioReceiver
from services.ingest.sources.rtp.h264 import H264Depacketiser
from services.ingest.sources.rtp.h265 import H265Depacketiser
from services.ingest.sources.rtp.rtcp import RtcpReceiver
from services.ingest.sources.rtp.sampled import SampledDepacketiser
from services.ingest.sources.rtp.video import VideoReceiver
from services.ingest.sources.rtsp.client.connection import Connection
from services.ingest.sources.rtsp.sdp import MediaDescription, au_header_layout, samples_per_tick
from services.ingest.sources.source import AccessUnitSink, AudioTrack, VideoTrack

Channels = tuple[int, int]
"""Of a track's RTP and its RTCP."""


def receive_video(
    connection: Connection,
    channels: Channels,
    media: MediaDescription,
    track: VideoTrack,
    sink: AccessUnitSink,
    max_access_unit: int,
) -> VideoReceiver:
    """Read a video track from now on. `max_access_unit`: bytes of one that are gathered."""
    builder = (H264Depacketiser if track.codec == "h264" else H265Depacketiser)(track.parameter_sets)
    rtp, rtcp = channels
    receiver = VideoReceiver(rtp, media.payload_type, builder, sink, max_access_unit)
    connection.channels[rtp] = receiver
    connection.channels[rtcp] = RtcpReceiver("video", receiver.clock, sink, connection.end)
    return receiver


def receive_audio(
    connection: Connection,
    channels: Channels,
    media: MediaDescription,
    track: AudioTrack,
    sink: AccessUnitSink,
) -> None:
    """Read an audio track from now on."""
    aac = track.codec == "aac"
    depacketiser = AacDepacketiser(au_header_layout(media, track)) if aac else SampledDepacketiser()
    rtp, rtcp = channels
    receiver = AudioReceiver(
        rtp, media.payload_type, depacketiser, sink, clock_scale=samples_per_tick(media, track)
    )
    connection.channels[rtp] = receiver
    connection.channels[rtcp] = RtcpReceiver("audio", receiver.clock, sink, connection.end)
