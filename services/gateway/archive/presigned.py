"""Segments that players load from the bucket itself, by URLs that are signed for a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import obstore
from obstore.store import S3Store

from services.gateway.archive.pieces import Piece
from services.gateway.archive.playlist import Entry, entry_of
from services.gateway.archive.recording import Recording
from services.gateway.http.routes import Parameter
from snowlight.access.token import TicketClaims
from snowlight.errors import InvalidArgumentError, PermissionDeniedError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_DIRECT = "direct"
DIRECT = Parameter(
    _DIRECT,
    "`1`: where this site allows it, segments are byte ranges of objects in the bucket, by URLs that are "
    "good for a few minutes.",
    {"type": "string", "enum": ["1"]},
)


def read_direct(query: Mapping[str, str]) -> bool:
    """Whether it is asked for. Raises InvalidArgumentError naming the parameter."""
    wanted = query.get(_DIRECT)
    if wanted not in (None, "1"):
        raise InvalidArgumentError("request.invalid", "direct must be 1, or left out", field=_DIRECT)
    return wanted is not None


class Presigner:
    """Signs URLs of objects for `life_s` seconds; None: this site gives none out."""

    def __init__(self, stores: Mapping[str, ObjectStore], life_s: int | None) -> None:
        self._stores = stores
        self._life_s = life_s

    async def entries(self, pieces: Sequence[Piece], claims: TicketClaims, now_ms: int) -> list[Entry]:
        """The entries of `pieces`: from buckets where they can be, else from here.

        A URL opens its whole object, so what reaches out of the ticket's window stays here, and so does what
        is in no bucket. No URL outlives the ticket. Raises InvalidArgumentError where this site gives no URLs
        out, and PermissionDeniedError for a ticket whose pictures must not be loaded as they are.
        """
        if self._life_s is None:
            raise InvalidArgumentError("vod.no_direct", "this site has no direct URLs", field=_DIRECT)
        if claims.silent or claims.marked:
            raise PermissionDeniedError(
                "vod.no_direct",
                "this right is for pictures without sound or with a mark, which objects are not",
            )
        ends_ms = min(claims.expire_ms, claims.until_ms or claims.expire_ms)
        life_s = min(self._life_s, (ends_ms - now_ms) // 1000)
        if life_s < 1:
            return [entry_of(piece) for piece in pieces]
        recordings = {id(piece.recording): piece.recording for piece in pieces}
        urls = await self._urls(list(recordings.values()), claims, life_s)
        return [_entry(piece, urls.get(id(piece.recording))) for piece in pieces]

    async def _urls(
        self, recordings: Sequence[Recording], claims: TicketClaims, life_s: int
    ) -> dict[int, str]:
        """By identity of the recording."""
        by_store: dict[str, list[Recording]] = {}
        for recording in recordings:
            inside = recording.start_ms >= claims.window_start_ms and recording.end_ms <= claims.window_end_ms
            if inside and recording.store is not None:
                by_store.setdefault(recording.store, []).append(recording)
        urls: dict[int, str] = {}
        for name, those in by_store.items():
            store = self._stores.get(name)
            if isinstance(store, S3Store):
                keys = [recording.key for recording in those]
                signed = await obstore.sign_async(store, "GET", keys, timedelta(seconds=life_s))
                urls |= {id(recording): url for recording, url in zip(those, signed, strict=True)}
        return urls


def _entry(piece: Piece, url: str | None) -> Entry:
    if url is None:
        return entry_of(piece)
    return Entry(
        piece.recording,
        piece.start_ms,
        piece.duration_ms,
        f'URI="{url}",BYTERANGE="{piece.recording.init_size}@0"',
        (f"#EXT-X-BYTERANGE:{piece.size}@{piece.offset}", url),
    )
