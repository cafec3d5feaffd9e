"""Boxes are written as the standard has them and read back; nonsense is refused."""

import struct

import pytest

from snowlight.media import boxes
from tests.unit.media.feed import START_MS, Feed, MuxSession
from tests.unit.media.samples import clip


@pytest.fixture(scope="module")
def session() -> MuxSession:
    feed = Feed()
    feed.stream.on_tracks(clip().video, None)
    feed.play(clip())
    feed.stream.finish()
    return feed.session


@pytest.mark.parametrize("ms", [0, 1, 999, START_MS, START_MS + 123])
def test_capture_time_survives_to_the_millisecond(ms: int) -> None:
    prft = boxes.build_prft(ms, 90_000)
    assert boxes.parse_prft(prft) == ms
    size, kind, version, track, ntp, media = struct.unpack(">I4sIIQQ", prft)
    assert (size, kind, version >> 24, track, media) == (32, b"prft", 1, 1, 90_000)
    assert ntp >> 32 == ms // 1000 + 2_208_988_800


def test_random_access_box_tells_where_key_frames_are() -> None:
    mfra = boxes.build_mfra([(0, 700), (180_000, 5000)], b"table")
    assert boxes.mfra_size(mfra[-16:]) == len(mfra)
    assert boxes.parse_mfra_table(mfra) == b"table"
    ((kind, content, end),) = boxes.iterate(mfra)
    assert kind == b"mfra"
    kinds = [kind for kind, _, _ in boxes.iterate(mfra, content, end)]
    assert kinds == [b"tfra", b"uuid", b"mfro"]


def test_scan_finds_every_fragment(session: MuxSession) -> None:
    found = boxes.scan(session.data)
    assert found.init_size == len(session.init.data)
    assert found.end == len(session.data)
    assert not found.finished
    assert [(f.start_ms, f.duration_ms, f.size) for f in found.fragments] == [
        (f.start_ms, f.duration_ms, len(f.data)) for f in session.fragments
    ]


@pytest.mark.parametrize("data", [b"", b"\0" * 7, b"\0" * 100, b"\0\0\0\x10ftyp12345678\0\0\1\0moov"])
def test_what_has_no_init_section_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        boxes.scan(data)


def test_no_byte_of_a_damaged_fragment_breaks_the_scan(session: MuxSession) -> None:
    begin = len(session.init.data) + len(session.fragments[0].data)
    for position in range(begin, begin + 150):
        data = bytearray(session.data)
        data[position] ^= 0xFF
        assert len(boxes.scan(data).fragments) >= 1
