"""What a transcoded rendition is said to be before it runs."""

import pytest

from services.ingest.observer import MediaInfo
from services.ingest.renditions.declared import declared

MAIN = MediaInfo("h265", 1920, 1080, 25.0, "aac", "hvc1.1.6.L120.90,mp4a.40.2", 2_000_000)


@pytest.mark.parametrize(
    ("name", "size", "codecs"),
    [
        ("h264", (1920, 1080), "avc1.640028,mp4a.40.2"),
        ("720p", (1280, 720), "avc1.64001f,mp4a.40.2"),
        ("360p", (640, 360), "avc1.64001e,mp4a.40.2"),
    ],
)
def test_size_rate_and_codecs_follow_from_the_source_and_the_rung(
    name: str, size: tuple[int, int], codecs: str
) -> None:
    media = declared(name, MAIN)
    assert ((media.width, media.height), media.codecs) == (size, codecs)
    assert media.frames_per_second == 25
    assert media.bits_per_second > 0
