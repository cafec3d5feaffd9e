"""Upgrade, plain: databases are brought up to date beside what runs, then each process is replaced."""

import pytest

from tests.cluster.person import Person
from tests.cluster.recording import Recorded
from tests.operations.cluster import Cluster, expect_all_plays
from tests.parts.snowlight import SERVICES

pytestmark = pytest.mark.timeout(600)  # cameras are waited for, and whole minutes of them


async def test_a_single_ingest_leaves_the_gap_of_its_own_restart_and_no_other(
    cluster: Cluster, person: Person, cameras: list[Recorded]
) -> None:
    before = {each.uid: await person.timeline(each.name, each.start_ms) for each in cameras}
    printed = await cluster.follow("Upgrade", "migrate")
    assert printed.count("already") == 3
    await cluster.restart(*SERVICES)
    for camera in cameras:
        since_ms = before[camera.uid].spans[-1].end_ms
        await person.wait_recorded(camera.name, since_ms)
        after = await person.timeline(camera.name, camera.start_ms)
        assert [gap.cause for gap in after.gaps if gap.start_ms >= since_ms] == ["ingest_restart"]
        await expect_all_plays(person, camera, after)
