"""Cameras in the database, SQLite or PostgreSQL alike.

Every write takes the next revision first, by updating the one row of `registry_head`. That row stays locked
until the transaction ends, so revisions become visible in their own order and a reader who has seen
revision n has missed nothing below it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.registry.creations import Creation, keep, made_by, made_by_all
from services.ingest.registry.record import CameraRecord, Change, Tombstone
from services.ingest.registry.tables import cameras, deleted_cameras, head
from snowlight.database import Database
from snowlight.errors import AbortedError, AlreadyExistsError, NotFoundError, SnowlightError

Revision = Callable[[CameraRecord], CameraRecord]
"""Makes the next version of a camera of the current one, or raises what is against it."""


class CameraRepository:
    """All calls raise UnavailableError while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def head(self) -> int:
        """The newest revision; 0 when nothing was ever registered."""
        async with self._database.read() as connection:
            return int((await connection.execute(sa.select(head.c.revision))).scalar_one())

    async def made_by(self, creation: Creation, now_ms: int) -> CameraRecord | None:
        """The camera that an earlier attempt has made, as it is now. Raises RequestReusedError when it was no
        attempt at this, NotFoundError when the camera was deleted since."""
        async with self._database.read() as connection:
            return await _made_by(connection, creation, now_ms)

    async def insert(self, record: CameraRecord, creation: Creation | None = None) -> CameraRecord:
        """Register `record` under the next revision, or return what an earlier attempt at it has made.

        Raises AlreadyExistsError when its id is taken, and as `made_by`.
        """
        async with self._database.write() as connection:
            record = replace(record, revision=await _next_revisions(connection, 1) + 1)
            if creation is not None:
                made = await _made_by(connection, creation, record.create_time_ms)
                if made is not None:
                    return made
            await _check_free(connection, record.id)
            if creation is not None:
                await keep(connection, {record.uid: creation}, record.create_time_ms)
            await connection.execute(cameras.insert().values(asdict(record)))
        return record

    async def insert_all(
        self, records: Sequence[CameraRecord], creations: Mapping[str, Creation] | None = None
    ) -> list[CameraRecord | AlreadyExistsError]:
        """Register `records` under the next revisions in one transaction, but for those whose ids are taken,
        of two of one id the second: in their order.

        `creations`: by the uid of a record, the creation that it is an attempt at. Where an earlier attempt
        made the camera that has the id, that one is returned as it is now.
        """
        if not records:
            return []
        async with self._database.write() as connection:
            revision = await _next_revisions(connection, len(records))
            results = _unless_taken(records, await _taken(connection, records), revision)
            added = {result.uid: result for result in results if isinstance(result, CameraRecord)}
            if added:
                await connection.execute(cameras.insert(), [asdict(record) for record in added.values()])
            if creations:
                results = await _with_earlier(connection, records, results, creations)
                kept = {uid: creation for uid, creation in creations.items() if uid in added}
                if kept:
                    await keep(connection, kept, records[0].create_time_ms)
        return results

    async def check_free(self, record: CameraRecord) -> None:
        """Raises AlreadyExistsError when its id is taken."""
        async with self._database.read() as connection:
            await _check_free(connection, record.id)

    async def which_free(self, records: Sequence[CameraRecord]) -> list[CameraRecord | AlreadyExistsError]:
        """What `insert_all` would make of `records`; nothing is written."""
        async with self._database.read() as connection:
            return _unless_taken(records, await _taken(connection, records), 0)

    async def find(self, ids: Collection[str]) -> dict[str, CameraRecord]:
        """Those of `ids` that are registered."""
        async with self._database.read() as connection:
            return await _all_of(connection, ids)

    async def get(self, camera_id: str) -> CameraRecord:
        """Raises NotFoundError."""
        async with self._database.read() as connection:
            return await _get(connection, camera_id)

    async def page(self, *, region_prefix: str, after_id: str, limit: int) -> list[CameraRecord]:
        """Cameras whose region begins with `region_prefix` ("" for all), in the order of their ids."""
        query = sa.select(cameras).where(cameras.c.id > after_id).order_by(cameras.c.id).limit(limit)
        if region_prefix:
            query = query.where(cameras.c.region.startswith(region_prefix, autoescape=True))
        async with self._database.read() as connection:
            return [_record(row) for row in await connection.execute(query)]

    async def revise(self, camera_id: str, revision_of: Revision) -> CameraRecord:
        """Write the version that `revision_of` makes of the current one, under the next revision. The same
        one again is not written.

        Nobody else writes meanwhile. What `revision_of` raises leaves the camera as it was.
        Raises NotFoundError.
        """
        async with self._database.write() as connection:
            revision = await _next_revisions(connection, 1) + 1
            current = await _get(connection, camera_id)
            revised = revision_of(current)
            if revised == current:
                return current
            record = replace(revised, revision=revision)
            await connection.execute(
                cameras.update().where(cameras.c.uid == record.uid).values(asdict(record))
            )
        return record

    async def revise_all(
        self, revisions: Sequence[tuple[str, Revision]], *, validate_only: bool = False
    ) -> list[CameraRecord | SnowlightError]:
        """As `revise` does for each id, one after the other in one transaction: the camera as it is then, or
        what was raised for it. `validate_only`: nothing is written."""
        if not revisions:
            return []
        ids = {camera_id for camera_id, _ in revisions}
        if validate_only:
            async with self._database.read() as connection:
                known = await _all_of(connection, ids)
            return [_attempt(known, *revision) for revision in revisions]
        async with self._database.write() as connection:
            number = await _next_revisions(connection, len(revisions))
            known = await _all_of(connection, ids)
            results: list[CameraRecord | SnowlightError] = []
            written: dict[str, CameraRecord] = {}
            for camera_id, revision_of in revisions:
                number += 1
                result = _attempt(known, camera_id, revision_of)
                if isinstance(result, CameraRecord) and result != known[camera_id]:
                    result = replace(result, revision=number)
                    written[camera_id] = known[camera_id] = result
                results.append(result)
            if written:
                rows = [{"of_uid": record.uid, **asdict(record)} for record in written.values()]
                await connection.execute(
                    cameras.update().where(cameras.c.uid == sa.bindparam("of_uid")), rows
                )
        return results

    async def delete(self, camera_id: str, etag: str) -> Tombstone:
        """Forget a camera but for its tombstone. Raises NotFoundError, and AbortedError for a stale etag."""
        async with self._database.write() as connection:
            revision = await _next_revisions(connection, 1) + 1
            current = await _get(connection, camera_id)
            check_etag(etag, current)
            tombstone = Tombstone(current.uid, current.id, revision)
            await connection.execute(cameras.delete().where(cameras.c.uid == current.uid))
            await connection.execute(deleted_cameras.insert().values(asdict(tombstone)))
        return tombstone

    async def changes_after(self, revision: int, limit: int) -> Sequence[Change]:
        """The first `limit` cameras and tombstones written after `revision`, in the order of revisions."""
        async with self._database.read() as connection:
            changed: list[Change] = [
                _record(row) for row in await connection.execute(_after(cameras, revision, limit))
            ]
            changed += [
                Tombstone(**row._mapping)
                for row in await connection.execute(_after(deleted_cameras, revision, limit))
            ]
        return sorted(changed, key=lambda change: change.revision)[:limit]


def check_etag(etag: str, current: CameraRecord) -> None:
    """Raises AbortedError when `etag` is given and not that of `current`."""
    if etag and etag != current.etag:
        raise AbortedError("camera.changed", f"{current.name} was changed by someone else: read it again")


async def _check_free(connection: AsyncConnection, camera_id: str) -> None:
    taken = await connection.execute(sa.select(cameras.c.uid).where(cameras.c.id == camera_id))
    if taken.first() is not None:
        raise _exists(camera_id)


async def _taken(connection: AsyncConnection, records: Sequence[CameraRecord]) -> set[str]:
    query = sa.select(cameras.c.id).where(cameras.c.id.in_([record.id for record in records]))
    return set((await connection.execute(query)).scalars())


def _unless_taken(
    records: Sequence[CameraRecord], taken: set[str], revision: int
) -> list[CameraRecord | AlreadyExistsError]:
    """`records` under the revisions behind `revision`; their ids are taken from then on."""
    results: list[CameraRecord | AlreadyExistsError] = []
    for number, record in enumerate(records, revision + 1):
        free = record.id not in taken
        taken.add(record.id)
        results.append(replace(record, revision=number) if free else _exists(record.id))
    return results


async def _with_earlier(
    connection: AsyncConnection,
    records: Sequence[CameraRecord],
    results: Sequence[CameraRecord | AlreadyExistsError],
    creations: Mapping[str, Creation],
) -> list[CameraRecord | AlreadyExistsError]:
    """`results`, but for each refusal the camera that an earlier attempt at the same creation has made."""
    refused = {
        record.id: creations[record.uid]
        for record, result in zip(records, results, strict=True)
        if isinstance(result, AlreadyExistsError) and record.uid in creations
    }
    if not refused:
        return list(results)
    made = await made_by_all(connection, refused.values(), records[0].create_time_ms)
    its = {
        camera_id: current
        for camera_id, current in (await _all_of(connection, refused)).items()
        if made.get(refused[camera_id].request_id) == (refused[camera_id].fingerprint, current.uid)
    }
    return [
        its.get(record.id, result) if isinstance(result, AlreadyExistsError) else result
        for record, result in zip(records, results, strict=True)
    ]


def _exists(camera_id: str) -> AlreadyExistsError:
    return AlreadyExistsError("camera.exists", f"cameras/{camera_id} is registered already")


async def _next_revisions(connection: AsyncConnection, count: int) -> int:
    """Take `count` revisions: those behind the one that is returned."""
    taken = await connection.execute(
        head.update().values(revision=head.c.revision + count).returning(head.c.revision)
    )
    return int(taken.scalar_one()) - count


async def _made_by(connection: AsyncConnection, creation: Creation, now_ms: int) -> CameraRecord | None:
    uid = await made_by(connection, creation, now_ms)
    if uid is None:
        return None
    row = (await connection.execute(sa.select(cameras).where(cameras.c.uid == uid))).first()
    if row is None:
        raise NotFoundError("camera.unknown", "the camera that this request made has been deleted since")
    return _record(row)


async def _get(connection: AsyncConnection, camera_id: str) -> CameraRecord:
    row = (await connection.execute(sa.select(cameras).where(cameras.c.id == camera_id))).first()
    if row is None:
        raise _unknown(camera_id)
    return _record(row)


async def _all_of(connection: AsyncConnection, ids: Collection[str]) -> dict[str, CameraRecord]:
    query = sa.select(cameras).where(cameras.c.id.in_(ids))
    return {row.id: _record(row) for row in await connection.execute(query)}


def _attempt(
    known: Mapping[str, CameraRecord], camera_id: str, revision_of: Revision
) -> CameraRecord | SnowlightError:
    if camera_id not in known:
        return _unknown(camera_id)
    try:
        return revision_of(known[camera_id])
    except SnowlightError as error:
        return error


def _unknown(camera_id: str) -> NotFoundError:
    return NotFoundError("camera.unknown", f"there is no camera cameras/{camera_id}")


def _record(row: sa.Row[Any]) -> CameraRecord:
    return CameraRecord(**row._mapping)


def _after(table: sa.Table, revision: int, limit: int) -> sa.Select[Any]:
    return sa.select(table).where(table.c.revision > revision).order_by(table.c.revision).limit(limit)
