"""What an earlier run left in the spool is finished and queued for its upload, with its own epoch."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from services.ingest.recording.inspection import NOT_FOOTAGE, Found, inspect
from services.ingest.recording.spool import Spool
from services.ingest.recording.spool_file import SpoolFile, SpoolName
from services.ingest.status.gaps import Gap

UNREADABLE = ".unreadable"
_READERS = 8  # at a time: a disk answers them together sooner than one after the other

log = structlog.get_logger(__name__)


RecordGaps = Callable[[Sequence[Gap]], Awaitable[None]]
"""Puts rows of the ledger on record for good. Raises UnavailableError when it cannot."""


@dataclass(slots=True)
class Recovered:
    """What was found."""

    files: list[SpoolFile] = field(default_factory=list)
    """Oldest first."""
    set_aside: list[Path] = field(default_factory=list)
    """Unreadable ones, kept beside the others under a name of their own."""
    lost: list[Gap] = field(default_factory=list)
    """What those held, as far as nothing else holds it."""

    @property
    def end_ms(self) -> dict[str, int]:
        """By camera uid, until when it was recorded, be it lost."""
        ends: dict[str, int] = {}
        for file in self.files:
            ends[file.name.uid] = max(ends.get(file.name.uid, 0), file.end_ms)
        for gap in self.lost:
            ends[gap.uid] = max(ends.get(gap.uid, 0), gap.end_ms or 0)
        return ends


async def recover(spool: Spool, record: RecordGaps) -> Recovered:
    """Finish every file in the spool's folder; once, before anything is recorded.

    Raises OSError when the folder cannot be used, and what `record` raises.
    """
    recovered = Recovered()
    found: list[Found] = []
    unreadable: list[Path] = []
    for path, what in await asyncio.to_thread(_inspect_all, spool.folder):
        if isinstance(what, Found):
            found.append(what)
        else:
            unreadable.append(path)
            log.error("spool.unreadable", file=path.name, error=str(what))
    found.sort(key=lambda each: each.file.start_ms)
    recovered.files += [each.file for each in found]
    longest_ms = spool.settings.longest_s * 1000
    newest = {each.file.name.uid: each for each in found}
    lost = [
        *(each.cut(longest_ms, newest[each.file.name.uid] is each) for each in found),
        *(_lost(path, longest_ms) for path in unreadable),
    ]
    recovered.lost += _uncovered([gap for gap in lost if gap is not None], recovered.files)
    if recovered.lost:
        await record(recovered.lost)  # before anything is cut or set aside: nobody looks at that again
    for each in found:
        if not each.finished:
            await asyncio.to_thread(each.finish)
        spool.adopt(each.file)
        spool.closed.put_nowait(each.file)
    for path in unreadable:
        aside = path.with_name(path.name + UNREADABLE)
        await asyncio.to_thread(path.rename, aside)
        recovered.set_aside.append(aside)
    if recovered.files or recovered.set_aside:
        log.info("spool.recovered", files=len(recovered.files), set_aside=len(recovered.set_aside))
    return recovered


def _lost(path: Path, longest_ms: int) -> Gap | None:
    """What a file that cannot be read held: from its name's start to its last write."""
    try:
        name = SpoolName.parse(path.name)
    except ValueError:
        return None  # none of ours
    try:
        written_ms = path.stat().st_mtime_ns // 1_000_000
    except OSError:
        written_ms = name.start_ms + longest_ms
    end_ms = min(max(written_ms, name.start_ms + 1), name.start_ms + longest_ms)
    return Gap(name.uid, name.start_ms, end_ms, "spool_lost")


def _uncovered(lost: Sequence[Gap], files: Iterable[SpoolFile]) -> Iterator[Gap]:
    """Of `lost`, what no file that was found holds after all."""
    spans: dict[str, list[tuple[int, int]]] = {gap.uid: [] for gap in lost}
    for file in files:
        if file.name.uid in spans:
            spans[file.name.uid].append((file.start_ms, file.end_ms))
    for gap in lost:
        assert gap.end_ms is not None
        for start_ms, end_ms in subtract((gap.start_ms, gap.end_ms), spans[gap.uid]):
            yield Gap(gap.uid, start_ms, end_ms, gap.cause)


def subtract(whole: tuple[int, int], parts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """What of `whole` no part covers; start and end each."""
    start, end = whole
    left = []
    for part_start, part_end in sorted(parts):
        if part_start > start:
            left.append((start, min(part_start, end)))
        start = max(start, part_end)
        if start >= end:
            return [hole for hole in left if hole[0] < hole[1]]
    return [*(hole for hole in left if hole[0] < hole[1]), (start, end)]


def _inspect_all(folder: Path) -> list[tuple[Path, Found | Exception]]:
    """Every spool file of a folder, and what it holds or why that cannot be told. Blocks. Raises OSError."""
    with os.scandir(folder) as entries:
        paths = sorted(
            folder / entry.name for entry in entries if entry.name.endswith(".mp4") and entry.is_file()
        )
    with ThreadPoolExecutor(_READERS, "recovery") as readers:
        return list(zip(paths, readers.map(_found_or_error, paths), strict=True))


def _found_or_error(path: Path) -> Found | Exception:
    try:
        return inspect(path)
    except NOT_FOOTAGE as error:
        return error
