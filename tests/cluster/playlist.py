"""Media playlists, read as RFC 8216 has it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Segment:
    """One media segment. Times are ms since 1970 UTC, from EXT-X-PROGRAM-DATE-TIME and EXTINF."""

    number: int
    url: str
    init_url: str
    start_ms: float
    duration_ms: float
    discontinuity: bool
    """EXT-X-DISCONTINUITY stands before it."""

    @property
    def end_ms(self) -> float:
        return self.start_ms + self.duration_ms


@dataclass(frozen=True, slots=True)
class MediaPlaylist:
    """A media playlist with a date on its first segment."""

    target_duration_s: int
    segments: tuple[Segment, ...]
    ended: bool
    """It has EXT-X-ENDLIST."""

    @property
    def start_ms(self) -> float:
        return self.segments[0].start_ms

    @property
    def end_ms(self) -> float:
        return self.segments[-1].end_ms

    @property
    def duration_ms(self) -> float:
        """What there is to play."""
        return sum(segment.duration_ms for segment in self.segments)

    @property
    def discontinuities(self) -> int:
        return sum(segment.discontinuity for segment in self.segments)


def parse_media_playlist(text: str, url: str) -> MediaPlaylist:
    """The playlist `text` that was got from `url`. Raises AssertionError or KeyError when it is none."""
    lines = text.splitlines()
    assert lines[0] == "#EXTM3U", text[:200]
    tags: dict[str, str] = {}
    segments: list[Segment] = []
    instant_ms: float | None = None
    discontinuity = False
    for line in filter(None, lines):
        name, _, value = line.partition(":")
        if name == "#EXT-X-PROGRAM-DATE-TIME":
            instant_ms = instant_of(value)
        elif line == "#EXT-X-DISCONTINUITY":
            discontinuity = True
        elif line.startswith("#"):
            tags[name] = value
        else:
            assert instant_ms is not None, "no date before the first segment"
            duration_ms = float(tags["#EXTINF"].rstrip(",")) * 1000
            init_url = dict(_ATTRIBUTE.findall(tags["#EXT-X-MAP"]))["URI"].strip('"')
            number = int(tags["#EXT-X-MEDIA-SEQUENCE"]) + len(segments)
            segments.append(
                Segment(
                    number, urljoin(url, line), urljoin(url, init_url), instant_ms, duration_ms, discontinuity
                )
            )
            instant_ms += duration_ms
            discontinuity = False
    assert segments, text
    return MediaPlaylist(int(tags["#EXT-X-TARGETDURATION"]), tuple(segments), "#EXT-X-ENDLIST" in tags)


def variant_of(text: str, url: str) -> tuple[dict[str, str], str]:
    """The attributes and the URL of the only variant of a multivariant playlist."""
    lines = [line for line in text.splitlines() if line]
    (stream,) = (line for line in lines if line.startswith("#EXT-X-STREAM-INF:"))
    attributes = {name: value.strip('"') for name, value in _ATTRIBUTE.findall(stream)}
    return attributes, urljoin(url, lines[lines.index(stream) + 1])


def instant_of(text: str) -> float:
    """RFC 3339 as ms since 1970 UTC."""
    return (datetime.fromisoformat(text) - _EPOCH) / timedelta(milliseconds=1)


def rfc3339(instant_ms: float) -> str:
    """ms since 1970 UTC as RFC 3339."""
    return (_EPOCH + timedelta(milliseconds=round(instant_ms))).isoformat(timespec="milliseconds")
