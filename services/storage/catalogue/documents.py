"""Small tables that are kept as one object each, and what is kept of a camera and of a hold."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import sqlalchemy as sa
from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.catalogue.outbox import CAMERA, EPOCHS, HOLD, POLICIES, REGION_STORES
from services.storage.retention.policy import Policy, resolve
from services.storage.tables import camera_versions, epochs, policies, region_stores
from snowlight.api.storage.v1 import hold_pb2, retention_pb2, store_pb2, stored_pb2

CAMERAS_PREFIX = "meta/cameras/"
HOLDS_PREFIX = "meta/holds/"
POLICIES_KEY = "meta/policies.pb"
EPOCHS_KEY = "meta/epochs.pb"
REGION_STORES_KEY = "meta/region_stores.pb"

_POLICY_NAME = "retentionPolicies/"
_REGION_NAME = "regions/"
_HOLD_NAME = "holds/"


def key_of(kind: str, subject: str) -> str:
    """Where what the outbox has is kept; not of gaps, which are kept in batches."""
    match kind:
        case "camera":
            return f"{CAMERAS_PREFIX}{subject}.pb"
        case "hold":
            return f"{HOLDS_PREFIX}{subject}.pb"
    return {POLICIES: POLICIES_KEY, EPOCHS: EPOCHS_KEY, REGION_STORES: REGION_STORES_KEY}[kind]


async def read_policies(connection: AsyncConnection) -> retention_pb2.ListRetentionPoliciesResponse:
    """The retention policies as they are now."""
    rows = await connection.execute(sa.select(policies).order_by(policies.c.name))
    return retention_pb2.ListRetentionPoliciesResponse(
        policies=[
            retention_pb2.RetentionPolicy(
                name=_POLICY_NAME + row.name,
                days=row.days,
                minimum_days=row.minimum_days,
                update_ms=row.updated_ms,
                updated_by=row.updated_by,
            )
            for row in rows
        ]
    )


async def read_epochs(connection: AsyncConnection) -> stored_pb2.KeptEpochs:
    """The newest epoch of each shard."""
    rows = await connection.execute(sa.select(epochs).order_by(epochs.c.shard))
    return stored_pb2.KeptEpochs(
        epochs=[
            stored_pb2.KeptEpochs.Epoch(shard=row.shard, epoch=row.epoch, from_ms=row.from_ms) for row in rows
        ]
    )


async def read_region_stores(connection: AsyncConnection) -> store_pb2.ListStoresResponse:
    """The stores that regions were given."""
    rows = await connection.execute(sa.select(region_stores).order_by(region_stores.c.region))
    return store_pb2.ListStoresResponse(
        regions=[store_pb2.RegionStore(region=_REGION_NAME + row.region, store=row.store) for row in rows]
    )


TABLES: Mapping[str, Callable[[AsyncConnection], Awaitable[Message]]] = {
    POLICIES: read_policies,
    EPOCHS: read_epochs,
    REGION_STORES: read_region_stores,
}
"""How to read what is kept as a whole, by kind."""

BY_SUBJECT = frozenset((CAMERA, HOLD))
"""Kinds kept as one object a subject."""


def policy_rows(kept: retention_pb2.ListRetentionPoliciesResponse) -> list[dict[str, Any]]:
    """Rows of `retention_policies`."""
    return [
        {
            "name": policy.name.removeprefix(_POLICY_NAME),
            "days": policy.days,
            "minimum_days": policy.minimum_days,
            "updated_ms": policy.update_ms,
            "updated_by": policy.updated_by,
        }
        for policy in kept.policies
    ]


def epoch_rows(kept: stored_pb2.KeptEpochs) -> list[dict[str, Any]]:
    """Rows of `epochs`."""
    return [{"shard": each.shard, "epoch": each.epoch, "from_ms": each.from_ms} for each in kept.epochs]


def region_store_rows(kept: store_pb2.ListStoresResponse) -> list[dict[str, Any]]:
    """Rows of `region_stores`."""
    return [{"region": each.region.removeprefix(_REGION_NAME), "store": each.store} for each in kept.regions]


def hold_row(kept: hold_pb2.Hold) -> dict[str, Any]:
    """A row of `holds`. The request that made it is forgotten."""
    released = bool(kept.release_ms)
    return {
        "id": kept.name.removeprefix(_HOLD_NAME),
        "request_id": None,
        "camera_uid": kept.camera_uid,
        "start_ms": kept.start_ms,
        "end_ms": kept.end_ms,
        "case_number": kept.case_number,
        "reason": kept.reason,
        "expire_ms": kept.expire_ms or None,
        "created_by": kept.created_by,
        "create_ms": kept.create_ms,
        "released_by": kept.released_by if released else None,
        "release_ms": kept.release_ms if released else None,
        "release_reason": kept.release_reason if released else None,
        "missing": [[each.start_ms, each.end_ms] for each in kept.missing],
    }


def camera_row(kept: stored_pb2.KeptCamera, by_name: Mapping[str, Policy]) -> dict[str, Any]:
    """A row of `cameras` by the camera's newest version and the policies."""
    newest = max(kept.versions, key=lambda version: version.from_ms)
    retention = resolve(
        by_name,
        retention_days=newest.retention_days,
        camera_class=newest.camera_class,
        region=newest.region,
        ownership=newest.ownership,
    )
    return {
        "uid": kept.uid,
        "retention_days": newest.retention_days,
        "created_ms": kept.created_ms,
        "deleted_ms": kept.deleted_ms or None,
        "region": newest.region,
        "camera_class": newest.camera_class,
        "ownership": newest.ownership,
        "kept_days": retention.days,
        "minimum_days": retention.minimum_days,
    }


def version_rows(kept: stored_pb2.KeptCamera) -> list[dict[str, Any]]:
    """Rows of `camera_versions`."""
    names = [column.name for column in camera_versions.c if column.name != "camera_uid"]
    return [
        {"camera_uid": kept.uid, **{name: getattr(version, name) for name in names}}
        for version in kept.versions
    ]
