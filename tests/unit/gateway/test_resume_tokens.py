"""What a resume token tells, and that nothing else passes for one."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest

from services.gateway.access.resume_token import live_tokens, recording_tokens
from services.gateway.archive import walk
from services.gateway.live import following
from snowlight.errors import InvalidArgumentError

LIVE, RECORDED = live_tokens("c1", "main"), recording_tokens("c1", 1_000, 2_000)
LAST_SEEN = following.Place(session=7, number=21, end_ms=1_795_877_640_500)
COMES_NEXT = walk.Place(
    recording_ms=1_795_877_640_000, epoch=3, sequence=9, index=4, end_ms=1_795_877_642_000
)
TICKET = "hK3_-.9"
GOOD = LIVE.token(LAST_SEEN, TICKET)


def changed(position: int, value: bytes) -> str:
    """The good one, with other bytes from there on."""
    told = bytearray(urlsafe_b64decode(GOOD))
    told[position : position + len(value)] = value
    return urlsafe_b64encode(told).decode()


def test_it_tells_the_place_and_the_ticket() -> None:
    assert LIVE.read(GOOD) == (LAST_SEEN, TICKET)
    longest = "x" * 64
    assert RECORDED.read(RECORDED.token(COMES_NEXT, longest)) == (COMES_NEXT, longest)
    assert LIVE.read("") == (None, "")


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        ("?", "one that was told"),
        ("城关", "one that was told"),
        (GOOD[:-1], "one that was told"),
        (GOOD[:20], "one that was told"),
        (f"{GOOD[:20]}!{GOOD[20:]}", "one that was told"),
        (f" {GOOD}", "one that was told"),
        (LIVE.token(LAST_SEEN, ""), "one that was told"),
        (LIVE.token(LAST_SEEN, "x" * 65), "one that was told"),
        (LIVE.token(LAST_SEEN, "a/b"), "one that was told"),
        (LIVE.token(LAST_SEEN, "a\n"), "one that was told"),
        (changed(-2, b"\xff"), "one that was told"),
        (changed(0, b"\x01"), "another version"),
        (changed(1, b"\0" * 6), "another camera or rendition"),
        (live_tokens("c2", "main").token(LAST_SEEN, TICKET), "another camera or rendition"),
        (live_tokens("c1", "sub").token(LAST_SEEN, TICKET), "another camera or rendition"),
        (RECORDED.token(COMES_NEXT, TICKET), "another camera or rendition"),
    ],
)
def test_what_is_garbled_or_of_something_else_is_refused_by_name(token: str, problem: str) -> None:
    with pytest.raises(InvalidArgumentError, match=problem) as refused:
        LIVE.read(token)
    assert (refused.value.code, refused.value.field) == ("request.resume_token", "resume_token")


@pytest.mark.parametrize(
    "token",
    [
        LIVE.token(LAST_SEEN, "x" * 64),  # as long as one of a recording
        recording_tokens("c1", 1_000, 2_001).token(COMES_NEXT, TICKET),
        recording_tokens("c2", 1_000, 2_000).token(COMES_NEXT, TICKET),
    ],
)
def test_a_place_of_another_window_or_of_live_pictures_is_none_of_a_recording(token: str) -> None:
    with pytest.raises(InvalidArgumentError, match="another camera, start_time or end_time") as refused:
        RECORDED.read(token)
    assert refused.value.field == "resume_token"
