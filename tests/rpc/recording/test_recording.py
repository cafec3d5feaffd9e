"""From the camera to the committed object, with a real folder as spool and store."""

import io
from hashlib import sha256
from pathlib import Path

import av

from snowlight.api.storage.v1 import stored_pb2
from snowlight.errors import UnavailableError
from snowlight.media import boxes
from tests.rpc.recording.replay import UID, Replay, Worker, running, until
from tests.unit.media.feed import START_MS, HandClock
from tests.unit.media.samples import clip


async def test_minutes_become_objects_that_play_and_leave_the_spool(tmp_path: Path) -> None:
    clock = HandClock()
    worker = Worker(tmp_path, clock)
    session = worker.session([Replay(clock, clip(), seconds=200)])
    async with worker.uploading():
        async with running(session):
            await until(lambda: clock.ms >= START_MS + 200_000)
        await until(lambda: not list(worker.spool.folder.iterdir()))

    segments = worker.ledger.sorted()
    assert segments[0].start_ms == START_MS
    assert segments[-1].start_ms + segments[-1].duration_ms == START_MS + 200_000
    assert session.recorded_until_ms == START_MS + 200_000
    for segment, following in zip(segments, [*segments[1:], None], strict=True):
        data = worker.object(segment)
        assert sha256(data).digest() == segment.sha256
        assert len(data) == segment.size
        assert segment.init_size + sum(segment.fragments.size) + boxes.mfra_size(data[-16:]) == len(data)
        assert sum(segment.fragments.duration_ms) == segment.duration_ms
        mfra = data[-boxes.mfra_size(data[-16:]) :]
        footer = stored_pb2.SegmentFooter.FromString(boxes.parse_mfra_table(mfra))
        assert (footer.session, footer.codecs) == (segment.session, segment.codecs)
        assert footer.init_size == segment.init_size
        assert list(footer.duration_ms) == list(segment.fragments.duration_ms)
        assert list(footer.size) == list(segment.fragments.size)
        assert list(footer.flags) == list(segment.fragments.flags)
        assert following is None or segment.start_ms + segment.duration_ms == following.start_ms
        with av.open(io.BytesIO(data), "r") as container:
            assert sum(1 for _ in container.decode(video=0)) == segment.duration_ms // 40
    assert max(segment.duration_ms for segment in segments) <= 90_000
    assert segments[1].duration_ms == 60_000


async def test_the_open_minute_can_be_read_from_the_spool(tmp_path: Path) -> None:
    clock = HandClock()
    worker = Worker(tmp_path, clock)
    session = worker.session([Replay(clock, clip(), seconds=20)])
    async with running(session):
        await until(lambda: session.recorded_until_ms and session.recorded_until_ms > START_MS + 19_000)
        (file,) = worker.spool.list_spool(UID, START_MS, START_MS + 1)
        early = file.key
        data = b"".join(worker.spool.read(UID, early, 0, 0))
        with av.open(io.BytesIO(data), "r") as container:
            assert sum(1 for _ in container.decode(video=0)) >= 19 * 25
        table = file.table()
        assert data[file.init_size + 4 : file.init_size + 8] == b"prft"
        part = b"".join(worker.spool.read(UID, early, file.init_size, table.size[0]))
        assert part == data[file.init_size : file.init_size + table.size[0]]
    assert not worker.spool.list_spool(UID, 0, START_MS)


async def test_a_store_that_is_away_costs_nothing(tmp_path: Path) -> None:
    clock = HandClock()
    worker = Worker(tmp_path, clock)
    worker.ledger.failures = [UnavailableError("storage.unavailable", "away")] * 3
    worker.footage.rmdir()
    worker.footage.write_bytes(b"")  # where the folder was, nothing can be put
    async with worker.uploading():
        async with running(worker.session([Replay(clock, clip(), seconds=100)])):
            await until(lambda: worker.spool.metrics.put_failures._value.get() > 2)
            worker.footage.unlink()
            worker.footage.mkdir()
            await until(lambda: worker.ledger.segments)
        await until(lambda: not list(worker.spool.folder.iterdir()))
    segments = worker.ledger.sorted()
    assert sum(segment.duration_ms for segment in segments) == 100_000
