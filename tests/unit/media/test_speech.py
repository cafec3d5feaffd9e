"""G.711, G.722 and G.726 are heard as they were spoken: as loud, at that pitch, and with their pictures."""

from typing import get_args

import numpy as np
import pytest

from services.ingest.media.speech import speech_decoder
from services.ingest.sources.source import AudioCodec, AudioTrack
from tests.unit.media.feed import START_MS, Feed, MuxSession
from tests.unit.media.samples import Sound, clicks, clip, sound, speech
from tests.unit.media.test_sound_in_time import expect_no_hole, heard

SPEECH: list[AudioCodec] = [codec for codec in get_args(AudioCodec) if codec != "aac"]
SPEECH_CODECS = pytest.mark.parametrize("codec", SPEECH)
NEVER_MORE_THAN_S = 0.02


def rate_of(codec: AudioCodec) -> int:
    return 16_000 if codec == "g722" else 8000


def samples_of(session: MuxSession) -> np.ndarray:
    with session.open() as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def played(tone: Sound) -> Feed:
    feed = Feed()
    feed.stream.on_tracks(clip().video, tone.track)
    feed.play(clip(), tone)
    feed.stream.finish()
    return feed


@SPEECH_CODECS
def test_a_tone_keeps_its_level_and_its_pitch(codec: AudioCodec) -> None:
    rate = rate_of(codec)
    tone = samples_of(played(sound(codec, rate=rate)).session)[rate : 3 * rate]  # two seconds of it
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone))))
    assert spectrum.argmax() / 2 == pytest.approx(440, abs=1)
    level_db = 20 * np.log10(np.sqrt(np.mean(tone**2)) / (0.5 / np.sqrt(2)))
    assert level_db == pytest.approx(0, abs=1)


@SPEECH_CODECS
def test_nothing_is_heard_that_was_not_there(codec: AudioCodec) -> None:
    """No images of the tone and no clicks at the seams of packets: what is no tone is noise of the codec."""
    rate = rate_of(codec)
    tone = samples_of(played(sound(codec, rate=rate)).session)[rate : 3 * rate]
    power = np.abs(np.fft.rfft(tone * np.hanning(len(tone)))) ** 2
    near = slice(2 * 440 - 20, 2 * 440 + 20)
    signal = power[near].sum()
    least_db = 12 if codec.endswith("-16") else 18 if codec.endswith("-24") else 25
    assert 10 * np.log10(signal / (power.sum() - signal)) >= least_db


@SPEECH_CODECS
@pytest.mark.parametrize("late_ms", [0, 300])
def test_speech_is_heard_at_its_instant(codec: AudioCodec, late_ms: int) -> None:
    """`late_ms`: of the audio's first sample after the first picture."""
    at = (0.31, 1.0, 2.4321, 3.9)
    beeps = clicks(codec, *at, rate=rate_of(codec))
    feed = Feed()
    feed.stream.on_tracks(clip(seconds=5).video, beeps.track)
    feed.play(clip(seconds=5), beeps, audio_late_ms=late_ms)
    feed.stream.finish()
    assert heard(feed.session) == pytest.approx([one + late_ms / 1000 for one in at], abs=NEVER_MORE_THAN_S)
    expect_no_hole(feed.session)


@SPEECH_CODECS
def test_lost_packets_do_not_shift_what_follows(codec: AudioCodec) -> None:
    beeps = clicks(codec, 0.3, 1, 2.5, 3.5, rate=rate_of(codec))
    packets = [*beeps.packets[:60], *beeps.packets[61:90], *beeps.packets[100:]]
    feed = played(Sound(beeps.track, tuple(packets)))
    assert heard(feed.session) == pytest.approx([0.3, 1, 2.5, 3.5], abs=NEVER_MORE_THAN_S)
    expect_no_hole(feed.session)


@SPEECH_CODECS
def test_declared_sound_that_never_comes_withholds_no_picture(codec: AudioCodec) -> None:
    feed = Feed()
    feed.stream.on_tracks(clip().video, AudioTrack(codec, rate_of(codec), 1, b""))
    feed.play(clip())
    feed.stream.finish()
    assert "mp4a" not in feed.session.init.codecs
    assert feed.session.fragments[-1].end_ms == START_MS + 4000


@SPEECH_CODECS
def test_sound_that_begins_late_gets_a_session_of_its_own(codec: AudioCodec) -> None:
    beeps = clicks(codec, 0.8, 2.5, 4.5, seconds=5, rate=rate_of(codec))
    feed = Feed()
    feed.stream.on_tracks(clip(seconds=8).video, beeps.track)
    feed.play(clip(seconds=8), beeps, audio_late_ms=2500)
    feed.stream.finish()
    before, after = feed.collected.sessions[:2]
    assert "mp4a" not in before.init.codecs
    assert "mp4a.40.2" in after.init.codecs
    assert feed.collected.reasons[0] == "audio arrived"
    begin_s = (after.fragments[0].start_ms - START_MS) / 1000
    assert begin_s == pytest.approx(3, abs=0.05)
    sounds = [begin_s + one for one in heard(after)]
    assert sounds == pytest.approx([3.3, 5, 7], abs=NEVER_MORE_THAN_S)


def every(codec: AudioCodec, channels: int = 1) -> tuple[AudioTrack, list[bytes]]:
    """Two seconds of packets in which every byte occurs."""
    sizes = {"g722": 80, "pcma": 160 * channels, "pcmu": 160 * channels}
    size = sizes.get(codec) or 20 * int(codec[-2:]) // 8
    noise = np.random.default_rng(1).bytes(100 * size)
    packets = [noise[i : i + size] for i in range(0, len(noise), size)]
    return AudioTrack(codec, rate_of(codec), channels, b""), packets


@pytest.mark.parametrize(("codec", "channels"), [*((codec, 1) for codec in SPEECH), ("pcma", 2), ("pcmu", 2)])
def test_packets_are_decoded_together_as_one_by_one(codec: AudioCodec, channels: int) -> None:
    """Whole samples are in each, and a decoder remembers what came before."""
    track, packets = every(codec, channels)
    one_by_one, together = speech_decoder(track), speech_decoder(track)
    expected = b"".join(one_by_one.decode(data) for data in packets)
    assert together.decode(b"".join(packets)) == expected
    count = sum(map(len, packets)) * 8 // together.bits
    assert len(expected) == count * together.format.size
    assert len(together.format.samples(expected)) == count * channels


def test_the_bits_of_g726_lie_as_its_name_says() -> None:
    """The least significant first in RTP, the most significant first in AAL2 (RFC 3551, 4.5.4)."""
    tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000) * 0.5
    for bits in (16, 24, 32, 40):
        decoded = []
        for prefix in ("g726", "aal2-g726"):
            coded = speech(f"{prefix}-{bits}", tone, 8000)  # type: ignore[arg-type]
            decoder = speech_decoder(coded.track)
            decoded.append(b"".join(decoder.decode(data) for data, _ in coded.packets))
        assert decoded[0] == decoded[1]
        heard_again = decoder.format.samples(decoded[0])
        assert len(heard_again) == 8000
        assert np.abs(heard_again[800:] - tone[800:]).mean() < 0.1
