"""Cameras as custom resources are one worker's duty: the owner's of shard 0, for as long as it is that."""

import asyncio
from collections.abc import Callable

import structlog

from services.ingest.camera_resources.metrics import CameraResourceMetrics
from services.ingest.camera_resources.term import Term
from services.ingest.kubernetes.duty import on_duty
from snowlight.background import running

log = structlog.get_logger(__name__)


class CameraResources:
    """One for the process. Whoever has the duty next begins by itself, from what is written down."""

    def __init__(
        self, new_term: Callable[[], Term], metrics: CameraResourceMetrics, has_duty: Callable[[], bool]
    ) -> None:
        self._new_term = new_term
        self._has_duty = has_duty
        self._term: Term | None = None
        metrics.count(self._count, self._waiting)

    async def run(self) -> None:
        """Until cancelled."""
        await on_duty(self._has_duty, self._serve)

    async def _serve(self) -> None:
        self._term = self._new_term()
        log.info("resources.begun")
        try:
            async with running(*self._term.work()):
                await asyncio.get_running_loop().create_future()
        finally:
            self._term = None
            log.info("resources.ended")

    def _count(self, *, synced: bool) -> int:
        return self._term.count(synced=synced) if self._term is not None else 0

    def _waiting(self) -> int:
        return self._term.waiting if self._term is not None else 0
