"""Speech becomes the same AAC at the same times, however many of its packets come at once."""

from collections.abc import Callable
from random import Random

import pytest

from services.ingest.media.audio import AacTranscoder
from services.ingest.media.audio_batch import AudioBatch
from services.ingest.media.sample_entry import AAC_FRAME, TimedFrame
from services.ingest.media.speech import Companded, G711Decoder, speech_decoder
from services.ingest.sources.source import AudioCodec, AudioTrack

RATE = 8000
PACKET = 160  # samples

Packets = list[tuple[bytes, int]]


def troubled(random: Random, codec: AudioCodec, channels: int) -> Packets:
    """Noise of some seconds, of which packets are lost, doubled, cut short, stamped a little off, or after a
    jump."""
    size = PACKET * channels if codec.startswith("pcm") else PACKET * int(codec[-2:]) // 64
    packets: Packets = []
    pts = 0
    for _ in range(400):
        data = random.randbytes(size)
        event = random.choice(("cut", "lost", "late", "early", "doubled", "back", "jump", *["plain"] * 60))
        if event == "cut":
            data = data[: random.randrange(1, size)]
        pts += {"lost": 5 * PACKET, "back": -3 * PACKET, "jump": 9 * RATE}.get(event, 0)
        packets.append((data, pts + {"late": 70, "early": -70}.get(event, 0)))
        if event == "doubled":
            packets.append(packets[-1])
        pts += PACKET
    return packets


def transcoded(track: AudioTrack, packets: Packets, at_once: int) -> list[TimedFrame]:
    """`at_once`: packets that have come when it is time to encode."""
    due: list[Callable[[], None]] = []
    transcoder = AacTranscoder(speech_decoder(track), RATE, track.channels, AudioBatch(due.append))
    transcoder.begin(50)
    for count, packet in enumerate(packets, 1):
        transcoder.add(*packet)
        if count % at_once == 0 and due:
            due.pop()()
    return [*transcoder.take(), *transcoder.finish()]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("codec", "channels"), [("pcma", 1), ("pcmu", 2), ("g726-24", 1), ("g726-40", 1)])
def test_packets_at_once_become_what_they_become_one_by_one(
    codec: AudioCodec, channels: int, seed: int
) -> None:
    track = AudioTrack(codec, RATE, channels, b"")
    packets = troubled(Random(seed), codec, channels)
    one_by_one = transcoded(track, packets, at_once=1)
    assert transcoded(track, packets, at_once=25) == one_by_one
    assert transcoded(track, packets, at_once=len(packets)) == one_by_one


def test_half_a_second_at_once_gives_frames_that_follow_each_other() -> None:
    track = AudioTrack("pcma", RATE, 1, b"")
    noise = Random(1)
    packets = [(noise.randbytes(PACKET), 800 + i * PACKET) for i in range(100)]
    frames = transcoded(track, packets, at_once=25)
    ends = [time + samples for _, time, samples in frames]
    assert [time for _, time, _ in frames] == [50, *ends[:-1]]
    assert {samples for _, _, samples in frames[:-1]} == {AAC_FRAME}
    assert ends[-1] == 800 + 100 * PACKET


class Undecodable(G711Decoder):
    def decode(self, data: bytes) -> bytes:
        raise ValueError("no speech")


def test_speech_that_cannot_be_decoded_costs_no_other_camera_its_sound() -> None:
    due: list[Callable[[], None]] = []
    batch = AudioBatch(due.append)
    track = AudioTrack("pcma", RATE, 1, b"")
    good = AacTranscoder(speech_decoder(track), RATE, 1, batch)
    decoder = speech_decoder(track)
    assert isinstance(decoder.format, Companded)
    bad = AacTranscoder(Undecodable(decoder.format), RATE, 1, batch)
    for number in range(20):
        for transcoder in (bad, good):
            transcoder.add(bytes(PACKET), number * PACKET)
    due.pop()()
    with pytest.raises(ValueError, match="no speech"):
        bad.take()
    assert [time for _, time, _ in good.take()] == [0, AAC_FRAME]
