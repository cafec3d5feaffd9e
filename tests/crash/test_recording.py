"""Ingest's recording path is killed at each of its steps: nothing that it had taken is lost or doubled."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from tests.crash.child import child
from tests.crash.process import UID
from tests.crash.witness import Known, Witness, holes, span_of
from tests.parts.minio import MinioServer
from tests.rpc.storage.conftest import Cluster

STEPS = ("spool.write", "spool.seal", "upload.put", "upload.commit", "spool.delete")
LATER = {"spool.write": 6, "spool.seal": 3, "upload.put": 3, "upload.commit": 2, "spool.delete": 3}
RECORDED_S, RECORDED_AFTER_S = 8, 3
HOLE_MS = 1_000
ROUNDING_MS = 5
"""Between a fragment's own start and the sum of the durations before it."""


@dataclass(frozen=True)
class Fragment:
    """One that the spool had taken when it was told of."""

    start_ms: int
    end_ms: int

    @classmethod
    def told(cls, line: str) -> Fragment:
        start_ms, duration_ms = map(int, line.split())
        return cls(start_ms, start_ms + duration_ms)

    def lies_in(self, row: Known) -> bool:
        return row.start_ms - ROUNDING_MS <= self.start_ms and self.end_ms <= row.end_ms + ROUNDING_MS


@pytest.mark.parametrize("when", ["first", "later"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_kill_costs_nothing_that_was_recorded(
    step: str, when: str, tmp_path: Path, postgres_url: str, minio_server: MinioServer, minio_bucket: str
) -> None:
    cluster = Cluster(postgres_url, tmp_path, minio_server.store(minio_bucket))
    created_ms = await _register(cluster)
    environment = {**cluster.environment, **minio_server.environment(minio_bucket)}
    log, count = tmp_path / "ingest.log", 1 if when == "first" else LATER[step]
    recorded = ("recording", str(created_ms))
    async with cluster.ingest(), cluster.storage():
        async with child(log, environment, *recorded, str(RECORDED_S), step, str(count)) as one:
            before = [Fragment.told(line) for line in await one.killed()]
        async with child(log, environment, *recorded, str(RECORDED_AFTER_S)) as one:
            after = [Fragment.told(line) for line in await one.finished()]
    assert after and (before or (step, when) == ("spool.write", "first"))
    witness = Witness(postgres_url, minio_server.client(), minio_bucket)
    rows = [each for each in await witness.known() if each.uid == UID]
    check_rows(rows, [*before, *after])
    check_bucket(witness, rows)
    check_spool(tmp_path / "spool")
    await check_ledger(witness, rows, created_ms, after[-1].end_ms)


async def _register(cluster: Cluster) -> int:
    """Returns when the camera was created, ms."""
    created_ms = cluster.runtime("ingest").clock.now_ms()
    await cluster.registry.put(UID, retention_days=30, created_ms=created_ms)
    await asyncio.sleep(0)
    return created_ms


def check_rows(rows: list[Known], told: list[Fragment]) -> None:
    """Every fragment lies in one row, the rows hold nothing else, and none reaches into another."""
    rows = sorted(rows, key=lambda row: row.start_ms)
    for row in rows:
        assert row.told, f"nothing is to be deleted: {row}"
    for fragment in told:
        found = [row for row in rows if fragment.lies_in(row)]
        assert len(found) == 1, f"{fragment} lies in {found}"
    for row in rows:
        inside = sum(each.end_ms - each.start_ms for each in told if each.lies_in(row))
        assert abs(inside - row.duration_ms) <= ROUNDING_MS, f"{row} holds {inside} ms that were told of"
    for one, next_one in pairwise(rows):
        assert one.end_ms <= next_one.start_ms + ROUNDING_MS, f"{one} reaches into {next_one}"


def check_bucket(witness: Witness, rows: list[Known]) -> None:
    """The bucket holds the rows' objects as they were told, and no other."""
    objects = witness.objects("rec/")
    assert set(objects) == {row.key for row in rows}
    for row in rows:
        assert span_of(row.key) == (row.uid, row.start_ms, row.end_ms)
        assert len(row.sha256) == 32
    witness.check_objects(rows)


def check_spool(folder: Path) -> None:
    """Nothing waits there. A file that was set aside holds no picture: it had only been begun."""
    assert not list(folder.glob("*.mp4"))
    for left in folder.glob("*.unreadable"):
        assert b"moof" not in left.read_bytes()


async def check_ledger(witness: Witness, rows: list[Known], from_ms: int, until_ms: int) -> None:
    """Each hole in the camera's time has its cause."""
    ledger = await witness.ledger(UID)
    assert all(end for _, end, _ in ledger), f"a gap goes on: {ledger}"
    for hole in holes([(row.start_ms, row.end_ms) for row in rows], from_ms, until_ms):
        if hole[1] - hole[0] > HOLE_MS:
            unexplained = holes([(start, end) for start, end, _ in ledger], *hole)
            assert all(end - start <= ROUNDING_MS for start, end in unexplained), (hole, ledger)
