"""The index of scrub sheets for players: WebVTT whose cues are places in pictures (W3C Media Fragments URI,
4.2.2)."""

from collections.abc import Iterator

from services.gateway.snapshot.plan import Sheet
from services.gateway.snapshot.tile import COLUMNS, HEIGHT, WIDTH

HEAD = "WEBVTT\n"


def cues(sheet: Sheet, start_ms: int, end_ms: int, name: str = "sheet") -> Iterator[str]:
    """Of what the sheet shows of [start_ms, end_ms). Times count from `start_ms` on the wall clock.

    `name`: with which the URLs of sheets begin.
    """
    for number, tile in enumerate(sheet.tiles):
        tile_ms = sheet.start_ms + number * sheet.layout.tile_ms
        begin_ms, over_ms = max(tile_ms, start_ms), min(tile_ms + sheet.layout.tile_ms, end_ms)
        if tile is not None and begin_ms < over_ms:
            x, y = number % COLUMNS * WIDTH, number // COLUMNS * HEIGHT
            yield (
                f"\n{_time(begin_ms - start_ms)} --> {_time(over_ms - start_ms)}\n"
                f"{name}-{sheet.start_ms // 1000}.jpg#xywh={x},{y},{WIDTH},{HEIGHT}\n"
            )


def _time(ms: int) -> str:
    seconds, ms = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"
