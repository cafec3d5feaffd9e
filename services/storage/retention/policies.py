"""The retention policies in the database, and what a change of them does to cameras and to buried footage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.catalogue.outbox import note
from services.storage.retention.lock import forbid_deletion
from services.storage.retention.policy import DEFAULT, DEFAULT_DAYS, Kept, Policy, resolve
from services.storage.tables import cameras, policies, segment_end, segments
from snowlight.api.storage.v1 import retention_pb2
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.on_conflict import conflict_insert

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """A policy and who set it. `name`: "default", "class-{1-3}" or "region-{code}"."""

    name: str
    days: int
    minimum_days: int
    updated_ms: int
    updated_by: str


BUILT_IN = StoredPolicy(DEFAULT, DEFAULT_DAYS, DEFAULT_DAYS, 0, "")
"""The default policy as long as nobody has set it."""


class PolicyRepository:
    """Reads and changes policies. Every change is in force for all cameras once it is committed."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list(self) -> list[StoredPolicy]:
        """All policies by name, the default one always."""
        async with self._database.read() as connection:
            return await _list(connection)

    async def set(self, name: str, policy: Policy, updated_by: str) -> StoredPolicy:
        """Create or change a policy."""
        now_ms = self._clock.now_ms()
        stored = StoredPolicy(name, policy.days, policy.minimum_days, now_ms, updated_by)
        values = {
            "days": policy.days,
            "minimum_days": policy.minimum_days,
            "updated_ms": now_ms,
            "updated_by": updated_by,
        }
        insert = conflict_insert(self._database.engine, policies).values(name=name, **values)
        async with self._database.write() as connection:
            await forbid_deletion(connection)
            await connection.execute(
                insert.on_conflict_do_update(index_elements=[policies.c.name], set_=values)
            )
            await put_in_force(connection, now_ms)
        return stored

    async def delete(self, name: str) -> bool:
        """Returns whether there was such a policy."""
        async with self._database.write() as connection:
            await forbid_deletion(connection)
            gone = await connection.execute(sa.delete(policies).where(policies.c.name == name))
            if gone.rowcount:
                await put_in_force(connection, self._clock.now_ms())
            return gone.rowcount > 0


async def read_policies(connection: AsyncConnection) -> dict[str, Policy]:
    """All policies that somebody has set, by name."""
    query = sa.select(policies.c.name, policies.c.days, policies.c.minimum_days)
    return {name: Policy(days, minimum) for name, days, minimum in await connection.execute(query)}


async def resolve_all(connection: AsyncConnection, by_name: Mapping[str, Policy]) -> dict[str, Kept]:
    """By uid: how long the footage of every camera, deleted ones included, is kept under these policies."""
    query = sa.select(
        cameras.c.uid,
        cameras.c.retention_days,
        cameras.c.camera_class,
        cameras.c.region,
        cameras.c.ownership,
    )
    return {
        uid: resolve(by_name, retention_days=days, camera_class=of_class, region=region, ownership=ownership)
        for uid, days, of_class, region, ownership in await connection.execute(query)
    }


async def raise_unexpired(
    connection: AsyncConnection, now_ms: int, camera_uids: Sequence[str] | None = None
) -> int:
    """Take the tombstones off what is not expired (any more), of these cameras or of all. Returns how many.

    What is being deleted already is not raised.
    """
    age_kept_ms = cameras.c.kept_days * sa.literal(_DAY_MS, sa.BigInteger)
    unexpired = sa.exists().where(
        cameras.c.uid == segments.c.camera_uid,
        segment_end > sa.literal(now_ms, sa.BigInteger) - age_kept_ms,
    )
    raising = (
        sa.update(segments)
        .where(segments.c.tombstone_ms.is_not(None), ~segments.c.doomed, unexpired)
        .values(tombstone_ms=None)
    )
    if camera_uids is not None:
        raising = raising.where(segments.c.camera_uid.in_(camera_uids))
    return (await connection.execute(raising)).rowcount


async def _list(connection: AsyncConnection) -> list[StoredPolicy]:
    rows = await connection.execute(sa.select(policies))
    found = {BUILT_IN.name: BUILT_IN} | {row.name: StoredPolicy(*row) for row in rows}
    return [found[name] for name in sorted(found)]


async def put_in_force(connection: AsyncConnection, now_ms: int) -> None:
    """Let all cameras and buried footage follow the policies as they are now, in the caller's transaction."""
    changed = await _recompute(connection)
    if changed:
        await raise_unexpired(connection, now_ms)
    await note(connection, "policies", [("", _kept_message(await _list(connection)))])


async def _recompute(connection: AsyncConnection) -> int:
    """Let every camera be kept as policies say now. Returns for how many that is another time than before."""
    before = {
        uid: Kept(days, minimum)
        for uid, days, minimum in await connection.execute(
            sa.select(cameras.c.uid, cameras.c.kept_days, cameras.c.minimum_days)
        )
    }
    after = await resolve_all(connection, await read_policies(connection))
    changed = [
        {"its_uid": uid, "its_days": kept.days, "its_minimum": kept.minimum_days}
        for uid, kept in after.items()
        if before[uid] != kept
    ]
    if changed:
        await connection.execute(
            sa.update(cameras)
            .where(cameras.c.uid == sa.bindparam("its_uid"))
            .values(kept_days=sa.bindparam("its_days"), minimum_days=sa.bindparam("its_minimum")),
            changed,
        )
    return len(changed)


def _kept_message(stored: Sequence[StoredPolicy]) -> retention_pb2.ListRetentionPoliciesResponse:
    return retention_pb2.ListRetentionPoliciesResponse(policies=map(message_of, stored))


def message_of(policy: StoredPolicy) -> retention_pb2.RetentionPolicy:
    """The policy as it is told and kept."""
    return retention_pb2.RetentionPolicy(
        name=f"retentionPolicies/{policy.name}",
        days=policy.days,
        minimum_days=policy.minimum_days or policy.days,
        update_ms=policy.updated_ms,
        updated_by=policy.updated_by,
    )
