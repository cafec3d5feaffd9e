"""What befalls a transcode is told to its reader alone, and no process outlives its use."""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from services.ingest.transcoding.transcode import MOST_WAITING, Transcode
from snowlight.errors import (
    DataLossError,
    UnavailableError,
)
from snowlight.media.fragment import Fragment
from tests.unit.transcoding.footage import record
from tests.unit.transcoding.pools import PICTURE, RUNG, first, give, is_gone, pool, rest
from tests.waiting import eventually


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


async def test_a_trial_of_the_hardware_that_hangs_is_the_last_one() -> None:
    source = record()
    transcodes = pool(stall_seconds=3, encoder="auto")

    with capture_logs() as logs:
        async with transcodes.open(RUNG, PICTURE) as transcode:
            await eventually(lambda: has_pid(transcode))
            os.kill(transcode.pid, signal.SIGSTOP)  # before it has been told of any pictures
            await give(transcode, source, source.fragments[:1])
            with pytest.raises(UnavailableError) as caught:
                await rest(transcode)
    assert caught.value.code == "transcode.stalled"
    assert [log["event"] for log in logs] == ["transcode.encoder_failed", "transcode.failed"]

    async with transcodes.open(RUNG, PICTURE) as transcode:
        await give(transcode, source, source.fragments[:1])
        assert (await first(transcode)).segment == source.fragments[0].segment


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


async def test_processes_end_with_ingest(tmp_path: Path) -> None:
    ingest = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _INGEST, str(tmp_path / "pid"), stdout=asyncio.subprocess.PIPE
    )
    assert ingest.stdout is not None
    pid = int(await asyncio.wait_for(ingest.stdout.readline(), 60))

    ingest.kill()
    await ingest.wait()

    await eventually(lambda: is_gone(pid))


async def has_pid(transcode: Transcode) -> bool:
    return transcode.pid > 0


_INGEST = """
import asyncio
from tests.unit.transcoding.pools import PICTURE, RUNG, pool

async def main():
    async with pool().open(RUNG, PICTURE) as transcode:
        while not transcode.pid:
            await asyncio.sleep(0.01)
        print(transcode.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""
