"""Following ingest's change feed of cameras (`WatchCameras`), the only way other services know them."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog

from snowlight.api.ingest.v1 import camera_pb2, camera_pb2_grpc
from snowlight.errors import SnowlightError
from snowlight.rpc.status import remote_errors

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 2.0
STEADY_S = 10.0
"""A feed that held this long was a good one: the next attempt after it comes soon."""
BATCH = 500

log = structlog.get_logger(__name__)

CameraChange = camera_pb2.Camera | camera_pb2.DeletedCamera


class CameraModel(Protocol):
    """What a service keeps of cameras in its database."""

    async def revision(self) -> int:
        """The registry's revision up to which the model is complete; 0 at the beginning."""

    async def apply(self, changes: Sequence[CameraChange], revision: int | None) -> None:
        """Take in changes in order, and with them the revision reached (None: it stays)."""

    async def forget(self) -> None:
        """Begin anew: ingest's registry is younger than what is kept."""


class CameraFeed:
    """Keeps a model up to date through every outage of ingest and of the database."""

    def __init__(self, registry: "camera_pb2_grpc.CameraRegistryAsyncStub", model: CameraModel) -> None:
        self._registry = registry
        self._model = model
        self.complete = False
        """Whether the model has been complete once, in this process or an earlier one."""

    async def run(self) -> None:
        """Follow the feed until cancelled."""
        await follow_forever(self._follow)

    async def _follow(self) -> None:
        kept = await self._model.revision()
        self.complete = self.complete or kept > 0
        changes: list[CameraChange] = []
        reached: int | None = None  # unknown until the backlog is complete: its order is ingest's own
        with remote_errors("services/ingest"):
            async for response in self._registry.WatchCameras(camera_pb2.WatchCamerasRequest(revision=kept)):
                match response.WhichOneof("event"):
                    case "changed":
                        changes.append(response.changed)
                        reached = None if reached is None else response.changed.revision
                    case "deleted":
                        changes.append(response.deleted)
                        reached = None if reached is None else response.deleted.revision
                    case "synced" if response.synced < kept:
                        log.warning("camera_feed.registry_replaced")
                        await self._model.forget()
                        return
                    case "synced":
                        reached = response.synced
                        self.complete = True
                if (reached is not None and not response.more) or len(changes) >= BATCH:
                    await self._model.apply(changes, reached)
                    changes.clear()


async def follow_forever(follow: Callable[[], Awaitable[None]], *, feed: str = "camera_feed") -> None:
    """Run `follow` again and again until cancelled, with a growing delay while it fails at once.

    `feed` is its name in logs.
    """
    loop = asyncio.get_running_loop()
    delay = FIRST_DELAY_S
    while True:
        started = loop.time()
        try:
            await follow()
        except SnowlightError as error:
            # Services of one cluster start together: that one is a moment late is no news.
            report = log.warning if delay == LONGEST_DELAY_S else log.info
            report(f"{feed}.interrupted", error=error.code)
        if loop.time() - started > STEADY_S:
            delay = FIRST_DELAY_S
        await asyncio.sleep(delay * random.uniform(0.5, 1))  # noqa: S311 - spreads reconnects
        delay = min(delay * 2, LONGEST_DELAY_S)
