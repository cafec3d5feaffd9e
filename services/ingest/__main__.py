"""Ingest as a process of its own, or as several."""

import argparse
import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry
from pydantic import ValidationError

from services.ingest.app import run_ingest
from services.ingest.config import IngestSettings
from services.ingest.kubernetes.work import KubernetesWork
from services.ingest.workers import MOST_WORKERS, run_workers, worker_settings
from snowlight.config import ClusterSettings
from snowlight.errors import SnowlightError
from snowlight.migrating import migrate_apart
from snowlight.observability.logs import configure_logs
from snowlight.runtime import build_runtime, run_process, sentences

_PR_SET_PDEATHSIG = 1  # prctl(2)


def main(arguments: Sequence[str] = ()) -> None:
    """`python -m services.ingest`, configured by `SNOWLIGHT_*` and `SNOWLIGHT_INGEST_*`."""
    parser = argparse.ArgumentParser(prog="snowlight ingest")
    parser.add_argument("--workers", type=int, default=1, help="processes that share the cameras")
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    told = parser.parse_args(arguments)
    if not 1 <= told.workers <= MOST_WORKERS:
        parser.error(f"--workers must be 1 to {MOST_WORKERS}")
    if told.workers > 1:
        _run_several(told.workers)
        return
    if told.parent is not None:
        _submit_to(told.parent)
    run_process(
        lambda: build_runtime("ingest", ClusterSettings()),
        lambda runtime: run_ingest(
            runtime, IngestSettings(), migrate_apart, shares_ports=told.parent is not None
        ),
    )


def _run_several(count: int) -> None:
    try:
        settings, cluster = IngestSettings(), ClusterSettings()
        environments = [worker_settings(number, settings, cluster) for number in range(count)]
    except (SnowlightError, ValidationError) as error:
        sys.exit("\n".join(f"snowlight: {line}" for line in sentences(error)))
    configure_logs(cluster.log_level)
    asyncio.run(_run_in_zone(settings, environments))


async def _run_in_zone(settings: IngestSettings, environments: Sequence[Mapping[str, str]]) -> None:
    """All are in one zone, which is asked for once: who asks keeps the client's library in memory."""
    zone = settings.zone or await KubernetesWork(settings.kubernetes, CollectorRegistry()).zone()
    told = {"SNOWLIGHT_INGEST_ZONE": zone} if zone else {}
    await run_workers([{**environment, **told} for environment in environments])


def _submit_to(parent: int) -> None:
    """Stop when the process ends that has started this one: nobody would start it again."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
