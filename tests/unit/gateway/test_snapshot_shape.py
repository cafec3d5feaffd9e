"""A picture of pixels that are not square."""

import io
from fractions import Fraction

import av
import pytest

from services.gateway.snapshot.picture import picture
from tests.unit.media.samples import clip
from tests.unit.transcoding.footage import mux


@pytest.mark.parametrize(
    ("told", "width"), [(Fraction(1), 160), (Fraction(2), 320), (Fraction(8, 9), 142), (Fraction(99), 160)]
)
def test_it_is_as_wide_as_it_is_to_be_shown(told: Fraction, width: int) -> None:
    session = mux(clip(seconds=1, size=(160, 180), pixel_shape=told))
    jpeg = picture(session.init.data, session.fragments[0].data)
    with av.open(io.BytesIO(jpeg), "r", format="image2pipe") as shown:
        frame = next(shown.decode(video=0))
        assert (frame.width, frame.height) == (width, 180)
