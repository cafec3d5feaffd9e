"""Which renditions a camera has."""

import pytest

from services.ingest.observer import MediaInfo
from services.ingest.renditions.choice import renditions_of


def sends(codec: str, height: int) -> MediaInfo:
    return MediaInfo(codec, height * 16 // 9, height, 25.0, "", "", 2_000_000)


@pytest.mark.parametrize(
    ("main", "has_sub", "transcodes", "others"),
    [
        (None, False, True, ()),
        (None, True, True, ("sub",)),
        (sends("h264", 1080), False, False, ()),
        (sends("h265", 2160), True, False, ("sub",)),
        (sends("h264", 1080), True, True, ("sub",)),
        (sends("h264", 1080), False, True, ("720p", "360p")),
        (sends("h265", 1080), False, True, ("h264", "720p", "360p")),
        (sends("h265", 1080), True, True, ("sub", "h264")),
        (sends("h264", 2160), False, True, ("1080p", "720p", "360p")),
        (sends("h264", 360), False, True, ()),
        (sends("h265", 180), False, True, ("h264",)),
    ],
)
def test_a_camera_has_its_own_streams_and_what_can_be_made_of_them(
    main: MediaInfo | None, has_sub: bool, transcodes: bool, others: tuple[str, ...]
) -> None:
    assert renditions_of(main, has_sub=has_sub, transcodes=transcodes) == ("main", *others)
