"""What an earlier run left in the spool is finished and queued for its upload, with its own epoch."""

import asyncio
import os
from dataclasses import dataclass, field
from hashlib import sha256
from mmap import ACCESS_READ, mmap
from pathlib import Path

import structlog

from services.ingest.recording.spool import Spool
from services.ingest.recording.spool_file import SpoolFile, SpoolName
from snowlight.media.boxes import Scan, scan
from snowlight.media.description import describe

UNREADABLE = ".unreadable"

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Recovered:
    """What was found."""

    files: list[SpoolFile] = field(default_factory=list)
    """Oldest first."""
    set_aside: list[Path] = field(default_factory=list)
    """Unreadable ones, kept beside the others under a name of their own."""

    @property
    def end_ms(self) -> dict[str, int]:
        """By camera uid, where its recorded footage ends."""
        ends: dict[str, int] = {}
        for file in self.files:
            ends[file.name.uid] = max(ends.get(file.name.uid, 0), file.end_ms)
        return ends


async def recover(spool: Spool) -> Recovered:
    """Finish every file in the spool's folder; once, before anything is recorded. Raises OSError."""
    recovered = Recovered()
    for path in await asyncio.to_thread(_spool_files, spool.folder):
        try:
            file = await asyncio.to_thread(finish_file, path)
        except ValueError as error:
            aside = path.with_name(path.name + UNREADABLE)
            await asyncio.to_thread(path.rename, aside)
            recovered.set_aside.append(aside)
            log.error("spool.unreadable", file=aside.name, error=str(error))
        else:
            recovered.files.append(file)
    recovered.files.sort(key=lambda file: file.start_ms)
    for file in recovered.files:
        spool.adopt(file)
        spool.closed.put_nowait(file)
    if recovered.files or recovered.set_aside:
        log.info("spool.recovered", files=len(recovered.files), set_aside=len(recovered.set_aside))
    return recovered


def finish_file(path: Path) -> SpoolFile:
    """Cut a torn tail at the last whole fragment and write what is missing of the end.

    Blocks. Raises ValueError when the file holds no footage that could be found, and leaves it as it is.
    """
    name = SpoolName.parse(path.name)
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
    if found.finished:
        file.size = path.stat().st_size
        file.closed = True
    else:
        os.truncate(path, found.end)
        file.descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        file.finish()
    return file


def _spool_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix == ".mp4" and path.is_file())


def _scan(path: Path) -> tuple[Scan, bytes]:
    """What the file holds, and its init section."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            raise ValueError("the file is empty")
        with mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            found = scan(data)
            return found, data[: found.init_size]
