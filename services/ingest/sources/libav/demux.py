"""What runs in a camera's thread: open, demux, hand over, and start anew where a file ends."""

import errno
import threading
import time
from functools import partial
from typing import Any

import av
import av.error
from av import AudioStream, VideoStream
from av.container import InputContainer

from services.ingest.sources.libav.handover import Handover
from services.ingest.sources.libav.location import Location
from services.ingest.sources.libav.tracks import (
    CLOCK_RATE,
    AudioPackets,
    VideoPackets,
    is_carried_audio,
    scale,
)
from services.ingest.sources.source import AccessUnitSink, SourceError

_ONE_FRAME = CLOCK_RATE // 25
_SENTENCES: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    ((ConnectionRefusedError,), "camera.unreachable", "the connection was refused"),
    ((TimeoutError, av.error.ExitError), "camera.timeout", "the server fell silent"),
    ((ConnectionError, EOFError, BrokenPipeError), "camera.closed", "the server closed the connection"),
    ((FileNotFoundError, PermissionError), "camera.file_denied", "the file cannot be read"),
    (
        (av.error.ArgumentError, av.error.InvalidDataError, ValueError),
        "camera.protocol_error",
        "what the source sends is not understood",
    ),
    ((OSError,), "camera.unreachable", "there is no route to the server"),
)


class Demux:
    """One camera. A file is played at its own speed and for ever, for it stands for a camera."""

    def __init__(self, location: Location, sink: AccessUnitSink, handover: Handover, *, audio: bool) -> None:
        self._location = location
        self._sink = sink
        self._handover = handover
        self._audio = audio
        self._stop = threading.Event()
        self._told_sets: tuple[bytes, ...] | None = None  # None before the tracks are told
        self._shift = 0  # of all times, in CLOCK_RATE: how long earlier rounds of a file were
        self._latest = 0

    def start(self) -> None:
        """Begin. A thread that libav holds ends by libav's own timeout; the process need not wait for it."""
        threading.Thread(target=self._run, name="libav source", daemon=True).start()

    def stop(self) -> None:
        """End at the next packet, or at once where the location can be interrupted."""
        self._stop.set()
        self._location.interrupt()

    def _run(self) -> None:
        error: Exception | None = None
        try:
            began = time.monotonic()
            self._play(began)
            while self._location.endless and self._latest and not self._stop.is_set():
                self._shift = self._latest + _ONE_FRAME
                self._play(began)
        except SourceError as failure:
            error = failure
        except (av.FFmpegError, OSError, ValueError) as failure:
            error = self._location.failure or explain(failure)
        except Exception as failure:  # noqa: BLE001 - the thread's supervisor: told to whoever runs the source
            error = failure
        finally:
            self._handover.finish(error)

    def _play(self, began: float) -> None:
        with self._location.opened() as container:
            video, audio = self._choose(container)
            pictures = VideoPackets(video)
            sound = AudioPackets(audio) if audio is not None else None
            first: int | None = None
            for packet in container.demux():  # all streams: each packet is an occasion to stop
                if self._stop.is_set():
                    return
                if packet.stream is not video and packet.stream is not audio:
                    continue
                moment = packet.dts if packet.dts is not None else packet.pts
                if moment is None or packet.time_base is None:
                    continue
                ticks = scale(moment, packet.time_base, CLOCK_RATE)
                first = ticks if first is None else first
                if self._location.endless and not self._keep_pace(began, ticks - first + self._shift):
                    return
                shift = self._shift - first if self._location.endless else 0
                self._latest = max(self._latest, ticks + shift)
                if packet.stream is video:
                    delivered = self._video(packet, pictures, sound, shift)
                else:
                    delivered = self._sound(packet, sound, shift)
                if not delivered:
                    return

    def _choose(self, container: InputContainer) -> tuple[VideoStream, AudioStream | None]:
        if not container.streams.video:
            raise SourceError("camera.no_video", "the stream offers no video")
        sound = container.streams.audio if self._audio else ()
        return container.streams.video[0], next((s for s in sound if is_carried_audio(s)), None)

    def _keep_pace(self, began: float, ticks: int) -> bool:
        """Wait until `ticks` after the beginning; False if it is time to stop."""
        delay = began + ticks / CLOCK_RATE - time.monotonic()
        return not (delay > 0 and self._stop.wait(delay))

    def _video(
        self, packet: "av.Packet[Any]", pictures: VideoPackets, sound: AudioPackets | None, shift: int
    ) -> bool:
        if packet.is_corrupt:
            return self._handover.put(partial(self._sink.on_loss, 1))
        for data, pts, key in pictures.take(packet):
            parameter_sets = pictures.track().parameter_sets
            if self._told_sets is None:
                track = sound.track if sound is not None else None
                self._handover.put(partial(self._sink.on_tracks, pictures.track(), track))
                self._told_sets = parameter_sets
            elif parameter_sets != self._told_sets:
                self._handover.put(partial(self._sink.on_parameter_sets, parameter_sets))
                self._told_sets = parameter_sets
            if not self._handover.put(partial(self._sink.on_video, data, pts + shift, key), len(data)):
                return False
        return True

    def _sound(self, packet: "av.Packet[Any]", sound: AudioPackets | None, shift: int) -> bool:
        if sound is None or self._told_sets is None:
            return True
        for data, pts in sound.take(packet):
            place = pts + shift * sound.track.clock_rate // CLOCK_RATE
            if not self._handover.put(partial(self._sink.on_audio, data, place), len(data)):
                return False
        return True


def explain(failure: Exception) -> SourceError:
    """libav's error as a sentence; its own text names the URL and is not repeated."""
    if isinstance(failure, OSError) and failure.errno == errno.EIO:  # RTMP's for every end of the connection
        return SourceError("camera.closed", "the server broke off, or fell silent")
    for kinds, code, sentence in _SENTENCES:
        if isinstance(failure, kinds):
            return SourceError(code, sentence)
    return SourceError("camera.protocol_error", "what the source sends is not understood")
