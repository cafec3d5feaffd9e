"""The rules of media playlists (RFC 8216bis), held against a playlist as a foreign parser reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

import m3u8

_MILLISECOND = timedelta(milliseconds=1)
_GAP = timedelta(seconds=1)


@dataclass(frozen=True)
class Played:
    """A media segment as a player such as Media3 lays it on its two timelines."""

    number: int
    discontinuity: int
    """Its discontinuity sequence number (section 6.2.1)."""
    uri: str
    init: str
    at: datetime
    """On the wall clock: by its EXT-X-PROGRAM-DATE-TIME, or where the segment before ends."""
    until: datetime
    gap: bool


def keep_the_rules(text: str) -> list[Played]:
    """The segments of a playlist that keeps them."""
    playlist = m3u8.loads(text)
    discontinuity = playlist.discontinuity_sequence or 0
    played: list[Played] = []
    init = ""
    for place, segment in enumerate(playlist.segments):
        lasts = Decimal(str(segment.duration))
        assert lasts > 0
        assert lasts.quantize(Decimal(1), ROUND_HALF_UP) <= playlist.target_duration  # section 4.4.3.1
        before = played[-1] if played else None
        told = segment.program_date_time
        assert told is not None or before is not None, "the first segment must tell the time"
        at = told if told is not None else before.until if before is not None else datetime.min
        if before is not None:
            discontinuity += segment.discontinuity
            assert before.at < at
            assert before.until - at <= (_MILLISECOND * 10 if before.gap else timedelta()), "overlap"
            if at - before.until > _GAP and not before.gap:
                assert segment.discontinuity, "a gap without a discontinuity"
        named = segment.init_section.uri if segment.init_section else ""
        assert named, "a segment before any EXT-X-MAP"  # section 4.4.4.5
        if init and named != init:
            assert segment.discontinuity, "another init section without a discontinuity"
        init = named
        until = at + timedelta(seconds=float(lasts))
        played.append(
            Played(
                int(playlist.media_sequence or 0) + place,
                discontinuity,
                segment.uri,
                named,
                at,
                until,
                bool(segment.gap_tag),
            )
        )
    maps = [line for line in text.splitlines() if line.startswith("#EXT-X-MAP")]
    assert all(before != after for before, after in pairwise(maps)), "the same EXT-X-MAP again"
    return played
