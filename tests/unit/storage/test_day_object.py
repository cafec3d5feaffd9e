"""The index object of a camera-day: what goes in comes out, and nothing else is taken for one."""

import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.storage.index.day_object import Day, DayKey, decode_day, encode_day, order_of
from services.storage.index.packed import row_of
from services.storage.index.spans import join_spans
from services.storage.ledger.timeline import Span
from services.storage.segment import DAY_MS, MAX_DURATION_MS, Segment
from snowlight.api.storage.v1 import stored_pb2
from snowlight.errors import DataLossError

DAY = 19_675
BEGIN_MS = DAY * DAY_MS
NAME = "default:idx/cam/20231114-1.idx"
UINT31 = st.integers(1, 2**31 - 1)
INT63 = st.integers(1, 2**63 - 1)

SEGMENTS = st.lists(
    st.builds(
        Segment,
        camera_uid=st.just("cam"),
        start_ms=st.integers(BEGIN_MS, BEGIN_MS + DAY_MS - 1),
        duration_ms=st.integers(1, MAX_DURATION_MS),
        epoch=INT63,
        sequence=st.integers(0, 2**63 - 1),
        init8=st.sampled_from(["0a1b2c3d", "00000000", "ffffffff"]),
        store=st.just("default"),
        size=INT63,
        session=INT63,
        init_size=UINT31,
        codecs=st.sampled_from(["avc1.640028", "hvc1.1.6.L120.90,mp4a.40.2"]),
        sha256=st.binary(min_size=32, max_size=32).map(lambda it: it if any(it) else b""),
        fragments=st.binary(min_size=1, max_size=200),
    ),
    unique_by=order_of,
    max_size=20,
)

MINUTES = [
    Segment(
        *("cam", BEGIN_MS + at * 60_000, 60_000, 1, at, "0a1b2c3d", "default", 15_000_000, 1, 800, "avc1"),
        bytes([at]) * 32,
        bytes(at % 7 + 1) * 100,
    )
    for at in range(1, 60)
]
OBJECT = encode_day("cam", DAY, "default", MINUTES)


def decoded(segments: list[Segment]) -> Day:
    return decode_day(encode_day("cam", DAY, "default", segments), NAME)


@given(SEGMENTS)
def test_a_day_comes_out_as_it_went_in_in_order(segments: list[Segment]) -> None:
    day = decoded(segments)
    assert (day.camera_uid, day.day, day.store, len(day)) == ("cam", DAY, "default", len(segments))
    ordered = sorted(segments, key=order_of)
    assert day.segments() == ordered
    assert day.segments(fragments=False) == [replace(segment, fragments=b"") for segment in ordered]


@given(SEGMENTS, st.integers(BEGIN_MS, BEGIN_MS + 2 * DAY_MS), st.integers(1, DAY_MS), st.integers(0, DAY_MS))
def test_a_range_has_what_reaches_into_it(
    segments: list[Segment], start_ms: int, length_ms: int, gone_ms: int
) -> None:
    end_ms, kept_from_ms = start_ms + length_ms, BEGIN_MS + gone_ms
    assert decoded(segments).within(start_ms, end_ms, kept_from_ms=kept_from_ms) == [
        segment
        for segment in sorted(segments, key=order_of)
        if segment.start_ms >= kept_from_ms and segment.start_ms < end_ms and segment.end_ms > start_ms
    ]


@given(SEGMENTS, st.integers(0, DAY_MS))
def test_a_row_counts_what_the_day_still_stands_for(segments: list[Segment], gone_ms: int) -> None:
    kept_from_ms = BEGIN_MS + gone_ms
    row = row_of(decoded(segments), 3, kept_from_ms)
    kept = [segment for segment in segments if segment.start_ms >= kept_from_ms]
    assert row.footage() == join_spans(Span(segment.start_ms, segment.end_ms) for segment in kept)
    assert (row.objects, row.bytes) == (len(kept), sum(segment.size for segment in kept))
    assert row.first_ms == min((segment.start_ms for segment in kept), default=kept_from_ms)
    assert row.last_ms == max((segment.end_ms for segment in kept), default=kept_from_ms)
    assert (row.generation, row.kept_from_ms) == (3, kept_from_ms)


@given(st.integers(0, len(OBJECT) - 1), st.integers(1, 255))
def test_no_byte_may_differ(at: int, flip: int) -> None:
    damaged = bytearray(OBJECT)
    damaged[at] ^= flip
    with pytest.raises(DataLossError, match=NAME):
        decode_day(bytes(damaged), NAME)


@given(st.integers(0, len(OBJECT) - 1))
def test_a_day_cut_short_is_none(length: int) -> None:
    with pytest.raises(DataLossError, match=NAME):
        decode_day(OBJECT[:length], NAME)


@given(st.binary(max_size=300), st.booleans())
def test_foreign_bytes_are_refused_also_with_a_right_checksum(data: bytes, checked: bool) -> None:
    if checked:
        data = len(data).to_bytes(4, "big") + data
        data += zlib.crc32(data).to_bytes(4, "big")
    try:
        day = decode_day(data, NAME)
    except DataLossError as error:
        assert NAME in str(error)
    else:
        day.segments()  # by chance a day, and then a whole one


@pytest.mark.parametrize(
    ("problem", "header"),
    [
        ("columns", stored_pb2.DayHeader(day=DAY, start_delta_ms=[5])),
        ("another day", {"start_delta_ms": [DAY_MS]}),
        ("another day", {"start_delta_ms": [-1]}),
        ("duration", {"duration_ms": [0]}),
        ("duration", {"duration_ms": [MAX_DURATION_MS + 1]}),
        ("init section is not named", {"init": [1]}),
        ("codec is not named", {"codec": [1]}),
        ("named wrongly", {"inits": ["../../.."]}),
        ("another length", {"table_size": [7]}),
    ],
)
def test_a_header_that_cannot_be_true_is_told(
    problem: str, header: stored_pb2.DayHeader | dict[str, list[object]]
) -> None:
    if isinstance(header, dict):
        changes = header
        data = encode_day("cam", DAY, "default", MINUTES[:1])
        header = stored_pb2.DayHeader.FromString(data[4 : 4 + int.from_bytes(data[:4], "big")])
        tables = data[4 + int.from_bytes(data[:4], "big") : -4]
        for name, values in changes.items():
            column = getattr(header, name)
            del column[:]
            column.extend(values)
    else:
        tables = b""
    written = header.SerializeToString()
    content = len(written).to_bytes(4, "big") + written + tables
    with pytest.raises(DataLossError, match=problem):
        decode_day(content + zlib.crc32(content).to_bytes(4, "big"), NAME)


def test_a_table_that_unpacks_without_end_is_refused() -> None:
    bomb = replace(MINUTES[0], fragments=bytes(1 << 21))
    with pytest.raises(DataLossError, match="too long"):
        decoded([bomb]).segments()


def test_a_days_name_tells_camera_day_and_generation() -> None:
    key = DayKey("cam-1", DAY, 12)
    assert str(key) == "idx/cam-1/20231114-12.idx"
    assert DayKey.parse(str(key)) == key
    for foreign in (
        "idx/cam/20231114-0.idx",
        "idx/cam/20231314-1.idx",
        "idx/cam/notes.txt",
        "rec/cam/1-1.idx",
    ):
        with pytest.raises(ValueError):
            DayKey.parse(foreign)
