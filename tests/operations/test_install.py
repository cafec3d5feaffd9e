"""Install: the runbook's commands make a cluster that somebody signs in to and that records."""

import pytest

from tests.cluster.person import Person, now_ms
from tests.cluster.recording import Recorded
from tests.cluster.watching import expect_window
from tests.operations.cluster import Cluster, expect_nothing_missing

pytestmark = pytest.mark.timeout(600)  # cameras are waited for, and whole minutes of them


async def test_it_records_with_keys_of_its_own(
    cluster: Cluster, person: Person, cameras: list[Recorded]
) -> None:
    for camera in cameras:
        await expect_window(person, camera.name, camera.stream, camera.start_ms, camera.start_ms + 2_000)
    await expect_nothing_missing(person, cameras, now_ms())
