"""What a camera publishes here, on its way to the worker that has the camera."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from services.ingest.publishing.forwarding.media import tracks_message
from services.ingest.sources.source import AudioTrack, SourceError, TrackKind, VideoTrack
from snowlight.api.ingest.v1 import publishing_pb2

BATCH_SECONDS = 0.05
"""So long events wait for others to go with: each message costs the same, however little is in it."""
REQUEST_BYTES = 1 << 20
WAITING_BYTES = 8 << 20
"""More than that, besides one access unit, does not wait for the other worker."""
WAITING_SECONDS = 5.0
"""Nor does anything for so long."""
_EVENT_BYTES = 64
"""What an event takes beside its bytes."""


class OutgoingMedia:
    """An AccessUnitSink that gathers requests. Its calls raise SourceError camera.closed when the other
    worker does not take them in time."""

    def __init__(self, publication: publishing_pb2.Publication) -> None:
        self._publication = publication
        self._waiting: deque[publishing_pb2.ForwardRequest] = deque()
        self._sizes: deque[int] = deque()
        self._bytes = 0
        self._since = 0.0
        """When, by the event loop's clock, what waits began to."""
        self._end: publishing_pb2.PublicationEnd | None = None
        self._news = asyncio.Event()
        self._time = asyncio.get_running_loop().time

    async def requests(self) -> AsyncIterator[publishing_pb2.ForwardRequest]:
        """The publication, then what comes, in messages of about a megabyte at most, until `end`."""
        yield publishing_pb2.ForwardRequest(publication=self._publication)
        while self._end is None or self._waiting:
            await self._news.wait()
            if self._end is None:
                await asyncio.sleep(BATCH_SECONDS)
            self._news.clear()
            while self._waiting:
                self._bytes -= self._sizes.popleft()
                self._since = self._time()
                yield self._waiting.popleft()
        yield publishing_pb2.ForwardRequest(end=self._end)

    def end(self, error: BaseException | None) -> None:
        """Nothing more comes. `error` says why; None that the camera said goodbye."""
        end = publishing_pb2.PublicationEnd()
        if isinstance(error, SourceError):
            end.code, end.detail = error.code, error.detail
        elif error is not None:
            end.code, end.detail = "camera.closed", "the camera's connection ended"
        self._end = end
        self._news.set()

    def on_tracks(self, video: VideoTrack, audio: AudioTrack | None) -> None:
        tracks = tracks_message(video, audio)
        tracks.arrival_ms += BATCH_SECONDS * 1000
        self._add(0).tracks.CopyFrom(tracks)

    def on_parameter_sets(self, parameter_sets: tuple[bytes, ...]) -> None:
        self._add(sum(map(len, parameter_sets))).parameter_sets.units.extend(parameter_sets)

    def on_video(self, data: bytes, pts: int, key: bool, arrival_ms: float | None = None) -> None:
        unit = self._add(len(data)).video
        unit.data, unit.pts, unit.key = data, pts, key

    def on_audio(self, data: bytes, pts: int, arrival_ms: float | None = None) -> None:
        unit = self._add(len(data)).audio
        unit.data, unit.pts = data, pts

    def on_loss(self, packets: int) -> None:
        self._add(0).lost = packets

    def on_received(self, packets: int) -> None:
        self._add(0).received = packets

    def on_sender_report(self, track: TrackKind, ntp_ms: int, pts: int) -> None:
        report = self._add(0).report
        report.audio, report.ntp_ms, report.pts = track == "audio", ntp_ms, pts

    def _add(self, size: int) -> publishing_pb2.MediaEvent:
        """A new event that is to go, of about so many bytes."""
        now = self._time()
        if not self._waiting:
            self._since = now
        elif self._bytes > WAITING_BYTES or now - self._since > WAITING_SECONDS:
            raise SourceError("camera.closed", "the worker that records the camera does not keep up")
        if not self._waiting or self._sizes[-1] >= REQUEST_BYTES:
            self._waiting.append(publishing_pb2.ForwardRequest())
            self._sizes.append(0)
        self._sizes[-1] += size + _EVENT_BYTES
        self._bytes += size + _EVENT_BYTES
        self._news.set()
        return self._waiting[-1].events.add()
