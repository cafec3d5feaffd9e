"""An index object that is damaged or lost disturbs no other day."""

from __future__ import annotations

import obstore
import pytest

from snowlight.api.storage.v1 import storage_pb2
from snowlight.errors import DataLossError
from snowlight.object_store import open_store
from snowlight.rpc.status import remote_errors
from tests.rpc.storage.committing import COMMITTED, commit, open_epoch
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.packing import BEGIN_MS, DAY_MS, FOOTAGE, answers, close, packed, row_count
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("store")


@pytest.mark.parametrize("damage", [b"", b"something else", None], ids=["empty", "foreign", "lost"])
async def test_a_day_whose_index_object_is_damaged_disturbs_no_other(
    cluster: Cluster, damage: bytes | None
) -> None:
    async def both_are_packed() -> bool:
        return len(await packed(cluster)) == 2

    async with cluster.storage() as storage:
        await open_epoch(storage, 1)
        await commit(storage, *FOOTAGE)
        await close(cluster)
        await eventually(both_are_packed)  # one of them maybe by the storage's own closer
        timeline = (await answers(storage))[2]
        (row, _) = await packed(cluster)
    opened = open_store(cluster.store, cluster.data_dir)
    await obstore.delete_async(opened, str(row.key))
    if damage is not None:
        await obstore.put_async(opened, str(row.key), damage)
    async with cluster.storage() as storage:
        with pytest.raises(DataLossError, match=str(row.key)), remote_errors("services/storage"):
            await answers(storage)
        asked = storage_pb2.GetTimelineRequest(
            camera_uid="cam", start_ms=BEGIN_MS - DAY_MS, end_ms=BEGIN_MS + 2 * DAY_MS
        )
        assert await storage.GetTimeline(asked) == timeline
        next_day = storage_pb2.ListSegmentsRequest(
            camera_uid="cam", start_ms=BEGIN_MS + DAY_MS + 60_000, end_ms=BEGIN_MS + 2 * DAY_MS
        )
        assert [each.key for each in (await storage.ListSegments(next_day)).segments] == [FOOTAGE[-1].key]
        assert await commit(storage, FOOTAGE[0]) == [COMMITTED], "it can be played again"
        await close(cluster)
        assert await row_count(cluster) == 1, "what cannot be merged stays a row"
