"""Cameras that come from another worker, or go to one, while both are alive."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

from services.ingest.standby.held_stream import Ending
from services.ingest.status.gaps import Gap
from services.ingest.supervised import OpenStandby, SupervisedCamera

FINISH_SECONDS = 12.0
"""How long the next key frame of a camera that goes is waited for."""
EARLY_MS = 500
"""So much two workers may differ about when a picture came."""


class HandOver:
    """What the keeper of shards has done with their cameras."""

    def __init__(
        self,
        cameras: Mapping[str, SupervisedCamera],
        owns: Callable[[int], bool],
        open_standby: OpenStandby,
    ) -> None:
        """`cameras`: all that are registered, by uid. `owns`: as `Supervisor` has it."""
        self._cameras = cameras
        self._owns = owns
        self._open_standby = open_standby
        self._coming: frozenset[int] = frozenset()

    def comes(self, camera: SupervisedCamera) -> bool:
        """This worker is about to have it."""
        return camera.shard in self._coming

    def stand_by(self, shards: Collection[int]) -> None:
        """Hold the newest pictures of the cameras of `shards`, which other workers record still, and of no
        others any more."""
        coming = frozenset(shards)
        if coming == self._coming:
            return
        added, self._coming = coming - self._coming, coming
        for camera in self._cameras.values():
            if camera.standby is not None:
                if not self.comes(camera) and not self._owns(camera.shard):
                    camera.changed.set()
            elif camera.shard in added and camera.wanted is not None and not self._owns(camera.shard):
                camera.standby = self._open_standby(camera.wanted)
                camera.changed.set()

    def awaited(self) -> set[int]:
        """The shards of which pictures that are to be held may come yet."""
        return {
            camera.shard
            for camera in self._cameras.values()
            if camera.standby is not None and camera.standby.is_awaited
        }

    def take(self, foreign_until_ms: Mapping[int, int]) -> None:
        """This worker has taken these shards. By shard, until when the worker before may have recorded what
        it has told nobody of; 0 where it has told."""
        for camera in self._cameras.values():
            if camera.shard in foreign_until_ms:
                camera.foreign_until_ms = foreign_until_ms[camera.shard]
                camera.changed.set()

    def ending_of(self, camera: SupervisedCamera, gap: Gap) -> Ending:
        """Where the worker before ended. `gap`: the one that goes on."""
        if camera.foreign_until_ms > gap.start_ms:
            return Ending(camera.foreign_until_ms)
        return Ending(gap.start_ms, EARLY_MS)

    async def end(self, shards: Collection[int]) -> None:
        """End the sessions of the cameras of `shards`, which another worker is about to have: each in front
        of a key frame, if one comes in time."""
        ending = [camera for camera in self._cameras.values() if camera.shard in shards]
        sessions = [camera.session for camera in ending if camera.session is not None]
        with suppress(TimeoutError):
            async with asyncio.timeout(FINISH_SECONDS):
                await asyncio.gather(*(session.finish() for session in sessions))
        ends = []
        for camera in ending:
            if self._cameras.get(camera.uid) is not camera:
                continue  # it was deleted meanwhile
            camera.ended = asyncio.Event()
            ends.append(camera.ended)
            camera.changed.set()
        for ended in ends:
            await ended.wait()
