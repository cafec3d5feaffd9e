"""FLV tags to access units."""

import contextlib
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.publishing.rtmp.media import TagReader
from services.ingest.sources.source import AudioTrack, SourceError, TrackKind, VideoTrack

SPS = bytes.fromhex("6742c00ad9078913a1000003000100000300328f122a480000000168")[:22]
PPS = bytes.fromhex("68cb83cb20")
IDR, SLICE = b"\x65\x88\x84", b"\x41\x9a\x02"
VPS, HEVC_SPS, HEVC_PPS = b"\x40\x01\x0c\x01", b"\x42\x01\x01" + bytes(12) + b"\xa0", b"\x44\x01\xc1\x72"
HEVC_IDR = b"\x26\x01\xaf"
AAC = bytes.fromhex("1210")  # AAC-LC, 44,100 Hz, two channels


@dataclass
class Told:
    """An AccessUnitSink that remembers."""

    tracks: list[tuple[VideoTrack, AudioTrack | None]] = field(default_factory=list)
    sets: list[tuple[bytes, ...]] = field(default_factory=list)
    video: list[tuple[bytes, int, bool]] = field(default_factory=list)
    audio: list[tuple[bytes, int]] = field(default_factory=list)
    lost: int = 0

    def on_tracks(self, video: VideoTrack, audio: AudioTrack | None) -> None:
        self.tracks.append((video, audio))

    def on_parameter_sets(self, parameter_sets: tuple[bytes, ...]) -> None:
        self.sets.append(parameter_sets)

    def on_video(self, data: bytes, pts: int, key: bool, arrival_ms: float | None = None) -> None:
        self.video.append((data, pts, key))

    def on_audio(self, data: bytes, pts: int, arrival_ms: float | None = None) -> None:
        self.audio.append((data, pts))

    def on_loss(self, packets: int) -> None:
        self.lost += packets

    def on_received(self, packets: int) -> None:
        raise AssertionError("RTMP has no packets")

    def on_sender_report(self, track: TrackKind, ntp_ms: int, pts: int) -> None:
        raise AssertionError("RTMP has none")


def reader(told: Told, *, audio: bool = True) -> TagReader:
    return TagReader(told, audio=audio, max_access_unit=1 << 20)


def sized(*units: bytes) -> bytes:
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def avc_configuration(sps: bytes = SPS) -> bytes:
    sets = b"\xe1" + len(sps).to_bytes(2, "big") + sps + b"\x01" + len(PPS).to_bytes(2, "big") + PPS
    return b"\x17\x00\x00\x00\x00" + b"\x01\x42\xc0\x0a\xff" + sets


def hevc_record() -> bytes:
    arrays = b"".join(
        bytes((kind, 0, 1)) + len(unit).to_bytes(2, "big") + unit
        for kind, unit in ((32, VPS), (33, HEVC_SPS), (34, HEVC_PPS))
    )
    return b"\x01" + bytes(20) + b"\x0f" + b"\x03" + arrays


def avc(*units: bytes, offset: int = 0, key: bool = False) -> bytes:
    return bytes((0x17 if key else 0x27, 1)) + offset.to_bytes(3, "big", signed=True) + sized(*units)


def test_h264_and_aac_come_as_the_sink_takes_them() -> None:
    told = Told()
    tags = reader(told)
    tags.video(avc_configuration(), 0)
    tags.audio(b"\xaf\x00" + AAC, 0)
    tags.video(avc(IDR, key=True, offset=80), 1000)
    tags.video(avc(SLICE, offset=-40), 1040)
    tags.audio(b"\xaf\x01sound", 1010)
    assert told.tracks == [(VideoTrack("h264", 1000, (SPS, PPS)), AudioTrack("aac", 44100, 2, AAC))]
    assert told.video == [(sized(IDR), 1080, True), (sized(SLICE), 1000, False)]
    assert told.audio == [(b"sound", 1010 * 44100 // 1000)]
    assert told.sets == []


@pytest.mark.parametrize(
    ("configuration", "picture", "pts"),
    [
        (b"\x1c\x00\x00\x00\x00", b"\x1c\x01\x00\x00\x28", 40),
        (b"\x90hvc1", b"\x91hvc1\x00\x00\x28", 40),
        (b"\x90hvc1", b"\x93hvc1", 0),
    ],
    ids=["codec 12", "enhanced", "enhanced without offset"],
)
def test_h265_comes_in_all_its_ways(configuration: bytes, picture: bytes, pts: int) -> None:
    told = Told()
    tags = reader(told)
    tags.video(configuration + hevc_record(), 0)
    tags.video(picture + sized(HEVC_IDR), 0)
    assert told.tracks == [(VideoTrack("h265", 1000, (VPS, HEVC_SPS, HEVC_PPS)), None)]
    assert told.video == [(sized(HEVC_IDR), pts, True)]


def test_start_codes_in_place_of_lengths_are_read() -> None:
    told = Told()
    tags = reader(told)
    tags.video(b"\x1c\x00\x00\x00\x00" + hevc_record(), 0)
    tags.video(b"\x1c\x01\x00\x00\x00" + b"\x00\x00\x00\x01" + HEVC_IDR, 0)
    assert told.video == [(sized(HEVC_IDR), 0, True)]


def test_sound_that_was_announced_is_waited_for_one_group_of_pictures() -> None:
    for announced, tracks_at in ((True, 2), (False, 1)):
        told = Told()
        tags = reader(told)
        tags.announce(audio=announced)
        tags.video(avc_configuration(), 0)
        for number in (1, 2):
            tags.video(avc(IDR, key=True), 40 * number)
            assert bool(told.tracks) == (number >= tracks_at)


def test_changed_parameter_sets_are_told_before_their_picture() -> None:
    told = Told()
    tags = reader(told)
    tags.video(avc_configuration(), 0)
    tags.video(avc(IDR, key=True), 0)
    other = SPS[:-1] + b"\x7f"
    tags.video(avc_configuration(other), 40)
    tags.video(avc(IDR, key=True), 40)
    assert told.sets == [(other, PPS)]


def test_another_codec_is_refused_by_name() -> None:
    for tag, name in ((b"\x90av01" + bytes(10), "av01"), (b"\x12" + bytes(10), "codec 2 of FLV")):
        with pytest.raises(SourceError, match=name) as refused:
            reader(Told()).video(tag, 0)
        assert refused.value.code == "camera.codec_unsupported"


def test_a_thousand_pictures_at_once_are_too_many() -> None:
    tags = reader(Told())
    tags.video(avc_configuration(), 0)
    with pytest.raises(SourceError, match="pictures a second"):
        for number in range(1500):
            tags.video(avc(IDR, key=True), number)


def test_a_configuration_of_more_than_cameras_have_is_refused_by_name() -> None:
    def h265(units: int, size: int) -> bytes:
        array = b"\x21" + units.to_bytes(2, "big") + (size.to_bytes(2, "big") + HEVC_SPS[:1] * size) * units
        return b"\x1c\x00\x00\x00\x00\x01" + bytes(20) + b"\x0f\x01" + array

    reader(Told()).video(h265(64, 900), 0)
    for record, said in ((h265(65, 900), "over 64 parameter sets"), (h265(2, 40_000), "over 65536 bytes")):
        with pytest.raises(SourceError, match=said) as refused:
            reader(Told()).video(record, 0)
        assert refused.value.code == "camera.protocol_error"


@pytest.mark.parametrize(
    "units",
    [b"\x00\x00\x00\x00", b"\x00\x00\x00\x01" + b"\x00\x00\x01", b"\x00\x00\x00\x01" + b"\x09"],
    ids=["empty", "start codes alone", "of one byte"],
)
def test_units_that_hold_nothing_count_as_units(units: bytes) -> None:
    tags = reader(Told())
    tags.video(avc_configuration(), 0)
    tags.video(b"\x17\x01\x00\x00\x00" + units * 1000, 0)
    with pytest.raises(SourceError, match="NAL units a second"):
        tags.video(b"\x17\x01\x00\x00\x00" + units * 50_000, 40)


def test_start_codes_within_a_unit_count_as_units() -> None:
    tags = reader(Told())
    tags.video(avc_configuration(), 0)
    with pytest.raises(SourceError, match="NAL units a second"):
        tags.video(avc(SPS[:1] + b"\x00\x00\x01" * 50_000), 40)


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=100), st.integers(0, (1 << 32) - 1)), max_size=8))
def test_any_tags_are_media_or_refused(tags: list[tuple[bool, bytes, int]]) -> None:
    receiving = reader(Told())
    receiving.video(avc_configuration(), 0)
    with contextlib.suppress(SourceError):
        for is_video, data, time in tags:
            (receiving.video if is_video else receiving.audio)(data, time)
