"""Short clips, encoded once per test run, taken apart into what a source delivers."""

import io
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import av
import numpy as np

from services.ingest.sources.source import AudioCodec, AudioTrack, VideoCodec, VideoTrack

FPS = 25
BT_709 = 1
"""MatrixCoefficients (ISO/IEC 23091-2, 8.3)."""
TICKS = 90_000 // FPS


@dataclass(frozen=True)
class Unit:
    data: bytes
    pts: int
    key: bool


@dataclass(frozen=True)
class Clip:
    """Units in decoding order; times from 0 in the track's clock rate."""

    video: VideoTrack
    units: tuple[Unit, ...]

    @property
    def seconds(self) -> float:
        return len(self.units) / FPS


@dataclass(frozen=True)
class Sound:
    track: AudioTrack
    packets: tuple[tuple[bytes, int], ...]


@cache
def clip(
    codec: VideoCodec = "h264",
    *,
    seconds: float = 4,
    gop: int = 25,
    b_frames: int = 0,
    size: tuple[int, int] = (320, 180),
    pixel_shape: Fraction = Fraction(1),
    full_range: bool = False,
) -> Clip:
    """Moving noise, `gop` frames between key frames. `pixel_shape`: how much wider than high a pixel is.
    `full_range`: black is 0 and white 255."""
    width, height = size
    sink = io.BytesIO()
    x265 = f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes={b_frames}:open-gop=0:log-level=error"
    options = {"preset": "ultrafast", "x265-params": x265, "sc_threshold": "0"}
    with av.open(sink, "w", format="mp4") as output:
        stream = output.add_stream("libx264" if codec == "h264" else "libx265", rate=FPS, options=options)
        stream.width, stream.height = width, height
        stream.pix_fmt = "yuvj420p" if full_range else "yuv420p"
        stream.codec_context.sample_aspect_ratio = pixel_shape
        stream.codec_context.colorspace = BT_709
        stream.gop_size, stream.max_b_frames, stream.bit_rate = gop, b_frames, 400_000
        random = np.random.default_rng(1)
        for i in range(int(seconds * FPS)):
            picture = np.full((height, width, 3), 40, np.uint8)
            picture[:, i * 3 % width : i * 3 % width + 40] = random.integers(0, 255, (1, 1, 3))
            picture[:20] = random.integers(0, 255, (20, width, 3))
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        output.mux(stream.encode(None))
    sink.seek(0)
    with av.open(sink, "r") as source:
        track = source.streams.video[0]
        assert track.time_base is not None
        sets = _parameter_sets(codec, track.codec_context.extradata or b"")
        units = tuple(
            Unit(
                _without_sets(codec, bytes(p)), round((p.pts or 0) * track.time_base * 90_000), p.is_keyframe
            )
            for p in source.demux(track)
            if p.size
        )
    return Clip(VideoTrack(codec, 90_000, sets), units)


@cache
def sound(codec: AudioCodec, *, seconds: float = 4, rate: int = 8000) -> Sound:
    """A tone of 440 Hz at half of full scale: AAC in frames of 1024 samples, speech in packets of 20 ms."""
    tone = np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate) * 0.5
    if codec != "aac":
        return speech(codec, tone, rate)
    context = av.CodecContext.create("aac", "w")
    context.sample_rate, context.layout, context.format = rate, "mono", "fltp"
    context.time_base = Fraction(1, rate)
    context.open()
    frames: list[tuple[bytes, int]] = []
    for i in range(0, len(tone) - 1023, 1024):
        frame = av.AudioFrame.from_ndarray(tone[None, i : i + 1024].astype(np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = rate, i
        frames += [(bytes(p), len(frames) * 1024) for p in context.encode(frame)]
    return Sound(AudioTrack("aac", rate, 1, context.extradata or b""), tuple(frames))


@cache
def clicks(codec: AudioCodec, *at_s: float, seconds: float = 4, rate: int = 8000, channels: int = 1) -> Sound:
    """Silence in packets of 20 ms, but for 10 ms of noise that begins at each of `at_s`, in all channels."""
    samples = np.zeros(int(seconds * rate))
    noise = np.random.default_rng(1).choice((-0.5, 0.5), rate // 100)
    for at in at_s:
        begin = round(at * rate)
        samples[begin : begin + len(noise)] = noise
    return speech(codec, samples, rate, channels)


def speech(codec: AudioCodec, samples: np.ndarray, rate: int, channels: int = 1) -> Sound:
    """`samples` of 1.0 at most, the same in all channels, in packets of 20 ms."""
    if codec in ("pcma", "pcmu"):
        nearest = np.abs(_g711_table(codec)[None, :] - samples[:, None]).argmin(axis=1)
        coded = nearest.astype(np.uint8).repeat(channels).tobytes()
    else:
        coded = _adpcm(codec, samples, rate)
    step = rate // 50
    size = step * _bits(codec) // 8 * channels
    packets = tuple((coded[i * size : (i + 1) * size], i * step) for i in range(len(samples) // step))
    return Sound(AudioTrack(codec, rate, channels, b""), packets)


def _bits(codec: AudioCodec) -> int:
    """Of a sample."""
    return int(codec[-2:]) // 8 if "g726" in codec else 4 if codec == "g722" else 8


def _adpcm(codec: AudioCodec, samples: np.ndarray, rate: int) -> bytes:
    """As libav codes it, and more of silence; the code words of G.726 as in RTP (RFC 3551, 4.5.4)."""
    context = av.CodecContext.create("g722" if codec == "g722" else "g726", "w")
    context.sample_rate, context.layout, context.format = rate, "mono", "s16"
    context.bit_rate = rate * _bits(codec)  # of G.726 it says how long code words are
    context.open()
    whole = np.rint(samples * 32767).astype(np.int16)
    whole = np.concatenate((whole, np.zeros(context.frame_size, np.int16)))[None]
    coded = b""
    for i in range(0, whole.shape[1] - context.frame_size + 1, context.frame_size):
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(whole[:, i : i + context.frame_size]), "s16", "mono"
        )
        frame.sample_rate, frame.pts = rate, i
        coded += b"".join(bytes(packet) for packet in context.encode(frame))
    return least_significant_first(coded, _bits(codec)) if codec.startswith("g726") else coded


def least_significant_first(coded: bytes, bits: int) -> bytes:
    """Code words of `bits` bits that lie the most significant bit first, laid the other way."""
    words = np.unpackbits(np.frombuffer(coded, np.uint8)).reshape(-1, bits)
    return np.packbits(words[:, ::-1].reshape(-1), bitorder="little").tobytes()


def _g711_table(codec: AudioCodec) -> np.ndarray:
    """All 256 codes as libav decodes them."""
    context = av.CodecContext.create("pcm_alaw" if codec == "pcma" else "pcm_mulaw", "r")
    context.sample_rate, context.layout = 8000, "mono"
    (frame,) = context.decode(av.Packet(bytes(range(256))))
    return frame.to_ndarray().reshape(-1) / 32768


def _parameter_sets(codec: VideoCodec, record: bytes) -> tuple[bytes, ...]:
    units: list[bytes] = []
    position = 5 if codec == "h264" else 22
    arrays = 2 if codec == "h264" else record[position]
    position += codec == "h265"
    for _ in range(arrays):
        kind = 32 if codec == "h264" else record[position] & 63
        position += codec == "h265"
        count = (
            record[position] & 31
            if codec == "h264"
            else int.from_bytes(record[position : position + 2], "big")
        )
        position += 1 if codec == "h264" else 2
        for _ in range(count):
            size = int.from_bytes(record[position : position + 2], "big")
            if kind in (32, 33, 34):
                units.append(record[position + 2 : position + 2 + size])
            position += 2 + size
    return tuple(units)


def _without_sets(codec: VideoCodec, sample: bytes) -> bytes:
    """Parameter sets and delimiters taken out, as sources deliver it."""
    parts: list[bytes] = []
    position = 0
    while position < len(sample):
        end = position + 4 + int.from_bytes(sample[position : position + 4], "big")
        kind = sample[position + 4] & 31 if codec == "h264" else sample[position + 4] >> 1 & 63
        if kind not in ((7, 8, 9) if codec == "h264" else (32, 33, 34, 35)):
            parts.append(sample[position:end])
        position = end
    return b"".join(parts)
