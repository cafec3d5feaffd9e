"""Transcodes in their processes: their cost is bounded, and what befalls one is told to its reader alone."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from services.ingest.config import TranscodingSettings
from services.ingest.transcoding.ladder import Picture, Rung
from services.ingest.transcoding.metrics import TranscodingMetrics
from services.ingest.transcoding.pool import TranscodingPool
from services.ingest.transcoding.transcode import MOST_WAITING, Transcode
from snowlight.clock import SystemClock
from snowlight.errors import (
    DataLossError,
    FailedPreconditionError,
    ResourceExhaustedError,
    UnavailableError,
)
from snowlight.media.fragment import Fragment, InitSection
from tests.unit.media.feed import MuxSession
from tests.unit.transcoding.footage import develop, record
from tests.waiting import eventually

RUNG = Rung("90p", 90, 100_000)
PICTURE = Picture(320, 180, "h264")


def pool(
    cores: float = 4, *, stall_seconds: float = 60, registry: CollectorRegistry | None = None
) -> TranscodingPool:
    settings = TranscodingSettings(cores=cores, encoder="libx264", stall_seconds=stall_seconds)
    return TranscodingPool(settings, TranscodingMetrics(registry or CollectorRegistry()), SystemClock())


async def give(transcode: Transcode, session: MuxSession, fragments: Iterable[Fragment] = ()) -> None:
    transcode.begin(session.init)
    for fragment in fragments or session.fragments:
        await transcode.give(fragment)


async def first(transcode: Transcode) -> Fragment:
    """The first fragment that comes out."""
    async with asyncio.timeout(60):
        async for event in transcode:
            if isinstance(event, Fragment):
                return event
    raise AssertionError("nothing came out")


async def rest(transcode: Transcode) -> list[InitSection | Fragment]:
    async with asyncio.timeout(60):
        return [event async for event in transcode]


async def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


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


async def test_a_killed_process_is_told_and_another_can_be_opened() -> None:
    source = record()
    transcodes = pool()

    async with transcodes.open(RUNG, PICTURE) as transcode:
        await give(transcode, source, source.fragments[:1])
        await first(transcode)
        os.kill(transcode.pid, signal.SIGKILL)
        with pytest.raises(UnavailableError) as caught:
            await rest(transcode)
    assert caught.value.code == "transcode.process_ended"

    async with transcodes.open(RUNG, PICTURE) as transcode:
        await give(transcode, source, source.fragments[:1])
        assert (await first(transcode)).segment == source.fragments[0].segment


async def test_a_process_that_hangs_is_killed() -> None:
    source = record()

    async with pool(stall_seconds=5).open(RUNG, PICTURE) as transcode:
        await give(transcode, source, source.fragments[:1])
        await first(transcode)
        os.kill(transcode.pid, signal.SIGSTOP)
        await give(transcode, source, source.fragments[2:3])
        with pytest.raises(UnavailableError) as caught:
            await rest(transcode)

    assert caught.value.code == "transcode.stalled"
    assert await is_gone(transcode.pid)


async def test_who_is_behind_goes_on_at_a_key_frame_and_says_so() -> None:
    source = record(seconds=20)
    registry = CollectorRegistry()

    async with pool(registry=registry).open(RUNG, PICTURE) as transcode:
        await give(transcode, source, source.fragments[:1])
        await first(transcode)
        os.kill(transcode.pid, signal.SIGSTOP)
        fed = 0
        for fragment in source.fragments[1:-2]:
            transcode.feed(fragment)
            fed += 1
        os.kill(transcode.pid, signal.SIGCONT)
        await give(transcode, source, source.fragments[-2:])
        transcode.end()
        fragments = [event for event in await rest(transcode) if isinstance(event, Fragment)]

    assert registry.get_sample_value("snowlight_transcode_fragments_dropped_total")
    assert len(fragments) < fed
    assert [fragment.lossy for fragment in fragments].count(True) == 1
    after = next(fragment for fragment in fragments if fragment.lossy)
    assert after.independent
    assert len(fragments) >= MOST_WAITING


async def test_garbage_between_is_passed_over() -> None:
    source = record()
    garbage = replace(source.fragments[2], chunks=(b"\x00" * 1000,))

    async with pool().open(RUNG, PICTURE) as transcode:
        await give(transcode, source, [*source.fragments[:2], garbage, *source.fragments[4:]])
        transcode.end()
        fragments = [event for event in await rest(transcode) if isinstance(event, Fragment)]

    expected = [*source.fragments[:2], *source.fragments[4:]]
    assert [(each.segment, each.part) for each in fragments] == [
        (each.segment, each.part) for each in expected
    ]


async def test_nothing_but_garbage_is_an_error_by_name() -> None:
    source = record()
    garbage = replace(source.fragments[0], chunks=(os.urandom(1000),))

    async with pool().open(RUNG, PICTURE) as transcode:
        await give(transcode, source, [garbage] * 20)
        with pytest.raises(DataLossError) as caught:
            await rest(transcode)

    assert caught.value.code == "transcode.undecodable"


async def test_an_init_section_that_is_none_is_an_error_by_name() -> None:
    source = record(seconds=1)
    source.init = replace(source.init, data=os.urandom(500))

    async with pool().open(RUNG, PICTURE) as transcode:
        await give(transcode, source)
        with pytest.raises(DataLossError) as caught:
            await rest(transcode)

    assert caught.value.code == "transcode.undecodable"


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


async def test_processes_end_with_ingest(tmp_path: Path) -> None:
    ingest = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _INGEST, str(tmp_path / "pid"), stdout=asyncio.subprocess.PIPE
    )
    assert ingest.stdout is not None
    pid = int(await asyncio.wait_for(ingest.stdout.readline(), 60))

    ingest.kill()
    await ingest.wait()

    await eventually(lambda: is_gone(pid))


_INGEST = """
import asyncio
from tests.unit.transcoding.test_pool import PICTURE, RUNG, pool

async def main():
    async with pool().open(RUNG, PICTURE) as transcode:
        while not transcode.pid:
            await asyncio.sleep(0.01)
        print(transcode.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""
