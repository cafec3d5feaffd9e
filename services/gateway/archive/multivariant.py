"""The multivariant playlist of a range of the archive (RFC 8216bis section 4.4.6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.gateway.archive.keyframes import KeyPicture
from services.gateway.archive.pieces import Piece
from services.gateway.bandwidth import bandwidth_attributes
from snowlight.media.silent import silent_codecs

_SOUND = "mp4a"


def multivariant_playlist(
    pieces: Sequence[Piece],
    pictures: Sequence[KeyPicture],
    codecs: Sequence[str],
    *,
    media_uri: str,
    key_uri: str,
) -> str:
    """One variant at `media_uri`, of `pieces`, at least one, and its key frames at `key_uri`, if any.

    `codecs`: those of each init section. Bandwidths come from the index; that of key frames is a bound, for
    the index knows fragments. It does not know the pictures' size, so RESOLUTION is left out.
    """
    sizes = [(piece.size, piece.duration_ms) for piece in pieces]
    variant = [*bandwidth_attributes(sizes), f'CODECS="{joined_codecs(codecs)}"']
    lines = ["#EXTM3U", "#EXT-X-VERSION:7"]
    if all(piece.independent for piece in pieces):
        lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
    lines += [f"#EXT-X-STREAM-INF:{','.join(variant)}", media_uri]
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
