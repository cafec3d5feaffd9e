"""One connection to a source, from its opening until it ends or turns out to be of no use."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from services.ingest.media.init_section import load_writer
from services.ingest.media.output import StreamOutput
from services.ingest.media.stream import MediaStream
from services.ingest.sources.source import Source, SourceError
from snowlight.media.fragment import Fragment, InitSection

_SLOW_PICTURES = 2.5
"""Intervals of a slow camera's pictures, of which each makes a fragment, until they are missed."""


class FragmentSink(Protocol):
    """Where the fragments of all connections go."""

    def begin(self, init: InitSection, frames_per_second: float) -> None:
        """A mux session begins. `target_duration_ms` is 0 while it is not known."""

    def append(self, fragment: Fragment) -> None:
        """The next fragment of the mux session."""

    def discontinuity(self, reason: str) -> None:
        """A new mux session is about to begin."""


class ConnectionObserver(Protocol):
    """Who is told of what is measured."""

    def on_loss(self, packets: int) -> None:
        """`packets` more RTP packets never came."""

    def on_received(self, packets: int) -> None:
        """`packets` more RTP packets came."""

    def on_jitter(self, jitter_ms: float) -> None:
        """How far the arrivals of pictures wander (RFC 3550, 6.4.1)."""

    def on_camera_clock(self, offset_ms: int) -> None:
        """The camera's own clock (RTCP SR) minus ours."""


class Connection:
    """A source's stream, muxed into `sink`."""

    def __init__(
        self,
        source: Source,
        stream_to: Callable[[StreamOutput], MediaStream],
        sink: FragmentSink,
        observer: ConnectionObserver,
        key_frame_timeout: float,
    ) -> None:
        """`key_frame_timeout`: seconds from the first media to the first key frame, and later from one
        fragment to the next."""
        self._source = source
        self._output = _Output(sink, observer)
        self._stream = stream_to(self._output)
        self._key_frame_timeout = key_frame_timeout

    async def run(self, name: str) -> SourceError:
        """From its opening to its end. Returns why it ended. `name`: of the task, for who debugs."""
        running = asyncio.create_task(self._source.run(self._stream), name=name)
        try:
            return await self._watch(running)
        finally:
            running.cancel()
            await asyncio.wait([running])
            self._stream.finish()

    async def _watch(self, running: asyncio.Task[None]) -> SourceError:
        """Wait until the source ends, or what it sends turns out to be of no use."""
        output = self._output
        ends: list[asyncio.Future[None]] = [running, output.failed]
        await asyncio.wait([*ends, output.described], return_when=asyncio.FIRST_COMPLETED)
        await load_writer(self._stream.codec)
        missing = await self._await_fragments(ends)
        if missing is not None:
            return missing
        if output.failure is not None:
            return output.failure
        try:
            running.result()
        except SourceError as error:
            # Its frames lead back to it: all that the connection held would wait for the garbage collector.
            return error.with_traceback(None)
        return SourceError("camera.closed", "the stream ended")

    async def _await_fragments(self, ends: list[asyncio.Future[None]]) -> SourceError | None:
        """Wait for one of `ends`, or until no fragment came for too long. Returns what is missing then.

        Packets alone are no footage. After a jump of its stamps a camera may send no key frame unless it is
        connected anew, and where packets are lost all the time no picture is whole.
        """
        loop = asyncio.get_running_loop()
        stream, output = self._stream, self._output
        output.fed_at = loop.time()
        begun = False
        while True:
            patience = max(self._key_frame_timeout, _SLOW_PICTURES * stream.interval_s)
            left = output.fed_at + patience - loop.time()
            if left > 0:
                done, _ = await asyncio.wait(ends, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                if done:
                    return None
            elif stream.begun and not begun:
                begun = True  # a slow camera's first fragment ends with its second picture
                output.fed_at = loop.time()
            else:
                return _missing(stream, patience)


def _missing(stream: MediaStream, patience: float) -> SourceError:
    if not stream.described:
        return SourceError("camera.no_parameter_sets", "parameter sets neither in the SDP nor in the stream")
    if not stream.begun:
        return SourceError("camera.no_key_frame", f"no key frame within {patience:g} s")
    return SourceError("camera.no_video", f"no picture that can be recorded within {patience:g} s")


class _Output:
    """StreamOutput of one connection."""

    def __init__(self, sink: FragmentSink, observer: ConnectionObserver) -> None:
        loop = asyncio.get_running_loop()
        self.described: asyncio.Future[None] = loop.create_future()
        self.failed: asyncio.Future[None] = loop.create_future()
        self.failure: SourceError | None = None
        self.fed_at = 0.0
        """When, by the event loop's clock, the last fragment came."""
        self._time = loop.time
        self._append = sink.append
        self.on_init = sink.begin
        self.on_discontinuity = sink.discontinuity
        self.on_loss = observer.on_loss
        self.on_received = observer.on_received
        self.on_jitter = observer.on_jitter
        self.on_camera_clock = observer.on_camera_clock

    def on_tracks(self) -> None:
        if not self.described.done():
            self.described.set_result(None)

    def on_fragment(self, fragment: Fragment) -> None:
        self.fed_at = self._time()
        self._append(fragment)

    def on_failure(self, error: SourceError) -> None:
        self.failure = error
        if not self.failed.done():
            self.failed.set_result(None)
