"""A closer that is killed at any step leaves every answer as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rpc.storage.committing import commit, open_epoch
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.packing import FOOTAGE, answers, close, index_objects, minute, packed, row_count

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.usefixtures("store")

STEPS = ("pack.put_index_object", "pack.switch", "pack.delete_old")


class KilledError(BaseException):
    """As if the process had ended here: nothing catches it."""


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("again", [False, True], ids=["first", "next generation"])
async def test_a_closer_killed_at_any_step_leaves_every_answer_as_it_was(
    cluster: Cluster, step: str, again: bool
) -> None:
    def die(at: str) -> None:
        if at == step:
            raise KilledError

    async with cluster.storage() as storage:
        await open_epoch(storage, 1)
        await commit(storage, *FOOTAGE)
        if again:
            await close(cluster)
            await commit(storage, minute(900))
        before = await answers(storage)
        for late in (901, 902):
            with pytest.raises(KilledError):
                await close(cluster, die)
            assert await answers(storage) == before
            if step == "pack.delete_old":
                await commit(storage, minute(late))
                before = await answers(storage)
        await close(cluster)
        assert await answers(storage) == before
        assert await row_count(cluster) == 0
        assert await index_objects(cluster) == [str(row.key) for row in await packed(cluster)]
