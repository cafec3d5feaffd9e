"""Sets the number of ingest's replicas, in the worker that owns shard 0 and for as long as it does."""

import asyncio
import re
from collections.abc import Callable

import structlog

from services.ingest.kubernetes.client import KubernetesClient, path_of
from services.ingest.kubernetes.config import KubernetesSettings
from services.ingest.kubernetes.metrics import AutoscalerMetrics
from services.ingest.kubernetes.patience import Patience
from services.ingest.kubernetes.scaling import Observed, Spare, Wanted, decide
from services.ingest.shards.drains import AUTOSCALER, DrainRepository
from services.ingest.shards.repository import ShardRepository
from services.ingest.shards.terms import DUTY_SHARD
from snowlight.clock import Clock
from snowlight.errors import AbortedError, SnowlightError

LOOK_SECONDS = 5.0
CONFLICT_SECONDS = 1.0
"""Pause after somebody else's write has refused ours."""
MOST_CONFLICTS = 8
"""Writes that are tried without a pause when others have written in between and left the number as it is."""

log = structlog.get_logger(__name__)


class Autoscaler:
    """Of one term: there is another one for the next. `run` is cancelled in the moment the term ends."""

    def __init__(
        self,
        client: KubernetesClient,
        settings: KubernetesSettings,
        shards: ShardRepository,
        drains: DrainRepository,
        clock: Clock,
        metrics: AutoscalerMetrics,
        *,
        worker: str,
        cameras: Callable[[], int | None],
    ) -> None:
        """`cameras`: registered and switched on; None while they are not known, and nothing is done then."""
        self._client = client
        self._settings = settings
        self._shards = shards
        self._drains = drains
        self._clock = clock
        self._metrics = metrics
        self._worker = worker
        self._cameras = cameras
        self._spare: Spare | None = None
        self._ordinal = re.compile(re.escape(settings.stateful_set or "") + r"-(\d+)")
        self._path = path_of(
            "apps/v1",
            "statefulsets",
            settings.stateful_set or "",
            namespace=settings.namespace or "",
            subresource="scale",
        )

    async def run(self) -> None:
        """Until cancelled. Whatever fails is tried again, and disturbs nothing else."""
        patience = Patience("autoscaler.failed")
        while True:
            try:
                await self.look()
            except AbortedError:
                self._metrics.errors.labels("conflict").inc()  # somebody else wrote: look again
                await asyncio.sleep(CONFLICT_SECONDS)
            except SnowlightError as error:
                self._metrics.errors.labels(error.code.removeprefix("kubernetes.")).inc()
                await patience.after(error)
            else:
                patience.succeeded()
                await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Decide once, and do it. Raises SnowlightError."""
        cameras = self._cameras()
        if cameras is None:
            return
        scale = await self._client.get(self._path)
        observed = await self._observe(int(scale["spec"].get("replicas", 0)), cameras)
        wanted, self._spare = decide(self._settings, observed, self._spare, self._clock.monotonic())
        self._metrics.replicas.set(wanted.replicas)
        if not await self._shards.owns(self._worker, DUTY_SHARD):
            return  # the term has ended, by the database's clock
        await self._do(wanted, observed, str(scale["metadata"]["resourceVersion"]))

    async def _observe(self, replicas: int, cameras: int) -> Observed:
        ordinals = {
            int(found[1])
            for pod, asked_by in (await self._drains.asked()).items()
            if AUTOSCALER in asked_by and (found := self._ordinal.fullmatch(pod))
        }
        drained = [n for n in ordinals if n < replicas and not await self._drains.remains(self._pod(n))]
        pods = {
            int(found[1]): loads
            for pod, loads in (await self._shards.loads()).items()
            if (found := self._ordinal.fullmatch(pod))
        }
        return Observed(replicas, cameras, pods, ordinals, drained)

    async def _do(self, wanted: Wanted, observed: Observed, resource_version: str) -> None:
        if wanted.keep:
            await self._drains.take_back([self._pod(n) for n in wanted.keep], AUTOSCALER)
            log.info("autoscaler.kept", pods=[self._pod(n) for n in wanted.keep], reason=wanted.reason)
            self._metrics.decisions.labels("keep").inc()
        if wanted.drain is not None:
            await self._drains.ask(self._pod(wanted.drain), AUTOSCALER)
            log.info("autoscaler.drains", pod=self._pod(wanted.drain), reason=wanted.reason)
            self._metrics.decisions.labels("drain").inc()
        if wanted.replicas != observed.replicas:
            await self._scale(observed.replicas, wanted.replicas, resource_version)
            told = {"replicas": wanted.replicas, "before": observed.replicas, "reason": wanted.reason}
            log.info("autoscaler.scaled", **told)
            self._metrics.decisions.labels("up" if wanted.replicas > observed.replicas else "down").inc()

    async def _scale(self, before: int, replicas: int, resource_version: str) -> None:
        """Raises AbortedError where the number is another one by now, or others write all the time."""
        for attempt in range(MOST_CONFLICTS):
            change = {
                # Refused where the StatefulSet has changed since: what was decided is of before.
                "metadata": {"resourceVersion": resource_version},
                "spec": {"replicas": replicas},
            }
            try:
                await self._client.patch(self._path, change)
            except AbortedError:
                scale = await self._client.get(self._path)
                last = attempt == MOST_CONFLICTS - 1
                if last or scale["spec"].get("replicas", 0) != before:
                    raise
                if not await self._shards.owns(self._worker, DUTY_SHARD):
                    raise
                resource_version = str(scale["metadata"]["resourceVersion"])
            else:
                return

    def _pod(self, ordinal: int) -> str:
        return f"{self._settings.stateful_set}-{ordinal}"
