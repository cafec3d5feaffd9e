"""Follows ingest's change feed of cameras and keeps what rights depend on."""

import asyncio

import structlog

from services.auth.model import CameraFacts, Ownership
from services.auth.repository import cameras
from snowlight.api.ingest.v1 import camera_pb2, camera_pb2_grpc
from snowlight.database import Database
from snowlight.errors import SnowlightError
from snowlight.rpc.status import remote_errors

FIRST_RETRY_S = 0.2
LAST_RETRY_S = 2.0
LAG_S = 1.0
"""How long a camera may be unknown here though it exists: the feed is that much behind at most."""

BATCH = 500

log = structlog.get_logger(__name__)


class CameraFeed:
    """The camera model's writer. One for each process of auth; several may keep the same database."""

    def __init__(self, database: Database, registry: "camera_pb2_grpc.CameraRegistryAsyncStub") -> None:
        self._database = database
        self._registry = registry
        self._progress = asyncio.Event()  # set, and replaced, at each change
        self._retry_s = FIRST_RETRY_S
        self.complete = False
        """Whether the feed has been complete once, in this process or an earlier one."""

    async def run(self) -> None:
        """Follow the feed until cancelled, through every outage of ingest and of the database."""
        while True:
            try:
                await self._follow()
            except SnowlightError as error:
                log.warning("camera_feed.interrupted", error=error.code, retry_s=self._retry_s)
            await asyncio.sleep(self._retry_s)
            self._retry_s = min(2 * self._retry_s, LAST_RETRY_S)

    async def wait_for(self, camera_uid: str) -> None:
        """Return once the camera is known, after a second at the latest."""
        deadline = asyncio.get_running_loop().time() + LAG_S
        while True:
            progress = self._progress
            if await self._is_known(camera_uid):
                return
            try:
                async with asyncio.timeout_at(deadline):
                    await progress.wait()
            except TimeoutError:
                return

    async def _is_known(self, camera_uid: str) -> bool:
        async with self._database.read() as connection:
            return await cameras.find(connection, camera_uid) is not None

    async def _follow(self) -> None:
        async with self._database.read() as connection:
            kept = await cameras.feed_revision(connection)
        self.complete = self.complete or kept is not None
        backlog: list[camera_pb2.WatchCamerasResponse] = []
        synced = False
        with remote_errors("services/ingest"):
            request = camera_pb2.WatchCamerasRequest(revision=kept or 0)
            async for response in self._registry.WatchCameras(request):
                backlog.append(response)
                if response.WhichOneof("event") == "synced":
                    synced = True
                    if response.synced < (kept or 0):
                        await self._begin_anew()
                        return
                if synced or len(backlog) >= BATCH:
                    await self._apply(backlog, synced)
                    backlog.clear()

    async def _apply(self, responses: list[camera_pb2.WatchCamerasResponse], synced: bool) -> None:
        """Keep `responses`. How far the feed is kept counts only once the backlog is complete: its order is
        ingest's own."""
        revision = 0
        async with self._database.write() as connection:
            for response in responses:
                match response.WhichOneof("event"):
                    case "changed":
                        camera = response.changed
                        await cameras.put(connection, _facts(camera), camera.revision)
                        revision = max(revision, camera.revision)
                    case "deleted":
                        await cameras.mark_deleted(
                            connection, response.deleted.uid, response.deleted.revision
                        )
                        revision = max(revision, response.deleted.revision)
                    case "synced":
                        revision = max(revision, response.synced)
            if synced:
                await cameras.set_feed_revision(connection, revision)
        if synced:
            self.complete = True
            self._retry_s = FIRST_RETRY_S
        self._progress.set()
        self._progress = asyncio.Event()

    async def _begin_anew(self) -> None:
        """Ingest's registry is younger than what is kept here: none of this is about its cameras."""
        log.warning("camera_feed.registry_replaced")
        async with self._database.write() as connection:
            await cameras.forget_all(connection)


def _facts(camera: camera_pb2.Camera) -> CameraFacts:
    return CameraFacts(
        uid=camera.uid,
        region=camera.region.removeprefix("regions/"),
        ownership=_ownership(camera.ownership),
        owner=camera.owner,
        listed_for_residents=camera.listed_for_residents,
    )


def _ownership(value: camera_pb2.Ownership.ValueType) -> Ownership | None:
    if value == camera_pb2.OWNERSHIP_UNSPECIFIED:
        return None
    try:
        return Ownership(camera_pb2.Ownership.Name(value).lower())
    except ValueError:
        return Ownership.HOUSEHOLD  # one that a newer ingest knows: the strictest rule holds
