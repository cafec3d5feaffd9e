"""CPU of the PUT path: `make bench ARGS=put`, `make bench ARGS="put --minutes 200"`.

Minutes of 15 MB (2 Mb/s) that lie in a spool go into a MinIO on this machine through the product's own
uploader, and storage's answer is made up. CPU is the operating system's account of this process, all threads
and the kernel's work in its name included; MinIO is another process. Memory is the most that the process held
beyond what it began with, mapped files not counted: those are the page cache's.
"""

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from prometheus_client import CollectorRegistry

from services.ingest.recording.metrics import RecordingMetrics
from services.ingest.recording.spool import Spool, SpoolSettings
from services.ingest.recording.spool_file import SpoolFile, SpoolName
from services.ingest.recording.uploader import Uploader, UploadSettings
from services.ingest.recording.uploads import Uploads
from snowlight.api.storage.v1 import storage_pb2
from snowlight.clock import SystemClock
from snowlight.media.fragment import Fragment, InitSection
from snowlight.object_store import ObjectStoreSettings, open_store
from tests.parts.minio import find_minio, run_minio

FRAGMENTS, FRAGMENT_BYTES = 120, 125_000
START_MS = 1_790_000_000_000
INIT = InitSection("0123abcd", bytes(1000), "avc1.64001f", 1920, 1080, START_MS // 1000, 0, 2000, 540)


@dataclass(frozen=True)
class Run:
    """One measurement."""

    name: str
    gigabytes: float
    wall_s: float
    cpu_s: float
    most_anonymous_mb: float

    def row(self) -> str:
        return (
            f"{self.name:<20}{self.gigabytes:>8.2f}{self.wall_s:>9.1f}{self.cpu_s / self.gigabytes:>14.2f}"
            f"{self.gigabytes * 1000 / self.wall_s:>10.0f}{self.most_anonymous_mb:>14.1f}"
        )


HEADER = f"{'payload':<20}{'GB':>8}{'wall s':>9}{'CPU-s per GB':>14}{'MB/s':>10}{'anonymous MB':>14}"


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="bench put", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, default=100, help="objects put")
    parser.add_argument("--most", type=int, default=16, help="PUTs at a time, at most")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch, run_minio(find_minio()) as minio:
        print(HEADER)
        for name, signed in (("unsigned", False), ("signed", True)):
            settings = minio.store(minio.create_bucket()).model_copy(update={"sign_payload": signed})
            folder = Path(scratch) / name
            print(asyncio.run(_measure(name, settings, folder, arguments.minutes, arguments.most)).row())


async def _measure(name: str, settings: ObjectStoreSettings, folder: Path, minutes: int, most: int) -> Run:
    spool = Spool(folder, SystemClock(), SpoolSettings(), RecordingMetrics(CollectorRegistry()))
    total = sum(_spool_minute(spool, number).size for number in range(minutes))
    uploader = Uploader(
        spool,
        open_store(settings, folder, retries=0),
        "default",
        _commit,
        SystemClock(),
        UploadSettings(most=most),
        Random(1),
        _prepare,
    )
    uploading = asyncio.create_task(Uploads(spool, {"default": uploader}, lambda uid: "default").run())
    anonymous, most_anonymous = _anonymous_mb(), 0.0
    cpu, began = _cpu_s(), time.monotonic()
    while spool.cameras():
        await asyncio.sleep(0.25)
        most_anonymous = max(most_anonymous, _anonymous_mb() - anonymous)
    run = Run(name, total / 1e9, time.monotonic() - began, _cpu_s() - cpu, most_anonymous)
    uploading.cancel()
    await asyncio.wait([uploading])
    return run


def _spool_minute(spool: Spool, number: int) -> SpoolFile:
    """A closed minute of one of so many cameras, random as encoded video is."""
    random = Random(number)
    name = SpoolName(f"camera-{number}", START_MS, 1, spool.next_sequence(), INIT.session, INIT.init8)
    file = spool.create(name, INIT)
    for part in range(FRAGMENTS):
        data = random.randbytes(FRAGMENT_BYTES)
        file.append(Fragment(0, part, START_MS + part * 500, 500, False, False, (data,)))
        spool.appended(len(data))
    spool.seal(file)
    return file


async def _commit(segments: Sequence[storage_pb2.Segment]) -> list[storage_pb2.CommitResult]:
    return [
        storage_pb2.CommitResult(key=each.key, outcome=storage_pb2.CommitResult.COMMITTED)
        for each in segments
    ]


async def _prepare() -> None:
    """The bucket is there."""


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _anonymous_mb() -> float:
    """Memory of the process's own; mapped files are the page cache's."""
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError("no account of anonymous memory")


if __name__ == "__main__":
    main()
