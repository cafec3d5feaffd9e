"""Draws and encodes one minute of a camera into a QuickTime file.

`python -m simulator.loop.encode FILE` reads the parameters as JSON from standard input: encoding runs in
a process of its own, so that it neither holds up the cameras already on air nor outlives a cancelled demo.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from simulator.loop.clock import LOOP_MINUTE, VILLAGE_TIME, encode_clock, scene_format
from simulator.loop.parameters import LOOP_SECONDS, LoopParameters, Profile, VideoFormat
from simulator.loop.picture_encoder import ENCODERS, EncodedPicture, encode_pictures, encoder_options
from simulator.loop.sound import village_sound
from simulator.scene.fonts import Fonts
from simulator.scene.footer import band_top, scene_bottom
from simulator.scene.scene import Scene

AAC_RATE = 32_000
"""Samples per second: at this rate a minute is a whole number (1,875) of AAC frames."""
AAC_FRAME = 1024
G711_RATE = 8_000
_NOISE_PATTERNS = 8
_START_CODE = b"\x00\x00\x00\x01"
Packet: TypeAlias = "av.Packet[av.stream.Stream]"


def encode_loop(parameters: LoopParameters, path: Path, fonts: Fonts, *, clock: bool = True) -> None:
    """clock: code the footer's band as a slice of its own, the last, showing LOOP_MINUTE in VILLAGE_TIME.

    Otherwise it stays empty, and each picture is one slice.
    """
    with av.open(str(path), "w", format="mov") as container:
        video = _add_video(container, parameters.video)
        audio = _add_audio(container, parameters.profile)
        pictures, whole = _pictures(parameters, fonts), parameters.video
        encoded = _clocked(pictures, whole, fonts) if clock else encode_pictures(pictures, whole)
        for number, picture in enumerate(encoded):
            container.mux(_packet(picture, number, video))
        if audio is not None:
            for packet in _audio_packets(audio):
                container.mux(packet)


def _add_video(container: OutputContainer, video: VideoFormat) -> VideoStream:
    """A stream of the whole picture: its encoder, unused, tells the parameter sets."""
    stream = container.add_stream(
        ENCODERS[video.codec], rate=video.frame_rate, options=encoder_options(video)
    )
    assert isinstance(stream, VideoStream)
    stream.width, stream.height = video.width, video.height
    stream.pix_fmt = "yuv420p"
    stream.bit_rate = video.bit_rate
    stream.thread_count = 1
    return stream


def _clocked(
    pictures: Iterator[NDArray[np.uint8]], video: VideoFormat, fonts: Fonts
) -> Iterator[EncodedPicture]:
    scenes = encode_pictures((_without_band(planes) for planes in pictures), scene_format(video))
    for scene, band in zip(scenes, encode_clock(video, LOOP_MINUTE, VILLAGE_TIME, fonts), strict=True):
        yield replace(scene, nal_units=(*scene.nal_units, band))


def _without_band(planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The planes of YUV 4:2:0 down to the band."""
    height, width = planes.shape[0] * 2 // 3, planes.shape[1]
    top = band_top(height)
    chroma = planes[height:].reshape(2, height // 2, width // 2)[:, : top // 2]
    return np.concatenate((planes[:top], chroma.reshape(top // 2, width)))


def _pictures(parameters: LoopParameters, fonts: Fonts) -> Iterator[NDArray[np.uint8]]:
    """Planes of YUV 4:2:0, with the sensor's noise over the scene but not over the footer."""
    scene = Scene(parameters, fonts)
    noise = _noise_patterns(parameters)
    bottom = scene_bottom(parameters.height)
    for number in range(parameters.frame_rate * LOOP_SECONDS):
        rgb = av.VideoFrame.from_ndarray(scene.picture(number / parameters.frame_rate), format="rgb24")
        planes = rgb.reformat(format="yuv420p").to_ndarray().astype(np.uint8, copy=False)
        luma = planes[:bottom]
        np.clip(luma + noise[number * 5 % _NOISE_PATTERNS][:bottom], 16, 235, out=luma, casting="unsafe")
        yield planes


def _packet(picture: EncodedPicture, number: int, stream: VideoStream) -> Packet:
    packet = av.Packet(b"".join(_START_CODE + unit for unit in picture.nal_units))
    packet.pts = packet.dts = number
    packet.duration, packet.time_base = 1, Fraction(1, stream.codec_context.framerate)
    packet.is_keyframe, packet.stream = picture.key, stream
    return packet


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
