"""A fragment cut down to its key frame."""

import io

import av
import pytest

from services.ingest.sources.source import VideoCodec
from snowlight.media.boxes import parse_prft
from snowlight.media.key_picture import key_picture
from snowlight.media.silent import silent_init
from tests.unit.media.feed import MuxSession
from tests.unit.media.test_silent import pictures, played


def keys(session: MuxSession) -> list[bytes]:
    return [fragment.data for fragment in session.fragments if fragment.independent]


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("with_sound", [True, False])
def test_it_is_the_first_picture_alone_and_decodes_by_itself(codec: VideoCodec, with_sound: bool) -> None:
    session = played(codec, with_sound=with_sound)
    init = silent_init(session.init.data)
    assert len(keys(session)) >= 3
    for fragment in keys(session):
        cut = key_picture(fragment)
        assert pictures(init + cut) == pictures(session.init.data + fragment)[:1]
        assert parse_prft(cut) == parse_prft(fragment)
        with av.open(io.BytesIO(init + cut), "r", format="mp4") as container:
            assert [stream.type for stream in container.streams] == ["video"]
            (frame,) = container.decode(video=0)
            assert frame.key_frame


@pytest.mark.parametrize("cut", [1, 40, 100, 300])
def test_damaged_fragments_are_refused(cut: int) -> None:
    with pytest.raises(ValueError, match="box"):
        key_picture(keys(played())[1][:-cut])


def test_sound_alone_has_no_picture() -> None:
    with pytest.raises(ValueError, match="no pictures"):
        key_picture(b"")
