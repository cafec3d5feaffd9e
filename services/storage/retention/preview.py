"""What would go at once under other policies. Changes nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.holds.active import holds_any, is_held, list_held
from services.storage.index.day_objects import DayObjects
from services.storage.index.packed import PackedDay, read_day
from services.storage.retention.policies import read_policies, resolve_all
from services.storage.retention.policy import Policy
from services.storage.segment import DAY_MS
from services.storage.spans import Span
from services.storage.tables import packed_days, segment_end, segments
from snowlight.api.storage.v1 import retention_pb2
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import AbortedError, NotFoundError, UnavailableError

CAMERAS_AT_ONCE = 200
LOSSES_TOLD = 100
_READS_AT_ONCE = 16


@dataclass(slots=True)
class _Loss:
    """What one camera would lose."""

    objects: int = 0
    bytes: int = 0
    held_objects: int = 0
    start_ms: int = 0
    end_ms: int = 0

    def add(self, objects: int, size: int, start_ms: int, end_ms: int) -> None:
        self.start_ms = min(self.start_ms, start_ms) if self.objects else start_ms
        self.end_ms = max(self.end_ms, end_ms)
        self.objects += objects
        self.bytes += size


class Preview:
    """Counts what is expired under given policies and not being deleted yet, and what of it holds keep.

    Exact: of days that are expired in part, the index objects are read.
    """

    def __init__(self, database: Database, objects: DayObjects, clock: Clock) -> None:
        self._database = database
        self._objects = objects
        self._clock = clock

    async def run(self, changes: Mapping[str, Policy | None]) -> retention_pb2.PreviewRetentionResponse:
        """`changes` to the policies as they are, by name; None stands for a policy's deletion.

        Raises UnavailableError when a store is away whose index is needed, AbortedError when the index
        changed meanwhile.
        """
        now_ms = self._clock.now_ms()
        async with self._database.read() as connection:
            policies = {**await read_policies(connection), **changes}
            in_force = {name: policy for name, policy in policies.items() if policy is not None}
            kept = await resolve_all(connection, in_force)
        untils = {uid: now_ms - each.days * DAY_MS for uid, each in sorted(kept.items())}
        losses: dict[str, _Loss] = {}
        uids = list(untils)
        for at in range(0, len(uids), CAMERAS_AT_ONCE):
            chunk = {uid: untils[uid] for uid in uids[at : at + CAMERAS_AT_ONCE]}
            await self._survey(chunk, now_ms, losses)
        return _response(losses)

    async def _survey(self, untils: Mapping[str, int], now_ms: int, losses: dict[str, _Loss]) -> None:
        async with self._database.read() as connection:
            held = await list_held(connection, untils, now_ms)
            await _add_rows(connection, untils, now_ms, losses)
            days = await _list_packed(connection, untils)
        partly: list[PackedDay] = []
        for row in days:
            windows = held.get(row.camera_uid, [])
            if row.last_ms <= untils[row.camera_uid] and not _overlaps(windows, row):
                loss = losses.setdefault(row.camera_uid, _Loss())
                loss.add(row.objects, row.bytes, row.first_ms, row.last_ms)
            else:
                partly.append(row)
        limit = asyncio.Semaphore(_READS_AT_ONCE)
        try:
            async with asyncio.TaskGroup() as tasks:
                for row in partly:
                    loss = losses.setdefault(row.camera_uid, _Loss())
                    windows = held.get(row.camera_uid, [])
                    tasks.create_task(self._add_day(row, untils[row.camera_uid], windows, loss, limit))
        except* (UnavailableError, AbortedError) as errors:
            raise errors.exceptions[0] from None

    async def _add_day(
        self, row: PackedDay, until_ms: int, held: Sequence[Span], loss: _Loss, limit: asyncio.Semaphore
    ) -> None:
        async with limit:
            try:
                day = await read_day(self._objects, row)
            except NotFoundError as error:
                raise AbortedError(
                    "retention.index_changed", "the index changed meanwhile: ask again"
                ) from error
        for segment in day.segments(row.kept_from_ms, fragments=False):
            if segment.end_ms > until_ms:
                continue
            if holds_any(held, segment):
                loss.held_objects += 1
            else:
                loss.add(1, segment.size, segment.start_ms, segment.end_ms)


async def _add_rows(
    connection: AsyncConnection, untils: Mapping[str, int], now_ms: int, losses: dict[str, _Loss]
) -> None:
    until = (
        sa.values(sa.column("uid", sa.Text), sa.column("until_ms", sa.BigInteger))
        .data(list(untils.items()))
        .cte("until")
    )
    each = (
        sa.select(
            segments.c.camera_uid,
            segments.c.start_ms,
            segment_end.label("end_ms"),
            segments.c.size,
            is_held(now_ms).label("held"),
        )
        .join_from(until, segments, segments.c.camera_uid == until.c.uid)
        .where(segments.c.start_ms < until.c.until_ms, segment_end <= until.c.until_ms, ~segments.c.doomed)
        .subquery()
    )
    query = sa.select(
        each.c.camera_uid,
        each.c.held,
        sa.func.count(),
        sa.func.sum(each.c.size),
        sa.func.min(each.c.start_ms),
        sa.func.max(each.c.end_ms),
    ).group_by(each.c.camera_uid, each.c.held)
    for uid, held, count, size, start_ms, end_ms in await connection.execute(query):
        loss = losses.setdefault(uid, _Loss())
        if held:
            loss.held_objects += count
        else:
            loss.add(count, int(size), start_ms, end_ms)


async def _list_packed(connection: AsyncConnection, untils: Mapping[str, int]) -> list[PackedDay]:
    """Packed days of these cameras that are expired, in whole or in part."""
    query = sa.select(packed_days).where(
        packed_days.c.camera_uid.in_(untils),
        packed_days.c.objects > 0,
        packed_days.c.first_ms < max(untils.values()),
    )
    days = [PackedDay(*row) for row in await connection.execute(query)]
    return [day for day in days if day.first_ms < untils[day.camera_uid]]


def _overlaps(windows: Sequence[Span], row: PackedDay) -> bool:
    return any(window.start_ms < row.last_ms and window.end_ms > row.first_ms for window in windows)


def _response(losses: Mapping[str, _Loss]) -> retention_pb2.PreviewRetentionResponse:
    losing = sorted(
        ((uid, loss) for uid, loss in losses.items() if loss.objects), key=lambda each: -each[1].bytes
    )
    return retention_pb2.PreviewRetentionResponse(
        cameras=len(losing),
        objects=sum(loss.objects for _, loss in losing),
        bytes=sum(loss.bytes for _, loss in losing),
        held_objects=sum(loss.held_objects for loss in losses.values()),
        losses=[
            retention_pb2.CameraLoss(
                camera_uid=uid,
                objects=loss.objects,
                bytes=loss.bytes,
                start_ms=loss.start_ms,
                end_ms=loss.end_ms,
            )
            for uid, loss in losing[:LOSSES_TOLD]
        ],
    )
