"""What one worker does for cameras as custom resources while that is its duty."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from services.ingest.camera_resources.conditions import ONLINE, SYNCED, is_condition, status_of
from services.ingest.camera_resources.events import Events
from services.ingest.camera_resources.finalizers import Finalizers
from services.ingest.camera_resources.metrics import CameraResourceMetrics
from services.ingest.camera_resources.reconciler import Reconciler
from services.ingest.camera_resources.resources import CameraResource, camera_path, site_path
from services.ingest.camera_resources.status_writer import StatusWriter
from services.ingest.camera_resources.store import ResourceStore
from services.ingest.camera_resources.work_queue import WorkQueue
from services.ingest.kubernetes.client import KubernetesClient
from services.ingest.pace import Pace
from services.ingest.registry.cameras import Cameras
from services.ingest.registry.feed import CameraFeed
from services.ingest.status.board import StatusBoard
from services.ingest.status.change import StateChange
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.clock import Clock
from snowlight.errors import UnavailableError

STATES_PER_SECOND = 20.0
"""Statuses that are written because cameras come and go, of all cameras and sites together."""


class Term:
    """Its parts, and what each tells the others. A new term knows nothing of the one before."""

    def __init__(
        self,
        client: KubernetesClient,
        namespace: str,
        cameras: Cameras,
        feed: CameraFeed,
        board: StatusBoard,
        clock: Clock,
        metrics: CameraResourceMetrics,
        may_write: Callable[[], bool],
    ) -> None:
        self._feed = feed
        self._board = board
        self._clock = clock
        self._queue = WorkQueue()
        self._events = Events(client, namespace, clock)
        self._store = ResourceStore(client, namespace, self._queue.add, self._heard, self._count)
        pace = Pace(STATES_PER_SECOND, STATES_PER_SECOND)
        camera_status = partial(camera_path, namespace, subresource="status")
        site_status = partial(site_path, namespace, subresource="status")
        self._statuses = StatusWriter(client, camera_status, self._store.cameras, self._status)
        self._states = StatusWriter(client, camera_status, self._store.cameras, self._status, pace)
        self._sites = StatusWriter(client, site_status, self._store.sites, self._site_status, pace)
        self._reconciler = Reconciler(
            cameras,
            Finalizers(cameras, client, self._store, self._queue),
            self._store,
            self._queue,
            self._events,
            self._tell,
            metrics.drifts.inc,
            may_write,
        )

    def work(self) -> list[Coroutine[Any, Any, None]]:
        """What goes on beside one another until the term is over."""
        return [
            *(one.run() for one in (self._store.cameras, self._store.sites, self._store.secrets)),
            *(one.run() for one in (self._statuses, self._states, self._sites, self._events)),
            self._reconcile(),
        ]

    def count(self, *, synced: bool) -> int:
        """Cameras whose last look came to that."""
        return sum((outcome.error is None) == synced for outcome in self._reconciler.outcomes())

    @property
    def waiting(self) -> int:
        """Cameras that are to be looked at."""
        return len(self._queue)

    async def _reconcile(self) -> None:
        await self._store.listed()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_registry())
            group.create_task(self._follow_states())
            group.create_task(self._reconciler.run())

    async def _follow_registry(self) -> None:
        while True:
            try:
                async for batch in self._feed.follow(self._feed.head):
                    self._reconciler.on_registered(batch.changes)
            except UnavailableError:
                await asyncio.sleep(1)
            else:
                return  # the process stops

    async def _follow_states(self) -> None:
        journal, wake = self._board.journal, asyncio.Event()
        number = journal.head
        with journal.told(wake):
            while True:
                await wake.wait()
                wake.clear()
                for name in self._changed_since(number):
                    self._states.write(name)
                number = journal.head

    def _changed_since(self, number: int) -> set[str]:
        """The cameras whose state has changed after a number of the journal."""
        try:
            changes = self._board.journal.after(number)
        except UnavailableError:
            return {status.name.removeprefix("cameras/") for status in self._board.all()}
        uids = {numbered.change.uid for numbered in changes if isinstance(numbered.change, StateChange)}
        statuses = [status for uid in uids if (status := self._board.get(uid)) is not None]
        return {status.name.removeprefix("cameras/") for status in statuses}

    def _tell(self, name: str) -> None:
        self._statuses.write(name)
        self._count_site_of(name)

    def _heard(self, name: str) -> None:
        """The status of a camera has come, maybe not the one that was written."""
        self._states.write(name)
        self._count_site_of(name)

    def _count_site_of(self, name: str) -> None:
        manifest = self._store.cameras.get(name)
        if manifest is not None and manifest["spec"].get("siteRef"):
            self._count(manifest["spec"]["siteRef"])

    def _count(self, site: str) -> None:
        self._sites.write(site)

    def _status(self, name: str) -> Mapping[str, Any] | None:
        manifest, outcome = self._store.cameras.get(name), self._reconciler.outcome(name)
        if manifest is None or outcome is None:
            return None
        resource = CameraResource.of(manifest)
        if resource.is_deleted or outcome.resource_uid != resource.uid:
            return None
        shown = self._board.get(outcome.record.uid) if outcome.record is not None else None
        state, reason = (shown.state, shown.reason) if shown else (camera_pb2.CONNECTING, "")
        return status_of(resource, outcome, state, reason, self._clock.now_ms())

    def _site_status(self, name: str) -> Mapping[str, Any] | None:
        site = self._store.sites.get(name)
        if site is None:
            return None
        found = [one for camera in self._store.cameras_of(name) if (one := self._store.cameras.get(camera))]
        statuses = [one.get("status") or {} for one in found]
        return {
            "observedGeneration": site["metadata"]["generation"],
            "cameras": len(found),
            "synced": sum(is_condition(status, SYNCED) for status in statuses),
            "online": sum(is_condition(status, ONLINE) for status in statuses),
        }
