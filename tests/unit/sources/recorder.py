"""A sink that remembers what it was told, in order."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from services.ingest.sources.source import AudioTrack, TrackKind, VideoTrack


@dataclass
class Recorder:
    """`events` holds the names of the calls; each kind's arguments stand in a list of its own."""

    events: list[str] = field(default_factory=list)
    tracks: list[tuple[VideoTrack, AudioTrack | None]] = field(default_factory=list)
    parameter_sets: list[tuple[bytes, ...]] = field(default_factory=list)
    video: list[tuple[bytes, int, bool]] = field(default_factory=list)
    audio: list[tuple[bytes, int]] = field(default_factory=list)
    losses: list[int] = field(default_factory=list)
    reports: list[tuple[str, int, int]] = field(default_factory=list)
    received: int = 0

    def on_tracks(self, video: VideoTrack, audio: AudioTrack | None) -> None:
        self.events.append("tracks")
        self.tracks.append((video, audio))

    def on_parameter_sets(self, parameter_sets: tuple[bytes, ...]) -> None:
        self.events.append("parameter_sets")
        self.parameter_sets.append(parameter_sets)

    def on_video(self, data: bytes, pts: int, key: bool, arrival_ms: float | None = None) -> None:
        self.events.append("video")
        self.video.append((data, pts, key))

    def on_audio(self, data: bytes, pts: int, arrival_ms: float | None = None) -> None:
        self.events.append("audio")
        self.audio.append((data, pts))

    def on_loss(self, packets: int) -> None:
        self.events.append("loss")
        self.losses.append(packets)

    def on_received(self, packets: int) -> None:
        self.received += packets

    def on_sender_report(self, track: TrackKind, ntp_ms: int, pts: int) -> None:
        self.events.append("report")
        self.reports.append((track, ntp_ms, pts))

    async def until(self, condition: Callable[[], bool], *, within: float = 30.0) -> None:
        """Wait until `condition` holds; TimeoutError after `within` seconds."""
        async with asyncio.timeout(within):
            while not condition():  # noqa: ASYNC110 - any condition on what was recorded
                await asyncio.sleep(0.01)
