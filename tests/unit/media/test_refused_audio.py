"""Audio that cannot be carried is left out: the camera goes on with its pictures alone."""

import pytest

from services.ingest.sources.source import AudioTrack, VideoTrack
from tests.unit.media.feed import START_MS, Feed
from tests.unit.media.samples import Sound, clip, sound


def played(track: AudioTrack) -> Feed:
    """A camera that declares such audio, and sends some."""
    packets = sound("pcma").packets
    feed = Feed()
    feed.stream.on_tracks(clip().video, track)
    feed.play(clip(), Sound(track, packets), audio_arrivals_ms=[pts / 8 for _, pts in packets])
    feed.stream.finish()
    return feed


def expect_all_pictures(feed: Feed) -> None:
    assert not feed.collected.failures
    assert not feed.collected.reasons
    assert feed.session.fragments[-1].end_ms == START_MS + 4000
    with feed.session.open() as container:
        assert sum(1 for _ in container.decode(video=0)) == 100


@pytest.mark.parametrize(
    "track",
    [
        pytest.param(AudioTrack("pcma", 11_111, 1, b""), id="a rate that the encoder does not know"),
        pytest.param(AudioTrack("pcmu", 1 << 33, 1, b""), id="a rate beyond 32 bits"),
        pytest.param(AudioTrack("aac", 8000, 1, b""), id="no AudioSpecificConfig"),
        pytest.param(AudioTrack("aac", 8000, 1, bytes(300)), id="one that is too long"),
        pytest.param(AudioTrack("aac", 8000, 70_000, b"\x15\x88"), id="channels beyond 16 bits"),
        pytest.param(AudioTrack("aac", 1 << 33, 1, b"\x15\x88"), id="a timescale beyond 32 bits"),
    ],
)
def test_audio_that_cannot_be_declared_is_left_out(track: AudioTrack) -> None:
    feed = played(track)
    expect_all_pictures(feed)
    assert "mp4a" not in feed.session.init.codecs


def test_audio_that_the_encoder_refuses_while_it_runs_is_left_out() -> None:
    feed = played(AudioTrack("pcma", 8000, 6, b""))
    expect_all_pictures(feed)


def test_pictures_that_are_refused_are_an_error_beside_audio_too() -> None:
    tone = sound("aac")
    feed = Feed()
    feed.stream.on_tracks(VideoTrack("h264", 90_000, (b"\x67\x42", b"\x68")), tone.track)
    feed.play(clip(), tone)
    (error,) = feed.collected.failures
    assert error.code == "camera.protocol_error"
