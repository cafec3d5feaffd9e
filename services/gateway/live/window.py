"""The last segments of one camera, put together from the fragments that ingest numbers."""

from collections import OrderedDict
from dataclasses import dataclass

from snowlight.media.fragment import Fragment, InitSection
from snowlight.media.silent import silent_fragments

LISTED_SEGMENTS = 8
LISTED_MS = 20_000
KEPT_BEYOND_LISTED = 4  # a player may still ask for what the last playlist listed (RFC 8216 section 6.2.2)
KEPT_BYTES = 64 << 20
"""And as many of segments without their sound, where somebody may not hear it."""


@dataclass(frozen=True, slots=True)
class LiveSegment:
    """A whole media segment."""

    number: int
    """Its media sequence number."""
    init: InitSection
    start_ms: int
    duration_ms: int
    independent: bool
    """It begins with a key frame."""
    data: bytes

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.duration_ms


class LiveWindow:
    """Whole segments of one camera, newest last. Numbers are ingest's; nothing is counted here."""

    def __init__(self) -> None:
        self._segments: OrderedDict[int, LiveSegment] = OrderedDict()
        self._bytes = 0
        self._silent: dict[int, bytes] = {}
        self._inits: OrderedDict[int, InitSection] = OrderedDict()
        self._init: InitSection | None = None
        self._open: list[Fragment] = []
        self._told_ms = 0

    @property
    def behind_ms(self) -> int:
        """How long after the end of the newest whole segment the last fragment starts: less than a segment
        lasts, unless the camera was away in between."""
        newest = next(reversed(self._segments.values()), None)
        return self._told_ms - newest.end_ms if newest is not None else 0

    def add_init(self, init: InitSection) -> bool:
        """A mux session begins, or is told again after a reconnect. True when that completed a segment."""
        completed = False
        if self._init is not None and init.session != self._init.session:
            completed = self._close()
            self._open = []
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
        completed = False
        if self._open and fragment.segment > self._open[0].segment:
            completed = self._close()
            self._open = []
        if fragment.segment in self._segments:
            return completed
        follows = not self._open or fragment.segment == self._open[0].segment
        if follows and fragment.part == len(self._open):
            self._open.append(fragment)
        elif follows and fragment.part > len(self._open):
            self._open = []  # its beginning or a part is missing: this segment will never be whole
        return completed

    def cut(self) -> None:
        """The stream broke: what comes next may not follow what is held of the open segment."""
        self._open = []

    def listed(self) -> list[LiveSegment]:
        """A playlist's segments, oldest first: the newest run of consecutive numbers (RFC 8216 section 3)."""
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

    def segment(self, number: int) -> LiveSegment | None:
        """The segment with this media sequence number, while it is kept."""
        return self._segments.get(number)

    def silent(self, segment: LiveSegment) -> bytes:
        """Its data without the sound: made for the first who may not hear, and kept as long as it."""
        data = self._silent.get(segment.number)
        if data is None:
            data = silent_fragments(segment.data)
            if segment.number in self._segments:
                self._silent[segment.number] = data
        return data

    def init(self, init8: str, session: int) -> InitSection | None:
        """The init section of a session whose segments are kept."""
        init = self._inits.get(session)
        return init if init is not None and init.init8 == init8 else None

    def _close(self) -> bool:
        if not self._open or self._init is None:
            return False
        first, last = self._open[0], self._open[-1]
        segment = LiveSegment(
            number=first.segment,
            init=self._init,
            start_ms=first.start_ms,
            duration_ms=last.end_ms - first.start_ms,
            independent=first.independent,
            data=b"".join(fragment.data for fragment in self._open),
        )
        self._segments[segment.number] = segment
        self._bytes += len(segment.data)
        self._drop_old()
        return True

    def _drop_old(self) -> None:
        kept = LISTED_SEGMENTS + KEPT_BEYOND_LISTED
        while len(self._segments) > kept or (self._bytes > KEPT_BYTES and len(self._segments) > 1):
            _, dropped = self._segments.popitem(last=False)
            self._bytes -= len(dropped.data)
            self._silent.pop(dropped.number, None)
        in_use = {segment.init.session for segment in self._segments.values()}
        assert self._init is not None
        for session in [key for key in self._inits if key not in in_use and key != self._init.session]:
            del self._inits[session]
