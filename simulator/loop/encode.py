"""Draws and encodes one minute of a camera into a QuickTime file.

`python -m simulator.loop.encode FILE` reads the parameters as JSON from standard input: encoding runs in
a process of its own, so that it neither holds up the cameras already on air nor outlives a cancelled demo.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from simulator.loop.parameters import GOP_SECONDS, LOOP_SECONDS, LoopParameters, Profile
from simulator.loop.sound import village_sound
from simulator.scene.fonts import Fonts
from simulator.scene.scene import Scene

AAC_RATE = 32_000
"""Samples per second: at this rate a minute is a whole number (1,875) of AAC frames."""
AAC_FRAME = 1024
G711_RATE = 8_000
_NOISE_PATTERNS = 8
Packet: TypeAlias = "av.Packet[av.stream.Stream]"


def encode_loop(parameters: LoopParameters, path: Path, fonts: Fonts) -> None:
    with av.open(str(path), "w", format="mov") as container:
        video = _add_video(container, parameters)
        audio = _add_audio(container, parameters.profile)
        for packet in _video_packets(video, parameters, fonts):
            container.mux(packet)
        if audio is not None:
            for packet in _audio_packets(audio):
                container.mux(packet)


def _add_video(container: OutputContainer, parameters: LoopParameters) -> VideoStream:
    """A constant bit rate and closed GOPs of two seconds with no B-frames, as surveillance cameras send."""
    gop = parameters.frame_rate * GOP_SECONDS
    kilobits = parameters.bit_rate // 1000
    if parameters.profile is Profile.H265_G711:
        x265 = (
            f"log-level=error:keyint={gop}:min-keyint={gop}:scenecut=0:open-gop=0:bframes=0:pools=none:"
            f"frame-threads=1:rc-lookahead=0:vbv-maxrate={kilobits}:vbv-bufsize={kilobits}:"
            "min-cu-size=16:ctu=32:me=dia:subme=0:rd=1:no-sao=1:aq-mode=0:weightp=0:signhide=0"
        )
        codec, options = "libx265", {"preset": "ultrafast", "tune": "zerolatency", "x265-params": x265}
    else:
        codec, options = (
            "libx264",
            {
                "preset": "ultrafast",
                "tune": "zerolatency",
                "maxrate": str(parameters.bit_rate),
                "bufsize": str(parameters.bit_rate),
                "x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:open-gop=0",
            },
        )
    stream = container.add_stream(codec, rate=parameters.frame_rate, options=options)
    assert isinstance(stream, VideoStream)
    stream.width, stream.height = parameters.width, parameters.height
    stream.pix_fmt = "yuv420p"
    stream.bit_rate = parameters.bit_rate
    stream.thread_count = 1
    return stream


def _video_packets(stream: VideoStream, parameters: LoopParameters, fonts: Fonts) -> Iterator[Packet]:
    scene = Scene(parameters, fonts)
    noise = _noise_patterns(parameters)
    for number in range(parameters.frame_rate * LOOP_SECONDS):
        rgb = av.VideoFrame.from_ndarray(scene.picture(number / parameters.frame_rate), format="rgb24")
        planes = rgb.reformat(format="yuv420p").to_ndarray()
        luma = planes[: parameters.height]
        np.clip(luma + noise[number * 5 % _NOISE_PATTERNS], 16, 235, out=luma, casting="unsafe")
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, parameters.frame_rate)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _noise_patterns(parameters: LoopParameters) -> NDArray[np.int16]:
    random = np.random.default_rng(parameters.seed)
    shape = (_NOISE_PATTERNS, parameters.height, parameters.width)
    return np.rint(random.normal(0, parameters.noise / 2, shape)).astype(np.int16)


def _add_audio(container: OutputContainer, profile: Profile) -> AudioStream | None:
    match profile:
        case Profile.H264_AAC:
            stream = container.add_stream("aac", rate=AAC_RATE, layout="mono")
            stream.bit_rate = 32_000
            return stream
        case Profile.H265_G711:
            return container.add_stream("pcm_alaw", rate=G711_RATE, layout="mono")
        case Profile.H264:
            return None


def _audio_packets(stream: AudioStream) -> Iterator[Packet]:
    """Packets of exactly one minute, from the middle of a longer run: the first follows on from the last."""
    rate = stream.rate
    run_in = 4 * AAC_FRAME
    minute = village_sound(rate)
    signal = np.concatenate((minute[-run_in:], minute, minute[:run_in]))
    for start in range(0, len(signal), AAC_FRAME):
        frame = av.AudioFrame.from_ndarray(
            signal[np.newaxis, start : start + AAC_FRAME], format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        for packet in stream.encode(frame):
            yield from _within_minute(packet, run_in, len(minute))
    for packet in stream.encode(None):
        yield from _within_minute(packet, run_in, len(minute))


def _within_minute(packet: Packet, start: int, length: int) -> Iterator[Packet]:
    if packet.pts is not None and start <= packet.pts < start + length:
        packet.pts -= start
        packet.dts = packet.pts
        yield packet


def main() -> None:
    os.nice(5)
    encode_loop(LoopParameters.from_json(sys.stdin.read()), Path(sys.argv[1]), Fonts())


if __name__ == "__main__":
    main()
