"""What is given on to another worker: as it came, in few messages, and no more than is taken."""

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from services.ingest.publishing.forwarding.forwarded import ForwardedPublisher
from services.ingest.publishing.forwarding.outgoing import REQUEST_BYTES, WAITING_BYTES, OutgoingMedia
from services.ingest.publishing.forwarding.switched import SwitchedMedia
from services.ingest.sources.source import AudioTrack, SourceError, TrackKind, VideoTrack
from snowlight.api.ingest.v1 import publishing_pb2

PUBLICATION = publishing_pb2.Publication(camera_uid="uid", camera_id="gate", key_id="key")
VIDEO = VideoTrack("h265", 90_000, (b"vps", b"sps", b"pps"), 100.0)
AUDIO = AudioTrack("aac", 16_000, 1, b"\x14\x08")


class Heard:
    """An AccessUnitSink that keeps what it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def on_tracks(self, video: VideoTrack, audio: AudioTrack | None) -> None:
        self.calls.append(("tracks", video.codec, video.clock_rate, video.parameter_sets, audio))

    def on_parameter_sets(self, parameter_sets: tuple[bytes, ...]) -> None:
        self.calls.append(("sets", parameter_sets))

    def on_video(self, data: bytes, pts: int, key: bool, arrival_ms: float | None = None) -> None:
        self.calls.append(("video", data, pts, key))

    def on_audio(self, data: bytes, pts: int, arrival_ms: float | None = None) -> None:
        self.calls.append(("audio", data, pts))

    def on_loss(self, packets: int) -> None:
        self.calls.append(("lost", packets))

    def on_received(self, packets: int) -> None:
        self.calls.append(("received", packets))

    def on_sender_report(self, track: TrackKind, ntp_ms: int, pts: int) -> None:
        self.calls.append(("report", track, ntp_ms, pts))


async def publication(requests: AsyncIterator[publishing_pb2.ForwardRequest]) -> None:
    assert (await anext(requests)).publication == PUBLICATION


async def test_the_owner_hears_what_the_camera_said_in_the_same_order() -> None:
    outgoing, publisher, heard = OutgoingMedia(PUBLICATION), ForwardedPublisher(), Heard()
    publisher.begin(heard, audio=True)
    outgoing.on_tracks(VIDEO, AUDIO)
    outgoing.on_sender_report("video", 1_800_000_000_000, -3600)
    outgoing.on_video(b"key", -5, True)
    outgoing.on_audio(b"sound", 7)
    outgoing.on_loss(3)
    outgoing.on_received(250)
    outgoing.on_parameter_sets((b"vps", b"sps2", b"pps"))
    outgoing.on_video(b"", 1 << 40, False)
    outgoing.end(None)
    requests = [request async for request in outgoing.requests()]
    assert len(requests) == 3, "the publication, what came at once, and the end"
    for request in requests[1:]:
        publisher.receive(request)
    assert heard.calls == [
        ("tracks", "h265", 90_000, (b"vps", b"sps", b"pps"), AUDIO),
        ("report", "video", 1_800_000_000_000, -3600),
        ("video", b"key", -5, True),
        ("audio", b"sound", 7),
        ("lost", 3),
        ("received", 250),
        ("sets", (b"vps", b"sps2", b"pps")),
        ("video", b"", 1 << 40, False),
    ]
    assert publisher.pictures == 2
    assert publisher.ended.result() is None


async def test_why_the_connection_ended_is_told_to_the_owner() -> None:
    outgoing, publisher = OutgoingMedia(PUBLICATION), ForwardedPublisher()
    outgoing.end(SourceError("camera.auth_failed", "the key it published with was revoked"))
    async for request in outgoing.requests():
        publisher.receive(request)
    with pytest.raises(SourceError, match=r"camera\.auth_failed: the key it published with was revoked"):
        publisher.ended.result()


async def test_a_worker_that_takes_nothing_ends_the_camera_and_holds_a_bounded_amount() -> None:
    outgoing, picture = OutgoingMedia(PUBLICATION), bytes(100_000)
    outgoing.on_tracks(VIDEO, None)
    with pytest.raises(SourceError, match="does not keep up"):
        for pts in range(2 * WAITING_BYTES // len(picture)):
            outgoing.on_video(picture, pts, True)
    held = 0
    outgoing.end(None)
    async with aclosing(outgoing.requests()) as requests:  # type: ignore[type-var]
        await publication(requests)
        async for request in requests:
            assert request.ByteSize() <= REQUEST_BYTES + 2 * len(picture)
            held += request.ByteSize()
    assert WAITING_BYTES <= held <= WAITING_BYTES + 2 * len(picture)


async def test_what_a_worker_may_not_send_ends_its_publisher_alone() -> None:
    early, odd = ForwardedPublisher(), ForwardedPublisher()
    media = publishing_pb2.ForwardRequest()
    media.events.add().video.data = b"picture"
    early.receive(media)
    with pytest.raises(SourceError, match=r"camera\.protocol_error"):
        early.ended.result()
    odd.begin(Heard(), audio=False)
    tracks = publishing_pb2.ForwardRequest()
    tracks.events.add().tracks.video_codec = "mjpeg"
    odd.receive(tracks)
    with pytest.raises(SourceError, match=r"camera\.codec_unsupported"):
        odd.ended.result()


async def test_the_next_worker_gets_what_it_takes_to_decode_and_begins_with_a_key_frame() -> None:
    media, first, second = SwitchedMedia(), Heard(), Heard()
    media.connect(first)
    media.on_tracks(VIDEO, None)
    media.on_video(b"key", 0, True)
    media.disconnect()
    media.on_parameter_sets((b"new vps", b"new sps", b"new pps"))
    media.on_video(b"nobody's", 1, True)
    media.connect(second)
    media.on_video(b"in the middle", 2, False)
    media.on_video(b"key", 3, True)
    media.on_video(b"after it", 4, False)
    assert first.calls[1:] == [("video", b"key", 0, True)]
    assert second.calls == [
        ("tracks", "h265", 90_000, (b"new vps", b"new sps", b"new pps"), None),
        ("video", b"key", 3, True),
        ("video", b"after it", 4, False),
    ]
