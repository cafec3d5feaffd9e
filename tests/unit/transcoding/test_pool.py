"""Transcodes in their processes: what comes out, and that their cost is bounded."""

from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from services.ingest.config import TranscodingSettings
from services.ingest.transcoding.ladder import Picture, Rung
from services.ingest.transcoding.metrics import TranscodingMetrics
from services.ingest.transcoding.pool import TranscodingPool
from snowlight.clock import SystemClock
from snowlight.errors import (
    FailedPreconditionError,
    ResourceExhaustedError,
    UnavailableError,
)
from snowlight.media.fragment import Fragment, InitSection
from tests.unit.media.feed import MuxSession
from tests.unit.transcoding.footage import develop, record
from tests.unit.transcoding.pools import PICTURE, RUNG, give, is_gone, pool, rest


async def test_h265_goes_in_and_h264_of_the_rung_comes_out() -> None:
    source = record("h265")

    async with pool().open(RUNG, replace(PICTURE, codec="h265")) as transcode:
        await give(transcode, source)
        transcode.end()
        init, *fragments = await rest(transcode)

    assert isinstance(init, InitSection)
    film = develop(init, [event for event in fragments if isinstance(event, Fragment)])
    assert (film.codec, film.size) == ("h264", (160, 90))
    assert film.instants == develop(source.init, source.fragments).instants
    assert await is_gone(transcode.pid)


async def test_an_encoder_that_does_not_open_gives_way_to_one_that_does() -> None:
    source = record()
    settings = TranscodingSettings(cores=4, encoder="auto")
    transcodes = TranscodingPool(settings, TranscodingMetrics(CollectorRegistry()), SystemClock())

    for _ in range(2):
        async with transcodes.open(RUNG, PICTURE) as transcode:
            await give(transcode, source)
            transcode.end()
            init, *fragments = await rest(transcode)
        assert isinstance(init, InitSection)
        film = develop(init, [event for event in fragments if isinstance(event, Fragment)])
        assert film.keys == develop(source.init, source.fragments).keys


async def test_an_encoder_that_does_not_open_is_an_error_by_name_where_no_other_may_be_used() -> None:
    # It opens nowhere for pictures that lie in the main memory.
    settings = TranscodingSettings(cores=4, encoder="h264_vaapi")
    transcodes = TranscodingPool(settings, TranscodingMetrics(CollectorRegistry()), SystemClock())

    async with transcodes.open(RUNG, PICTURE) as transcode:
        await give(transcode, record(seconds=1))
        with pytest.raises(UnavailableError) as caught:
            await rest(transcode)

    assert caught.value.code == "transcode.no_encoder"


async def test_a_new_session_brings_its_own_init_section() -> None:
    large, small = record(seconds=2), record(seconds=2, size=(160, 120))

    async with pool().open(Rung("h264", 180, 400_000), PICTURE) as transcode:
        await give(transcode, large)
        await give(transcode, small)
        transcode.end()
        events = await rest(transcode)

    inits = [event for event in events if isinstance(event, InitSection)]
    assert [(init.width, init.height) for init in inits] == [(320, 180), (160, 120)]
    assert len(events) == 2 + len(large.fragments) + len(small.fragments)


async def test_who_would_take_more_cores_than_there_are_is_refused_at_once() -> None:
    large = Picture(1920, 1080, "h265")
    limited = pool(cores=0.6)

    async with limited.open(Rung("720p", 720, 1_500_000), large):
        with pytest.raises(ResourceExhaustedError) as caught:
            async with limited.open(Rung("h264", 1080, 3_000_000), large):
                pass
    assert caught.value.code == "transcode.no_capacity"
    assert "0.60 cores" in caught.value.detail

    async with limited.open(Rung("720p", 720, 1_500_000), large):
        pass


async def test_no_cores_turn_it_off() -> None:
    with pytest.raises(ResourceExhaustedError, match="turned off"):
        async with pool(cores=0).open(RUNG, PICTURE):
            pass


async def test_a_session_that_takes_more_than_is_left_ends_the_transcode() -> None:
    small, large = record(seconds=1), record(seconds=1, size=(1280, 720))

    async with pool(cores=0.1).open(Rung("h264", 1080, 400_000), PICTURE) as transcode:
        await give(transcode, small)
        await give(transcode, large)
        with pytest.raises(ResourceExhaustedError) as caught:
            await rest(transcode)

    assert caught.value.code == "transcode.no_capacity"


async def test_pictures_of_8k_are_refused_by_name() -> None:
    with pytest.raises(FailedPreconditionError, match="7680 x 4320") as caught:
        async with pool(cores=64).open(RUNG, Picture(7680, 4320, "h265")):
            pass
    assert caught.value.code == "transcode.too_large"


async def test_pictures_of_8k_in_the_middle_end_the_transcode() -> None:
    source = record(seconds=1)
    large = MuxSession(replace(source.init, width=7680, height=4320), source.fragments)

    async with pool(cores=64).open(RUNG, PICTURE) as transcode:
        await give(transcode, source)
        await give(transcode, large)
        with pytest.raises(FailedPreconditionError) as caught:
            await rest(transcode)

    assert caught.value.code == "transcode.too_large"
