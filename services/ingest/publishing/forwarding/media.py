"""The calls of a sink as messages, and back."""

from typing import cast, get_args

from services.ingest.sources.source import (
    AccessUnitSink,
    AudioCodec,
    AudioTrack,
    SourceError,
    VideoCodec,
    VideoTrack,
)
from snowlight.api.ingest.v1 import publishing_pb2


def tracks_message(video: VideoTrack, audio: AudioTrack | None) -> publishing_pb2.PublishedTracks:
    """What `on_tracks` is told."""
    message = publishing_pb2.PublishedTracks(
        video_codec=video.codec,
        video_clock_rate=video.clock_rate,
        parameter_sets=publishing_pb2.ParameterSets(units=video.parameter_sets),
        arrival_ms=video.arrival_ms,
    )
    if audio is not None:
        message.audio_codec = audio.codec
        message.audio_clock_rate = audio.clock_rate
        message.audio_channels = audio.channels
        message.audio_config = audio.config
    return message


def feed(event: publishing_pb2.MediaEvent, sink: AccessUnitSink) -> None:
    """Call `sink` as `event` tells. Raises SourceError for what is no event."""
    match event.WhichOneof("event"):
        case "video":
            sink.on_video(event.video.data, event.video.pts, event.video.key)
        case "audio":
            sink.on_audio(event.audio.data, event.audio.pts)
        case "tracks":
            sink.on_tracks(*_tracks(event.tracks))
        case "parameter_sets":
            sink.on_parameter_sets(tuple(event.parameter_sets.units))
        case "lost":
            sink.on_loss(event.lost)
        case "received":
            sink.on_received(event.received)
        case "report":
            report = event.report
            sink.on_sender_report("audio" if report.audio else "video", report.ntp_ms, report.pts)
        case _:
            raise SourceError("camera.protocol_error", "a worker gives on what this one does not know")


def _tracks(message: publishing_pb2.PublishedTracks) -> tuple[VideoTrack, AudioTrack | None]:
    if message.video_codec not in get_args(VideoCodec) or not message.video_clock_rate:
        raise SourceError("camera.codec_unsupported", "a worker gives on video that this one does not know")
    video = VideoTrack(
        cast(VideoCodec, message.video_codec),
        message.video_clock_rate,
        tuple(message.parameter_sets.units),
        message.arrival_ms,
    )
    if message.audio_codec not in get_args(AudioCodec) or not message.audio_clock_rate:
        return video, None
    audio = AudioTrack(
        cast(AudioCodec, message.audio_codec),
        message.audio_clock_rate,
        message.audio_channels,
        message.audio_config,
    )
    return video, audio
