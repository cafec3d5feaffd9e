"""The chunk stream: messages are whole however they are cut, and any bytes are read within bounds."""

import contextlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.publishing.rtmp.chunks import (
    MAX_GATHERED,
    MAX_MODEST,
    SENT_CHUNK_SIZE,
    ChunkReader,
    Message,
    MessageType,
    write_message,
)
from services.ingest.sources.source import SourceError

CHUNK_SIZE = write_message(MessageType.SET_CHUNK_SIZE, SENT_CHUNK_SIZE.to_bytes(4, "big"))


def read(*pieces: bytes, modest: bool = False) -> list[Message]:
    messages: list[Message] = []
    reader = ChunkReader(messages.append)
    reader.modest = modest
    for piece in pieces:
        reader.feed(piece)
    return messages


def header(stream: int, time: int, length: int, kind: int = 9) -> bytes:
    """Of type 0 (5.3.1.2.1)."""
    return (
        bytes((stream,))
        + time.to_bytes(3, "big")
        + length.to_bytes(3, "big")
        + bytes((kind,))
        + (1).to_bytes(4, "little")
    )


@given(
    st.lists(st.binary(max_size=9000), min_size=1, max_size=4), st.lists(st.integers(0, 30_000), max_size=8)
)
def test_messages_are_whole_wherever_they_are_cut(bodies: list[bytes], cuts: list[int]) -> None:
    sent = CHUNK_SIZE + b"".join(write_message(MessageType.VIDEO, body, stream=1) for body in bodies)
    places = sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})
    received = read(*(sent[begin:end] for begin, end in pairwise(places)))
    assert [message.data for message in received] == bodies


@given(st.lists(st.binary(max_size=500), max_size=6), st.booleans())
def test_any_bytes_are_messages_or_refused(pieces: list[bytes], modest: bool) -> None:
    with contextlib.suppress(SourceError):
        for message in read(*pieces, modest=modest):
            assert len(message.data) <= MAX_GATHERED


def test_headers_that_leave_things_out_mean_what_was_before() -> None:
    first = header(4, 1000, 2) + b"ab"
    with_delta = bytes((0x44,)) + (40).to_bytes(3, "big") + (3).to_bytes(3, "big") + b"\x09" + b"cde"
    same_length = bytes((0x84,)) + (20).to_bytes(3, "big") + b"fgh"
    all_alike = bytes((0xC4,)) + b"ijk"
    messages = read(first + with_delta + same_length + all_alike)
    assert [(message.timestamp, message.data) for message in messages] == [
        (1000, b"ab"),
        (1040, b"cde"),
        (1060, b"fgh"),
        (1080, b"ijk"),
    ]
    assert {message.stream for message in messages} == {1}


def test_interleaved_messages_come_apart() -> None:
    video, audio = bytes(200), bytes(range(150))
    sent = header(6, 0, 200) + video[:128] + header(4, 0, 150, 8) + audio[:128]
    sent += b"\xc6" + video[128:] + b"\xc4" + audio[128:]
    assert [message.data for message in read(sent)] == [video, audio]


@pytest.mark.parametrize("repeated", [True, False])
def test_a_camera_that_has_run_for_five_hours_goes_on(repeated: bool) -> None:
    """Beyond 16,777,215 ms the time stands behind the header (5.3.1.3); some do not repeat it."""
    time = (18_000_000).to_bytes(4, "big")
    body = bytes(range(200))
    sent = header(4, 0xFFFFFF, 200) + time + body[:128] + b"\xc4" + (time if repeated else b"") + body[128:]
    [message] = read(sent)
    assert (message.timestamp, message.data) == (18_000_000, body)


def test_an_aborted_message_is_dropped() -> None:
    abort = write_message(MessageType.ABORT, (4).to_bytes(4, "big"))
    sent = header(4, 0, 200) + bytes(128) + abort + header(4, 0, 1) + b"x"
    assert [message.data for message in read(sent)] == [b"x"]


@pytest.mark.parametrize(
    "sent",
    [
        header(4, 0, MAX_MODEST + 1),
        b"".join(header(stream, 0, MAX_MODEST) + bytes(128) for stream in range(3, 60)),
        write_message(MessageType.SET_CHUNK_SIZE, bytes(4)),
        b"\xc4",
        CHUNK_SIZE + (header(4, 0, SENT_CHUNK_SIZE) + bytes(SENT_CHUNK_SIZE)) * 10_000,  # 40 MB at once
        write_message(MessageType.SET_CHUNK_SIZE, (1).to_bytes(4, "big"))
        + header(4, 0, MAX_MODEST)
        + b"\x00\xc4" * 65_000,
    ],
    ids=["long", "many", "chunks of nothing", "headless", "fast", "chunks of one byte"],
)
def test_what_no_camera_sends_is_refused(sent: bytes) -> None:
    with pytest.raises(SourceError) as refused:
        read(sent, modest=True)
    assert refused.value.code == "camera.protocol_error"


def test_unfinished_messages_share_one_bound() -> None:
    reader = ChunkReader(lambda message: None)
    reader.modest = False
    reader.feed(write_message(MessageType.SET_CHUNK_SIZE, (0x7FFFFFFF).to_bytes(4, "big")))
    with pytest.raises(SourceError, match="begun and not ended"):
        for stream in range(3, 30):
            reader.feed(write_message(MessageType.SET_CHUNK_SIZE, (1 << 20).to_bytes(4, "big")))
            reader.feed(header(stream, 0, MAX_GATHERED - 1) + bytes(1 << 20))
