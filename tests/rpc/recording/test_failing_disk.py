"""A spool's disk that fails at one file costs no other file anything, and no file is lost for an error."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from obstore.store import LocalStore, MemoryStore

from services.ingest.recording.aging import Aging
from services.ingest.status.gaps import Gap
from tests.rpc.recording.replay import until
from tests.rpc.recording.spooled import Minutes
from tests.unit.media.feed import HandClock

HOUR_MS = 3_600_000


def failing(path: Path) -> Path:
    """A path where every call fails and the file is not said to be missing, as on a disk with bad sectors."""
    return path.with_name("x" * 300 + path.name)


@pytest.mark.parametrize("local", [True, False])
async def test_a_file_that_cannot_be_read_is_tried_again_and_holds_up_no_other(
    tmp_path: Path, local: bool
) -> None:
    store = LocalStore(tmp_path / "store", mkdir=True) if local else MemoryStore()
    minutes = Minutes(tmp_path / "spool", {"default": store})
    bad, good = minutes.seal("bad", 1), minutes.seal("good", 0)
    path, bad.path = bad.path, failing(bad.path)
    async with minutes.uploading():
        await until(lambda: good.gone)
        failures = minutes.registry.get_sample_value("snowlight_put_failures_total") or 0
        await until(
            lambda: (minutes.registry.get_sample_value("snowlight_put_failures_total") or 0) > failures
        )
        assert not bad.refused
        bad.path = path
        await minutes.empty()
    await minutes.check_objects(store)


async def test_a_file_that_is_shorter_than_it_was_is_tried_again_and_holds_up_no_other(
    tmp_path: Path,
) -> None:
    store = MemoryStore()
    minutes = Minutes(tmp_path / "spool", {"default": store})
    bad, good = minutes.seal("bad", 1), minutes.seal("good", 0)
    data = bad.path.read_bytes()
    os.truncate(bad.path, 100)
    async with minutes.uploading():
        await until(lambda: good.gone)
        assert not bad.refused
        bad.path.write_bytes(data)
        await minutes.empty()
    await minutes.check_objects(store)


async def test_a_file_that_is_gone_is_not_tried_again(tmp_path: Path) -> None:
    minutes = Minutes(tmp_path / "spool", {"default": MemoryStore()})
    file = minutes.seal("bad", 0)
    file.path.unlink()
    async with minutes.uploading():
        await until(lambda: file.refused)


async def test_a_refused_file_that_cannot_be_looked_at_is_not_told_to_be_lost_before_its_time(
    tmp_path: Path,
) -> None:
    minutes = Minutes(tmp_path / "spool", {})
    file = minutes.seal("bad", 0)
    file.refused = True
    path, file.path = file.path, failing(file.path)
    rows: list[Gap] = []

    async def record(gaps: Sequence[Gap]) -> None:
        rows.extend(gaps)

    clock = HandClock(file.end_ms)
    aging = Aging(
        minutes.spool,
        clock,
        longest_hours=1,
        is_store_out=lambda uid: False,
        is_clock_right=lambda: True,
        record=record,
    )
    assert await aging.round() == 0
    clock.ms += 2 * HOUR_MS
    file.path = path
    assert await aging.round() == 1
    assert rows == [Gap("bad", file.start_ms, file.end_ms, "spool_lost")]
