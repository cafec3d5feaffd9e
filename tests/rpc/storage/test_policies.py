"""Retention policies over gRPC: set, listed, deleted, previewed."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from services.storage.retention.policy import Policy
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.api.storage.v1 import retention_pb2, retention_pb2_grpc
from snowlight.errors import FailedPreconditionError, InvalidArgumentError, NotFoundError
from snowlight.rpc.status import remote_errors
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.yard import DAY_MS, HOUR_MS, NOON_MS, Yard, keys, minutes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from snowlight.api.storage.v1.retention_pb2_grpc import RetentionAsyncStub

BY = "carrier/chen"


@asynccontextmanager
async def retention(cluster: Cluster) -> AsyncIterator[RetentionAsyncStub]:
    """A stub of a running storage."""
    async with cluster.storage(), cluster.channel() as channel:
        yield retention_pb2_grpc.RetentionStub(channel)


def policy(name: str, days: int, minimum_days: int = 0) -> retention_pb2.RetentionPolicy:
    return retention_pb2.RetentionPolicy(
        name=f"retentionPolicies/{name}", days=days, minimum_days=minimum_days, updated_by=BY
    )


async def set_policy(
    stub: RetentionAsyncStub, wanted: retention_pb2.RetentionPolicy
) -> retention_pb2.RetentionPolicy:
    with remote_errors("services/storage"):
        return await stub.SetRetentionPolicy(retention_pb2.SetRetentionPolicyRequest(policy=wanted))


async def names(stub: RetentionAsyncStub) -> list[tuple[str, int]]:
    listed = await stub.ListRetentionPolicies(retention_pb2.ListRetentionPoliciesRequest())
    return [(each.name.removeprefix("retentionPolicies/"), each.days) for each in listed.policies]


async def test_policies_are_set_changed_and_deleted(cluster: Cluster) -> None:
    async with retention(cluster) as stub:
        assert await names(stub) == [("default", 30)]
        made = await set_policy(stub, policy("class-1", 90, 30))
        assert (made.days, made.minimum_days, made.updated_by) == (90, 30, BY)
        assert made.update_ms > 0
        await set_policy(stub, policy("region-421381", 45))
        await set_policy(stub, policy("default", 60))
        await set_policy(stub, policy("class-1", 120))
        assert await names(stub) == [("class-1", 120), ("default", 60), ("region-421381", 45)]
    async with retention(cluster) as stub:
        with remote_errors("services/storage"):
            got = await stub.GetRetentionPolicy(
                retention_pb2.GetRetentionPolicyRequest(name="retentionPolicies/region-421381")
            )
            assert (got.days, got.minimum_days) == (45, 45)
            request = retention_pb2.DeleteRetentionPolicyRequest(
                name="retentionPolicies/class-1", updated_by=BY
            )
            await stub.DeleteRetentionPolicy(request)
        assert await names(stub) == [("default", 60), ("region-421381", 45)]
        with pytest.raises(NotFoundError), remote_errors("services/storage"):
            await stub.DeleteRetentionPolicy(request)
        with pytest.raises(NotFoundError), remote_errors("services/storage"):
            await stub.GetRetentionPolicy(retention_pb2.GetRetentionPolicyRequest(name=request.name))
        default = retention_pb2.DeleteRetentionPolicyRequest(name="retentionPolicies/default")
        with pytest.raises(FailedPreconditionError), remote_errors("services/storage"):
            await stub.DeleteRetentionPolicy(default)


BAD = [
    ("policy.days", policy("default", 0)),
    ("policy.days", policy("default", -1)),
    ("policy.days", policy("default", 3651)),
    ("policy.days", policy("default", 100_000)),
    ("policy.minimum_days", policy("default", 30, 31)),
    ("policy.minimum_days", policy("default", 30, -1)),
    ("policy.name", policy("class-4", 30)),
    ("policy.name", policy("region-4213811", 30)),
    ("policy.name", policy("region-", 30)),
    ("policy.name", retention_pb2.RetentionPolicy(name="default", days=30)),
    (
        "policy.updated_by",
        retention_pb2.RetentionPolicy(name="retentionPolicies/default", days=3, updated_by="\0"),
    ),
]


async def test_bad_policies_are_refused_by_field(cluster: Cluster) -> None:
    async with retention(cluster) as stub:
        for field, wanted in BAD:
            with pytest.raises(InvalidArgumentError) as refused:
                await set_policy(stub, wanted)
            assert refused.value.field == field
            if wanted.days and field != "policy.updated_by":
                with pytest.raises(InvalidArgumentError), remote_errors("services/storage"):
                    await stub.PreviewRetention(retention_pb2.PreviewRetentionRequest(policy=wanted))
        assert await names(stub) == [("default", 30)]


async def kept_days(yard: Yard, uid: str) -> tuple[int, int]:
    record = await yard.cameras.get(uid)
    assert record is not None
    return record.kept_days, record.minimum_days


async def test_a_change_is_in_force_for_all_cameras_at_once(yard: Yard) -> None:
    await yard.register("public")
    await yard.register("own", retention_days=7)
    await yard.register("household", ownership=camera_pb2.HOUSEHOLD, camera_class=2)
    await yard.register("elsewhere", region="regions/371326")
    await yard.register("deleted")
    await yard.unregister("deleted")
    uids = ("public", "own", "household", "elsewhere", "deleted")

    async def all_kept() -> list[tuple[int, int]]:
        return [await kept_days(yard, uid) for uid in uids]

    assert await all_kept() == [(30, 30), (7, 7), (30, 30), (30, 30), (30, 30)]
    await yard.policies.set("region-42", Policy(60, 10), BY)
    assert await all_kept() == [(60, 30), (7, 7), (60, 10), (30, 30), (60, 30)]
    await yard.policies.set("class-2", Policy(20), BY)
    assert (await all_kept())[2] == (20, 20)
    await yard.register("household", ownership=camera_pb2.HOUSEHOLD, camera_class=3)
    assert (await all_kept())[2] == (60, 10)
    await yard.policies.delete("region-42")
    assert await all_kept() == [(30, 30), (7, 7), (30, 30), (30, 30), (30, 30)]


@pytest.mark.parametrize("days", [1, 10, 20, 3650])
async def test_the_dry_run_tells_what_then_goes(yard: Yard, days: int) -> None:
    """Rows and packed days, whole days and parts of days, held footage, a camera of its own retention."""
    await yard.register("rows")
    await yard.register("days")
    await yard.register("own", retention_days=25)
    footage = {
        uid: [
            each for age in (35, 26, 15, 10, 5) for each in minutes(uid, NOON_MS - age * DAY_MS - HOUR_MS, 4)
        ]
        for uid in ("rows", "days", "own")
    }
    footage["days"] += minutes("days", NOON_MS - 20 * DAY_MS - 2 * 60_000, 4)
    await yard.record(*footage["rows"])
    await yard.pack(*footage["days"], *footage["own"])
    held = footage["days"][4]
    await yard.hold("days", held.start_ms + 1, held.start_ms + 2)
    await yard.hold("rows", footage["rows"][0].start_ms, footage["rows"][1].start_ms)
    before = yard.objects_in()

    told = await yard.preview.run({"default": Policy(days)})
    assert yard.objects_in() == before
    assert await kept_days(yard, "rows") == (30, 30)

    await yard.policies.set("default", Policy(days), BY)
    await yard.sweeper.sweep()
    gone = before - yard.objects_in()
    of = {uid: [each for each in there if keys(each) <= gone] for uid, there in footage.items()}
    losses = {
        uid: (
            len(there),
            sum(each.size for each in there),
            there[0].start_ms,
            max(each.end_ms for each in there),
        )
        for uid, there in ((uid, sorted(there, key=lambda each: each.start_ms)) for uid, there in of.items())
        if there
    }
    assert {
        loss.camera_uid: (loss.objects, loss.bytes, loss.start_ms, loss.end_ms) for loss in told.losses
    } == losses
    assert (told.cameras, told.objects) == (len(losses), len(gone))
    assert told.bytes == 7 * len(gone)
    assert told.held_objects == (0 if days == 3650 else 2)
    assert (await yard.preview.run({})).objects == 0, "all of it is gone"


async def test_the_dry_run_of_a_policys_deletion(yard: Yard) -> None:
    await yard.register("cam")
    await yard.policies.set("class-3", Policy(90), BY)
    await yard.record(*minutes("cam", NOON_MS - 40 * DAY_MS, 3))
    assert (await yard.preview.run({})).objects == 0
    assert (await yard.preview.run({"class-3": None})).objects == 3
