"""Ways to damage what somebody said once, for Hypothesis to choose from."""

from collections.abc import Callable

from hypothesis import strategies as st

Mutation = Callable[[bytearray], None]


def _changed(at: int, value: int) -> Mutation:
    def change(data: bytearray) -> None:
        data[at % len(data)] = value

    return change


def _cut(at: int, count: int) -> Mutation:
    def cut(data: bytearray) -> None:
        start = at % len(data)
        del data[start : min(start + count, len(data) - 1)]

    return cut


def _repeated(at: int, count: int, to: int) -> Mutation:
    def repeat(data: bytearray) -> None:
        start, place = at % len(data), to % len(data)
        data[place:place] = data[start : start + count]

    return repeat


def _inserted(at: int, piece: bytes) -> Mutation:
    def insert(data: bytearray) -> None:
        place = at % len(data)
        data[place:place] = piece

    return insert


PLACES = st.integers(0, 1 << 16)
TELLING = st.sampled_from(
    [
        b"$\x00\xff\xff\x80",
        b"$\x00\x00\x00",
        b"$\x01\x00\x08\x81\xcb\x00\x01\x00\x00\x00\x07",
        b"RTSP/1.0 200 OK\r\nContent-Length: 65536\r\n\r\n",
        b"Content-Length: 999999999\r\n",
        b"\x00\x00\x00\x01\x67",
        b"\x7c\x80" * 20,
        b"\r\n\r\n",
        b"<!DOCTYPE a>",
        b"9" * 40,
    ]
)
MUTATIONS = st.lists(
    st.one_of(
        st.builds(_changed, PLACES, st.integers(0, 255)),
        st.builds(_cut, PLACES, st.integers(1, 2000)),
        st.builds(_repeated, PLACES, st.integers(1, 3000), PLACES),
        st.builds(_inserted, PLACES, st.one_of(st.binary(min_size=1, max_size=60), TELLING)),
    ),
    max_size=20,
)
