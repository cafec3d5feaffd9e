"""Frames of AAC are what any decoder takes, as near to what was said as the bits allow."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.audio.codeccontext import AudioCodecContext

from services.ingest.media.aac import codebooks
from services.ingest.media.aac.bands import SAMPLING_FREQUENCIES
from services.ingest.media.aac.encoder import AacEncoder

Sound = npt.NDArray[np.float32]

BLOCK = 1024
RATE = 8000
MOST_BITS = 6144  # of a frame and channel


def blocks_of(sound: Sound) -> Sound:
    """`sound`, of shape (channels, n * 1024), in blocks behind a silent one."""
    blocks = sound.reshape(len(sound), -1, BLOCK).swapaxes(0, 1)
    return np.concatenate((np.zeros_like(blocks[:1]), blocks))


def encoded(encoder: AacEncoder, sound: Sound) -> list[bytes]:
    blocks = blocks_of(sound)
    return encoder.encode(blocks[:-1], blocks[1:])


def decoded(frames: list[bytes], config: bytes) -> tuple[Sound, int]:
    """What libav makes of them, without the silence before, and its sampling frequency."""
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = config
    heard = [frame for data in frames for frame in decoder.decode(av.Packet(data))]
    sound = np.concatenate([frame.to_ndarray() for frame in heard], axis=1)[:, BLOCK:]
    return sound, heard[0].sample_rate


def by_libav(sound: Sound) -> Sound:
    """Through libav's own encoder, at 32 kb/s."""
    encoder = av.CodecContext.create("aac", "w")
    assert isinstance(encoder, AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = RATE, "mono", "fltp"
    encoder.bit_rate, encoder.time_base = 32_000, Fraction(1, RATE)
    encoder.options = {"aac_coder": "fast"}
    frame = av.AudioFrame.from_ndarray(sound, "fltp", "mono")
    frame.sample_rate = RATE
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    return decoded([bytes(packet) for packet in packets], encoder.extradata or b"")[0]


def distance_db(sound: Sound, heard: Sound) -> float:
    """Signal-to-noise ratio."""
    heard = heard[:, : sound.shape[1]]
    sound = sound[:, : heard.shape[1]]
    return float(10 * np.log10((sound**2).sum() / ((sound - heard) ** 2).sum()))


def noise(count: int, channels: int = 1, level: float = 0.1) -> Sound:
    random = np.random.default_rng(1)
    return (random.standard_normal((channels, count * BLOCK)) * level).astype(np.float32)


def voice(count: int) -> Sound:
    """Vowels of a voice that rises and falls, in street noise."""
    time = np.arange(count * BLOCK) / RATE
    phase = 2 * np.pi * np.cumsum(120 * (1 + 0.1 * np.sin(2 * np.pi * 0.7 * time))) / RATE
    vowels = np.zeros_like(time)
    for k in range(1, 28):
        vowels += np.cos(k * phase) / k * np.exp(-(((k * 130 - 700) / 900) ** 2))
    street = np.convolve(noise(count)[0], np.ones(12) / 12, "same")
    return (0.1 * vowels * (np.sin(2 * np.pi * 2.5 * time) > -0.3) + street)[None].astype(np.float32)


def tones(count: int) -> Sound:
    time = np.arange(count * BLOCK) / RATE
    chord = np.zeros((1, len(time)), np.float32)
    for frequency in (440, 1000, 2300):
        chord += (0.2 * np.sin(2 * np.pi * frequency * time)).astype(np.float32)
    return chord


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", SAMPLING_FREQUENCIES)
def test_each_sampling_frequency_is_heard(rate: int, channels: int) -> None:
    """Noise below an eighth of it, so that there are bits for all of that, whatever the rate."""
    spectrum = np.fft.rfft(noise(16, channels))
    spectrum[:, spectrum.shape[1] // 4 :] = 0
    sound = np.fft.irfft(spectrum).astype(np.float32)
    encoder = AacEncoder(rate, channels)
    heard, heard_rate = decoded(encoded(encoder, sound), encoder.config)
    assert (heard_rate, len(heard)) == (rate, channels)
    assert distance_db(sound, heard) > 15


@pytest.mark.parametrize("sound", [voice(32), tones(32), noise(32), noise(32, level=0.002)])
def test_it_is_nearer_than_what_libav_makes_of_it(sound: Sound) -> None:
    encoder = AacEncoder(RATE, 1)
    frames = encoded(encoder, sound)
    assert distance_db(sound, decoded(frames, encoder.config)[0]) > distance_db(sound, by_libav(sound)) + 2
    assert 8 * sum(map(len, frames)) / (32 * BLOCK / RATE) < 45_000


def test_a_clap_is_not_heard_before_it() -> None:
    random = np.random.default_rng(1)
    sound = np.zeros((1, 8 * BLOCK), np.float32)
    clap = 5 * BLOCK + 700
    sound[0, clap : clap + 200] = random.standard_normal(200) * 0.4 * np.exp(-np.arange(200) / 40)
    encoder = AacEncoder(RATE, 1)
    heard = decoded(encoded(encoder, sound), encoder.config)[0]
    before = 10 * np.log10((heard[0, clap - 480 : clap] ** 2).mean())
    assert before < -55
    assert distance_db(sound, heard) > 25


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(lambda t: np.sign(np.sin(2 * np.pi * 400 * t)), id="a square wave at full scale"),
        pytest.param(np.ones_like, id="a constant"),
        pytest.param(lambda t: (np.arange(len(t)) % 1500 == 0) * 1.0, id="impulses"),
        pytest.param(lambda t: np.sin(2 * np.pi * 3999 * t), id="the highest tone"),
        pytest.param(lambda t: np.sin(2 * np.pi * 1000 * t), id="the loudest tone"),
        pytest.param(lambda t: np.random.default_rng(1).choice((-1.0, 1.0), len(t)), id="the loudest noise"),
        pytest.param(lambda t: np.sin(2 * np.pi * 500 * t) * (t > 1) * (t < 1.01), id="a short tone"),
        pytest.param(lambda t: np.full_like(t, 8 / 32768), id="what G.711 has for silence"),
    ],
)
def test_no_sound_takes_more_bits_than_a_frame_has(sound: Callable[[npt.NDArray[np.float64]], Sound]) -> None:
    encoder = AacEncoder(RATE, 1)
    samples = sound(np.arange(24 * BLOCK) / RATE)[None].astype(np.float32)
    frames = encoded(encoder, samples)
    assert max(map(len, frames)) * 8 <= MOST_BITS
    assert distance_db(samples, decoded(frames, encoder.config)[0]) > 12


def test_silence_takes_next_to_nothing() -> None:
    encoder = AacEncoder(RATE, 1)
    frames = encoded(encoder, np.zeros((1, 8 * BLOCK), np.float32))
    assert max(map(len, frames)) < 100
    assert not decoded(frames, encoder.config)[0].any()


def test_a_frame_does_not_depend_on_what_else_is_encoded_with_it() -> None:
    encoder = AacEncoder(RATE, 1)
    blocks = blocks_of(np.concatenate((voice(8), tones(8), noise(8)), axis=1))
    alone = [encoder.encode(blocks[i : i + 1], blocks[i + 1 : i + 2])[0] for i in range(len(blocks) - 1)]
    assert encoder.encode(blocks[:-1], blocks[1:]) == alone


@pytest.mark.parametrize("number", [7, 8, 9, 10, 11])
def test_codewords_of_a_codebook_are_told_apart_and_none_is_left_over(number: int) -> None:
    """With the signs: Kraft's sum of a complete prefix code is one."""
    middle = int(codebooks.PAIRS_MIDDLE[number])
    around = codebooks.PAIRS_STRIDE**2 // 2
    codewords, lengths = codebooks.split(codebooks.PAIRS[middle - around : middle + around + 1])
    expect_complete(codewords[lengths > 0].tolist(), lengths[lengths > 0].tolist())


def test_differences_of_scale_factors_are_told_apart() -> None:
    codewords, lengths = codebooks.split(codebooks.SCALE_FACTORS)
    expect_complete(codewords.tolist(), lengths.tolist())


def expect_complete(codewords: list[int], lengths: list[int]) -> None:
    assert sum(Fraction(1, 1 << length) for length in lengths) == 1
    ordered = sorted(f"{word:0{length}b}" for word, length in zip(codewords, lengths, strict=True))
    assert not any(b.startswith(a) for a, b in pairwise(ordered))


def test_a_rate_that_aac_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="11111 Hz"):
        AacEncoder(11_111, 1)
