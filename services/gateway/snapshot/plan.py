"""Which key frames show a time: of an instant, and of the tiles of a sheet."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from services.gateway.archive.recording import Recording
from services.gateway.snapshot.tile import COLUMNS, HEIGHT, WIDTH
from snowlight.media.preview import SHEET_MS

MOST_READ = 4 << 20
"""Of a key frame's fragment, bytes. A recording whose fragments are not known is a single one."""
_LOOK = f"1 {COLUMNS} {WIDTH}x{HEIGHT}"
"""Change it when sheets come to look otherwise."""

Name = tuple[str, int, int, int, int]
"""Camera, start of the recording, epoch, sequence, start of the fragment."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How long a sheet is, and how far its tiles are apart."""

    sheet_ms: int
    tile_ms: int


SCRUB = Layout(SHEET_MS, 10_000)


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """The fragment of a recording that begins with it."""

    recording: Recording
    index: int

    @property
    def start_ms(self) -> int:
        return self.recording.starts[self.index]

    @property
    def offset(self) -> int:
        """Where its fragment begins in the object."""
        return self.recording.offset(self.index)

    @property
    def size(self) -> int:
        """How many bytes to read for it."""
        return min(self.recording.sizes[self.index], MOST_READ)

    @property
    def name(self) -> Name:
        """Tells it from all others."""
        recording = self.recording
        return recording.camera_uid, recording.start_ms, recording.epoch, recording.sequence, self.start_ms


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a sheet shows: its tiles in order of time, None where nothing is to be seen."""

    uid: str
    start_ms: int
    tiles: tuple[KeyFrame | None, ...]
    layout: Layout = SCRUB

    @property
    def version(self) -> str:
        """Of what it shows, 16 hexadecimal digits: the same for every gateway."""
        names = [tile.name if tile else None for tile in self.tiles]
        shown = f"{_LOOK} {self.layout.tile_ms} {self.start_ms} {names}"
        return hashlib.sha256(shown.encode()).hexdigest()[:16]

    @property
    def store(self) -> str | None:
        """Where all its footage lies; None while that is in no store, or in several."""
        stores = {tile.recording.store for tile in self.tiles if tile}
        return next(iter(stores)) if len(stores) == 1 else None

    def within(self, start_ms: int, end_ms: int) -> Sheet:
        """The same with nothing of what lies outside [start_ms, end_ms)."""

        def lies_within(number: int, tile: KeyFrame) -> bool:
            tile_ms = self.start_ms + number * self.layout.tile_ms
            over_ms = tile_ms + self.layout.tile_ms
            return start_ms <= tile.start_ms < end_ms and start_ms < over_ms and tile_ms < end_ms

        tiles = (
            tile if tile and lies_within(number, tile) else None for number, tile in enumerate(self.tiles)
        )
        return Sheet(self.uid, self.start_ms, tuple(tiles), self.layout)


def plan_sheet(uid: str, start_ms: int, recordings: Sequence[Recording], layout: Layout = SCRUB) -> Sheet:
    """`recordings`: those that overlap what the sheet shows, oldest first."""
    begins = range(start_ms, start_ms + layout.sheet_ms, layout.tile_ms)
    tiles = (_of_tile(recordings, begin_ms, layout.tile_ms) for begin_ms in begins)
    return Sheet(uid, start_ms, tuple(tiles), layout)


def key_frame_before(recordings: Sequence[Recording], instant_ms: int) -> KeyFrame | None:
    """The last key frame at or before the instant in the newest recording that holds it."""
    for recording in reversed(recordings):
        if recording.start_ms <= instant_ms < recording.end_ms:
            index = recording.first_needed(instant_ms)
            if recording.independent[index]:
                return KeyFrame(recording, index)
    return None


def _of_tile(recordings: Sequence[Recording], start_ms: int, tile_ms: int) -> KeyFrame | None:
    """What was shown in the tile's middle; where nothing was then, its key frame nearest to that."""
    middle_ms = start_ms + tile_ms // 2
    found = key_frame_before(recordings, middle_ms)
    if found is not None:
        return found
    inside = (
        KeyFrame(recording, index)
        for recording in recordings
        for index in recording.keys(
            recording.first_after(start_ms), recording.first_after(start_ms + tile_ms)
        )
    )
    return min(inside, key=lambda each: abs(each.start_ms - middle_ms), default=None)
