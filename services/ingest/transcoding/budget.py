"""How many cores transcodes may take: who would be one too many is refused, so that nobody stutters."""

from collections.abc import Iterator
from contextlib import contextmanager

from services.ingest.sources.source import VideoCodec
from services.ingest.transcoding.ladder import Picture, Rung
from services.ingest.transcoding.machine import Shares
from services.ingest.transcoding.metrics import TranscodingMetrics
from snowlight.errors import ResourceExhaustedError

_DECODE: dict[VideoCodec, float] = {"h264": 2.5e-9, "h265": 4.0e-9}
_SCALE = 0.9e-9
_ENCODE = 11.5e-9
_EACH = 0.01
"""Core-seconds a pixel of the source, the same where it is made smaller, and a pixel that is encoded; cores
of a process beside that (docs/design/0012)."""


def cores_for(rung: Rung, source: Picture) -> float:
    """What a transcode takes of a core, as an estimate."""
    width, height = rung.size(source.width, source.height)
    smaller = (width, height) != (source.width, source.height)
    pixel_s = source.pixels * (_DECODE[source.codec] + (_SCALE if smaller else 0)) + width * height * _ENCODE
    return _EACH + pixel_s * source.frames_per_second


class Lease:
    """A transcode's share of the budget."""

    def __init__(self, budget: "CoreBudget") -> None:
        self._budget = budget
        self.cores = 0.0

    def change(self, cores: float) -> None:
        """Take `cores` instead. Raises ResourceExhaustedError("transcode.no_capacity") where they are not
        left; what was taken before is kept."""
        self._budget.take(cores - self.cores)
        self.cores = cores


class CoreBudget:
    """`cores`: of the machine, for all that have `shares` of it; 0 means that there are none."""

    def __init__(self, cores: float, metrics: TranscodingMetrics, shares: Shares) -> None:
        self.cores = cores
        self._shares = shares
        self._taken = 0.0
        self._metrics = metrics

    @contextmanager
    def lease(self, cores: float) -> Iterator[Lease]:
        """They are taken inside. Raises ResourceExhaustedError("transcode.no_capacity")."""
        lease = Lease(self)
        lease.change(cores)
        try:
            yield lease
        finally:
            lease.change(0)

    def take(self, cores: float) -> None:
        """Raises ResourceExhaustedError("transcode.no_capacity"); fewer than 0 are given back."""
        wanted = self._taken + cores
        self._shares.tell(
            wanted
        )  # before others are asked: of two at once both may be refused, but not let in
        if cores > 0 and wanted + (others := self._shares.others()) > self.cores:
            self._shares.tell(self._taken)
            self._metrics.refused.inc()
            detail = (
                f"{self._taken + others:.2f} of {self.cores:.2f} cores for transcoding are taken, "
                f"and this takes {cores:.2f} more"
            )
            raise ResourceExhaustedError(
                "transcode.no_capacity", detail if self.cores else "it is turned off"
            )
        self._taken = wanted
        self._metrics.cores.set(self._taken)
