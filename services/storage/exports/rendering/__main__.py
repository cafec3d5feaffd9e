"""`python -m services.storage.exports.rendering`: renders one job, and knows nothing else of the cluster."""

import os
import resource
import sys
from typing import BinaryIO

import av

from services.storage.exports.rendering.burning import Painter
from services.storage.exports.rendering.encoding import Encoding
from services.storage.exports.rendering.exact import ExactCopying
from services.storage.exports.rendering.film import Copying
from services.storage.exports.rendering.job import LARGEST_OBJECT, LENGTH, Job, Made, Word
from snowlight.worker_process import die_with

NICE = 10
MOST_MEMORY = 2 << 30
"""Bytes: an object, and decoder and encoder of the largest pictures."""
_REFUSED = (av.FFmpegError, ValueError, LookupError, ArithmeticError, MemoryError, OSError)
"""What damaged footage, a full disk or an encoder may raise."""


def main(parent: int) -> None:
    """Render what stands on the standard input, for as long as `parent` lives."""
    die_with(parent)  # one that is nobody's would write where another writes
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    av.logging.set_level(av.logging.PANIC)
    try:
        made = _render(sys.stdin.buffer)
    except _REFUSED as error:
        _say(Word(kind="failed", error=f"{type(error).__name__}: {error}"[:500]))
        return
    _say(Word(kind="made", made=tuple(made)) if made else Word(kind="nothing"))


def _render(source: BinaryIO) -> list[Made]:
    job = Job.model_validate_json(source.readline())
    film = _film(job)
    while True:
        start_ms, size = _length(source), _length(source)
        if size == 0:
            return film.finish()
        if size > LARGEST_OBJECT:
            raise ValueError(f"an object of {size} bytes")
        film.feed(_exactly(source, size), start_ms)
        _say(Word(kind="at", at_ms=start_ms))


def _film(job: Job) -> Copying | Encoding | ExactCopying:
    if job.mark:
        return Encoding(job, "encoded", Painter(job.mark, job.time_zone))
    return ExactCopying(job) if job.exact else Copying(job)


def _length(source: BinaryIO) -> int:
    (value,) = LENGTH.unpack(_exactly(source, LENGTH.size))
    return int(value)


def _exactly(source: BinaryIO, size: int) -> bytes:
    data = source.read(size)
    if len(data) != size:  # who asked is gone
        sys.exit(1)
    return data


def _say(word: Word) -> None:
    sys.stdout.write(word.model_dump_json() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
