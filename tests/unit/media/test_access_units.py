"""Access units are what a demuxer and its bitstream filter make of the same fragments."""

from __future__ import annotations

import io
import re
from itertools import pairwise

import av
import pytest
from av.bitstream import BitStreamFilterContext

from services.ingest.sources.source import VideoCodec
from snowlight.media.access_units import AccessUnit, AccessUnits
from snowlight.media.boxes import VIDEO_TRACK, box
from snowlight.media.description import read_tracks
from snowlight.media.silent import silent_fragments, silent_init
from tests.rpc.gateway.footage import session
from tests.unit.media.feed import START_MS, Feed, MuxSession
from tests.unit.media.samples import FPS, clip, sound

FILTERS = {"h264": "h264_mp4toannexb", "h265": "hevc_mp4toannexb"}


def recorded(codec: VideoCodec, *, b_frames: int = 0, with_sound: bool = True) -> MuxSession:
    feed = Feed()
    pictured, sounded = clip(codec, b_frames=b_frames), sound("aac") if with_sound else None
    feed.stream.on_tracks(pictured.video, sounded.track if sounded else None)
    feed.play(pictured, sounded)
    feed.stream.finish()
    return feed.session


def split(made: MuxSession) -> list[list[AccessUnit]]:
    """The units of each fragment."""
    units = AccessUnits(read_tracks(made.init.data))
    return [units.of(fragment.data) for fragment in made.fragments]


def nal_units(stream: bytes) -> list[bytes]:
    return [unit for unit in re.split(b"\x00{2,3}\x01", stream) if unit]


@pytest.mark.parametrize(("codec", "b_frames"), [("h264", 0), ("h264", 2), ("h265", 0)])
def test_they_are_those_of_a_demuxer_and_its_filter(codec: VideoCodec, b_frames: int) -> None:
    made = recorded(codec, b_frames=b_frames)
    units = [unit for fragment in split(made) for unit in fragment]
    with av.open(io.BytesIO(made.data), "r", format="mp4") as container:
        pictures, heard = container.streams.video[0], container.streams.audio[0]
        packets = [packet for packet in container.demux() if packet.size]
        bitstream = BitStreamFilterContext(FILTERS[codec], in_stream=pictures)
        frames = [(packet.pts, bytes(packet)) for packet in packets if packet.stream is heard]
        shown = [packet for packet in packets if packet.stream is pictures]
        times = [(packet.dts, packet.pts, packet.is_keyframe) for packet in shown]
        filtered = [bytes(each) for packet in shown for each in bitstream.filter(packet)]
    expected = [(*time, sorted(nal_units(data))) for time, data in zip(times, filtered, strict=True)]
    assert [
        (unit.decode_time, unit.presentation_time, unit.key_frame, sorted(nal_units(unit.data)))
        for unit in units
        if unit.track == VIDEO_TRACK
    ] == expected
    assert [(unit.presentation_time, unit.data) for unit in units if unit.track != VIDEO_TRACK] == frames


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_decoder_needs_nothing_else_from_any_key_frame_on(codec: VideoCodec) -> None:
    fragments = split(recorded(codec))
    later = next(at for at, units in enumerate(fragments) if at and units[0].key_frame)
    pictures = [unit for units in fragments[later:] for unit in units if unit.track == VIDEO_TRACK]
    decoder = av.CodecContext.create("hevc" if codec == "h265" else codec, "r")
    decoded = [frame for unit in pictures for frame in decoder.decode(av.Packet(unit.data))]
    decoded += decoder.decode(None)
    assert len(decoded) == len(pictures)
    assert decoded[0].key_frame


def test_each_has_its_instant_also_where_pictures_are_told_out_of_order() -> None:
    made = recorded("h264", b_frames=2)
    instants = sorted(
        (unit.presentation_time, fragment.start_ms + unit.after_start_ms)
        for fragment, units in zip(made.fragments, split(made), strict=True)
        for unit in units
        if unit.track == VIDEO_TRACK
    )
    steps = [later - earlier for (_, earlier), (_, later) in pairwise(instants)]
    assert {abs(step - 1000 // FPS) <= 1 for step in steps} == {True}
    assert abs(instants[0][1] - START_MS) < 2_000


def test_sound_lies_between_the_pictures_it_was_heard_with() -> None:
    for units in split(recorded("h264")):
        heard = [unit.after_start_ms for unit in units]
        assert heard == sorted(heard)


def test_of_silent_footage_there_are_pictures_alone() -> None:
    made = recorded("h264")
    units = AccessUnits(read_tracks(silent_init(made.init.data)))
    whole, silent = made.fragments[1].data, silent_fragments(made.fragments[1].data)
    assert units.of(silent) == units.of(whole)
    assert {unit.track for unit in units.of(whole)} == {VIDEO_TRACK}


def test_fragments_of_libav_are_read_too() -> None:
    footage = session(START_MS, 4)
    units = AccessUnits(read_tracks(footage.init.data))
    found = [unit for fragment in footage.fragments for unit in units.of(fragment.data)]
    assert len(found) == 100
    assert [number for number, unit in enumerate(found) if unit.key_frame] == [0, 50]


@pytest.mark.parametrize("cut", [1, 40, 100, 300])
def test_damaged_fragments_are_refused(cut: int) -> None:
    made = recorded("h264")
    with pytest.raises(ValueError, match="box"):
        AccessUnits(read_tracks(made.init.data)).of(made.fragments[1].data[:-cut])


def test_a_sample_that_lies_elsewhere_is_refused() -> None:
    made = recorded("h264", with_sound=False)
    whole = made.fragments[1].data
    mdat = whole.index(b"mdat") - 4
    with pytest.raises(ValueError, match="outside"):
        AccessUnits(read_tracks(made.init.data)).of(whole[:mdat] + box(b"mdat", whole[mdat + 8 : -10]))


def test_a_length_that_leaves_its_sample_is_refused() -> None:
    made = recorded("h264", with_sound=False)
    whole = bytearray(made.fragments[1].data)
    first = whole.index(b"mdat") + 4
    whole[first : first + 4] = b"\x7f\xff\xff\xff"
    with pytest.raises(ValueError, match="NAL"):
        AccessUnits(read_tracks(made.init.data)).of(bytes(whole))
