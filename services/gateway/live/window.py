"""The last segments of one camera, put together from the fragments that ingest numbers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Protocol

from services.gateway.live.segment import LivePart, LiveSegment, part_of, segment_of
from snowlight.media.fragment import Fragment, InitSection
from snowlight.media.silent import silent_fragments

LISTED_SEGMENTS = 8
LISTED_MS = 20_000
KEPT_BEYOND_LISTED = 4  # a player may still ask for what the last playlist listed (RFC 8216 section 6.2.2)
KEPT_BYTES = 64 << 20
"""And as many of parts without their sound, where somebody may not hear it."""


class Numbered(Protocol):
    """A part, or a reader's place behind it."""

    @property
    def session(self) -> int: ...

    @property
    def number(self) -> int: ...


class LiveWindow:
    """Whole segments of one camera, newest last, and the parts so far of the one that comes. Numbers are
    ingest's; nothing is counted here."""

    def __init__(self) -> None:
        self._segments: OrderedDict[int, LiveSegment] = OrderedDict()
        self._bytes = 0
        self._listed: list[LiveSegment] = []
        self._silent: dict[tuple[int, int], bytes] = {}
        """Of parts, by session and number."""
        self._inits: OrderedDict[int, InitSection] = OrderedDict()
        self._init: InitSection | None = None
        self._open_number = 0
        self._open: list[LivePart] = []
        self._told_ms = 0

    @property
    def behind_ms(self) -> int:
        """How long after the end of the newest whole segment the last fragment starts: less than a segment
        lasts, unless the camera was away in between."""
        newest = self._newest()
        return self._told_ms - newest.end_ms if newest is not None else 0

    def add_init(self, init: InitSection) -> bool:
        """A mux session begins, or is told again after a reconnect. True when that completed a segment."""
        completed = False
        if self._init is not None and init.session != self._init.session:
            completed = self._close()
        self._init = init
        self._inits[init.session] = init
        return completed

    def add_fragment(self, fragment: Fragment) -> bool:
        """Take the next fragment; those already here are passed over. True when it completed a segment.

        Raises ValueError for a fragment before any init section.
        """
        if self._init is None:
            raise ValueError("a fragment came before its init section")
        self._told_ms = fragment.start_ms
        completed = bool(self._open) and fragment.segment > self._open_number and self._close()
        if fragment.segment in self._segments:
            return completed
        follows = not self._open or fragment.segment == self._open_number
        if follows and fragment.part == len(self._open):
            self._open_number = fragment.segment
            self._open.append(part_of(fragment, self._init.session))
        elif follows and fragment.part > len(self._open):
            self._open = []  # its beginning or a part is missing: this segment will never be whole
        return completed

    def cut(self) -> None:
        """The stream broke: what comes next may not follow what is held of the open segment."""
        self._open = []

    def listed(self) -> list[LiveSegment]:
        """A playlist's segments, oldest first: the newest run of consecutive numbers (RFC 8216 section 3)."""
        return self._listed

    def coming(self) -> tuple[InitSection | None, list[LivePart]]:
        """The parts so far of the segment that follows the newest whole one, and their init section. None of
        one that does not follow it."""
        newest = self._newest()
        follows = newest is not None and self._open_number == newest.number + 1
        return self._init, list(self._open) if follows else []

    def reached(self, number: int, part: int | None) -> bool:
        """Whether the playlist has the segment, or at least its part of this place (from 0)."""
        newest = self._newest()
        if newest is None:
            return False
        if newest.number >= number:
            return True
        comes = newest.number + 1 == number == self._open_number
        return comes and part is not None and len(self._open) > part

    def segment(self, number: int) -> LiveSegment | None:
        """The segment with this media sequence number, while it is kept."""
        return self._segments.get(number)

    def part(self, session: int, number: int) -> LivePart | None:
        """The part with this place in its session, while it is kept."""
        for part in self._newest_parts():
            if part.session == session and part.number <= number:
                return part if part.number == number else None
        return None

    def after(self, part: Numbered | None) -> list[LivePart]:
        """All parts that came after `part` and are kept, oldest first; all for None."""
        newer: list[LivePart] = []
        for each in self._newest_parts():
            if part is not None and (each.session, each.number) <= (part.session, part.number):
                break
            newer.append(each)
        newer.reverse()
        return newer

    def newest_pictures(self) -> list[LivePart]:
        """The parts from the newest key frame on, oldest first."""
        parts: list[LivePart] = []
        for part in self._newest_parts():
            parts.append(part)
            if part.independent:
                break
        parts.reverse()
        return parts

    def init_of(self, session: int) -> InitSection:
        """The init section of a part that is kept."""
        return self._inits[session]

    def is_next(self, session: int, number: int) -> bool:
        """Whether the part is the very next of the session that goes on: playlists hint at it."""
        newest = next(self._newest_parts(), None)
        return newest is not None and (newest.session, newest.number + 1) == (session, number)

    def segment_data(self, segment: LiveSegment, *, silent: bool) -> bytes:
        """Its bytes; `silent`: without the sound."""
        sounds = "," in segment.init.codecs
        return b"".join(map(self._silent_part, segment.parts)) if silent and sounds else segment.data

    def part_data(self, part: LivePart, *, silent: bool) -> bytes | memoryview:
        """The same of a part."""
        sounds = "," in self._inits[part.session].codecs
        return self._silent_part(part) if silent and sounds else part.data

    def _silent_part(self, part: LivePart) -> bytes:
        """Made for the first who may not hear, and kept as long as it."""
        key = part.session, part.number
        data = self._silent.get(key)
        if data is None:
            data = silent_fragments(bytes(part.data))
            if self.part(*key) is not None:
                self._silent[key] = data
        return data

    def init(self, init8: str, session: int) -> InitSection | None:
        """The init section of a session whose segments are kept."""
        init = self._inits.get(session)
        return init if init is not None and init.init8 == init8 else None

    def _newest(self) -> LiveSegment | None:
        return next(reversed(self._segments.values()), None)

    def _newest_parts(self) -> Iterator[LivePart]:
        yield from reversed(self._open)
        for segment in reversed(self._segments.values()):
            yield from reversed(segment.parts)

    def _close(self) -> bool:
        """What is open is whole. It is so only at the first fragment of the next segment or session."""
        if not self._open:
            return False
        segment = segment_of(self._open_number, self._inits[self._open[0].session], self._open)
        self._open = []
        self._segments[segment.number] = segment
        self._bytes += len(segment.data)
        self._drop_old()
        self._listed = self._list()
        return True

    def _list(self) -> list[LiveSegment]:
        listed: list[LiveSegment] = []
        duration_ms = 0
        for segment in reversed(self._segments.values()):
            if listed and (
                segment.number != listed[-1].number - 1
                or listed[-1].start_ms - segment.end_ms > LISTED_MS  # the camera was away for longer
                or len(listed) == LISTED_SEGMENTS
                or duration_ms + segment.duration_ms > LISTED_MS
            ):
                break
            listed.append(segment)
            duration_ms += segment.duration_ms
        listed.reverse()
        return listed

    def _drop_old(self) -> None:
        kept = LISTED_SEGMENTS + KEPT_BEYOND_LISTED
        while len(self._segments) > kept or (self._bytes > KEPT_BYTES and len(self._segments) > 1):
            _, dropped = self._segments.popitem(last=False)
            self._bytes -= len(dropped.data)
        if self._silent:
            held = {(part.session, part.number) for part in self._newest_parts()}
            self._silent = {key: data for key, data in self._silent.items() if key in held}
        in_use = {segment.init.session for segment in self._segments.values()}
        assert self._init is not None
        for session in [key for key in self._inits if key not in in_use and key != self._init.session]:
            del self._inits[session]
