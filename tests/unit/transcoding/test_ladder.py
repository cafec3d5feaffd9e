"""Which sizes a camera can be watched in."""

import pytest

from services.ingest.transcoding.budget import cores_for
from services.ingest.transcoding.ladder import Picture, find_rung, ladder
from snowlight.errors import NotFoundError


@pytest.mark.parametrize(
    ("width", "height", "names"),
    [
        (3840, 2160, ["h264", "1080p", "720p", "360p"]),
        (1920, 1080, ["h264", "720p", "360p"]),
        (704, 576, ["h264", "360p"]),
        (320, 180, ["h264"]),
    ],
)
def test_no_rung_is_larger_than_the_source(width: int, height: int, names: list[str]) -> None:
    source = Picture(width, height, "h265")

    rungs = ladder(source)

    assert [rung.name for rung in rungs] == names
    sizes = [rung.size(width, height) for rung in rungs]
    assert all(across <= width and down <= height for across, down in sizes)
    costs = [cores_for(rung, source) for rung in rungs]
    assert costs == sorted(costs, reverse=True)


@pytest.mark.parametrize(
    ("size", "name", "becomes"),
    [
        ((1920, 1080), "720p", (1280, 720)),
        ((2560, 1944), "720p", (948, 720)),
        ((1080, 1920), "360p", (202, 360)),
        ((1921, 1081), "h264", (1920, 1080)),
    ],
)
def test_pictures_keep_their_shape_and_are_even(
    size: tuple[int, int], name: str, becomes: tuple[int, int]
) -> None:
    assert find_rung(Picture(*size, "h264"), name).size(*size) == becomes


def test_a_rung_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(NotFoundError, match="h264, 360p") as caught:
        find_rung(Picture(704, 576, "h264"), "720p")

    assert caught.value.code == "transcode.no_rung"
