"""Audio that cannot be carried is left out, whatever a camera says of it, and its video is taken."""

import pytest

from services.ingest.media.speech import speech_decoder
from services.ingest.media.transcoders import Transcoders
from services.ingest.sources.carried_audio import is_carried
from services.ingest.sources.rtsp.sdp import (
    choose_audio,
    choose_video,
    parse_session_description,
    samples_per_tick,
)
from services.ingest.sources.source import AudioCodec, AudioTrack

HBR = "mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3"
AAC = f"MPEG4-GENERIC/48000/2\na=fmtp:97 {HBR};config=1190"


def offered(audio: str) -> AudioTrack | None:
    session = parse_session_description(
        f"m=audio 0 RTP/AVP 97\na=rtpmap:97 {audio}\n"
        "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:picture\n"
    )
    assert choose_video(session)[0].control == "picture"
    chosen = choose_audio(session)
    return chosen[1] if chosen else None


@pytest.mark.parametrize("audio", ["PCMU/8000", "PCMA/16000/2", "PCMU/48000/1"])
def test_g711_that_aac_encodes_is_taken(audio: str) -> None:
    track = offered(audio)
    assert track is not None and track.codec in ("pcma", "pcmu")
    assert Transcoders().open(track).config


@pytest.mark.parametrize(
    "audio", ["PCMU/11000", "PCMA/8000/4", "PCMA/8000/50000", "PCMA/1", "PCMU/192000", "PCMA/8000/3"]
)
def test_other_g711_is_left_out(audio: str) -> None:
    assert offered(audio) is None


@pytest.mark.parametrize(
    ("audio", "codec", "rate"),
    [
        ("G722/8000", "g722", 16_000),
        ("G722/8000/1", "g722", 16_000),
        ("g722/16000", "g722", 16_000),
        ("G726-16/8000", "g726-16", 8000),
        ("G726-24/8000", "g726-24", 8000),
        ("G726-32/8000", "g726-32", 8000),
        ("G726-40/8000/1", "g726-40", 8000),
        ("AAL2-G726-32/8000", "aal2-g726-32", 8000),
        ("aal2-g726-16/8000", "aal2-g726-16", 8000),
    ],
)
def test_adpcm_that_is_decoded_is_taken(audio: str, codec: AudioCodec, rate: int) -> None:
    track = offered(audio)
    assert track == AudioTrack(codec, rate, 1, b"")
    assert Transcoders().open(track).config


def test_g722_needs_no_more_than_its_payload_type() -> None:
    """RFC 3551, table 4."""
    chosen = choose_audio(parse_session_description("m=audio 0 RTP/AVP 9\n"))
    assert chosen is not None and chosen[1] == AudioTrack("g722", 16_000, 1, b"")
    assert samples_per_tick(*chosen) == 2


@pytest.mark.parametrize(
    "audio", ["G722/8000/2", "G722/48000", "G726-32/8000/2", "G726-32/16000", "G726/8000", "G726-8/8000"]
)
def test_other_adpcm_is_left_out(audio: str) -> None:
    assert offered(audio) is None


@pytest.mark.parametrize(
    "audio",
    [
        AAC,
        AAC.replace("/2", ""),
        AAC.replace("/2", "/8"),
        AAC.replace("config=1190", "config=1190" + "00" * 62),
        "MPEG4-GENERIC/48000/2\na=fmtp:97 mode=AAC-hbr;config=1190",
    ],
)
def test_aac_in_order_is_taken(audio: str) -> None:
    assert offered(audio) is not None


@pytest.mark.parametrize(
    "audio",
    [
        AAC.replace("/2", "/300000"),
        AAC.replace("/2", "/9"),
        AAC.replace("48000", "999999999"),
        AAC.replace("48000", "8"),
        AAC.replace("config=1190", "config=1190" + "00" * 63),
        AAC.replace("config=1190", "config=1190" + "00" * 238),
        AAC.replace("config=1190", "config="),
        AAC.replace("sizelength=13", "sizelength=1"),
        AAC.replace("indexlength=3", "indexlength=0"),
        AAC.replace("indexdeltalength=3", "indexdeltalength=32"),
    ],
)
def test_other_aac_is_left_out(audio: str) -> None:
    assert offered(audio) is None


def test_a_second_audio_track_is_taken_where_the_first_is_not_carried() -> None:
    text = "m=audio 0 RTP/AVP 97\na=rtpmap:97 PCMA/8000/4\nm=audio 0 RTP/AVP 0\na=control:second\n"
    chosen = choose_audio(parse_session_description(text))
    assert chosen is not None and chosen[0].control == "second"


def test_what_libav_finds_is_judged_alike() -> None:
    assert is_carried(AudioTrack("aac", 48000, 2, b"\x11\x90"))
    assert not is_carried(AudioTrack("aac", 48000, 2, b""))
    assert not is_carried(AudioTrack("pcma", 6000, 1, b""))


@pytest.mark.parametrize("channels", [0, 3, 50_000])
@pytest.mark.parametrize("codec", ["pcma", "g726-32"])
def test_speech_of_other_channels_is_refused(codec: AudioCodec, channels: int) -> None:
    with pytest.raises(ValueError, match=f"{channels} channels"):
        speech_decoder(AudioTrack(codec, 8000, channels, b""))
