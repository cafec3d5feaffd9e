"""The multivariant playlist of a range of the archive (RFC 8216bis section 4.4.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from services.gateway.archive.keyframes import KeyPicture
from services.gateway.archive.pieces import Piece
from services.gateway.bandwidth import bandwidth_attributes, expected_bandwidth
from services.gateway.stream_inf import stream_inf
from snowlight.media.silent import silent_codecs

_SOUND = "mp4a"


@dataclass(frozen=True, slots=True)
class Rung:
    """Footage encoded anew, as it is known before it is played."""

    name: str
    codecs: tuple[str, ...]
    """Of each init section, RFC 6381, video first."""
    size: tuple[int, int]
    frames_per_second: float
    bits_per_second: int


@dataclass(frozen=True, slots=True)
class Ladder:
    """What footage is, and what it may be encoded as."""

    size: tuple[int, int]
    """Of its largest pictures."""
    frames_per_second: float
    rungs: tuple[Rung, ...]
    """Largest first."""


def multivariant_playlist(
    pieces: Sequence[Piece],
    pictures: Sequence[KeyPicture],
    codecs: Sequence[str],
    *,
    media_uri: str,
    key_uri: str,
    ladder: Ladder | None = None,
    rung_uri: Callable[[str], str] = str,
    silent: bool = False,
) -> str:
    """What was recorded, `pieces`, at least one, at `media_uri`, and its key frames at `key_uri`, if any.

    `codecs`: those of each init section. Bandwidths come from the index; that of key frames is a bound, for
    the index knows fragments. It does not know the pictures' size: with `ladder` that is told, and its rungs
    are listed, each at `rung_uri` of its name. `silent`: without the camera's sound.
    """
    heard = silent_codecs if silent else str
    sizes = [(piece.size, piece.duration_ms) for piece in pieces]
    lines = ["#EXTM3U", "#EXT-X-VERSION:7"]
    if all(piece.independent for piece in pieces):
        lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
    lines += stream_inf(
        media_uri,
        bandwidth_attributes(sizes),
        joined_codecs(map(heard, codecs)),
        ladder.size if ladder else (0, 0),
        ladder.frames_per_second if ladder else 0,
    )
    for rung in ladder.rungs if ladder else ():
        lines += stream_inf(
            rung_uri(rung.name),
            expected_bandwidth(rung.bits_per_second),
            joined_codecs(map(heard, rung.codecs)),
            rung.size,
            rung.frames_per_second,
        )
    if pictures:
        sizes = [(picture.size, picture.duration_ms) for picture in pictures]
        seen = joined_codecs(map(silent_codecs, codecs))
        frames = [*bandwidth_attributes(sizes), f'CODECS="{seen}"', f'URI="{key_uri}"']
        lines.append(f"#EXT-X-I-FRAME-STREAM-INF:{','.join(frames)}")
    return "\n".join(lines) + "\n"


def joined_codecs(codecs: Iterable[str]) -> str:
    """All that are named, once each, those of pictures first: a player must know each (RFC 6381)."""
    named = dict.fromkeys(name for each in codecs for name in each.split(","))
    return ",".join(sorted(named, key=lambda name: name.startswith(_SOUND)))
