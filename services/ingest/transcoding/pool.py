"""Transcodes of many cameras, as many as there are cores for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.ingest.config import TranscodingSettings
from services.ingest.transcoding.budget import CoreBudget, cores_for
from services.ingest.transcoding.encoder_choice import EncoderChoice
from services.ingest.transcoding.ladder import Picture, Rung, check_size
from services.ingest.transcoding.machine import Alone, Shares
from services.ingest.transcoding.metrics import TranscodingMetrics
from services.ingest.transcoding.transcode import Transcode, TranscodeParts
from snowlight.clock import Clock


class TranscodingPool:
    """Holds nothing but its budget: a transcode and its process are there while somebody has it open."""

    def __init__(
        self,
        settings: TranscodingSettings,
        metrics: TranscodingMetrics,
        clock: Clock,
        shares: Shares | None = None,
    ) -> None:
        """`shares`: of the machine's cores; None where this worker is its only one."""
        self._budget = CoreBudget(settings.cores_or_default, metrics, shares or Alone())
        self._metrics = metrics
        self._encoders = EncoderChoice(settings.encoder)
        self._parts = TranscodeParts(metrics, clock, settings.threads, settings.stall_seconds)

    @property
    def has_cores(self) -> bool:
        """Transcoding is not turned off."""
        return self._budget.cores > 0

    @asynccontextmanager
    async def open(self, rung: Rung, source: Picture, *, live: bool = True) -> AsyncIterator[Transcode]:
        """A transcode of a camera whose pictures are `source`; its process has ended on the way out. `live`:
        it is all of a stream, and not one segment of a recording.

        Raises ResourceExhaustedError("transcode.no_capacity") at once when the cores are spent, and
        FailedPreconditionError("transcode.too_large").
        """
        check_size(source.width, source.height)
        running = self._metrics.running.labels(rung.name)
        with self._budget.lease(cores_for(rung, source)) as lease, running.track_inprogress():
            encoders = self._encoders.live if live else self._encoders.recorded
            on_encoder = self._encoders.on_encoder if live else _unheard
            transcode = Transcode(rung, source, lease, self._parts, encoders, on_encoder)
            work = asyncio.create_task(transcode.run())
            try:
                yield transcode
            finally:
                work.cancel()
                await asyncio.wait([work])


def _unheard(_: str | None) -> None:
    """It was the only one to try."""
