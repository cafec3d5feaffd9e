"""`python -m services.ingest.transcoding.process`: one transcode, which knows nothing else of the cluster."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from typing import BinaryIO

import av

from services.ingest.media.init_section import InitSections
from services.ingest.transcoding.encoder import Encoder, Output, open_encoder
from services.ingest.transcoding.messages import Job, Kind, read_message, write_message
from services.ingest.transcoding.session import Event, Session, Skipped
from snowlight.errors import SnowlightError
from snowlight.heap import keep_fragments_on_the_heap
from snowlight.media.envelope import decode_live, encode_fragment, encode_init
from snowlight.media.fragment import Fragment
from snowlight.worker_process import die_with

NICE = 5
"""Recording comes first."""
MOST_MEMORY = 1 << 30
"""Bytes: decoder and encoder of the largest pictures that are taken."""
MOST_SKIPPED = 20
"""Fragments one behind the other of which nothing came: footage that cannot be decoded."""
_REFUSED = (av.FFmpegError, ValueError, LookupError, ArithmeticError)
"""What damaged footage may raise."""


class Transcoding:
    """All of a camera's mux sessions, one after the other."""

    def __init__(self, job: Job, sink: BinaryIO) -> None:
        self._job = job
        self._sink = sink
        self._encoders = job.encoders
        self._sections = InitSections(4)
        self._session: Session | None = None
        self._skipped = 0

    def take(self, message: bytes) -> None:
        """One EVENT. Raises SnowlightError when nothing more will come of it."""
        event = decode_live(message)
        if not isinstance(event, Fragment):
            self.finish()
            try:
                self._session = Session(
                    event, self._job.rung, self._open_encoder, self._sections, self._job.threads
                )
            except _REFUSED as error:
                raise SnowlightError("transcode.undecodable", _told(error)) from error
        elif self._session is not None:
            try:
                self._tell(self._session.feed(event))
            except MemoryError:
                raise
            except _REFUSED as error:
                self._tell(iter((Skipped(event, _told(error)),)))

    def finish(self) -> None:
        """Tell what is left of the session."""
        session, self._session = self._session, None
        if session is None:
            return
        try:
            self._tell(session.finish())
        except _REFUSED as error:
            write_message(self._sink, Kind.SKIPPED, _told(error).encode())

    def _tell(self, events: Iterator[Event]) -> None:
        for event in events:
            if isinstance(event, Skipped):
                write_message(self._sink, Kind.SKIPPED, event.reason.encode())
                self._skipped += 1
                if self._skipped >= MOST_SKIPPED:
                    raise SnowlightError("transcode.undecodable", event.reason)
                continue
            self._skipped = 0
            encoded = encode_fragment(event) if isinstance(event, Fragment) else encode_init(event)
            write_message(self._sink, Kind.EVENT, encoded)

    def _open_encoder(self, output: Output) -> Encoder:
        try:
            encoder = open_encoder(self._encoders, output, self._job.threads)
        except ValueError as error:
            raise SnowlightError("transcode.no_encoder", str(error)) from error
        self._encoders = (encoder.name, *(name for name in self._encoders if name != encoder.name))
        write_message(self._sink, Kind.ENCODER, encoder.name.encode())
        return encoder


def main(parent: int) -> None:
    """Transcode what comes on the standard input, for as long as `parent` lives."""
    die_with(parent)
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    keep_fragments_on_the_heap()
    av.logging.set_level(av.logging.PANIC)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    try:
        _run(source, sink)
    except SnowlightError as error:
        write_message(sink, Kind.FAILED, f"{error.code}\n{error.detail}".encode())
    except MemoryError:
        write_message(
            sink, Kind.FAILED, b"transcode.out_of_memory\nthe pictures take more memory than they may"
        )


def _run(source: BinaryIO, sink: BinaryIO) -> None:
    transcoding: Transcoding | None = None
    while (message := read_message(source)) is not None:
        match message:
            case Kind.JOB, data:
                transcoding = Transcoding(Job.decode(data), sink)
            case Kind.EVENT, data if transcoding is not None:
                transcoding.take(data)
                write_message(sink, Kind.TAKEN)
            case Kind.END, _ if transcoding is not None:
                transcoding.finish()
                write_message(sink, Kind.END)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]


if __name__ == "__main__":
    main(int(sys.argv[1]))
