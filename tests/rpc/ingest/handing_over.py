"""Workers that hand cameras over, on one database, and what they have recorded of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from simulator.server import CameraServer
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.api.storage.v1 import storage_pb2
from snowlight.config import ClusterSettings
from snowlight.errors import SnowlightError
from snowlight.rpc.status import remote_errors
from tests.rpc.ingest.cluster import Client, client_of, running_worker
from tests.rpc.ingest.village import GATE
from tests.waiting import eventually

CAMERAS = 6
LONGEST_HOLE_MS = 1000
ROUNDING_MS = 5
PATIENCE_S = 90


@dataclass(frozen=True)
class Cluster:
    """Storage, a database for workers, and cameras."""

    settings: ClusterSettings
    village: CameraServer
    database_url: str
    folder: Path

    @asynccontextmanager
    async def worker(self, name: str, weight: float = 1.0) -> AsyncIterator[Client]:
        """It stops at the end, and all it has recorded is committed then."""
        settings = self.settings.model_copy(update={"drain_seconds": PATIENCE_S})
        async with running_worker(settings, self.database_url, self.folder, name, weight=weight) as client:
            yield client

    async def cameras(self, worker: Client, count: int = CAMERAS) -> list[camera_pb2.Camera]:
        """So many new ones."""
        return [await worker.create(f"gate-{n}", self.village.url(GATE)) for n in range(count)]

    async def segments(self, camera: camera_pb2.Camera) -> Sequence[storage_pb2.Segment]:
        """All that is committed of a camera, in order of time."""
        request = storage_pb2.ListSegmentsRequest(
            camera_uid=camera.uid,
            start_ms=camera.create_time.ToMilliseconds(),
            end_ms=camera.create_time.ToMilliseconds() + 3_600_000,
            without_fragments=True,
        )
        async with client_of(self.settings) as client:
            answer = await client.storage.ListSegments(request, wait_for_ready=True)
        return sorted(answer.segments, key=lambda segment: segment.start_ms)


@pytest.fixture
async def site(village: CameraServer, cluster: ClusterSettings, postgres_url: str, tmp_path: Path) -> Cluster:
    return Cluster(cluster, village, postgres_url, tmp_path)


async def until_at(
    worker: Client,
    cameras: Sequence[camera_pb2.Camera],
    state: camera_pb2.CameraState.ValueType = camera_pb2.ONLINE,
) -> None:
    """Wait until `worker` has all of `cameras`, and each is in `state`."""

    async def are_there() -> bool:
        with suppress(SnowlightError), remote_errors("services/ingest"):
            return all([(await worker.status(camera.name)).state == state for camera in cameras])
        return False

    await eventually(are_there, PATIENCE_S)


def holes(segments: Sequence[storage_pb2.Segment]) -> list[int]:
    """Ms between one segment and the next. Negative is what was recorded twice."""
    return [after.start_ms - before.start_ms - before.duration_ms for before, after in pairwise(segments)]


async def check_whole(site: Cluster, cameras: Sequence[camera_pb2.Camera], epochs: int) -> None:
    """Each camera was recorded in so many epochs, without a hole."""
    for camera in cameras:
        segments = await site.segments(camera)
        assert len({segment.epoch for segment in segments}) == epochs
        found = holes(segments)
        assert all(-ROUNDING_MS <= hole <= LONGEST_HOLE_MS for hole in found), found
