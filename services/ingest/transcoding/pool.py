"""Transcodes of many cameras, as many as there are cores for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from services.ingest.config import TranscodingSettings
from services.ingest.transcoding.budget import CoreBudget, cores_for
from services.ingest.transcoding.encoders import HARDWARE, SOFTWARE
from services.ingest.transcoding.ladder import Picture, Rung, check_size
from services.ingest.transcoding.metrics import TranscodingMetrics
from services.ingest.transcoding.transcode import Transcode, TranscodeParts
from snowlight.clock import Clock

log = structlog.get_logger(__name__)


class TranscodingPool:
    """Holds nothing but its budget: a transcode and its process are there while somebody has it open."""

    def __init__(self, settings: TranscodingSettings, metrics: TranscodingMetrics, clock: Clock) -> None:
        self._budget = CoreBudget(settings.cores_or_default, metrics)
        self._metrics = metrics
        chosen = settings.encoder
        self._encoders: tuple[str, ...] = (*HARDWARE, SOFTWARE) if chosen == "auto" else (chosen,)
        self._known = chosen != "auto"
        self._parts = TranscodeParts(
            metrics,
            clock,
            settings.threads,
            settings.stall_seconds,
            lambda: self._encoders,
            self._on_encoder,
        )

    @property
    def has_cores(self) -> bool:
        """Transcoding is not turned off."""
        return self._budget.cores > 0

    @asynccontextmanager
    async def open(self, rung: Rung, source: Picture) -> AsyncIterator[Transcode]:
        """A transcode of a camera whose pictures are `source`; its process has ended on the way out.

        Raises ResourceExhaustedError("transcode.no_capacity") at once when the cores are spent, and
        FailedPreconditionError("transcode.too_large").
        """
        check_size(source.width, source.height)
        running = self._metrics.running.labels(rung.name)
        with self._budget.lease(cores_for(rung, source)) as lease, running.track_inprogress():
            transcode = Transcode(rung, source, lease, self._parts)
            work = asyncio.create_task(transcode.run())
            try:
                yield transcode
            finally:
                work.cancel()
                await asyncio.wait([work])

    def _on_encoder(self, name: str | None) -> None:
        """The first process tries them all out; where that has killed it, the hardware is left alone."""
        if self._known:
            return
        self._known = True
        if name is None:
            log.warning("transcode.encoder_failed", tried=self._encoders)
        else:
            log.info("transcode.encoder", name=name)
        self._encoders = (SOFTWARE,) if name in (None, SOFTWARE) else (str(name), SOFTWARE)
