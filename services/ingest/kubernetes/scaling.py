"""How many replicas ingest is to have, by what its workers have to do. Pure: no clock, no cluster."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from services.ingest.kubernetes.config import KubernetesSettings
from services.ingest.shards.rows import Load

SLACK = 0.85
"""Fewer replicas are enough only if they had to do no more than this part of what they may."""


@dataclass(frozen=True, slots=True)
class Observed:
    """As of one moment."""

    replicas: int
    """That the StatefulSet is to have."""
    cameras: int
    """Registered and switched on, whoever has them: also those of workers that are away."""
    pods: Mapping[int, Sequence[Load]]
    """Of the workers that are alive, by the ordinal of their pod."""
    drains: Collection[int]
    """Ordinals of the pods that the autoscaler has told to drain."""
    drained: Collection[int]
    """Those of them that have."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to do now."""

    replicas: int
    drain: int | None = None
    """The ordinal that is to drain first."""
    keep: Collection[int] = ()
    """Ordinals that are not to drain, after all."""
    reason: str = ""
    """For the log."""


@dataclass(frozen=True, slots=True)
class Spare:
    """Since when fewer replicas have been enough."""

    since: float
    replicas: int
    """The most that were needed since then."""


def needed(settings: KubernetesSettings, observed: Observed, slack: float = 1.0) -> int:
    """Replicas, by whatever asks for the most of them, within the settings' bounds."""
    most = max((ceil(parts / slack - 1e-9) for parts in _parts(settings, observed)), default=0)
    return min(max(most, settings.autoscale_least), settings.autoscale_most)


def decide(
    settings: KubernetesSettings, observed: Observed, spare: Spare | None, now: float
) -> tuple[Wanted, Spare | None]:
    """What to do at `now`, in seconds, and what to remember until the next time.

    More replicas are wanted at once. One is taken away at a time, the last one, when fewer have been enough
    for as long as the settings say while all others were there; and only once it has drained.
    """
    enough = needed(settings, observed)
    with_slack = max(needed(settings, observed, SLACK), enough)
    replicas = observed.replicas
    surplus = tuple(ordinal for ordinal in sorted(observed.drains) if ordinal < replicas)
    if enough > replicas:
        more = min(enough, replicas + settings.autoscale_surge)
        return Wanted(more, keep=tuple(n for n in sorted(observed.drains) if n < more), reason="more"), None
    if replicas > settings.autoscale_most:
        with_slack = settings.autoscale_most  # an order of the operator's, not a matter of load
        spare = Spare(now - settings.autoscale_cool_down_seconds, with_slack)
    if with_slack >= replicas:
        return Wanted(replicas, keep=surplus, reason="needed" if surplus else ""), None
    spare = Spare(spare.since, max(spare.replicas, with_slack)) if spare else Spare(now, with_slack)
    last = replicas - 1
    if any(ordinal not in observed.pods for ordinal in range(last)):
        return Wanted(replicas, keep=surplus, reason="others are away"), Spare(now, with_slack)
    if surplus:
        others = tuple(ordinal for ordinal in surplus if ordinal != last)
        if last in surplus and last in observed.drained:
            return Wanted(last, keep=others, reason="drained"), spare
        if last in surplus:
            return Wanted(replicas, keep=others), spare
        return Wanted(replicas, keep=others, reason="not the last one"), spare
    if now - spare.since < settings.autoscale_cool_down_seconds or spare.replicas >= replicas:
        return Wanted(replicas), spare
    return Wanted(replicas, drain=last, reason="fewer are enough"), spare


def _parts(settings: KubernetesSettings, observed: Observed) -> Iterator[float]:
    """Of what a replica may have to do, how often that is there."""
    workers = max((len(pod) for pod in observed.pods.values()), default=1)
    loads = [load for pod in observed.pods.values() for load in pod]
    yield observed.cameras / (settings.autoscale_cameras * workers)
    recorded = sum(load.cameras for load in loads)
    # Cameras of a worker that is away will need what others of their like do.
    scale = max(observed.cameras / recorded, 1.0) if recorded else 1.0
    yield sum(load.cores for load in loads) * scale / (settings.autoscale_cores * workers)
    bits_per_second = sum(load.bits_per_second for load in loads) * scale
    yield bits_per_second / (settings.autoscale_megabits * 1_000_000 * workers)
    # More replicas come with more volumes.
    yield sum(min(load.spool_level, 1.0) for load in loads) / (settings.autoscale_spool * workers)
