"""The camera model: what ingest's change feed has told, as far as rights depend on it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

from services.auth.consent.ending import end_of_former_owners
from services.auth.model import CameraFacts, Ownership
from services.auth.repository import cameras, revocations
from services.auth.repository.revocations import Kind
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.camera_feed import CameraChange
from snowlight.clock import Clock
from snowlight.database import Database

LAG_S = 1.0
"""How long a camera may be unknown here though it exists: the feed is that much behind at most."""


class CameraModel:
    """The model in auth's database. Several processes of auth may keep the same one."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._progress = asyncio.Event()  # set, and replaced, at each change

    async def revision(self) -> int:
        """The registry's revision up to which the model is complete; 0 at the beginning."""
        async with self._database.read() as connection:
            return await cameras.feed_revision(connection) or 0

    async def apply(self, changes: Sequence[CameraChange], revision: int | None) -> None:
        """Take in changes in order, and with them the revision reached (None: it stays).

        Tickets for a camera whose facts are no longer those that they were decided on are decided anew.
        Consents of who is its owner no more end.
        """
        async with self._database.write() as connection:
            uids = {change.uid for change in changes}
            before = await cameras.find_all(connection, uids)
            for change in changes:
                if isinstance(change, camera_pb2.Camera):
                    await cameras.put(connection, _facts(change), change.revision)
                else:
                    await cameras.mark_deleted(connection, change.uid, change.revision)
            if revision is not None:
                await cameras.set_feed_revision(connection, revision)
            after = await cameras.find_all(connection, uids)
            await end_of_former_owners(connection, after, self._clock.now_ms())
            for uid, facts in before.items():
                if after.get(uid) != facts:
                    revocations.add(connection, Kind.CAMERA, uid, self._clock.now_ms())
        self._progress.set()
        self._progress = asyncio.Event()

    async def forget(self) -> None:
        """Begin anew: none of this is about the cameras of ingest's registry."""
        async with self._database.write() as connection:
            await cameras.forget_all(connection)

    async def wait_for(self, camera_uids: Collection[str]) -> None:
        """Return once the cameras are known, after a second at the latest."""
        await self._wait_until(lambda: self._are_known(camera_uids))

    async def wait_for_revision(self, revision: int) -> None:
        """Return once the registry's changes up to `revision` are known, after a second at the latest."""
        await self._wait_until(lambda: self._is_reached(revision))

    async def _wait_until(self, is_so: Callable[[], Awaitable[bool]]) -> None:
        deadline = asyncio.get_running_loop().time() + LAG_S
        while True:
            progress = self._progress
            if await is_so():
                return
            try:
                async with asyncio.timeout_at(deadline):
                    await progress.wait()
            except TimeoutError:
                return

    async def _is_reached(self, revision: int) -> bool:
        return await self.revision() >= revision

    async def _are_known(self, camera_uids: Collection[str]) -> bool:
        async with self._database.ask() as connection:
            return len(await cameras.find_all(connection, camera_uids)) == len(set(camera_uids))


def _facts(camera: camera_pb2.Camera) -> CameraFacts:
    return CameraFacts(
        uid=camera.uid,
        region=camera.region.removeprefix("regions/"),
        ownership=_ownership(camera.ownership),
        owner=camera.owner,
        listed_for_residents=camera.listed_for_residents,
        operator=camera.operator,
        owner_ms=camera.owner_time.ToMilliseconds(),
    )


def _ownership(value: camera_pb2.Ownership.ValueType) -> Ownership | None:
    if value == camera_pb2.OWNERSHIP_UNSPECIFIED:
        return None
    try:
        return Ownership(camera_pb2.Ownership.Name(value).lower())
    except ValueError:
        return Ownership.HOUSEHOLD  # one that a newer ingest knows: the strictest rule holds
