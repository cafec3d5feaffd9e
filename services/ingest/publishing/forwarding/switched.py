"""One camera's media, given to one sink after another."""

from dataclasses import replace

from services.ingest.sources.source import AccessUnitSink, AudioTrack, TrackKind, VideoTrack


class SwitchedMedia:
    """An AccessUnitSink that passes on to another one, each time from a key frame on; to none at first."""

    def __init__(self) -> None:
        self._sink: AccessUnitSink | None = None
        self._video: VideoTrack | None = None
        self._audio: AudioTrack | None = None
        self._key_awaited = False

    def connect(self, sink: AccessUnitSink) -> None:
        """Pass on to `sink` what comes from the next key frame on."""
        self._sink = sink
        self._key_awaited = True
        if self._video is not None:
            sink.on_tracks(self._video, self._audio)

    def disconnect(self) -> None:
        """Pass on nothing."""
        self._sink = None

    def on_tracks(self, video: VideoTrack, audio: AudioTrack | None) -> None:
        self._video, self._audio = video, audio
        if self._sink is not None:
            self._sink.on_tracks(video, audio)

    def on_parameter_sets(self, parameter_sets: tuple[bytes, ...]) -> None:
        if self._video is not None:
            self._video = replace(self._video, parameter_sets=parameter_sets)
        if self._sink is not None:
            self._sink.on_parameter_sets(parameter_sets)

    def on_video(self, data: bytes, pts: int, key: bool, arrival_ms: float | None = None) -> None:
        if self._sink is not None and (key or not self._key_awaited):
            self._key_awaited = False
            self._sink.on_video(data, pts, key, arrival_ms)

    def on_audio(self, data: bytes, pts: int, arrival_ms: float | None = None) -> None:
        if self._sink is not None:
            self._sink.on_audio(data, pts, arrival_ms)

    def on_loss(self, packets: int) -> None:
        if self._sink is not None:
            self._sink.on_loss(packets)

    def on_received(self, packets: int) -> None:
        if self._sink is not None:
            self._sink.on_received(packets)

    def on_sender_report(self, track: TrackKind, ntp_ms: int, pts: int) -> None:
        if self._sink is not None:
            self._sink.on_sender_report(track, ntp_ms, pts)
