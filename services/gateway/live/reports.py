"""Rendition reports: where the other renditions of a camera are now (RFC 8216bis section 4.4.5.4)."""

from __future__ import annotations

from services.gateway.live.hub import LiveHub, LiveHubs
from services.gateway.live.playlist import media_playlist
from services.gateway.live.window import LiveWindow
from snowlight.media.rendition import MAIN


def media_playlist_of(hub: LiveHub, hubs: LiveHubs) -> bytes:
    """The hub's media playlist, with reports of what else of its camera is shown: made once for each part."""
    return hub.playlist("media", lambda window: media_playlist(window, _reports(hub, hubs)))


def _reports(hub: LiveHub, hubs: LiveHubs) -> list[str]:
    return [
        f'#EXT-X-RENDITION-REPORT:URI="{_uri(hub.rendition, other.rendition)}",{_last(other.window)}'
        for other in hubs.shown(hub.uid)
        if other is not hub
    ]


def _uri(origin: str, rendition: str) -> str:
    """Of a rendition's media playlist, from that of another one on."""
    name = "media.m3u8" if rendition == MAIN else f"{rendition}/media.m3u8"
    return name if origin == MAIN else f"../{name}"


def _last(window: LiveWindow) -> str:
    newest = window.listed()[-1]
    _, coming = window.coming()
    if coming:
        return f"LAST-MSN={newest.number + 1},LAST-PART={len(coming) - 1}"
    return f"LAST-MSN={newest.number},LAST-PART={len(newest.parts) - 1}"
