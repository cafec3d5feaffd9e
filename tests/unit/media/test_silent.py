"""Footage without its sound: every picture as it was, and no audio track."""

import io

import av
import pytest

from services.ingest.sources.source import VideoCodec
from snowlight.media.silent import silent_codecs, silent_fragments, silent_init
from tests.unit.media.feed import Feed, MuxSession
from tests.unit.media.samples import clip, sound


def pictures(data: bytes) -> list[tuple[int | None, bytes]]:
    with av.open(io.BytesIO(data), "r", format="mp4") as container:
        return [(packet.pts, bytes(packet)) for packet in container.demux(video=0) if packet.size]


def played(codec: VideoCodec = "h264", *, with_sound: bool = True) -> MuxSession:
    feed = Feed()
    pictured, sounded = clip(codec), sound("pcma") if with_sound else None
    feed.stream.on_tracks(pictured.video, sounded.track if sounded else None)
    feed.play(pictured, sounded)
    feed.stream.finish()
    return feed.session


def silent(session: MuxSession) -> bytes:
    return silent_init(session.init.data) + b"".join(
        silent_fragments(fragment.data) for fragment in session.fragments
    )


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_every_picture_stays_and_the_sound_is_gone(codec: VideoCodec) -> None:
    session = played(codec)
    assert len(session.open().streams.audio) == 1
    data = silent(session)
    with av.open(io.BytesIO(data), "r", format="mp4") as container:
        assert [stream.type for stream in container.streams] == ["video"]
        assert len(list(container.decode(video=0))) == len(pictures(session.data))
    assert pictures(data) == pictures(session.data)
    assert len(data) < len(session.data)
    assert silent_codecs(session.init.codecs) == session.init.codecs.split(",")[0]


def test_what_has_no_sound_stays_as_it_is() -> None:
    session = played(with_sound=False)
    assert silent(session) == session.data


@pytest.mark.parametrize("cut", [1, 40, 100, 300])
def test_damaged_fragments_are_refused(cut: int) -> None:
    session = played()
    with pytest.raises(ValueError, match="box"):
        silent_fragments(session.fragments[1].data[:-cut])
