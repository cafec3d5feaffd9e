"""Frames of AAC are heard by a decoder that is not libav's."""

import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from services.ingest.media.aac.bands import SAMPLING_FREQUENCIES
from services.ingest.media.aac.encoder import AacEncoder
from tests.unit.media.test_aac import BLOCK, Sound, distance_db, encoded, noise, tones, voice

_LONGEST_DELAY = 1200  # samples: of the frame before the first one, and of the filters behind a decoder


def adts(frames: list[bytes], index: int, channels: int) -> bytes:
    """Each behind a header of ISO/IEC 14496-3, 1.A.3."""
    stream = b""
    for frame in frames:
        size = len(frame) + 7
        value = 0xFFF1 << 12 | 1 << 10 | index << 6 | channels
        stream += (value << 28 | size << 13 | 0x7FF << 2).to_bytes(7, "big") + frame
    return stream


def heard_by_faad(faad: Path, folder: Path, stream: bytes) -> tuple[Sound, int]:
    (folder / "sound.aac").write_bytes(stream)
    command = [str(faad), "-q", "-o", str(folder / "sound.wav"), str(folder / "sound.aac")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "rror" not in done.stderr
    with wave.open(str(folder / "sound.wav")) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        heard = samples.reshape(-1, file.getnchannels()).T / np.float32(32768)
        return heard.astype(np.float32), file.getframerate()


@pytest.mark.parametrize(
    ("sound", "rate"),
    [
        pytest.param(voice(24), 8000, id="a voice"),
        pytest.param(voice(24), 16_000, id="a voice of G.722"),
        pytest.param(tones(24), 8000, id="tones"),
        pytest.param(noise(24), 8000, id="noise"),
        pytest.param(noise(24, channels=2), 8000, id="noise in two channels"),
        pytest.param(tones(24) * (np.arange(24 * BLOCK) % 6000 < 300), 8000, id="short tones"),
    ],
)
def test_another_decoder_hears_the_same(faad: Path, tmp_path: Path, sound: Sound, rate: int) -> None:
    """It makes twice the samples of a rate below 24 kHz, as ADTS cannot tell it that there is no SBR."""
    frames = encoded(AacEncoder(rate, len(sound)), sound.astype(np.float32))
    stream = adts(frames, SAMPLING_FREQUENCIES.index(rate), len(sound))
    heard, heard_rate = heard_by_faad(faad, tmp_path, stream)
    times = heard_rate // rate
    told = sound[:1, 2 * BLOCK : 16 * BLOCK]
    distances = [
        distance_db(told, heard[:1, 2 * BLOCK * times + delay :: times])
        for delay in range(_LONGEST_DELAY * times)
    ]
    assert max(distances) > 20
