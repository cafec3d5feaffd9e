"""Writes the status of resources of one kind, only what changed and so many at a time."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from services.ingest.camera_resources.work_queue import WorkQueue
from services.ingest.kubernetes.client import OF_ALL_CALLS, KubernetesClient
from services.ingest.kubernetes.patience import Patience
from services.ingest.kubernetes.reflector import Reflector
from services.ingest.pace import Pace
from snowlight.errors import NotFoundError, SnowlightError

AT_ONCE = 16
"""Writes at a time."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Outcome:
    """What came of writes that were made at once."""

    written: bool = False
    refused: list[SnowlightError] = field(default_factory=list)
    """With what others would meet too."""


class StatusWriter:
    """A write that fails is tried again; what was to be told meanwhile is told with it. Where no write would
    succeed, all wait."""

    def __init__(
        self,
        client: KubernetesClient,
        path: Callable[[str], str],
        resources: Reflector,
        document: Callable[[str], Mapping[str, Any] | None],
        pace: Pace | None = None,
    ) -> None:
        """`path`: of a resource's status, by its name. `document`: the whole status that a resource is to
        have now; None while there is nothing to tell. `pace`: how many are written in a second, without it
        as many as the API server takes."""
        self._client = client
        self._path = path
        self._resources = resources
        self._document = document
        self._pace = pace
        self._queue = WorkQueue()
        self._patience = Patience("resources.statuses_unwritten", resources=path(""))

    def write(self, name: str) -> None:
        """The status of a resource may have changed."""
        self._queue.add(name)

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                names = await self._queue.take(1 if self._pace is not None else AT_ONCE)
                outcome = _Outcome()
                async with asyncio.TaskGroup() as group:
                    for name in names:
                        group.create_task(self._write(name, outcome))
                if outcome.refused:  # though others may have been let through meanwhile
                    await self._patience.after(outcome.refused[0])
                elif outcome.written:
                    self._patience.succeeded()
        finally:
            self._queue.close()

    async def _write(self, name: str, outcome: _Outcome) -> None:
        if self._patch(name) is None:
            self._queue.done(name)
            return
        if self._pace is not None:
            await self._pace.wait(None)
        patch = self._patch(name)
        if patch is None:
            return
        try:
            answer = await self._client.patch(self._path(name), {"status": patch})
        except NotFoundError:
            self._queue.done(name)
        except OF_ALL_CALLS as error:
            self._queue.add(name)
            outcome.refused.append(error)
        except SnowlightError as error:
            log.warning("resource.status_unwritten", resource=name, reason=str(error))
            self._queue.retry(name)
        else:
            outcome.written = True
            self._queue.done(name)
            self._resources.put(answer)

    def _patch(self, name: str) -> Mapping[str, Any] | None:
        """What is to be merged into the status, None when nothing is."""
        manifest, wanted = self._resources.get(name), self._document(name)
        if manifest is None or wanted is None:
            return None
        told: Mapping[str, Any] = manifest.get("status") or {}
        if told == wanted:
            return None
        return {**dict.fromkeys(told.keys() - wanted.keys()), **wanted}
