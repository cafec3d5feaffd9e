"""AMF 0 of strangers: what is written is read again, and any bytes are read within bounds."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.publishing.rtmp.amf0 import MalformedValueError, Value, read_values, write_values

texts = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
values: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts.filter(bool), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(values, max_size=4))
def test_what_is_written_is_read(written: list[Value]) -> None:
    with contextlib.suppress(MalformedValueError):  # too deep, by more than publishers nest
        assert read_values(write_values(*written)) == written


@given(st.binary(max_size=400))
def test_any_bytes_are_values_or_malformed(data: bytes) -> None:
    with contextlib.suppress(MalformedValueError):
        read_values(data)


@pytest.mark.parametrize(
    "bomb",
    [
        b"\x0a\xff\xff\xff\xff",  # an array of four milliards
        b"\x0a\x00\x00\x00\x01" * 10_000,  # as deep
        b"\x0a\x00\x00\x01\x00" * 3 + b"\x05" * 100_000,
        b"\x05" * 100_000,
        b"\x0c\xff\xff\xff\xff",  # a text of 4 GB
        b"\x03" + b"\x00\x01a\x03" * 10_000,
    ],
)
def test_a_bomb_does_not_go_off(bomb: bytes) -> None:
    with pytest.raises(MalformedValueError):
        read_values(bomb)


def test_an_ecma_array_and_a_date_are_read() -> None:
    array = b"\x08\x00\x00\x00\x07" + b"\x00\x05width" + write_values(640.0) + b"\x00\x00\x09"
    date = b"\x0b" + write_values(5.0)[1:] + b"\x00\x00"
    assert read_values(array + date) == [{"width": 640.0}, 5.0]
