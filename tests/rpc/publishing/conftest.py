"""A street whose cameras publish, and films for them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.rpc.publishing.street import Street, open_street
from tests.rpc.sources.clips import make_clip


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    async with open_street(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Of two seconds, by their video codec, with sound."""
    folder = tmp_path_factory.mktemp("films")
    made = {}
    for name, codec in (("h264", "libx264"), ("h265", "libx265")):
        made[name] = folder / f"{name}.mp4"
        make_clip(made[name], "mp4", 50, b_frames=0, codec=codec)
    return made
