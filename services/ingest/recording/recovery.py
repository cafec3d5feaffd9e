"""What an earlier run left in the spool is finished and queued for its upload, with its own epoch."""

import asyncio
import os
import struct
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import structlog

from services.ingest.recording.spool import Spool
from services.ingest.recording.spool_file import SpoolFile, SpoolName
from services.ingest.status.gaps import Gap
from snowlight.media.boxes import Scan, scan
from snowlight.media.description import describe

UNREADABLE = ".unreadable"
_TORN_MS = 3000  # a fragment is 0.5 s, or a GOP of a camera that has long ones

# Whatever the bytes of one file are, the others are recorded on: these are what reading nonsense may raise.
_UNREADABLE = (OSError, ValueError, LookupError, ArithmeticError, struct.error)

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

    def spans(self, uid: str) -> list[tuple[int, int]]:
        """Where footage of a camera was found, start and end."""
        return [(file.start_ms, file.end_ms) for file in self.files if file.name.uid == uid]


async def recover(spool: Spool, record: RecordGaps) -> Recovered:
    """Finish every file in the spool's folder; once, before anything is recorded.

    Raises OSError when the folder cannot be used, and what `record` raises.
    """
    recovered = Recovered()
    found: list[_Found] = []
    unreadable: list[Path] = []
    for path in await asyncio.to_thread(_spool_files, spool.folder):
        try:
            found.append(await asyncio.to_thread(_inspect, path))
        except _UNREADABLE as error:
            unreadable.append(path)
            log.error("spool.unreadable", file=path.name, error=str(error))
    found.sort(key=lambda each: each.file.start_ms)
    recovered.files += [each.file for each in found]
    longest_ms = spool.settings.longest_s * 1000
    newest = {each.file.name.uid: each for each in found}
    lost = [
        *(each.cut(longest_ms, newest[each.file.name.uid] is each) for each in found),
        *(_lost(path, longest_ms) for path in unreadable),
    ]
    recovered.lost += _uncovered(filter(None, lost), recovered)
    if recovered.lost:
        await record(recovered.lost)  # before anything is cut or set aside: nobody looks at that again
    for each in found:
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


@dataclass(slots=True)
class _Found:
    """A file that holds footage, not touched yet."""

    file: SpoolFile
    end: int
    """Behind its last whole fragment, bytes."""
    size: int
    written_ms: int
    finished: bool

    def cut(self, longest_ms: int, is_newest: bool) -> Gap | None:
        """What its torn tail held.

        Of its camera's newest file, only where that was more than the fragment that was just being written:
        the gap until the camera is recorded again begins there.
        """
        file = self.file
        end_ms = min(self.written_ms, file.start_ms + longest_ms)
        if self.finished or self.size == self.end or end_ms - file.end_ms <= (_TORN_MS if is_newest else 0):
            return None
        return Gap(file.name.uid, file.end_ms, end_ms, "spool_lost")

    def finish(self) -> None:
        """Cut the torn tail and write what is missing of the end. Raises OSError."""
        file = self.file
        if self.finished:
            file.size = self.size
            file.closed = True
        else:
            os.truncate(file.path, self.end)
            file.descriptor = os.open(file.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
            file.finish()


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


def _uncovered(lost: Iterable[Gap], recovered: Recovered) -> Iterator[Gap]:
    """Of `lost`, what no file that was found holds after all."""
    for gap in lost:
        assert gap.end_ms is not None
        for start_ms, end_ms in subtract((gap.start_ms, gap.end_ms), recovered.spans(gap.uid)):
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


def _inspect(path: Path) -> _Found:
    """What a file holds. Blocks.

    Raises ValueError when there is no footage in it that could be found, OSError when the disk does not give
    it.
    """
    name = SpoolName.parse(path.name)
    status = path.stat()
    found, init = _scan(path)
    if sha256(init).hexdigest()[:8] != name.init8:
        raise ValueError("the init section is not the one that the name tells")
    if not found.fragments:
        raise ValueError("no whole fragment")
    if found.fragments[0].start_ms != name.start_ms:
        raise ValueError("the first fragment does not start when the name tells")
    file = SpoolFile(path, name, found.init_size, describe(init).codecs)
    file.recovered = True
    for fragment in found.fragments:
        file.note(
            fragment.duration_ms,
            fragment.size,
            fragment.movie.independent,
            lossy=False,
            media_time=fragment.movie.decode_time,
        )
    return _Found(file, found.end, status.st_size, status.st_mtime_ns // 1_000_000, found.finished)


def _spool_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix == ".mp4" and path.is_file())


def _scan(path: Path) -> tuple[Scan, bytes]:
    """What the file holds, and its init section. Read, not mapped: a bad sector is an error then."""
    data = path.read_bytes()
    if not data:
        raise ValueError("the file is empty")
    found = scan(data)
    return found, data[: found.init_size]
