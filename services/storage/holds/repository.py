"""Holds in the database."""

import secrets
from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.cameras.camera import CameraRecord
from services.storage.catalogue.outbox import note
from services.storage.holds.active import is_active
from services.storage.holds.hold import Hold
from services.storage.holds.missing import find_missing
from services.storage.retention.lock import forbid_deletion
from services.storage.segment import MAX_DURATION_MS
from services.storage.spans import Span
from services.storage.tables import cameras, holds, segment_end, segments
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import (
    FailedPreconditionError,
    NotFoundError,
    PermissionDeniedError,
    RequestReusedError,
)

_COLUMNS = tuple(column for column in holds.c if column.name != "request_id")


class HoldRepository:
    """Makes, lists and releases holds."""

    def __init__(self, database: Database, clock: Clock, *, release_by_second_person: bool) -> None:
        """`release_by_second_person`: whoever created a hold does not release it."""
        self._database = database
        self._clock = clock
        self._release_by_second_person = release_by_second_person

    async def create(self, wanted: Hold, request_id: str) -> Hold:
        """Hold what is there of the window, and all that is to come. Returns the hold with what is missing.

        `wanted` needs neither id nor create_ms. The same request once more makes no second hold. Raises
        NotFoundError for a camera that nobody ever registered, AlreadyExistsError when the request's id was
        another request's.
        """
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            await forbid_deletion(connection)
            made = await _made_before(connection, request_id) if request_id else None
            if made is not None:
                return _same(made, wanted)
            camera = await _camera(connection, wanted.camera_uid)
            window = Span(wanted.start_ms, wanted.end_ms)
            await _raise_again(connection, camera.uid, window)
            hold = replace(
                wanted,
                id=f"{now_ms}-{secrets.token_hex(4)}",
                create_ms=now_ms,
                missing=tuple(await find_missing(connection, camera, window, now_ms)),
            )
            await connection.execute(sa.insert(holds), {**_row(hold), "request_id": request_id or None})
            await note(connection, "hold", [(hold.id, hold.message())])
        return hold

    async def get(self, hold_id: str) -> Hold:
        """Raises NotFoundError."""
        async with self._database.read() as connection:
            return await _get(connection, hold_id)

    async def list(self, camera_uid: str, *, inactive: bool, before_id: str, limit: int) -> Sequence[Hold]:
        """Up to `limit` holds, newest first, those older than `before_id` (empty: from the newest on).

        `camera_uid` empty: of all cameras. `inactive`: released and expired ones too.
        """
        query = sa.select(*_COLUMNS).order_by(holds.c.id.desc()).limit(limit)
        if camera_uid:
            query = query.where(holds.c.camera_uid == camera_uid)
        if not inactive:
            query = query.where(is_active(self._clock.now_ms()))
        if before_id:
            query = query.where(holds.c.id < before_id)
        async with self._database.read() as connection:
            return [_hold(row) for row in await connection.execute(query)]

    async def release(self, hold_id: str, released_by: str, reason: str) -> Hold:
        """Let go. Once more by the same person changes nothing.

        Raises NotFoundError, PermissionDeniedError for whoever created it, FailedPreconditionError when
        another person was first.
        """
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            await forbid_deletion(connection)
            hold = await _get(connection, hold_id)
            if hold.release_ms is not None:
                if hold.released_by == released_by:
                    return hold
                raise FailedPreconditionError("hold.released", f"it was released by {hold.released_by}")
            if self._release_by_second_person and released_by == hold.created_by:
                raise PermissionDeniedError(
                    "hold.second_person", "whoever created a hold does not release it", field="released_by"
                )
            released = replace(hold, released_by=released_by, release_ms=now_ms, release_reason=reason)
            await connection.execute(
                sa.update(holds)
                .where(holds.c.id == hold_id)
                .values(released_by=released_by, release_ms=now_ms, release_reason=reason)
            )
            await note(connection, "hold", [(hold.id, released.message())])
        return released


async def _made_before(connection: AsyncConnection, request_id: str) -> Hold | None:
    query = sa.select(*_COLUMNS).where(holds.c.request_id == request_id)
    row = (await connection.execute(query)).one_or_none()
    return _hold(row) if row else None


def _same(made: Hold, wanted: Hold) -> Hold:
    asked = replace(wanted, id=made.id, create_ms=made.create_ms, missing=made.missing)
    kept = replace(made, released_by=None, release_ms=None, release_reason=None)
    if asked != kept:
        raise RequestReusedError(
            "request.id_reused", f"another request of this id made holds/{made.id}", field="request_id"
        )
    return made


async def _camera(connection: AsyncConnection, uid: str) -> CameraRecord:
    row = (await connection.execute(sa.select(cameras).where(cameras.c.uid == uid))).one_or_none()
    if row is None:
        raise NotFoundError("camera.unknown", "there is no camera of this uid", field="hold.camera_uid")
    return CameraRecord(*row)


async def _raise_again(connection: AsyncConnection, uid: str, window: Span) -> None:
    """What is buried comes back; what is doomed does not."""
    await connection.execute(
        sa.update(segments)
        .where(
            segments.c.camera_uid == uid,
            segments.c.start_ms > window.start_ms - MAX_DURATION_MS,
            segments.c.start_ms < window.end_ms,
            segment_end > window.start_ms,
            segments.c.tombstone_ms.is_not(None),
            ~segments.c.doomed,
        )
        .values(tombstone_ms=None)
    )


async def _get(connection: AsyncConnection, hold_id: str) -> Hold:
    row = (await connection.execute(sa.select(*_COLUMNS).where(holds.c.id == hold_id))).one_or_none()
    if row is None:
        raise NotFoundError("hold.unknown", f"there is no holds/{hold_id}", field="name")
    return _hold(row)


def _hold(row: sa.Row[tuple[object, ...]]) -> Hold:
    values = dict(row._mapping)
    values["missing"] = tuple(Span(*each) for each in values["missing"])
    return Hold(**values)


def _row(hold: Hold) -> dict[str, object]:
    row = {column.name: getattr(hold, column.name) for column in _COLUMNS}
    row["missing"] = [[span.start_ms, span.end_ms] for span in hold.missing]
    return row
